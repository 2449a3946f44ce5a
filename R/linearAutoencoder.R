# A linear autoencoder at its optimum. Its least squares solution is the
# subspace of the leading principal components (Baldi and Hornik 1989), so that
# no step of training is needed; and values far from their reconstruction are
# drawn in, so that it does not bend towards outliers.

# How far a value may be from its reconstruction, in robust standard
# deviations, and how often values and subspace take turns.
.drawInAt <- 4
.drawInRounds <- 8L

# input, settings as from .preparedFit(); latent: a number, or "auto" for the
# optimal hard threshold. Returns list(model, source, control).
.fitLinear <- function(input, settings, latent, options) {
    fixed <- list(hidden = integer(0), epochs = 0L, validation = 0)
    settings <- .overlay(settings, fixed)
    settings$latent <- 1L
    first <- .fitPart(input, .adaptTo(input, settings)$settings, options)
    x <- .preparedMatrix(first$model, input$source)
    if (identical(latent, "auto")) {
        latent <- .spectrumCount(x)
        input$notes <- c(input$notes, sprintf("latent = %d: %s", latent,
            "the singular values above the optimal hard threshold"))
    }
    settings$latent <- min(latent, dim(x) - 1L)
    config <- .adaptTo(input, settings)$settings
    pca <- .robustSubspace(x, config$latent)
    weights <- list(
        encoder.1.weight = pca$axes,
        encoder.1.bias = -drop(crossprod(pca$axes, pca$center)),
        decoder.1.weight = t(pca$axes),
        decoder.1.bias = pca$center
    )
    fit <- .fitCore(input, config, character(), options,
        list(weights = weights))
    fit$model@info$linear <- TRUE
    fit
}

.spectrumCount <- function(x) {
    varies <- rowSums((x - rowMeans(x))^2) > 0
    x <- x[varies, , drop = FALSE]
    if (nrow(x) == 0L) {
        return(1L)
    }
    values <- .singularValues(x - rowMeans(x))
    max(1L, sum(values > .hardThreshold(values, dim(x))))
}

# list(center, axes) of features x samples.
.robustSubspace <- function(x, latent) {
    pca <- .subspace(x, latent)
    for (round in seq_len(.drawInRounds)) {
        fit <- .project(x, pca)
        residual <- x - fit
        limit <- .drawInAt * apply(residual, 1L, stats::mad)
        pca <- .subspace(fit + pmax(pmin(residual, limit), -limit), latent)
    }
    pca
}

.project <- function(x, pca) {
    pca$center + pca$axes %*% crossprod(pca$axes, x - pca$center)
}

# By the smaller of the two cross-products.
.subspace <- function(x, latent) {
    center <- rowMeans(x)
    y <- x - center
    keep <- seq_len(latent)
    if (nrow(y) <= ncol(y)) {
        axes <- eigen(tcrossprod(y), symmetric = TRUE)$vectors
        return(list(center = center, axes = axes[, keep, drop = FALSE]))
    }
    right <- eigen(crossprod(y), symmetric = TRUE)$vectors
    # orthonormal also where a singular value is 0
    axes <- qr.Q(qr(y %*% right[, keep, drop = FALSE], LAPACK = TRUE))
    list(center = center, axes = axes)
}
