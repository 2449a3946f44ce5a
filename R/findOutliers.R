#' Find unusual samples by their reconstruction error
#'
#' A sample that the autoencoder cannot reconstruct well is unlike the others.
#' The error of a sample is its loss, see
#' [predict.AutoencoderModel()].
#'
#' The threshold comes from the errors of the samples in `x`, so `x` should have
#' some tens of samples, most of them normal. Compare the errors of a few new
#' samples with those of the training samples instead:
#' `summary(model)$error_quantiles`. A network can learn the outliers that it is
#' trained on; for a sharp answer train on samples that you trust, and give the
#' model.
#'
#' @param x Samples as for [trainAutoencoder()]: a matrix, a
#'     SummarizedExperiment or a SingleCellExperiment.
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class]; `NULL` for
#'     the one that [runAutoencoder()] left in `metadata(x)[[name]]`, or else
#'     (and always if `param` is given) one trained on `x` itself.
#' @param method `"mad"`: more than `nmads` median absolute deviations above
#'     the median of the log errors ([scuttle::isOutlier()]).
#'     `"contamination"`: the given share of samples with the largest errors.
#' @param nmads Number of median absolute deviations, greater than 0.
#' @param contamination Share of outliers, greater than 0 and at most 0.5.
#' @param param If a model is trained: its [AutoencoderParam()].
#' @param name Prefix of the columns that are added to `colData(x)`.
#' @param ... With a model: further arguments of [encode()]; otherwise of
#'     [trainAutoencoder()].
#'
#' @section Errors:
#' Those of [trainAutoencoder()] and [encode()]; `aesop_error_param` for the
#' other arguments; `aesop_error_package` if scuttle is not installed.
#'
#' @returns For a matrix: a data frame with the columns `sample`, `score` (the
#' error), `threshold` and `outlier` (logical), one row per sample, the largest
#' score first. For a SummarizedExperiment or SingleCellExperiment: `x` with
#' the columns `AE_error` and `AE_outlier` in its `colData`.
#' @seealso [predict.AutoencoderModel()] for the errors alone
#' @export
#' @examples
#' # genes that go together, and one sample in which they do not
#' x <- outer(rnorm(30), rnorm(40)) + rnorm(30 * 40, sd = 0.2)
#' dimnames(x) <- list(paste0("gene", seq_len(30)),
#'     paste0("sample", seq_len(40)))
#' x[, 7] <- sample(x[, 7])
#' model <- trainAutoencoder(x[, -7], latent = 2, seed = 1)
#' head(findOutliers(x, model))
findOutliers <- function(x, model = NULL, method = c("mad", "contamination"),
    nmads = 3, contamination = 0.05, param = NULL, name = "AE", ...) {
    rule <- .outlierRule(method, nmads, contamination)
    name <- .checkString(name, "name")
    if (!is.null(model) && !is.null(param)) {
        .abortParam("param", param, "NULL, as there is a model already")
    }
    if (is.null(model) && is.null(param) &&
        is(x, "SummarizedExperiment")) {
        stored <- S4Vectors::metadata(x)[[name]]
        model <- if (is.list(stored)) stored[["model"]]
    }
    score <- if (is.null(model)) {
        .errorsAfterTraining(x, param, list(...))
    } else {
        .sampleErrors(.checkModel(model), x, list(...))
    }
    call <- .callOutliers(unname(score), rule)
    if (is(x, "SummarizedExperiment")) {
        columns <- SummarizedExperiment::colData(x)
        columns[[paste0(name, "_error")]] <- unname(score)
        columns[[paste0(name, "_outlier")]] <- call$outlier
        SummarizedExperiment::colData(x) <- columns
        return(x)
    }
    .outlierTable(score, call)
}

# The rule, checked: list(method, nmads, contamination).
.outlierRule <- function(method = c("mad", "contamination"), nmads = 3,
    contamination = 0.05) {
    method <- .checkChoice(method, "method", c("mad", "contamination"))
    if (method == "mad") {
        .needPackage("scuttle", "method = \"mad\"")
    }
    list(
        method = method,
        nmads = .checkNumber(nmads, "nmads", lower = 0, open = TRUE),
        contamination = .checkNumber(contamination, "contamination",
            lower = 0, upper = 0.5, open = TRUE)
    )
}

# list(outlier, threshold) of a vector of errors.
.callOutliers <- function(score, rule) {
    if (rule$method == "contamination") {
        threshold <- stats::quantile(score, 1 - rule$contamination,
            names = FALSE)
        return(list(outlier = score > threshold, threshold = threshold))
    }
    # An error of exactly 0 is no outlier, and has no logarithm.
    positive <- score > 0
    if (!any(positive)) {
        return(list(outlier = positive, threshold = 0))
    }
    score <- pmax(score, min(score[positive]))
    verdict <- scuttle::isOutlier(score, nmads = rule$nmads, type = "higher",
        log = TRUE)
    list(outlier = as.logical(verdict),
        threshold = unname(attr(verdict, "thresholds")["higher"]))
}

.outlierTable <- function(score, call) {
    samples <- names(score)
    if (is.null(samples)) {
        samples <- paste0("sample", seq_along(score))
    }
    table <- data.frame(sample = samples, score = unname(score),
        threshold = call$threshold, outlier = call$outlier)
    table <- table[order(table$score, decreasing = TRUE), ]
    rownames(table) <- NULL
    table
}

.errorsAfterTraining <- function(x, param, args) {
    where <- args[intersect(names(args), .whereArguments())]
    args <- args[setdiff(names(args), .whereArguments())]
    is_call <- names(args) %in% names(.callDefaults())
    if (is(x, "SummarizedExperiment")) {
        x <- .pickMatrix(x, where, .configOf(param, args))
    } else if (length(where) > 0L) {
        .checkNames(where, character(), "findOutliers() for a matrix")
    }
    fit <- .trainFrom(x, param, args[!is_call], args[is_call],
        quiet = identical(args$verbose, FALSE))
    error <- .applySource(fit$model, fit$source, "error", fit$control)
    stats::setNames(error$sample, .sampleNames(fit$source))
}
