# M18, M19: the preset of Nuwa, and that all that its page offers works.

test_that("n features give 201 n + 10,500 trained parameters", {
    trained <- function(n) {
        shapes <- aesop:::config_shapes(as.list(nuwaParam()), n)
        sum(vapply(shapes, prod, 0))
    }
    expect_identical(trained(2000), 412500)
    expect_identical(trained(70), 201 * 70 + 10500)
})

test_that("the settings are those of the program", {
    config <- as.list(nuwaParam())
    expect_identical(config$hidden, 100L)
    expect_identical(config$latent, 50L)
    expect_identical(unlist(config[c("leaky_slope", "dropout",
        "batch_norm_momentum", "batch_norm_epsilon", "learning_rate",
        "epochs", "batch_size", "validation", "patience")]),
        c(leaky_slope = 0.01, dropout = 0.1, batch_norm_momentum = 0.9,
            batch_norm_epsilon = 1e-5, learning_rate = 0.001, epochs = 100,
            batch_size = 64, validation = 0.1, patience = 0))
    expect_true(config$batch_norm_last && config$one_cycle_momentum)
    expect_false(config$latent_bias)
    # PyTorch's initial weights: uniform within 1 / sqrt(inputs)
    w <- initialWeights(toyGaussian(400L, 3L), config)$encoder.1.weight
    expect_lte(max(abs(w)), 1 / 20)
    expect_gt(max(abs(w)), 0.99 / 20)
    expect_lte(abs(sd(w) / (1 / 20 / sqrt(3)) - 1), 0.02)
})

nuwaData <- toyGaussian(60L, 120L)
nuwaFit <- function(...) {
    fitQuiet(nuwaData, nuwaParam(epochs = 6L, batch_size = 32L), ...)
}
nuwaBase <- nuwaFit()

test_that("both losses are there for every epoch, and fall", {
    history <- nuwaFit(epochs = 40L)@history
    expect_identical(nrow(history), 40L)
    expect_true(all(is.finite(history$val_loss)))
    expect_lt(history$loss[40L], 0.5 * history$loss[1L])
    expect_lt(history$val_loss[40L], 0.5 * history$val_loss[1L])
})

test_that("one epoch more or less, and every other argument, matters", {
    changes <- list(
        list(optimizer = sgd(0.001)), list(optimizer = rmsprop(0.001)),
        list(learning_rate = 0.002), list(epochs = 7L), list(l1 = 1e-3),
        list(l2 = 1e-3), list(dropout = 0), list(loss = "half_sse"),
        list(initialization = "gaussian"), list(batch_size = 16L),
        list(latent = 20L), list(hidden = 40L), list(scale = "center"),
        list(schedule = "constant"), list(schedule = oneCycle()),
        list(validation = 0.2), list(activation = "relu"),
        list(activity_l1 = 0.01), list(noise = maskingNoise(0.1)),
        list(seed = 2))
    for (change in changes) {
        fit <- do.call(nuwaFit, change)
        label <- paste(names(change), format(unlist(change)[1L]))
        expect_false(identical(fit@weights, nuwaBase@weights), label = label)
    }
    counts <- toyCounts(60L, 120L)
    logs <- fitQuiet(counts, nuwaParam(epochs = 2L), normalize = "log")
    raw <- fitQuiet(counts, nuwaParam(epochs = 2L))
    expect_false(identical(logs@weights, raw@weights))
})

test_that("half the sum of squares is the loss of the training page", {
    fit <- nuwaFit(loss = "half_sse")
    input <- (nuwaData - fit@transform$center) * fit@transform$scale
    back <- (reconstruct(fit, nuwaData) - fit@transform$center) *
        fit@transform$scale
    expectNear(unname(predict(fit, nuwaData, type = "error")),
        unname(0.5 * colSums((input - back)^2)), 1e-4)
})

test_that("each optimiser is the one that was asked for", {
    # one epoch of one full batch: the first step of each has its known size
    move <- function(optimizer) {
        fit <- function(epochs) {
            fitQuiet(nuwaData, nuwaParam(), optimizer = optimizer,
                schedule = "constant", validation = 0, dropout = 0,
                batch_size = 120L, epochs = epochs)@weights$encoder.1.weight
        }
        abs(fit(1L) - fit(0L))
    }
    expectNear(median(move(adam(1e-3))), 1e-3, 1e-2)
    # 1 / sqrt(1 - rho)
    expectNear(median(move(rmsprop(1e-3, rho = 0.9))), 1e-3 / sqrt(0.1), 1e-2)
    small <- move(sgd(1e-3))
    expectNear(move(sgd(2e-3)), 2 * small, 1e-2)
    expect_gt(max(small) / median(small), 2)
})

test_that("a model of Nuwa passes the battery", {
    x <- toyGaussian(12L, 40L)
    fit <- function() {
        fitQuiet(x, nuwaParam(), hidden = 8L, latent = 3L, epochs = 4L,
            batch_size = 16L)
    }
    checkModel(fit(), x, fit)
})
