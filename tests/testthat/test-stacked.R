# Stacked autoencoder: layers trained one by one, then together.
x <- toyGaussian(20L, 60L)

stacked <- function(data = x, ..., epochs = 6L, seed = 1) {
    fitQuiet(data, stackedParam(hidden = c(10L, 7L), latent = 4L,
        epochs = epochs, ...), seed = seed)
}

# A planted hierarchy of three levels: few pathways, each of modules, each of
# features.
plantedLevels <- function(seed, n = 300L) {
    withr::with_seed(seed, {
        pathways <- matrix(rbinom(4L * n, 1L, 0.4), 4L)
        active <- function(parents, units) {
            of <- sample(nrow(parents), units, TRUE)
            noise <- matrix(rbinom(units * n, 1L, 0.05), units)
            abs(parents[of, ] - noise)
        }
        modules <- active(pathways, 12L)
        factors <- active(modules, 30L)
        loadings <- matrix(rnorm(150L * 30L) *
            rbinom(150L * 30L, 1L, 0.1), 150L)
        x <- loadings %*% factors + rnorm(150L * n, sd = 0.3)
    })
    dimnames(x) <- list(paste0("gene", seq_len(150L)), NULL)
    x
}

test_that("each layer is trained by itself, its loss falls", {
    fit <- stacked(epochs = 60L, pretrain_epochs = 40L, early_stopping = FALSE)
    losses <- fit@info$pretraining
    expect_named(losses, paste0("layer", 1:3))
    for (loss in losses) {
        expect_length(loss, 40L)
        expect_lt(loss[40], loss[1])
    }
    expect_identical(nrow(fit@history), 60L)
    expect_lt(lastLoss(fit), fit@history$loss[1])
    expect_identical(lengths(stacked()@info$pretraining),
        c(layer1 = 6L, layer2 = 6L, layer3 = 6L))
})

test_that("the whole network starts from the layers", {
    param <- AutoencoderParam(hidden = integer(0), latent = 10L,
        activation = "sigmoid", latent_activation = "sigmoid",
        sparsity = 1e-4, sparsity_target = 0.1, epochs = 30L)
    first <- fitQuiet(x, param)
    # no fine-tuning at all
    tuned <- fitQuiet(x, stackedParam(hidden = c(10L, 7L), latent = 4L,
        pretrain_epochs = 30L, epochs = 0L))
    expect_identical(tuned@weights$encoder.1.weight,
        first@weights$encoder.1.weight)
    expect_identical(tuned@weights$encoder.1.bias,
        first@weights$encoder.1.bias)
    expect_identical(tuned@weights$decoder.3.weight,
        first@weights$decoder.1.weight)
    expect_identical(tuned@weights$decoder.3.bias,
        first@weights$decoder.1.bias)
    # the second layer learns the codes of the first
    second <- fitQuiet(t(encode(first, x)), AutoencoderParam(
        hidden = integer(0), latent = 7L, activation = "sigmoid",
        latent_activation = "sigmoid", output_activation = "sigmoid",
        scale = "none", sparsity = 1e-4, sparsity_target = 0.1,
        epochs = 30L))
    expect_identical(tuned@weights$encoder.2.weight,
        second@weights$encoder.1.weight)
    expect_identical(tuned@weights$decoder.2.weight,
        second@weights$decoder.1.weight)
    expect_identical(tuned@info$pretraining$layer2, second@history$loss)
    # and the code is that of all layers on top of each other
    expect_identical(dim(encode(tuned, x)), c(60L, 4L))
    expect_true(all(encode(tuned, x) > 0 & encode(tuned, x) < 1))
})

test_that("a stacked fit is a model like any other", {
    fit <- stacked()
    expectSameFit(stacked(), fit)
    expectSameFit(fitQuiet(x, stackedParam(hidden = c(10L, 7L), latent = 4L,
        epochs = 6L), num_threads = 3L), fit)
    expectSameFit(stacked(asSparse(x)), fit)
    expectSameFit(stacked(DelayedArray::DelayedArray(x)), fit)
    file <- withr::local_tempfile(fileext = ".safetensors")
    saveModel(fit, file)
    expect_identical(loadModel(file), fit)
    # one draw of R's generator
    withr::local_seed(3L)
    trainAutoencoder(x, epochs = 1L, verbose = FALSE)
    after <- runif(1L)
    withr::local_seed(3L)
    trainAutoencoder(x, stackedParam(hidden = c(10L, 7L), latent = 4L,
        epochs = 1L), verbose = FALSE)
    expect_identical(runif(1L), after)
    streamed <- fitQuiet(DelayedArray::DelayedArray(x), stackedParam(
        hidden = c(10L, 7L), latent = 4L, epochs = 3L), memory_limit = 1000)
    expectFinite(streamed@weights)
})

test_that("settings of the network hold for the layers where they can", {
    counts <- toyCounts(20L, 60L)
    cases <- list(list(tied = TRUE), list(latent_bias = FALSE),
        list(preactivation_code = TRUE), list(activation = "relu"),
        list(activation = "tanh", latent_activation = "linear",
            sparsity = 0), list(noise = maskingNoise(0.2)),
        list(dropout = 0.1, l2 = 0.01), list(validation = 0),
        list(scale = "minmax", loss = "bce"), list(epochs = 0L))
    for (case in cases) {
        data <- if (identical(case$loss, "bce")) x - min(x) else x
        fit <- do.call(stacked, c(list(data), case))
        label <- paste(names(case), collapse = " ")
        expect_length(fit@info$pretraining, 3L)
        expectFinite(fit@weights, label)
        expectFinite(reconstruct(fit, data), label)
    }
    for (case in list(list(loss = "nb"), list(loss = "zinb"),
        list(loss = "nb", dispersion = "entry"), list(loss = "zinb",
            dispersion = "entry", noise = thinningNoise(0.1)),
        list(loss = "poisson"))) {
        fit <- do.call(stacked, c(list(counts), case))
        expectFinite(fit@weights)
        start <- do.call(stacked, c(list(counts, epochs = 0L,
            pretrain_epochs = 20L), case))
        expect_lt(start@info$pretraining$layer1[20],
            start@info$pretraining$layer1[1])
    }
})

test_that("what cannot be pre-trained is refused", {
    bad <- list(batch_norm = TRUE, latent_batch_norm = TRUE,
        variational = TRUE, decoder_hidden = c(7L, 9L))
    for (name in names(bad)) {
        expectAesopError(do.call(stackedParam, bad[name]), "param",
            c(name, "layer by layer"), arg = name)
        # also where it is given later
        expectAesopError(do.call(fitQuiet, c(list(x, stackedParam()),
            hidden = 5L, latent = 2L, bad[name])), "param", arg = name)
    }
    for (epochs in list(0, -1, 1.5, "a", NA)) {
        expectAesopError(stackedParam(pretrain_epochs = epochs), "param",
            arg = "pretrain_epochs")
    }
    expectAesopError(stacked(latent_activation = "relu"), "param",
        "sparsity")
    expectAesopError(fitQuiet(x, stackedParam(hidden = 5L, latent = 2L),
        design = ~ batch, covariates = data.frame(batch = rep(1:2, 30L))),
        "param", arg = "design")
    expectAesopError(fitQuiet(list(a = x, b = x), stackedParam()), "param")
    expectAesopError(fitQuiet(x, stackedParam()), "param",
        c("32", "20"), arg = "latent")
})

test_that("pre-training beats a random start on a planted hierarchy", {
    param <- stackedParam(hidden = c(60L, 30L, 12L), latent = 6L,
        epochs = 40L, pretrain_epochs = 40L, batch_size = 16L,
        early_stopping = FALSE)
    for (seed in 1:2) {
        fits <- threeFits(plantedLevels(seed), param, 4L, 40L)
        final <- vapply(fits, lastLoss, 1)
        expect_lte(final[["stacked"]], final[["random"]])
        expect_lte(final[["stacked"]], final[["longer"]])
    }
})

test_that("pre-training that explodes leaves a model of the whole network", {
    x <- toyGaussian(20L, 60L)
    condition <- expectAesopError(suppressWarnings(trainAutoencoder(x,
        stackedParam(hidden = c(9L, 6L), latent = 4L, epochs = 5L,
            optimizer = sgd(1e8)), seed = 1, verbose = FALSE)), "numeric")
    expect_identical(dim(encode(condition$model, x)), c(60L, 4L))
    expectFinite(encode(condition$model, x))
})
