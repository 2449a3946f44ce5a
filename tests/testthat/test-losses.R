# B4: likelihoods against dpois() and dnbinom(), other losses against their
# formulas.

counts <- c(0, 1, 1e3, 5e4, 1e6)
means <- 10^seq(-8, 6, by = 2)
thetas <- 10^seq(-4, 6, by = 2)

# Relative error, absolute where the loss is near 0. size: what the relative
# error refers to.
expectLikelihood <- function(got, wanted, relative, absolute,
    size = abs(wanted)) {
    error <- abs(got - wanted)
    bad <- which(!(error <= absolute | error <= relative * size))
    expect_identical(length(bad), 0L, info = paste(
        "first bad:", bad[1L], got[bad[1L]], wanted[bad[1L]]))
}

test_that("the Poisson loss equals dpois()", {
    grid <- expand.grid(count = counts, mu = means)
    wanted <- -dpois(grid$count, grid$mu, log = TRUE)
    none <- numeric(nrow(grid))
    got <- aesop:::count_losses("poisson", log(grid$mu), none, grid$count,
        "double", list(num_threads = 1L))
    expectLikelihood(got$loss, wanted, tolerance$likelihood,
        tolerance$likelihood_absolute)
    expect_true(all(is.finite(got$slope)))
    # a difference of two numbers, exact relative to the larger one
    expectLikelihood(got$slope, grid$mu - grid$count, tolerance$likelihood,
        tolerance$likelihood_absolute, size = pmax(grid$mu, grid$count))
    single <- aesop:::count_losses("poisson", log(grid$mu), none, grid$count,
        "float", list(num_threads = 1L))
    expectLikelihood(single$loss, wanted, tolerance$likelihood_float,
        tolerance$likelihood_float)
    expect_true(all(is.finite(unlist(single))))
})

test_that("the negative binomial loss equals dnbinom()", {
    grid <- expand.grid(count = counts, mu = means, theta = thetas)
    wanted <- -dnbinom(grid$count, size = grid$theta, mu = grid$mu,
        log = TRUE)
    got <- aesop:::count_losses("nb", log(grid$mu), log(grid$theta),
        grid$count, "double", list(num_threads = 1L))
    expectLikelihood(got$loss, wanted, tolerance$likelihood,
        tolerance$likelihood_absolute)
    slope <- grid$theta * (grid$mu - grid$count) / (grid$theta + grid$mu)
    size <- grid$theta * pmax(grid$mu, grid$count) / (grid$theta + grid$mu)
    expectLikelihood(got$slope, slope, tolerance$likelihood,
        tolerance$likelihood_absolute, size = size)
    expect_true(all(is.finite(got$dispersion_slope)))
    single <- aesop:::count_losses("nb", log(grid$mu), log(grid$theta),
        grid$count, "float", list(num_threads = 1L))
    expectLikelihood(single$loss, wanted, tolerance$likelihood_float,
        tolerance$likelihood_float)
    expect_true(all(is.finite(unlist(single))))
})

test_that("the zero-inflated loss is that of dnbinom() with extra zeros", {
    grid <- expand.grid(count = c(0, 1, 30), mu = c(0.1, 3, 800),
        theta = c(0.05, 1, 30), logit = c(-5, -0.5, 0, 4))
    density <- dnbinom(grid$count, size = grid$theta, mu = grid$mu)
    share <- plogis(grid$logit)
    zero <- grid$count == 0
    wanted <- -log(share * zero + (1 - share) * density)
    for (precision in c("double", "float")) {
        got <- aesop:::count_losses("zinb", log(grid$mu), log(grid$theta),
            grid$count, precision,
            list(num_threads = 1L, zero_logit = grid$logit))
        error <- if (precision == "float") 1e-5 else 1e-10
        expectLikelihood(got$loss, wanted, error, error)
        # its share less the probability that a zero is an extra one
        extra <- zero * share / (share + (1 - share) * density)
        expectLikelihood(got$logit_slope, share - extra, error, error)
    }
})

test_that("the slope by log theta is the derivative of dnbinom()", {
    # away from the ends of the grid, where R's own sums cancel
    grid <- expand.grid(count = c(0, 1, 7, 1000), mu = c(0.1, 3, 800),
        theta = c(0.05, 1, 30))
    got <- aesop:::count_losses("nb", log(grid$mu), log(grid$theta),
        grid$count, "double", list(num_threads = 1L))
    h <- 1e-5
    nll <- function(log_theta) {
        -dnbinom(grid$count, size = exp(log_theta), mu = grid$mu, log = TRUE)
    }
    wanted <- (nll(log(grid$theta) + h) - nll(log(grid$theta) - h)) / (2 * h)
    expect_lte(max(abs(got$dispersion_slope - wanted) /
        pmax(1, abs(wanted))), tolerance$gradient)
})

test_that("extreme log means and dispersions stay finite", {
    z <- rep(c(-700, -40, 40, 700), each = 4L)
    log_theta <- rep(c(-300, -20, 20, 300), 4L)
    count <- rep(c(0, 5), 8L)
    for (kind in c("poisson", "nb")) {
        for (precision in c("double", "float")) {
            got <- aesop:::count_losses(kind, z, log_theta, count, precision,
                list(num_threads = 1L))
            expectFinite(got, paste(kind, precision))
        }
    }
})

plainCases <- list(
    mse = list(loss = "mse"), half_sse = list(loss = "half_sse"),
    mae = list(loss = "mae"), huber = list(loss = "huber"),
    huber_small = list(loss = "huber", huber_delta = 0.1),
    correntropy = list(loss = "correntropy"),
    correntropy_narrow = list(loss = "correntropy", huber_delta = 0.1),
    log_cosh = list(loss = "log_cosh"),
    bce = list(loss = "bce"),
    softplus_output = list(loss = "mse", output_activation = "softplus"),
    relu_output = list(loss = "mse", output_activation = "relu"),
    summed = list(loss = "mae", loss_reduction = "sum"),
    averaged = list(loss = "half_sse", loss_reduction = "mean")
)

for (name in names(plainCases)) {
    test_that(paste("the loss equals its formula:", name), {
        config <- do.call(coreConfig, c(plainCases[[name]], list(
            hidden = integer(0), latent = 2L, validation = 0,
            scale = "none")))
        x <- toyGaussian(6L, 9L)
        if (config$loss == "bce") {
            x <- plogis(x)
        }
        weights <- initialWeights(x, config)
        z <- t(x) %*% weights$encoder.1.weight %*% weights$decoder.1.weight
        y <- switch(config$output_activation, linear = z,
            sigmoid = 1 / (1 + exp(-z)), softplus = log(1 + exp(z)),
            relu = pmax(z, 0))
        t <- t(x)
        r <- abs(y - t)
        delta <- config$huber_delta
        element <- switch(config$loss,
            mse = r^2, half_sse = 0.5 * r^2, mae = r,
            huber = ifelse(r < delta, 0.5 * r^2, delta * r - 0.5 * delta^2),
            correntropy = 1 - exp(-r^2 / (2 * delta^2)),
            log_cosh = log(cosh(r)),
            bce = -(t * log(y) + (1 - t) * log(1 - y)))
        by_sample <- if (config$loss_reduction == "sum") {
            rowSums(element)
        } else {
            rowMeans(element)
        }
        got <- coreGradient(weights, config, x)
        expectNear(got$loss, mean(by_sample), tolerance$double, "loss")
    })
}

test_that("half_sse is half the sum of squares of a sample", {
    config <- coreConfig(loss = "half_sse")
    expect_identical(config$loss_reduction, "sum")
})

test_that("binary cross-entropy stays finite for saturated outputs", {
    config <- coreConfig(hidden = integer(0), latent = 1L, loss = "bce",
        scale = "none", validation = 0)
    x <- matrix(c(0, 1, 1, 0), 2L)
    weights <- list(encoder.1.weight = matrix(c(500, 500), 2L),
        encoder.1.bias = 0, decoder.1.weight = matrix(c(500, -500), 1L),
        decoder.1.bias = c(0, 0))
    for (precision in c("double", "float")) {
        got <- coreGradient(weights, config, x, precision = precision,
            backend = "cpu")
        expectFinite(got, precision)
    }
})

test_that("losses with parameters are pieces with these settings", {
    expect_identical(as.list(AutoencoderParam(loss = correntropyLoss(2)),
        complete = FALSE), list(loss = "correntropy", huber_delta = 2))
    expect_identical(as.list(AutoencoderParam(
        loss = zeroInflatedLoss("entry", zero_ridge = 0.1)),
        complete = FALSE), list(loss = "zinb", dispersion = "entry",
            zero_ridge = 0.1))
    for (loss in names(aesop:::.lossMakers())) {
        expect_identical(as.list(AutoencoderParam(loss = loss))$loss, loss)
    }
    expectAesopError(correntropyLoss(0), "param", "width", arg = "width")
    expectAesopError(zeroInflatedLoss("gene"), "param", "dispersion")
    expectAesopError(zeroInflatedLoss(zero_ridge = -1), "param",
        "zero_ridge")
})

test_that("the ridge lowers the probabilities of technical zeros", {
    counts <- toyCounts(20L, 60L)
    share <- function(ridge) {
        model <- fitQuiet(counts, countParam("zinb"), epochs = 40L,
            zero_ridge = ridge, learning_rate = 0.01)
        mean(aesop:::.applyModel(model, counts, "zero_probability",
            list())$result)
    }
    expect_lt(share(10), 0.5 * share(0))
})

test_that("correntropy does not follow gross errors", {
    x <- toyGaussian(20L, 200L, rank = 2L)
    hit <- withr::with_seed(1, matrix(runif(length(x)) < 0.03, 20L))
    bad <- x + 30 * hit
    error <- function(loss) {
        model <- fitQuiet(bad, loss = loss, hidden = integer(0), latent = 2L,
            epochs = 200L, learning_rate = 0.01, scale = "none")
        sqrt(mean((reconstruct(model, bad) - x)[, colSums(hit) == 0]^2))
    }
    expect_lt(error(correntropyLoss(2)), 0.5 * error("mse"))
})
