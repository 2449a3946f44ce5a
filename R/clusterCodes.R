#' Cluster samples by their codes
#'
#' Hands the codes to [bluster::clusterRows()], which offers graph-based,
#' hierarchical, k-means and many other methods.
#'
#' @param x A matrix of codes (samples x codes), a fitted
#'     [AutoencoderModel][AutoencoderModel-class], or a SingleCellExperiment
#'     with the codes in a reduced dimension.
#' @param data For a model: the samples to encode, see [encode()].
#' @param BLUSPARAM A parameter object of package bluster that picks the
#'     method (some, such as [bluster::KmeansParam()], draw from R's
#'     generator); `NULL` for [bluster::NNGraphParam()] with at most 10
#'     neighbours (fewer for fewer than 40 samples; Louvain's method instead of
#'     walktrap beyond 10,000 samples).
#' @param dimred Name of the reduced dimension with the codes.
#' @param name Name of the column that is added to the
#'     [colData()][SummarizedExperiment::colData] of a SingleCellExperiment.
#' @param ... For a model: further arguments of [encode()].
#'
#' @section Errors:
#' `aesop_error_input_type`, `_input_dim` or `_input_value` for codes that
#' cannot be used; `aesop_error_param` for the other arguments;
#' `aesop_error_package` if bluster is not installed.
#'
#' @returns A factor with one cluster per sample, named by sample; for a
#' SingleCellExperiment, `x` with the column `name` in its `colData`.
#' @seealso [chooseClusters()] for how many, [consensusClusters()] for those
#' that several networks agree on, [plotCodes()]
#' @export
#' @examples
#' if (requireNamespace("bluster", quietly = TRUE)) {
#'     codes <- cbind(AE1 = c(rnorm(30), rnorm(30, 8)), AE2 = rnorm(60))
#'     table(clusterCodes(codes))
#' }
clusterCodes <- function(x, data = NULL, BLUSPARAM = NULL, dimred = "AE",
    name = "AE_cluster", ...) {
    .needPackage("bluster", "clusterCodes()")
    dimred <- .checkString(dimred, "dimred")
    name <- .checkString(name, "name")
    codes <- .codesOf(x, data, dimred, list(...))
    .checkBluster(BLUSPARAM)
    cluster <- if (!is.null(BLUSPARAM)) {
        .runBluster(codes, BLUSPARAM)
    } else if (nrow(codes) < 2L) {
        factor(rep(1L, nrow(codes)))
    } else {
        bluster::clusterRows(codes, .defaultClustering(nrow(codes)))
    }
    names(cluster) <- rownames(codes)
    if (is(x, "SingleCellExperiment")) {
        SummarizedExperiment::colData(x)[[name]] <- unname(cluster)
        return(x)
    }
    cluster
}

.checkBluster <- function(BLUSPARAM) {
    if (!is.null(BLUSPARAM) && !is(BLUSPARAM, "BlusterParam")) {
        .abortParam("BLUSPARAM", BLUSPARAM,
            "NULL or a parameter object such as bluster::NNGraphParam()")
    }
    invisible(BLUSPARAM)
}

# Methods stop in their own ways, for example for more clusters than samples.
.runBluster <- function(codes, BLUSPARAM) {
    tryCatch(bluster::clusterRows(codes, BLUSPARAM), error = function(e) {
        .abort("param", c(
            sprintf("`BLUSPARAM` (%s) does not work for %s with %s: %s",
                class(BLUSPARAM)[1L], .count(nrow(codes), "sample"),
                .count(ncol(codes), "code"), conditionMessage(e)),
            "Ask for fewer clusters or neighbours, or use another method."
        ), arg = "BLUSPARAM", value = BLUSPARAM, allowed = NULL)
    })
}

# Neighbours must be fewer than the samples.
.defaultClustering <- function(n) {
    k <- max(1L, min(10L, n %/% 4L))
    if (n <= 10000L) {
        return(bluster::NNGraphParam(k = k))
    }
    bluster::NNGraphParam(k = k, cluster.fun = "louvain")
}

# The codes in a matrix, an SCE, or made by a model from data.
.codesOf <- function(x, data, dimred, args) {
    is_model <- is(x, "AutoencoderModel") || is(x, "AutoencoderParam")
    if (!is.null(data) && !is_model) {
        .abortParam("data", data, "NULL, as `x` is not a model")
    }
    if (is(x, "SingleCellExperiment")) {
        .checkNames(args, character(), "this function")
        return(.storedCodes(x, dimred))
    }
    if (is_model) {
        .checkModel(x, "x")
        if (is.null(data)) {
            .abortWithoutData("data", "clusterCodes")
        }
        return(.encodeNew(x, data, args, "data"))
    }
    .checkNames(args, character(), "this function")
    .checkCodes(x, arg = "x")
}

.storedCodes <- function(x, dimred) {
    known <- SingleCellExperiment::reducedDimNames(x)
    if (!dimred %in% known) {
        .abort("param", c(
            sprintf("`dimred` = %s is not in `x`; it has: %s.",
                .quote(dimred),
                if (length(known)) .showNames(known, 10L) else "none"),
            "Run: x <- runAutoencoder(x)"
        ), arg = "dimred", value = dimred, allowed = known)
    }
    codes <- as.matrix(SingleCellExperiment::reducedDim(x, dimred))
    rownames(codes) <- colnames(x)
    .checkCodes(codes, arg = "x")
}
