#' Clusters that the members of an ensemble agree on
#'
#' Clusters the codes of every member of an ensemble, gives the clusters of all
#' members the same names, and lets the members vote. The share of members that
#' vote for a sample's cluster is the confidence in it: samples between two
#' clusters get a low one.
#'
#' Clusters are matched by the samples that they share, as in the bagged
#' clustering of Dudoit and Fridlyand (2003): first with those of the member
#' that agrees best with all others (by the adjusted Rand index), then with the
#' result of the vote, until that does not change. A member with more clusters
#' than the others gives the ones left over to the cluster that they overlap
#' most. No matrix of samples x samples is made, so there may be many samples.
#'
#' @param ensemble From [ensembleAutoencoder()].
#' @param x Samples, as for [encode()].
#' @param k Number of clusters, from 1 to the number of samples, found by
#'     k-means; `NULL` for the number that [chooseClusters()] finds in the codes
#'     of the ensemble.
#' @param BLUSPARAM Instead of `k`: a parameter object of package bluster that
#'     picks the method. Methods that draw random numbers use R's generator.
#' @param name Prefix of the columns that are added to `colData(x)`.
#' @param seed A whole number that fixes the random starts of k-means; R's own
#'     generator is not used.
#' @param ... Further arguments of [encode()]. For `print`: not used.
#'
#' @section Errors:
#' Those of [encode()]; `aesop_error_input_type` for something that is no
#' ensemble; `aesop_error_param` for the other arguments, also for more clusters
#' than samples; `aesop_error_package` if bluster, or for `k = NULL` withr, is
#' not installed.
#'
#' @returns For a SummarizedExperiment or SingleCellExperiment: `x` with the
#' columns `AE_cluster` and `AE_confidence` in its `colData`. Otherwise a list
#' of class `aesop_consensus`: `clusters`, a factor, the largest cluster first;
#' `confidence`, a number from 0 to 1 per sample; `votes`, the clusters by
#' member (samples x members, whole numbers); `agreement`, the adjusted Rand
#' index of each member with the consensus; `k`; `reason`.
#' @references Dudoit S., Fridlyand J. (2003) Bagging to improve the accuracy of
#' a clustering procedure. Bioinformatics 19, 1090-1099.
#' @seealso [clusterCodes()], [chooseClusters()]
#' @export
#' @examples
#' if (requireNamespace("bluster", quietly = TRUE)) {
#'     group <- rep(1:3, each = 30)
#'     x <- matrix(rnorm(20 * 3), nrow = 20)[, group] +
#'         matrix(rnorm(20 * 90, sd = 0.7), nrow = 20)
#'     dimnames(x) <- list(paste0("gene", 1:20), paste0("sample", 1:90))
#'     ensemble <- ensembleAutoencoder(x, members = 5, consensus = "codes",
#'         latent = 3, epochs = 30, seed = 1)
#'     found <- consensusClusters(ensemble, x, k = 3)
#'     found
#'     table(found$clusters, group)
#' }
consensusClusters <- function(ensemble, x, k = NULL, BLUSPARAM = NULL,
    name = "AE", seed = 1, ...) {
    .needPackage("bluster", "consensusClusters()")
    if (!inherits(ensemble, "aesop_ensemble")) {
        .abort("input_type", sprintf(
            "`ensemble` must come from ensembleAutoencoder(), not be %s.",
            .describe(ensemble)), arg = "ensemble", got = class(ensemble),
            accepted = "aesop_ensemble")
    }
    name <- .checkString(name, "name")
    seed <- .checkSeed(seed)
    .checkBluster(BLUSPARAM)
    if (!is.null(k) && !is.null(BLUSPARAM)) {
        .abortParam("k", k, "NULL, as `BLUSPARAM` is given")
    }
    if (!is.null(k)) {
        k <- .checkNumber(k, "k", lower = 1, integer = TRUE)
    }
    args <- list(...)
    codes <- lapply(ensemble$members, function(model) {
        .encodeNew(.checkModel(model, "ensemble"), x, args)
    })
    n <- nrow(codes[[1L]])
    if (!is.null(k) && k > n) {
        .abortParam("k", k, sprintf("at most %d, the number of samples", n))
    }
    reason <- "as asked for"
    if (is.null(k) && is.null(BLUSPARAM)) {
        choice <- chooseClusters(.encodeEnsemble(ensemble, x, args),
            k = .possibleCounts(n), seed = seed)
        k <- choice$k
        reason <- choice$reason
    } else if (is.null(k)) {
        reason <- sprintf("as %s finds", class(BLUSPARAM)[1L])
    }
    found <- .vote(lapply(codes, .memberClusters, k, BLUSPARAM, seed))
    if (is(x, "SummarizedExperiment")) {
        columns <- SummarizedExperiment::colData(x)
        columns[[paste0(name, "_cluster")]] <- unname(found$clusters)
        columns[[paste0(name, "_confidence")]] <- unname(found$confidence)
        SummarizedExperiment::colData(x) <- columns
        return(x)
    }
    samples <- rownames(codes[[1L]])
    names(found$clusters) <- names(found$confidence) <- samples
    rownames(found$votes) <- samples
    structure(c(found, list(k = nlevels(found$clusters), reason = reason)),
        class = "aesop_consensus")
}

# Clusters of one member as numbers from 1.
.memberClusters <- function(codes, k, BLUSPARAM, seed) {
    cluster <- if (is.null(BLUSPARAM)) {
        .kmeans(k, codes, seed)$cluster
    } else {
        .runBluster(codes, BLUSPARAM)
    }
    cluster <- as.integer(factor(cluster))
    # a method may leave samples out, as noise: each of these stands alone
    alone <- which(is.na(cluster))
    cluster[alone] <- max(cluster, 0L, na.rm = TRUE) + seq_along(alone)
    cluster
}

# members: a list of clusterings. Returns list(clusters, confidence, votes,
# agreement).
.vote <- function(members) {
    likeness <- vapply(members, function(a) {
        sum(vapply(members, .likeness, 1, a))
    }, 1)
    current <- members[[which.max(likeness)]]
    for (round in seq_len(20L)) {
        votes <- vapply(members, .renamed, integer(length(current)), current)
        dim(votes) <- c(length(current), length(members))
        winner <- .majority(votes, max(current))
        if (identical(winner, current)) {
            break
        }
        current <- winner
    }
    # the vote may have emptied a cluster: numbers by size, without gaps
    size <- tabulate(current, max(current, votes))
    number <- order(order(size, decreasing = TRUE))
    current <- number[current]
    votes[] <- number[votes]
    list(clusters = factor(current), confidence = rowMeans(votes == current),
        votes = votes, agreement = vapply(members, .likeness, 1, current))
}

# Adjusted Rand index; 1 for two clusterings that are both one cluster.
.likeness <- function(a, b) {
    a <- as.integer(a)
    b <- as.integer(b)
    index <- bluster::pairwiseRand(a, b, mode = "index")
    if (is.finite(index)) index else as.numeric(max(a) == max(b))
}

# The cluster with most votes for each sample, the first of equals.
.majority <- function(votes, n) {
    counts <- vapply(seq_len(n), function(cluster) {
        rowSums(votes == cluster)
    }, numeric(nrow(votes)))
    dim(counts) <- c(nrow(votes), n)
    max.col(counts, ties.method = "first")
}

# `cluster` with the names of `reference` (both whole numbers from 1).
.renamed <- function(cluster, reference) {
    shared <- table(factor(cluster, seq_len(max(cluster))),
        factor(reference, seq_len(max(reference))))
    .matchClusters(unclass(shared))[cluster]
}

# For each row of a table of shared samples its column: pairs from the largest
# count down, then two of them swapped as long as that gains samples; rows left
# over go where most of their samples are.
.matchClusters <- function(shared) {
    rows <- nrow(shared)
    pick <- max.col(shared, ties.method = "first")
    left <- shared
    paired <- min(dim(shared))
    chosen <- integer()
    for (i in seq_len(paired)) {
        best <- arrayInd(which.max(left), dim(left))
        chosen <- c(chosen, best[1L])
        pick[best[1L]] <- best[2L]
        left[best[1L], ] <- -1L
        left[, best[2L]] <- -1L
    }
    repeat {
        now <- shared[cbind(chosen, pick[chosen])]
        # [a, b]: what is gained if a and b swap their columns
        across <- shared[chosen, pick[chosen], drop = FALSE]
        gain <- across + t(across) - outer(now, now, "+")
        if (paired < 2L || max(gain) <= 0) {
            return(pick)
        }
        swap <- chosen[arrayInd(which.max(gain), dim(gain))]
        pick[swap] <- pick[rev(swap)]
    }
}

#' @rdname consensusClusters
#' @method print aesop_consensus
#' @export
print.aesop_consensus <- function(x, ...) {
    cat(.count(length(x$clusters), "sample"), " in ", .count(x$k, "cluster"),
        ", by the vote of ", .count(ncol(x$votes), "network"), "\n", sep = "")
    cat("  number of clusters: ", x$reason, "\n", sep = "")
    cat(sprintf("  confidence: mean %.2f; above 0.9 in %.0f%% of the samples\n",
        mean(x$confidence), 100 * mean(x$confidence > 0.9)))
    table <- data.frame(cluster = levels(x$clusters),
        samples = as.vector(table(x$clusters)),
        confidence = as.vector(tapply(x$confidence, x$clusters, mean)))
    print(table, row.names = FALSE, digits = 2L)
    invisible(x)
}
