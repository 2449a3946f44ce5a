#' All settings of an autoencoder
#'
#' Collects the settings of the network, its training and the preparation of
#' the input. Every argument defaults to `NULL`: the default of the core, which
#' [autoencoderDefaults()] reports, adapted to the size of the data in training
#' where that makes sense. A given value is never changed.
#'
#' @param hidden Units of the encoder's hidden layers, from the input to the
#'     code, e.g. `c(512, 128)`; `integer(0)` for none. The decoder has the
#'     same layers in reverse order.
#' @param latent Number of codes (the bottleneck), or `"auto"` for the number
#'     that [chooseLatent()] finds in the data.
#' @param decoder_hidden Units of the decoder's hidden layers, from the code to
#'     the output, if they shall differ from the encoder's.
#' @param layers For images and sequences, in place of `hidden`: a list of the
#'     encoder's layers from the input to the code, made by [conv2d()] and its
#'     like. The decoder mirrors them. Needs `input_shape`.
#' @param input_shape Of images and sequences: `c(height, width, channels)`.
#'     Their product is the number of features, whose order is row by row,
#'     channels last; see [imageMatrix()] and [oneHot()].
#' @param activation Of the hidden layers: `"linear"`, `"relu"`,
#'     `"leaky_relu"`, `"elu"`, `"gelu"`, `"selu"`, `"tanh"`, `"sigmoid"`,
#'     `"softplus"`, `"exp"` or `"softmax"`.
#' @param output_activation Of the last layer; `"auto"` means linear, sigmoid
#'     for `loss = "bce"` and exponential for the losses on counts.
#' @param tied `TRUE` to use the encoder's weights, transposed, in the decoder.
#' @param noise Corruption of the input during training: see [maskingNoise()].
#' @param loss `"mse"`, `"half_sse"`, `"mae"`, `"huber"`, `"correntropy"`,
#'     `"log_cosh"`, `"bce"`, `"poisson"`, `"nb"`, `"zinb"`, or made by
#'     [huberLoss()], [correntropyLoss()], [negativeBinomialLoss()] or
#'     [zeroInflatedLoss()].
#' @param l1,l2 Penalties on the sum of absolute and of squared weights.
#' @param activity_l1 Penalty on the sum of absolute codes of a sample.
#' @param dropout,input_dropout Share of hidden units, and of inputs, set to 0
#'     at each training step; from 0 to below 1.
#' @param batch_norm `TRUE` for batch normalisation in the hidden layers.
#' @param optimizer `"adam"` and so on, or made by [adam()], [sgd()], ....
#' @param schedule Of the learning rate: `"constant"` and so on, or made by
#'     [oneCycle()], [cosineDecay()], ....
#' @param epochs Number of passes over the training samples; 0 returns the
#'     untrained network.
#' @param batch_size Samples per training step.
#' @param validation Share of the samples held out to measure the loss, from 0
#'     to below 1.
#' @param validation_split `"random"`, or `"last"` for the last samples.
#' @param early_stopping [earlyStopping()], the number of epochs to wait, or
#'     `FALSE` for none.
#' @param initialization Of the weights: `"gaussian"`, `"uniform"`,
#'     `"glorot_uniform"`, `"glorot_normal"`, `"he_uniform"`, `"he_normal"` or
#'     `"orthogonal"`.
#' @param normalize `"none"`, or `"log"` for counts: log(1 + count / size
#'     factor).
#' @param scale `"none"`, `"center"` (subtract the mean of each feature),
#'     `"standard"` (also divide by its standard deviation) or `"minmax"` (to
#'     0-1 by its training range; new data are clamped).
#' @param design A formula of covariates that condition the network, such as
#'     `~ batch + age`, see [trainAutoencoder()].
#' @param ncomponents Alias of `latent`.
#' @param ... Any other setting listed by [autoencoderDefaults()], e.g.
#'     `learning_rate`, `clip_norm`, `latent_activation`. A setting given by
#'     name wins over the same one in a piece such as [adam()].
#'
#' @section Defaults:
#' These are the defaults of a network that is trained. Without `param` and
#' settings [trainAutoencoder()] uses [linearParam()], which on most labelled
#' data tells kinds of samples apart as well or better.
#'
#' One hidden layer of 128 units with `"relu"`, 10 codes, `"mse"`, [adam()] with
#' a learning rate of 0.001, a tenth of the samples held out, early stopping
#' after 15 epochs without improvement, `scale = "center"`; no noise, penalty,
#' dropout or batch normalisation.
#'
#' What is not given is then fitted to the data: `batch_size` is about a
#' sixteenth of the training samples (a power of 2 from 16 to 256), `epochs`
#' such that there are about 3,000 steps (30 to 300 epochs), `hidden` and
#' `latent` are not larger than the data allow, nothing is held out of fewer
#' than 20 samples, `normalize` is `"log"` for a loss on counts, and `scale` is
#' `"minmax"` for `"bce"`. [trainAutoencoder()] says which of these it changed.
#'
#' @section Errors:
#' `aesop_error_param`, with the fields `arg`, `value` and `allowed`; of a layer
#' that does not fit the one before it, the message has the layer's number and
#' both sizes.
#'
#' @returns An object of class
#' [AutoencoderParam][AutoencoderParam-class].
#' @seealso [vanillaParam()], [deepParam()], [denoisingParam()],
#'     [convolutionalParam()] for presets
#' @export
#' @examples
#' AutoencoderParam(hidden = c(64, 32), latent = 5, epochs = 50)
#' AutoencoderParam(noise = maskingNoise(0.2), optimizer = adam(0.01))
AutoencoderParam <- function(hidden = NULL, latent = NULL,
    decoder_hidden = NULL, layers = NULL, input_shape = NULL,
    activation = NULL, output_activation = NULL, tied = NULL, noise = NULL,
    loss = NULL, l1 = NULL, l2 = NULL, activity_l1 = NULL, dropout = NULL,
    input_dropout = NULL, batch_norm = NULL, optimizer = NULL,
    schedule = NULL, epochs = NULL, batch_size = NULL, validation = NULL,
    validation_split = NULL, early_stopping = NULL, initialization = NULL,
    normalize = NULL, scale = NULL, design = NULL, ncomponents = NULL,
    ...) {
    formal <- setdiff(names(formals(AutoencoderParam)), "...")
    args <- c(mget(formal, envir = environment()), list(...))
    .checkNames(args, .settingNames(), "AutoencoderParam()")
    args <- args[!vapply(args, is.null, logical(1L))]
    extra <- list()
    if (!is.null(args$design)) {
        extra$design <- .checkDesign(args$design)
    }
    if (identical(args$latent, "auto")) {
        extra$auto_latent <- TRUE
        args$latent <- NULL
    }
    settings <- .checkSettings(.buildSettings(args))
    new("AutoencoderParam", settings = settings, extra = extra)
}

setValidity("AutoencoderParam", function(object) {
    tryCatch({
        validate_config(object@settings)
        TRUE
    }, aesop_error = conditionMessage)
})

# The argument `param` of a call, known to be a valid AutoencoderParam.
.checkParam <- function(param, arg = "param") {
    if (!is(param, "AutoencoderParam")) {
        .abort("input_type", c(
            sprintf("`%s` must be an AutoencoderParam or NULL, not %s.", arg,
                .describe(param)),
            "Make one with AutoencoderParam()."
        ), arg = arg, got = class(param), accepted = "AutoencoderParam")
    }
    .checkSettings(param@settings)
    param
}

#' Settings as a list
#'
#' @param x An [AutoencoderParam()].
#' @param complete `TRUE` for all settings, the defaults filled in; `FALSE` for
#'     those that were given.
#' @param ... Not used.
#'
#' @section Errors:
#' `aesop_error_param` for settings or arguments that are not allowed.
#'
#' @returns A named list.
#' @method as.list AutoencoderParam
#' @export
#' @examples
#' as.list(AutoencoderParam(latent = 5), complete = FALSE)
as.list.AutoencoderParam <- function(x, complete = TRUE, ...) {
    complete <- .checkFlag(complete, "complete")
    if (complete) validate_config(x@settings) else x@settings
}

# Settings the user gave, without those equal to the core's default.
.changedSettings <- function(settings) {
    defaults <- autoencoder_defaults()
    same <- vapply(names(settings), function(name) {
        isTRUE(all.equal(settings[[name]], defaults[[name]],
            check.attributes = FALSE))
    }, logical(1L))
    settings[!same]
}

.networkText <- function(settings, features = "features") {
    config <- validate_config(settings)
    if (length(config$layers) > 0L) {
        return(.imageNetworkText(config))
    }
    if (length(config$assays) > 0L) {
        parts <- vapply(config$assays, function(a) {
            paste(c(sprintf("%s %d", a$name, a$features), a$hidden),
                collapse = " > ")
        }, "")
        return(sprintf("(%s) > [%d] > mirrored", paste(parts,
            collapse = " | "), config$latent))
    }
    decoder <- if (config$decoder_mirrored) {
        rev(config$hidden)
    } else {
        config$decoder_hidden
    }
    paste(c(features, config$hidden, sprintf("[%d]", config$latent), decoder,
        features), collapse = " > ")
}

# "28x28x1 > conv 16 3x3 > max pool 2x2 > [10] > mirrored"
.imageNetworkText <- function(config) {
    sequence <- config$input_shape[1L] == 1L
    layers <- vapply(config$layers, .layerText, "", sequence = sequence)
    paste(c(paste(config$input_shape, collapse = "x"), layers,
        sprintf("[%d]", config$latent), "mirrored"), collapse = " > ")
}

# What a param has besides settings, one named line each.
.extraText <- function(extra) {
    c(
        design = if (!is.null(extra$design)) deparse1(extra$design),
        assays = if (length(extra$assays) > 0L) {
            paste(names(extra$assays), collapse = ", ")
        },
        robust = if (!is.null(extra$robust)) {
            sprintf("X = L + S, S sparse by %s, %d rounds",
                extra$robust$sparse, extra$robust$rounds)
        },
        stacked = if (!is.null(extra$stacked)) "layers trained one by one",
        latent = if (isTRUE(extra$auto_latent)) "chosen from the data"
    )
}

#' @describeIn AutoencoderParam-class A short text of the settings.
#' @param object An AutoencoderParam.
#' @export
setMethod("show", "AutoencoderParam", function(object) {
    if (!is.null(object@extra$linear)) {
        return(.showLinear(object))
    }
    config <- validate_config(object@settings)
    changed <- .changedSettings(object@settings)
    if (length(config$layers) > 0L) { # they are shown as the network
        changed[c("layers", "input_shape", "hidden")] <- NULL
    }
    open <- setdiff(.adaptable(), names(object@settings))
    lines <- c(
        network = if (is.null(object@extra$assays)) {
            .networkText(object@settings)
        } else {
            sprintf("an encoder per assay > [%d] > mirrored", config$latent)
        },
        loss = if (is.null(object@extra$assays)) config$loss else "by assay",
        .extraText(object@extra),
        optimizer = sprintf("%s, learning rate %s", config$optimizer,
            format(config$learning_rate)),
        training = sprintf("%d epochs, batches of %d", config$epochs,
            config$batch_size),
        changed = if (length(changed) > 0L) {
            paste(names(changed), "=", vapply(changed, .valueText, ""),
                collapse = "; ")
        },
        open = if (length(open) > 0L) {
            paste(paste(open, collapse = ", "), "(adapted to data and loss)")
        }
    )
    cat("AutoencoderParam\n")
    cat(sprintf("  %-10s%s\n", names(lines), lines), sep = "")
})
