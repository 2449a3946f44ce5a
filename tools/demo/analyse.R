# The main job on one prepared data set: embedding, clusters, outliers, and PCA
# beside it. Everything that calls aesop is in this file.

# The seed of everything here that draws random numbers.
demo_seed <- 1L

# The labels are used for nothing but the comparison. Returns a list with `codes`
# (samples x latent), `model`, `clusters`, `pca_clusters`, `outliers` (data frame
# sample, score, threshold, outlier; highest score first), `umap` (samples x 2),
# `agreement` (adjusted Rand index: labels x methods), `seconds` of training.
analyse <- function(data) {
    set.seed(demo_seed)
    started <- proc.time()[["elapsed"]]
    fit <- withMessages(embed(data$x))
    seconds <- proc.time()[["elapsed"]] - started
    codes <- fit$codes
    clusters <- clusterCodes(codes)
    scores <- principalComponents(data$x, ncol(codes))
    pca_clusters <- clusterCodes(scores)
    agreement <- vapply(data$labels, function(label) {
        c(aesop = randIndex(label, clusters),
            PCA = randIndex(label, pca_clusters))
    }, c(aesop = 0, PCA = 0))
    list(codes = codes, model = fit$model, clusters = clusters,
        pca_clusters = pca_clusters, outliers = fit$outliers,
        umap = umapOf(codes), agreement = t(agreement), seconds = seconds)
}

# What the package says about its choices, among the lines of the summary.
withMessages <- function(code) {
    withCallingHandlers(code, message = function(m) {
        lines <- strsplit(conditionMessage(m), "\n", fixed = TRUE)[[1L]]
        say("  | ", lines)
        invokeRestart("muffleMessage")
    })
}

# Training with the package's defaults; the two ways in that a user has.
embed <- function(x) {
    if (methods::is(x, "SingleCellExperiment")) {
        sce <- runAutoencoder(x, seed = demo_seed)
        model <- S4Vectors::metadata(sce)$AE$model
        codes <- reducedDim(sce, "AE")
        x <- logcounts(sce)
    } else {
        model <- trainAutoencoder(x, seed = demo_seed)
        codes <- encode(model, x)
    }
    # each sample is judged by fits to others
    outliers <- suppressMessages(findOutliers(x, seed = demo_seed))
    list(codes = codes, model = model, outliers = outliers)
}

# Centred principal components of the same values, samples x k.
principalComponents <- function(x, k) {
    values <- if (is.matrix(x)) t(x) else Matrix::t(logcounts(x))
    k <- min(k, dim(values) - 1L)
    if (k < min(dim(values)) / 3) {
        pca <- irlba::prcomp_irlba(values, n = k, center = TRUE)
    } else {
        pca <- stats::prcomp(as.matrix(values), rank. = k)
    }
    rownames(pca$x) <- rownames(values)
    pca$x
}

# Adjusted Rand index of two groupings: 1 for the same one, about 0 by chance.
randIndex <- function(label, clusters) {
    known <- !is.na(label)
    bluster::pairwiseRand(droplevels(label[known]), clusters[known],
        mode = "index")
}

# Two dimensions to look at. One thread in the optimisation: same picture in
# every run.
umapOf <- function(codes) {
    set.seed(demo_seed)
    umap <- uwot::umap(codes, n_neighbors = min(15L, nrow(codes) - 1L),
        n_threads = 2L, n_sgd_threads = 1L)
    rownames(umap) <- rownames(codes)
    umap
}
