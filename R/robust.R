# Robust autoencoder: the data are a part that the network describes and a
# sparse part that it does not.

#' Robust autoencoder
#'
#' Splits the data into X = L + S: L is what an autoencoder can reconstruct, S
#' is sparse and takes what it cannot, such as corrupted values or outlying
#' samples. Training alternates: the network is trained on X - S, then S is the
#' residual X - L, shrunk so that small residuals become 0 (Zhou and Paffenroth
#' 2017). The network therefore does not learn from the corrupted values.
#'
#' @param lambda Residual below which an entry of S is 0, in units of the
#'     prepared input; `NULL` for three robust standard deviations of the
#'     residuals, found anew in each round. With `sparse = "sample"` or
#'     `"feature"` it is compared with the root mean square of the residuals of
#'     a sample or feature.
#' @param sparse What is set to 0 or kept: single entries, whole samples or
#'     whole features.
#' @param rounds Number of times that network and S take turns, at least 2; the
#'     `epochs` are divided among them.
#' @param ... Settings as for [AutoencoderParam()].
#'
#' @details
#' The input is held in memory as a dense matrix, twice. Losses on counts are
#' not possible, as X - S is not a count.
#'
#' The first round leaves out entries that are more than three robust standard
#' deviations from the median of their feature. All rounds together take
#' `epochs` and `max_seconds`; a schedule of the learning rate and early
#' stopping start anew in each.
#'
#' `robustDecomposition` finds the two parts for any samples with the weights of
#' a fitted model: L is the reconstruction of X - S, S the shrunken residual, in
#' turn, as long as a sample's sum of residual and penalty gets smaller. What
#' remains, X - L - S, is at most `lambda` an entry (or norm).
#'
#' @section Errors:
#' `aesop_error_param` for settings that do not go together;
#' `aesop_error_input_type` for input that is streamed from disk.
#'
#' @references Zhou C., Paffenroth R.C. (2017) Anomaly detection with robust
#' deep autoencoders. KDD 2017, 665-674.
#' @returns `robustParam`: an [AutoencoderParam][AutoencoderParam-class].
#' @seealso [findOutliers()]
#' @export
#' @examples
#' set.seed(1)
#' x <- outer(rnorm(30), rnorm(80)) + rnorm(30 * 80, sd = 0.1)
#' x[cbind(5, 7)] <- 8
#' dimnames(x) <- list(paste0("gene", 1:30), paste0("sample", 1:80))
#' model <- trainAutoencoder(x, robustParam(latent = 1, epochs = 100), seed = 1)
#' parts <- robustDecomposition(model, x)
#' parts$S[5, 7]
#' mean(parts$S != 0)
robustParam <- function(lambda = NULL, sparse = c("entry", "sample",
    "feature"), rounds = 10L, ...) {
    if (!is.null(lambda)) {
        lambda <- .checkNumber(lambda, "lambda", lower = 0, open = TRUE)
    }
    sparse <- .checkChoice(sparse, "sparse", c("entry", "sample", "feature"))
    rounds <- .checkNumber(rounds, "rounds", lower = 2, integer = TRUE)
    param <- .preset(list(early_stopping = FALSE, validation = 0), list(...))
    .checkContinuous(validate_config(param@settings))
    param@extra$robust <- list(lambda = lambda, sparse = sparse,
        rounds = rounds)
    param
}

.checkContinuous <- function(config) {
    if (.isCountLoss(config)) {
        .abortParam("loss", config$loss,
            "one for continuous data with robustParam()")
    }
}

#' @rdname robustParam
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class] of one
#'     assay, made with `robustParam` or any other settings for continuous
#'     data.
#' @param x Samples, as for [encode()], whose further arguments can be given in
#'     `...`. Features that they lack (`missing = "mask"`) have S = 0.
#' @param max_rounds Largest number of turns.
#' @returns `robustDecomposition`: a list with the matrices `L` and `S` of
#' features x samples on the scale of the prepared input (normalised and
#' scaled), and `lambda`, the threshold used.
#' @export
robustDecomposition <- function(model, x, lambda = NULL, sparse = NULL,
    max_rounds = 20L, ...) {
    model <- .checkModel(model)
    used <- model@info$robust
    if (is.null(sparse)) {
        sparse <- if (is.null(used)) "entry" else used$sparse
    }
    sparse <- .checkChoice(sparse, "sparse", c("entry", "sample", "feature"))
    if (is.null(lambda)) {
        lambda <- used$lambda
    } else {
        lambda <- .checkNumber(lambda, "lambda", lower = 0, open = TRUE)
    }
    max_rounds <- .checkNumber(max_rounds, "max_rounds", lower = 1,
        integer = TRUE)
    config <- model@param@settings
    if (.isCountLoss(config) || .isMultimodal(model)) {
        .abortParam("model", config$loss, "one of continuous data, one assay")
    }
    new <- .newData(model, x, list(...))
    prepared <- .applySource(model, new$source, "input", new$control)
    inner <- .onPrepared(model)
    parts <- .alternate(prepared, function(x) {
        .applySource(inner, .residualSource(new$source, x), "reconstruction",
            new$control)
    }, lambda, sparse, max_rounds, .absentFeatures(new$source))
    names <- list(model@features, .sampleNames(new$source))
    dimnames(parts$L) <- dimnames(parts$S) <- names
    parts
}

# L = rebuild(X - S) and S in turn, for each sample as long as the size of what
# is left gets smaller: without that, L can run away. absent: numbers of the
# features that are not there; their S is 0.
.alternate <- function(X, rebuild, lambda, sparse, max_rounds, absent) {
    split <- function(L) {
        residual <- X - L
        residual[absent, ] <- 0
        c(list(L = L), .shrink(residual, lambda, sparse))
    }
    best <- split(rebuild(X))
    lambda <- best$lambda
    for (round in seq_len(max_rounds)) {
        new <- split(rebuild(X - best$S))
        better <- new$left < best$left * (1 - 1e-6)
        if (!any(better)) {
            break
        }
        best$L[, better] <- new$L[, better]
        best$S[, better] <- new$S[, better]
        best$left <- ifelse(better, new$left, best$left)
    }
    best[c("L", "S", "lambda")]
}

# S from the residuals: soft threshold of entries, or of the norms of samples
# or features. Returns list(S, left, lambda); left: by sample, the least value
# of (residual - S)^2 / 2 + lambda |S|, which is Huber's loss.
.shrink <- function(residual, lambda, sparse) {
    size <- switch(sparse, entry = abs(residual),
        sample = sqrt(colMeans(residual^2)),
        feature = sqrt(rowMeans(residual^2)))
    if (is.null(lambda)) {
        spread <- stats::mad(residual, center = 0)
        lambda <- if (sparse == "entry") {
            3 * spread
        } else {
            stats::median(size) + 3 * stats::mad(size)
        }
    }
    keep <- pmax(1 - lambda / pmax(size, .Machine$double.xmin), 0)
    S <- switch(sparse, entry = residual * keep,
        sample = sweep(residual, 2L, keep, "*"),
        feature = residual * keep)
    huber <- ifelse(size <= lambda, size^2 / 2, lambda * (size - lambda / 2))
    left <- switch(sparse, entry = colSums(huber), sample = huber,
        feature = rep(sum(huber), ncol(residual)))
    list(S = S, left = left, lambda = lambda)
}

# S to begin with: entries far from the median of their feature, so that the
# network does not start by learning them.
.firstS <- function(X, sparse) {
    S <- X * 0
    if (sparse == "entry") {
        residual <- X - apply(X, 1L, stats::median)
        spread <- apply(residual, 1L, stats::mad, center = 0)
        far <- abs(residual) > 3 * spread & spread > 0
        S[far] <- residual[far]
    }
    S
}

# The same network for input that is prepared already.
.onPrepared <- function(model) {
    model@param@settings$normalize <- "none"
    model@param@settings$scale <- "none"
    model@transform <- list(size_factor_target = NULL, center = NULL,
        scale = NULL)
    model
}

.residualSource <- function(source, x) {
    dimnames(x) <- NULL
    source$kind <- "dense"
    source$x <- x
    source$size_factors <- NULL
    source
}

# Rounds of training on X - S. Each goes on from the weights of the last.
.fitRobust <- function(input, settings, options, extra) {
    if (!input$source$kind %in% c("dense", "sparse")) {
        .abort("input_type", c(
            "A robust autoencoder needs its input in memory, and one assay.",
            "Use a matrix, or raise `memory_limit`."
        ), arg = "x", got = input$source$kind, accepted = "matrix")
    }
    robust <- extra$robust
    adapted <- .adaptTo(input, settings)
    config <- adapted$settings
    .checkContinuous(config)
    start <- .fitCore(input, .overlay(config, list(epochs = 0L)),
        adapted$notes, options)
    model <- start$model
    model@param@settings <- config
    model@info$error_quantiles <- NULL
    X <- .applySource(model, input$source, "input", start$control)
    S <- .firstS(X, robust$sparse)
    share <- diff(round(seq(0, config$epochs, length.out = robust$rounds + 1)))
    left <- config$max_seconds
    for (round in which(share > 0)) {
        part <- .overlay(config, list(normalize = "none", scale = "none",
            epochs = as.integer(share[round]), max_seconds = left))
        step <- tryCatch({
            fit <- .robustRound(input, X - S, part, model, options)
            c(list(model = .afterRound(model, fit$model)),
                .shrink(X - fit$reconstruction, robust$lambda, robust$sparse))
        }, interrupt = function(e) NULL)
        if (is.null(step)) { # the model is that of the round before
            model@info$status <- "interrupted"
            break
        }
        model <- step$model
        S <- step$S
        robust$used <- step$lambda
        left <- max(0, config$max_seconds - sum(model@history$seconds))
        if (model@info$status %in% c("interrupted", "time_limit") ||
            (config$max_seconds > 0 && left == 0)) {
            break
        }
    }
    model@info$robust <- list(lambda = robust$used, sparse = robust$sparse)
    model <- .withErrors(model, input$source, start$control, options)
    list(model = model, source = input$source, control = start$control)
}

# One round: list(model, reconstruction), both of prepared input. All rounds
# have the same seed, so that they hold out the same samples.
.robustRound <- function(input, target, config, model, options) {
    input$source <- .residualSource(input$source, target)
    options$seed <- model@info$seed
    fit <- tryCatch(.fitPart(input, config, options,
        list(weights = model@weights, history = model@history)),
        aesop_error_numeric = function(e) {
            if (!is.null(e$model)) {
                e$model <- .afterRound(model, e$model)
            }
            stop(e)
        })
    list(model = fit$model, reconstruction = .applySource(fit$model,
        input$source, "reconstruction", fit$control))
}

# The model for unprepared input after a round.
.afterRound <- function(model, fitted) {
    model@weights <- fitted@weights
    model@history <- fitted@history
    same <- c("status", "best_epoch", "learning_rate_final")
    model@info[same] <- fitted@info[same]
    model@info$messages <- unique(c(model@info$messages,
        fitted@info$messages))
    model
}
