x <- toyGaussian(30L, 120L)

test_that("the defaults train a usable model without a param", {
    # the default, and that of the networks
    for (param in list(NULL, AutoencoderParam())) {
        model <- suppressMessages(trainAutoencoder(x, param, seed = 1))
        expect_s4_class(model, "AutoencoderModel")
        expect_true(validObject(model))
        expect_identical(model@features, rownames(x))
        expect_identical(model@info$n_samples + 0, 120)
        expect_identical(model@info$n_features + 0, 30)
        expect_identical(model@info$seed, 1)
        expect_identical(model@info$package_version,
            as.character(packageVersion("aesop")))
        # better than the mean of each feature
        expect_lt(mean((x - reconstruct(model, x))^2),
            0.5 * mean((x - rowMeans(x))^2))
        quantiles <- model@info$error_quantiles
        wanted <- quantile(predict(model, x, type = "error"),
            c(0, 0.25, 0.5, 0.75, 0.95, 0.99, 1))
        expect_equal(unname(quantiles), unname(wanted))
    }
    expect_lt(min(model@history$val_loss), model@history$val_loss[1L])
})

test_that("choices made for the data are told with their reasons", {
    seen <- recordConditions(trainAutoencoder(toyGaussian(5L, 12L),
        AutoencoderParam(), seed = 1))
    text <- paste(vapply(seen$messages, conditionMessage, ""),
        collapse = "")
    for (name in c("latent", "hidden", "batch_size", "validation")) {
        expect_match(text, paste0(name, " = "), fixed = TRUE)
    }
    settings <- seen$value@param@settings
    expect_lte(settings$latent, 4L)
    expect_lte(settings$batch_size, 12L)
    expect_identical(seen$value@info$messages[
        grepl("latent", seen$value@info$messages)] != "", TRUE)
})

test_that("given settings are never changed", {
    settings <- list(hidden = c(17L, 5L), latent = 3L, epochs = 2L,
        batch_size = 13L, validation = 0.2, learning_rate = 0.004,
        activation = "elu", scale = "none", patience = 2L)
    model <- do.call(fitQuiet, c(list(x), settings))
    for (name in names(settings)) {
        expect_identical(model@param@settings[[name]], settings[[name]])
    }
    again <- fitQuiet(x, do.call(AutoencoderParam, settings))
    expectSameFit(again, model)
    over <- fitQuiet(x, do.call(AutoencoderParam, settings), epochs = 3L)
    expect_identical(nrow(over@history), 3L)
    expect_identical(over@param@settings$hidden, c(17L, 5L))
})

test_that("the model's param trains the same model again", {
    model <- suppressMessages(trainAutoencoder(x, epochs = 5L, seed = 4))
    expectSameFit(fitQuiet(x, model@param, seed = 4), model)
})

test_that("each argument of the tutorial changes the result", {
    plain <- toyModel(x, epochs = 3L)
    changes <- list(learning_rate = 0.01, epochs = 4L,
        optimizer = "rmsprop", l1 = 0.01, l2 = 0.01, dropout = 0.2,
        initialization = "gaussian", loss = "half_sse", latent = 4L,
        hidden = 9L, batch_size = 17L, activation = "tanh",
        latent_activation = "tanh", output_activation = "softplus",
        tied = TRUE, noise = maskingNoise(0.1), activity_l1 = 0.01,
        input_dropout = 0.1, batch_norm = TRUE, schedule = oneCycle(),
        validation = 0.3, validation_split = "last", normalize = "none",
        scale = "standard", clip_norm = 0.01, clip_value = 1e-4,
        shuffle = FALSE, drop_last = TRUE, initialization_scale = 0.5,
        decoder_hidden = 5L, beta1 = 0.5, beta2 = 0.9, epsilon = 1e-2)
    for (name in names(changes)) {
        changed <- do.call(toyModel, c(list(x), utils::modifyList(
            list(epochs = 3L), changes[name])))
        same <- identical(changed@weights, plain@weights)
        # not normalising is the default
        expect_identical(same, name == "normalize", label = name)
    }
})

test_that("penalties shrink the weights, L1 on codes the codes", {
    size <- function(...) {
        model <- toyModel(x, epochs = 40L, validation = 0,
            learning_rate = 0.01, ...)
        c(weights = sum(abs(unlist(model@weights[grep("weight",
            names(model@weights))]))), codes = sum(abs(encode(model, x))))
    }
    plain <- size()
    expect_lt(size(l2 = 0.05)[["weights"]], plain[["weights"]])
    expect_lt(size(l1 = 0.01)[["weights"]], plain[["weights"]])
    expect_lt(size(activity_l1 = 0.1)[["codes"]], plain[["codes"]])
})

test_that("the history's loss is the loss of the model", {
    # the last validation loss, from the weights
    model <- toyModel(x, epochs = 5L, early_stopping = FALSE,
        validation = 0.25)
    held_out <- x[, model@info$validation]
    expectNear(mean(predict(model, held_out, type = "error")),
        tail(model@history$val_loss, 1L), tolerance$float)
    expectNear(mean((held_out - reconstruct(model, held_out))^2),
        tail(model@history$val_loss, 1L), tolerance$epoch_float)
})

test_that("tied decoders use the encoder's weights", {
    model <- toyModel(x, tied = TRUE, hidden = c(9L, 5L))
    expect_false(any(grepl("decoder.*weight", names(model@weights))))
    expect_length(grep("decoder.*bias", names(model@weights)), 3L)
    untied <- toyModel(x, hidden = c(9L, 5L))
    expect_length(grep("decoder.*weight", names(untied@weights)), 3L)
    expect_identical(dim(untied@weights$decoder.3.weight), c(9L, 30L))
})

test_that("a decoder of its own shape has that shape", {
    model <- toyModel(x, hidden = 9L, decoder_hidden = c(4L, 11L))
    shapes <- lapply(model@weights[grep("weight", names(model@weights))],
        dim)
    expect_identical(shapes, list(encoder.1.weight = c(30L, 9L),
        encoder.2.weight = c(9L, 3L), decoder.1.weight = c(3L, 4L),
        decoder.2.weight = c(4L, 11L), decoder.3.weight = c(11L, 30L)))
    bare <- toyModel(x, hidden = 9L, decoder_hidden = integer(0))
    expect_identical(dim(bare@weights$decoder.1.weight), c(3L, 30L))
})

test_that("the assay fits the loss, and what is chosen is told", {
    counts <- toyCounts(20L, 50L)
    only <- SingleCellExperiment::SingleCellExperiment(list(counts = counts))
    expectAesopError(toyModel(only), "param", c("counts", "normalize",
        "logNormCounts"))
    expect_error(toyModel(only, normalize = "log"), NA)
    expect_error(toyModel(only, loss = "nb"), NA)
    expectAesopError(trainAutoencoder(only), "param", "logNormCounts")
    # the default takes the logarithm of many features itself, and says so
    only <- SingleCellExperiment::SingleCellExperiment(list(
        counts = toyCounts(120L, 50L)))
    expect_message(model <- trainAutoencoder(only, seed = 1),
        "Using assay \"counts\" of `x`", fixed = TRUE)
    expect_identical(model@param@settings$normalize, "log")
    named <- trainAutoencoder(only, assay.type = "counts", seed = 1,
        verbose = FALSE)
    expect_identical(model@weights, named@weights)
    expect_identical(encode(model, only), encode(named, only))
    expectAesopError(trainAutoencoder(only, normalize = "none"), "param",
        "logNormCounts")
    expectAesopError(trainAutoencoder(only, linearParam(normalize = "none")),
        "param", "logNormCounts")
    se <- SummarizedExperiment::SummarizedExperiment(list(fpkm = counts))
    seen <- recordConditions(trainAutoencoder(se, epochs = 2L, seed = 1))
    expect_match(paste(vapply(seen$messages, conditionMessage, ""),
        collapse = ""), "fpkm")
    sce <- toySce(counts)
    for (bad in list("tpm", 5, NA)) {
        expectAesopError(toyModel(sce, assay.type = bad), "param",
            "assay.type")
    }
    expectAesopError(toyModel(sce, assay.type = "counts",
        exprs_values = "logcounts"), "param", "exprs_values")
    expectAesopError(toyModel(sce, altexp = "ADT"), "param", "altexp")
    expectAesopError(toyModel(sce, dimred = "PCA"), "param", "dimred")
    expectAesopError(toyModel(se, dimred = "PCA"), "param", "dimred")
    expectAesopError(toyModel(se, altexp = "ADT"), "param", "altexp")
})

test_that("a negative binomial fit finds the dispersion", {
    # constant means: theta is what there is to learn; one code can follow the
    # noise of few features, so most must be right
    counts <- withr::with_seed(1L, matrix(rnbinom(40L * 2000L, size = 3,
        mu = 20), 40L))
    storage.mode(counts) <- "double"
    ones <- rep(1, 2000L)
    model <- fitQuiet(counts, hidden = integer(0), latent = 1L, loss = "nb",
        normalize = "log", size_factors = ones, epochs = 40L,
        batch_size = 100L, learning_rate = 0.02, validation = 0,
        schedule = cosineDecay())
    theta <- exp(model@weights$dispersion.log_theta)
    expect_lt(abs(median(theta) / 3 - 1), 0.1)
    expectNear(rowMeans(reconstruct(model, counts, size_factors = ones)),
        rowMeans(counts), 0.05)
})

test_that("deep networks of each kind train", {
    for (name in c("vanillaParam", "deepParam", "denoisingParam")) {
        param <- get(name)(latent = 3L, epochs = 3L)
        model <- fitQuiet(x, param)
        expectFinite(model@weights)
        expect_identical(dim(encode(model, x)), c(120L, 3L))
    }
})

test_that("the textbook's recipes give two falling curves", {
    # expression of groups of samples, scaled to 0-1 by gene
    counts <- toyCounts(120L, 400L)
    textbook <- function(...) {
        fitQuiet(log1p(counts), hidden = integer(0), latent = 20L,
            latent_activation = "relu", output_activation = "sigmoid",
            scale = "minmax", epochs = 10L, batch_size = 50L,
            validation = 0.2, validation_split = "last",
            early_stopping = FALSE, ...)
    }
    # Adam as printed; Adadelta with dropped inputs as its source has it
    for (model in list(textbook(optimizer = adam()),
        textbook(optimizer = adadelta(1.1), input_dropout = 0.05))) {
        history <- model@history
        expect_identical(nrow(history), 10L)
        expect_lt(history$loss[10L], history$loss[1L])
        expect_lt(history$val_loss[10L], history$val_loss[1L])
        expect_identical(as.numeric(model@info$validation),
            as.numeric(321:400))
        # per-gene error and activity of nodes can be had from the verbs
        expect_length(rowMeans(abs(residuals(model, log1p(counts)))), 120L)
        expect_true(all(encode(model, log1p(counts)) >= 0))
    }
})
