#' Presets
#'
#' Ready-made settings for common kinds of autoencoder. Each is an
#' [AutoencoderParam()] with some settings filled in; any of them can be
#' changed by name.
#'
#' @param ... Settings as for [AutoencoderParam()]; they win over the preset's.
#' @param noise For `denoisingParam`: the corruption of the input, see
#'     [maskingNoise()].
#'
#' @details
#' `vanillaParam` is the smallest autoencoder: one layer to the code (with a
#' tanh) and one back. `deepParam` has two hidden layers, of 512 and 128 units,
#' with batch normalisation. `denoisingParam` sees a corrupted input and learns
#' to restore the clean one, which gives codes that depend less on single
#' features (Vincent et al. 2010).
#'
#' @section Errors:
#' `aesop_error_param`, as for [AutoencoderParam()].
#'
#' @returns An object of class
#' [AutoencoderParam][AutoencoderParam-class].
#' @name presets
#' @examples
#' vanillaParam(latent = 5)
#' deepParam(hidden = c(256, 64))
#' denoisingParam(gaussianNoise(0.5))
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

.preset <- function(preset, args) {
    .checkNames(args, .settingNames(), "AutoencoderParam()")
    preset[names(args)] <- args
    do.call(AutoencoderParam, preset)
}
