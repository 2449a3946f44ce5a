# Small data sets and fits for the tests.

# Poisson-gamma counts of features x samples with three groups of samples.
toyCounts <- function(genes = 200L, cells = 300L, seed = 1L) {
    withr::with_seed(seed, {
        group <- rep_len(seq_len(3L), cells)
        base <- rgamma(genes, shape = 0.6, rate = 0.3)
        fold <- matrix(exp(rnorm(genes * 3L, sd = 0.8)), genes, 3L)
        depth <- exp(rnorm(cells, sd = 0.3))
        mean <- base * fold[, group, drop = FALSE] *
            rep(depth, each = genes)
        counts <- matrix(rnbinom(genes * cells, size = 2, mu = mean), genes)
    })
    dimnames(counts) <- list(sprintf("gene%d", seq_len(genes)),
        sprintf("cell%d", seq_len(cells)))
    storage.mode(counts) <- "double"
    counts
}

# Gaussian data of a given rank plus noise, features x samples.
toyGaussian <- function(features = 12L, samples = 40L, rank = 3L, seed = 1L,
    noise = 0.1) {
    withr::with_seed(seed, {
        x <- matrix(rnorm(features * rank), features) %*%
            matrix(rnorm(rank * samples), rank) +
            noise * matrix(rnorm(features * samples), features)
    })
    dimnames(x) <- list(sprintf("gene%d", seq_len(features)),
        sprintf("cell%d", seq_len(samples)))
    x
}

# A quiet fit with a fixed seed.
fitQuiet <- function(x, ..., seed = 1, verbose = FALSE) {
    trainAutoencoder(x, ..., seed = seed, verbose = verbose)
}

# A fast model, made once per configuration and test file.
toyModel <- function(x = toyGaussian(), ...) {
    settings <- list(hidden = 8L, latent = 3L, epochs = 4L, batch_size = 16L)
    given <- list(...)
    settings[names(given)] <- given
    do.call(fitQuiet, c(list(x), settings))
}

asSparse <- function(x, class = "dgCMatrix") {
    methods::as(methods::as(methods::as(x, "dMatrix"), "generalMatrix"),
        switch(class, dgCMatrix = "CsparseMatrix", dgRMatrix = "RsparseMatrix",
            dgTMatrix = "TsparseMatrix"))
}

toySce <- function(counts = toyCounts(60L, 80L)) {
    sce <- SingleCellExperiment::SingleCellExperiment(
        list(counts = counts, logcounts = log1p(counts)))
    SummarizedExperiment::colData(sce)$group <-
        rep_len(c("a", "b", "c"), ncol(sce))
    sce
}

# What must be equal between two fits that ought to be the same: all but the
# time that they took.
fittedParts <- function(model) {
    history <- model@history
    history$seconds <- NULL
    list(weights = model@weights, transform = model@transform,
        history = history, features = model@features,
        settings = model@param@settings, status = model@info$status,
        best_epoch = model@info$best_epoch,
        validation = model@info$validation)
}

expectSameFit <- function(a, b, label = "fit") {
    x <- fittedParts(a)
    y <- fittedParts(b)
    for (part in names(x)) {
        testthat::expect_identical(x[[part]], y[[part]],
            label = paste(label, part), expected.label = "the other one")
    }
}

expectFinite <- function(x, label = "values") {
    values <- unlist(x, use.names = FALSE)
    testthat::expect_true(length(values) > 0L && all(is.finite(values)),
        label = paste(label, "are all finite"))
}

# max |a - b| as a share of max |b|.
relativeDifference <- function(a, b) {
    largest <- max(abs(b))
    max(abs(a - b)) / if (largest > 0) largest else 1
}

expectNear <- function(a, b, tolerance, label = "value") {
    testthat::expect_identical(length(a), length(b),
        label = paste("length of", label))
    testthat::expect_lte(relativeDifference(a, b), tolerance,
        label = paste("relative difference of", label))
}
