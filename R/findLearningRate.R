#' Find a learning rate
#'
#' The range test of Smith (2017): the network is trained for some steps while
#' the learning rate rises from one step to the next, by the same factor each
#' time. At rates that are too low the loss stays where it is, then it falls,
#' and at rates that are too high it explodes. The suggestion is the rate at
#' which it falls most steeply, by straight lines through a quarter of the
#' steps. If the curve is rough, take more steps.
#'
#' The losses are those of single minibatches, each before its update, with
#' noise, dropout and penalties, as in training. They are smoothed by a running
#' mean over a tenth of the steps. The test ends early when that mean exceeds
#' four times its lowest value, or a loss is not finite. The schedule of the
#' learning rate and its warm-up are left out, everything else (optimiser,
#' batch size, clipping) is as `param` says: the suggestion is for those.
#'
#' @param x Samples as for [trainAutoencoder()]. For `print` and `plot`: what
#'     this function returned.
#' @param param An [AutoencoderParam()], or `NULL` for the defaults.
#' @param from,to The first and the last learning rate, greater than 0.
#' @param steps Number of training steps, at least 10. The optimiser's state
#'     goes through all of them.
#' @param seed A whole number; `NULL` draws one from R's generator.
#' @param ... Further settings as for [AutoencoderParam()], and further
#'     arguments of [trainAutoencoder()]. For `plot`: of [graphics::plot()].
#'
#' @section Errors:
#' Those of [trainAutoencoder()]; `aesop_error_param` for the other arguments.
#'
#' @returns A list of class `aesop_rates`: `suggestion`, a learning rate, or
#' `NA` if the loss never falls; `reason`, a sentence; `curve`, a data frame
#' with `rate`, `loss` and `smoothed` (`NA` at both ends) per step; `exploded`,
#' whether the test ended early. `plot()` draws the curve.
#' @references Smith L.N. (2017) Cyclical learning rates for training neural
#' networks. IEEE Winter Conference on Applications of Computer Vision.
#' @seealso [schedules] for rates that change during training
#' @export
#' @examples
#' x <- matrix(rnorm(20 * 200), nrow = 20)
#' rates <- findLearningRate(x, latent = 2, hidden = 8, seed = 1)
#' rates
#' trainAutoencoder(x, latent = 2, hidden = 8, epochs = 5,
#'     learning_rate = rates$suggestion)
findLearningRate <- function(x, param = NULL, from = 1e-6, to = 1,
    steps = 100, seed = NULL, ...) {
    from <- .checkNumber(from, "from", lower = 0, upper = 1e9, open = TRUE)
    to <- .checkNumber(to, "to", lower = 0, upper = 1e9, open = TRUE)
    if (to <= from) {
        .abort("param", sprintf("`to` = %s must be greater than `from` = %s.",
            format(to), format(from)), arg = "to", value = to,
            allowed = "greater than `from`")
    }
    steps <- .checkNumber(steps, "steps", lower = 10, upper = 1e6,
        integer = TRUE)
    args <- list(...)
    args["seed"] <- list(seed)
    param <- .networkParam(param, x)
    input <- .trainingCall(x, param, args, "findLearningRate()")
    fit <- .preparedFit(input$x, param, input$settings, input$call,
        input$options)
    source <- fit$input$source
    config <- .adaptTo(fit$input, fit$settings)$settings
    seed <- .resolveSeed(input$options$seed)
    window <- max(3L, 2L * (steps %/% 20L) + 1L)
    run <- .onDevice(learning_rate_range(source, config,
        list(from = from, to = to, steps = steps, window = window),
        list(seed = .seedWords(seed),
            num_threads = input$options$num_threads,
            device = input$options$device,
            precision = input$options$precision)))
    curve <- data.frame(rate = run$rate, loss = run$loss,
        smoothed = .runningMean(run$loss, window))
    structure(c(.suggestRate(curve), list(curve = curve,
        exploded = run$exploded)), class = "aesop_rates")
}

# Mean of an odd number of neighbours; NA where some are missing.
.runningMean <- function(x, window) {
    if (length(x) < window) {
        return(rep(NA_real_, length(x)))
    }
    as.numeric(stats::filter(x, rep(1 / window, window)))
}

# Where a straight line through a quarter of the steps falls most, up to the
# lowest point of the smoothed loss. Shorter lines would follow the differences
# between minibatches.
.suggestRate <- function(curve) {
    smoothed <- ifelse(is.finite(curve$smoothed), curve$smoothed, NA)
    lowest <- max(which.min(smoothed), 0L)
    half <- min(nrow(curve) %/% 8L, (lowest - 1L) %/% 2L)
    slope <- if (half >= 1L) .runningSlope(curve$loss[seq_len(lowest)], half)
    steepest <- which.min(slope)
    if (length(steepest) == 0L || slope[steepest] >= 0) {
        return(list(suggestion = NA_real_, reason = paste(
            "the loss never falls: try a wider range of rates,",
            "or more steps")))
    }
    list(suggestion = curve$rate[steepest], reason = sprintf(
        "the loss falls most steeply at %s and is lowest at %s",
        format(curve$rate[steepest], digits = 2L),
        format(curve$rate[lowest], digits = 2L)))
}

# Slope of the least-squares line through each value and `half` neighbours on
# either side.
.runningSlope <- function(y, half) {
    t <- seq(-half, half)
    # filter() runs its weights backwards
    as.numeric(stats::filter(y, -t / sum(t^2)))
}

#' @rdname findLearningRate
#' @method print aesop_rates
#' @export
print.aesop_rates <- function(x, ...) {
    cat("learning_rate = ", format(x$suggestion, digits = 3L), "\n  ",
        x$reason, "\n", sep = "")
    invisible(x)
}

#' @rdname findLearningRate
#' @method plot aesop_rates
#' @export
plot.aesop_rates <- function(x, ...) {
    curve <- x$curve[is.finite(x$curve$loss), ]
    # the explosion would flatten everything else
    seen <- if (all(is.na(curve$smoothed))) curve$loss else curve$smoothed
    limits <- range(seen, na.rm = TRUE)
    limits[2L] <- max(min(limits[2L], 2 * curve$loss[1L]), limits[1L])
    graphics::plot(curve$rate, curve$loss, log = "x", ylim = limits,
        col = "grey60", xlab = "learning rate", ylab = "loss", ...)
    graphics::lines(curve$rate, curve$smoothed, lwd = 2)
    if (!is.na(x$suggestion)) {
        graphics::abline(v = x$suggestion, lty = 2L)
    }
    invisible(x)
}
