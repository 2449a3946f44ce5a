# Models of several assays of the same samples.
assays <- list(rna = toyCounts(30L, 60L), adt = toyGaussian(8L, 60L) + 10)

fitAssays <- function(x = assays, pieces = list(), ..., epochs = 4L,
    seed = 1) {
    fitQuiet(x, multimodalParam(pieces, latent = 3L, epochs = epochs,
        batch_size = 16L), ..., seed = seed)
}
model <- fitAssays()
codes <- encode(model, assays)

multimodalSce <- function(x = assays) {
    rna <- SingleCellExperiment::SingleCellExperiment(list(counts = x$rna),
        mainExpName = "rna")
    SingleCellExperiment::altExp(rna, "adt") <-
        SingleCellExperiment::SingleCellExperiment(list(logcounts = x$adt))
    rna
}

test_that("codes are joint, output is by assay", {
    expect_identical(dimnames(codes), list(colnames(assays$rna),
        paste0("AE", 1:3)))
    expect_identical(model@features, c(paste0("rna:gene", 1:30),
        paste0("adt:gene", 1:8)))
    expect_true(all(c("code.rna.weight", "code.adt.weight",
        "rna.encoder.1.weight", "adt.decoder.2.bias") %in%
        names(model@weights)))
    back <- reconstruct(model, assays)
    expect_identical(lapply(back, dimnames), lapply(assays, dimnames))
    expect_identical(decode(model, codes), back)
    expect_identical(predict(model, assays, type = "reconstruction"), back)
    left <- residuals(model, assays)
    for (name in names(assays)) {
        expectNear(left[[name]], assays[[name]] - back[[name]],
            tolerance$single)
    }
})

test_that("a sample's result is its own, whatever the form of the data", {
    for (index in list(7L, 60:1, c(3L, 9L))) {
        part <- lapply(assays, function(m) m[, index, drop = FALSE])
        expect_identical(encode(model, part), codes[index, , drop = FALSE])
        expect_identical(reconstruct(model, part)$adt,
            reconstruct(model, assays)$adt[, index, drop = FALSE])
    }
    forms <- list(
        list(rna = asSparse(assays$rna), adt = assays$adt),
        list(rna = DelayedArray::DelayedArray(assays$rna),
            adt = asSparse(assays$adt)),
        list(rna = assays$rna[30:1, ], adt = assays$adt[8:1, ]),
        rev(assays))
    for (x in forms) {
        expect_identical(encode(model, x), codes)
        expect_identical(encode(model, x, memory_limit = 2000), codes)
    }
    for (x in forms[1:2]) {
        expectSameFit(fitAssays(x), model)
    }
    turned <- lapply(assays, t)
    expect_identical(encode(model, turned, transposed = TRUE), codes)
    expectSameFit(fitAssays(turned, transposed = TRUE), model)
    for (threads in c(1L, 3L)) {
        expectSameFit(fitAssays(num_threads = threads), model)
    }
    # streamed, in the order of the samples
    streamed <- function(x, ...) {
        fitAssays(x, shuffle = FALSE, validation_split = "last", ...)
    }
    expectSameFit(streamed(list(rna = DelayedArray::DelayedArray(assays$rna),
        adt = assays$adt), memory_limit = 4000), streamed(assays))
})

test_that("names of samples and features", {
    unnamed <- assays
    colnames(unnamed$adt) <- NULL
    expect_identical(encode(model, unnamed), codes)
    seen <- recordConditions(encode(model, c(assays,
        list(more = assays$rna))))
    expect_identical(seen$value, codes)
    expect_match(conditionMessage(seen$messages[[1L]]), "more")
    expectAesopError(encode(model, assays["rna"]), "input_type", "two")
    expectAesopError(encode(model, list(rna = assays$rna,
        other = assays$adt)), "features", c("adt", "other"))
    expectAesopError(encode(model, assays$rna), "input_type")
    short <- assays
    short$adt <- short$adt[-2, ]
    expectAesopError(encode(model, short), "features", c("x$adt", "gene2"))
    expectFinite(suppressMessages(encode(model, short, missing = "mask")))
    short$adt <- short$adt[1:3, ]
    expectAesopError(encode(model, short, missing = "mask"), "features",
        "38 %")
})

test_that("an experiment with alternative experiments is a list of assays", {
    sce <- multimodalSce()
    pieces <- list(rna = assayParam(normalize = "log"))
    fit <- fitAssays(sce)
    expect_identical(encode(fit, sce), encode(fit, assays))
    wanted <- fitAssays(assays, pieces)
    expect_identical(fit@weights, wanted@weights)
    expect_identical(encode(fit, sce[, 5:1]), encode(fit, sce)[5:1, ])
    seen <- recordConditions(trainAutoencoder(sce,
        multimodalParam(latent = 2L, epochs = 1L), seed = 1))
    expect_match(paste(vapply(seen$messages, conditionMessage, ""),
        collapse = ""), "counts of \"rna\"")
    stored <- runAutoencoder(sce, multimodalParam(latent = 3L, epochs = 4L,
        batch_size = 16L), seed = 1, verbose = FALSE)
    expect_equal(SingleCellExperiment::reducedDim(stored, "AE"),
        encode(fit, sce), ignore_attr = TRUE)
    # chosen ones
    SingleCellExperiment::altExp(sce, "third") <-
        SingleCellExperiment::SingleCellExperiment(
            list(logcounts = assays$adt[1:4, ]))
    chosen <- fitAssays(sce, altexp = "third")
    expect_identical(unique(sub(":.*", "", chosen@features)),
        c("rna", "third"))
    expect_identical(dim(encode(chosen, sce)), c(60L, 3L))
    expectAesopError(fitAssays(sce, altexp = "nope"), "param",
        arg = "altexp")
    expectAesopError(fitAssays(sce, dimred = "PCA"), "param")
    bare <- SingleCellExperiment::SingleCellExperiment(
        list(counts = assays$rna))
    expectAesopError(fitAssays(bare), "input_dim", "altExp")
})

test_that("each assay has its loss, layers and preparation", {
    data <- list(a = toyGaussian(10L, 60L), b = (toyGaussian(9L, 60L) > 0) + 0,
        c = toyCounts(12L, 60L), d = toyCounts(11L, 60L, seed = 2L))
    fit <- fitAssays(data, list(a = assayParam(hidden = integer(0)),
        b = assayParam(loss = "bce", hidden = c(7L, 5L)),
        c = assayParam(loss = "nb"), d = assayParam(loss = "zinb",
            dispersion = "constant")), epochs = 8L)
    expect_lt(fit@history$loss[8], fit@history$loss[1])
    expect_identical(dim(fit@weights$code.a.weight), c(10L, 3L))
    expect_identical(dim(fit@weights$b.encoder.2.weight), c(7L, 5L))
    expect_identical(dim(fit@weights$b.decoder.1.weight), c(3L, 5L))
    back <- reconstruct(fit, data)
    expect_true(all(back$b >= 0 & back$b <= 1))
    expect_true(all(back$c > 0) && all(back$d > 0))
    expect_length(fit@weights$c.dispersion.log_theta, 12L)
    expect_length(fit@weights$d.dispersion.log_theta, 1L)
    file <- withr::local_tempfile(fileext = ".safetensors")
    saveModel(fit, file)
    expect_identical(loadModel(file), fit)
    expect_identical(encode(loadModel(file), data), encode(fit, data))
    # expected counts grow with that assay's depth only
    deep <- data
    deep$c <- deep$c * 4
    expectNear(encode(fit, deep), encode(fit, data), tolerance$float)
    expectNear(reconstruct(fit, deep)$c, 4 * back$c, tolerance$epoch_float)
    expectNear(reconstruct(fit, deep)$d, back$d, tolerance$float)
})

test_that("the error of a sample is the weighted sum of its assays'", {
    pieces <- list(rna = assayParam(loss = "nb", weight = 0.3),
        adt = assayParam(scale = "center", weight = 2,
            loss_reduction = "sum"))
    fit <- fitAssays(pieces = pieces)
    back <- reconstruct(fit, assays)
    theta <- exp(fit@weights$rna.dispersion.log_theta)
    rna <- -colMeans(matrix(dnbinom(assays$rna, mu = back$rna, size = theta,
        log = TRUE), 30L))
    adt <- colSums((assays$adt - back$adt)^2)
    expectNear(predict(fit, assays, type = "error"), 0.3 * rna + 2 * adt,
        tolerance$epoch_float)
})

test_that("an assay of weight 0 is seen, but not learnt", {
    fit <- function(x, weight) {
        fitAssays(x, list(adt = assayParam(weight = weight)))
    }
    zero <- fit(assays, 0)
    start <- fitAssays(pieces = list(adt = assayParam(weight = 0)),
        epochs = 0L)
    decoder <- grep("^adt.decoder", names(zero@weights), value = TRUE)
    expect_length(decoder, 4L)
    expect_identical(zero@weights[decoder], start@weights[decoder])
    expect_false(identical(zero@weights$adt.encoder.1.weight,
        start@weights$adt.encoder.1.weight))
    expect_identical(fit(assays, 1)@weights, model@weights)
    expectAesopError(fitAssays(pieces = list(rna = assayParam(weight = 0),
        adt = assayParam(weight = 0))), "param", arg = "weight")
})

test_that("covariates enter each assay's network", {
    samples <- data.frame(batch = rep(c("a", "b"), 30L),
        row.names = colnames(assays$rna))
    fit <- fitAssays(design = ~ batch, covariates = samples)
    expect_setequal(grep("covariates", names(fit@weights), value = TRUE),
        paste0(rep(c("rna", "adt"), each = 2L), c(".encoder", ".decoder"),
            ".1.covariates.weight"))
    whole <- encode(fit, assays, covariates = samples)
    expect_identical(encode(fit, lapply(assays, function(m) m[, 4:6]),
        covariates = samples), whole[4:6, ])
    expectAesopError(encode(fit, assays), "design", "batch")
    sce <- multimodalSce()
    sce$batch <- samples$batch
    by_sce <- fitAssays(sce, design = ~ batch)
    expect_identical(encode(by_sce, sce), encode(by_sce, assays,
        covariates = samples))
})

test_that("what does not go together is refused", {
    other <- assays
    other$adt <- other$adt[, -1]
    expectAesopError(fitAssays(other), "input_dim",
        c("\"rna\" has 60", "\"adt\" has 59"))
    other$adt <- assays$adt[, c(2, 1, 3:60)]
    expectAesopError(fitAssays(other), "input_dim", c("cell1", "cell2"))
    expectAesopError(encode(model, other), "input_dim", "cell2")
    other$adt <- assays$adt
    other$adt[3, 5] <- NA
    expectAesopError(fitAssays(other), "input_value", c("gene3", "cell5"))
    other$adt <- rbind(assays$adt, assays$adt[1, ])
    rownames(other$adt)[9] <- "gene1"
    expectAesopError(fitAssays(other), "features", "x$adt")
    for (bad in list(assays["rna"], unname(assays), list(a = assays$rna,
        a = assays$adt), as.data.frame(assays$rna))) {
        expectAesopError(fitAssays(bad), "input_type", "x")
    }
    expectAesopError(fitAssays(assays$rna), "input_type", "list")
    expectAesopError(fitQuiet(assays, AutoencoderParam()), "param",
        "multimodalParam")
    expectAesopError(fitAssays(subset_row = 1:3), "param",
        arg = "subset_row")
    expectAesopError(fitAssays(size_factors = rep(1, 60L)), "param",
        arg = "size_factors")
    expectAesopError(encode(model, assays, size_factors = rep(1, 60L)),
        "param", arg = "size_factors")
    expectAesopError(fitAssays(tied = TRUE), "param")
    expectAesopError(fitQuiet(assays, multimodalParam(), latent = "auto"),
        "param", arg = "latent")
    # settings that each assay has of its own
    own <- list(hidden = 5L, loss = "nb", scale = "none", normalize = "log",
        output_activation = "relu", loss_reduction = "sum")
    for (name in names(own)) {
        expectAesopError(do.call(multimodalParam, own[name]), "param",
            c(name, "assayParam"), arg = name)
        expectAesopError(do.call(fitAssays, own[name]), "param", arg = name)
    }
})

test_that("settings of an assay are checked", {
    expectAesopError(fitAssays(pieces = list(foo = assayParam())), "param",
        c("foo", "rna"))
    expectAesopError(multimodalParam(list(assayParam())), "param",
        arg = "assays")
    expectAesopError(multimodalParam(list(a = 1)), "param")
    for (bad in list(list(loss = "nope"), list(weight = -1),
        list(hidden = 0), list(normalize = "sqrt"), list(scale = 1),
        list(dispersion = "gene"), list(weight = NA))) {
        expectAesopError(do.call(assayParam, bad), "param", names(bad))
    }
    expectAesopError(fitAssays(pieces = list(rna = assayParam(loss = "nb"),
        adt = assayParam(loss = "poisson"))), "input_value")
    expect_output(print(assayParam(loss = "nb", weight = 2)),
        "loss = nb, weight = 2", fixed = TRUE)
    expect_output(print(model), "AutoencoderModel")
})
