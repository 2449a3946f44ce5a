#' Find aberrant features of single samples
#'
#' Compares each value with what an autoencoder expects of it, given the other
#' features of the sample, and tells how likely a difference of that size or
#' larger would be in a normal sample.
#'
#' @param x Samples as for [trainAutoencoder()]: a matrix, a
#'     SummarizedExperiment or a SingleCellExperiment.
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class] of one
#'     assay, or `NULL` for a linear autoencoder fitted to `x`, see details.
#'     If it comes from `fitAberrant`, `x` are new samples, which are judged one
#'     by one; of another model `x` must be its training data.
#' @param alpha Adjusted p-value up to which a feature is an outlier.
#' @param method Distribution of normal values. `"nb"`: counts are negative
#'     binomial. `"t"`, `"normal"`: residuals (for counts, of `log(1 + count /
#'     size factor)`) follow Student's t or the normal distribution. `"auto"`:
#'     `"nb"` for counts (whole numbers), `"t"` for all other data.
#' @param adjust Adjustment of the p-values of a sample for the number of its
#'     features, see [stats::p.adjust()].
#' @param all For a matrix: `TRUE` for a table of all values, `FALSE` for
#'     the outliers, or the number of rows with the smallest p-values.
#' @param name For an experiment: prefix of the column in its `colData`.
#' @param output `"table"` for a data frame also where `x` is an experiment.
#' @param ... With a model from `fitAberrant`: further arguments of [encode()].
#'     Otherwise of [trainAutoencoder()]; if these are no more than where the
#'     samples are, how to prepare them (`normalize`, `scale`, `size_factors`,
#'     `subset_row`), `latent` and `design`, the linear autoencoder is fitted.
#'
#' @details
#' The linear autoencoder has as many codes as singular values of the data
#' exceed the optimal hard threshold (see [chooseLatent()]), on standardised
#' features; counts (whole numbers) are seen as `log(1 + count / size factor)`,
#' with size factors that are medians of ratios to the mean sample of the
#' training data. Its weights are set to their optimum, the principal subspace
#' (Baldi and Hornik 1989), of data in which values more than four robust
#' standard deviations from their reconstruction are drawn in. Effects of the
#' covariates of a `design` are taken out by least squares first.
#'
#' Residuals are standardised by feature; a fifth of the variance is taken from
#' the other features, which steadies it where samples are few. The degrees of
#' freedom (at least 3) and the scale of the t distribution are fitted to the
#' residuals of all features. Of the negative binomial distribution the
#' dispersion, from 0.01 to 1000, and a factor on the mean are fitted per
#' feature by maximum likelihood, without counts that the fit finds impossible.
#' The two-sided p-value of a count k is 2 min(1/2, P(K <= k), P(K >= k)).
#'
#' New samples lie further from the reconstruction than those that the model
#' was fitted to. For the linear autoencoder with q codes of n samples their
#' variance is taken as n / (n - q - 1) (1 + 1 / n + q / (n - q - 2)) times as
#' large, as in regression on q normal variables, and the degrees of freedom of
#' t are fewer; negative binomial p-values take both into account too. For other
#' models nothing is known of it, and p-values of new samples can be too small.
#'
#' There are no p-values (`NA`, and `note` says why) from fewer than 20 samples,
#' which do not tell the dispersions; of a feature that does not vary, or that
#' new samples lack; and, but for `"nb"`, of one with the same value in four
#' fifths of the samples, such as a gene that is hardly ever seen. The scores
#' are there.
#'
#' @section Errors:
#' Those of [trainAutoencoder()] and [encode()]; `aesop_error_input_dim` if
#' there are fewer than 10 samples to fit to; `aesop_error_input_value` if
#' `method = "nb"` and values are no counts; `aesop_error_param` for the other
#' arguments.
#'
#' @returns For a matrix: a data frame, sorted by p-value (without, by score),
#' with the columns
#' `sample`, `feature`, `score` (the absolute z-score), `observed`, `expected`,
#' `fold_change` (log2 of observed over expected, both + 1; for data that are no
#' counts the difference), `z_score` (of logarithms, for counts), `p_value`
#' (never 0), `log_p` (its natural logarithm, exact also where the p-value is
#' too small for a number), `p_adjusted`, `outlier`, `direction` (`"up"` or
#' `"down"`) and `note`.
#' For an experiment: `x` with the assays `expected`, `zScore`, `pValue` and
#' `padj`, and the number of outliers per sample in the column `AE_aberrant` of
#' its `colData`.
#' @references Baldi P., Hornik K. (1989) Neural networks and principal
#' component analysis. Neural Networks 2. Gavish M., Donoho D.L. (2014) The
#' optimal hard threshold for singular values is 4/sqrt(3). IEEE Transactions
#' on Information Theory 60. Brechtmann F. et al. (2018) OUTRIDER: a statistical
#' method for detecting aberrantly expressed genes in RNA sequencing data.
#' American Journal of Human Genetics 103.
#' @seealso [findOutliers()] for whole samples
#' @export
#' @examples
#' set.seed(1)
#' mean <- exp(4 + outer(rnorm(50), rnorm(40)) / 2)
#' counts <- matrix(rnbinom(50 * 40, mu = mean, size = 20), nrow = 50,
#'     dimnames = list(paste0("gene", 1:50), paste0("sample", 1:40)))
#' counts["gene7", "sample3"] <- 10 * counts["gene7", "sample3"]
#' findAberrantFeatures(counts, all = 3)
#'
#' # a new sample by itself
#' model <- fitAberrant(counts[, -3])
#' findAberrantFeatures(counts[, 3, drop = FALSE], model, all = FALSE)
findAberrantFeatures <- function(x, model = NULL, alpha = 0.05,
    method = c("auto", "nb", "t", "normal"), adjust = "BY", all = TRUE,
    name = "AE", output = c("auto", "table"), ...) {
    output <- .checkChoice(output, "output", c("auto", "table"))
    alpha <- .checkNumber(alpha, "alpha", lower = 0, upper = 1)
    method <- .checkAberrantMethod(method)
    adjust <- .checkChoice(adjust, "adjust", stats::p.adjust.methods)
    if (!is.logical(all)) {
        all <- .checkNumber(all, "all", lower = 1, integer = TRUE)
    } else {
        all <- .checkFlag(all, "all")
    }
    name <- .checkString(name, "name")
    args <- list(...)
    if (!is.null(model)) {
        model <- .checkModel(model)
    }
    new <- !is.null(model) && !is.null(model@info$aberrant)
    fit <- if (new) {
        .aberrantSource(model, x, args, method)
    } else {
        .aberrantFit(x, model, method, args)
    }
    null <- fit$model@info$aberrant
    parts <- .aberrantParts(fit$model, fit$source, fit$control)
    .checkWhole(null$method, parts$observed)
    verdict <- .judge(parts, null, new)
    verdict$p <- .fromLog(verdict$log_p)
    verdict$adjusted <- apply(verdict$p, 2L, stats::p.adjust, method = adjust)
    dim(verdict$adjusted) <- dim(verdict$p)
    verdict$outlier <- !is.na(verdict$adjusted) & verdict$adjusted <= alpha
    if (output == "auto" && is(x, "SummarizedExperiment")) {
        return(.aberrantExperiment(x, fit$model, args, verdict, name))
    }
    .aberrantTable(fit$model, parts, verdict, all)
}

#' @rdname findAberrantFeatures
#' @returns `fitAberrant`: the model, which now also knows how residuals of
#' normal samples are distributed.
#' @export
fitAberrant <- function(x, model = NULL,
    method = c("auto", "nb", "t", "normal"), ...) {
    method <- .checkAberrantMethod(method)
    if (!is.null(model)) {
        model <- .checkModel(model)
    }
    .aberrantFit(x, model, method, list(...))$model
}

.checkAberrantMethod <- function(method) {
    .checkChoice(method, "method", c("auto", "nb", "t", "normal"))
}

# list(model, source, control) with the distribution of the residuals of x in
# the model.
.aberrantFit <- function(x, model, method, args) {
    fit <- if (!is.null(model)) {
        .aberrantSource(model, x, args, "auto")
    } else {
        .aberrantTraining(x, args)
    }
    .checkOneAssay(fit$model)
    n <- fit$source$n_samples
    if (n < .minNullSamples) {
        .abort("input_dim", c(sprintf(
            "`x` has %s; the distribution of residuals needs %d.",
            .count(n, "sample"), .minNullSamples),
            "Fit it to more samples: fitAberrant()"
        ), arg = "x", expected = .minNullSamples, got = n)
    }
    parts <- .aberrantParts(fit$model, fit$source, fit$control)
    null <- .fitNull(parts, .nullMethod(method, fit$model, parts))
    null <- c(null, .newSampleTerms(n, fit$model))
    null$reference <- fit$reference
    fit$model@info$aberrant <- null
    fit
}

# What to add for samples that the model was not fitted to: a factor on the
# variance, and a term of 1 / (degrees of freedom).
.newSampleTerms <- function(n, model) {
    if (!isTRUE(model@info$linear)) {
        return(list(inflation = 1, uncertainty = 0))
    }
    settings <- model@param@settings
    q <- settings$latent + length(settings$covariates)
    left <- max(n - q - 1, 1)
    list(inflation = n / left * (1 + 1 / n + q / max(left - 1, 1)),
        uncertainty = 1 / left)
}

.nullMethod <- function(method, model, parts) {
    if (method == "auto") {
        counts <- parts$counts && .looksLikeCounts(parts$observed)
        method <- if (counts) "nb" else "t"
    }
    if (method == "nb" && !parts$counts) {
        .abort("input_value", c(
            "`method` = \"nb\" needs counts, and a model of counts.",
            "Use \"t\" for other values."
        ), arg = "method", n_bad = NULL, first = NULL)
    }
    .checkWhole(method, parts$observed)
    method
}

.checkWhole <- function(method, x) {
    bad <- if (method == "nb") which(x != round(x))
    if (length(bad) > 0L) {
        .abort("input_value", c(
            sprintf(paste("`method` = \"nb\" needs counts; %s in `x` not",
                "whole, the first %s."), .count(length(bad), "value"),
                format(x[bad[1L]], digits = 4L)),
            "Give the counts themselves, or fit with method = \"t\"."
        ), arg = "x", n_bad = length(bad), first = x[bad[1L]])
    }
}

# Samples for a model: list(model, source, control). Size factors as in
# training, from the sample alone.
.aberrantSource <- function(model, x, args, method) {
    .checkOneAssay(model)
    null <- model@info$aberrant
    if (!is.null(null) && !method %in% c("auto", null$method)) {
        .abortParam("method", method, sprintf(
            "\"auto\" or %s, as in the model", .quote(null$method)))
    }
    new <- .newData(model, x, args)
    list(model = model, source = .withReference(new$source, null$reference),
        control = new$control)
}

# A model trained on x: the linear one, if nothing else is asked for.
.aberrantTraining <- function(x, args) {
    fit <- .fitCall(x, args[["param"]], args[names(args) != "param"],
        counts = TRUE)
    if (!fit$linear) {
        return(.trainFrom(fit$x, fit$param, fit$settings, fit$call,
            fit$quiet))
    }
    fit <- .askedLatent(fit)
    options <- .fitOptions(fit$call, fit$quiet)
    .fitLinear(.linearStart(fit$x, fit$settings, fit$call, options),
        fit$latent, options)
}

# What the distributions need to know: matrices of features x samples.
.aberrantParts <- function(model, source, control) {
    observed <- .sourceMatrix(source)
    storage.mode(observed) <- "double"
    expected <- .applySource(model, source, "reconstruction", control)
    dim(expected) <- dim(observed)
    settings <- model@param@settings
    counts <- .isCountLoss(settings) || settings$normalize == "log"
    if (counts) {
        factor <- rep(.sizeFactors(model, source, observed),
            each = nrow(observed))
        seen <- log1p(observed / factor)
        # no count is below 0, and the logarithm needs a mean above it
        residual <- seen - log1p(pmax(expected / factor, -1 + 1e-9))
        expected <- pmax(expected, 1e-2)
    } else {
        seen <- observed
        residual <- observed - expected
    }
    n <- ncol(observed)
    weight <- source$feature_weight
    list(observed = observed, expected = expected, residual = residual,
        counts = counts, n = n,
        variance = rowMeans((seen - rowMeans(seen))^2),
        absent = if (is.null(weight)) rep(FALSE, nrow(observed)) else
            weight == 0,
        samples = .sampleNames(source))
}

.aberrantTable <- function(model, parts, verdict, all) {
    samples <- parts$samples
    if (is.null(samples)) {
        samples <- paste0("sample", seq_len(parts$n))
    }
    log_p <- as.vector(verdict$log_p)
    rows <- order(log_p, -abs(verdict$z))
    if (is.logical(all)) {
        rows <- if (all) rows else rows[verdict$outlier[rows]]
    } else {
        rows <- utils::head(rows, all)
    }
    p <- length(model@features)
    row <- (rows - 1L) %% p + 1L
    difference <- parts$observed[rows] - verdict$expected[rows]
    data.frame(
        sample = samples[(rows - 1L) %/% p + 1L],
        feature = model@features[row],
        score = abs(verdict$z[rows]),
        observed = parts$observed[rows],
        expected = verdict$expected[rows],
        fold_change = if (parts$counts) {
            log2((parts$observed[rows] + 1) / (verdict$expected[rows] + 1))
        } else {
            difference
        },
        z_score = verdict$z[rows],
        p_value = verdict$p[rows],
        log_p = log_p[rows],
        p_adjusted = verdict$adjusted[rows],
        outlier = verdict$outlier[rows],
        direction = ifelse(difference < 0, "down", "up"),
        note = verdict$note[row]
    )
}

.aberrantExperiment <- function(x, model, args, verdict, name) {
    names <- list(model@features, NULL)
    where <- .whereFrom(model, x, args)
    if (!is.null(where$dimred)) {
        .abortParam("dimred", where$dimred,
            "NULL: a reduced dimension has no assay for the results")
    }
    assays <- list(expected = verdict$expected, zScore = verdict$z,
        pValue = verdict$p, padj = verdict$adjusted)
    assays <- lapply(assays, `dimnames<-`, names)
    x <- .inExperiment(x, where$altexp, function(inner) {
        for (assay in names(assays)) {
            add <- function() .addAssay(inner, assay, assays[[assay]])
            # the features that are left out are told once
            inner <- if (assay == "expected") add() else suppressMessages(add())
        }
        inner
    })
    columns <- SummarizedExperiment::colData(x)
    columns[[paste0(name, "_aberrant")]] <- colSums(verdict$outlier)
    SummarizedExperiment::colData(x) <- columns
    x
}
