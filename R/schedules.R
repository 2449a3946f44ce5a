#' Schedules of the learning rate
#'
#' How the learning rate changes during training. The rate of the optimiser is
#' the highest one.
#'
#' `constantRate` keeps it. `stepDecay`, `exponentialDecay` and
#' `reduceOnPlateau` change it between epochs. `cosineDecay` and `oneCycle`
#' change it at every step along half a cosine, down to `minimum`, or up to the
#' highest rate and down again (as OneCycleLR of PyTorch); both are made for the
#' full number of `epochs`. `warmUp` multiplies another schedule, in its first
#' epochs, by a factor that rises from 0 to 1.
#'
#' @details
#' One cycle of n steps, counted from 0, turns at the (not whole) step t =
#' `fraction` n - 1. With c(a, b, s) = b + (a - b) (1 + cos(pi s)) / 2 and the
#' optimiser's rate r, the rate of step i is c(r / `divisor`, r, i / t) up to
#' t, and after that c(r, r / (`divisor` `final`), (i - t) / (n - 1 - t)). The
#' momentum, that of [sgd()] and `beta1` of [adam()] and [adamW()], goes in the
#' same way from the highest to the lowest number and back (Smith and Topin
#' 2019, as the cosine form of PyTorch's OneCycleLR with `cycle_momentum`).
#' Other optimisers have no momentum to move.
#'
#' @param every Epochs between two reductions.
#' @param factor What the rate is multiplied by at each reduction, greater
#'     than 0 and at most 1; for `exponentialDecay` at each epoch.
#' @param minimum The lowest rate.
#' @param fraction Share of the steps during which the rate rises.
#' @param divisor The first rate is the optimiser's divided by this.
#' @param final The last rate is the first one divided by this.
#' @param momentum `TRUE` to move the momentum against the rate, between 0.85
#'     and 0.95; or the two numbers, `c(lowest, highest)`. `FALSE` leaves it to
#'     the optimiser.
#' @param patience Epochs without a better validation loss before a reduction.
#' @param epochs Number of epochs during which the rate rises from 0.
#' @param then The schedule that the warm-up is put on.
#'
#' @section Errors:
#' `aesop_error_param` for a number out of range.
#'
#' @returns A setting for the argument `schedule` of [AutoencoderParam()].
#' @references Smith L.N., Topin N. (2019) Super-convergence: very fast
#' training of neural networks using large learning rates. Loshchilov I.,
#' Hutter F. (2017) SGDR: stochastic gradient descent with warm restarts.
#' @name schedules
#' @examples
#' oneCycle()
#' AutoencoderParam(optimizer = adam(0.01),
#'     schedule = oneCycle(momentum = TRUE))
#' AutoencoderParam(schedule = warmUp(5, then = cosineDecay()))
NULL

#' @rdname schedules
#' @export
constantRate <- function() {
    .piece("schedule", list(schedule = "constant"))
}

#' @rdname schedules
#' @export
stepDecay <- function(every = 30, factor = 0.1) {
    .piece("schedule", list(schedule = "step",
        schedule_every = .checkNumber(every, "every", lower = 1,
            integer = TRUE),
        schedule_factor = .checkFactor(factor)))
}

#' @rdname schedules
#' @export
exponentialDecay <- function(factor = 0.98) {
    .piece("schedule", list(schedule = "exponential",
        schedule_factor = .checkFactor(factor)))
}

#' @rdname schedules
#' @export
cosineDecay <- function(minimum = 0) {
    .piece("schedule", list(schedule = "cosine",
        schedule_minimum = .checkNumber(minimum, "minimum", lower = 0)))
}

#' @rdname schedules
#' @export
oneCycle <- function(fraction = 0.3, divisor = 25, final = 1e4,
    momentum = FALSE) {
    .piece("schedule", c(list(schedule = "one_cycle",
        one_cycle_fraction = .checkNumber(fraction, "fraction", lower = 0,
            upper = 1 - 1e-9, open = TRUE),
        one_cycle_divisor = .checkNumber(divisor, "divisor", lower = 1),
        one_cycle_final = .checkNumber(final, "final", lower = 1)),
        .momentumRange(momentum)))
}

# FALSE, TRUE or c(lowest, highest) as settings.
.momentumRange <- function(momentum) {
    if (is.logical(momentum)) {
        return(list(one_cycle_momentum = .checkFlag(momentum, "momentum")))
    }
    good <- is.numeric(momentum) && !is.object(momentum) &&
        length(momentum) == 2L && !anyNA(momentum) && momentum[1L] >= 0 &&
        momentum[1L] <= momentum[2L] && momentum[2L] < 1
    if (!good) {
        .abortParam("momentum", momentum, paste("TRUE, FALSE or two rising",
            "numbers from 0 to below 1"))
    }
    list(one_cycle_momentum = TRUE,
        one_cycle_momentum_low = as.numeric(momentum[1L]),
        one_cycle_momentum_high = as.numeric(momentum[2L]))
}

#' @rdname schedules
#' @export
reduceOnPlateau <- function(patience = 10, factor = 0.1, minimum = 0) {
    .piece("schedule", list(schedule = "plateau",
        schedule_every = .checkNumber(patience, "patience", lower = 1,
            integer = TRUE),
        schedule_factor = .checkFactor(factor),
        schedule_minimum = .checkNumber(minimum, "minimum", lower = 0)))
}

#' @rdname schedules
#' @export
warmUp <- function(epochs = 5, then = constantRate()) {
    epochs <- .checkNumber(epochs, "epochs", lower = 0, integer = TRUE)
    isSchedule <- inherits(then, "aesop_setting") &&
        identical(attr(then, "what"), "schedule")
    if (!isSchedule) {
        .abortParam("then", then, "a schedule such as cosineDecay()")
    }
    then$warmup_epochs <- epochs
    then
}

.checkFactor <- function(factor) {
    .checkNumber(factor, "factor", lower = 0, upper = 1, open = TRUE)
}
