#' Take one step of an optimiser
#'
#' Applies an optimiser's rule once, as training does after each minibatch, to
#' weights and gradients of your own.
#'
#' @param optimizer Made by [adam()], [sgd()] and so on, or a name such as
#'     `"adam"`.
#' @param weights A numeric vector or matrix.
#' @param gradient The same for the gradient.
#' @param state The element `state` of the last step's result; `NULL` before
#'     the first.
#' @param step Number of the step, from 1.
#'
#' @section Errors:
#' `aesop_error_param` for an argument that is not allowed.
#'
#' @returns A list with the elements `weights`, like the argument, and `state`,
#' to be handed to the next step. Gradients are not clipped.
#' @export
#' @examples
#' # down a parabola
#' at <- list(weights = 3, state = NULL)
#' for (step in seq_len(20)) {
#'     at <- optimizerStep(sgd(0.1), at$weights, 2 * at$weights, at$state,
#'         step)
#' }
#' at$weights
optimizerStep <- function(optimizer, weights, gradient, state = NULL,
    step = 1) {
    settings <- .asPiece(optimizer, "optimizer", .pieceMakers("optimizer"))
    step <- .checkNumber(step, "step", lower = 1, integer = TRUE)
    .checkFinite(weights, "weights")
    .checkFinite(gradient, "gradient", length(weights))
    if (is.null(state)) {
        state <- list()
    }
    good <- is.list(state) && (length(state) == 0L ||
        setequal(names(state), c("first", "second")))
    if (!good) {
        .abortParam("state", state, "NULL or the state of the last step")
    }
    for (name in names(state)) {
        .checkFinite(state[[name]], "state", length(weights))
    }
    result <- optimizer_step(settings, as.numeric(weights),
        as.numeric(gradient), lapply(state, as.numeric), step)
    attributes(result$weights) <- attributes(weights)
    result
}

# Finite numbers, n of them if n is given.
.checkFinite <- function(x, arg, n = NULL) {
    good <- is.numeric(x) && !is.object(x) && length(x) > 0L &&
        (is.null(n) || length(x) == n) && all(is.finite(x))
    if (!good) {
        allowed <- if (is.null(n)) {
            "finite numbers"
        } else {
            paste(n, "finite numbers, like `weights`")
        }
        .abortParam(arg, x, allowed)
    }
    invisible(x)
}
