# The default: a linear autoencoder at its optimum, its code in local scale.

#' Linear autoencoder: the default embedding
#'
#' The autoencoder without hidden layers at its optimum, which is known: the
#' subspace of the leading principal components (Baldi and Hornik 1989). There
#' is nothing to train, so that the result does not depend on a seed. Within
#' the subspace a linear autoencoder is free to choose the axes of its code,
#' as the decoder undoes whatever the encoder does; here they are chosen such
#' that distances between codes tell kinds of samples apart, see below.
#' [trainAutoencoder()] and [runAutoencoder()] use these settings if none are
#' given, or only some of the arguments here.
#'
#' @param latent Number of codes; `"auto"` for the optimal hard threshold of
#'     the singular values (see [chooseLatent()]), at least 2, at most 30 and
#'     at most a quarter of the samples (but 10 where there are as many). Of up
#'     to 31 features all but one, within the same limit by the samples: so few
#'     show no noise to set a threshold by. No more codes than the samples less
#'     one are ever made, which is said.
#' @param neighbours Nearest samples by which the code is scaled, at least 1.
#' @param normalize `"none"`, or `"log"` for counts, see [AutoencoderParam()].
#'     `NULL` for `"log"` if all values are whole numbers, not negative, and
#'     there are 100 features or more; else `"none"`.
#' @param scale `"none"`, `"center"`, `"standard"` or `"minmax"`, see
#'     [AutoencoderParam()]. `NULL` for `"center"`; but `"standard"` for fewer
#'     than 100 features one of which has a standard deviation above 10 times
#'     their median: they have units of their own.
#' @param design A formula of covariates such as `~ batch`: their least squares
#'     effects are taken out of every feature before the code is made, and
#'     added again by the decoder.
#'
#' @section Local scale:
#' Principal components are as long as their variance says, whether it comes
#' from kinds of samples or from what varies among samples of one kind. Here,
#' the differences between a sample and its nearest ones (`neighbours`) tell
#' how samples of one kind vary. The axes of the code are those that are
#' uncorrelated both among all samples and among neighbours, and each has its
#' variance in units of the local one: with r the ratio of both, an axis has
#' the weight (1 - 1 / r) r^(-1/8), which leaves out what varies no more than
#' it does among neighbours, and keeps few very distinct kinds from hiding the
#' others. The local covariance cannot be known well: with few samples it is
#' drawn to a multiple of the identity by the share 2 k / n (k codes, n
#' samples), where the axes are those of the principal components; and its
#' eigenvalues, in units of their mean, enter with the power 0.8, as samples are
#' neighbours because they differ little where samples differ most.
#'
#' The axes are found on as many samples as make 20 million values (all of them
#' in most data); the model then encodes all samples.
#'
#' @section Errors:
#' `aesop_error_param` for settings, and in training for others than these:
#' what asks for a network, such as `hidden` or `epochs`, belongs in
#' [AutoencoderParam()].
#'
#' @references Baldi P., Hornik K. (1989) Neural networks and principal
#' component analysis: learning from examples without local minima. Neural
#' Networks 2, 53-58.
#' @returns An [AutoencoderParam][AutoencoderParam-class].
#' @seealso [AutoencoderParam()] and [presets] for networks that are trained
#' @export
#' @examples
#' kind <- rep(1:3, each = 40)
#' x <- matrix(rnorm(200 * 120, mean = rnorm(200)), 200,
#'     dimnames = list(paste0("gene", 1:200), paste0("cell", 1:120)))
#' x[1:60, kind == 2] <- x[1:60, kind == 2] + 2
#' x[61:90, kind == 3] <- x[61:90, kind == 3] + 2
#' model <- trainAutoencoder(x, linearParam())
#' model
#' table(kind, kmeans(encode(model, x), 3, nstart = 10)$cluster)
linearParam <- function(latent = "auto", neighbours = 10, normalize = NULL,
    scale = NULL, design = NULL) {
    neighbours <- .checkNumber(neighbours, "neighbours", lower = 1,
        integer = TRUE)
    if (identical(latent, "auto")) {
        latent <- NULL
    }
    param <- AutoencoderParam(hidden = integer(0), latent = latent,
        epochs = 0L, validation = 0, normalize = normalize, scale = scale,
        design = design)
    param@extra$linear <- list(neighbours = as.numeric(neighbours))
    param
}

.showLinear <- function(param) {
    settings <- param@settings
    open <- function(name) {
        value <- settings[[name]]
        if (is.null(value)) "chosen from the data" else .valueText(value)
    }
    lines <- c(
        network = sprintf("features > [%s] > features",
            if (is.null(settings$latent)) "latent" else settings$latent),
        latent = if (is.null(settings$latent)) "chosen from the data",
        training = "none, the optimum is known",
        scale = sprintf("of the code: %d neighbours",
            as.integer(param@extra$linear$neighbours)),
        design = if (!is.null(param@extra$design)) {
            deparse1(param@extra$design)
        },
        input = sprintf("normalize %s; scale %s", open("normalize"),
            open("scale"))
    )
    cat("AutoencoderParam\n")
    cat(sprintf("  %-10s%s\n", names(lines), lines), sep = "")
}

# Settings that leave the choice of network open.
.linearSettings <- c("latent", "normalize", "scale")

# What nothing else was asked for gets: linearParam().
.defaultParam <- function(settings) {
    if (all(names(settings) %in% .linearSettings)) linearParam()
}

# The same for functions that compare trainings: a network in any case. NULL
# stays for several assays.
.networkParam <- function(param, x) {
    if (!is.null(param)) {
        .checkParam(param)
    } else if (!is.list(x) || is.object(x)) {
        AutoencoderParam()
    }
}

.maxEmbeddingValues <- 2e7
.maxEmbeddingLatent <- 30L

# As .fitModel(), for a param with extra$linear.
.fitEmbedding <- function(input, settings, options, extra) {
    .checkEmbedding(settings)
    n <- input$source$n_samples
    part <- .fixedSubset(n, max(100, .maxEmbeddingValues %/%
        input$source$n_features))
    sample <- .sourceSamples(input$source, part)
    settings <- .overlay(.guessEmbedding(sample$x), settings)
    latent <- settings[["latent"]]
    # also refuses more codes than features
    config <- .overlay(.adaptTo(input, settings)$settings, list(latent = 1L))
    values <- .preparedValues(input, sample, config, options)
    chosen <- .embeddingLatent(values$x, latent)
    settings$latent <- chosen$latent
    input$notes <- c(input$notes, .embeddingNotes(settings, chosen$why,
        extra$linear$neighbours, length(part), n))
    weights <- .embeddingWeights(values$x, settings$latent,
        extra$linear$neighbours, values$effects)
    fit <- .fitCore(input, .adaptTo(input, settings)$settings, character(),
        options, list(weights = weights))
    fit$model@info$linear <- TRUE
    # so that the model's param fits the same model again
    fit$model@info$neighbours <- extra$linear$neighbours
    fit$model@param@extra$linear <- extra$linear
    fit
}

# Few features may be in units of their own: then their spreads differ widely.
.unitRange <- 10

.guessEmbedding <- function(values) {
    guess <- .guessSamples(values)
    if (guess$scale == "standard") {
        spread <- apply(as.matrix(values), 1L, stats::sd)
        spread <- spread[spread > 0]
        even <- length(spread) == 0L ||
            max(spread) <= .unitRange * stats::median(spread)
        guess$scale <- if (even) "center" else "standard"
    }
    guess
}

.checkEmbedding <- function(settings) {
    base <- linearParam()@settings
    # what has no effect, and the param of a model holds
    known <- c(names(base), .linearSettings, "batch_size", "covariates")
    other <- setdiff(names(.changedSettings(settings)), known)
    moved <- names(base)[!vapply(names(base), function(name) {
        identical(settings[[name]], base[[name]])
    }, NA)]
    odd <- c(other, moved)
    if (length(odd) > 0L) {
        .abort("param", c(
            sprintf("`%s` is not a setting of linearParam().", odd[1L]),
            "Use AutoencoderParam() for a network that is trained."
        ), arg = odd[1L], value = settings[[odd[1L]]],
        allowed = .linearSettings)
    }
}

.mostLatent <- function(dim) {
    max(1L, min(.maxEmbeddingLatent, max(10L, dim[2L] %/% 4L), dim - 1L))
}

# latent: what was asked for, or NULL. Returns list(latent, why); why: NULL if
# it is what was asked for. From a part of the samples: where there are many,
# the number of axes beyond the noise is large anyway.
.embeddingLatent <- function(x, latent) {
    possible <- max(1L, min(nrow(x), ncol(x) - 1L))
    if (!is.null(latent) && latent <= possible) {
        return(list(latent = as.integer(latent)))
    }
    if (!is.null(latent)) {
        return(list(latent = possible,
            why = sprintf("all that %d samples tell", ncol(x))))
    }
    x <- x[, .fixedSubset(ncol(x), .maxSpectrumSamples), drop = FALSE]
    most <- .mostLatent(dim(x))
    if (nrow(x) <= .maxEmbeddingLatent + 1L) {
        return(list(latent = most, why = sprintf(
            "as many as %d features and %d samples allow", nrow(x), ncol(x))))
    }
    list(latent = max(min(2L, most), min(.spectrumCount(x), most)),
        why = sprintf(paste("singular values above the optimal hard",
            "threshold; at most %d"), most))
}

.embeddingNotes <- function(settings, why, neighbours, n_part, n) {
    c(
        sprintf(paste("A linear autoencoder at its optimum, in the scale of",
            "%d neighbours:"), neighbours),
        if (!is.null(why)) {
            sprintf("  latent = %d (%s)", settings$latent, why)
        },
        sprintf("  normalize = \"%s\", scale = \"%s\"", settings$normalize,
            settings$scale),
        if (n_part < n) {
            sprintf("  axes from %d of %d samples", n_part, n)
        },
        "AutoencoderParam() trains a network instead."
    )
}

# Encoder: the scores of the leading components, in local scale. Decoder: its
# inverse.
.embeddingWeights <- function(x, latent, neighbours, effects) {
    pca <- .subspace(x, latent)
    scores <- crossprod(x, pca$axes)
    scores <- sweep(scores, 2L, drop(crossprod(pca$center, pca$axes)))
    scale <- .localAxes(scores, neighbours)
    .linearWeights(pca$center, pca$axes %*% scale,
        solve(scale, t(pca$axes)), effects)
}
