#' Features with a high weight in each code
#'
#' The features whose weight to a code lies far from the mean weight of that
#' code: its signature (Tan et al. 2016). Features with a high positive and a
#' high negative weight are kept apart, as they often belong to different
#' processes.
#'
#' @section Weights:
#' Weights are for the input as the network sees it, after normalisation and
#' scaling. `weights = "auto"` takes `"encoder"` for a model of one full layer
#' from the input to the code, `"gradient"` for all others.
#'
#' `"encoder"`: the element of the product of the weight matrices from the input
#' to the code; with one layer that is the matrix itself, as in ADAGE. Batch
#' normalisation counts with its factor per unit, activation functions are left
#' out.
#'
#' `"decoder"`: the product of the matrices from the code to the reconstruction,
#' what a code adds to each feature, a loading. Prefer these where there are
#' fewer samples than features. The data then leave the weights of the encoder
#' free in most directions, in which they keep their random start (unless a
#' penalty such as `l2` takes it away), and a signature holds features of no
#' importance; the decoder's weights do not have this freedom. The two are the
#' same for tied weights.
#'
#' `"gradient"`: gradient x input (Shrikumar et al. 2016) for networks of any
#' depth and kind, activation functions included. For each sample, the slope of
#' the code by the input is multiplied by the difference of the input from its
#' reference, here the mean over the samples of `data`. The weight is the mean
#' of this over the samples, the difference taken without its sign: it is the
#' mean size of what the feature adds to the code, with the sign of the slope.
#' In a linear model it is the encoder's weight times the mean absolute
#' deviation of the feature. A feature that is constant in `data` or absent
#' from them has the weight 0. Its cost is one backward pass per code: for
#' large data, some hundred samples are enough.
#'
#' The score is (weight - mean) / SD over all features of the model, with the
#' population SD (divisor n). A feature belongs to the signature if its score
#' is at least `cutoff` or at most `-cutoff`, or, with `top`, if its absolute
#' score is among the highest.
#'
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class].
#' @param cutoff Number of standard deviations, at least 0. ADAGE uses 2, the
#'     later ADAGEpath 2.5. Not used with `top`.
#' @param codes Names (`"AE3"`) or numbers of the codes to report; `NULL` for
#'     all.
#' @param weights `"auto"`, `"encoder"`, `"decoder"` or `"gradient"`, see
#'     below.
#' @param data For `"gradient"`: samples, at least two, as for [encode()]. Not
#'     used otherwise.
#' @param top Number of features per code, in place of `cutoff`: those with the
#'     highest absolute scores. `NULL` for a cut at `cutoff`.
#' @param ... For `"gradient"`: further arguments of [encode()].
#'
#' @section Errors:
#' Those of a damaged model and, with `data`, of [encode()];
#' `aesop_error_param` for the other arguments, for a model of several layers
#' without `data`, and for `"encoder"` or `"decoder"` where these are not made
#' of full layers.
#'
#' @returns A data frame with one row per code and feature: `code`,
#' `direction` (`"positive"` or `"negative"`), `feature`, `weight` and `score`;
#' by code, positive before negative, the highest absolute score first.
#' @references
#' Shrikumar A., Greenside P., Shcherbina A., Kundaje A. (2016) Not just a black
#' box: learning important features through propagating activation differences.
#' arXiv 1605.01713.
#'
#' Tan J., Hammond J.H., Hogan D.A., Greene C.S. (2016) ADAGE-based
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
#' deep <- trainAutoencoder(x, hidden = 8, latent = 2, epochs = 50,
#'     learning_rate = 0.02, seed = 1)
#' featureSignatures(deep, data = x, top = 3)
featureSignatures <- function(model, cutoff = 2, codes = NULL,
    weights = c("auto", "encoder", "decoder", "gradient"), data = NULL,
    top = NULL, ...) {
    model <- .checkModel(model)
    cutoff <- .checkNumber(cutoff, "cutoff", lower = 0)
    if (!is.null(top)) {
        top <- .checkNumber(top, "top", lower = 1, integer = TRUE)
    }
    weights <- .featureWeights(model, weights, data, list(...), codes)
    score <- .populationScore(weights)
    tables <- lapply(colnames(weights), function(code) {
        z <- score[, code]
        order <- order(-abs(z))
        order <- order[z[order] != 0]
        order <- if (is.null(top)) {
            order[abs(z[order]) >= cutoff]
        } else {
            utils::head(order, top)
        }
        found <- list(positive = order[z[order] > 0],
            negative = order[z[order] < 0])
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

# The weight of each feature to each of the codes, features x codes.
.featureWeights <- function(model, weights, data, args, codes = NULL) {
    weights <- .checkChoice(weights, "weights", c("auto", "encoder",
        "decoder", "gradient"))
    .checkNames(args, .newDataArguments(), "this function")
    wanted <- .codeNumbers(codes,
        paste0("AE", seq_len(model@param@settings$latent)))
    if (weights == "auto") {
        weights <- if (.isOneLayer(model)) "encoder" else "gradient"
    }
    all <- if (weights == "gradient") {
        .gradientWeights(model, data, args)
    } else {
        .codeWeights(model, weights)
    }
    all[, wanted, drop = FALSE]
}

.isOneLayer <- function(model) {
    settings <- model@param@settings
    !.isMultimodal(model) && length(settings$hidden) == 0L &&
        length(settings$layers) == 0L
}

# Gradient x input over the samples of `data`.
.gradientWeights <- function(model, data, args) {
    if (is.null(data)) {
        .abort("param", c(
            paste("`data` is missing: a code of several layers has weights",
                "per feature only where there are samples."),
            "Give `data`, such as those of the training."
        ), arg = "data", value = NULL, allowed = .acceptedInput())
    }
    new <- .newData(model, data, args, "data")
    if (new$source$n_samples < 2L) {
        .abort("param", c(
            "`data` has one sample, which differs from no other one.",
            "Give two samples or more."
        ), arg = "data", value = new$source$n_samples, allowed = "two or more")
    }
    weights <- .applySource(model, new$source, "attribution", new$control)
    dimnames(weights) <- list(model@features,
        paste0("AE", seq_len(ncol(weights))))
    weights
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

# The product of the layers of the encoder, or of the decoder.
.codeWeights <- function(model, side = "encoder") {
    features <- length(model@features)
    latent <- model@param@settings$latent
    ends <- switch(side, encoder = c(features, latent),
        decoder = c(latent, features))
    layers <- sub("^(encoder|decoder)[.]([0-9]+)[.].*", "\\2",
        grep(sprintf("^%s[.][0-9]+[.]", side), names(model@weights),
            value = TRUE))
    n <- max(1L, as.integer(layers))
    product <- NULL
    for (i in seq_len(n)) {
        layer <- .layerMatrix(model, side, i, n)
        inputs <- if (i == 1L) ends[1L] else ncol(product)
        full <- is.matrix(layer) && nrow(layer) == inputs &&
            (i < n || ncol(layer) == ends[2L])
        if (!full) {
            .abort("param", c(
                sprintf(paste("Layer %d of the %s of `model` is not a full",
                    "layer, so that its codes have no weight per feature."),
                    i, side),
                "Use a model of full layers, or weights = \"gradient\"."
            ), arg = "model", value = NULL, allowed = "full layers")
        }
        product <- if (i == 1L) layer else product %*% layer
    }
    if (side == "decoder") {
        product <- t(product)
    }
    dimnames(product) <- list(model@features,
        paste0("AE", seq_len(ncol(product))))
    product
}

# Weights of one of n layers, inputs x units, with the factor of its batch
# normalisation. Tied decoders have the encoder's, transposed.
.layerMatrix <- function(model, side, i, n) {
    part <- function(what) {
        model@weights[[sprintf("%s.%d.%s", side, i, what)]]
    }
    layer <- part("weight")
    if (side == "decoder" && isTRUE(model@param@settings$tied)) {
        layer <- t(model@weights[[sprintf("encoder.%d.weight", n + 1L - i)]])
    }
    if (is.null(part("gamma")) || !is.matrix(layer)) {
        return(layer)
    }
    spread <- sqrt(part("running_variance") +
        model@param@settings$batch_norm_epsilon)
    sweep(layer, 2L, part("gamma") / spread, "*")
}
