# M11, M12: denoised values, dispersions, and zeros that are technical.

# Counts of three groups with their true means; a gene-wise share of them is
# lost.
simulated <- function(genes = 80L, cells = 500L, lost = TRUE) {
    withr::with_seed(1, {
        group <- rep_len(seq_len(3L), cells)
        base <- rgamma(genes, 2, rate = 0.3)
        fold <- matrix(exp(rnorm(genes * 3L)), genes)
        depth <- exp(rnorm(cells, sd = 0.2))
        mean <- base * fold[, group] * rep(depth, each = genes)
        counts <- matrix(rnbinom(length(mean), size = 3, mu = mean), genes)
        rate <- if (lost) plogis(rnorm(genes, -1)) else numeric(genes)
        lost <- matrix(runif(length(mean)), genes) < rate
    })
    counts <- counts * !lost
    storage.mode(counts) <- "double"
    dimnames(counts) <- list(paste0("gene", seq_len(genes)),
        paste0("cell", seq_len(cells)))
    list(counts = counts, mean = mean, lost = lost)
}
inflated <- simulated()
inflatedModel <- fitQuiet(inflated$counts, countParam("zinb"), latent = 3L,
    learning_rate = 0.003, l2 = 1e-4)

logError <- function(x, truth) sqrt(mean((log1p(x) - log1p(truth))^2))

test_that("denoised means are nearer the truth than the counts", {
    s <- simulated(lost = FALSE)
    for (param in list(countParam(latent = 3L), countParam("poisson"),
        dcaParam(epochs = 60L))) {
        model <- fitQuiet(s$counts, param)
        expect_lt(logError(denoise(model, s$counts), s$mean),
            0.6 * logError(s$counts, s$mean))
    }
    # also where the counts are missing
    z <- inflated$lost
    got <- denoise(inflatedModel, inflated$counts)
    expect_gt(cor(log1p(got[z]), log1p(inflated$mean[z])), 0.9)
})

test_that("the two scales differ by the size factor", {
    x <- inflated$counts
    normal <- denoise(inflatedModel, x, type = "normalized")
    mean <- denoise(inflatedModel, x)
    expect_identical(mean, reconstruct(inflatedModel, x))
    factor <- colSums(x) / median(colSums(x))
    expectNear(mean, normal * rep(factor, each = nrow(x)), tolerance$single)
    given <- denoise(inflatedModel, x, size_factors = 2 * factor)
    expectNear(given / (2 * factor)[col(x)],
        denoise(inflatedModel, x, type = "normalized",
            size_factors = 2 * factor), tolerance$single)
    # without size factors there is one scale
    plain <- toyModel()
    for (type in c("mean", "normalized")) {
        expect_identical(denoise(plain, toyGaussian(), type = type),
            reconstruct(plain, toyGaussian()))
    }
})

test_that("no groups are made where there are none", {
    mean <- withr::with_seed(3, outer(rgamma(60L, 2, 0.3),
        exp(rnorm(200L, sd = 0.2))))
    counts <- withr::with_seed(4, matrix(rnbinom(length(mean), size = 2,
        mu = mean), 60L))
    dimnames(counts) <- list(paste0("g", 1:60), paste0("c", 1:200))
    got <- denoise(fitQuiet(counts, countParam()), counts, type =
        "normalized")
    pcs <- prcomp(t(log1p(got)), rank. = 2L)$x
    label <- rep_len(1:2, 200L)
    between <- as.matrix(dist(pcs))
    silhouette <- vapply(seq_len(200L), function(i) {
        own <- mean(between[i, label == label[i] & seq_len(200L) != i])
        other <- mean(between[i, label != label[i]])
        (other - own) / max(own, other)
    }, 0)
    expect_lt(mean(silhouette), 0.05)
})

test_that("P(technical | zero) is Bayes' theorem, and 0 above 0", {
    x <- inflated$counts
    p <- dropoutProbability(inflatedModel, x)
    expect_identical(dimnames(p), dimnames(x))
    expect_true(all(p[x > 0] == 0))
    expect_true(all(p[x == 0] > 0 & p[x == 0] <= 1))
    mean <- denoise(inflatedModel, x)
    theta <- dispersions(inflatedModel)
    share <- aesop:::.applyModel(inflatedModel, x, "zero_probability",
        list())$result
    zero <- dnbinom(0, size = theta, mu = mean)
    wanted <- share / (share + (1 - share) * zero)
    expectNear(p[x == 0], wanted[x == 0], tolerance$float)
})

test_that("technical zeros are told apart, with honest probabilities", {
    zero <- inflated$counts == 0
    p <- dropoutProbability(inflatedModel, inflated$counts)[zero]
    truth <- inflated$lost[zero]
    rank <- rank(p)
    auroc <- (sum(rank[truth]) - sum(truth) * (sum(truth) + 1) / 2) /
        (sum(truth) * sum(!truth))
    expect_gt(auroc, 0.85) # with the true parameters it is 0.889
    bin <- cut(p, seq(0, 1, 0.2), include.lowest = TRUE)
    gap <- abs(tapply(p, bin, mean) - tapply(truth, bin, mean))
    expect_lt(max(gap), 0.15)
    expect_lt(sum(gap * table(bin)) / length(p), 0.04)
})

test_that("only technical zeros are filled, and the message says how many", {
    x <- inflated$counts
    seen <- recordConditions(got <- denoise(inflatedModel, x,
        impute = "technical_zeros"))
    p <- dropoutProbability(inflatedModel, x)
    mean <- denoise(inflatedModel, x)
    expect_identical(got[p <= 0.5], x[p <= 0.5])
    expect_identical(got[p > 0.5], mean[p > 0.5])
    message <- seen$messages[[1L]]
    expect_identical(message$n_filled, sum(p > 0.5))
    expect_equal(message$before, mean(x > 0))
    expect_equal(message$after, mean(got > 0))
    expect_match(conditionMessage(message), "values above 0", fixed = TRUE)
    normal <- suppressMessages(denoise(inflatedModel, x,
        type = "normalized", impute = "technical_zeros"))
    factor <- colSums(x) / median(colSums(x))
    expect_equal(normal, got / factor[col(x)], tolerance = 1e-6)
})

test_that("dispersions come by feature, once for all, or by entry", {
    x <- inflated$counts
    theta <- dispersions(inflatedModel)
    expect_named(theta, rownames(x))
    expect_gt(median(theta), 2)
    expect_lt(median(theta), 4) # 3 in the simulation
    fit <- function(dispersion) {
        fitQuiet(x, countParam("nb", dispersion), epochs = 3L)
    }
    one <- dispersions(fit("constant"))
    expect_identical(length(unique(one)), 1L)
    expect_identical(names(one), rownames(x))
    model <- fit("entry")
    entries <- dispersions(model, x)
    expect_identical(dimnames(entries), dimnames(x))
    expect_true(all(entries >= 1e-4 & entries <= 1e6))
    expect_gt(length(unique(as.vector(entries))), 1000L)
    expectAesopError(dispersions(model), "param", "x", arg = "x")
})

test_that("an experiment gets an assay", {
    sce <- toySce(toyCounts(20L, 40L))
    model <- fitQuiet(sce, countParam(), epochs = 2L)
    got <- denoise(model, sce)
    expect_identical(SummarizedExperiment::assayNames(got),
        c("counts", "logcounts", "denoised"))
    wanted <- denoise(model, SummarizedExperiment::assay(sce, "counts"))
    expect_identical(SummarizedExperiment::assay(got, "denoised"), wanted)
    # rows in another order, and rows that the model does not know
    other <- sce[1:3, ]
    rownames(other) <- c("x", "y", "z")
    more <- rbind(other, sce)[23:1, ]
    expect_message(got <- denoise(model, more, name = "d"), "NA in `d`",
        fixed = TRUE)
    filled <- SummarizedExperiment::assay(got, "d")
    expect_identical(filled[rownames(wanted), ], wanted)
    expect_true(all(is.na(filled[c("x", "y", "z"), ])))
    # an alternative experiment
    main <- toySce(toyCounts(5L, 40L))
    SingleCellExperiment::altExp(main, "rna") <- sce
    got <- denoise(model, main, altexp = "rna")
    expect_identical(SummarizedExperiment::assay(
        SingleCellExperiment::altExp(got, "rna"), "denoised"), wanted)
    expect_false("denoised" %in% SummarizedExperiment::assayNames(got))
    reduced <- runAutoencoder(sce, epochs = 2L, seed = 1, verbose = FALSE)
    expectAesopError(denoise(model, reduced, dimred = "AE"), "param",
        "reconstruct", arg = "dimred")
})

test_that("a model without the outputs is refused", {
    counts <- toyCounts(20L, 40L)
    nb <- fitQuiet(counts, countParam("nb"), epochs = 2L)
    expectAesopError(dropoutProbability(nb, counts), "param",
        c("model", "zinb", "nb"), arg = "model")
    expectAesopError(denoise(nb, counts, impute = "technical_zeros"),
        "param", c("impute", "zinb"))
    expectAesopError(dispersions(toyModel()), "param", c("model", "nb"),
        arg = "model")
    poisson <- fitQuiet(counts, countParam("poisson"), epochs = 2L)
    expectAesopError(dispersions(poisson), "param", "poisson")
    expectAesopError(denoise(nb, counts, type = "median"), "param", "type",
        arg = "type")
    expectAesopError(denoise(countParam(), counts), "not_fitted")
})
