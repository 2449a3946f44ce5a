# What the residuals of normal samples look like, feature by feature, and the
# p-values that follow.

.minNullSamples <- 10L

# Share of a feature's variance that is taken from the other features.
.borrowedVariance <- 0.2

# From this share of equal values on a feature is steady.
.steadyShare <- 0.8

# Residuals beyond so many standard deviations do not shape the tails.
.nullRange <- 4

.logTwoSided <- function(lower, upper) {
    pmin(log(2) + pmin(lower, upper), 0)
}

# log of 2 min(1/2, P(K <= k), P(K >= k)); both tails by their own function,
# so that neither is a difference from 1. Where a tail is too small for its
# function, its first term, which is nearly all of it, stands for it.
.logPNegativeBinomial <- function(count, mean, theta) {
    tail <- function(q, lower) {
        p <- suppressWarnings(stats::pnbinom(q, size = theta, mu = mean,
            lower.tail = lower, log.p = TRUE))
        gone <- which(p == -Inf & count > 0)
        first <- stats::dnbinom(count[gone],
            size = rep_len(theta, length(count))[gone], mu = mean[gone],
            log = TRUE)
        p[gone] <- first
        p
    }
    result <- .logTwoSided(tail(count, TRUE), tail(count - 1, FALSE))
    dim(result) <- dim(count)
    result
}

.logPStudent <- function(z, df) {
    log(2) + stats::pt(-abs(z), df, log.p = TRUE)
}

# Smallest p-value that is told; the log is exact below it.
.fromLog <- function(log_p) {
    exp(pmax(log_p, log(.Machine$double.xmin)))
}

# parts: from .aberrantParts(). Returns what a model keeps of them, plain
# vectors in the order of the features; scale 0: the feature is constant.
.fitNull <- function(parts, method) {
    residual <- parts$residual
    middle <- apply(residual, 1L, stats::median)
    near <- .drawnIn(residual, middle)
    # medians would leave too few residuals, and p-values, in the middle
    location <- rowMeans(near)
    variance <- rowMeans((near - location)^2) * parts$n / (parts$n - 1)
    total <- parts$variance
    varies <- total > 0 & variance > 1e-12 * total
    share <- if (any(varies)) {
        stats::median((variance / total)[varies])
    } else {
        0
    }
    scale <- sqrt((1 - .borrowedVariance) * variance +
        .borrowedVariance * share * total)
    scale[!varies] <- 0
    null <- list(method = method, location = location, n = parts$n)
    z <- ((residual - location) / scale)[varies, ]
    tails <- .fitTails(z, method)
    null$scale <- scale * tails$scale
    null$df <- tails$df
    null$steady <- method != "nb" & .steady(parts$observed)
    if (method == "nb") {
        nb <- .fitNegativeBinomial(parts$observed, parts$expected,
            near != residual)
        null$theta <- nb$theta
        null$factor <- nb$factor
    }
    null
}

# Features that have the same value in most samples (genes that are hardly ever
# seen): the others are no sample of a smooth distribution.
.steady <- function(x) {
    rowMeans(x == apply(x, 1L, stats::median)) >= .steadyShare
}

# One t distribution for the standardised residuals of all features, by maximum
# likelihood of those within the range (truncated there).
.fitTails <- function(z, method) {
    z <- z[is.finite(z)]
    most <- 50000L
    if (length(z) > most) {
        z <- z[.fixedSubset(length(z), most)]
    }
    z <- z[abs(z) <= .nullRange]
    if (length(z) < 2L) {
        return(list(scale = 1, df = 1e6))
    }
    # 1 / df from 0 (normal) to 1 / 3
    inverse <- function(p) if (method == "t") stats::plogis(p) / 3 else 1e-6
    loss <- function(p) {
        df <- 1 / max(inverse(p[2L]), 1e-6)
        s <- exp(p[1L])
        inside <- log1p(-2 * stats::pt(-.nullRange / s, df))
        -mean(stats::dt(z / s, df, log = TRUE)) + p[1L] + inside
    }
    best <- stats::optim(c(log(stats::sd(z)), 0), loss)$par
    list(scale = exp(best[1L]), df = 1 / max(inverse(best[2L]), 1e-6))
}

# Dispersion by maximum likelihood from 0.01 to 1000 and a factor on the mean,
# per feature. Counts that are far off, or that a fit finds impossible, are
# replaced by their mean for the next.
.fitNegativeBinomial <- function(count, mean, far) {
    used <- count
    used[far] <- mean[far]
    for (round in 1:3) {
        factor <- rowSums(used) / rowSums(mean)
        factor[!is.finite(factor) | factor <= 0] <- 1
        fitted <- mean * factor
        theta <- .maximumTheta(used, fitted)
        odd <- .logPNegativeBinomial(count, fitted, theta) < log(1e-4)
        used <- count
        used[odd] <- fitted[odd]
    }
    list(theta = theta, factor = factor)
}

# Log-likelihood in theta without the terms that do not hold it; counts need
# not be whole.
.thetaLikelihood <- function(count, mean, theta) {
    rowSums(lgamma(count + theta) - count * log(theta + mean) +
        theta * (log(theta) - log(theta + mean)) - lgamma(theta))
}

# Golden section search on log(theta) for all features at once.
.maximumTheta <- function(count, mean) {
    ratio <- (sqrt(5) - 1) / 2
    low <- rep(log(1e-2), nrow(count))
    high <- rep(log(1e3), nrow(count))
    value <- function(at) .thetaLikelihood(count, mean, exp(at))
    left <- high - ratio * (high - low)
    right <- low + ratio * (high - low)
    at_left <- value(left)
    at_right <- value(right)
    for (step in seq_len(30L)) {
        up <- at_right > at_left
        low <- ifelse(up, left, low)
        high <- ifelse(up, high, right)
        new <- ifelse(up, low + ratio * (high - low),
            high - ratio * (high - low))
        at_new <- value(new)
        old <- ifelse(up, right, left)
        at_old <- ifelse(up, at_right, at_left)
        left <- ifelse(up, old, new)
        at_left <- ifelse(up, at_old, at_new)
        right <- ifelse(up, new, old)
        at_right <- ifelse(up, at_new, at_old)
    }
    exp((low + high) / 2)
}

# list(z, log_p, expected, note): note says for a feature why it has no
# p-values, NA if it has. new: samples that the model was not fitted to, of
# which the residuals are larger.
.judge <- function(parts, null, new) {
    wider <- if (new) null$inflation else 1
    varies <- null$scale > 0
    z <- (parts$residual - null$location) / (null$scale * sqrt(wider))
    expected <- parts$expected
    if (null$method == "nb") {
        expected <- expected * null$factor
        # what the mean of a new sample is uncertain by, and with it its
        # dispersion
        spread <- wider / null$theta + (wider - 1) / expected
        log_p <- .logPNegativeBinomial(parts$observed, expected, 1 / spread)
        if (new && null$uncertainty > 0) {
            log_p <- .logPStudent(stats::qnorm(log_p - log(2), log.p = TRUE),
                1 / null$uncertainty)
        }
    } else {
        more <- if (new && null$method == "t") null$uncertainty else 0
        log_p <- .logPStudent(z, 1 / (1 / null$df + more))
    }
    note <- rep(NA_character_, length(varies))
    note[null$steady] <- "the same value in most samples"
    if (null$n < .minReferenceSamples) {
        note[] <- sprintf("fewer than %d samples", .minReferenceSamples)
    }
    note[!varies] <- "does not vary"
    note[parts$absent] <- "not in `x`"
    z[!varies | parts$absent, ] <- NA
    log_p[!is.na(note), ] <- NA
    list(z = z, log_p = log_p, expected = expected, note = note)
}
