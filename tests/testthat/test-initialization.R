# Initial weights are those of a fit of 0 epochs.
start <- function(kind, inputs = 60L, units = 40L, seed = 1, ...) {
    x <- toyGaussian(inputs, 30L)
    fitQuiet(x, hidden = units, latent = 5L, epochs = 0L, validation = 0,
        initialization = kind, seed = seed, ...)@weights
}

# sd of n draws within some standard errors; kurtosis of the distribution.
expectSpread <- function(w, sd, kurtosis) {
    limit <- tolerance$standard_errors * sd *
        sqrt((kurtosis - 1) / (4 * length(w)))
    expect_lte(abs(sqrt(mean(w^2)) - sd), limit)
    expect_lte(abs(mean(w)), tolerance$standard_errors * sd /
        sqrt(length(w)))
}

fan <- list(inputs = 60, units = 40)

test_that("uniform kinds have their published half-widths", {
    half <- list(uniform = 1,
        glorot_uniform = sqrt(6 / (fan$inputs + fan$units)),
        he_uniform = sqrt(6 / fan$inputs))
    for (kind in names(half)) {
        w <- start(kind)$encoder.1.weight
        expect_identical(dim(w), c(60L, 40L))
        expect_lte(max(abs(w)), half[[kind]] * (1 + tolerance$single))
        expectSpread(w, half[[kind]] / sqrt(3), 1.8)
        expect_gt(ks.test(as.vector(w), "punif", -half[[kind]],
            half[[kind]])$p.value, 1e-3)
    }
})

test_that("normal kinds have their published standard deviations", {
    sds <- list(gaussian = 1,
        glorot_normal = sqrt(2 / (fan$inputs + fan$units)),
        he_normal = sqrt(2 / fan$inputs))
    for (kind in names(sds)) {
        w <- start(kind)$encoder.1.weight
        expectSpread(w, sds[[kind]], 3)
        expect_gt(ks.test(as.vector(w), "pnorm", 0, sds[[kind]])$p.value,
            1e-3)
    }
})

test_that("the scale is a factor", {
    for (kind in c("gaussian", "uniform", "he_normal", "orthogonal")) {
        expectNear(start(kind, initialization_scale = 0.01)$encoder.1.weight,
            0.01 * start(kind)$encoder.1.weight, tolerance$single)
    }
})

test_that("orthogonal weights are orthonormal, tall or wide", {
    w <- start("orthogonal")
    expect_lte(max(abs(crossprod(w$encoder.1.weight) - diag(40))),
        tolerance$float)
    expect_lte(max(abs(tcrossprod(w$decoder.2.weight) - diag(40))),
        tolerance$float)
})

test_that("biases start at 0, seeds and layers differ", {
    for (kind in c("gaussian", "uniform", "glorot_uniform", "glorot_normal",
        "he_uniform", "he_normal", "orthogonal")) {
        w <- start(kind, inputs = 30L, units = 30L)
        expect_true(all(unlist(w[grep("bias", names(w))]) == 0))
        expect_false(identical(w$encoder.1.weight,
            start(kind, 30L, 30L, seed = 2)$encoder.1.weight))
        expect_false(identical(as.vector(w$encoder.1.weight),
            as.vector(w$decoder.2.weight)))
        expect_lt(abs(cor(as.vector(w$encoder.1.weight),
            as.vector(w$decoder.2.weight))), 0.15)
    }
})

test_that("batch norm starts as the identity", {
    w <- start("glorot_uniform", batch_norm = TRUE)
    expect_true(all(w$encoder.1.gamma == 1))
    expect_true(all(w$encoder.1.beta == 0))
    expect_true(all(w$encoder.1.running_mean == 0))
    expect_true(all(w$encoder.1.running_variance == 1))
    expect_null(w$encoder.1.bias)
})

test_that("count models start at the mean of each feature", {
    counts <- toyCounts(30L, 60L)
    model <- fitQuiet(counts, hidden = 8L, latent = 2L, epochs = 0L,
        loss = "poisson", validation = 0)
    bias <- as.vector(model@weights$decoder.2.bias)
    factors <- colSums(counts) / median(colSums(counts))
    means <- rowMeans(sweep(counts, 2L, factors, "/"))
    # up to one common factor
    centred <- function(v) v - mean(v)
    expectNear(centred(bias), centred(unname(log(pmax(means, 1e-4)))),
        tolerance$float)
})
