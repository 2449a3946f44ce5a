#' Overlap of signatures
#'
#' `signatureOverlap` compares every pair of signatures by the features they
#' share; `removeRedundantSignatures` keeps one of those that are nearly the
#' same.
#'
#' `removeRedundantSignatures` goes through the signatures from the largest to
#' the smallest (of equal size, in their order) and drops those that resemble
#' one that was kept already. The Jaccard index is the share of common features
#' in all features of the two; the overlap coefficient their share in the
#' smaller signature, so that parts of a larger signature are dropped as well.
#'
#' @param signatures As for [testFeatureSets()]: a model, the result of
#'     [featureSignatures()] or a named list of character vectors.
#' @param universe As for [testFeatureSets()].
#' @param split,cutoff,... As for [testFeatureSets()].
#' @param measure `"jaccard"` or `"overlap"`, see below.
#' @param threshold Signatures at least as similar as this are redundant:
#'     greater than 0, at most 1.
#'
#' @section Errors:
#' Those of [testFeatureSets()].
#'
#' @returns `signatureOverlap`: a data frame with one row per pair, smallest
#' p-value first: `signature1`, `signature2`, `size1`, `size2`, `overlap`,
#' `jaccard`, `odds_ratio`, `p_value` (one-sided Fisher's exact test) and
#' `p_adjusted` (Benjamini-Hochberg). `removeRedundantSignatures`: a list with
#' `signatures`, those that were kept, in their order, in the form in which
#' they were given (for a model, a table), and `removed`, a data frame with
#' `signature`, `kept` (the one that stands for it) and `similarity`.
#' @seealso [featureSignatures()], [ensembleAutoencoder()]
#' @export
#' @examples
#' genes <- paste0("gene", 1:100)
#' signatures <- list(a = genes[1:20], b = genes[2:20], c = genes[18:40])
#' signatureOverlap(signatures, genes)
#' removeRedundantSignatures(signatures)$removed
signatureOverlap <- function(signatures, universe = NULL,
    split = c("direction", "code"), cutoff = 2, ...) {
    split <- .checkChoice(split, "split", c("direction", "code"))
    cutoff <- .checkNumber(cutoff, "cutoff", lower = 0)
    lists <- .signatureList(signatures, split, cutoff, list(...))
    universe <- .checkUniverse(universe, signatures)
    if (length(lists) < 2L) {
        .abortParam("signatures", signatures, "at least two signatures")
    }
    lists <- .withinUniverse(lists, universe, "signatures")
    size <- lengths(lists, use.names = FALSE)
    common <- .commonFeatures(lists)
    pairs <- which(upper.tri(common), arr.ind = TRUE)
    i <- unname(pairs[, 1L])
    j <- unname(pairs[, 2L])
    overlap <- common[pairs]
    n <- length(universe)
    p_value <- stats::phyper(overlap - 1, size[j], n - size[j], size[i],
        lower.tail = FALSE)
    table <- data.frame(signature1 = names(lists)[i],
        signature2 = names(lists)[j], size1 = size[i], size2 = size[j],
        overlap = as.integer(overlap),
        jaccard = .similarity(overlap, size[i], size[j], "jaccard"),
        odds_ratio = .oddsRatio(overlap, size[i], size[j], n),
        p_value = p_value, p_adjusted = stats::p.adjust(p_value, "BH"))
    table <- table[order(table$p_value, -table$jaccard), ]
    rownames(table) <- NULL
    table
}

#' @rdname signatureOverlap
#' @export
removeRedundantSignatures <- function(signatures, threshold = 0.5,
    measure = c("jaccard", "overlap"), split = c("direction", "code"),
    cutoff = 2, ...) {
    threshold <- .checkNumber(threshold, "threshold", lower = 0, upper = 1)
    if (threshold == 0) {
        .abortParam("threshold", threshold, "greater than 0, at most 1")
    }
    measure <- .checkChoice(measure, "measure", c("jaccard", "overlap"))
    split <- .checkChoice(split, "split", c("direction", "code"))
    cutoff <- .checkNumber(cutoff, "cutoff", lower = 0)
    signatures <- .signaturesOf(signatures, cutoff, list(...))
    lists <- .signatureList(signatures, split, cutoff, list())
    size <- lengths(lists, use.names = FALSE)
    common <- .commonFeatures(lists)
    like <- .similarity(common, size[row(common)], size[col(common)],
        measure)
    kept <- integer()
    twin <- rep(NA_integer_, length(lists))
    for (i in order(-size)) {
        near <- kept[like[i, kept] >= threshold]
        if (length(near) > 0L) {
            twin[i] <- near[which.max(like[i, near])]
        } else {
            kept <- c(kept, i)
        }
    }
    gone <- which(!is.na(twin))
    removed <- data.frame(signature = names(lists)[gone],
        kept = names(lists)[twin[gone]],
        similarity = like[cbind(gone, twin[gone])])
    list(signatures = .keepSignatures(signatures, names(lists)[sort(kept)],
        split), removed = removed)
}

# In the form in which they were given.
.keepSignatures <- function(signatures, names, split) {
    if (!is.data.frame(signatures)) {
        return(signatures[names])
    }
    table <- signatures[.signatureOf(signatures, split) %in% names, ]
    rownames(table) <- NULL
    table
}

# Numbers of features that signatures have in common.
.commonFeatures <- function(lists) {
    names <- unique(unlist(lists, use.names = FALSE))
    unname(as.matrix(Matrix::crossprod(.membership(lists, names))))
}

# 0 for two signatures without features.
.similarity <- function(common, size1, size2, measure) {
    all <- switch(measure, jaccard = size1 + size2 - common,
        overlap = pmin(size1, size2))
    common / pmax(all, 1)
}
