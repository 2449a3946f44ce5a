#' Noise added to the input during training
#'
#' A denoising autoencoder sees a corrupted input and learns to give back the
#' clean one. The noise is drawn anew in every epoch, on the scale of the
#' model's input (after `normalize` and `scale`); only thinning works on the
#' counts themselves, before they are normalised. There is none at prediction.
#'
#' @param amount Probability that a value is replaced, from 0 to 1; for
#'     thinning, that a counted unit is lost, from 0 to below 1.
#' @param value The value that `onesNoise` puts in; 1 suits
#'     `scale = "minmax"`.
#' @param sd Standard deviation of Gaussian noise, at least 0, in units of the
#'     model's input.
#' @param scale Scale of Cauchy noise, at least 0: half of the noise is nearer
#'     to 0 than this.
#' @param low,high The two values of salt-and-pepper noise; `NULL` for the
#'     defaults, 0 and 1, which suit `scale = "minmax"`.
#'
#' @details
#' Each value of the input, independently of the others,
#'
#' * `maskingNoise`: becomes 0 with probability `amount` (Vincent et al. 2010)
#' * `onesNoise`: becomes `value` with probability `amount`
#' * `saltPepperNoise`: becomes `low` or `high`, as likely one as the other,
#'   with probability `amount`
#' * `gaussianNoise`: has a normal number of standard deviation `sd` added
#' * `cauchyNoise`: has a Cauchy number added, `scale` tan(pi (u - 1/2)) with u
#'   uniform: rare errors of any size
#' * `swapNoise`: becomes, with probability `amount`, the value that the same
#'   feature has in another sample of the minibatch, so that every feature
#'   keeps its distribution
#' * `thinningNoise`: a count n becomes a binomial number of n units, each kept
#'   with probability 1 - `amount`, as if the sample had been sequenced less
#'   deeply. The size factors shrink with the counts. It needs counts:
#'   `normalize = "log"` or a loss on counts.
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
#' AutoencoderParam(noise = thinningNoise(0.3), loss = "nb")
#' applyNoise(matrix(1:6, 2), swapNoise(0.5), seed = 1)
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
onesNoise <- function(amount = 0.1, value = 1) {
    amount <- .checkNumber(amount, "amount", lower = 0, upper = 1)
    .piece("noise", list(noise = "ones", noise_amount = amount,
        noise_high = .checkNumber(value, "value")))
}

#' @rdname noise
#' @export
cauchyNoise <- function(scale = 0.1) {
    scale <- .checkNumber(scale, "scale", lower = 0)
    .piece("noise", list(noise = "cauchy", noise_amount = scale))
}

#' @rdname noise
#' @export
swapNoise <- function(amount = 0.1) {
    amount <- .checkNumber(amount, "amount", lower = 0, upper = 1)
    .piece("noise", list(noise = "swap", noise_amount = amount))
}

#' @rdname noise
#' @export
thinningNoise <- function(amount = 0.2) {
    amount <- .checkNumber(amount, "amount", lower = 0, upper = 1 - 1e-9)
    .piece("noise", list(noise = "thinning", noise_amount = amount))
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
