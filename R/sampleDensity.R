# How far a sample lies from the normal ones, given a model: by its code and
# its residual under a normal distribution of each, fitted to the samples that
# lie nearest.

# Numbers in a block of samples that is made dense at once.
.densityBlock <- 2e7

# list(code, residual): samples x codes, features x samples, NA for the features
# that new data lack.
.densityParts <- function(model, source, control) {
    residual <- .aberrantParts(model, source, control)$residual
    residual[.absentFeatures(source), ] <- NA
    list(code = .encodeSource(model, source, control), residual = residual)
}

# Some samples of a source, in memory.
.sourceSamples <- function(source, samples) {
    x <- if (source$kind == "stream") source$delayed else source$x
    source$x <- .someSamples(x, samples, list(source$feature_names,
        .sampleNames(source)[samples]))
    source$kind <- if (is(source$x, "dgCMatrix")) "sparse" else "dense"
    source[c("read", "sparse", "block", "copy", "delayed")] <- NULL
    source$n_samples <- length(samples)
    source$size_factors <- source$size_factors[samples]
    if (length(source$sample_names) > 0L) {
        source$sample_names <- source$sample_names[samples]
    }
    if (!is.null(source$design)) {
        source$design <- source$design[samples, , drop = FALSE]
    }
    source
}

# f(source of a block) for all samples, joined.
.overBlocks <- function(source, f) {
    n <- source$n_samples
    width <- max(64, .densityBlock %/% source$n_features)
    if (n <= width && source$kind != "stream") {
        return(f(source))
    }
    blocks <- split(seq_len(n), (seq_len(n) - 1) %/% width)
    unlist(lapply(blocks, function(samples) {
        f(.sourceSamples(source, samples))
    }), use.names = FALSE)
}

# Normal distributions of code and residual, robust against a quarter of the
# samples. Plain vectors, for a model to keep.
.densityReference <- function(model, source, control) {
    most <- max(200, .densityBlock %/% source$n_features)
    part <- .sourceSamples(source, .fixedSubset(source$n_samples, most))
    parts <- .densityParts(model, part, control)
    distance <- colMeans(t(.robustZ(parts$code))^2) +
        colMeans(t(.robustZ(t(parts$residual)))^2)
    for (step in seq_len(.concentrationSteps)) {
        used <- .nearest(distance)
        fit <- .normalParts(parts, used)
        distance <- .densityScore(fit, parts)
    }
    fit
}

# Columns by their medians and median absolute deviations, where there are any.
.robustZ <- function(x) {
    x <- sweep(x, 2L, apply(x, 2L, stats::median))
    spread <- 1.4826 * apply(abs(x), 2L, stats::median)
    used <- which(spread > 0)
    x[, used, drop = FALSE] / rep(spread[used], each = nrow(x))
}

# The covariance of the codes is drawn towards a multiple of the identity, the
# more the fewer samples there are for a code.
.normalParts <- function(parts, used) {
    code <- parts$code[used, , drop = FALSE]
    center <- colMeans(code)
    covariance <- .shrunkCovariance(sweep(code, 2L, center))
    residual <- parts$residual[, used, drop = FALSE]
    location <- rowMeans(residual)
    list(center = unname(center), whiten = as.vector(.whitening(covariance)),
        location = location, variance = rowMeans((residual - location)^2))
}

# Of centred rows.
.shrunkCovariance <- function(x) {
    q <- ncol(x)
    covariance <- crossprod(x) / nrow(x)
    kept <- nrow(x) / (nrow(x) + q)
    level <- max(mean(diag(covariance)), 1e-12)
    kept * covariance + (1 - kept) * level * diag(q)
}

# Matrix W with x W of the identity as its covariance.
.whitening <- function(covariance) {
    backsolve(chol(covariance), diag(nrow(covariance)))
}

.densityScore <- function(fit, parts) {
    q <- length(fit$center)
    code <- sweep(parts$code, 2L, fit$center) %*% matrix(fit$whiten, q)
    residual <- parts$residual - fit$location
    # features that are not there are as far off as the others on average
    there <- !is.na(residual[, 1L])
    score <- .residualScore(residual[there, , drop = FALSE],
        fit$variance[there], q)
    rowSums(code^2) + score * length(there) / max(sum(there), 1)
}
