# A linear autoencoder at its optimum. Its least squares solution is the
# subspace of the leading principal components (Baldi and Hornik 1989), so that
# no step of training is needed; and values far from their reconstruction are
# drawn in, so that it does not bend towards outliers.

# How far a value may be from its reconstruction, in robust standard
# deviations, and how often values and subspace take turns.
.drawInAt <- 4
.drawInRounds <- 8L

# input, settings as from .preparedFit(). What linear fits for outliers begin
# with: list(input, settings, reference, x, effects), the last two as from
# .preparedValues(). guess(values): how to prepare them, as list(normalize,
# scale), as far as not given.
.linearStart <- function(placed, settings, call, options,
    guess = .guessValues) {
    input <- .preparedFit(placed, NULL, settings, call, options)$input
    values <- .sourceMatrix(input$source)
    .refuseNonFinite(values, list(input$source$feature_names,
        .sampleNames(input$source)))
    settings <- .overlay(guess(values), settings)
    reference <- NULL
    if (identical(settings$normalize, "log") &&
        is.null(input$source$size_factors)) {
        reference <- .ratioReference(values)
        input$source$size_factors <- if (!is.null(reference)) {
            .medianRatios(values, reference)
        }
    }
    settings <- .overlay(settings, list(hidden = integer(0), epochs = 0L,
        validation = 0, latent = 1L))
    config <- .adaptTo(input, settings)$settings
    c(list(input = input, settings = settings, reference = reference),
        .preparedValues(input, input$source, config, options))
}

# source: of samples of input. config: complete settings of a linear network.
# Returns list(x, effects): the source as the network sees it, features x
# samples, without the effects of the covariates on each feature.
.preparedValues <- function(input, source, config, options) {
    first <- .fitPart(input, config, options)
    x <- .applySource(first$model, source, "input", first$control)
    effects <- .covariateEffects(x, source$design)
    if (!is.null(effects)) {
        x <- x - t(source$design %*% effects)
    }
    list(x = x, effects = effects)
}

# For single values: whole numbers are counts, and all features count alike.
.guessValues <- function(values) {
    list(normalize = if (.looksLikeCounts(values)) "log" else "none",
        scale = "standard")
}

# From so many features on they are taken as measures of one kind: their sum
# says how large a sample is, and their variances may be compared.
.alikeFeatures <- 100L

# For whole samples.
.guessSamples <- function(values) {
    alike <- nrow(values) >= .alikeFeatures
    list(
        normalize = if (alike && .looksLikeCounts(values)) "log" else "none",
        scale = if (alike) "center" else "standard"
    )
}

# Least squares effects of the covariates on each feature, covariates x
# features; 0 where the design does not tell them apart.
.covariateEffects <- function(x, design) {
    if (is.null(design)) {
        return(NULL)
    }
    effects <- qr.coef(qr(cbind(1, design)), t(x))[-1L, , drop = FALSE]
    effects[is.na(effects)] <- 0
    unname(effects)
}

# latent: a number, or "auto" for the optimal hard threshold; robust: whether
# values far from their reconstruction are drawn in. Returns list(model,
# source, control, reference).
.fitLinear <- function(start, latent, options, robust = TRUE) {
    input <- start$input
    if (identical(latent, "auto")) {
        latent <- .spectrumCount(start$x)
        input$notes <- c(input$notes, sprintf("latent = %d: %s", latent,
            "the singular values above the optimal hard threshold"))
    }
    latent <- min(latent, dim(start$x) - 1L)
    settings <- .overlay(start$settings, list(latent = latent))
    pca <- if (robust) {
        .robustSubspace(start$x, latent)
    } else {
        .subspace(start$x, latent)
    }
    weights <- .linearWeights(pca$center, pca$axes, t(pca$axes),
        start$effects)
    fit <- .fitCore(input, .adaptTo(input, settings)$settings, character(),
        options, list(weights = weights))
    fit$model@info$linear <- TRUE
    # the source that was fitted to, with its size factors
    fit$source <- input$source
    fit$reference <- start$reference
    fit
}

# encoder: features x codes; decoder: codes x features; effects: covariates x
# features, or NULL.
.linearWeights <- function(center, encoder, decoder, effects) {
    weights <- list(
        encoder.1.weight = encoder,
        encoder.1.bias = -drop(crossprod(encoder, center)),
        decoder.1.weight = decoder,
        decoder.1.bias = center
    )
    if (!is.null(effects)) {
        weights$encoder.1.covariates.weight <- -effects %*% encoder
        weights$decoder.1.covariates.weight <- effects
    }
    weights
}

# Size factors as medians of ratios to a mean sample (Anders and Huber 2010):
# the geometric mean of each feature, 0 where a count is 0; NULL if there are
# too few others.
.ratioReference <- function(counts) {
    if (any(counts < 0)) {
        return(NULL)
    }
    reference <- exp(rowMeans(log(counts)))
    if (sum(reference > 0) < 10L) NULL else reference
}

# New samples with size factors as in the fit.
.withReference <- function(source, reference) {
    if (!is.null(reference) && is.null(source$size_factors)) {
        source$size_factors <- .medianRatios(.sourceMatrix(source), reference)
    }
    source
}

.medianRatios <- function(counts, reference) {
    used <- reference > 0
    factors <- apply(counts[used, , drop = FALSE], 2L, function(count) {
        present <- count > 0
        if (!any(present)) {
            return(1)
        }
        exp(stats::median(log(count[present] / reference[used][present])))
    })
    unname(factors)
}

# The arguments of a call that fits: list(x, param, settings, call, quiet,
# linear); linear: whether nothing asks for more than a linear autoencoder.
# counts: whether any model should see counts rather than their logarithms.
.fitCall <- function(x, param, args, counts = FALSE) {
    parts <- .splitCall(args)
    if (is.null(param) && is.list(x) && !is.object(x)) {
        param <- multimodalParam()
    }
    linear <- is.null(param) &&
        all(names(parts$settings) %in% .linearSettings)
    if (linear) {
        .checkCheckpointUse(parts$call$checkpoint, list(linear = TRUE))
    }
    where <- if (linear || counts) {
        .countsFirst(x, parts$where)
    } else {
        parts$where
    }
    list(x = .placed(x, param, where, parts$args), param = param,
        settings = parts$settings, call = parts$call,
        quiet = identical(args$verbose, FALSE), linear = linear)
}

# Counts rather than their logarithms, where there are both.
.countsFirst <- function(x, where) {
    if (length(where) == 0L && is(x, "SummarizedExperiment") &&
        "counts" %in% SummarizedExperiment::assayNames(x)) {
        where$assay.type <- "counts"
    }
    where
}

# The number of codes that a call asks for, or "auto"; taken out of it.
.askedLatent <- function(fit) {
    latent <- if (is.null(fit$call$ncomponents)) {
        fit$settings[["latent"]]
    } else {
        fit$call$ncomponents
    }
    fit$latent <- if (is.null(latent) || identical(latent, "auto")) {
        "auto"
    } else {
        .checkNumber(latent, "latent", lower = 1, integer = TRUE)
    }
    fit$settings["latent"] <- NULL
    fit$call["ncomponents"] <- list(NULL)
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
    middle <- apply(x, 1L, stats::median)
    pca <- .subspace(.drawnIn(x, middle), latent)
    for (round in seq_len(.drawInRounds)) {
        fit <- .project(x, pca)
        pca <- .subspace(.drawnIn(x, fit), latent)
    }
    pca
}

# Values far from what is expected of them, by the usual distance of their
# feature, moved to the limit.
.drawnIn <- function(x, expected) {
    residual <- x - expected
    limit <- .drawInAt * apply(residual, 1L, stats::mad)
    limit[limit == 0] <- Inf
    expected + pmax(pmin(residual, limit), -limit)
}

.project <- function(x, pca) {
    pca$center + pca$axes %*% crossprod(pca$axes, x - pca$center)
}

.subspace <- function(x, latent) {
    center <- rowMeans(x)
    list(center = center, axes = .leadingAxes(x - center, latent))
}

# NULL where they fail, as they do if y has fewer than k axes.
.lanczosAxes <- function(y, k) {
    start <- sample_order(ncol(y), list(seed = c(0, 0), epoch = 0))
    start <- start - mean(start)
    tryCatch(suppressWarnings(irlba::irlba(y, nv = 0L, nu = k,
        work = k + 50L, tol = 1e-3, v = start / sqrt(sum(start^2))))$u,
        error = function(e) NULL)
}

# The k orthonormal axes of largest variance of a centred matrix: exactly, or
# beyond some hundred features and samples by Lanczos steps.
.leadingAxes <- function(y, k) {
    small <- min(dim(y))
    if (small > 300L && k < small / 3) {
        axes <- .lanczosAxes(y, k)
        if (!is.null(axes)) {
            return(axes)
        }
    }
    keep <- seq_len(k)
    if (nrow(y) <= ncol(y)) {
        axes <- eigen(tcrossprod(y), symmetric = TRUE)$vectors
        return(axes[, keep, drop = FALSE])
    }
    right <- eigen(crossprod(y), symmetric = TRUE)$vectors
    # orthonormal also where a singular value is 0
    qr.Q(qr(y %*% right[, keep, drop = FALSE], LAPACK = TRUE))
}
