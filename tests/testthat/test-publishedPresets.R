test_that("ADAGE's settings are the published ones", {
    settings <- as.list(adageParam())
    expect_identical(settings[c("hidden", "latent", "tied", "noise", "loss",
        "loss_reduction", "optimizer", "epochs", "batch_size", "drop_last",
        "shuffle", "patience", "scale")], list(hidden = integer(0),
        latent = 50L, tied = TRUE, noise = "masking", loss = "bce",
        loss_reduction = "sum", optimizer = "sgd", epochs = 500L,
        batch_size = 10L, drop_last = TRUE, shuffle = FALSE, patience = 0L,
        scale = "minmax"))
    expect_identical(c(settings$noise_amount, settings$learning_rate,
        settings$validation, settings$momentum), c(0.1, 0.01, 0, 0))
    expect_identical(as.list(adageParam(latent = 300, epochs = 9))$latent,
        300L)
    expectAesopError(adageParam(nodes = 3), "param", "nodes")
    # first weights: uniform within 4 sqrt(6 / (features + nodes))
    x <- abs(toyGaussian(40L, 30L))
    model <- fitQuiet(x, adageParam(latent = 20L, epochs = 0L))
    widest <- 4 * sqrt(6 / 60)
    expect_lte(max(abs(model@weights$encoder.1.weight)), widest)
    expect_gt(max(abs(model@weights$encoder.1.weight)), 0.97 * widest)
    expect_identical(sum(lengths(model@weights)), 40L * 20L + 20L + 40L)
})

test_that("three epochs of ADAGE's recipe are those of plain R", {
    x <- stats::plogis(toyGaussian(30L, 47L))
    config <- as.list(adageParam(latent = 6L, epochs = 3L, scale = "none"))
    first <- initialWeights(x, config)
    ours <- trainCore(x, config, precision = "double")
    plain <- referenceTrain(x, config, first, 1)
    expectNear(ours$history$loss, plain$loss, 1e-8, "cost")
    expectNear(ours$weights$encoder.1.weight, plain$weights$encoder.1.weight,
        1e-8, "weights")
})

test_that("the textbook's networks have its number of parameters", {
    count <- function(param, features) {
        x <- matrix(stats::runif(features * 4L), features,
            dimnames = list(paste0("g", seq_len(features)), NULL))
        model <- fitQuiet(x, param, epochs = 0L, batch_size = 2L)
        summary(model)$n_parameters
    }
    expect_identical(count(textbookParam(), 5000L), 1005100L)
    expect_identical(count(textbookParam(latent = 64L), 784L), 101200L)
    expect_identical(count(textbookParam(TRUE), 5000L), 1005100L)
})

test_that("the textbook's splits have its sizes", {
    expect_identical(aesop:::.validationSize(0.1, 10459L), 1046L)
    expect_identical(aesop:::.validationSize(0.2, 9413L), 1883L)
    x <- matrix(stats::runif(2L * 9413L), 2L,
        dimnames = list(c("a", "b"), NULL))
    model <- fitQuiet(x, textbookParam(latent = 1L, epochs = 1L))
    expect_equal(model@info$validation, 7531:9413)
    x <- matrix(stats::runif(2L * 10459L), 2L,
        dimnames = list(c("a", "b"), NULL))
    model <- fitQuiet(x, textbookParam(TRUE, latent = 1L, epochs = 1L))
    expect_length(model@info$validation, 1046L)
    expect_false(identical(model@info$validation, as.numeric(9414:10459)))
})

test_that("both recipes of the textbook learn", {
    x <- stats::plogis(toyGaussian(30L, 200L, rank = 3L))
    for (original in c(FALSE, TRUE)) {
        model <- fitQuiet(x, textbookParam(original, latent = 10L,
            epochs = 10L))
        history <- model@history
        expect_identical(nrow(history), 10L)
        expect_lt(history$loss[10L], history$loss[1L])
        expect_lt(history$val_loss[10L], history$val_loss[1L])
        expect_equal(model@info$best_epoch, 10)
    }
    settings <- as.list(textbookParam(TRUE))
    expect_identical(settings[c("optimizer", "learning_rate", "rho",
        "epsilon", "input_dropout", "epochs")], list(optimizer = "adadelta",
        learning_rate = 1.1, rho = 0.95, epsilon = 1e-8,
        input_dropout = 0.05, epochs = 100L))
    expectAesopError(textbookParam(2), "param", "original")
})

test_that("ADAGE's recipe has the reference's costs on the stand-in", {
    x <- adageStandIn(importAdage(adageFolder()))
    model <- fitQuiet(x, adageParam(epochs = 50L, scale = "none"))
    loss <- model@history$loss
    # an independent program, three seeds
    expect_equal(loss[10L], 3414.6, tolerance = 0.002)
    expect_equal(loss[50L], 3357.8, tolerance = 0.002)
    size <- nrow(featureSignatures(model)) / 50
    expect_gt(size, 230)
    expect_lt(size, 290)
    activity <- encode(model, x)
    expect_gt(mean(activity < 0.1 | activity > 0.9), 0.8)
})

test_that("the other name of `latent` wins over a preset too", {
    for (preset in list(adageParam, tybaltParam, dcaParam, textbookParam)) {
        expect_identical(as.list(preset(ncomponents = 7))$latent, 7L)
    }
})
