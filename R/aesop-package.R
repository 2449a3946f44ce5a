#' aesop: autoencoders for single-cell and omics profiles
#'
#' Features (genes, proteins, probes) are the rows of every input, samples
#' (cells, patients) its columns. Start with [trainAutoencoder()] for any
#' matrix, or with [runAutoencoder()] for a
#' [SingleCellExperiment][SingleCellExperiment::SingleCellExperiment-class];
#' then see [encode()], [clusterCodes()] and [findOutliers()].
#'
#' Every error is a condition of class `aesop_error` and of one subclass such
#' as `aesop_error_param` (a setting out of range), `aesop_error_input_value`
#' (missing or negative values), `aesop_error_input_type`,
#' `aesop_error_input_dim`, `aesop_error_features` (new data with other
#' features), `aesop_error_numeric` (training gave non-finite numbers; the
#' field `model` holds the last good model), `aesop_error_not_fitted` (settings
#' instead of a model), `aesop_error_memory`, `aesop_error_device`,
#' `aesop_error_fork` (a GPU in a forked process),
#' `aesop_error_package` (a suggested package is not installed),
#' `aesop_error_io` or `aesop_error_format` (model files), so that scripts can
#' catch what they can handle. Warnings are of class `aesop_warning`, messages
#' of class `aesop_message`. Fields such as `arg`, `value` and `allowed` carry
#' the details: `tryCatch(..., aesop_error_param = function(e) e$allowed)`.
#'
#' @returns Nothing; this page describes the package.
#' @useDynLib aesop, .registration = TRUE
#' @importFrom Rcpp evalCpp
#' @importFrom RcppParallel RcppParallelLibs
#' @import methods
#' @importClassesFrom SingleCellExperiment SingleCellExperiment
#' @importClassesFrom SummarizedExperiment SummarizedExperiment
#' @importFrom Matrix t
#' @keywords internal
"_PACKAGE"

# The pronoun of ggplot2's aes(); ggplot2 is only suggested, so it cannot be
# imported.
utils::globalVariables(".data")
