#' Train an autoencoder and store the codes
#'
#' Calls [trainAutoencoder()] on a SingleCellExperiment and stores the result
#' in it, where other packages look for an embedding.
#'
#' @param x A
#'     [SingleCellExperiment][SingleCellExperiment::SingleCellExperiment-class].
#' @param param An [AutoencoderParam()] or one of its [presets], or `NULL` for
#'     the defaults, see [linearParam()].
#' @param ... Further arguments of [trainAutoencoder()], such as
#'     `assay.type`, `subset_row`, `ncomponents`, `altexp`, `dimred`, `seed`
#'     and `num_threads`, and settings by name.
#' @param name Name of the reduced dimension and of the entry in
#'     [metadata()][S4Vectors::metadata].
#'
#' @section Errors:
#' As for [trainAutoencoder()].
#'
#' @returns `x` with `reducedDim(x, name)`, a matrix of samples x codes with
#' columns `AE1`, `AE2` and so on, and `metadata(x)[[name]]`, a list with the
#' element `model`, an [AutoencoderModel][AutoencoderModel-class].
#' @seealso [clusterCodes()], [findOutliers()] and [plotCodes()] for what comes
#'     next
#' @examples
#' library(SingleCellExperiment)
#' counts <- matrix(rpois(50 * 80, lambda = rep(1:5, each = 10)), nrow = 50,
#'     dimnames = list(paste0("gene", seq_len(50)),
#'         paste0("cell", seq_len(80))))
#' sce <- SingleCellExperiment(list(counts = counts,
#'     logcounts = log1p(counts)))
#' sce <- runAutoencoder(sce, ncomponents = 3, epochs = 10, seed = 1)
#' head(reducedDim(sce, "AE"), 3)
#' metadata(sce)$AE$model
#' @name runAutoencoder
#' @aliases runAutoencoder
NULL

#' @rdname runAutoencoder
#' @export
setMethod("runAutoencoder", "ANY", function(x, ...) {
    hint <- if (is(x, "SummarizedExperiment")) {
        paste("Convert it, as(x, \"SingleCellExperiment\"), or use",
            "trainAutoencoder(x) and encode().")
    } else {
        "For a matrix use trainAutoencoder(x) and encode()."
    }
    .abort("input_type", c(
        sprintf("`x` must be a SingleCellExperiment, it is %s.",
            .gotText(x, class(x))),
        hint
    ), arg = "x", got = class(x), accepted = "SingleCellExperiment")
})

#' @rdname runAutoencoder
#' @export
setMethod("runAutoencoder", "SingleCellExperiment", function(x, param = NULL,
    ..., name = "AE") {
    name <- .checkString(name, "name")
    parts <- .splitCall(list(...))
    picked <- .placed(x, param, parts$where, parts$args)
    fit <- .trainFrom(picked, param, parts$settings, parts$call,
        quiet = identical(parts$args$verbose, FALSE))
    codes <- .encodeSource(fit$model, fit$source, fit$control)
    rownames(codes) <- colnames(x)
    SingleCellExperiment::reducedDim(x, name) <- codes
    S4Vectors::metadata(x)[[name]] <- list(model = fit$model)
    x
})
