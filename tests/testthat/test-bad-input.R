# A2-A4, A6: bad input is a classed error that names the argument, the place and
# the fix; nothing comes out as NaN.

places <- list(first = c(1L, 1L), middle = c(7L, 13L), last = c(20L, 30L))

badForms <- list(
    dense = identity,
    sparse = function(x) asSparse(x),
    delayed = function(x) DelayedArray::DelayedArray(x)
)

for (form in names(badForms)) {
    test_that(paste("bad values are found and named:", form), {
        bad <- list(list(NA_real_, "mse"), list(NaN, "mse"),
            list(Inf, "mse"), list(-Inf, "mse"), list(-1, "nb"),
            list(-1, "poisson"), list(0.5, "nb"), list(0.5, "poisson"),
            list(NA_real_, "poisson"))
        for (case in bad) {
            for (at in places) {
                x <- toyCounts(20L, 30L) + 1
                x[at[1L], at[2L]] <- case[[1L]]
                condition <- expectAesopError(toyModel(badForms[[form]](x),
                    loss = case[[2L]]), "input_value",
                    c("`x`", paste0("gene", at[1L]), paste0("cell", at[2L])),
                    arg = "x")
                expect_equal(condition$n_bad, 1)
                expect_identical(unname(unlist(condition$first)),
                    c(paste0("gene", at[1L]), paste0("cell", at[2L])))
            }
        }
    })
}

test_that("all bad values are counted, the first is named", {
    x <- toyCounts(20L, 30L) + 1
    x[c(45, 46, 311)] <- c(NaN, NA, -Inf)
    condition <- expectAesopError(toyModel(x), "input_value",
        c("3", "gene5", "cell3"))
    expect_equal(condition$n_bad, 3)
    integers <- toyCounts(20L, 30L)
    storage.mode(integers) <- "integer"
    integers[4, 9] <- NA
    expectAesopError(toyModel(integers), "input_value", c("gene4", "cell9"))
})

test_that("negative counts cannot be log-normalised", {
    x <- toyCounts(20L, 30L)
    x[3, 4] <- -2
    expectAesopError(toyModel(x, normalize = "log"), "input_value",
        c("gene3", "cell4"))
})

test_that("bad values in new data are errors as well", {
    x <- toyCounts(20L, 30L)
    model <- toyModel(x)
    for (f in list(encode, reconstruct,
        function(m, x) predict(m, x, type = "error"),
        function(m, x) findOutliers(x, m))) {
        x[5, 6] <- NA
        expectAesopError(f(model, x), "input_value", c("gene5", "cell6"))
    }
    counts <- toyModel(toyCounts(20L, 30L), loss = "nb")
    x[5, 6] <- 0.25
    expectAesopError(encode(counts, x), "input_value", c("gene5", "cell6"))
    codes <- encode(model, toyCounts(20L, 30L))
    codes[4, 2] <- NaN
    expectAesopError(decode(model, codes), "input_value", "4")
})

test_that("a bad value in a later HDF5 block is found; handles are closed", {
    skip_if_not_installed("HDF5Array")
    skip_if_not_installed("rhdf5")
    x <- toyCounts(20L, 120L)
    x[9, 100] <- NA
    file <- withr::local_tempfile(fileext = ".h5")
    on_disk <- HDF5Array::writeHDF5Array(x, file, name = "x",
        chunkdim = c(20L, 10L), with.dimnames = TRUE)
    before <- nrow(rhdf5::h5listIdentifier())
    for (limit in c(1e9, 4000)) {
        expectAesopError(toyModel(on_disk, memory_limit = limit),
            "input_value", c("gene9", "cell100"))
        expect_identical(nrow(rhdf5::h5listIdentifier()), before)
    }
})

test_that("a file that is gone is an error of reading", {
    skip_if_not_installed("HDF5Array")
    x <- toyCounts(20L, 60L)
    file <- withr::local_tempfile(fileext = ".h5")
    on_disk <- HDF5Array::writeHDF5Array(x, file, name = "x",
        with.dimnames = TRUE)
    model <- toyModel(x)
    unlink(file)
    expectAesopError(encode(model, on_disk), "io")
    expectAesopError(toyModel(on_disk), "io")
})

test_that("empty input is refused with both numbers", {
    empty <- list(matrix(0, 0L, 5L), matrix(0, 5L, 0L), matrix(0, 0L, 0L),
        asSparse(matrix(0, 0L, 5L)), asSparse(matrix(0, 5L, 0L)),
        DelayedArray::DelayedArray(matrix(0, 5L, 0L)))
    model <- toyModel()
    for (x in empty) {
        condition <- expectAesopError(trainAutoencoder(x), "input_dim",
            c("`x`", nrow(x), ncol(x)))
        expectAesopError(encode(model, x), "input_dim")
        expectAesopError(findOutliers(x), "input_dim")
    }
    expectAesopError(trainAutoencoder(NULL), "input_type", "`x`")
    none <- SingleCellExperiment::SingleCellExperiment()
    expectAesopError(trainAutoencoder(none), "input_dim", "assay")
})

test_that("very small or flat data give finite results or say what is needed", {
    x <- toyGaussian(12L, 40L)
    expectAesopError(fitQuiet(x[, 1, drop = FALSE]), "input_dim", "2")
    variants <- list(
        two_samples = x[, 1:2], one_feature = x[1, , drop = FALSE],
        one_by_two = x[1, 1:2, drop = FALSE],
        constant_feature = rbind(x, flat = 3), zeros = x * 0,
        zero_sample = cbind(x, empty = 0), constant = x * 0 + 7,
        huge = x * 1e30, tiny = x * 1e-30)
    for (name in names(variants)) {
        for (scale in c("none", "center", "standard", "minmax")) {
            result <- tryCatch(fitQuiet(variants[[name]], epochs = 3L,
                scale = scale), aesop_error_numeric = function(e) e$model)
            label <- paste(name, scale)
            expect_s4_class(result, "AutoencoderModel")
            expectFinite(result@weights, label)
            if (name != "huge") {
                expectFinite(encode(result, variants[[name]]), label)
                expectFinite(reconstruct(result, variants[[name]]), label)
                expectFinite(result@history$loss, label)
            }
        }
    }
})

test_that("samples and genes without a count do no harm to count models", {
    counts <- toyCounts(20L, 40L)
    counts[, 7] <- 0
    counts[4, ] <- 0
    for (case in list(list(loss = "nb"), list(loss = "poisson"),
        list(normalize = "log"), list(normalize = "log", scale = "standard"),
        list(loss = "nb", normalize = "log", scale = "minmax"))) {
        for (x in list(counts, counts * 0, asSparse(counts))) {
            model <- do.call(toyModel, c(list(x), case))
            expectFinite(model@weights)
            expectFinite(encode(model, x))
            expectFinite(reconstruct(model, x))
            expectFinite(predict(model, x, type = "error"))
        }
    }
})

test_that("other kinds of objects are refused with the accepted ones", {
    x <- toyGaussian(5L, 8L)
    chars <- x
    storage.mode(chars) <- "character"
    complexes <- x + 0i
    raws <- matrix(as.raw(1:40), 5L)
    lists <- matrix(as.list(1:40), 5L)
    others <- list(data.frame(x), chars, complexes, raws, lists,
        array(1, c(2, 3, 4)), array(1, 5), factor(c("a", "b")), mean,
        list(x), 1:10, "file.csv", NULL, NA, quote(x), new.env(),
        as.Date("2020-01-01"))
    if (requireNamespace("tibble", quietly = TRUE)) {
        others <- c(others, list(tibble::as_tibble(x)))
    }
    model <- toyModel(x, latent = 2L, batch_size = 4L)
    for (object in others) {
        for (f in list(trainAutoencoder, function(x) encode(model, x),
            function(x) findOutliers(x, model))) {
            condition <- expectAesopError(f(object), "input_type",
                c("`x`", "matrix"))
            expect_true(all(c("got", "accepted") %in% names(condition)))
        }
    }
    expectAesopError(trainAutoencoder(data.frame(x)), "input_type",
        "as.matrix")
    delayed <- DelayedArray::DelayedArray(chars)
    expectAesopError(trainAutoencoder(delayed), "input_type")
})

test_that("hand-broken sparse matrices are found, never read out of bounds", {
    good <- asSparse(toyCounts(20L, 30L))
    breaks <- list(
        i_large = function(m) { m@i[5] <- 20L; m },
        i_negative = function(m) { m@i[5] <- -1L; m },
        i_na = function(m) { m@i[5] <- NA; m },
        i_unsorted = function(m) { m@i[1:2] <- rev(m@i[1:2]); m },
        i_twice = function(m) { m@i[2] <- m@i[1]; m },
        p_decreasing = function(m) { m@p[5] <- m@p[4] - 1L; m },
        p_last = function(m) { m@p[31] <- m@p[31] + 5L; m },
        p_first = function(m) { m@p[1] <- 3L; m },
        p_short = function(m) { m@p <- m@p[-31]; m },
        p_na = function(m) { m@p[7] <- NA; m },
        x_short = function(m) { m@x <- m@x[-1]; m },
        x_empty = function(m) { m@x <- numeric(); m },
        dim_negative = function(m) { m@Dim <- c(-20L, 30L); m },
        dim_small = function(m) { m@Dim <- c(2L, 30L); m },
        dim_wide = function(m) { m@Dim <- c(20L, 31L); m },
        dim_na = function(m) { m@Dim <- c(NA, 30L); m }
    )
    model <- toyModel(toyCounts(20L, 30L))
    for (name in names(breaks)) {
        broken <- breaks[[name]](good)
        for (f in list(trainAutoencoder, function(x) encode(model, x))) {
            expectAesopError(f(broken), "input_value",
                c("`x`", "invalid dgCMatrix"))
        }
    }
})

test_that("the core checks sparse matrices by itself", {
    good <- asSparse(toyCounts(20L, 30L))
    good@i[5] <- 99L
    expectAesopError(aesop:::train_autoencoder(list(kind = "sparse",
        x = good), coreConfig(), coreControl()), "input_value")
})

test_that("ALTREP vectors are read like others", {
    compact <- matrix(seq_len(200L), 10L)
    plain <- compact + 0L
    expect_identical(unname(encode(toyModel(compact), compact)),
        unname(encode(toyModel(plain), plain)))
})

test_that("names of features must be there and unique", {
    x <- toyGaussian(6L, 20L)
    rownames(x)[4] <- "gene2"
    condition <- expectAesopError(toyModel(x), "features", "gene2")
    expect_identical(condition$duplicated, "gene2")
    for (bad in c(NA, "")) {
        rownames(x) <- paste0("g", 1:6)
        rownames(x)[3] <- bad
        expectAesopError(toyModel(x), "features", "x")
    }
})

test_that("a batch larger than the data is refused with both numbers", {
    x <- toyGaussian(12L, 40L)
    condition <- expectAesopError(fitQuiet(x, batch_size = 41L), "param",
        c("batch_size", "41", "40"), arg = "batch_size")
    expectAesopError(fitQuiet(x, batch_size = 37L, validation = 0.1),
        "param", c("batch_size", "36"))
    expectAesopError(fitQuiet(x, latent = 13L), "param", c("latent", "12"))
})
