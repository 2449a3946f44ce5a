#' Losses with parameters
#'
#' The other losses have none and are given by name: `"mse"` (mean squared
#' error), `"half_sse"` (half the sum of squares), `"mae"` (mean absolute
#' error), `"bce"` (binary cross-entropy, for input from 0 to 1) and
#' `"poisson"` (counts). [AutoencoderParam()] also takes `"huber"` and `"nb"`
#' for the defaults of the two functions below.
#'
#' @param delta Error, in units of the model's input, beyond which the loss is
#'     linear; greater than 0.
#' @param dispersion `"feature"` for a dispersion of each feature,
#'     `"constant"` for one of all.
#'
#' @details
#' With x a value of the input after its preparation, y its reconstruction and
#' r = y - x, the loss of one value is
#'
#' * `"mse"`: r^2; `"half_sse"`: r^2 / 2; `"mae"`: |r|
#' * `"huber"`: r^2 / 2 where |r| <= `delta`, else `delta` (|r| - `delta` / 2)
#'   (Huber 1964)
#' * `"bce"`: -x log(y) - (1 - x) log(1 - y)
#' * `"poisson"`: -log `dpois(x, y)`, and `"nb"`: -log `dnbinom(x, size =
#'   theta, mu = y)`. Here x is the raw count, y the expected count: the size
#'   factor of the sample times the exponential of the network's output. theta
#'   is learned with the weights; the variance is y + y^2 / theta (Eraslan et
#'   al. 2019).
#'
#' The loss of a sample is the mean over its features, for `"half_sse"` the
#' sum; the setting `loss_reduction`, `"mean"` or `"sum"`, changes that. The
#' loss of an epoch is the mean over its samples, plus the penalties.
#'
#' @section Errors:
#' `aesop_error_param` for a value that is not allowed.
#'
#' @references Huber P.J. (1964) Robust estimation of a location parameter.
#' Annals of Mathematical Statistics 35, 73-101. Eraslan G. et al. (2019)
#' Single-cell RNA-seq denoising using a deep count autoencoder. Nature
#' Communications 10, 390.
#'
#' @returns A setting for the argument `loss` of [AutoencoderParam()].
#' @name losses
#' @examples
#' AutoencoderParam(loss = huberLoss(delta = 0.5))
#' AutoencoderParam(loss = negativeBinomialLoss("constant"))
NULL

#' @rdname losses
#' @export
huberLoss <- function(delta = 1) {
    .piece("loss", list(loss = "huber",
        huber_delta = .checkNumber(delta, "delta", lower = 0, open = TRUE)))
}

#' @rdname losses
#' @export
negativeBinomialLoss <- function(dispersion = c("feature", "constant")) {
    .piece("loss", list(loss = "nb",
        dispersion = .checkChoice(dispersion, "dispersion",
            c("feature", "constant"))))
}

# Makers of the losses that can be given by name.
.lossMakers <- function() {
    byName <- function(loss) {
        force(loss)
        function() .piece("loss", list(loss = loss))
    }
    plain <- c("mse", "half_sse", "mae", "huber", "bce", "poisson", "nb")
    stats::setNames(lapply(plain, byName), plain)
}
