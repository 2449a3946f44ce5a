# M9: the variational bottleneck through the R functions.

toyVariational <- function(x, ...) {
    fitQuiet(x, variationalParam(...), hidden = 16L, latent = 4L,
        epochs = 80L, learning_rate = 0.005)
}

test_that("the divergence has its closed form, in the weight of each epoch", {
    x <- toyGaussian(10L, 40L)
    model <- toyModel(x, variationalParam(beta = 0.5, kappa = 0.3),
        hidden = integer(0), scale = "none")
    mean <- encode(model, x)
    v <- t(x) %*% model@weights$log_variance.weight +
        rep(model@weights$log_variance.bias, each = ncol(x))
    divergence <- mean(rowSums(-0.5 * (1 + v - mean^2 - exp(v))))
    loss <- function(beta, epoch) {
        config <- aesop:::validate_config(model@param@settings)
        config$beta <- beta
        coreGradient(model@weights, config, x, epoch = epoch)$loss
    }
    for (epoch in 0:5) {
        wanted <- 0.5 * min(1, 0.3 * epoch) * divergence
        got <- loss(0.5, epoch) - loss(0, epoch)
        expect_lte(abs(got - wanted), tolerance$float * divergence)
    }
})

test_that("encode() gives the means and draws nothing", {
    x <- toyGaussian(10L, 40L)
    model <- toyModel(x, variationalParam(), hidden = integer(0),
        scale = "none")
    codes <- encode(model, x)
    expect_identical(encode(model, x), codes)
    wanted <- t(x) %*% model@weights$encoder.1.weight +
        rep(model@weights$encoder.1.bias, each = ncol(x))
    expectNear(unname(codes), unname(wanted), tolerance$float)
})

test_that("beta draws the codes to the prior and empties spare units", {
    x <- toyGaussian(30L, 300L, rank = 2L)
    model <- toyVariational(x)
    spread <- apply(encode(model, x), 2L, sd)
    expect_identical(sum(spread > 0.5), 2L)
    expect_lt(max(spread), 1.3)
    strong <- toyVariational(x, beta = 1000)
    expect_lt(max(apply(encode(strong, x), 2L, sd)), 0.3)
})

test_that("latent arithmetic recovers a planted shift", {
    shift <- withr::with_seed(5, rnorm(30L))
    x <- toyGaussian(30L, 400L, rank = 2L)
    shifted <- rep(c(FALSE, TRUE), each = 200L)
    x[, shifted] <- x[, shifted] + 2 * shift
    model <- toyVariational(x)
    codes <- encode(model, x)
    move <- colMeans(codes[shifted, ]) - colMeans(codes[!shifted, ])
    from <- codes[which(!shifted), ]
    got <- rowMeans(decode(model, from + rep(move, each = nrow(from))) -
        decode(model, from))
    cosine <- sum(got * shift) / sqrt(sum(got^2) * sum(shift^2))
    expect_gt(cosine, 0.9)
})

test_that("samples from the prior look like the data", {
    x <- toyGaussian(30L, 400L, rank = 2L) + seq_len(30L)
    model <- toyVariational(x)
    new <- sampleAutoencoder(model, 2000, seed = 3)
    expect_identical(dim(new$codes), c(2000L, 4L))
    expect_identical(dim(new$samples), c(30L, 2000L))
    expect_identical(rownames(new$samples), rownames(x))
    expect_identical(colnames(new$samples), rownames(new$codes))
    expect_identical(new$samples, decode(model, new$codes))
    expect_gt(ks.test(as.vector(new$codes), "pnorm")$p.value, 1e-3)
    expect_lt(max(abs(rowMeans(new$samples) - rowMeans(x)) /
        apply(x, 1L, sd)), 0.25)
    expect_gt(cor(as.vector(cor(t(new$samples))), as.vector(cor(t(x)))), 0.95)
})

test_that("sampling depends on the seed and on nothing else", {
    model <- toyVariational(toyGaussian(10L, 60L))
    few <- sampleAutoencoder(model, 3, seed = 1)
    many <- sampleAutoencoder(model, 10, seed = 1)
    expect_identical(many$codes[1:3, ], few$codes)
    expect_identical(many$samples[, 1:3], few$samples)
    expect_false(identical(sampleAutoencoder(model, 3, seed = 2), few))
    set.seed(1)
    state <- .Random.seed
    sampleAutoencoder(model, 3, seed = 1)
    expect_identical(.Random.seed, state)
    a <- sampleAutoencoder(model, 2)
    set.seed(1)
    expect_identical(sampleAutoencoder(model, 2), a)
})

test_that("sampling needs a variational model", {
    expectAesopError(sampleAutoencoder(toyModel(), 3), "param",
        c("model", "variational"), arg = "model")
    expectAesopError(sampleAutoencoder(toyVariational(toyGaussian()), 0),
        "param", "n", arg = "n")
    expectAesopError(sampleAutoencoder(variationalParam()), "not_fitted")
})

test_that("a variational model passes the battery", {
    x <- toyGaussian(12L, 40L)
    fit <- function() {
        fitQuiet(x, variationalParam(), hidden = 8L, latent = 3L,
            epochs = 4L, batch_size = 16L)
    }
    checkModel(fit(), x, fit)
})
