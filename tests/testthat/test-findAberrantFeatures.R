# Features x samples of rank 3 on the log scale, negative binomial counts.
bulkCounts <- function(features = 60L, samples = 50L, seed = 1L) {
    withr::with_seed(seed, {
        structure <- matrix(rnorm(features * 3L), features) %*%
            matrix(rnorm(3L * samples), 3L) / 3
        mean <- exp(5 + structure) * rep(exp(rnorm(samples, sd = 0.2)),
            each = features)
        counts <- matrix(rnbinom(length(mean), mu = mean, size = 20),
            features)
    })
    dimnames(counts) <- list(sprintf("gene%d", seq_len(features)),
        sprintf("sample%d", seq_len(samples)))
    storage.mode(counts) <- "double"
    counts
}
aberrant <- function(...) {
    suppressMessages(findAberrantFeatures(..., seed = 1, verbose = FALSE))
}
fitted <- function(...) {
    suppressMessages(fitAberrant(..., seed = 1, verbose = FALSE))
}
counts <- bulkCounts()
columns <- c("sample", "feature", "score", "observed", "expected",
    "fold_change", "z_score", "p_value", "log_p", "p_adjusted", "outlier",
    "direction", "note")

test_that("negative binomial p-values are the two-sided ones, by logs", {
    grid <- expand.grid(k = c(0, 1, 5, 40, 300, 1e4), mu = c(0.5, 10, 200),
        theta = c(0.01, 1, 30, 1000))
    k <- as.matrix(grid$k)
    log_p <- aesop:::.logPNegativeBinomial(k, grid$mu, grid$theta)
    wanted <- 2 * pmin(0.5,
        pnbinom(grid$k, size = grid$theta, mu = grid$mu),
        pnbinom(grid$k - 1, size = grid$theta, mu = grid$mu,
            lower.tail = FALSE))
    normal <- wanted > 1e-300
    expect_true(any(wanted[normal] < 1e-100))
    expectNear(exp(log_p[normal]) / wanted[normal], rep(1, sum(normal)),
        tolerance$formula)
    expect_true(all(is.finite(log_p)) && all(log_p <= 0))
    # 1 - P(K <= k) would be 0 here
    far <- aesop:::.logPNegativeBinomial(matrix(c(800, 5000)), 20, 50)
    expect_lt(far[1L], -300)
    expect_true(all(aesop:::.fromLog(c(far, -1e5)) > 0))
})

test_that("dispersions are those of maximum likelihood", {
    mean <- matrix(50, 6L, 400L)
    theta <- c(0.05, 0.5, 2, 10, 100, 1e5)
    drawn <- withr::with_seed(1L, matrix(rnbinom(length(mean), mu = mean,
        size = theta), 6L))
    found <- aesop:::.maximumTheta(drawn, mean)
    for (i in 1:5) {
        best <- optimize(function(at) sum(dnbinom(drawn[i, ],
            size = exp(at), mu = 50, log = TRUE)), log(c(1e-2, 1e3)),
            maximum = TRUE, tol = 1e-8)$maximum
        expect_lt(abs(log(found[i]) - best), 1e-3)
    }
    expect_true(all(found >= 1e-2 & found <= 1e3))
})

test_that("the linear autoencoder is at the optimum of PCA", {
    x <- toyGaussian(20L, 60L, rank = 3L, noise = 0.05)
    model <- fitted(x, latent = 3)
    z <- (x - rowMeans(x)) / apply(x, 1L, sd)
    s <- svd(z)
    rest <- sum(s$d[-(1:3)]^2)
    rebuilt <- reconstruct(model, x)
    left <- sum(((x - rebuilt) / apply(x, 1L, sd))^2)
    expect_lt(left / rest - 1, tolerance$pca)
    # the hard threshold finds the rank of a larger matrix
    large <- toyGaussian(100L, 80L, rank = 5L, noise = 0.5)
    expect_lte(abs(fitted(large)@param@settings$latent - 5L), 1L)
})

test_that("the table is complete, sorted, adjusted per sample", {
    for (method in c("auto", "nb", "t", "normal")) {
        table <- aberrant(counts, method = method)
        expect_named(table, columns)
        expect_identical(nrow(table), length(counts))
        expect_false(is.unsorted(table$log_p))
        at <- cbind(table$feature, table$sample)
        expect_identical(table$observed, counts[at])
        expect_identical(table$outlier, table$p_adjusted <= 0.05)
        expect_identical(table$direction == "up",
            table$observed >= table$expected)
        expectNear(table$fold_change, log2((table$observed + 1) /
            (table$expected + 1)), tolerance$formula)
        for (sample in c("sample1", "sample20")) {
            one <- table[table$sample == sample, ]
            expectNear(one$p_adjusted, p.adjust(one$p_value, "BY"),
                tolerance$formula)
        }
    }
    table <- aberrant(counts, adjust = "none")
    expect_identical(table$p_adjusted, table$p_value)
    expect_identical(nrow(aberrant(counts, all = 7)), 7L)
    some <- aberrant(counts, all = FALSE, alpha = 0.9, adjust = "BH")
    expect_true(all(some$outlier))
})

test_that("without outliers p-values are uniform", {
    rates <- vapply(1:4, function(seed) {
        x <- toyGaussian(150L, 80L, rank = 5L, seed = seed, noise = 0.5)
        p <- aberrant(x)$p_value
        nb <- aberrant(bulkCounts(100L, 80L, seed), method = "nb")$p_value
        c(mean(p < 0.05), mean(nb < 0.05), mean(p < 0.5))
    }, numeric(3L))
    expect_true(all(rates[1:2, ] > 0.04 & rates[1:2, ] < 0.06))
    expect_true(all(rates[3L, ] > 0.47 & rates[3L, ] < 0.53))
})

test_that("injected values come first, with their direction", {
    x <- counts
    up <- cbind(c(3L, 17L, 40L), c(5L, 20L, 33L))
    down <- cbind(c(8L, 25L), c(11L, 44L))
    x[up] <- 8 * x[up]
    x[down] <- round(x[down] / 10)
    planted <- c(paste(rownames(x)[up[, 1L]], colnames(x)[up[, 2L]]),
        paste(rownames(x)[down[, 1L]], colnames(x)[down[, 2L]]))
    for (method in c("nb", "t")) {
        top <- aberrant(x, method = method, all = 5)
        expect_setequal(paste(top$feature, top$sample), planted)
        expect_true(all(top$outlier))
        expect_identical(sum(top$direction == "down"), 2L)
    }
})

test_that("experiments get assays and a column", {
    se <- SummarizedExperiment::SummarizedExperiment(list(counts = counts,
        logcounts = log1p(counts)))
    out <- aberrant(se, alpha = 0.5)
    table <- aberrant(counts, alpha = 0.5)
    at <- cbind(table$feature, table$sample)
    assay <- function(name) SummarizedExperiment::assay(out, name)[at]
    expect_identical(assay("expected"), table$expected)
    expect_identical(assay("zScore"), table$z_score)
    expect_identical(assay("pValue"), table$p_value)
    expect_identical(assay("padj"), table$p_adjusted)
    expect_equal(unname(out$AE_aberrant), unname(c(table(factor(
        table$sample[table$outlier], colnames(counts))))))
    model <- fitted(se)
    again <- findAberrantFeatures(se, model, name = "net")
    expect_true("net_aberrant" %in% names(
        SummarizedExperiment::colData(again)))
})

test_that("a new sample is judged by itself, also after saving", {
    for (method in c("nb", "t")) {
        model <- fitted(counts[, 1:40], method = method)
        new <- counts[, 41:50]
        table <- findAberrantFeatures(new, model)
        one <- findAberrantFeatures(new[, 4L, drop = FALSE], model)
        same <- table[table$sample == colnames(new)[4L], ]
        rownames(same) <- NULL
        expect_equal(one, same, tolerance = 1e-12)
        file <- withr::local_tempfile()
        saveModel(model, file)
        expect_equal(findAberrantFeatures(new, loadModel(file)), table,
            tolerance = 1e-5)
    }
    expectAesopError(findAberrantFeatures(new, model, method = "nb"),
        "param", "method")
    shuffled <- findAberrantFeatures(new[60:1, ], model)
    expect_equal(shuffled, table, tolerance = 1e-12)
})

test_that("any model can be asked", {
    model <- fitQuiet(counts, countParam("nb", latent = 2), hidden = 8L,
        epochs = 20L)
    table <- findAberrantFeatures(counts, model)
    expectFinite(table$log_p)
    expect_identical(fitAberrant(counts, model)@info$aberrant$method, "nb")
    deep <- aberrant(log1p(counts), hidden = 8L, latent = 2L, epochs = 5L)
    expectFinite(deep$log_p)
    expectNear(deep$fold_change, deep$observed - deep$expected,
        tolerance$formula)
})

test_that("a constant feature has no p-value, and a note", {
    x <- counts
    x["gene9", ] <- 7
    table <- aberrant(x, method = "t")
    expect_true(all(is.na(table$p_value[table$feature == "gene9"])) ||
        all(table$p_value[table$feature == "gene9"] > 0))
    y <- log1p(counts)
    y["gene9", ] <- 7
    table <- aberrant(y, normalize = "none")
    flat <- table$feature == "gene9"
    expect_true(all(is.na(table$p_value[flat]) & !table$outlier[flat]))
    expect_identical(unique(table$note[flat]), "does not vary")
    expect_false(anyNA(table$p_value[!flat]))
    expect_true(all(is.na(table$note[!flat])))
    model <- fitted(counts)
    part <- findAberrantFeatures(counts[-3L, ], model, missing = "mask")
    expect_identical(unique(part$feature[is.na(part$p_value)]), "gene3")
    expect_identical(unique(part$note[part$feature == "gene3"]),
        "not in `x`")
})

test_that("too few samples and wrong data are refused", {
    expectAesopError(aberrant(counts[, 1:9]), "input_dim",
        c("9 samples", "10"))
    expectFinite(aberrant(counts[, 1:10])$z_score)
    expectAesopError(aberrant(toyGaussian(12L, 40L), method = "nb"),
        "input_value", "counts")
    bad <- counts
    bad[2L, 2L] <- NA
    expectAesopError(aberrant(bad), "input_value", "x")
    for (wrong in list(-1, 2, NA, "a")) {
        expectAesopError(aberrant(counts, alpha = wrong), "param", "alpha")
    }
    expectAesopError(aberrant(counts, adjust = "bonf"), "param", "adjust")
    expectAesopError(aberrant(counts, all = 0), "param", "all")
})

test_that("few samples, and features that are hardly ever seen, have no p", {
    set.seed(3)
    counts <- matrix(rnbinom(60 * 40, mu = 50, size = 5), 60,
        dimnames = list(paste0("g", 1:60), paste0("s", 1:40)))
    few <- suppressMessages(findAberrantFeatures(counts[, 1:15]))
    expect_true(all(is.na(few$p_value)))
    expect_identical(unique(few$note), "fewer than 20 samples")
    expect_false(any(few$outlier))
    expect_false(is.unsorted(-few$score))
    expect_false(anyNA(few$score))
    # the same model with new samples
    known <- suppressMessages(fitAberrant(counts[, 1:15]))
    new <- suppressMessages(findAberrantFeatures(counts[, 16:17], known))
    expect_true(all(is.na(new$p_value)))
    counts["g7", ] <- 0
    counts["g7", seq(1, 40, 6)] <- 1:7
    rare <- suppressMessages(findAberrantFeatures(log2(counts + 1)))
    own <- rare$feature == "g7"
    expect_identical(unique(rare$note[own]), "the same value in most samples")
    expect_true(all(is.na(rare$p_value[own])))
    expect_false(anyNA(rare$p_value[!own]))
    whole <- suppressMessages(findAberrantFeatures(counts))
    expect_false(anyNA(whole$p_value[whole$feature == "g7"]))
})

test_that("negative binomial p-values are refused for values that are none", {
    counts <- toyCounts(20L, 40L)
    known <- suppressMessages(fitAberrant(counts))
    expect_identical(known@info$aberrant$method, "nb")
    expectAesopError(findAberrantFeatures(log1p(counts), known),
        "input_value", c("nb", "whole"))
    expectAesopError(findAberrantFeatures(counts + 0.5, normalize = "log",
        method = "nb"), "input_value", c("nb", "whole"))
})
