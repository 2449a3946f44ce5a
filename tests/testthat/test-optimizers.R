steps <- 30L

# A recorded sequence of gradients with signs, sizes and zeros of all kinds.
recorded <- withr::with_seed(9L, lapply(seq_len(steps), function(i) {
    g <- rnorm(7L) * 10^runif(7L, -6, 2)
    g[sample.int(7L, 1L)] <- 0
    g
}))

rules <- list(
    sgd = list(optimizer = "sgd", learning_rate = 0.1),
    momentum = list(optimizer = "sgd", learning_rate = 0.1, momentum = 0.9),
    nesterov = list(optimizer = "sgd", learning_rate = 0.1, momentum = 0.8,
        nesterov = TRUE),
    rmsprop = list(optimizer = "rmsprop", learning_rate = 0.01, rho = 0.95,
        epsilon = 1e-7),
    adagrad = list(optimizer = "adagrad", learning_rate = 0.05,
        epsilon = 1e-10),
    adadelta = list(optimizer = "adadelta", learning_rate = 1, rho = 0.95,
        epsilon = 1e-6),
    adadelta_keras = list(optimizer = "adadelta", learning_rate = 1.1,
        rho = 0.95, epsilon = 1e-8),
    adam = list(optimizer = "adam", learning_rate = 0.01),
    adam_slow = list(optimizer = "adam", learning_rate = 0.01, beta1 = 0.5,
        beta2 = 0.9, epsilon = 1e-3),
    adamw = list(optimizer = "adamw", learning_rate = 0.01,
        weight_decay = 0.1)
)

for (name in names(rules)) {
    test_that(paste("the update equals its published recurrences:", name), {
        config <- do.call(coreConfig, rules[[name]])
        start <- withr::with_seed(2L, rnorm(7L))
        wanted <- list(w = start, state = list())
        got <- list(weights = start, state = list())
        for (i in seq_len(steps)) {
            g <- recorded[[i]]
            wanted <- referenceUpdate(wanted$w, g, wanted$state, i, config,
                config$learning_rate)
            got <- aesop:::optimizer_step(config, got$weights, g, got$state,
                i)
            expectNear(got$weights, wanted$w, tolerance$formula,
                paste("weights at step", i))
        }
        expect_gt(max(abs(wanted$w - start)), 1e-3)
    })
}

test_that("optimizerStep() steps like the engine, for vectors and matrices", {
    g <- lapply(recorded, `[`, seq_len(4L))
    start <- c(1, -2, 3, 0.5)
    a <- list(weights = c(a = 1, b = -2, c = 3, d = 0.5), state = NULL)
    b <- list(weights = matrix(start, 2L), state = NULL)
    config <- coreConfig(optimizer = "adam", learning_rate = 0.01)
    wanted <- list(w = start, state = list())
    for (i in seq_len(5L)) {
        wanted <- referenceUpdate(wanted$w, g[[i]], wanted$state, i, config,
            0.01)
        a <- optimizerStep(adam(learning_rate = 0.01), a$weights, g[[i]],
            a$state, i)
        b <- optimizerStep(adam(learning_rate = 0.01), b$weights,
            matrix(g[[i]], 2L), b$state, i)
        expectNear(a$weights, wanted$w, tolerance$formula, "vector")
        expectNear(as.vector(b$weights), wanted$w, tolerance$formula,
            "matrix")
    }
    expect_named(a$weights, c("a", "b", "c", "d"))
    expect_identical(dim(b$weights), c(2L, 2L))
})

test_that("optimizerStep() walks down a parabola with every optimiser", {
    for (piece in list(sgd(0.1), sgd(0.02, momentum = 0.9), rmsprop(0.1),
        adagrad(1), adadelta(50), adam(0.2), adamW(0.2))) {
        at <- list(weights = c(x = 3), state = NULL)
        for (step in seq_len(60L)) {
            at <- optimizerStep(piece, at$weights, 2 * at$weights, at$state,
                step)
        }
        expect_lt(abs(at$weights), 1)
    }
})

test_that("optimizerStep() refuses what does not fit", {
    expectAesopError(optimizerStep(adam(), c(1, 2), 1), "param",
        "gradient")
    expectAesopError(optimizerStep(adam(), c(1, NA), c(1, 2)), "param",
        "weights")
    expectAesopError(optimizerStep(adam(), c(1, 2), c(1, Inf)), "param",
        "gradient")
    expectAesopError(optimizerStep("nadam", 1, 1), "param", "nadam")
    expectAesopError(optimizerStep(adam(), 1, 1, step = 0), "param", "step")
})

test_that("each optimiser changes the result of training", {
    x <- toyGaussian()
    fits <- lapply(list("sgd", "rmsprop", "adagrad", "adadelta", "adam",
        "adamw"), function(name) {
            toyModel(x, optimizer = name, learning_rate = 0.01)@weights
        })
    for (i in seq_along(fits)) {
        for (j in seq_len(i - 1L)) {
            expect_false(identical(fits[[i]], fits[[j]]))
        }
    }
})
