#' Codes, reconstructions and errors from a fitted model
#'
#' The usual verbs of R's models. A fitted model does not hold the training
#' data, so the data are always an argument.
#'
#' @param object A fitted [AutoencoderModel][AutoencoderModel-class].
#' @param newdata,x Samples to run through the model, as for [encode()].
#' @param type For `predict`: `"code"` (samples x codes), `"reconstruction"`
#'     (features x samples) or `"error"` (the loss of each sample). For
#'     `residuals`: `"response"`, the data minus their reconstruction.
#' @param ... Further arguments of [encode()], such as `match`, `assay.type`
#'     or `num_threads`.
#'
#' @section Errors:
#' `aesop_error_param` if the data are missing from the call; those of
#' [encode()].
#'
#' @returns `predict`: a matrix, or for `type = "error"` a vector with the loss
#' of each sample (its mean or sum over the features, as in training).
#' `fitted` and `residuals`: a dense matrix of features x samples, residuals of
#' features that the data lack (`missing = "mask"`) being `NA`;
#' `fitted(object, x)` is `reconstruct(object, x)`.
#' @name predict.AutoencoderModel
#' @examples
#' x <- matrix(rnorm(20 * 40), nrow = 20,
#'     dimnames = list(paste0("gene", seq_len(20)),
#'         paste0("sample", seq_len(40))))
#' model <- trainAutoencoder(x, latent = 2, epochs = 5, seed = 1)
#' head(predict(model, x, type = "error"), 3)
#' dim(residuals(model, x))
NULL

#' @rdname predict.AutoencoderModel
#' @importFrom stats predict
#' @method predict AutoencoderModel
#' @export
predict.AutoencoderModel <- function(object, newdata,
    type = c("code", "reconstruction", "error"), ...) {
    model <- .checkModel(object, "object")
    type <- .checkChoice(type, "type", c("code", "reconstruction", "error"))
    if (missing(newdata)) {
        .abortWithoutData("newdata", "predict")
    }
    run <- switch(type, code = .encodeNew, reconstruction = .reconstructNew,
        error = .sampleErrors)
    run(model, newdata, list(...), "newdata")
}

#' @rdname predict.AutoencoderModel
#' @importFrom stats fitted
#' @method fitted AutoencoderModel
#' @export
fitted.AutoencoderModel <- function(object, x, ...) {
    model <- .checkModel(object, "object")
    if (missing(x)) {
        .abortWithoutData("x", "fitted")
    }
    .reconstructNew(model, x, list(...))
}

#' @rdname predict.AutoencoderModel
#' @importFrom stats residuals
#' @method residuals AutoencoderModel
#' @export
residuals.AutoencoderModel <- function(object, x, type = "response", ...) {
    model <- .checkModel(object, "object")
    .checkChoice(type, "type", "response")
    if (missing(x)) {
        .abortWithoutData("x", "residuals")
    }
    new <- .newData(model, x, list(...))
    source <- new$source
    result <- .applySource(model, source, "reconstruction", new$control)
    result <- .knownValues(source) - result
    dimnames(result) <- list(model@features, .sampleNames(source))
    if (.isMultimodal(model)) .splitAssays(model, result) else result
}

# The training data are not part of the model.
.abortWithoutData <- function(arg, verb) {
    .abort("param", c(
        sprintf("`%s` is missing: a model does not hold the training data.",
            arg),
        sprintf("Give the samples: %s(model, x)", verb)
    ), arg = arg, value = NULL, allowed = .acceptedInput())
}

# One reconstruction error per sample, named by sample.
.sampleErrors <- function(model, x, args, arg = "x") {
    run <- .applyModel(model, x, "error", args, arg)
    stats::setNames(run$result$sample, run$samples)
}

# Numbers of the features that new data lack.
.absentFeatures <- function(source) {
    assays <- if (source$kind == "assays") source$assays else list(source)
    weights <- lapply(assays, function(a) {
        weight <- a$feature_weight
        if (is.null(weight)) rep(1, a$n_features) else weight
    })
    which(unlist(weights) == 0)
}

# The values of a source as a dense matrix, as large as the residuals.
# The values of a source; NA for the features that new data lack.
.knownValues <- function(source) {
    x <- .sourceMatrix(source)
    x[.absentFeatures(source), ] <- NA
    x
}

.sourceMatrix <- function(source) {
    if (source$kind == "assays") {
        return(do.call(rbind, lapply(source$assays, .sourceMatrix)))
    }
    x <- if (source$kind == "stream") {
        source$read(1L, source$n_samples)
    } else {
        source$x
    }
    unname(as(x, "matrix"))
}
