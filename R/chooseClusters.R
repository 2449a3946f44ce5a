#' Choose the number of clusters
#'
#' Clusters the codes by k-means for each number of clusters, compares the
#' results by three measures, and asks whether there are clusters at all.
#'
#' The measures are the mean silhouette (Rousseeuw 1987), computed from the
#' distances to the clusters' means and spreads by
#' [bluster::approxSilhouette()]; the mean share of a sample's neighbours that
#' are in its own cluster, from [bluster::neighborPurity()]; and the stability,
#' the mean adjusted Rand index between the clusters and those of bootstrap
#' samples, from [bluster::bootstrapStability()]. All are at most 1, and larger
#' is better. Beyond 1,000 samples, purity, stability and the test below are
#' computed on 1,000 of them, drawn at random.
#'
#' Added to these is the separation of each cluster from the nearest one: 1 less
#' the number of samples half-way between their means, as a share of the number
#' around the means. The number chosen is the one with the largest product of
#' silhouette, purity and separation, of those that are at least half as stable
#' as the most stable one.
#'
#' k-means finds clusters in anything. So the same is done with `references`
#' data sets without clusters: normal data with the covariance of the codes, as
#' in the test of Liu et al. (2008). If any of them has a silhouette x
#' separation, the largest over all `k`, as large as that of the codes, there is
#' no sign of clusters: `k` is 1, all samples are one cluster, and a warning
#' says so. With 20 such data sets this is a test at the level of 5 %.
#'
#' @param x,data,dimred,... As for [clusterCodes()]. For `plot`: arguments of
#'     [graphics::plot()]. For `print`: not used.
#' @param k Numbers of clusters to try, each at least 2 and below the number of
#'     samples.
#' @param seed A whole number that fixes all random numbers; R's own generator
#'     is left as it was.
#' @param resamples Number of bootstrap samples, at least 1.
#' @param references Number of data sets without clusters to compare with; 0 to
#'     take it for granted that there are clusters.
#'
#' @section Errors:
#' Those of [clusterCodes()]; `aesop_error_param` for `k` and the other
#' arguments; `aesop_error_input_value` if all codes are the same;
#' `aesop_error_package` if bluster or withr is not installed. If no clusters
#' are found, a warning of class `aesop_warning_clusters`.
#'
#' @returns A list of class `aesop_clusters`: `k`, the chosen number, 1 if
#' there are no clusters; `table`, a data frame with `k`, `silhouette`,
#' `purity`, `stability`, `separation` and `within` (sum of squares within
#' clusters, as a share of the total); `clusters`, a factor with the chosen
#' clusters; `reason`, a sentence; `unclustered`, silhouette x separation of the
#' data sets without clusters (data sets x `k`), and `p_value`, the share of
#' them, the codes among them, that look at least as clustered.
#' @references Arthur D., Vassilvitskii S. (2007) k-means++: the advantages of
#' careful seeding. Proceedings of the 18th Symposium on Discrete Algorithms,
#' 1027-1035.
#'
#' Rousseeuw P.J. (1987) Silhouettes. Journal of Computational and
#' Applied Mathematics 20, 53-65.
#'
#' Liu Y., Hayes D.N., Nobel A., Marron J.S. (2008) Statistical significance of
#' clustering for high-dimension, low-sample size data. Journal of the American
#' Statistical Association 103, 1281-1293.
#'
#' Ben-Hur A., Elisseeff A., Guyon I. (2002) A stability based method for
#' discovering structure in clustered data. Pacific Symposium on Biocomputing 7,
#' 6-17.
#' @seealso [clusterCodes()] for other methods, [consensusClusters()]
#' @export
#' @examples
#' if (requireNamespace("bluster", quietly = TRUE) &&
#'     requireNamespace("withr", quietly = TRUE)) {
#'     codes <- cbind(AE1 = rnorm(90, rep(c(0, 6, 12), each = 30)),
#'         AE2 = rnorm(90))
#'     choice <- chooseClusters(codes, k = 2:6)
#'     choice
#'     plot(choice)
#' }
chooseClusters <- function(x, data = NULL, k = 2:10, dimred = "AE", seed = 1,
    resamples = 10, references = 20, ...) {
    .needPackage("bluster", "chooseClusters()")
    .needPackage("withr", "chooseClusters()")
    dimred <- .checkString(dimred, "dimred")
    seed <- .checkSeed(seed)
    resamples <- .checkNumber(resamples, "resamples", lower = 1, upper = 1000,
        integer = TRUE)
    references <- .checkNumber(references, "references", lower = 0,
        upper = 1000, integer = TRUE)
    codes <- .codesOf(x, data, dimred, list(...))
    k <- sort(unique(.checkCounts(k, "k", lower = 2L)))
    if (length(k) == 0L || max(k) >= nrow(codes)) {
        .abortParam("k", k, sprintf("numbers from 2 to %d, below the %s",
            nrow(codes) - 1L, .count(nrow(codes), "sample")))
    }
    .checkSpread(codes)
    fits <- lapply(k, .kmeans, codes = codes, seed = seed)
    part <- .drawRows(nrow(codes), 1000L, seed)
    table <- .compareCounts(k, fits, codes, part, resamples, seed)
    plain <- .unclustered(k, codes, length(part), references, seed)
    choice <- .pickCount(table, plain)
    clusters <- if (choice$k == 1L) {
        .warn("clusters", c(choice$reason,
            "For k clusters all the same: clusterCodes(x, BLUSPARAM =",
            "bluster::KmeansParam(k)), or chooseClusters(references = 0)."))
        rep(1L, nrow(codes))
    } else {
        fits[[match(choice$k, k)]]$cluster
    }
    clusters <- factor(clusters)
    names(clusters) <- rownames(codes)
    structure(list(k = choice$k, table = table, clusters = clusters,
        reason = choice$reason, unclustered = plain,
        p_value = choice$p_value), class = "aesop_clusters")
}

.checkSpread <- function(codes) {
    if (all(codes == rep(codes[1L, ], each = nrow(codes)))) {
        .abort("input_value", c(
            "All samples have the same codes: there is nothing to cluster.",
            "Look at the training: summary(model), plotHistory(model)."
        ), arg = "x", n_bad = nrow(codes), first = c(1L, 1L))
    }
    invisible(codes)
}

# At most `size` of n rows, drawn without R's generator, in order.
.drawRows <- function(n, size, seed) {
    if (n <= size) {
        return(seq_len(n))
    }
    order <- sample_order(n, list(seed = .seedWords(seed), epoch = 0))
    sort(order[seq_len(size)])
}

# The numbers that chooseClusters() can try by default for n samples.
.possibleCounts <- function(n) {
    seq_len(min(10L, n - 1L))[-1L]
}

# The table of all measures; purity and stability from the rows `part`.
.compareCounts <- function(k, fits, codes, part, resamples, seed) {
    total <- sum(scale(codes, scale = FALSE)^2)
    some <- codes[part, , drop = FALSE]
    silhouette <- function(fit) .silhouette(codes, fit$cluster)
    # at most as many neighbours as a small cluster has samples
    near <- min(50L, max(5L, nrow(some) %/% 20L), nrow(some) - 1L)
    purity <- function(fit) {
        .withSeed(seed, mean(bluster::neighborPurity(some, fit$cluster[part],
            k = near)$purity))
    }
    stability <- function(fit) {
        .withSeed(seed, bluster::bootstrapStability(some,
            FUN = .clustersOfSome, clusters = fit$cluster[part],
            iterations = resamples, average = "mean", compare = .likeness,
            k = nrow(fit$centers), seed = seed))[[1L]]
    }
    data.frame(k = k, silhouette = vapply(fits, silhouette, 1),
        # ties between neighbours are remarked on
        purity = suppressWarnings(vapply(fits, purity, 1)),
        stability = vapply(fits, stability, 1),
        separation = vapply(fits, function(fit) .separation(codes, fit), 1),
        within = vapply(fits, function(fit) fit$tot.withinss, 1) / total)
}

.silhouette <- function(codes, cluster) {
    mean(bluster::approxSilhouette(codes, cluster)$width)
}

# A bootstrap sample may have fewer different codes than clusters.
.clustersOfSome <- function(codes, k, seed) {
    fit <- .bestKmeans(k, codes, seed, 3L)
    if (is.null(fit)) {
        return(match(data.frame(t(codes)), data.frame(t(codes))))
    }
    fit$cluster
}

# bluster and normal numbers draw from R's generator: the same numbers whatever
# kind the user has chosen, and the user's own as they were.
.withSeed <- function(seed, code) {
    withr::with_seed(seed %% 2^31, code, .rng_kind = "Mersenne-Twister",
        .rng_normal_kind = "Inversion", .rng_sample_kind = "Rejection")
}

# 1 - samples half-way between clusters / samples around their means, by the
# position of the samples of two clusters on the line through the means (0 at
# one, 1 at the other), summed over each cluster with the one nearest to it.
# Unlike the silhouette it does not take the tails of one group for clusters.
.separation <- function(codes, fit) {
    distance <- as.matrix(stats::dist(fit$centers))
    diag(distance) <- Inf
    nearest <- max.col(-distance, ties.method = "first")
    pairs <- cbind(seq_along(nearest), nearest)
    pairs <- unique(cbind(pmin(pairs[, 1L], pairs[, 2L]),
        pmax(pairs[, 1L], pairs[, 2L])))
    found <- apply(pairs, 1L, function(pair) {
        from <- fit$centers[pair[1L], ]
        line <- fit$centers[pair[2L], ] - from
        both <- codes[fit$cluster %in% pair, , drop = FALSE]
        at <- drop(both %*% line - sum(from * line)) / sum(line^2)
        c(sum(abs(at - 0.5) < 0.15),
            min(sum(abs(at) < 0.15), sum(abs(at - 1) < 0.15)))
    })
    1 - min(1, sum(found[1L, ]) / max(1, sum(found[2L, ])))
}

# Silhouette x separation of normal data with the covariance of the codes: data
# sets x k. None of it changes with a rotation, so that the variances along the
# principal axes are all that is needed.
.unclustered <- function(k, codes, n, references, seed) {
    values <- eigen(stats::cov(codes), symmetric = TRUE,
        only.values = TRUE)$values
    spread <- sqrt(pmax(values, 0))
    sets <- .withSeed(seed, lapply(seq_len(references), function(i) {
        matrix(stats::rnorm(n * length(spread)), n) * rep(spread, each = n)
    }))
    plain <- lapply(sets, function(set) {
        vapply(k, function(one) {
            fit <- .bestKmeans(one, set, seed, 3L)
            .silhouette(set, fit$cluster) * .separation(set, fit)
        }, 1)
    })
    matrix(as.numeric(unlist(plain)), length(sets), length(k),
        byrow = TRUE, dimnames = list(NULL, k))
}

# list(k, reason, p_value) by the rule.
.pickCount <- function(table, plain) {
    looks <- max(table$silhouette * table$separation)
    best <- apply(plain, 1L, max)
    p_value <- if (length(best) > 0L) {
        (1 + sum(best >= looks)) / (1 + length(best))
    } else {
        NA_real_
    }
    if (any(best >= looks)) {
        return(list(k = 1L, p_value = p_value, reason = sprintf(paste(
            "no clusters were found: normal data without clusters look as",
            "clustered in %d of %d sets"), sum(best >= looks),
            length(best))))
    }
    stable <- table$stability >= max(table$stability) / 2
    score <- table$silhouette * table$purity * table$separation
    pick <- which.max(ifelse(stable, score, -Inf))
    list(k = table$k[pick], p_value = p_value, reason = sprintf(paste(
        "silhouette x purity x separation is largest, %.2f, of those for",
        "k = %s"), score[pick], paste(unique(range(table$k)),
        collapse = " to ")))
}

# k-means from starts far apart (Arthur and Vassilvitskii 2007), the best of
# them. Beyond 2,000 samples the starts are tried on 2,000, the best one then on
# all.
.kmeans <- function(k, codes, seed, starts = 10L) {
    part <- .drawRows(nrow(codes), 2000L, seed)
    fit <- .bestKmeans(k, codes[part, , drop = FALSE], seed, starts)
    if (length(part) < nrow(codes)) {
        fit <- if (is.null(fit)) {
            .bestKmeans(k, codes, seed, starts)
        } else {
            .kmeansFrom(codes, fit$centers)
        }
    }
    if (is.null(fit)) {
        distinct <- sum(!duplicated(codes))
        .abort("param", sprintf(
            "`k` has %d, but there are only %d different codes.", k,
            distinct), arg = "k", value = k, allowed = c(2L, distinct))
    }
    fit
}

# NULL if there are fewer different codes than clusters.
.bestKmeans <- function(k, codes, seed, starts) {
    best <- NULL
    rows <- .withSeed(seed, lapply(seq_len(starts), function(start) {
        .farRows(codes, k)
    }))
    for (centers in rows) {
        if (length(centers) < k) {
            return(NULL)
        }
        fit <- .kmeansFrom(codes, codes[centers, , drop = FALSE])
        if (is.null(best) || fit$tot.withinss < best$tot.withinss) {
            best <- fit
        }
    }
    best
}

# What it warns of, such as many steps, is no matter for one of many starts.
.kmeansFrom <- function(codes, centers) {
    suppressWarnings(stats::kmeans(codes, centers, iter.max = 100L))
}

# k rows, each drawn with the square of its distance to those before as its
# weight; fewer if there are not so many different ones.
.farRows <- function(codes, k) {
    n <- nrow(codes)
    rows <- sample.int(n, 1L)
    distance <- rep(Inf, n)
    while (length(rows) < k) {
        last <- codes[rows[length(rows)], ]
        distance <- pmin(distance, rowSums((codes - rep(last, each = n))^2))
        if (max(distance) <= 0) {
            break
        }
        rows <- c(rows, sample.int(n, 1L, prob = distance))
    }
    rows
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
    lines <- as.matrix(x$table[c("silhouette", "purity", "stability")])
    colours <- c("#0072B2", "#D55E00", "#009E73")
    kinds <- c(1L, 2L, 4L)
    graphics::matplot(x$table$k, lines, type = "b", lty = kinds, pch = 1L,
        col = colours, ylim = range(0, 1, lines), xlab = "clusters",
        ylab = "measure (larger is better)", ...)
    chosen <- which(x$table$k == x$k)
    graphics::points(rep(x$k, 3L * length(chosen)), lines[chosen, ],
        pch = 19L, col = colours[seq_len(3L * length(chosen))])
    graphics::legend("bottomright", colnames(lines), lty = kinds,
        col = colours, bty = "n")
    invisible(x)
}
