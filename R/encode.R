#' Codes and reconstructions of samples
#'
#' `encode` runs the encoder on samples, `decode` the decoder on codes, and
#' `reconstruct` both. Normalisation and scaling are part of the model and are
#' applied to new data. A sample's result does not depend on the other samples.
#'
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class]; for
#'     `encode` also an [ensemble][ensembleAutoencoder()].
#' @param x For `encode` and `reconstruct`: samples to run through the model,
#'     as for [trainAutoencoder()]. Their features are matched by name: the
#'     order does not matter, further features are dropped with a message. For
#'     `decode`: the model.
#' @param match `"name"`, or `"position"` if the rows of `x` are the model's
#'     features in the same order whatever their names.
#' @param ... Where the samples are and how to read them: `assay.type`,
#'     `exprs_values`, `altexp`, `dimred`, `n_dimred`, `transposed`,
#'     `size_factors`, `memory_limit`, as for [trainAutoencoder()]. Without
#'     them the same assay, alternative experiment or reduced dimension is used
#'     as for training. Further, `missing = "mask"` leaves features that the
#'     data lack out of the computation, as [fineTune()] does, where otherwise
#'     they are an error; `min_overlap`, 0.5, is the smallest share of them that
#'     must be there. Not used by `decode`.
#' @param covariates For a model with a `design`: a data frame with the
#'     covariates, one row per sample; `encode` and `reconstruct` take it in
#'     `...`, and use `colData(x)` without it. Other values than the samples'
#'     own ask how they would look under these, such as in one common batch.
#' @param num_threads,device Number of threads, and where to compute, see
#'     [trainAutoencoder()]; `encode` and `reconstruct` take `device` too.
#' @param codes A numeric matrix of samples x codes.
#'
#' @section Errors:
#' `aesop_error_features` if features are missing, duplicated or unnamed;
#' `aesop_error_input_type`, `_input_dim` or `_input_value` for data that
#' cannot be used; `aesop_error_not_fitted` for settings instead of a model;
#' `aesop_error_format_schema` for a model that was changed by hand;
#' `aesop_error_design` for covariates that are missing, or levels that the
#' model has not seen; `aesop_error_device` and `aesop_error_fork` as of
#' [trainAutoencoder()].
#'
#' @returns `encode`: a matrix of samples x codes with columns `AE1`, `AE2` and
#' so on. `decode` and `reconstruct`: a dense matrix of features x samples on
#' the scale of the training data; for losses on counts, expected counts (with
#' `decode`, of a sample of typical size). For a model of several assays a list
#' of such matrices.
#' @seealso [predict.AutoencoderModel()]
#' @examples
#' x <- outer(rnorm(30), rnorm(50)) + rnorm(30 * 50, sd = 0.2)
#' dimnames(x) <- list(paste0("gene", seq_len(30)),
#'     paste0("sample", seq_len(50)))
#' model <- trainAutoencoder(x, latent = 2, seed = 1)
#' codes <- encode(model, x)
#' dim(codes)
#' dim(decode(model, codes[seq_len(3), ]))
#' c(before = mean((x - rowMeans(x))^2),
#'     after = mean((x - reconstruct(model, x))^2))
#' @export
encode <- function(model, x, match = c("name", "position"), ...,
    num_threads = NULL) {
    args <- c(list(match = match, num_threads = num_threads), list(...))
    if (inherits(model, "aesop_ensemble")) {
        return(.encodeEnsemble(model, x, args))
    }
    .encodeNew(.checkModel(model), x, args)
}

#' @rdname encode
#' @export
reconstruct <- function(model, x, match = c("name", "position"), ...,
    num_threads = NULL) {
    model <- .checkModel(model)
    args <- c(list(match = match, num_threads = num_threads), list(...))
    .reconstructNew(model, x, args)
}

#' @rdname encode
#' @importFrom S4Vectors decode
#' @export
setMethod("decode", "AutoencoderModel", function(x, codes,
    covariates = NULL, num_threads = NULL, device = "auto") {
    model <- .checkModel(x, "x")
    codes <- .checkCodes(codes, model@param@settings$latent)
    control <- list(num_threads = .resolveThreads(num_threads),
        device = .resolveDevice(device))
    design <- .newDesign(model, NULL, covariates, nrow(codes), rownames(codes))
    result <- .onDevice(decode_codes(.coreModel(model), codes, design,
        control))
    dimnames(result) <- list(model@features, rownames(codes))
    if (.isMultimodal(model)) .splitAssays(model, result) else result
})

# A finite numeric matrix of samples x latent.
.checkCodes <- function(codes, latent = NULL, arg = "codes") {
    plain <- is.matrix(codes) && !isS4(codes) && is.numeric(codes) &&
        !is.object(codes)
    if (!plain) {
        .abort("input_type", sprintf(
            "`%s` must be a numeric matrix of samples x codes, not %s.", arg,
            .gotText(codes, class(codes))),
            arg = arg, got = class(codes), accepted = "numeric matrix")
    }
    if (nrow(codes) == 0L || ncol(codes) == 0L ||
        (!is.null(latent) && ncol(codes) != latent)) {
        wanted <- if (is.null(latent)) "some" else as.character(latent)
        .abort("input_dim", sprintf(
            "`%s` is %d samples x %d codes; it needs %s codes.", arg,
            nrow(codes), ncol(codes), wanted),
            arg = arg, expected = latent, got = dim(codes))
    }
    bad <- which(!is.finite(codes))
    if (length(bad) > 0L) {
        row <- (bad[1L] - 1L) %% nrow(codes) + 1L
        column <- (bad[1L] - 1L) %/% nrow(codes) + 1L
        .abort("input_value", sprintf(
            "`%s` has %s not finite; the first is in row %d, column %d.", arg,
            .count(length(bad), "value"), row, column),
            arg = arg, n_bad = length(bad), first = c(row, column))
    }
    storage.mode(codes) <- "double"
    codes
}
