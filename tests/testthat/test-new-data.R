# A5: features of new data are matched by name.
x <- toyGaussian(30L, 40L)
model <- toyModel(x)
codes <- encode(model, x)

test_that("permuted features give identical codes", {
    withr::local_seed(1L)
    for (i in seq_len(3L)) {
        expect_identical(encode(model, x[sample(30L), ]), codes)
        expect_identical(encode(model, asSparse(x)[sample(30L), ]), codes)
        expect_identical(reconstruct(model, x[sample(30L), ]),
            reconstruct(model, x))
    }
})

test_that("further features are dropped with one message", {
    more <- rbind(x[1:7, ], extra1 = 1, x[8:30, ], extra2 = NA)
    seen <- recordConditions(encode(model, more))
    expect_identical(seen$value, codes)
    expect_length(seen$messages, 1L)
    expect_s3_class(seen$messages[[1L]], "aesop_message")
    expect_match(conditionMessage(seen$messages[[1L]]), "2 features")
    expect_length(seen$warnings, 0L)
})

test_that("missing features are counted, five are named", {
    condition <- expectAesopError(encode(model, x[-3, ]), "features",
        c("1", "30", "gene3"))
    expect_equal(condition$n_missing, 1)
    expect_identical(condition$missing, "gene3")
    wide <- toyGaussian(600L, 10L)
    big <- toyModel(wide, batch_size = 8L)
    condition <- expectAesopError(encode(big, wide[1:100, ]), "features",
        c("500", paste0("gene", 101:105)))
    expect_equal(condition$n_missing, 500)
    expect_false(grepl("gene106", conditionMessage(condition)))
})

test_that("duplicated, NA and absent names are refused", {
    twice <- rbind(x, x[4, , drop = FALSE])
    condition <- expectAesopError(encode(model, twice), "features", "gene4")
    expect_identical(condition$duplicated, "gene4")
    unnamed <- x
    rownames(unnamed)[2] <- NA
    expectAesopError(encode(model, unnamed), "features")
    rownames(unnamed) <- NULL
    expectAesopError(encode(model, unnamed), "features", "position")
    expect_identical(encode(model, unnamed, match = "position"), codes)
    rownames(unnamed) <- paste0("other", seq_len(30L))
    expectAesopError(encode(model, unnamed), "features")
    expect_identical(encode(model, unnamed, match = "position"), codes)
    expectAesopError(encode(model, x[-1, ], match = "position"),
        "input_dim", c("29", "30"))
})

test_that("swapped rows and columns are pointed out", {
    expectAesopError(encode(model, t(x)), "features", "transposed")
    bare <- t(x)
    dimnames(bare) <- NULL
    expectAesopError(encode(model, bare, match = "position"), "input_dim",
        "transposed")
    expect_identical(encode(model, t(x), transposed = TRUE), codes)
})

test_that("models of unnamed features take unnamed data", {
    bare <- unname(x)
    seen <- recordConditions(trainAutoencoder(bare, hidden = 8L, latent = 3L,
        epochs = 2L, seed = 1))
    expect_match(paste(vapply(seen$messages, conditionMessage, ""),
        collapse = " "), "feature1")
    expect_identical(seen$value@features, paste0("feature", seq_len(30L)))
    expect_identical(dim(encode(seen$value, bare)), c(40L, 3L))
    expect_null(rownames(encode(seen$value, bare)))
    expectAesopError(encode(seen$value, bare[-1, ]), "input_dim")
})

test_that("preparation is that of the training data", {
    # means and ranges of new data do not matter; values are clamped
    for (scale in c("center", "standard", "minmax")) {
        fit <- toyModel(x, scale = scale)
        whole <- encode(fit, x)
        expect_identical(encode(fit, x[, 11:20]), whole[11:20, ])
        high <- x * 0 + apply(x, 1L, max)
        higher <- high + 100
        if (scale == "minmax") {
            # the largest value itself is 1 but for rounding
            expectNear(encode(fit, higher), encode(fit, high),
                tolerance$float)
            expect_identical(encode(fit, higher), encode(fit, high + 50))
            expect_identical(encode(fit, x * 0 + apply(x, 1L, min) - 9),
                encode(fit, x * 0 + apply(x, 1L, min)))
        } else {
            expect_false(identical(encode(fit, higher), encode(fit, high)))
        }
    }
})

test_that("the fitted transform holds the published statistics", {
    flat <- rbind(x, flat = 2)
    standard <- toyModel(flat, scale = "standard")@transform
    expectNear(standard$center, unname(rowMeans(flat)), tolerance$formula)
    sds <- apply(flat, 1L, sd)
    expectNear(standard$scale, unname(ifelse(sds > 0, 1 / sds, 1)),
        tolerance$formula)
    center <- toyModel(flat)@transform
    expectNear(center$center, unname(rowMeans(flat)), tolerance$formula)
    expect_null(center$scale)
    range <- toyModel(flat, scale = "minmax")@transform
    expectNear(range$center, unname(apply(flat, 1L, min)),
        tolerance$formula)
    width <- apply(flat, 1L, max) - apply(flat, 1L, min)
    expectNear(range$scale, unname(ifelse(width > 0, 1 / width, 1)),
        tolerance$formula)
})

test_that("log-normalisation and scaling are those of the formula", {
    counts <- toyCounts(20L, 40L)
    totals <- colSums(counts)
    factors <- totals / median(totals)
    logged <- log1p(sweep(counts, 2L, factors, "/"))
    normal <- toyModel(counts, normalize = "log", hidden = integer(0))
    plain <- toyModel(logged, hidden = integer(0))
    expectNear(encode(normal, counts), encode(plain, logged),
        tolerance$epoch_float)
    expectNear(normal@transform$center, unname(rowMeans(logged)),
        tolerance$formula)
    expectNear(normal@transform$size_factor_target, median(totals),
        tolerance$formula)
    # given factors replace the library size
    given <- withr::with_seed(1L, runif(40L, 0.5, 2))
    own <- toyModel(counts, normalize = "log", size_factors = given,
        hidden = integer(0))
    logged <- log1p(sweep(counts, 2L, given, "/"))
    expectNear(own@transform$center, unname(rowMeans(logged)),
        tolerance$formula)
    expectNear(encode(own, counts, size_factors = given),
        encode(toyModel(logged, hidden = integer(0)), logged),
        tolerance$epoch_float)
    for (bad in list(1:3, c(0, given[-1]), c(NA, given[-1]), "a")) {
        expectAesopError(toyModel(counts, normalize = "log",
            size_factors = bad), "param", "size_factors")
    }
})

test_that("a deeper sample has the same code as its thinner self", {
    counts <- toyCounts(20L, 40L)
    for (case in list(list(normalize = "log"),
        list(normalize = "log", loss = "nb"))) {
        fit <- do.call(toyModel, c(list(counts), case))
        expectNear(encode(fit, counts * 4), encode(fit, counts),
            tolerance$float)
    }
    # expected counts grow with the sample
    fit <- toyModel(counts, normalize = "log", loss = "nb")
    expectNear(reconstruct(fit, counts * 4), 4 * reconstruct(fit, counts),
        tolerance$epoch_float)
})

test_that("the code of a sample equals plain R's forward pass", {
    config <- model@param@settings
    input <- t(x) - rep(model@transform$center, each = ncol(x))
    weights <- model@weights
    config$output_activation <- "linear"
    config$loss_reduction <- "mean"
    wanted <- referencePass(weights, config, input, input)
    expectNear(codes, wanted$code, tolerance$float)
    back <- t(wanted$output) + model@transform$center
    expectNear(reconstruct(model, x), back, tolerance$float)
    expectNear(predict(model, x, type = "error"), wanted$by_sample,
        tolerance$float)
})

test_that("decode() is the second half of reconstruct()", {
    expectNear(decode(model, codes), reconstruct(model, x), tolerance$float)
    expectAesopError(decode(model, codes[, 1:2]), "input_dim", c("2", "3"))
    expectAesopError(decode(model, t(codes)), "input_dim")
    expectAesopError(decode(model, as.data.frame(codes)), "input_type",
        "codes")
})
