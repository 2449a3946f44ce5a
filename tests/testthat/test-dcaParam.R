# M11: the preset of DCA.

test_that("the settings are those of the authors' program", {
    config <- as.list(dcaParam())
    expect_identical(config$hidden, 64L)
    expect_identical(config$latent, 32L)
    expect_identical(config[c("loss", "dispersion", "optimizer", "schedule",
        "validation_split", "normalize", "scale", "activation",
        "initialization")], list(loss = "nb", dispersion = "entry",
        optimizer = "rmsprop", schedule = "plateau",
        validation_split = "last", normalize = "log", scale = "standard",
        activation = "relu", initialization = "glorot_uniform"))
    expect_identical(unlist(config[c("learning_rate", "epochs",
        "batch_size", "patience", "schedule_every", "schedule_factor",
        "clip_value", "validation")]), c(learning_rate = 0.001, epochs = 300,
        batch_size = 32, patience = 15, schedule_every = 10,
        schedule_factor = 0.1, clip_value = 5, validation = 0.1))
    expect_true(config$batch_norm && !config$batch_norm_scale)
    expect_true(config$preactivation_code)
    expect_identical(as.list(dcaParam("zinb", "feature"))[c("loss",
        "dispersion")], list(loss = "zinb", dispersion = "feature"))
    expectAesopError(dcaParam("poisson"), "param", "loss", arg = "loss")
})

test_that("a fit gives codes of both signs, means, dispersions and zeros", {
    counts <- toyCounts(60L, 200L)
    model <- fitQuiet(counts, dcaParam("zinb"), epochs = 15L)
    # three heads of 64 inputs; batch norm has no factor but a shift and two
    # running statistics
    expect_identical(summary(model)$n_parameters, 60L * 64L + 64L * 3L +
        64L * 32L + 32L + 32L * 3L + 32L * 64L + 64L * 3L +
        3L * (64L * 60L + 60L))
    expect_lt(min(encode(model, counts)), 0)
    expect_gt(max(encode(model, counts)), 0)
    expect_true(all(denoise(model, counts) > 0))
    expect_identical(dim(dispersions(model, counts)), dim(counts))
    expect_true(all(dropoutProbability(model, counts)[counts > 0] == 0))
    expect_identical(model@info$validation, as.numeric(181:200))
})

test_that("a DCA model passes the battery", {
    counts <- toyCounts(20L, 40L)
    fit <- function() {
        fitQuiet(counts, dcaParam("zinb"), hidden = 8L, latent = 3L,
            epochs = 4L, batch_size = 16L)
    }
    checkModel(fit(), counts, fit)
})
