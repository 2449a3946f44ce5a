# How good the package's defaults are on labelled data, beside the baselines of bench/quality/baselines.csv.
#   Rscript bench/quality.R [PART]... DATA     (make quality DATA=PATH installs what it needs first)
# DATA is a folder of public data sets laid out as bench/quality/datasets.R reads them. Parts, all by default:
#   denoising  Poisson deviance of the held half of thinned counts, by countParam()
#   clusters   the default code of 20 sets: k-means and Louvain against the labels, accuracy of neighbours
#   batches    two protocols, with `design = ~ batch` and without
#   stability  range of k-means ARI over five seeds of the training
suppressPackageStartupMessages({
    library(Matrix)
    library(aesop)
})
for (file in c("datasets.R", "prep.R", "metrics.R")) source(file.path("bench/quality", file))
arguments <- commandArgs(trailingOnly = TRUE)
data_folder <- utils::tail(arguments, 1)
if (!length(arguments) || !dir.exists(data_folder)) stop("usage: Rscript bench/quality.R [PART]... DATA")
baselines <- utils::read.csv("bench/quality/baselines.csv")
pca <- c("pca5", "pca10", "pca20", "pca50", "pca20_center")

prepared <- function(name) {
    set <- load_set(data_folder, name)
    c(prep_set(set), set[c("label", "batch")])
}
fit <- function(x, ..., seed = 1) trainAutoencoder(x, ..., seed = seed, verbose = FALSE, num_threads = 2)

# The baselines' figures of a set, named by method, best first.
figures <- function(set, metric) {
    rows <- baselines[baselines$set == set & baselines$metric == metric, ]
    sort(stats::setNames(rows$median, rows$method), decreasing = metric != "poisson_dev")
}
best_pca <- function(set, metric) {
    values <- figures(set, metric)
    values[names(values) %in% pca][1]
}
named <- function(value, digits = 3) sprintf("%.*f (%s)", digits, value, names(value))

denoising <- function() {
    rows <- vapply(denoising_sets, function(name) {
        half <- thin_counts(prepared(name)$counts)
        seconds <- system.time(model <- fit(half$train, countParam()))[["elapsed"]]
        value <- denoising_quality(denoise(model, half$train), half$test)
        values <- figures(name, "poisson_dev")
        sprintf("| %s | %.4f | %.4f | %s | %.4f | %d | %.0f |", name, value, values["dca"],
            named(best_pca(name, "poisson_dev"), 4), values["raw"], nrow(model@history), seconds)
    }, "")
    c("Poisson deviance of the held half, lower is better.\n",
        "| set | aesop | DCA-like | best PCA | raw | epochs | seconds |", "|---|---|---|---|---|---|---|",
        rows)
}

# One row per set: ours, the best PCA of each metric, the best baseline and our rank among all by k-means ARI.
clusterFigures <- function(name) {
    set <- prepared(name)
    z <- encode(fit(set$logc), set$logc)
    ours <- c(kmeans_ari = kmeans_ari(z, set$label), neighbour_quality(z, set$label))
    others <- figures(name, "kmeans_ari")
    ranks <- rank(-c(aesop = round(ours[["kmeans_ari"]], 4), others))
    by_pca <- vapply(names(ours), function(metric) best_pca(name, metric)[[1]], 0)
    data.frame(set = name, latent = ncol(z), t(ours), pca = t(by_pca), best = others[[1]],
        method = names(others)[1], rank = ranks[["aesop"]], rank_pca = ranks[["pca20"]], n = length(ranks))
}

summaryRow <- function(what, table) {
    gain <- table$kmeans_ari - table$pca.kmeans_ari
    sprintf("| %s | %d | %d | %d | %.2f | %.2f | %.3f | %.3f |", what, nrow(table), sum(gain >= -0.02),
        sum(gain > 0.03), mean(table$rank), mean(table$rank_pca), mean(table$kmeans_ari),
        mean(table$pca.kmeans_ari))
}

# What vignettes/defaults.Rmd draws.
writePicture <- function(table, half) {
    figures <- data.frame(aesop = table$kmeans_ari, pca = table$pca.kmeans_ari, best = table$best,
        aesop_louvain = table$louvain_ari, pca_louvain = table$pca.louvain_ari, aesop_knn = table$knn_acc,
        pca_knn = table$pca.knn_acc)
    utils::write.csv(data.frame(set = table$set, half = half, codes = table$latent, round(figures, 3)),
        "vignettes/quality.csv", row.names = FALSE, quote = FALSE)
}

clusters <- function() {
    table <- do.call(rbind, lapply(sort(clustering_sets, method = "radix"), clusterFigures))
    half <- rep_len(c("odd", "even"), nrow(table)) # places in the alphabet
    writePicture(table, half)
    format <- "| %s | %s | %d | %.3f | %.3f | %.3f (%s) | %g of %d | %.3f | %.3f | %.3f | %.3f |"
    rows <- sprintf(format, table$set, half, table$latent, table$kmeans_ari,
        table$pca.kmeans_ari, table$best, table$method, table$rank, table$n, table$louvain_ari,
        table$pca.louvain_ari, table$knn_acc, table$pca.knn_acc)
    c("PCA is the best of 20 and 50 components, scaled or not, for each set and each figure.\n",
        "| set | half | codes | k-means ARI | PCA | best baseline | rank | Louvain ARI | PCA | kNN | PCA |",
        "|---|---|---|---|---|---|---|---|---|---|---|", rows, "",
        paste("| k-means ARI | sets | at least PCA - .02 | above PCA + .03 | mean rank | of pca20 | mean |",
            "mean of best PCA |"), "|---|---|---|---|---|---|---|---|", summaryRow("all sets", table),
        summaryRow("odd sets", table[half == "odd", ]), summaryRow("even sets", table[half == "even", ]))
}

batches <- function() {
    set <- prepared("sc_mixology_3cl")
    covariates <- data.frame(batch = set$batch, row.names = colnames(set$logc))
    told <- fit(set$logc, design = ~ batch, covariates = covariates)
    with <- encode(told, set$logc, covariates = covariates)
    without <- encode(fit(set$logc), set$logc)
    value <- c("aesop, `design = ~ batch`" = kmeans_ari(with, set$label),
        aesop = kmeans_ari(without, set$label),
        "best PCA" = best_pca("sc_mixology_3cl", "kmeans_ari")[[1]],
        "scVI-like" = figures("sc_mixology_3cl", "kmeans_ari")[["scvi"]])
    c("| sc_mixology_3cl | k-means ARI |", "|---|---|", sprintf("| %s | %.3f |", names(value), value))
}

stability <- function() {
    rows <- vapply(sort(clustering_sets, method = "radix"), function(name) {
        set <- prepared(name)
        codes <- lapply(1:5, function(seed) encode(fit(set$logc, seed = seed), set$logc))
        codes <- unique(codes) # equal codes have equal clusters
        value <- if (length(codes) > 1) vapply(codes, kmeans_ari, 0, label = set$label) else 0
        sprintf("| %s | %d | %.3f |", name, length(codes), max(value) - min(value))
    }, "")
    c("| set | different codes of five seeds | max - min of k-means ARI |", "|---|---|---|", rows)
}

parts <- list(denoising = denoising, clusters = clusters, batches = batches, stability = stability)
wanted <- utils::head(arguments, -1)
if (!length(wanted)) wanted <- names(parts)
if (!all(wanted %in% names(parts))) stop("parts are ", toString(names(parts)))
commit <- system("git rev-parse --short HEAD", intern = TRUE)
for (part in wanted) {
    seconds <- system.time(rows <- parts[[part]]())[["elapsed"]]
    out <- c(sprintf("\n## %s, commit %s: quality, %s\n", format(Sys.Date()), commit, part), rows,
        sprintf("\nTook %.0f s.", seconds))
    writeLines(out)
    cat(out, file = "bench/RESULTS.md", sep = "\n", append = TRUE)
}
