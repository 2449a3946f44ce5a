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
#' @param every Epochs between two reductions.
#' @param factor What the rate is multiplied by at each reduction, greater
#'     than 0 and at most 1; for `exponentialDecay` at each epoch.
#' @param minimum The lowest rate.
#' @param fraction Share of the steps during which the rate rises.
#' @param divisor The first rate is the optimiser's divided by this.
#' @param final The last rate is the first one divided by this.
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
oneCycle <- function(fraction = 0.3, divisor = 25, final = 1e4) {
    .piece("schedule", list(schedule = "one_cycle",
        one_cycle_fraction = .checkNumber(fraction, "fraction", lower = 0,
            upper = 1 - 1e-9, open = TRUE),
        one_cycle_divisor = .checkNumber(divisor, "divisor", lower = 1),
        one_cycle_final = .checkNumber(final, "final", lower = 1)))
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
