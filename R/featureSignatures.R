#' Features with a high weight in each code
#'
#' The features whose weight to a code lies far from the mean weight of that
#' code: its signature (Tan et al. 2016). Features with a high positive and a
#' high negative weight are kept apart, as they often belong to different
#' processes.
#'
#' The weight of a feature to a code is its element of the product of the
#' weight matrices from the input to the code; with one layer that is the
#' matrix itself. Batch normalisation counts with its factor per unit,
#' activation functions are left out. Weights are for the input as the network
#' sees it, after normalisation and scaling.
#'
#' The score is (weight - mean) / SD over all features of the model, with the
#' population SD (divisor n). A feature belongs to the signature if its score
#' is at least `cutoff` or at most `-cutoff`.
#'
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class].
#' @param cutoff Number of standard deviations, at least 0. ADAGE uses 2, the
#'     later ADAGEpath 2.5.
#' @param codes Names (`"AE3"`) or numbers of the codes to report; `NULL` for
#'     all.
#'
#' @section Errors:
#' Those of a damaged model, see [encode()]; `aesop_error_param` for the other
#' arguments, and for a model whose encoder is not made of full layers.
#'
#' @returns A data frame with one row per code and feature: `code`,
#' `direction` (`"positive"` or `"negative"`), `feature`, `weight` and `score`;
#' by code, positive before negative, the highest absolute score first.
#' @references Tan J., Hammond J.H., Hogan D.A., Greene C.S. (2016) ADAGE-based
#' integration of publicly available Pseudomonas aeruginosa gene expression
#' data with denoising autoencoders illuminates microbe-host interactions.
#' mSystems 1(1).
#' @seealso [ensembleAutoencoder()] for signatures that do not depend on a seed
#' @export
#' @examples
#' x <- matrix(rnorm(60 * 40), nrow = 60,
#'     dimnames = list(paste0("gene", seq_len(60)), NULL))
#' x[1:6, ] <- x[1:6, ] + rep(3 * rnorm(40), each = 6)
#' model <- trainAutoencoder(x, vanillaParam(latent = 2), epochs = 50,
#'     learning_rate = 0.02, seed = 1)
#' head(featureSignatures(model))
featureSignatures <- function(model, cutoff = 2, codes = NULL) {
    model <- .checkModel(model)
    cutoff <- .checkNumber(cutoff, "cutoff", lower = 0)
    weights <- .codeWeights(model)
    weights <- weights[, .codeNumbers(codes, colnames(weights)), drop = FALSE]
    score <- .populationScore(weights)
    tables <- lapply(colnames(weights), function(code) {
        z <- score[, code]
        order <- order(-abs(z))
        found <- lapply(c(positive = 1, negative = -1), function(sign) {
            order[sign * z[order] >= cutoff & z[order] != 0]
        })
        rows <- unlist(found, use.names = FALSE)
        data.frame(code = rep(code, length(rows)),
            direction = rep(names(found), lengths(found)),
            feature = model@features[rows],
            weight = unname(weights[rows, code]), score = unname(z[rows]))
    })
    table <- do.call(rbind, tables)
    rownames(table) <- NULL
    table
}

# Columns centred and divided by their population SD; 0 where that is 0.
.populationScore <- function(weights) {
    centred <- sweep(weights, 2L, colMeans(weights))
    spread <- sqrt(colMeans(centred^2))
    sweep(centred, 2L, ifelse(spread > 0, spread, Inf), "/")
}

.codeNumbers <- function(codes, names) {
    if (is.null(codes)) {
        return(seq_along(names))
    }
    allowed <- sprintf("names of codes, or numbers from 1 to %d",
        length(names))
    found <- if (is.character(codes)) {
        match(codes, names)
    } else if (is.numeric(codes) && !is.object(codes)) {
        match(codes, seq_along(names))
    }
    if (is.object(codes) || length(found) == 0L || anyNA(found) ||
        anyDuplicated(found)) {
        .abortParam("codes", codes, allowed)
    }
    found
}

# The weight of each feature to each code, features x codes: the product of the
# encoder's layers.
.codeWeights <- function(model) {
    weights <- model@weights
    config <- model@param@settings
    n <- length(config$hidden) + 1L
    product <- NULL
    for (i in seq_len(n)) {
        part <- function(what) weights[[sprintf("encoder.%d.%s", i, what)]]
        layer <- part("weight")
        inputs <- if (i == 1L) length(model@features) else ncol(product)
        if (!is.matrix(layer) || nrow(layer) != inputs) {
            .abort("param", c(
                sprintf(paste("Layer %d of the encoder of `model` is not a",
                    "full layer, so that its codes have no weight per",
                    "feature."), i),
                "Use a model of full layers."
            ), arg = "model", value = NULL, allowed = "full layers")
        }
        product <- if (i == 1L) layer else product %*% layer
        if (!is.null(part("gamma"))) {
            spread <- sqrt(part("running_variance") + config$batch_norm_epsilon)
            product <- sweep(product, 2L, part("gamma") / spread, "*")
        }
    }
    dimnames(product) <- list(model@features,
        paste0("AE", seq_len(ncol(product))))
    product
}
