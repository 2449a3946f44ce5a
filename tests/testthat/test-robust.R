# Robust autoencoder: X = L + S.

# Features x samples that few factors explain, some of the entries corrupted.
corrupted <- function(seed, linear = TRUE, share = 0.05) {
    withr::with_seed(seed, {
        clean <- matrix(rnorm(100L * 5L), 100L) %*%
            matrix(rnorm(5L * 400L), 5L)
        clean <- (if (linear) clean else 2 * tanh(clean / 2)) / sqrt(5)
        at <- sample(length(clean), round(share * length(clean)))
        x <- clean + rnorm(length(clean), sd = 0.1)
        x[at] <- x[at] + sample(c(-1, 1), length(at), TRUE) *
            runif(length(at), 4, 8)
    })
    dimnames(x) <- list(paste0("gene", 1:100), paste0("cell", 1:400))
    list(x = x, clean = clean, at = at)
}

# Harmonic mean of precision and recall of what was found.
f1 <- function(found, true) {
    2 * length(intersect(found, true)) / (length(found) + length(true))
}

x <- toyGaussian(20L, 60L)
robust <- function(data = x, ..., seed = 1, verbose = FALSE) {
    trainAutoencoder(data, robustParam(hidden = 8L, latent = 3L,
        epochs = 20L, ...), seed = seed, verbose = verbose)
}

test_that("corrupted entries are found, the rest is restored", {
    for (seed in 1:3) {
        for (linear in c(TRUE, FALSE)) {
            data <- corrupted(seed, linear)
            settings <- if (linear) {
                list(hidden = integer(0), latent = 5L)
            } else {
                list() # all defaults
            }
            fit <- fitQuiet(data$x, do.call(robustParam, settings))
            parts <- robustDecomposition(fit, data$x)
            label <- sprintf("F1, seed %d, linear %s", seed, linear)
            expect_gt(f1(which(parts$S != 0), data$at), 0.9, label)
            plain <- do.call(fitQuiet, c(list(data$x), settings,
                list(early_stopping = FALSE, validation = 0)))
            error <- mean((parts$L + fit@transform$center - data$clean)^2)
            expect_lt(error,
                0.3 * mean((reconstruct(plain, data$x) - data$clean)^2))
            # the sum is x, as the core holds it, but for what is below the
            # threshold
            left <- data$x - fit@transform$center - parts$L - parts$S
            expect_lte(max(abs(left)), parts$lambda +
                tolerance$single * max(abs(data$x)))
            expect_identical(parts$lambda, fit@info$robust$lambda)
        }
    }
})

test_that("corrupted entries of new samples are found", {
    data <- corrupted(1L)
    fit <- fitQuiet(data$x[, 1:300], robustParam(hidden = integer(0),
        latent = 5L))
    new <- data$x[, 301:400]
    parts <- robustDecomposition(fit, new)
    at <- data$at[data$at > 30000L] - 30000L
    expect_gt(f1(which(parts$S != 0), at), 0.9)
    expect_lt(mean((parts$L + fit@transform$center -
        data$clean[, 301:400])^2), 0.1 * mean((reconstruct(fit, new) -
        data$clean[, 301:400])^2))
    expect_identical(dimnames(parts$S), dimnames(new))
    # each sample by itself
    for (i in c(1L, 50L)) {
        one <- robustDecomposition(fit, new[, i, drop = FALSE])
        expect_identical(one$L, parts$L[, i, drop = FALSE])
        expect_identical(one$S, parts$S[, i, drop = FALSE])
    }
    expect_identical(robustDecomposition(fit, asSparse(new)), parts)
    # a network that is too small does not let L run away
    small <- fitQuiet(data$x, robustParam(hidden = 64L, latent = 2L))
    rebuilt <- robustDecomposition(small, data$x)$L
    expect_lt(max(abs(rebuilt)), 2 * max(abs(data$x)))
})

test_that("outlying samples and features are found as a whole", {
    for (seed in 1:2) {
        withr::local_seed(seed)
        clean <- corrupted(seed, share = 0)$x
        far <- sort(sample(400L, 20L))
        x <- clean
        x[, far] <- x[, far] + rnorm(100L * 20L, sd = 1.5)
        fit <- fitQuiet(x, robustParam(sparse = "sample",
            hidden = integer(0), latent = 5L))
        S <- robustDecomposition(fit, x)$S
        expect_gt(f1(which(colSums(S != 0) > 0), far), 0.9)
        expect_true(all(colSums(S != 0) %in% c(0, 100)))
        bad <- sort(sample(100L, 5L))
        x <- clean
        x[bad, ] <- rnorm(5L * 400L, sd = 1.5)
        fit <- fitQuiet(x, robustParam(sparse = "feature",
            hidden = integer(0), latent = 5L))
        S <- robustDecomposition(fit, x)$S
        expect_gt(f1(which(rowSums(S != 0) > 0), bad), 0.8)
    }
})

test_that("groups are seen better in L than in x", {
    for (seed in 1:2) {
        data <- corrupted(seed)
        group <- rep(1:4, each = 100L)
        x <- withr::with_seed(seed, 0.3 * data$clean + rnorm(40000L,
            sd = 0.1) + matrix(rnorm(400L, sd = 0.35), 100L)[, group]) +
            data$x - data$clean
        fit <- fitQuiet(x, robustParam(hidden = 64L, latent = 8L))
        from_l <- clusterAgreement(t(robustDecomposition(fit, x)$L), group)
        expect_gte(from_l, suppressWarnings(clusterAgreement(t(x), group)))
        expect_gt(from_l, 0.9)
    }
})

test_that("a robust fit is a model like any other", {
    fit <- robust(scale = "standard")
    expect_identical(nrow(fit@history), 20L)
    expect_identical(fit@history$epoch, as.numeric(1:20))
    expect_identical(fit@info$status, "completed")
    expectNear(fit@transform$center, unname(rowMeans(x)), tolerance$formula)
    expectSameFit(robust(scale = "standard"), fit)
    expectSameFit(robust(scale = "standard", data = asSparse(x)), fit)
    file <- withr::local_tempfile(fileext = ".safetensors")
    saveModel(fit, file)
    expect_identical(loadModel(file), fit)
    expect_identical(robustDecomposition(loadModel(file), x),
        robustDecomposition(fit, x))
    # a threshold that is never reached: an ordinary fit in rounds
    none <- robustDecomposition(robust(lambda = 1e6), x)$S
    expect_identical(range(none), c(0, 0))
    expect_identical(robust(lambda = 2)@info$robust$lambda, 2)
    # fewer epochs than rounds, or none
    expect_identical(nrow(fitQuiet(x, robustParam(epochs = 3L))@history), 3L)
    none <- fitQuiet(x, robustParam(epochs = 0L, latent = 3L))
    expect_identical(none@weights,
        fitQuiet(x, epochs = 0L, latent = 3L)@weights)
    expect_identical(dim(robustDecomposition(none, x)$S), dim(x))
    # the same samples are held out in all rounds
    held <- robust(validation = 0.2)
    expect_length(held@info$validation, 12L)
    expect_false(anyNA(held@history$val_loss))
    # the time limit is for all rounds
    timed <- fitQuiet(x, robustParam(epochs = 1e6L, max_seconds = 0.3))
    expect_identical(timed@info$status, "time_limit")
    expect_lt(sum(timed@history$seconds), 1)
    # with covariates
    samples <- data.frame(batch = rep(c("a", "b"), 30L))
    with <- trainAutoencoder(x, robustParam(epochs = 5L), design = ~ batch,
        covariates = samples, seed = 1, verbose = FALSE)
    parts <- robustDecomposition(with, x, covariates = samples)
    expect_identical(dim(parts$L), dim(x))
    expectAesopError(robustDecomposition(with, x), "design")
})

test_that("robustDecomposition() works with any model of continuous data", {
    counts <- toyCounts(20L, 60L)
    for (case in list(list(normalize = "log"), list(scale = "minmax"),
        list(normalize = "log", scale = "standard"))) {
        fit <- do.call(toyModel, c(list(counts), case))
        parts <- robustDecomposition(fit, counts)
        expectFinite(parts)
        # on the scale of the prepared input
        factors <- colSums(counts) / median(colSums(counts))
        prepared <- if (is.null(case$normalize)) {
            counts
        } else {
            log1p(sweep(counts, 2L, factors, "/"))
        }
        prepared <- prepared - fit@transform$center
        if (!is.null(fit@transform$scale)) {
            prepared <- prepared * fit@transform$scale
        }
        expect_lte(max(abs(prepared - parts$L - parts$S)),
            parts$lambda * (1 + 1e-4))
    }
    fit <- toyModel(x)
    some <- suppressMessages(robustDecomposition(fit, x[-4, ],
        missing = "mask"))
    expect_identical(dim(some$S), dim(x))
    expect_true(all(some$S[4, ] == 0))
    expect_gt(sum(robustDecomposition(fit, x, lambda = 0.1)$S != 0),
        sum(robustDecomposition(fit, x, lambda = 1)$S != 0))
})

test_that("what does not go together is refused", {
    for (bad in list(list(lambda = 0), list(lambda = NA), list(rounds = 1),
        list(sparse = "gene"), list(loss = "nb"), list(loss = "poisson"))) {
        expectAesopError(do.call(robustParam, bad), "param",
            arg = names(bad))
    }
    expectAesopError(fitQuiet(toyCounts(20L, 60L), robustParam(),
        loss = "nb"), "param", arg = "loss")
    expectAesopError(robustDecomposition(robust(), x[1:3, ]), "features")
    expectAesopError(fitQuiet(DelayedArray::DelayedArray(x), robustParam(),
        memory_limit = 1000), "input_type", "memory_limit")
    expectAesopError(fitQuiet(list(a = x, b = x), robustParam()), "param")
    fit <- toyModel(x)
    for (bad in list(list(lambda = -1), list(sparse = "gene"),
        list(max_rounds = 0), list(bogus = 1))) {
        expectAesopError(
            do.call(robustDecomposition, c(list(fit, x), bad)), "param",
            arg = names(bad))
    }
    counts <- toyCounts(20L, 60L)
    expectAesopError(robustDecomposition(toyModel(counts, loss = "nb"), counts),
        "param", arg = "model")
    both <- list(a = x, b = x)
    joint <- fitQuiet(both, multimodalParam(epochs = 1L))
    expectAesopError(robustDecomposition(joint,
        both), "param", arg = "model")
    expectAesopError(robustDecomposition(AutoencoderParam(), x), "not_fitted")
})
