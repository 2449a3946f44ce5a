#' Judge new samples by a model of normal ones
#'
#' `fitNovelty` fits a model to samples that are known to be normal and keeps
#' what normal looks like; `scoreNovelty` tells how far new samples are from
#' that, each alone: nothing is fitted again, and its score does not depend on
#' the other new samples.
#'
#' @param x Normal samples as for [trainAutoencoder()], at least 40. They may be
#'     of several kinds.
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class] that has not
#'     seen `x`, or `NULL` to train one on a part of `x`. For `scoreNovelty`: a
#'     model from `fitNovelty`.
#' @param method How to score. `"local"`: how sparse the codes are around a
#'     sample, compared with those around its neighbours, together with the
#'     distance to the nearest group of codes (needs BiocNeighbors and withr).
#'     `"density"`: code and residual under one normal distribution each, for
#'     normal samples of one kind, or few of several. `"error"`: the loss alone,
#'     for any model. `"auto"`: `"local"` from 500 samples on, `"density"` for
#'     fewer, `"error"` for several assays.
#' @param calibration Share of the samples that are kept from training to
#'     calibrate the p-values, greater than 0 and below 1, rounded down to one
#'     less than a multiple of 20, and at least 19. With a model and `method =
#'     "error"` all are.
#' @param param If a model is trained: its [AutoencoderParam()].
#' @param seed A whole number that says which samples calibrate, and for
#'     training; `NULL` draws one from R's generator.
#' @param newdata New samples, as for [encode()].
#' @param alpha Largest p-value of a novel sample, from 0 to 1.
#' @param adjust Adjustment of the p-values for the number of new samples, see
#'     [stats::p.adjust()]; with `"none"` no verdict depends on other samples.
#' @param ... For `fitNovelty`: further arguments of [trainAutoencoder()], or
#'     with a model of [encode()]. For `scoreNovelty`: of [encode()], and `name`
#'     and `output` of [findOutliers()].
#'
#' @details
#' If nothing is asked for but `latent`, `normalize`, `scale` or a `design`, the
#' model is a linear autoencoder with 80 codes, or as many as a third of the
#' samples or one less than the features allow; for `method = "error"` as many
#' as singular values exceed the optimal hard threshold ([chooseLatent()]). With
#' more than 2,000 samples and features, or 200 million values, it is that of
#' [linearParam()] instead. Fewer than 100 features are standardised; more are
#' centred, and whole numbers are seen as counts, as in
#' [findAberrantFeatures()].
#'
#' The local score looks at the leading directions of the codes: all, half and
#' an eighth of them. In each, the logarithm of the local outlier factor
#' (Breunig et al. 2000) is averaged over 5, 10 and 20 neighbours. To these is
#' added minus the log density of the nearest of up to 50 normal distributions,
#' fitted to groups of the codes. Each part is put on the scale of some of the
#' samples that were not trained on, a fifth of them; a reconstruction error
#' counts where it is extreme on that scale.
#'
#' The p-value of a sample is its rank among the calibration samples, a
#' split-conformal p-value (Vovk et al. 2005): if a new sample is drawn like
#' these, it is at most `alpha` with probability at most `alpha`, whatever the
#' data and the model. It cannot be below 1 / (calibration samples + 1).
#'
#' @section Errors:
#' Those of [trainAutoencoder()] and [encode()]; `aesop_error_input_dim` for too
#' few samples; `aesop_error_param` for a model without calibration, and for the
#' other arguments; `aesop_error_package` if BiocNeighbors or withr is needed
#' and not installed.
#'
#' @returns `fitNovelty`: an [AutoencoderModel][AutoencoderModel-class] that
#' knows what is normal; it holds codes of normal samples, no data.
#' `scoreNovelty`: as [findOutliers()] for samples, `outlier` being a p-value of
#' at most `alpha`.
#' @references Breunig M.M., Kriegel H.P., Ng R.T., Sander J. (2000) LOF:
#' identifying density-based local outliers. SIGMOD Record 29. Vovk V.,
#' Gammerman A., Shafer G. (2005) Algorithmic learning in a random world.
#' @seealso [findOutliers()] for abnormal samples among many, [fitAberrant()]
#'     for single values of new samples
#' @export
#' @examples
#' # genes that go together in normal samples
#' loadings <- matrix(rnorm(30 * 3), 30)
#' draw <- function(n) {
#'     x <- loadings %*% matrix(rnorm(3 * n), 3) + rnorm(30 * n, sd = 0.3)
#'     dimnames(x) <- list(paste0("gene", 1:30), paste0("sample", 1:n))
#'     x
#' }
#' model <- fitNovelty(draw(100), method = "density", seed = 1)
#' new <- draw(5)
#' new[, 2] <- sample(new[, 2])
#' scoreNovelty(model, new)
fitNovelty <- function(x, model = NULL,
    method = c("auto", "local", "density", "error"), calibration = 0.25,
    param = NULL, seed = NULL, ...) {
    method <- .checkChoice(method, "method",
        c("auto", "local", "density", "error"))
    calibration <- .checkNumber(calibration, "calibration", lower = 0,
        upper = 1, open = TRUE)
    if (calibration == 1) {
        .abortParam("calibration", calibration, "greater than 0, below 1")
    }
    if (!is.null(model) && !is.null(param)) {
        .abortParam("param", param, "NULL, as there is a model already")
    }
    seed <- .resolveSeed(seed)
    fit <- if (is.null(model)) {
        .trainNovelty(x, param, method, calibration, seed, list(...))
    } else {
        .splitKnown(.checkModel(model), x, method, calibration, seed,
            list(...))
    }
    .calibrate(fit, seed)
}

#' @rdname fitNovelty
#' @export
scoreNovelty <- function(model, newdata, alpha = 0.05, adjust = "none", ...) {
    model <- .checkModel(model)
    if (is.null(model@info$novelty)) {
        .abortParam("model", "a model without calibration",
            "a model from fitNovelty()")
    }
    if (missing(newdata)) {
        .abortWithoutData("newdata", "scoreNovelty")
    }
    .checkNames(list(...), c("method", "name", "output", "contamination",
        .newDataArguments()), "scoreNovelty()")
    findOutliers(newdata, model, alpha = alpha, adjust = adjust, ...)
}

.minNoveltySamples <- 40L
.noveltyLatent <- 80L

# From so many normal samples on their surroundings say more than one normal
# distribution.
.localSamples <- 500L

.noveltyMethod <- function(method, n, several = FALSE) {
    if (method == "auto") {
        method <- if (several) {
            "error"
        } else if (n >= .localSamples) {
            "local"
        } else {
            "density"
        }
    }
    if (method == "local") {
        .needNeighbours()
    }
    method
}

# Numbers of the samples for each purpose: list(train, scale, calibrate); only
# the local score needs a scale. One less than a multiple of 20 calibrate, so
# that the share of p-values up to .05 is .05.
.noveltyParts <- function(n, method, calibration, seed) {
    if (n < .minNoveltySamples) {
        .abort("input_dim", sprintf(
            "`x` has %s; what is normal, and how normal, needs %d.",
            .count(n, "sample"), .minNoveltySamples), arg = "x",
            expected = .minNoveltySamples, got = n)
    }
    # an epoch number that no fit has
    order <- sample_order(n, list(seed = .seedWords(seed), epoch = 2^31))
    kept <- min(max(round(calibration * n), min(30, n %/% 2)), n - 10)
    scale <- if (method == "local") {
        max(min(10, kept %/% 2), round(kept / 5))
    } else {
        0
    }
    kept <- scale + 20 * max((kept - scale + 1) %/% 20, 1) - 1
    at <- seq_len(kept)
    list(train = sort(order[-at]), scale = order[at[at <= scale]],
        calibrate = order[at[at > scale]])
}

# Some samples of what .placed() returns and of the arguments that go with it:
# list(x, call).
.placedSamples <- function(x, call, samples) {
    call$size_factors <- call$size_factors[samples]
    if (!is.null(call$covariates)) {
        call$covariates <- call$covariates[samples, , drop = FALSE]
    }
    if (!inherits(x, "aesop_picked")) {
        return(list(x = x[, samples, drop = FALSE], call = call))
    }
    x$x <- if (x$transposed) {
        x$x[samples, , drop = FALSE]
    } else {
        x$x[, samples, drop = FALSE]
    }
    x$covariates <- x$covariates[samples, , drop = FALSE]
    list(x = x, call = call)
}

# list(method, model, train, held, n_scale, control, reference): sources of the
# samples that show what is normal and of the others, those for the scale first.
.trainNovelty <- function(x, param, method, calibration, seed, args) {
    fit <- .fitCall(x, param, c(args, list(seed = seed)))
    if (inherits(fit$x, "aesop_assays")) {
        .abortParam("model", NULL, paste("a trained model of several assays,",
            "with method = \"error\""))
    }
    if (!inherits(fit$x, "aesop_picked")) {
        fit$x <- .asMatrixLike(fit$x, "x", .checkFlag(fit$call$transposed,
            "transposed"))
        fit$call$transposed <- FALSE
    }
    options <- .fitOptions(fit$call, fit$quiet)
    whole <- .preparedFit(fit$x, fit$param, fit$settings, fit$call,
        options)$input$source
    method <- .noveltyMethod(method, whole$n_samples)
    parts <- .noveltyParts(whole$n_samples, method, calibration, seed)
    if (!is.null(fit$call$covariates)) {
        fit$call$covariates <- .matchCovariates(fit$call$covariates,
            whole$n_samples, .sampleNames(whole))
    }
    train <- .placedSamples(fit$x, fit$call, parts$train)
    if (fit$linear &&
        .isSolvable(c(whole$n_features, length(parts$train)))) {
        fit[c("x", "call")] <- train
        trained <- .fitNoveltyLinear(.askedLatent(fit), method, options)
    } else {
        trained <- .trainFrom(train$x, fit$param, fit$settings, train$call,
            fit$quiet)
    }
    held <- .withReference(.sourceSamples(whole, c(parts$scale,
        parts$calibrate)), trained$reference)
    list(method = method, model = trained$model, train = trained$source,
        held = held, n_scale = length(parts$scale), control = trained$control,
        reference = trained$reference)
}

.fitNoveltyLinear <- function(fit, method, options) {
    start <- .linearStart(fit$x, fit$settings, fit$call, options,
        .guessSamples)
    # all that a code holds is lost to the loss
    latent <- if (identical(fit$latent, "auto") && method != "error") {
        max(1, min(.noveltyLatent, ncol(start$x) %/% 3, nrow(start$x) - 1))
    } else {
        fit$latent
    }
    .fitLinear(start, latent, options, robust = FALSE)
}

# The same for a model that is there already.
.splitKnown <- function(model, x, method, calibration, seed, args) {
    new <- .newData(model, x, args)
    n <- new$source$n_samples
    method <- .noveltyMethod(method, n, .isMultimodal(model))
    parts <- .noveltyParts(n, method, calibration, seed)
    model@info$novelty <- NULL
    fit <- list(method = method, model = model, held = new$source,
        n_scale = length(parts$scale), control = new$control)
    if (method != "error") {
        .checkOneAssay(model)
        fit$train <- .sourceSamples(new$source, parts$train)
        fit$held <- .sourceSamples(new$source, c(parts$scale, parts$calibrate))
    }
    fit
}

# The model with what normal samples look like.
.calibrate <- function(fit, seed) {
    model <- fit$model
    method <- fit$method
    held <- fit$held
    scale <- seq_len(fit$n_scale)
    novelty <- list(method = method, reference = fit$reference)
    if (method == "density") {
        novelty$density <- .densityReference(model, fit$train, fit$control)
    }
    if (method == "local") {
        codes <- .encodeSource(model, fit$train, fit$control)
        most <- .fixedSubset(nrow(codes), .mostKnownCodes)
        novelty$local <- .localReference(codes[most, , drop = FALSE], seed)
        views <- .noveltyViews(novelty, model, held, fit$control)
        novelty$scale <- .localScale(views[scale, , drop = FALSE])
    }
    score <- .noveltyScore(novelty, model, held, fit$control)
    novelty$calibration <- sort(if (fit$n_scale > 0L) score[-scale] else score)
    novelty <- novelty[!vapply(novelty, is.null, NA)]
    model@info$novelty <- novelty
    model
}

# A model keeps so many codes of normal samples.
.mostKnownCodes <- 10000L

.noveltyViews <- function(novelty, model, source, control) {
    .needNeighbours()
    cbind(.localViews(novelty$local, .encodeSource(model, source, control)),
        log(.relativeError(model, source, control) + 1e-12))
}

.noveltyScore <- function(novelty, model, source, control) {
    score <- switch(novelty$method,
        error = .relativeError(model, source, control),
        density = .overBlocks(source, function(block) {
            .densityScore(novelty$density,
                .densityParts(model, block, control))
        }),
        local = .localScore(novelty$scale,
            .noveltyViews(novelty, model, source, control)))
    unname(score)
}

.judgeNew <- function(model, source, control) {
    novelty <- model@info$novelty
    score <- .noveltyScore(novelty, model, source, control)
    list(score = score, samples = .sampleNames(source),
        p = .conformalP(novelty$calibration, score),
        calibration = novelty$calibration)
}
