#' The deep count autoencoder DCA
#'
#' The settings of DCA (Eraslan et al. 2019), from the source of its authors
#' (version of July 2022).
#'
#' @param loss `"nb"` for the negative binomial likelihood, `"zinb"` for the
#'     one with additional zeros.
#' @param dispersion `"entry"`, `"feature"` or `"constant"`, see
#'     [negativeBinomialLoss()]. The first are the authors' types
#'     `nb-conddisp` and `zinb-conddisp`, the second `nb` and `zinb`.
#' @param ... Settings as for [AutoencoderParam()]; they win over the preset's.
#'
#' @details
#' Layers of 64, 32 and 64 units with batch normalisation (a shift, no factor)
#' and a relu, where the code is what the middle layer computes before both;
#' counts divided by their size factor (the sample's sum over the median sum),
#' log(1 + x), standardised. [rmsprop()] with a rate of 0.001, 300 epochs of
#' batches of 32, gradients cut off at 5, the last tenth of the samples held
#' out; a tenth of the rate after 10 epochs without a better validation loss,
#' and the end after 15. Unlike in the original the best weights are kept, not
#' the last ones. The samples should not be sorted by group, as the last ones
#' are held out; if they are, give `validation_split = "random"`.
#'
#' @section Errors:
#' `aesop_error_param`, as for [AutoencoderParam()].
#'
#' @returns An object of class
#' [AutoencoderParam][AutoencoderParam-class].
#' @references Eraslan G. et al. (2019) Single-cell RNA-seq denoising using a
#' deep count autoencoder. Nature Communications 10, 390.
#' @seealso [countParam()] for the general form; [denoise()],
#'     [dropoutProbability()] and [dispersions()] for its results
#' @export
#' @examples
#' dcaParam()
#' dcaParam("zinb", epochs = 50)
dcaParam <- function(loss = c("nb", "zinb"),
    dispersion = c("entry", "feature", "constant"), ...) {
    loss <- .checkChoice(loss, "loss", c("nb", "zinb"))
    dispersion <- .checkChoice(dispersion, "dispersion",
        c("entry", "feature", "constant"))
    .preset(list(hidden = 64L, latent = 32L, activation = "relu",
        batch_norm = TRUE, batch_norm_scale = FALSE,
        batch_norm_momentum = 0.99, batch_norm_epsilon = 1e-3,
        preactivation_code = TRUE, loss = loss, dispersion = dispersion,
        optimizer = rmsprop(0.001, rho = 0.9, epsilon = 1e-7),
        schedule = reduceOnPlateau(patience = 10, factor = 0.1),
        clip_value = 5, epochs = 300L, batch_size = 32L, validation = 0.1,
        validation_split = "last", early_stopping = 15,
        initialization = "glorot_uniform", normalize = "log",
        scale = "standard"), list(...))
}
