#' Choose the number of clusters
#'
#' Clusters the codes by k-means for each number of clusters and compares them
#' by their silhouette (Rousseeuw 1987), computed from the distances to the
#' clusters' means and spreads as [bluster::approxSilhouette()] does, so that it
#' takes time in proportion to the samples.
#'
#' @param x,data,dimred,... As for [clusterCodes()].
#' @param k Numbers of clusters to try, each at least 2 and below the number of
#'     samples.
#' @param seed A whole number that fixes the random starts of k-means; R's own
#'     generator is not used.
#'
#' @section Errors:
#' Those of [clusterCodes()]; `aesop_error_param` for `k`.
#'
#' @returns A list of class `aesop_clusters`: `k`, the number with the largest
#' mean silhouette; `table`, a data frame with `k`, `silhouette` (mean over the
#' samples) and `within` (sum of squares within clusters, as a share of the
#' total); `clusters`, a factor with the chosen clusters; `reason`.
#' @references Rousseeuw P.J. (1987) Silhouettes. Journal of Computational and
#' Applied Mathematics 20, 53-65.
#' @export
#' @examples
#' if (requireNamespace("bluster", quietly = TRUE)) {
#'     codes <- cbind(AE1 = rnorm(90, rep(c(0, 6, 12), each = 30)),
#'         AE2 = rnorm(90))
#'     chooseClusters(codes, k = 2:6)
#' }
chooseClusters <- function(x, data = NULL, k = 2:10, dimred = "AE", seed = 1,
    ...) {
    .needPackage("bluster", "chooseClusters()")
    dimred <- .checkString(dimred, "dimred")
    seed <- .checkSeed(seed)
    codes <- .codesOf(x, data, dimred, list(...))
    k <- sort(unique(.checkCounts(k, "k", lower = 2L)))
    if (length(k) == 0L || max(k) >= nrow(codes)) {
        .abortParam("k", k, sprintf("numbers from 2 to %d, below the %s",
            nrow(codes) - 1L, .count(nrow(codes), "sample")))
    }
    total <- sum(scale(codes, scale = FALSE)^2)
    fits <- lapply(k, .kmeans, codes = codes, seed = seed)
    width <- vapply(fits, function(fit) {
        mean(bluster::approxSilhouette(codes, fit$cluster)$width)
    }, 1)
    best <- which.max(width)
    clusters <- factor(fits[[best]]$cluster)
    names(clusters) <- rownames(codes)
    table <- data.frame(k = k, silhouette = width,
        within = vapply(fits, function(fit) fit$tot.withinss, 1) / total)
    structure(list(k = k[best], table = table, clusters = clusters,
        reason = sprintf(
            "the mean silhouette is largest, %.2f, of those for k = %s",
            width[best], paste(range(k), collapse = " to "))),
        class = "aesop_clusters")
}

# k-means from 20 random starts, drawn without R's generator; the best of them.
.kmeans <- function(k, codes, seed) {
    distinct <- which(!duplicated(codes))
    if (length(distinct) < k) {
        .abort("param", sprintf(
            "`k` has %d, but there are only %d different codes.", k,
            length(distinct)), arg = "k", value = k,
            allowed = c(2L, length(distinct)))
    }
    fits <- lapply(seq_len(20L), function(start) {
        order <- sample_order(length(distinct),
            list(seed = .seedWords(seed), epoch = start))
        centers <- codes[distinct[order[seq_len(k)]], , drop = FALSE]
        suppressWarnings(stats::kmeans(codes, centers, iter.max = 100L))
    })
    fits[[which.min(vapply(fits, function(fit) fit$tot.withinss, 1))]]
}

#' @rdname chooseClusters
#' @method print aesop_clusters
#' @export
print.aesop_clusters <- function(x, ...) {
    cat("k = ", x$k, ": ", x$reason, "\n", sep = "")
    print(x$table, row.names = FALSE, digits = 3L)
    invisible(x)
}

#' @rdname chooseClusters
#' @method plot aesop_clusters
#' @export
plot.aesop_clusters <- function(x, ...) {
    graphics::plot(x$table$k, x$table$silhouette, type = "b",
        xlab = "clusters", ylab = "mean silhouette",
        pch = ifelse(x$table$k == x$k, 19L, 1L), ...)
    invisible(x)
}
