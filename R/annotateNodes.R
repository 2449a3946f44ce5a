#' What the codes go with: every code against every annotation
#'
#' Tests each code against each column of the samples' annotation, so that the
#' code that follows sex, batch or age shows by itself.
#'
#' Numbers are compared with a code by Spearman's correlation (t
#' approximation), two groups by Wilcoxon's rank sum test (normal approximation
#' with continuity correction and correction for ties) and more groups by
#' Kruskal and Wallis' test (chi-squared approximation). All rest on ranks, as
#' codes may have any distribution. Missing values of an annotation are left
#' out. No p-value is below 2 divided by the number of ways in which the samples
#' can be arranged, as no exact test's could be: with few samples these
#' approximations would go further. P-values are adjusted over all tests
#' (Benjamini and Hochberg 1995).
#'
#' A p-value is `NA`, and `reason` says why, for a constant code or annotation,
#' for fewer than `min_samples` samples with a value, for labels of which there
#' are more than one for every two samples (such as names), and for columns
#' that are neither numbers nor groups.
#'
#' @param x A matrix of codes (samples x codes), a fitted model or a
#'     SingleCellExperiment with stored codes, as for [clusterCodes()].
#' @param data,dimred As for [clusterCodes()].
#' @param colData A data frame or `DataFrame` with one row per sample and one
#'     column per annotation; `NULL` for the `colData` of `x` or `data`. If
#'     all samples are among its row names, rows are matched by name.
#' @param min_samples Fewest samples that are tested, at least 3.
#' @param ... For a model: further arguments of [encode()].
#'
#' @section Errors:
#' Those of [clusterCodes()]; `aesop_error_param` for the other arguments.
#'
#' @returns A data frame with one row per code and annotation, smallest p-value
#' first: `code`, `annotation`, `test` (`"spearman"`, `"wilcoxon"`,
#' `"kruskal"`), `n` (samples used), `statistic` (t, standardised rank sum or
#' chi-squared), `effect`, `p_value`, `p_adjusted` and `reason`. The effect is
#' the rank correlation, from -1 to 1; for two groups the rank-biserial
#' correlation, positive if the code is higher in the second level; for more
#' groups epsilon squared, from 0 to 1 (Tomczak and Tomczak 2014).
#' @references
#' Benjamini Y., Hochberg Y. (1995) Controlling the false discovery rate.
#' Journal of the Royal Statistical Society B 57, 289-300.
#'
#' Tomczak M., Tomczak E. (2014) The need to report effect size estimates
#' revisited. Trends in Sport Sciences 1(21), 19-25.
#' @seealso [differentialActivity()] for one comparison with covariates,
#'     [nodeActivity()]
#' @export
#' @examples
#' sex <- rep(c("female", "male"), 20)
#' codes <- cbind(AE1 = rnorm(40), AE2 = rnorm(40, ifelse(sex == "male", 3, 0)))
#' annotateNodes(codes, colData = data.frame(sex, age = runif(40, 20, 80)))
annotateNodes <- function(x, data = NULL, colData = NULL, dimred = "AE",
    min_samples = 5, ...) {
    dimred <- .checkString(dimred, "dimred")
    min_samples <- .checkNumber(min_samples, "min_samples", lower = 3,
        integer = TRUE)
    codes <- .namedCodes(.codesOf(x, data, dimred, list(...)))
    frame <- .annotationFrame(colData, x, data, codes)
    tables <- lapply(names(frame), function(name) {
        cbind(data.frame(code = colnames(codes), annotation = name),
            .annotateOne(codes, frame[[name]], min_samples))
    })
    table <- do.call(rbind, tables)
    table$p_adjusted <- stats::p.adjust(table$p_value, "BH")
    wanted <- c("code", "annotation", "test", "n", "statistic", "effect",
        "p_value", "p_adjusted", "reason")
    table <- table[order(table$p_value, -abs(table$effect)), wanted]
    rownames(table) <- NULL
    table
}

.namedCodes <- function(codes) {
    if (is.null(colnames(codes))) {
        colnames(codes) <- paste0("AE", seq_len(ncol(codes)))
    }
    codes
}

# The annotation of the samples as a list of columns: `colData`, or what comes
# with x or data.
.annotationFrame <- function(colData, x, data, codes, arg = "colData") {
    own <- is.null(colData)
    if (own) {
        from <- if (is(x, "SummarizedExperiment")) x else data
        if (!is(from, "SummarizedExperiment")) {
            .abortParam(arg, NULL, paste("a data frame with one row per",
                "sample, as the samples do not come with one"))
        }
        colData <- SummarizedExperiment::colData(from)
    }
    if (!is.data.frame(colData) && !is(colData, "DataFrame")) {
        .abortParam(arg, colData, "a data frame with one row per sample")
    }
    rows <- if (!own && !is.null(rownames(codes))) {
        match(rownames(codes), rownames(colData))
    }
    if (length(rows) > 0L && !anyNA(rows)) {
        colData <- colData[rows, , drop = FALSE]
    }
    if (nrow(colData) != nrow(codes)) {
        .abort("param", sprintf("`%s` has %s for %s; give one row per sample.",
            arg, .count(nrow(colData), "row"), .count(nrow(codes), "sample")),
            arg = arg, value = dim(colData), allowed = nrow(codes))
    }
    if (ncol(colData) == 0L) {
        .abortParam(arg, "no columns", "a data frame with annotations")
    }
    columns <- lapply(seq_len(ncol(colData)), function(i) colData[[i]])
    names(columns) <- make.unique(as.character(colnames(colData)))
    columns
}

# All codes against one annotation.
.annotateOne <- function(codes, value, min_samples) {
    n_codes <- ncol(codes)
    rows <- function(test = NA_character_, n = NA_integer_, statistic =
        NA_real_, effect = NA_real_, p_value = NA_real_,
        reason = NA_character_) {
        data.frame(test = rep_len(test, n_codes), n = rep_len(n, n_codes),
            statistic = statistic, effect = effect, p_value = p_value,
            reason = reason, row.names = NULL)
    }
    is_group <- is.factor(value) || is.character(value) || is.logical(value)
    is_number <- is.numeric(value) && !is.factor(value)
    if (!(is_group || is_number) || !is.null(dim(value))) {
        return(rows(reason = "neither numbers nor groups"))
    }
    value <- if (is_group) factor(value) else as.numeric(value)
    used <- if (is_group) !is.na(value) else is.finite(value)
    value <- if (is_group) factor(value[used]) else value[used]
    codes <- codes[used, , drop = FALSE]
    n <- length(value)
    levels <- length(unique(value))
    test <- if (is_number) {
        "spearman"
    } else if (levels == 2L) {
        "wilcoxon"
    } else {
        "kruskal"
    }
    problem <- if (n < min_samples) {
        sprintf("fewer than %d samples", min_samples)
    } else if (levels < 2L) {
        "annotation is constant"
    } else if (is_group && levels > n / 2) {
        "more groups than half the samples"
    }
    if (!is.null(problem)) {
        return(rows(test, n, reason = problem))
    }
    ranks <- apply(codes, 2L, rank)
    result <- switch(test,
        spearman = .spearmanTest(ranks, rank(value)),
        wilcoxon = .wilcoxonTest(ranks, value),
        kruskal = .kruskalTest(ranks, value)
    )
    result$p_value <- pmax(result$p_value,
        .smallestPValue(if (is_number) rep(1, n) else table(value)))
    flat <- apply(ranks, 2L, function(r) all(r == r[1L]))
    result <- lapply(result, function(column) {
        column[flat] <- NA_real_
        unname(column)
    })
    rows(test, n, result$statistic, result$effect, result$p_value,
        ifelse(flat, "code is constant", NA_character_))
}

# Of a two-sided permutation test of groups of these sizes.
.smallestPValue <- function(sizes) {
    ways <- lfactorial(sum(sizes)) - sum(lfactorial(sizes))
    min(1, 2 * exp(-ways))
}

# The tests of each column of ranks: lists of statistic, effect and p_value.
.spearmanTest <- function(ranks, value) {
    n <- length(value)
    rho <- suppressWarnings(as.vector(stats::cor(ranks, value)))
    rho <- pmax(-1, pmin(1, rho))
    t <- rho * sqrt((n - 2) / (1 - rho^2))
    list(statistic = t, effect = rho,
        p_value = 2 * stats::pt(-abs(t), n - 2))
}

.wilcoxonTest <- function(ranks, group) {
    second <- as.integer(group) == 2L
    n <- c(sum(!second), sum(second))
    centred <- colSums(ranks[second, , drop = FALSE]) -
        n[2L] * (sum(n) + 1) / 2
    z <- (centred - sign(centred) * 0.5) /
        sqrt(prod(n) / 12 * (sum(n) + 1) * .tieShare(ranks))
    list(statistic = z, effect = 2 * centred / prod(n),
        p_value = pmin(1, 2 * stats::pnorm(-abs(z))))
}

.kruskalTest <- function(ranks, group) {
    n <- nrow(ranks)
    size <- as.vector(table(group))
    sums <- rowsum(ranks, as.integer(group))
    h <- (12 * colSums(sums^2 / size) / (n * (n + 1)) - 3 * (n + 1)) /
        .tieShare(ranks)
    list(statistic = h, effect = h / (n - 1),
        p_value = stats::pchisq(h, length(size) - 1, lower.tail = FALSE))
}

# By what ties reduce the variance of ranks: 1 without ties.
.tieShare <- function(ranks) {
    n <- nrow(ranks)
    apply(ranks, 2L, function(r) {
        ties <- as.numeric(table(r))
        1 - sum(ties^3 - ties) / (n^3 - n)
    })
}
