# The singular values of the data as the network sees them, from a part of the
# data where they are large, and the thresholds for noise.

.maxSpectrumSamples <- 1000L
.maxSpectrumFeatures <- 2000L
.maxSpectrumValues <- 5e7

# m numbers out of n, the same in each run, ascending.
.fixedSubset <- function(n, m) {
    if (m >= n) {
        return(seq_len(n))
    }
    sort(sample_order(n, list(seed = c(0, 0), epoch = 0))[seq_len(m)])
}

# Some samples of a matrix-like object in memory: a matrix, or a dgCMatrix if
# it is sparse. The object as a whole is never read or made dense.
.someSamples <- function(x, samples,
    names = list(rownames(x), colnames(x)[samples])) {
    block <- if (identical(samples, seq_len(ncol(x)))) {
        x
    } else {
        x[, samples, drop = FALSE]
    }
    if (is(block, "DelayedMatrix")) {
        block <- .reading(if (DelayedArray::is_sparse(block)) {
            as(block, "dgCMatrix")
        } else {
            as.matrix(block)
        }, x, "`x`")
    }
    .refuseNonFinite(block, names)
    block
}

# block: a matrix or a dgCMatrix; names: of its features and samples.
.refuseNonFinite <- function(block, names) {
    sparse <- is(block, "dgCMatrix")
    bad <- which(!is.finite(if (sparse) block@x else block))
    if (length(bad) == 0L) {
        return(invisible(NULL))
    }
    at <- if (sparse) {
        c(block@i[bad[1L]] + 1L, findInterval(bad[1L] - 1, block@p))
    } else {
        arrayInd(bad[1L], dim(block))
    }
    first <- vapply(1:2, function(side) {
        if (length(names[[side]]) == 0L) as.character(at[side]) else
            names[[side]][at[side]]
    }, "")
    .abort("input_value", sprintf(paste("`x` has %s missing or infinite;",
        "the first is at feature \"%s\" in sample \"%s\"."),
        .count(length(bad), "value"), first[1L], first[2L]), arg = "x",
        n_bad = length(bad), feature = first[1L], sample = first[2L])
}

.spectrumSamples <- function(x) {
    sparse <- is(x, "dgCMatrix") ||
        (is(x, "DelayedMatrix") && DelayedArray::is_sparse(x))
    most <- if (sparse) Inf else max(50, .maxSpectrumValues %/% nrow(x))
    .fixedSubset(ncol(x), min(.maxSpectrumSamples, most))
}

# Values that are all whole and not negative, some above 1.
.looksLikeCounts <- function(block) {
    values <- if (is(block, "dgCMatrix")) block@x else block
    length(values) > 0L && min(values) >= 0 && max(values) > 1 &&
        all(values == round(values))
}

# log(1 + count / size factor), zeros stay zeros.
.logNormalized <- function(block, size_factors) {
    sparse <- is(block, "dgCMatrix")
    if (any(if (sparse) block@x < 0 else block < 0)) {
        .abort("input_value", c(
            "`x` has negative values, which counts cannot have.",
            "Use normalize = \"none\" for values that are no counts."
        ), arg = "x", n_bad = NULL, first = NULL)
    }
    if (is.null(size_factors)) {
        total <- Matrix::colSums(block)
        size_factors <- total / stats::median(total[total > 0])
        size_factors[total == 0] <- 1
    }
    if (sparse) {
        block@x <- log1p(block@x / rep(size_factors, diff(block@p)))
        return(block)
    }
    log1p(sweep(block, 2L, size_factors, "/"))
}

# The most variable features, scaled as the network sees them; centred in any
# case, as its biases do that where the input is not.
.preparedPart <- function(block, scale) {
    mean <- Matrix::rowMeans(block)
    # what rounding leaves of a constant is no variance
    if (is(block, "dgCMatrix")) {
        spread <- Matrix::rowMeans(block^2) - mean^2
        rounding <- 1e-14 * mean^2
    } else {
        spread <- rowMeans((block - mean)^2)
        rounding <- 1e-28 * mean^2
    }
    varies <- which(spread > rounding)
    largest <- utils::head(varies[order(-spread[varies])],
        .maxSpectrumFeatures)
    part <- as.matrix(block[sort(largest), , drop = FALSE])
    range <- switch(scale,
        standard = sqrt(spread[sort(largest)]),
        minmax = apply(part, 1L, function(v) max(v) - min(v)),
        1)
    (part - rowMeans(part)) / range
}

# Singular values of a centred matrix, largest first; one less than there are
# samples, as centring takes one away.
.singularValues <- function(x) {
    k <- min(nrow(x), ncol(x) - 1L)
    square <- if (nrow(x) < ncol(x)) tcrossprod(x) else crossprod(x)
    values <- eigen(square, symmetric = TRUE, only.values = TRUE)$values
    sqrt(pmax(values[seq_len(k)], 0))
}

# x: matrix, dgCMatrix or DelayedMatrix, features x samples. normalize: "none",
# "log", or NULL for "log" if x looks like counts.
# Returns list(part, values, normalize, n_samples).
.latentSpectrum <- function(x, normalize, scale, size_factors = NULL) {
    samples <- .spectrumSamples(x)
    block <- .someSamples(x, samples)
    if (is.null(normalize)) {
        normalize <- if (.looksLikeCounts(block)) "log" else "none"
    }
    if (normalize == "log") {
        block <- .logNormalized(block, size_factors[samples])
    }
    part <- .preparedPart(block, scale)
    if (nrow(part) == 0L || ncol(part) < 2L) {
        .abort("input_value", c(
            "No feature of `x` varies, so there is nothing to encode.",
            "Check that `x` holds features in rows and samples in columns."
        ), arg = "x", n_bad = NULL, first = NULL)
    }
    list(part = part, values = .singularValues(part), normalize = normalize)
}

# Density of Marchenko and Pastur for a ratio beta of the dimensions: the
# median of the squared singular values of white noise.
.marchenkoPasturMedian <- function(beta) {
    low <- (1 - sqrt(beta))^2
    width <- 4 * sqrt(beta)
    # t = low + width sin(b)^2, which takes the poles off the ends
    density <- function(b) {
        width^2 * sin(b)^2 * cos(b)^2 /
            (pi * beta * (low + width * sin(b)^2))
    }
    below <- function(b) {
        stats::integrate(density, 0, b, rel.tol = 1e-10)$value - 0.5
    }
    root <- stats::uniroot(below, c(1e-8, pi / 2), tol = 1e-12)$root
    low + width * sin(root)^2
}

# Gavish and Donoho (2014), equation 11 and section III.B: the factor on the
# median singular value where the size of the noise is not known.
.hardThresholdFactor <- function(beta) {
    .knownNoiseFactor(beta) / sqrt(.marchenkoPasturMedian(beta))
}

.knownNoiseFactor <- function(beta) {
    sqrt(2 * (beta + 1) +
        8 * beta / (beta + 1 + sqrt(beta^2 + 14 * beta + 1)))
}

# The threshold where the standard deviation of the noise is known.
.noiseThreshold <- function(noise, dim) {
    sides <- c(dim[1L], dim[2L] - 1)
    .knownNoiseFactor(min(sides) / max(sides)) * sqrt(max(sides)) * noise
}

# A threshold for the singular values of a p x n matrix that was centred.
.hardThreshold <- function(values, dim) {
    sides <- c(dim[1L], dim[2L] - 1)
    threshold <- .hardThresholdFactor(min(sides) / max(sides)) *
        stats::median(values)
    # without any noise the rounding of the largest is all there is
    max(threshold, max(values) * 1e-7)
}

# The largest singular values of data whose features were permuted over the
# samples, each on its own (Horn 1965; Buja and Eyuboglu 1992).
.permutedValues <- function(part, permutations, seed) {
    row <- as.vector(row(part))
    runs <- lapply(seq_len(permutations), function(i) {
        key <- sample_order(length(part), list(seed = .seedWords(seed),
            epoch = i))
        # part by rows, each row in the order of its keys
        .singularValues(matrix(part[order(row, key)], nrow(part),
            byrow = TRUE))
    })
    do.call(pmax, runs)
}
