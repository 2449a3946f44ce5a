noises <- list(
    masking = maskingNoise(0.3),
    gaussian = gaussianNoise(0.5),
    salt_pepper = saltPepperNoise(0.2, low = -5, high = 9)
)

# |observed - p| within some standard errors of n trials.
expectRate <- function(observed, p, n) {
    limit <- tolerance$standard_errors * sqrt(p * (1 - p) / n)
    expect_lte(abs(observed - p), limit)
}

test_that("masking sets the asked share of values to 0, the rest is kept", {
    x <- matrix(2, 100L, 80L)
    for (p in c(0.05, 0.3, 0.9)) {
        got <- applyNoise(x, maskingNoise(p), seed = 3)
        expect_true(all(got %in% c(0, 2)))
        expectRate(mean(got == 0), p, length(x))
    }
    expect_true(all(applyNoise(x, maskingNoise(1), seed = 3) == 0))
    expect_identical(applyNoise(x, maskingNoise(0), seed = 3), x)
    expect_identical(applyNoise(x, noNoise(), seed = 3), x)
})

test_that("salt and pepper come at the asked rate, half each", {
    x <- matrix(2, 100L, 80L)
    got <- applyNoise(x, noises$salt_pepper, seed = 4)
    hit <- got != 2
    expect_true(all(got[hit] %in% c(-5, 9)))
    expectRate(mean(hit), 0.2, length(x))
    expectRate(mean(got[hit] == 9), 0.5, sum(hit))
})

test_that("Gaussian noise has mean 0 and the asked standard deviation", {
    x <- matrix(1, 100L, 80L)
    noise <- applyNoise(x, noises$gaussian, seed = 4) - 1
    n <- length(x)
    expect_lte(abs(mean(noise)), tolerance$standard_errors * 0.5 / sqrt(n))
    expect_lte(abs(sd(noise) - 0.5),
        tolerance$standard_errors * 0.5 / sqrt(2 * n))
    expect_gt(ks.test(as.vector(noise), "pnorm", 0, 0.5)$p.value, 1e-3)
})

test_that("no position is corrupted more often than others", {
    x <- matrix(1, 6L, 5L)
    hits <- Reduce(`+`, lapply(seq_len(400L), function(epoch) {
        applyNoise(x, maskingNoise(0.3), seed = 8, epoch = epoch) == 0
    }))
    expect_gt(chisq.test(as.vector(hits))$p.value, 1e-4)
})

test_that("noise is new in each epoch and for each seed, else the same", {
    x <- toyGaussian(20L, 30L)
    for (noise in noises) {
        first <- applyNoise(x, noise, seed = 1, epoch = 1)
        expect_identical(applyNoise(x, noise, seed = 1, epoch = 1), first)
        expect_false(identical(applyNoise(x, noise, seed = 1, epoch = 2),
            first))
        expect_false(identical(applyNoise(x, noise, seed = 2, epoch = 1),
            first))
        expect_identical(dimnames(first), dimnames(x))
    }
    # independent: the shares that two epochs both hit multiply
    ones <- matrix(1, 100L, 100L)
    both <- applyNoise(ones, maskingNoise(0.5), seed = 1, epoch = 1) == 0 &
        applyNoise(ones, maskingNoise(0.5), seed = 1, epoch = 2) == 0
    expectRate(mean(both), 0.25, length(ones))
})

test_that("seeds beyond 32 bits are seeds of their own", {
    x <- matrix(1, 20L, 20L)
    expect_false(identical(applyNoise(x, maskingNoise(0.5), seed = 1),
        applyNoise(x, maskingNoise(0.5), seed = 1 + 2^32)))
    x <- toyGaussian()
    expect_false(identical(toyModel(x, seed = 1)@weights,
        toyModel(x, seed = 1 + 2^32)@weights))
})

test_that("the noise of R's Philox is that of applyNoise()", {
    x <- toyGaussian(7L, 11L)
    for (name in c("masking", "gaussian", "salt_pepper")) {
        config <- do.call(coreConfig, aesop:::.plain(noises[[name]]))
        wanted <- referenceNoise(t(x), config, seed = 6, epoch = 2,
            ids = seq_len(11L) - 1)
        got <- applyNoise(x, noises[[name]], seed = 6, epoch = 3)
        expectNear(got, t(wanted), tolerance$single, name)
    }
})

test_that("there is no noise at prediction", {
    x <- toyGaussian()
    for (noise in noises) {
        model <- toyModel(x, noise = noise, input_dropout = 0.2,
            dropout = 0.2)
        codes <- encode(model, x)
        expect_identical(encode(model, x), codes)
        bare <- model
        bare@param@settings$noise <- "none"
        bare@param@settings$noise_amount <- 0
        bare@param@settings$input_dropout <- 0
        bare@param@settings$dropout <- 0
        expect_identical(encode(bare, x), codes)
        expect_identical(reconstruct(bare, x), reconstruct(model, x))
    }
})

test_that("noise and dropout are the same for any number of threads", {
    x <- toyGaussian(70L, 50L)
    for (noise in noises) {
        fits <- lapply(c(1, 2, 3), function(threads) {
            toyModel(x, noise = noise, dropout = 0.3, num_threads = threads)
        })
        expectSameFit(fits[[1L]], fits[[2L]])
        expectSameFit(fits[[1L]], fits[[3L]])
    }
})

test_that("noise changes the fit", {
    x <- toyGaussian()
    plain <- toyModel(x)@weights
    for (noise in noises) {
        expect_false(identical(toyModel(x, noise = noise)@weights, plain))
    }
})

test_that("dropout keeps the asked share and scales it up", {
    # all weights 1: the code counts the inputs that are kept
    config <- coreConfig(hidden = integer(0), latent = 1L,
        input_dropout = 0.3, validation = 0, scale = "none")
    x <- matrix(1, 400L, 50L)
    weights <- list(encoder.1.weight = matrix(1, 400L, 1L),
        encoder.1.bias = 0, decoder.1.weight = matrix(1, 1L, 400L),
        decoder.1.bias = numeric(400L))
    # mse = (sum kept / 0.7 - 1)^2 for each sample; compare with Philox
    mask <- referenceDropout(0.3, 1, 2, 63, seq_len(50L) - 1, 400L)
    expectRate(mean(mask == 0), 0.3, length(mask))
    expect_true(all(mask %in% c(0, 1 / 0.7)))
    got <- coreGradient(weights, config, x, training = TRUE, epoch = 2)
    expectNear(got$loss, mean((rowSums(mask) - 1)^2), tolerance$double)
})

test_that("a denoising autoencoder comes closer to the clean data", {
    clean <- toyGaussian(40L, 300L, rank = 3L, noise = 0)
    clean <- clean / sd(clean)
    for (noise in list(maskingNoise(0.2), gaussianNoise(0.7),
        saltPepperNoise(0.1, low = -2, high = 2))) {
        noisy <- applyNoise(clean, noise, seed = 99)
        model <- fitQuiet(noisy, denoisingParam(noise), hidden = integer(0),
            latent = 3L, epochs = 60L, learning_rate = 0.01,
            scale = "none", validation = 0)
        rmse <- function(x) sqrt(mean((x - clean)^2))
        expect_lt(rmse(reconstruct(model, noisy)), rmse(noisy))
    }
})
