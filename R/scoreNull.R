# What the scores of normal samples look like, and p-values that follow.

.minReferenceSamples <- 20L

# Share of the scores that shape their distribution; those above, where
# outliers are, count only as lying there (a censored sample).
.nullShare <- 0.9

# The distribution of scores as a normal one after a power. NULL where there
# are too few different ones.
.fitScoreNull <- function(score) {
    score <- score[is.finite(score)]
    unit <- stats::median(score)
    if (length(score) < .minReferenceSamples || unit <= 0) {
        return(NULL)
    }
    score <- sort(score) / unit
    seen <- score[seq_len(floor(.nullShare * length(score)))]
    seen <- seen[seen > 0]
    if (length(unique(seen)) < 5L) {
        return(NULL)
    }
    fits <- lapply(.nullPowers, .fitCensored, seen = seen,
        beyond = length(score) - length(seen))
    fit <- fits[[which.max(vapply(fits, function(f) f$likelihood, 1))]]
    c(unit = unit, fit$parameters)
}

# The cube root makes sums of squares nearly normal (Wilson and Hilferty 1931).
# Others are for heavier tails.
.nullPowers <- c(1 / 3, 0, -1 / 3, -2 / 3, -1)

.power <- function(x, power) {
    if (power == 0) log(x) else (x^power - 1) / power
}

# log of the probability that a normal variable is above z, given that it is
# where a power can be: below limits[2], above limits[1].
.logAbove <- function(z, limits) {
    above <- stats::pnorm(z, lower.tail = FALSE, log.p = TRUE)
    if (limits[1L] > -Inf) {
        return(above - stats::pnorm(limits[1L], lower.tail = FALSE,
            log.p = TRUE))
    }
    if (limits[2L] == Inf) {
        return(above)
    }
    below <- stats::pnorm(z, log.p = TRUE)
    most <- stats::pnorm(limits[2L], log.p = TRUE)
    beyond <- stats::pnorm(limits[2L], lower.tail = FALSE, log.p = TRUE)
    # the smaller tail of z is the one that is known well
    ifelse(z > 0, above + .logRest(beyond - above) - most,
        .logRest(below - most))
}

# log(1 - exp(x))
.logRest <- function(x) log1p(-exp(pmin(x, 0)))

# A power is bounded, unless it is the logarithm; limits in units of sd.
.powerLimits <- function(power, mean, sd) {
    c(if (power > 0) (-1 / power - mean) / sd else -Inf,
        if (power < 0) (-1 / power - mean) / sd else Inf)
}

.fitCensored <- function(power, seen, beyond) {
    y <- .power(seen, power)
    loss <- function(p) {
        s <- exp(p[2L])
        z <- (y - p[1L]) / s
        limits <- .powerLimits(power, p[1L], s)
        within <- stats::pnorm(limits[1L], lower.tail = FALSE, log.p = TRUE) +
            stats::pnorm(limits[2L], log.p = TRUE)
        value <- sum(z^2) / 2 + length(y) * (p[2L] + within) -
            beyond * .logAbove(max(z), limits)
        if (is.finite(value)) value else 1e300
    }
    best <- stats::optim(c(stats::median(y), log(stats::mad(y) + 1e-6)), loss)
    list(parameters = c(power = power, mean = best$par[1L],
        sd = exp(best$par[2L])),
        likelihood = (power - 1) * sum(log(seen)) - best$value)
}

# log of the p-values.
.logPNull <- function(null, score) {
    y <- .power(pmax(score, 0) / null[["unit"]], null[["power"]])
    .logAbove((y - null[["mean"]]) / null[["sd"]],
        .powerLimits(null[["power"]], null[["mean"]], null[["sd"]]))
}

# Split-conformal: the rank among scores of normal samples that nothing was
# fitted to (Vovk et al. 2005).
.conformalP <- function(calibration, score) {
    # how many are smaller
    below <- findInterval(score, sort(calibration), left.open = TRUE)
    (1 + length(calibration) - below) / (1 + length(calibration))
}

# The score above which the p-value is at most alpha.
.conformalLimit <- function(calibration, alpha) {
    above <- floor(alpha * (1 + length(calibration)) + 1e-9)
    if (above < 1) Inf else c(sort(calibration, decreasing = TRUE),
        -Inf)[above]
}
