# Stacked autoencoder: layers trained one after the other, then together.

#' Stacked autoencoder
#'
#' Greedy layer-wise pre-training (Hinton and Salakhutdinov 2006; Bengio et al.
#' 2007): each hidden layer is first trained as a small autoencoder of what the
#' layer before it gives, then the whole network is trained from these weights.
#' The defaults, four hidden layers of sparse sigmoid units, are those of the
#' yeast model of Chen et al. (2016).
#'
#' @param hidden,latent Units of the layers between input and code, and of the
#'     code.
#' @param pretrain_epochs Epochs for each layer; `NULL` for as many as
#'     `epochs`.
#' @param activation,latent_activation Of the hidden layers and the code.
#' @param sparsity,sparsity_target Weight and target of the sparsity penalty on
#'     each layer of sigmoid or softmax units in pre-training, and on the code,
#'     see [sparseParam()]; 0 for none.
#' @param ... Further settings as for [AutoencoderParam()]. Noise, penalties,
#'     optimiser and `max_seconds` hold for each layer in pre-training as well.
#'
#' @section Errors:
#' `aesop_error_param` for settings that do not go together: batch
#' normalisation, several assays, a decoder of its own shape, or covariates
#' cannot be pre-trained.
#'
#' @references Hinton G.E., Salakhutdinov R.R. (2006) Reducing the
#' dimensionality of data with neural networks. Science 313, 504-507. Bengio Y.
#' et al. (2007) Greedy layer-wise training of deep networks. NIPS 19. Chen L.
#' et al. (2016) Learning a hierarchical representation of the yeast
#' transcriptomic machinery using an autoencoder model. BMC Bioinformatics
#' 17(S1), S9.
#' @returns An [AutoencoderParam][AutoencoderParam-class]. A model that is
#' trained with it has the losses of the pre-training in
#' `model@info$pretraining`, one vector for each layer.
#' @export
#' @examples
#' x <- matrix(runif(40 * 60), nrow = 40,
#'     dimnames = list(paste0("gene", 1:40), NULL))
#' param <- stackedParam(hidden = c(20, 10), latent = 4, epochs = 10)
#' model <- trainAutoencoder(x, param, seed = 1)
#' lengths(model@info$pretraining)
stackedParam <- function(hidden = c(256L, 128L, 64L), latent = 32L,
    pretrain_epochs = NULL, activation = "sigmoid",
    latent_activation = "sigmoid", sparsity = 1e-4, sparsity_target = 0.1,
    ...) {
    if (!is.null(pretrain_epochs)) {
        pretrain_epochs <- .checkNumber(pretrain_epochs, "pretrain_epochs",
            lower = 1, integer = TRUE)
    }
    param <- .preset(list(hidden = hidden, latent = latent,
        activation = activation, latent_activation = latent_activation,
        sparsity = sparsity, sparsity_target = sparsity_target), list(...))
    .checkStackable(validate_config(param@settings))
    param@extra$stacked <- list(epochs = pretrain_epochs)
    param
}

# What has no counterpart in a small autoencoder of one layer.
.checkStackable <- function(config) {
    bad <- c(batch_norm = config$batch_norm,
        latent_batch_norm = config$latent_batch_norm,
        variational = config$variational,
        decoder_hidden = !config$decoder_mirrored,
        layers = length(config$layers) > 0L)
    if (any(bad)) {
        .abort("param", sprintf("`%s` cannot be pre-trained layer by layer.",
            names(bad)[bad][1L]), arg = names(bad)[bad][1L],
            value = "given", allowed = "left out of stackedParam()")
    }
}

.fitStacked <- function(input, settings, options, extra) {
    if (!is.null(input$design)) {
        .abort("param", "A `design` cannot be pre-trained layer by layer.",
            arg = "design", value = input$design$formula, allowed = "NULL")
    }
    adapted <- .adaptTo(input, settings)
    config <- adapted$settings
    .checkStackable(config)
    epochs <- extra$stacked$epochs
    if (is.null(epochs)) {
        epochs <- config$epochs
    }
    options$seed <- .resolveSeed(options$seed) # one for all
    layers <- .pretrain(input, config, epochs, options)
    if (layers$interrupted) {
        config$epochs <- 0L
    }
    fit <- .fitCore(input, config, adapted$notes, options,
        list(weights = layers$weights))
    fit$model@info$pretraining <- layers$losses
    if (layers$interrupted) {
        fit$model@info$status <- "interrupted"
        .signalInterrupt(fit$model, options$on_interrupt)
    }
    fit
}

# Trains each layer on the codes of the one before. Returns list(weights,
# losses, interrupted): the weights of the whole network, as initialised where
# pre-training did not get.
.pretrain <- function(input, config, epochs, options) {
    units <- c(config$hidden, config$latent)
    n <- length(units)
    first <- input
    untrained <- function(...) {
        .fitPart(first, .overlay(config, list(epochs = 0L)), options,
            list(...))$model
    }
    weights <- untrained()@weights
    losses <- list()
    for (i in seq_len(n)) {
        fit <- tryCatch(.fitPart(input, .layerSettings(config, i, units,
            epochs), options), aesop_error_numeric = function(e) {
            e$model <- untrained(weights = weights)
            stop(e)
        })
        own <- fit$model@weights
        names(own) <- sub("encoder.1.", sprintf("encoder.%d.", i),
            sub("decoder.1.", sprintf("decoder.%d.", n - i + 1L),
                names(own), fixed = TRUE), fixed = TRUE)
        weights[names(own)] <- own
        losses[[paste0("layer", i)]] <- fit$model@history$loss
        codes <- if (!identical(fit$model@info$status, "interrupted")) {
            tryCatch(.encodeSource(fit$model, fit$source, fit$control),
                interrupt = function(e) NULL)
        }
        interrupted <- is.null(codes)
        if (interrupted) {
            break
        }
        input$source <- .asInput(t(codes), paste0("unit", seq_len(units[i])),
            memory_limit = Inf)
    }
    list(weights = weights, losses = losses, interrupted = interrupted)
}

# The small autoencoder of layer i: the first one of the data, the others of
# units in the range of the hidden activation.
.layerSettings <- function(config, i, units, epochs) {
    own <- list(hidden = integer(0), latent = units[i], epochs = epochs)
    if (i < length(units)) {
        own <- c(own, list(latent_activation = config$activation,
            latent_bias = TRUE, preactivation_code = FALSE))
        if (!config$activation %in% c("sigmoid", "softmax")) {
            own$sparsity <- 0
        }
    }
    if (i > 1L) {
        own <- c(own, list(loss = "mse", loss_reduction = "auto",
            output_activation = config$activation, normalize = "none",
            scale = "none"))
        if (config$noise == "thinning") {
            own$noise <- "none" # there are no counts
        }
    }
    .overlay(config, own)
}
