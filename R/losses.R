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
#' @section Errors:
#' `aesop_error_param` for a value that is not allowed.
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
