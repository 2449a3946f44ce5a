# Going on with a fitted model: trainMore() and fineTune().
x <- toyGaussian(20L, 80L, rank = 3L)
model <- toyModel(x, epochs = 10L)

more <- function(..., fit = model, data = x) {
    trainMore(fit, data, seed = 2, verbose = FALSE, ...)
}
tune <- function(data, ..., fit = model, epochs = 5L) {
    fineTune(fit, data, epochs = epochs, seed = 2, verbose = FALSE, ...)
}

test_that("trainMore() goes on where the training ended", {
    longer <- trainMore(model, x, epochs = 20L, seed = 1, verbose = FALSE)
    expect_identical(longer@info$validation, model@info$validation)
    expect_identical(longer@history$epoch, as.numeric(1:30))
    expect_identical(longer@history[1:10, ], model@history)
    expect_lt(longer@history$loss[11], model@history$loss[10])
    expect_lt(longer@history$loss[30], longer@history$loss[11])
    expect_gt(longer@info$best_epoch, 10)
    expect_identical(longer@transform, model@transform)
    expect_identical(longer@features, model@features)
    expect_identical(nrow(more()@history), 20L)
    expectSameFit(more(epochs = 3L), more(epochs = 3L))
    expectSameFit(more(epochs = 3L, num_threads = 1L),
        more(epochs = 3L, num_threads = 3L))
    expectSameFit(more(epochs = 3L, data = asSparse(x)), more(epochs = 3L))
    # a rate that changes nothing shows where it starts
    still <- more(epochs = 1L, optimizer = sgd(1e-30))
    expect_identical(still@weights, model@weights)
    # again and again
    thrice <- more(fit = more(epochs = 2L), epochs = 3L)
    expect_identical(thrice@history$epoch, as.numeric(1:15))
})

test_that("new data do not change the preparation", {
    for (scale in c("standard", "minmax")) {
        fit <- toyModel(x, scale = scale)
        longer <- more(fit = fit, data = x[, 1:30] + 1, epochs = 2L)
        expect_identical(longer@transform, fit@transform)
    }
    counts <- toyCounts(20L, 60L)
    fit <- toyModel(counts, loss = "nb")
    longer <- more(fit = fit, data = counts[, 1:30] * 3, epochs = 2L)
    expect_identical(longer@transform, fit@transform)
})

test_that("training can change, the network cannot", {
    longer <- more(epochs = 4L, optimizer = sgd(), learning_rate = 0.5,
        noise = gaussianNoise(0.1), schedule = cosineDecay(), batch_size = 8L,
        early_stopping = FALSE, validation = 0, dropout = 0.1, l2 = 0.01)
    settings <- longer@param@settings
    expect_identical(settings$optimizer, "sgd")
    expect_identical(settings$learning_rate, 0.5)
    expect_identical(settings$hidden, 8L)
    expect_true(all(is.na(longer@history$val_loss[11:14])))
    fixed <- list(hidden = 3L, latent = 4L, ncomponents = 4L, loss = "mae",
        scale = "none", normalize = "log", variational = TRUE, tied = TRUE,
        activation = "tanh", batch_norm = TRUE, initialization = "he_normal")
    for (name in names(fixed)) {
        expectAesopError(do.call(more, fixed[name]), "param",
            c(name, "cannot be changed"), arg = name)
    }
    for (name in c("bogus", "freeze", "missing", "design", "param",
        "subset_row")) {
        value <- stats::setNames(list("mask"), name)
        expectAesopError(do.call(more, value), "param", arg = name)
    }
    expectAesopError(more(epochs = 0), "param", arg = "epochs")
    expectAesopError(more(learning_rate = -1), "param")
    expectAesopError(trainMore(x, x), "input_type", "model")
    expectAesopError(trainMore(AutoencoderParam(), x), "not_fitted")
    expectAesopError(more(data = x[1:10, ]), "features", "10 of 20")
    expectAesopError(more(data = x[, 1, drop = FALSE]), "input_dim")
})

test_that("what is frozen keeps its bits", {
    changed <- function(freeze, fit = model) {
        tuned <- tune(x, freeze = freeze, fit = fit)
        same <- mapply(identical, tuned@weights, fit@weights)
        expect_identical(tuned@weights[same], fit@weights[same])
        names(same)[!same]
    }
    all <- names(model@weights)
    half <- function(part) grep(part, all, value = TRUE)
    expect_setequal(changed(NULL), all)
    expect_setequal(changed("encoder"), half("decoder"))
    expect_setequal(changed("decoder"), half("encoder"))
    expect_setequal(changed("encoder.1"), setdiff(all, half("encoder.1")))
    expect_setequal(changed(c("encoder.2", "decoder.1")),
        c(half("encoder.1"), half("decoder.2")))
    expect_length(changed(c("encoder", "decoder")), 0L)
    for (bad in list("x", "encoder.9", 1, NA_character_, character(0))) {
        expectAesopError(tune(x, freeze = bad), "param", arg = "freeze")
    }
    # tied weights belong to both halves
    tied <- toyModel(x, tied = TRUE)
    expect_setequal(changed("encoder", tied), c("decoder.1.bias",
        "decoder.2.bias"))
    expect_setequal(changed("decoder", tied), c("encoder.1.bias",
        "encoder.2.bias"))
    variational <- toyModel(x, variational = TRUE)
    expect_true(all(startsWith(changed("encoder", variational), "decoder.")))
})

test_that("a frozen layer keeps its running statistics", {
    fit <- toyModel(x, batch_norm = TRUE)
    statistics <- grep("running", names(fit@weights), value = TRUE)
    expect_length(statistics, 4L)
    tuned <- tune(x + 1, freeze = "encoder", fit = fit)
    encoder <- startsWith(statistics, "encoder.")
    expect_identical(tuned@weights[statistics[encoder]],
        fit@weights[statistics[encoder]])
    expect_false(identical(tuned@weights[statistics[!encoder]],
        fit@weights[statistics[!encoder]]))
    # and normalises by them: the codes are those of before
    expect_identical(encode(tuned, x), encode(fit, x))
})

test_that("missing features are masked in input and loss", {
    gone <- c(2L, 7L, 15L)
    part <- x[-gone, ]
    tuned <- tune(part, optimizer = sgd(0.05), validation = 0)
    for (end in list(tuned@weights, tune(part)@weights)) {
        expect_identical(end$encoder.1.weight[gone, ],
            model@weights$encoder.1.weight[gone, ])
        expect_identical(end$decoder.2.weight[, gone],
            model@weights$decoder.2.weight[, gone])
        expect_identical(end$decoder.2.bias[gone],
            model@weights$decoder.2.bias[gone])
        expect_false(any(end$encoder.1.weight[-gone, ] ==
            model@weights$encoder.1.weight[-gone, ]))
    }
    # by hand: 0 after centring, the mean over the features that are there
    centred <- t(x) - rep(model@transform$center, each = ncol(x))
    centred[, gone] <- 0
    config <- model@param@settings
    config$output_activation <- "linear"
    config$loss_reduction <- "mean"
    pass <- referencePass(model@weights, config, centred, centred)
    seen <- suppressMessages(list(
        code = encode(model, part, missing = "mask"),
        error = predict(model, part, type = "error", missing = "mask")))
    expectNear(seen$code, pass$code, tolerance$float)
    by_hand <- rowMeans((pass$output - centred)[, -gone]^2)
    expectNear(seen$error, by_hand, tolerance$float)
    still <- tune(part, optimizer = sgd(1e-30), validation = 0, epochs = 1L,
        batch_size = 80L)
    expectNear(still@history$loss[11], mean(by_hand), tolerance$float)
    # whatever the form, the order and what else is there
    expectSameFit(tune(asSparse(part)), tune(part))
    expectSameFit(tune(DelayedArray::DelayedArray(part)), tune(part))
    extra <- rbind(other = 1, part[17:1, ])
    seen <- recordConditions(fineTune(model, extra, epochs = 5L, seed = 2))
    expectSameFit(seen$value, tune(part))
    text <- vapply(seen$messages, conditionMessage, "")
    expect_match(text, "1 feature of `x`", all = FALSE)
    expect_match(text, "17 of the model's 20 features (85 %)", fixed = TRUE,
        all = FALSE)
})

test_that("masked features are told of, and have no residuals", {
    seen <- recordConditions(residuals(model, x[-3, ], missing = "mask"))
    expect_match(conditionMessage(seen$messages[[1L]]), "19 of the model's")
    expect_true(all(is.na(seen$value[3, ])))
    expectNear(seen$value[-3, ], x[-3, ] - suppressMessages(reconstruct(model,
        x[-3, ], missing = "mask"))[-3, ], tolerance$float)
    expect_length(recordConditions(tune(x[-3, ]))$messages, 0L)
    expectAesopError(encode(model, x[-3, ]), "features", "gene3")
    expectAesopError(encode(model, x, missing = "zero"), "param",
        arg = "missing")
})

test_that("the overlap is told, and too small a one refused", {
    expect_identical(tune(x)@info$overlap, 1)
    expect_identical(tune(x[1:12, ])@info$overlap, 0.6)
    condition <- expectAesopError(tune(x[1:9, ]), "features",
        c("11 of 20", "45 %", "min_overlap = 0.5"))
    expect_equal(condition$overlap, 0.45)
    expect_identical(condition$missing, rownames(x)[10:20])
    expect_identical(tune(x[1:9, ], min_overlap = 0.4)@info$overlap, 0.45)
    expectAesopError(tune(x[1:19, ], min_overlap = 1), "features")
    other <- x
    rownames(other) <- paste0("other", 1:20)
    expectAesopError(tune(other, min_overlap = 0), "features", "20 of 20")
    expectAesopError(encode(model, x[1:9, ], missing = "mask"), "features")
    for (bad in list(-0.1, 2, NA, "a")) {
        expectAesopError(tune(x, min_overlap = bad), "param",
            arg = "min_overlap")
    }
    tuned <- tune(x[1:12, ])
    file <- withr::local_tempfile(fileext = ".safetensors")
    saveModel(tuned, file)
    expect_identical(loadModel(file), tuned)
})

test_that("masked counts and several assays", {
    counts <- toyCounts(20L, 60L)
    for (loss in c("nb", "zinb")) {
        fit <- toyModel(counts, loss = loss)
        tuned <- tune(counts[-3, ], fit = fit)
        same <- fit@weights
        expect_identical(tuned@weights$decoder.2.weight[, 3],
            same$decoder.2.weight[, 3])
        expect_identical(tuned@weights$dispersion.log_theta[3],
            same$dispersion.log_theta[3])
    }
    data <- list(rna = counts, adt = toyGaussian(6L, 60L))
    fit <- fitQuiet(data, multimodalParam(epochs = 3L))
    data$adt <- data$adt[-2, ]
    tuned <- tune(data, fit = fit, freeze = "rna.encoder.1")
    expect_equal(tuned@info$overlap, c(rna = 1, adt = 5 / 6))
    expect_identical(tuned@weights$adt.encoder.1.weight[2, ],
        fit@weights$adt.encoder.1.weight[2, ])
    expect_identical(tuned@weights$rna.encoder.1.weight,
        fit@weights$rna.encoder.1.weight)
})

test_that("a design stays, its levels too", {
    samples <- data.frame(batch = rep(c("a", "b"), 40L))
    fit <- toyModel(x, design = ~ batch, covariates = samples)
    longer <- more(fit = fit, covariates = samples, epochs = 2L)
    expect_identical(longer@info$design, fit@info$design)
    expect_identical(encode(longer, x[, 3, drop = FALSE],
        covariates = samples[3, , drop = FALSE]),
        encode(longer, x, covariates = samples)[3, , drop = FALSE])
    expectAesopError(more(fit = fit), "design", "batch")
    expectAesopError(more(fit = fit, covariates = transform(samples,
        batch = "new")), "design", "new")
})

test_that("a model of many samples learns few samples faster", {
    # the same factors in a large and a small set; a fifth of the genes gone
    sets <- withr::with_seed(3L, {
        loadings <- matrix(rnorm(100L * 5L), 100L)
        lapply(c(large = 2000L, small = 80L), function(n) {
            x <- 2 * tanh(loadings %*% matrix(rnorm(5L * n), 5L) / 2) +
                matrix(rnorm(100L * n, sd = 0.2), 100L)
            dimnames(x) <- list(paste0("gene", 1:100), NULL)
            x
        })
    })
    small <- sets$small[1:80, ]
    start <- fitQuiet(sets$large, hidden = 32L, latent = 5L, epochs = 60L)
    settings <- list(validation = 0.25, validation_split = "last",
        batch_size = 16L, early_stopping = FALSE)
    scratch <- do.call(fitQuiet, c(list(small, hidden = 32L, latent = 5L,
        epochs = 150L), settings))
    tuned <- do.call(fineTune, c(list(start, small, epochs = 30L, seed = 1,
        verbose = FALSE), settings))
    reached <- tail(tuned@history$val_loss, 30L)
    target <- min(scratch@history$val_loss)
    needed <- which(scratch@history$val_loss == target)
    expect_lte(min(reached), target)
    expect_lt(which(reached <= target)[1L], needed / 5)
})

test_that("a frozen layer of a tied decoder keeps the weights it shares", {
    x <- toyGaussian(12L, 40L)
    model <- toyModel(x, tied = TRUE, hidden = 6L)
    tuned <- fineTune(model, x, freeze = "decoder.2", epochs = 2, seed = 1,
        verbose = FALSE)
    kept <- c("encoder.1.weight", "decoder.2.bias")
    expect_identical(tuned@weights[kept], model@weights[kept])
    expect_false(identical(tuned@weights$encoder.2.weight,
        model@weights$encoder.2.weight))
})

test_that("a model without epochs goes on for as many as are given only", {
    x <- toyGaussian(12L, 40L)
    model <- trainAutoencoder(x, latent = 2, verbose = FALSE)
    expectAesopError(trainMore(model, x), "param", "epochs = 20")
    more <- trainMore(model, x, epochs = 1, seed = 1, batch_size = NULL,
        verbose = FALSE)
    expect_identical(nrow(more@history), 1L)
})
