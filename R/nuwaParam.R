#' The autoencoder of Nuwa
#'
#' The settings of the autoencoder for CITE-seq data in Nuwa, from its source
#' (`app/ml/citeseq`, version of March 2024), for one modality.
#'
#' @param ... Settings as for [AutoencoderParam()]; they win over the preset's.
#'
#' @details
#' Layers of 100, 50 and 100 units without biases, each followed by a leaky
#' relu (slope 0.01), batch normalisation and, for the hidden ones, a dropout
#' of 0.1; a linear output: 201 n + 10,500 trained parameters for n features.
#' Mean squared error; [adam()], the rate of which rises to 0.001 and falls
#' again as its momentum does the opposite ([oneCycle()]); 100 epochs of
#' batches of 64, a random tenth held out, the weights of the last epoch kept.
#' Features are standardised; the program wants log-normalised ones, so for raw
#' counts give `normalize = "log"`. Initial weights are uniform within
#' 1 / sqrt(inputs) and the batch normalisation keeps 0.9 of its running
#' statistics and adds 1e-5 to the variance, both as PyTorch does. Unlike in
#' the original, the dropout is also in the decoder and the output's bias
#' begins at 0. Any optimiser, penalty, loss and size of the layers can be
#' given, which the program's own page offers but does not use.
#'
#' @section Errors:
#' `aesop_error_param`, as for [AutoencoderParam()].
#'
#' @returns An object of class
#' [AutoencoderParam][AutoencoderParam-class].
#' @references Nuwa, <https://github.com/Nuwa-genomics/Nuwa>.
#' @export
#' @examples
#' nuwaParam()
#' nuwaParam(optimizer = sgd(0.01), loss = "half_sse", l2 = 1e-5,
#'     initialization = "gaussian", initialization_scale = 0.05)
nuwaParam <- function(...) {
    .preset(list(hidden = 100L, latent = 50L, activation = "leaky_relu",
        leaky_slope = 0.01, latent_activation = "leaky_relu",
        batch_norm = TRUE, batch_norm_last = TRUE, latent_batch_norm = TRUE,
        latent_bias = FALSE, batch_norm_momentum = 0.9,
        batch_norm_epsilon = 1e-5, dropout = 0.1, loss = "mse",
        optimizer = adam(1e-3), schedule = oneCycle(momentum = TRUE),
        epochs = 100L, batch_size = 64L, validation = 0.1,
        early_stopping = FALSE, initialization = "he_uniform",
        initialization_scale = 1 / sqrt(6), scale = "standard"), list(...))
}
