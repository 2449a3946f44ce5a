#' Presets
#'
#' Ready-made settings for common kinds of autoencoder. Each is an
#' [AutoencoderParam()] with some settings filled in; any of them can be
#' changed by name.
#'
#' @param ... Settings as for [AutoencoderParam()]; they win over the preset's.
#' @param noise For `denoisingParam`: the corruption of the input, see
#'     [maskingNoise()].
#' @param rho For `sparseParam`: the mean that each code shall have over the
#'     samples, between 0 and 1.
#' @param weight Weight of the penalty, at least 0.
#' @param beta For `variationalParam`: weight of the divergence, at least 0.
#' @param kappa Share of `beta` by which that weight rises each epoch, from 0
#'     in the first epoch, up to `beta`; from 0 to 1, where 0 means `beta` at
#'     once.
#' @param loss,dispersion For `countParam`: the likelihood, and of what there
#'     is a dispersion, see [negativeBinomialLoss()].
#'
#' @details
#' `vanillaParam` is the smallest autoencoder: one layer to the code (with a
#' tanh) and one back. `deepParam` has two hidden layers, of 512 and 128 units,
#' with batch normalisation. `denoisingParam` sees a corrupted input and learns
#' to restore the clean one, which gives codes that depend less on single
#' features (Vincent et al. 2010).
#'
#' `sparseParam` has sigmoid codes h that are near 0 in most samples: the loss
#' has `weight` times the sum over the codes of `rho` log(`rho` / m) +
#' (1 - `rho`) log((1 - `rho`) / (1 - m)), where m is the mean of a code over
#' the samples of a batch (Ng 2011). For a penalty on the sum of absolute codes
#' in place of it or beside it, give the setting `activity_l1`:
#' `sparseParam(weight = 0, activity_l1 = 0.01)`.
#'
#' `contractiveParam` makes codes that change little with the input: the loss
#' has `weight` times the squared norm of the Jacobian of the code, the sum of
#' (dh_j / dx_i)^2 (Rifai et al. 2011). As there it is one sigmoid layer with
#' tied weights; untied ones could make up for small weights in the encoder by
#' large ones in the decoder. For one layer the norm is exact; with `hidden`
#' layers it is estimated at each step from one random direction per sample.
#'
#' `variationalParam` describes each sample by a normal distribution of codes,
#' drawn to the standard normal by `beta` times the Kullback-Leibler divergence
#' -1/2 sum(1 + v - m^2 - exp(v)), m the means and v the log variances (Kingma
#' and Welling 2014; Higgins et al. 2017). The loss is half the sum of squares
#' of the standardised features, a normal likelihood of variance 1. [encode()]
#' gives the means, [sampleAutoencoder()] new samples.
#'
#' `countParam` models raw counts by their likelihood, with size factors for the
#' depth of the samples (Eraslan et al. 2019). The encoder sees them
#' log-normalised, where zeros stay zeros, so that sparse counts stay sparse; it
#' has one hidden layer of 64 units with batch normalisation and a small penalty
#' on squared weights. A fifth of the input is dropped in training
#' (`input_dropout`), so that a count is explained by the others of its sample
#' rather than by itself. These settings were chosen by how well half of each
#' cell's counts predicts the other half (Batson et al. 2019), see
#' `vignette("defaults")`.
#'
#' @section Errors:
#' `aesop_error_param`, as for [AutoencoderParam()].
#'
#' @returns An object of class
#' [AutoencoderParam][AutoencoderParam-class].
#' @references Vincent P. et al. (2010) Stacked denoising autoencoders. Journal
#' of Machine Learning Research 11, 3371-3408. Ng A. (2011) Sparse autoencoder.
#' CS294A lecture notes, Stanford. Rifai S. et al. (2011) Contractive
#' auto-encoders: explicit invariance during feature extraction. Proceedings of
#' ICML 28. Kingma D.P., Welling M. (2014) Auto-encoding variational Bayes.
#' Higgins I. et al. (2017) beta-VAE: learning basic visual concepts with a
#' constrained variational framework. Eraslan G. et al. (2019) Single-cell
#' RNA-seq denoising using a deep count autoencoder. Nature Communications 10,
#' 390. Batson J., Royer L., Webber J. (2019) Molecular cross-validation for
#' single-cell RNA-seq. bioRxiv 786269.
#' @seealso [tybaltParam()], [dcaParam()] and [nuwaParam()] for published
#'     recipes
#' @name presets
#' @examples
#' vanillaParam(latent = 5)
#' deepParam(hidden = c(256, 64))
#' denoisingParam(gaussianNoise(0.5))
#' sparseParam(rho = 0.1)
#' variationalParam(beta = 0.5, latent = 5)
#' countParam("zinb", dispersion = "entry")
NULL

#' @rdname presets
#' @export
vanillaParam <- function(...) {
    .preset(list(hidden = integer(0), latent_activation = "tanh"), list(...))
}

#' @rdname presets
#' @export
deepParam <- function(...) {
    .preset(list(hidden = c(512L, 128L), batch_norm = TRUE), list(...))
}

#' @rdname presets
#' @export
denoisingParam <- function(noise = maskingNoise(0.1), ...) {
    .preset(list(noise = noise), list(...))
}

#' @rdname presets
#' @export
sparseParam <- function(rho = 0.05, weight = 2, ...) {
    rho <- .checkNumber(rho, "rho", lower = 0, upper = 1 - 1e-9, open = TRUE)
    weight <- .checkNumber(weight, "weight", lower = 0)
    .preset(list(latent_activation = "sigmoid", sparsity = weight,
        sparsity_target = rho), list(...))
}

#' @rdname presets
#' @export
contractiveParam <- function(weight = 0.01, ...) {
    weight <- .checkNumber(weight, "weight", lower = 0)
    .preset(list(hidden = integer(0), tied = TRUE,
        latent_activation = "sigmoid", contractive = weight), list(...))
}

#' @rdname presets
#' @export
variationalParam <- function(beta = 1, kappa = 0.05, ...) {
    beta <- .checkNumber(beta, "beta", lower = 0)
    kappa <- .checkNumber(kappa, "kappa", lower = 0, upper = 1)
    .preset(list(variational = TRUE, beta = beta, kl_warmup = kappa,
        loss = "half_sse", loss_reduction = "sum", scale = "standard"),
        list(...))
}

#' @rdname presets
#' @export
countParam <- function(loss = c("nb", "zinb", "poisson"),
    dispersion = c("feature", "constant", "entry"), ...) {
    loss <- .checkChoice(loss, "loss", c("nb", "zinb", "poisson"))
    .preset(list(hidden = 64L, batch_norm = TRUE, l2 = 1e-5, loss = loss,
        dispersion = .checkDispersion(dispersion), input_dropout = 0.2,
        normalize = "log", scale = "none"), list(...))
}

.preset <- function(preset, args) {
    .checkNames(args, .settingNames(), "AutoencoderParam()")
    if (!is.null(args$ncomponents)) {
        preset$latent <- NULL
    }
    preset[names(args)] <- args
    do.call(AutoencoderParam, preset)
}
