# Scores of samples by linear autoencoders: each sample by one that was not
# fitted to it, and each fitted to the samples nearest to the others, so that
# outliers neither bend it nor hide in it.

# Share of the samples that a fit rests on.
.trimmedShare <- 0.75
.concentrationSteps <- 10L
.crossFolds <- 5L

# Beyond so many features, fits take turns in the space of as many leading
# axes; what is outside counts as residual.
.workingAxes <- 100L

# A feature that hardly varies among the samples of a fit counts as varying by
# this share of its standard deviation.
.spreadFloor <- 0.05

# x: prepared input, features x samples. latent: a number, or "auto" for the
# optimal hard threshold. Returns list(score, latent).
.crossFittedScores <- function(x, latent) {
    # what rounding leaves of a constant is no variance
    varies <- rowMeans((x - rowMeans(x))^2) > 1e-14 * rowMeans(x^2)
    x <- x[varies, , drop = FALSE]
    n <- ncol(x)
    if (nrow(x) == 0L) {
        return(list(score = numeric(n), latent = 0L))
    }
    x <- .trimmedScale(x)
    work <- .workingSpace(x)
    fold <- integer(n)
    fold[sample_order(n, list(seed = c(0, 0), epoch = 0))] <-
        rep_len(seq_len(.crossFolds), n)
    score <- numeric(n)
    sizes <- integer(.crossFolds)
    for (f in seq_len(.crossFolds)) {
        fit <- .concentrate(work, which(fold != f), latent, nrow(x))
        out <- fold == f
        score[out] <- .linearScore(x, work$axes, fit, out)
        sizes[f] <- ncol(fit$axes)
    }
    list(score = score, latent = as.integer(stats::median(sizes)))
}

# Numbers of the share of samples with the smallest distances.
.nearest <- function(distance) {
    order(distance)[seq_len(max(2L, ceiling(.trimmedShare *
        length(distance))))]
}

# Features at their medians, divided by their spread among the samples nearest
# to them.
.trimmedScale <- function(x) {
    x <- x - apply(x, 1L, stats::median)
    near <- x[, .nearest(colSums(x^2)), drop = FALSE]
    spread <- sqrt(rowMeans((near - rowMeans(near))^2))
    all <- sqrt(rowMeans((x - rowMeans(x))^2))
    # a feature that is constant in most samples has its spread from all
    x <- x / ifelse(spread > .spreadFloor * all, spread, all)
    x - rowMeans(x)
}

# list(y, axes, rest): coordinates, their axes (NULL for the features
# themselves), and each sample's sum of squares outside.
.workingSpace <- function(x) {
    if (nrow(x) <= .workingAxes) {
        return(list(y = x, axes = NULL, rest = numeric(ncol(x))))
    }
    axes <- .leadingAxes(x, min(.workingAxes, ncol(x) - 1L))
    y <- crossprod(axes, x)
    list(y = y, axes = axes, rest = pmax(colSums(x^2) - colSums(y^2), 0))
}

# Samples that are nearest to a fit, and the fit to them, in turns (Rousseeuw
# and Van Driessen 1999). Returns list(used, center, spread, axes, variance).
.concentrate <- function(work, train, latent, n_features) {
    y <- work$y[, train, drop = FALSE]
    rest <- work$rest[train]
    distance <- colSums((y - apply(y, 1L, stats::median))^2) + rest
    for (step in seq_len(.concentrationSteps)) {
        used <- .nearest(distance)
        fit <- .linearStep(y, rest, used, latent, n_features,
            is.null(work$axes))
        distance <- fit$distance
    }
    fit$distance <- NULL
    fit$used <- train[used]
    fit
}

.linearStep <- function(y, rest, used, latent, n_features, rescale) {
    n <- length(used)
    center <- rowMeans(y[, used, drop = FALSE])
    y <- y - center
    spread <- 1
    if (rescale) {
        spread <- pmax(sqrt(rowMeans(y[, used, drop = FALSE]^2)),
            .spreadFloor)
        y <- y / spread
    }
    parts <- eigen(tcrossprod(y[, used, drop = FALSE]), symmetric = TRUE)
    values <- pmax(parts$values, 0)
    most <- max(1L, min(nrow(y) - 1L, n - 2L))
    q <- if (identical(latent, "auto")) {
        .thresholdCount(sqrt(values), sum(rest[used]), n_features, n)
    } else {
        latent
    }
    keep <- seq_len(min(q, most))
    axes <- parts$vectors[, keep, drop = FALSE]
    variance <- pmax(values[keep] / n, 1e-12)
    code <- crossprod(axes, y)
    residual <- rest + pmax(colSums(y^2) - colSums(code^2), 0)
    distance <- colSums(code^2 / variance) + residual /
        max(mean(residual[used]), 1e-12) * max(n_features - length(keep), 0)
    list(center = center, spread = spread, axes = axes, variance = variance,
        distance = distance)
}

# Number of singular values above the optimal hard threshold. values: those of
# the working space; rest: the sum of squares outside. Where something is
# outside, the median is not known, and the noise is what the values below the
# threshold and the outside hold.
.thresholdCount <- function(values, rest, n_features, n) {
    size <- c(n_features, n)
    known <- utils::head(values, max(min(n_features, n - 1L), 1L))
    if (length(values) == n_features) {
        return(max(1L, sum(known > .hardThreshold(known, size))))
    }
    below <- c(rev(cumsum(rev(known^2))), 0) + rest
    count <- 0L
    repeat {
        noise <- below[count + 1L] / prod(size - c(0, 1) - count)
        more <- sum(known > .noiseThreshold(sqrt(noise), size))
        if (more <= count || more == length(known)) {
            return(max(1L, more))
        }
        count <- more
    }
}

# Squared code and residual of the samples `out`, each by its variance in the
# samples of the fit.
.linearScore <- function(x, outer, fit, out) {
    axes <- if (is.null(outer)) fit$axes else outer %*% fit$axes
    used <- x[, fit$used, drop = FALSE]
    center <- rowMeans(used)
    parts <- function(x) {
        x <- (x - center) / fit$spread
        code <- crossprod(axes, x)
        list(code = code, residual = x - axes %*% code)
    }
    variance <- rowMeans(parts(used)$residual^2)
    new <- parts(x[, out, drop = FALSE])
    colSums(new$code^2 / fit$variance) +
        .residualScore(new$residual, variance, ncol(axes))
}

# Squared residuals by their variances, in units of the directions that the
# code leaves open.
.residualScore <- function(residual, variance, latent) {
    p <- nrow(residual)
    floor <- 1e-3 * mean(variance)
    if (floor == 0) {
        return(numeric(ncol(residual)))
    }
    colSums(residual^2 / (variance + floor)) * max(p - latent, 0) / p
}
