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
#'     each layer in pre-training, and on the code, see [sparseParam()]; 0 for
#'     none.
#' @param ... Further settings as for [AutoencoderParam()]. Noise, penalties
#'     and optimiser are used in pre-training as well.
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
    config <- validate_config(param@settings)
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
    param@extra$stacked <- list(epochs = pretrain_epochs)
    param
}

.fitStacked <- function(input, settings, options, extra) {
    if (input$source$kind == "assays" || !is.null(input$design)) {
        .abortParam("param", "stackedParam()",
            "for one assay without a design")
    }
    adapted <- .adaptTo(input, settings)
    config <- adapted$settings
    epochs <- extra$stacked$epochs
    if (is.null(epochs)) {
        epochs <- config$epochs
    }
    layers <- .pretrain(input, config, epochs, options)
    fit <- .fitCore(input, config, adapted$notes, options,
        list(weights = layers$weights))
    fit$model@info$pretraining <- layers$losses
    fit
}

# Trains each layer on the codes of the one before. Returns list(weights,
# losses): the weights of the whole network.
.pretrain <- function(input, config, epochs, options) {
    units <- c(config$hidden, config$latent)
    n <- length(units)
    weights <- list()
    losses <- list()
    silent <- .overlay(options, list(quiet = TRUE))
    for (i in seq_len(n)) {
        first <- i == 1L
        fit <- .fitCore(input, .layerSettings(config, i, units, epochs),
            character(), silent)
        own <- fit$model@weights
        weights[[sprintf("encoder.%d.weight", i)]] <- own$encoder.1.weight
        weights[[sprintf("encoder.%d.bias", i)]] <- own$encoder.1.bias
        mirror <- n - i + 1L
        weights[[sprintf("decoder.%d.weight", mirror)]] <- own$decoder.1.weight
        weights[[sprintf("decoder.%d.bias", mirror)]] <- own$decoder.1.bias
        if (first && !is.null(own$dispersion.log_theta)) {
            weights$dispersion.log_theta <- own$dispersion.log_theta
        }
        losses[[paste0("layer", i)]] <- fit$model@history$loss
        codes <- .encodeSource(fit$model, fit$source, fit$control)
        input$source <- .asInput(t(codes), paste0("unit", seq_len(units[i])),
            memory_limit = Inf)
        input$notes <- character()
    }
    list(weights = weights[!vapply(weights, is.null, NA)], losses = losses)
}

# The small autoencoder of layer i: the first one of the data, the others of
# units in the range of the hidden activation.
.layerSettings <- function(config, i, units, epochs) {
    last <- i == length(units)
    own <- list(hidden = integer(0), latent = units[i], epochs = epochs,
        latent_activation = if (last) {
            config$latent_activation
        } else {
            config$activation
        })
    if (!own$latent_activation %in% c("sigmoid", "softmax")) {
        own$sparsity <- 0
    }
    if (i > 1L) {
        own <- c(own, list(loss = "mse", loss_reduction = "auto",
            output_activation = config$activation, normalize = "none",
            scale = "none"))
    }
    .overlay(config, own)
}
