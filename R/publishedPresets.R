#' Presets of published autoencoders
#'
#' The settings of two published recipes, from their own sources. Each is an
#' [AutoencoderParam()]; any setting can be changed by name.
#'
#' @param original For `textbookParam`: `FALSE` for the textbook's recipe,
#'     `TRUE` for that of the notebook it comes from.
#' @param ... Settings as for [AutoencoderParam()]; they win over the preset's.
#'
#' @details
#' `adageParam` is ADAGE (Tan et al. 2016): one sigmoid layer of 50 nodes with
#' tied weights; a tenth of the input set to 0 without rescaling the rest;
#' cross-entropy, summed over the features; plain gradient descent with a
#' rate of 0.01, 500 epochs of batches of 10, an incomplete last batch left
#' out; initial weights uniform within 4 sqrt(6 / (features + nodes)); nothing
#' held out. Features are scaled to 0-1 by their training range, and new data
#' clamped to it. As in the original, all epochs visit the samples in the same
#' order, here that of `x`; the original permuted it once beforehand, which is
#' worth doing if neighbouring samples are alike: `x[, sample(ncol(x))]`.
#'
#' `textbookParam` is the autoencoder of a textbook's chapter on tumour
#' expression: 100 codes with relu, a sigmoid output, mean squared error,
#' [adam()], 10 epochs of batches of 50, the last fifth of the samples held out
#' (without shuffling, as Keras does). With `original = TRUE` it is the recipe
#' of the notebook `adage_training` of Tybalt (Way and Greene 2018), which does
#' denoise: 5 % of the input dropped (the rest rescaled), Adadelta with a rate
#' of 1.1 (decay 0.95, epsilon 1e-8, the defaults of Keras 2.0.6), 100 epochs,
#' a random tenth held out. The weights of the last epoch are kept in both.
#'
#' @section Errors:
#' `aesop_error_param`, as for [AutoencoderParam()].
#'
#' @returns An object of class
#' [AutoencoderParam][AutoencoderParam-class].
#' @references Tan J., Hammond J.H., Hogan D.A., Greene C.S. (2016) ADAGE-based
#' integration of publicly available Pseudomonas aeruginosa gene expression
#' data with denoising autoencoders illuminates microbe-host interactions.
#' mSystems 1(1). Way G.P., Greene C.S. (2018) Extracting a biologically
#' relevant latent space from cancer transcriptomes with variational
#' autoencoders. Pacific Symposium on Biocomputing 23.
#' @seealso [vanillaParam()], [deepParam()] and [denoisingParam()] for general
#'     presets, [importAdage()] for the published network itself
#' @name publishedPresets
#' @examples
#' adageParam()
#' textbookParam(original = TRUE, latent = 20)
NULL

#' @rdname publishedPresets
#' @export
adageParam <- function(...) {
    .preset(list(hidden = integer(0), latent = 50L, tied = TRUE,
        latent_activation = "sigmoid", output_activation = "sigmoid",
        noise = maskingNoise(0.1), loss = "bce", loss_reduction = "sum",
        optimizer = sgd(0.01), epochs = 500L, batch_size = 10L,
        shuffle = FALSE, drop_last = TRUE, validation = 0,
        early_stopping = FALSE, initialization = "glorot_uniform",
        initialization_scale = 4, normalize = "none", scale = "minmax"),
        list(...))
}

#' @rdname publishedPresets
#' @export
textbookParam <- function(original = FALSE, ...) {
    original <- .checkFlag(original, "original")
    preset <- list(hidden = integer(0), latent = 100L,
        latent_activation = "relu", output_activation = "sigmoid",
        loss = "mse", batch_size = 50L, early_stopping = FALSE,
        normalize = "none", scale = "minmax")
    recipe <- if (original) {
        list(input_dropout = 0.05, epochs = 100L, validation = 0.1,
            optimizer = adadelta(1.1, rho = 0.95, epsilon = 1e-8))
    } else {
        list(optimizer = adam(), epochs = 10L, validation = 0.2,
            validation_split = "last")
    }
    .preset(c(preset, recipe), list(...))
}
