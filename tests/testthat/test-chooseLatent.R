# Rank-q signal with given singular values plus white noise of size sd.
planted <- function(p, n, q, strength, sd = 1, seed = 1) {
    withr::with_seed(seed, {
        u <- qr.Q(qr(matrix(rnorm(p * q), p)))
        v <- qr.Q(qr(matrix(rnorm(n * q), n)))
        x <- u %*% (strength * t(v)) + sd * matrix(rnorm(p * n), p)
    })
    dimnames(x) <- list(paste0("g", seq_len(p)), paste0("s", seq_len(n)))
    x
}

test_that("the factor of the hard threshold is the published one", {
    # Gavish and Donoho (2014): 2.858 for square matrices
    factor <- aesop:::.hardThresholdFactor
    expect_equal(factor(1), 2.8582, tolerance = 1e-4)
    # their cubic approximation, good to 0.02
    for (beta in c(0.01, 0.1, 0.3, 0.7, 0.9)) {
        cubic <- 0.56 * beta^3 - 0.95 * beta^2 + 1.82 * beta + 1.43
        expect_lt(abs(factor(beta) - cubic), 0.02)
    }
    # the median against simulated noise
    noise <- withr::with_seed(1, matrix(rnorm(300 * 900), 300))
    expect_equal(median(svd(noise, 0, 0)$d)^2 / 900,
        aesop:::.marchenkoPasturMedian(1 / 3), tolerance = 0.01)
})

test_that("a planted rank is found by both methods", {
    for (q in c(3, 6, 10)) {
        for (dim in list(c(200, 100), c(80, 300))) {
            strength <- 4 * sqrt(sum(dim)) * seq(1, 0.6, length.out = q)
            x <- planted(dim[1], dim[2], q, strength, seed = q)
            expect_lte(abs(chooseLatent(x)$latent - q), 1)
            expect_lte(abs(chooseLatent(x, "parallel",
                permutations = 3)$latent - q), 1)
        }
    }
})

test_that("the size of the noise and the orientation do not matter", {
    x <- planted(150, 90, 4, 80)
    choice <- chooseLatent(x)
    expect_identical(choice$latent, 4L)
    expect_equal(chooseLatent(x * 1e6)$latent, 4L)
    expect_equal(chooseLatent(x / 1e6 + 3)$latent, 4L)
    expect_identical(chooseLatent(t(x), transposed = TRUE), choice)
    expect_equal(choice$singular_values, svd(x - rowMeans(x))$d[1:89])
    # without noise the rank itself
    expect_identical(chooseLatent(planted(60, 40, 5, 10, sd = 0))$latent, 5L)
})

test_that("at least 2 codes, at most one less than the smaller side", {
    noise <- withr::with_seed(2, matrix(rnorm(50 * 40), 50))
    choice <- chooseLatent(noise)
    expect_identical(choice$latent, 2L)
    expect_match(choice$reason, "2 is the least allowed")
    expect_identical(chooseLatent(noise[, 1:2])$latent, 1L)
    expect_identical(chooseLatent(noise[1:2, ])$latent, 1L)
    choice <- chooseLatent(planted(3, 60, 3, 100, sd = 0), "parallel")
    expect_identical(choice$latent, 2L)
})

test_that("forms of the same data give the same answer", {
    counts <- toyCounts(60L, 80L)
    choice <- chooseLatent(counts)
    expect_match(choice$reason, "log-normalised")
    sf <- colSums(counts) / median(colSums(counts))
    logged <- log1p(sweep(counts, 2L, sf, "/"))
    varies <- apply(logged, 1L, var) > 0
    logged <- logged[varies, ]
    expect_equal(choice$singular_values, svd(logged - rowMeans(logged))$d)
    expect_equal(chooseLatent(asSparse(counts)), choice)
    expect_equal(chooseLatent(DelayedArray::DelayedArray(counts)), choice)
    expect_equal(chooseLatent(DelayedArray::DelayedArray(asSparse(counts))),
        choice)
    expect_equal(chooseLatent(toySce(counts), assay.type = "counts"), choice)
    expect_equal(chooseLatent(toySce(counts))$singular_values,
        chooseLatent(log1p(counts))$singular_values)
    expect_equal(chooseLatent(counts, size_factors = sf), choice)
    expect_equal(chooseLatent(counts, loss = "nb"), choice)
    raw <- chooseLatent(counts, normalize = "none")
    expect_equal(raw$singular_values[1], svd(counts - rowMeans(counts))$d[1])
    standard <- chooseLatent(logged, AutoencoderParam(scale = "standard"),
        method = "oht")
    scaled <- t(scale(t(logged))) * sqrt(80 / 79)
    expect_equal(standard$singular_values, svd(scaled)$d)
    some <- chooseLatent(logged, subset_row = rownames(logged)[3:30])
    expect_length(some$singular_values, 28L)
})

test_that("of large data a fixed part is used and the rank still found", {
    x <- planted(2500, 1200, 5, 500, seed = 3)
    choice <- chooseLatent(x)
    expect_identical(choice$latent, 5L)
    expect_match(choice$reason, "2000 x 1000 data")
    expect_identical(chooseLatent(x[, ])$singular_values,
        choice$singular_values)
})

test_that("latent = \"auto\" sees what the network sees", {
    counts <- toyCounts(60L, 80L)
    auto <- aesop:::.autoLatent
    expect_named(auto(counts, list()), c("latent", "reason"))
    raw <- chooseLatent(counts, normalize = "none")
    expect_identical(auto(counts, list(latent = "auto"))$reason, raw$reason)
    log <- chooseLatent(counts)
    for (x in list(counts, asSparse(counts),
        DelayedArray::DelayedArray(counts))) {
        expect_identical(auto(x, list(loss = "nb"))$reason, log$reason)
        expect_identical(auto(x, list(normalize = "log"))$latent, log$latent)
    }
})

test_that("it leaves R's generator alone, prints and plots", {
    x <- planted(60, 40, 3, 60)
    withr::local_seed(1)
    before <- .Random.seed
    choice <- chooseLatent(x, "parallel")
    expect_identical(.Random.seed, before)
    expect_identical(chooseLatent(x, "parallel"), choice)
    expect_length(choice$threshold, 39L)
    expect_output(print(choice), "latent = 3\n.*10 permutations")
    withr::local_pdf(withr::local_tempfile(fileext = ".pdf"))
    expect_identical(plot(choice), choice)
    expect_silent(plot(chooseLatent(x)))
})

test_that("what cannot be used is a classed error", {
    x <- planted(20, 30, 2, 10)
    bad <- x
    bad[3, 4] <- NA
    expectAesopError(chooseLatent(bad), "input_value", "missing or infinite")
    expectAesopError(chooseLatent(x * 0 + 5), "input_value", "varies")
    expectAesopError(chooseLatent(x, normalize = "log"), "input_value",
        "negative")
    expectAesopError(chooseLatent(x[, 1, drop = FALSE]), "input_dim")
    expectAesopError(chooseLatent("file.csv"), "input_type")
    expectAesopError(chooseLatent(x, methd = 1), "param", "methd")
    expectAesopError(chooseLatent(x, assay.type = "counts"), "param",
        "assay.type")
})
