# All kinds of noise: rates, fresh draws, none at prediction, and denoising.
# test-noise.R has more on masking, Gaussian and salt-and-pepper noise.

kinds <- list(
    none = noNoise(), masking = maskingNoise(0.3),
    ones = onesNoise(0.2, value = 7), gaussian = gaussianNoise(0.5),
    cauchy = cauchyNoise(0.4), salt_pepper = saltPepperNoise(0.2),
    swap = swapNoise(0.25), thinning = thinningNoise(0.4)
)

expectRate <- function(observed, p, n) {
    limit <- tolerance$standard_errors * sqrt(p * (1 - p) / n)
    expect_lte(abs(observed - p), limit)
}

# Training data for a noise: counts for thinning, which needs them.
dataFor <- function(name, ...) {
    if (name == "thinning") toyCounts(20L, 60L) else toyGaussian(...)
}
normalizeFor <- function(name) if (name == "thinning") "log" else "none"

test_that("every kind can be given by its name", {
    for (name in names(kinds)) {
        args <- list(noise = name)
        if (name == "thinning") {
            args$normalize <- "log"
        }
        param <- do.call(AutoencoderParam, args)
        expect_identical(as.list(param)$noise, name)
        expect_identical(kinds[[name]]$noise, name)
    }
})

test_that("ones are set at the asked rate", {
    x <- matrix(2, 100L, 80L)
    got <- applyNoise(x, kinds$ones, seed = 3)
    expect_true(all(got %in% c(2, 7)))
    expectRate(mean(got == 7), 0.2, length(x))
    expect_true(all(applyNoise(x, onesNoise(1), seed = 3) == 1))
})

test_that("Cauchy noise has the quantiles of its scale", {
    x <- matrix(1, 100L, 80L)
    noise <- applyNoise(x, kinds$cauchy, seed = 4) - 1
    n <- length(x)
    expectRate(mean(abs(noise) < 0.4), 0.5, n)
    expectRate(mean(noise > 0), 0.5, n)
    for (p in c(0.01, 0.1, 0.3)) {
        expectRate(mean(noise > qcauchy(p, 0, 0.4, lower.tail = FALSE)), p, n)
        expectRate(mean(noise < qcauchy(p, 0, 0.4)), p, n)
    }
})

test_that("swapping takes values of the same feature in other samples", {
    x <- toyGaussian(50L, 80L)
    got <- applyNoise(x, kinds$swap, seed = 5)
    moved <- got != x
    expectRate(mean(moved), 0.25, length(x))
    for (feature in seq_len(5L)) {
        expect_true(all(got[feature, ] %in% x[feature, ]))
    }
    # from all samples alike
    from <- vapply(which(moved[1L, ]), function(i) {
        which(x[1L, ] == got[1L, i])
    }, 1L)
    expect_gt(length(unique(from)), length(from) / 2)
})

test_that("thinning keeps each unit with the asked probability", {
    for (count in c(1, 5, 40, 3000)) {
        x <- matrix(count, 50L, 40L)
        got <- applyNoise(x, kinds$thinning, seed = 6)
        expect_true(all(got >= 0 & got <= count & got == round(got)))
        expectRate(sum(got) / sum(x), 0.6, sum(x))
        # binomial variance, its own standard error near sqrt(2 / n)
        expect_lte(abs(var(as.vector(got)) / (count * 0.24) - 1),
            tolerance$standard_errors * sqrt(3 / length(x)))
    }
    zero <- matrix(0, 5L, 5L)
    expect_identical(applyNoise(zero, kinds$thinning, seed = 6), zero)
})

test_that("thinning is refused where there are no counts", {
    condition <- expectAesopError(applyNoise(toyGaussian(),
        thinningNoise(0.2)), "input_value", c("x", "counts"))
    expect_identical(condition$arg, "x")
    expectAesopError(fitQuiet(toyCounts(8L, 24L),
        noise = thinningNoise(0.2)), "param",
        c("noise", "thinning", "normalize"))
    expect_s4_class(AutoencoderParam(noise = thinningNoise(0.2),
        loss = "nb"), "AutoencoderParam")
    # settings that agree once they are together
    model <- toyModel(toyCounts(20L, 60L), countParam(),
        noise = thinningNoise(0.2))
    expect_identical(model@param@settings$noise, "thinning")
})

test_that("every kind is new in each epoch, else repeatable", {
    for (name in setdiff(names(kinds), "none")) {
        x <- dataFor(name, 20L, 30L)
        first <- applyNoise(x, kinds[[name]], seed = 1, epoch = 1)
        expect_identical(applyNoise(x, kinds[[name]], seed = 1, epoch = 1),
            first)
        for (other in list(c(1, 2), c(2, 1))) {
            expect_false(identical(applyNoise(x, kinds[[name]],
                seed = other[1L], epoch = other[2L]), first), label = name)
        }
    }
})

test_that("no kind is there at prediction, each one in training", {
    for (name in names(kinds)) {
        x <- dataFor(name)
        fit <- function(noise) {
            toyModel(x, noise = noise, normalize = normalizeFor(name))
        }
        model <- fit(kinds[[name]])
        bare <- model
        bare@param@settings$noise <- "none"
        bare@param@settings$noise_amount <- 0
        expect_identical(encode(model, x), encode(bare, x))
        expect_identical(reconstruct(model, x), reconstruct(bare, x))
        changed <- !identical(model@weights, fit(noNoise())@weights)
        expect_identical(changed, name != "none", label = name)
    }
})

test_that("a denoising autoencoder comes closer, for each kind", {
    clean <- toyGaussian(40L, 300L, rank = 3L, noise = 0)
    clean <- clean / sd(clean)
    for (name in setdiff(names(kinds), c("none", "thinning"))) {
        noise <- kinds[[name]]
        noisy <- applyNoise(clean, noise, seed = 99)
        # the noise has no bound or no centre, so the loss must have one
        loss <- switch(name, cauchy = , ones = correntropyLoss(1), "mse")
        model <- fitQuiet(noisy, denoisingParam(noise), loss = loss,
            hidden = integer(0), latent = 3L, epochs = 100L,
            learning_rate = 0.01, scale = "none", validation = 0)
        rmse <- function(x) sqrt(mean((x - clean)^2))
        expect_lt(rmse(reconstruct(model, noisy)), rmse(noisy), label = name)
    }
})

test_that("a model trained with thinning comes closer to the true means", {
    mean <- withr::with_seed(2, outer(rgamma(40L, 2), exp(rnorm(300L))) *
        exp(0.5 * outer(rnorm(40L), rnorm(300L))))
    counts <- withr::with_seed(3, matrix(rpois(length(mean), 8 * mean), 40L))
    dimnames(counts) <- list(paste0("g", 1:40), paste0("s", 1:300))
    thin <- applyNoise(counts, kinds$thinning, seed = 1)
    truth <- 0.6 * 8 * mean
    model <- fitQuiet(thin, countParam("poisson"), noise = thinningNoise(0.4),
        latent = 3L, epochs = 60L)
    rmse <- function(x) sqrt(mean((sqrt(x) - sqrt(truth))^2))
    expect_lt(rmse(denoise(model, thin)), rmse(thin))
})
