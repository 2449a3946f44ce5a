#' Losses with parameters
#'
#' The other losses have none and are given by name: `"mse"` (mean squared
#' error), `"half_sse"` (half the sum of squares), `"mae"` (mean absolute
#' error), `"log_cosh"` (between the two), `"bce"` (binary cross-entropy, for
#' input from 0 to 1) and `"poisson"` (counts). [AutoencoderParam()] also takes
#' `"huber"`, `"correntropy"`, `"nb"` and `"zinb"` for the defaults of the
#' functions below.
#'
#' @param delta Error, in units of the model's input, beyond which the loss is
#'     linear; greater than 0.
#' @param width Width of the kernel, in units of the model's input; greater
#'     than 0. Errors far beyond it no longer count.
#' @param dispersion `"feature"` for a dispersion of each feature,
#'     `"constant"` for one of all, `"entry"` for one of each feature in each
#'     sample, which the decoder computes from the code.
#' @param zero_ridge Penalty on the probability of technical zeros: this times
#'     the square of each, averaged as the loss is; at least 0.
#'
#' @details
#' With x a value of the input after its preparation, y its reconstruction and
#' r = y - x, the loss of one value is
#'
#' * `"mse"`: r^2; `"half_sse"`: r^2 / 2; `"mae"`: |r|
#' * `"huber"`: r^2 / 2 where |r| <= `delta`, else `delta` (|r| - `delta` / 2)
#'   (Huber 1964)
#' * `"correntropy"`: 1 - exp(-r^2 / (2 `width`^2)), which is at most 1 for any
#'   error (Liu, Pokharel and Principe 2007)
#' * `"log_cosh"`: log cosh r, near r^2 / 2 for small errors and |r| - log 2
#'   for large ones
#' * `"bce"`: -x log(y) - (1 - x) log(1 - y)
#' * `"poisson"`: -log `dpois(x, y)`, and `"nb"`: -log `dnbinom(x, size =
#'   theta, mu = y)`. Here x is the raw count, y the expected count: the size
#'   factor of the sample times the exponential of the network's output. The
#'   variance is y + y^2 / theta. theta is learned with the weights; with
#'   `dispersion = "entry"` it is softplus of a further output of the decoder
#'   (Eraslan et al. 2019).
#' * `"zinb"`: -log(p + (1 - p) `dnbinom(0, size = theta, mu = y)`) where x is
#'   0, and -log((1 - p) `dnbinom(x, size = theta, mu = y)`) elsewhere, plus
#'   `zero_ridge` p^2. The probability p of a technical zero is the sigmoid of
#'   a further output of the decoder (Eraslan et al. 2019).
#'
#' The loss of a sample is the mean over its features, for `"half_sse"` the
#' sum; the setting `loss_reduction`, `"mean"` or `"sum"`, changes that. The
#' loss of an epoch is the mean over its samples, plus the penalties.
#'
#' @section Errors:
#' `aesop_error_param` for a value that is not allowed.
#'
#' @references Huber P.J. (1964) Robust estimation of a location parameter.
#' Annals of Mathematical Statistics 35, 73-101. Liu W., Pokharel P.P.,
#' Principe J.C. (2007) Correntropy: properties and applications in
#' non-Gaussian signal processing. IEEE Transactions on Signal Processing 55,
#' 5286-5298. Eraslan G. et al. (2019) Single-cell RNA-seq denoising using a
#' deep count autoencoder. Nature Communications 10, 390.
#'
#' @returns A setting for the argument `loss` of [AutoencoderParam()].
#' @seealso [denoise()], [dropoutProbability()] and [dispersions()] for what
#'     the losses on counts give
#' @name losses
#' @examples
#' AutoencoderParam(loss = huberLoss(delta = 0.5))
#' AutoencoderParam(loss = negativeBinomialLoss("constant"))
#' AutoencoderParam(loss = zeroInflatedLoss("entry", zero_ridge = 0.01))
#' AutoencoderParam(loss = correntropyLoss(width = 2))
NULL

#' @rdname losses
#' @export
huberLoss <- function(delta = 1) {
    .piece("loss", list(loss = "huber",
        huber_delta = .checkNumber(delta, "delta", lower = 0, open = TRUE)))
}

#' @rdname losses
#' @export
correntropyLoss <- function(width = 1) {
    .piece("loss", list(loss = "correntropy",
        huber_delta = .checkNumber(width, "width", lower = 0, open = TRUE)))
}

#' @rdname losses
#' @export
negativeBinomialLoss <- function(dispersion = c("feature", "constant",
    "entry")) {
    .piece("loss", list(loss = "nb", dispersion = .checkDispersion(dispersion)))
}

#' @rdname losses
#' @export
zeroInflatedLoss <- function(dispersion = c("feature", "constant", "entry"),
    zero_ridge = 0) {
    dispersion <- .checkDispersion(dispersion)
    .piece("loss", list(loss = "zinb", dispersion = dispersion,
        zero_ridge = .checkNumber(zero_ridge, "zero_ridge", lower = 0)))
}

.checkDispersion <- function(x) {
    .checkChoice(x, "dispersion", c("feature", "constant", "entry"))
}

# Makers of the losses that can be given by name.
.lossMakers <- function() {
    byName <- function(loss) {
        force(loss)
        function() .piece("loss", list(loss = loss))
    }
    plain <- c("mse", "half_sse", "mae", "huber", "correntropy", "log_cosh",
        "bce", "poisson", "nb", "zinb")
    stats::setNames(lapply(plain, byName), plain)
}
