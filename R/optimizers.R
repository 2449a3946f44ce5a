#' Optimisers
#'
#' The rules that turn gradients into new weights. The defaults are those of
#' the publications and of the common libraries.
#'
#' @param learning_rate Size of a step, greater than 0.
#' @param momentum Share of the last step that is kept, from 0 to below 1.
#' @param nesterov `TRUE` for Nesterov's momentum.
#' @param rho Share of the running mean of squared gradients (for Adadelta
#'     also of squared steps) that is kept, from 0 to below 1.
#' @param beta1,beta2 Share kept of the running means of gradients and of
#'     squared gradients, from 0 to below 1.
#' @param epsilon Small number added to the denominator.
#' @param weight_decay Share of a weight, times the learning rate, that is
#'     taken away at each step.
#'
#' @details
#' With w a weight, g its gradient, r the learning rate and e `epsilon`, and
#' with m, v and u starting at 0, each step is
#'
#' * `sgd`: v <- `momentum` v + g, w <- w - r v; with `nesterov`
#'   w <- w - r (g + `momentum` v) (Sutskever et al. 2013)
#' * `rmsprop`: v <- `rho` v + (1 - `rho`) g^2, w <- w - r g / (sqrt(v) + e)
#'   (Tieleman and Hinton 2012)
#' * `adagrad`: v <- v + g^2, w <- w - r g / (sqrt(v) + e) (Duchi et al. 2011)
#' * `adadelta`: v as in `rmsprop`, d <- g sqrt(u + e) / sqrt(v + e),
#'   u <- `rho` u + (1 - `rho`) d^2, w <- w - r d (Zeiler 2012)
#' * `adam`: m <- `beta1` m + (1 - `beta1`) g, v <- `beta2` v + (1 - `beta2`)
#'   g^2, w <- w - r m' / (sqrt(v') + e), where m' and v' are m and v divided
#'   by 1 - `beta1`^t and 1 - `beta2`^t at step t (Kingma and Ba 2015)
#' * `adamW`: first w <- w (1 - r `weight_decay`), then as `adam` (Loshchilov
#'   and Hutter 2019)
#'
#' The penalties `l1` and `l2` are part of g. Gradients are clipped first if
#' `clip_value` or `clip_norm` is given to [AutoencoderParam()].
#'
#' @section Errors:
#' `aesop_error_param` for a number out of range.
#'
#' @returns A setting for the argument `optimizer` of [AutoencoderParam()].
#' @seealso [optimizerStep()] to take a single step
#' @name optimizers
#' @examples
#' adam(learning_rate = 0.01)
#' AutoencoderParam(optimizer = sgd(0.1, momentum = 0.9, nesterov = TRUE))
NULL

.optimizerPiece <- function(optimizer, ...) {
    numbers <- list(...)
    for (name in names(numbers)) {
        upper <- switch(name, learning_rate = 1e9, epsilon = 1,
            weight_decay = Inf, 1 - 1e-9)
        numbers[[name]] <- .checkNumber(numbers[[name]], name, lower = 0,
            upper = upper, open = name %in% c("learning_rate", "epsilon"))
    }
    .piece("optimizer", c(list(optimizer = optimizer), numbers))
}

#' @rdname optimizers
#' @export
sgd <- function(learning_rate = 0.01, momentum = 0, nesterov = FALSE) {
    nesterov <- .checkFlag(nesterov, "nesterov")
    piece <- .optimizerPiece("sgd", learning_rate = learning_rate,
        momentum = momentum)
    piece$nesterov <- nesterov
    piece
}

#' @rdname optimizers
#' @export
rmsprop <- function(learning_rate = 0.001, rho = 0.9, epsilon = 1e-7) {
    .optimizerPiece("rmsprop", learning_rate = learning_rate, rho = rho,
        epsilon = epsilon)
}

#' @rdname optimizers
#' @export
adagrad <- function(learning_rate = 0.01, epsilon = 1e-10) {
    .optimizerPiece("adagrad", learning_rate = learning_rate,
        epsilon = epsilon)
}

#' @rdname optimizers
#' @export
adadelta <- function(learning_rate = 1, rho = 0.95, epsilon = 1e-6) {
    .optimizerPiece("adadelta", learning_rate = learning_rate, rho = rho,
        epsilon = epsilon)
}

#' @rdname optimizers
#' @export
adam <- function(learning_rate = 0.001, beta1 = 0.9, beta2 = 0.999,
    epsilon = 1e-8) {
    .optimizerPiece("adam", learning_rate = learning_rate, beta1 = beta1,
        beta2 = beta2, epsilon = epsilon)
}

#' @rdname optimizers
#' @export
adamW <- function(learning_rate = 0.001, beta1 = 0.9, beta2 = 0.999,
    epsilon = 1e-8, weight_decay = 0.01) {
    .optimizerPiece("adamw", learning_rate = learning_rate, beta1 = beta1,
        beta2 = beta2, epsilon = epsilon, weight_decay = weight_decay)
}
