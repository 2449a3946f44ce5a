#' Noise added to the input during training
#'
#' A denoising autoencoder sees a corrupted input and learns to give back the
#' clean one. The noise is drawn anew in every epoch, on the scale of the
#' model's input (after `normalize` and `scale`).
#'
#' @param amount Probability that a value is replaced: by 0 for masking noise,
#'     by `low` or `high`, as likely one as the other, for salt-and-pepper
#'     noise; from 0 to 1.
#' @param sd Standard deviation of Gaussian noise, at least 0, in units of the
#'     model's input.
#' @param low,high The two values of salt-and-pepper noise; `NULL` for the
#'     defaults, 0 and 1, which suit `scale = "minmax"`.
#'
#' @section Errors:
#' `aesop_error_param` for a number out of range.
#'
#' @returns A setting for the argument `noise` of [AutoencoderParam()].
#' @references Vincent P. et al. (2010) Stacked denoising autoencoders. Journal
#' of Machine Learning Research 11, 3371-3408.
#' @seealso [applyNoise()] to see what a noise does
#' @name noise
#' @examples
#' maskingNoise(0.2)
#' AutoencoderParam(noise = gaussianNoise(sd = 0.1))
NULL

#' @rdname noise
#' @export
noNoise <- function() {
    .piece("noise", list(noise = "none", noise_amount = 0))
}

#' @rdname noise
#' @export
maskingNoise <- function(amount = 0.1) {
    amount <- .checkNumber(amount, "amount", lower = 0, upper = 1)
    .piece("noise", list(noise = "masking", noise_amount = amount))
}

#' @rdname noise
#' @export
gaussianNoise <- function(sd = 0.1) {
    sd <- .checkNumber(sd, "sd", lower = 0)
    .piece("noise", list(noise = "gaussian", noise_amount = sd))
}

#' @rdname noise
#' @export
saltPepperNoise <- function(amount = 0.1, low = NULL, high = NULL) {
    amount <- .checkNumber(amount, "amount", lower = 0, upper = 1)
    if (!is.null(low)) {
        low <- .checkNumber(low, "low")
    }
    if (!is.null(high)) {
        high <- .checkNumber(high, "high")
    }
    .piece("noise", list(noise = "salt_pepper", noise_amount = amount,
        noise_low = low, noise_high = high))
}
