# M6, M7: penalties on the code against their formulas, and what they do.

test_that("a sparse code has the asked mean in every unit", {
    x <- toyGaussian(40L, 300L, rank = 4L)
    for (rho in c(0.05, 0.2)) {
        model <- fitQuiet(x, sparseParam(rho))
        means <- colMeans(encode(model, x))
        expect_lte(max(abs(means - rho)), 0.02)
    }
    free <- fitQuiet(x, sparseParam(0.05, weight = 0))
    expect_gt(min(abs(colMeans(encode(free, x)) - 0.05)), 0.02)
})

# Loss of the weights of a model, in double, with some settings changed.
lossWith <- function(model, x, ...) {
    config <- aesop:::validate_config(model@param@settings)
    given <- list(...)
    config[names(given)] <- given
    config$scale <- "none"
    coreGradient(model@weights, config, x)$loss
}

test_that("the sparsity penalty is the Kullback-Leibler divergence", {
    x <- toyGaussian(10L, 40L)
    model <- toyModel(x, sparseParam(0.1), scale = "none")
    m <- colMeans(encode(model, x))
    wanted <- sum(0.1 * log(0.1 / m) + 0.9 * log(0.9 / (1 - m)))
    got <- lossWith(model, x, sparsity = 3) - lossWith(model, x, sparsity = 0)
    expectNear(got, 3 * wanted, tolerance$float)
})

test_that("the L1 penalty is the sum of absolute codes, and lowers it", {
    x <- toyGaussian(10L, 40L)
    model <- toyModel(x, scale = "none")
    wanted <- mean(rowSums(abs(encode(model, x))))
    got <- lossWith(model, x, activity_l1 = 0.5) - lossWith(model, x)
    expectNear(got, 0.5 * wanted, tolerance$float)
    size <- function(...) {
        fit <- fitQuiet(x, epochs = 60L, latent = 3L, hidden = 8L, ...)
        mean(abs(encode(fit, x)))
    }
    expect_lt(size(activity_l1 = 0.3), 0.7 * size())
})

# Mean over samples of the squared norm of d code / d x, by differences of
# encode().
jacobianNorm <- function(model, x, step = 0.02) {
    by_feature <- vapply(seq_len(nrow(x)), function(i) {
        up <- down <- x
        up[i, ] <- up[i, ] + step
        down[i, ] <- down[i, ] - step
        sum(((encode(model, up) - encode(model, down)) / (2 * step))^2)
    }, 0)
    sum(by_feature) / ncol(x)
}

test_that("the contractive penalty is the norm of the code's Jacobian", {
    x <- toyGaussian(8L, 30L) / 2
    for (activation in c("sigmoid", "tanh", "linear")) {
        model <- toyModel(x, contractiveParam(), scale = "none",
            hidden = integer(0), latent_activation = activation)
        got <- lossWith(model, x, contractive = 2) -
            lossWith(model, x, contractive = 0)
        expectNear(got, 2 * jacobianNorm(model, x), 1e-3, activation)
    }
})

test_that("with hidden layers the penalty estimates the same norm", {
    x <- toyGaussian(8L, 400L) / 2
    model <- toyModel(x, scale = "none", activation = "tanh")
    config <- aesop:::validate_config(model@param@settings)
    config$contractive <- 1
    estimates <- vapply(seq_len(20L), function(seed) {
        coreGradient(model@weights, config, x, seed = seed)$loss
    }, 0) - lossWith(model, x)
    error <- sd(estimates) / sqrt(20)
    expect_lte(abs(mean(estimates) - jacobianNorm(model, x)),
        tolerance$standard_errors * error + 1e-3)
})

test_that("the contractive penalty lowers the norm", {
    x <- toyGaussian(60L, 150L, rank = 4L)
    norm <- function(...) {
        jacobianNorm(fitQuiet(x, ..., latent = 6L, epochs = 60L,
            learning_rate = 0.01), x)
    }
    expect_lt(norm(contractiveParam(0.1)), 0.5 * norm(contractiveParam(0)))
    deep <- norm(hidden = 16L, contractive = 0.1)
    expect_lt(deep, 0.8 * norm(hidden = 16L))
})
