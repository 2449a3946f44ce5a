#' Find abnormal samples, features or single values
#'
#' For samples: how far the code and the residual of each lie from those of the
#' others, with p-values. For features and single values:
#' [findAberrantFeatures()], one row per feature or value.
#'
#' @param x Samples as for [trainAutoencoder()]: a matrix, a
#'     SummarizedExperiment or a SingleCellExperiment.
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class]. From
#'     [fitNovelty()] (for samples) or [fitAberrant()] (for features and
#'     entries), it judges each sample of `x` alone; of any other model `x` is
#'     both, what is judged and what is normal. `NULL` for one fitted to `x`,
#'     see details; samples are judged by the one that [runAutoencoder()] left
#'     in `metadata(x)[[name]]`, if there is one and `param` is not given. (Of
#'     the default, [linearParam()], the data and their preparation are used: it
#'     has learned abnormal samples too, so each is judged by a fit to others.)
#' @param level `"sample"`; `"feature"`: whether a feature is aberrant in any
#'     sample; `"entry"`: each feature in each sample.
#' @param method For samples, `"density"`: code and residual under normal
#'     distributions. `"local"`: the code against its neighbours, see
#'     [fitNovelty()]. `"error"`: the loss alone. `"auto"`: what the model was
#'     calibrated for, or `"density"` (`"error"` for several assays). For
#'     features and entries as in [findAberrantFeatures()].
#' @param alpha Largest adjusted p-value of an outlier, from 0 to 1.
#' @param contamination For samples: `NULL` for `alpha` to decide; a share of
#'     samples to call, greater than 0 and at most 0.5: those above this
#'     quantile of the scores; `"auto"` for a share estimated from the p-values
#'     (Storey 2002): how many more are below 0.1 than chance puts there.
#' @param adjust Adjustment of the p-values, see [stats::p.adjust()]; `NULL` for
#'     `"BH"`, and `"BY"` over the features of a sample for entries.
#' @param param If a model is trained: its [AutoencoderParam()].
#' @param name Prefix of the columns that are added to an experiment.
#' @param output `"table"` for a data frame also where `x` is an experiment.
#' @param ... With a model: further arguments of [encode()]; otherwise of
#'     [trainAutoencoder()].
#'
#' @details
#' Without a model, and if nothing is asked for but `latent`, `normalize`,
#' `scale` or a `design` (whose effects are taken out by least squares), linear
#' autoencoders are fitted: five, each to four fifths of the samples, to judge
#' the others by. (With more than 2,000 samples and features, or 200 million
#' values, the samples are judged by [linearParam()] instead.) Each rests on the
#' three quarters of its samples that lie nearest to it, found by concentration
#' steps (Rousseeuw and Van Driessen 1999), and has as many codes as singular
#' values exceed the optimal hard threshold ([chooseLatent()]). The score is the
#' sum of squared codes and residuals, each divided by its variance in these
#' samples.
#' From 100 features on, whole numbers are seen as counts, as in
#' [findAberrantFeatures()], and features are scaled by their spread in the
#' middle three quarters of the samples.
#'
#' Of a trained model codes and residuals are taken together in the same way,
#' with robust estimates from `x`. With `method = "error"` the score is the
#' loss, divided by its median in the training data.
#'
#' p-values of samples come from a normal distribution of a power of the scores,
#' fitted to the lower nine tenths; they are right if the normal samples
#' are of one kind, and too small for the rarer of several kinds. Those of a
#' model from [fitNovelty()] are ranks among samples kept for that, and right
#' without such an assumption. With fewer than 20 samples to compare with they
#' are `NA`, as `note` says, and a sample is an outlier if its loss exceeds that
#' of 95 % of the training samples.
#'
#' The p-value of a feature is that of Simes (1986) over its samples: small if
#' it is aberrant in at least one.
#'
#' @section Errors:
#' Those of [trainAutoencoder()], [encode()] and [findAberrantFeatures()];
#' `aesop_error_input_dim` if there are fewer than 10 samples to fit to;
#' `aesop_error_param` for the other arguments; `aesop_error_package` if
#' BiocNeighbors or withr is needed and not installed.
#'
#' @returns For a matrix: a data frame, the strangest first. Samples: `sample`,
#' `score`, `p_value`, `p_adjusted`, `threshold` (samples above it are
#' outliers), `outlier` and `note`. Features: `feature`, `score` (the largest
#' absolute z-score), `p_value`, `p_adjusted`, `n_outliers` (samples), `outlier`
#' and `note`. Entries: see [findAberrantFeatures()]. For an experiment: `x`
#' with `AE_score`, `AE_pValue`, `AE_padj` and `AE_outlier` in its `colData`
#' (samples) or `rowData` (features), or with the assays of
#' [findAberrantFeatures()].
#' @references Rousseeuw P.J., Van Driessen K. (1999) A fast algorithm for the
#' minimum covariance determinant estimator. Technometrics 41. Storey J.D.
#' (2002) A direct approach to false discovery rates. Journal of the Royal
#' Statistical Society B 64. Simes R.J. (1986) An improved Bonferroni procedure
#' for multiple tests of significance. Biometrika 73.
#' @seealso [scoreNovelty()] for new samples, [plotOutliers()],
#'     [predict.AutoencoderModel()] for the losses alone
#' @export
#' @examples
#' # genes that go together, and one sample in which they do not
#' x <- outer(rnorm(30), rnorm(40)) + rnorm(30 * 40, sd = 0.2)
#' dimnames(x) <- list(paste0("gene", seq_len(30)),
#'     paste0("sample", seq_len(40)))
#' x[, 7] <- sample(x[, 7])
#' head(findOutliers(x), 3)
#' head(findOutliers(x, level = "entry"), 3)
findOutliers <- function(x, model = NULL,
    level = c("sample", "feature", "entry"), method = "auto", alpha = 0.05,
    contamination = NULL, adjust = NULL, param = NULL, name = "AE",
    output = c("auto", "table"), ...) {
    level <- .checkChoice(level, "level", c("sample", "feature", "entry"))
    name <- .checkString(name, "name")
    output <- .checkChoice(output, "output", c("auto", "table"))
    if (!is.null(model) && !is.null(param)) {
        .abortParam("param", param, "NULL, as there is a model already")
    }
    if (level != "sample") {
        .noContamination(contamination)
        return(.outlyingFeatures(x, model, level, method, alpha, adjust,
            name, output, c(list(param = param), list(...))))
    }
    rule <- .outlierRule(alpha, contamination, adjust)
    method <- .checkChoice(method, "method",
        c("auto", "density", "local", "error"))
    args <- list(...)
    if (is.null(model) && is.null(param) && is(x, "SummarizedExperiment")) {
        stored <- S4Vectors::metadata(x)[[name]]
        model <- if (is.list(stored)) stored[["model"]]
        again <- .fitAsStored(model, x, method, args)
        if (!is.null(again)) {
            model <- NULL
            args <- again
        }
    }
    judged <- if (is.null(model)) {
        .scoresOfFit(x, param, method, args)
    } else {
        .scoresOfModel(.checkModel(model), x, method, args)
    }
    verdict <- .callOutliers(judged, rule)
    if (output == "auto" && is(x, "SummarizedExperiment")) {
        return(.addVerdict(x, SummarizedExperiment::colData,
            SummarizedExperiment::`colData<-`, verdict, name))
    }
    .outlierTable(judged$samples, verdict)
}

# Judged samples are list(score, p, samples): without p there is nothing to take
# p-values from, for the reason `note`, and scores above `limit` stand out;
# `calibration`: scores that p-values are ranks among.

# The stored model of linearParam() has learned the abnormal samples too: what
# to fit anew to the same data, or NULL to take the model.
.fitAsStored <- function(model, x, method, args) {
    again <- is(model, "AutoencoderModel") && isTRUE(model@info$linear) &&
        is.null(model@info$novelty) && method %in% c("auto", "density") &&
        all(names(args) %in% .trainingNames()) &&
        .isSolvable(c(length(model@features), ncol(x)))
    if (!again) {
        return(NULL)
    }
    where <- .whereFrom(model, x, args)
    info <- model@info
    known <- c(where, model@param@settings[c("normalize", "scale")])
    if (!isTRUE(info$features_made) && is.null(where$dimred)) {
        known$subset_row <- model@features
    }
    if (!is.null(info$design)) {
        known$design <- stats::formula(.designTerms(info$design$formula))
    }
    .overlay(known, args)
}

.scoresOfFit <- function(x, param, method, args) {
    fit <- .fitCall(x, param, args)
    options <- .fitOptions(fit$call, fit$quiet)
    if (fit$linear && method %in% c("auto", "density") &&
        .isSolvable(.sizeOf(fit$x))) {
        asked <- .askedLatent(fit)
        start <- .linearStart(asked$x, asked$settings, asked$call, options,
            .guessSamples)
        .enoughToFit(start$input$source$n_samples)
        score <- .crossFittedScores(start$x, asked$latent)$score
        return(.judgedByNull(score, start$input$source))
    }
    trained <- .trainFrom(fit$x, fit$param, fit$settings, fit$call, fit$quiet)
    .judgeItself(trained$model, trained$source, trained$control, method)
}

# Whether a linear autoencoder of features x samples is solved, for which all
# values must be in memory.
.isSolvable <- function(size) {
    min(size) <= 2000 && prod(size) <= 2e8
}

# Features and samples, in any order, of what .placed() returns.
.sizeOf <- function(x) {
    if (inherits(x, "aesop_picked")) x <- x$x
    if (is.null(dim(x))) Inf else dim(x)
}

.scoresOfModel <- function(model, x, method, args) {
    new <- .newData(model, x, args)
    novelty <- model@info$novelty
    if (!is.null(novelty)) {
        new$source <- .withReference(new$source, novelty$reference)
        if (!method %in% c("auto", novelty$method)) {
            .abortParam("method", method, sprintf(
                "\"auto\" or %s, as in the model", .quote(novelty$method)))
        }
        return(.judgeNew(model, new$source, new$control))
    }
    .judgeItself(model, new$source, new$control, method)
}

.judgeItself <- function(model, source, control, method) {
    if (method == "auto") {
        method <- if (.isMultimodal(model)) "error" else "density"
    }
    if (method != "error") {
        .checkOneAssay(model)
    }
    if (source$n_samples < .minReferenceSamples) {
        return(.judgedByTraining(model, source, control))
    }
    score <- switch(method,
        error = .relativeError(model, source, control),
        density = {
            fit <- .densityReference(model, source, control)
            .overBlocks(source, function(block) {
                .densityScore(fit, .densityParts(model, block, control))
            })
        },
        local = {
            .needNeighbours()
            codes <- .encodeSource(model, source, control)
            views <- cbind(.localViews(.localReference(codes, seed = 0)),
                log(.relativeError(model, source, control) + 1e-12))
            # above 0, as the scores of the others
            exp(.localScore(.localScale(views), views) / ncol(views))
        })
    .judgedByNull(score, source)
}

# Errors in units of the typical one of the training data.
.relativeError <- function(model, source, control) {
    error <- .applySource(model, source, "error", control)$sample
    typical <- model@info$error_quantiles[["50%"]]
    if (is.null(typical) || typical <= 0) error else error / typical
}

.judgedByNull <- function(score, source) {
    null <- .fitScoreNull(score)
    judged <- list(score = unname(score), samples = .sampleNames(source))
    if (is.null(null)) {
        judged$limit <- Inf
        judged$note <- if (length(score) < .minReferenceSamples) {
            sprintf("fewer than %d samples", .minReferenceSamples)
        } else {
            "the samples do not differ"
        }
        return(judged)
    }
    judged$p <- .fromLog(.logPNull(null, judged$score))
    judged
}

.judgedByTraining <- function(model, source, control) {
    typical <- model@info$error_quantiles
    limit <- if (is.null(typical) || typical[["50%"]] <= 0) {
        Inf
    } else {
        typical[["95%"]] / typical[["50%"]]
    }
    list(score = unname(.relativeError(model, source, control)),
        samples = .sampleNames(source), limit = limit,
        note = sprintf("fewer than %d samples: see fitNovelty()",
            .minReferenceSamples))
}

.enoughToFit <- function(n) {
    if (n < .minNullSamples) {
        .abort("input_dim", c(
            sprintf("`x` has %s; what is normal needs %d.",
                .count(n, "sample"), .minNullSamples),
            "Judge few samples by a model of others: fitNovelty()"
        ), arg = "x", expected = .minNullSamples, got = n)
    }
}

# The rule, checked.
.outlierRule <- function(alpha, contamination, adjust) {
    adjust <- if (is.null(adjust)) "BH" else adjust
    auto <- identical(contamination, "auto")
    if (!is.null(contamination) && !auto) {
        if (!.isNumber(contamination) || contamination <= 0 ||
            contamination > 0.5) {
            .abortParam("contamination", contamination,
                "NULL, \"auto\" or a share greater than 0, at most 0.5")
        }
    }
    list(alpha = .checkNumber(alpha, "alpha", lower = 0, upper = 1),
        contamination = contamination, auto = auto,
        adjust = .checkChoice(adjust, "adjust", stats::p.adjust.methods))
}

.noContamination <- function(contamination) {
    if (!is.null(contamination)) {
        .abortParam("contamination", contamination,
            "NULL: it is for level = \"sample\"")
    }
}

# A data frame in the order of the samples.
.callOutliers <- function(judged, rule) {
    score <- judged$score
    n <- length(score)
    p <- if (is.null(judged$p)) rep(NA_real_, n) else judged$p
    adjusted <- stats::p.adjust(p, rule$adjust)
    if (!is.null(rule$contamination)) {
        share <- if (rule$auto) .excess(p) else rule$contamination
        threshold <- stats::quantile(score, 1 - share, names = FALSE)
        outlier <- score > threshold
    } else if (is.null(judged$p)) {
        threshold <- judged$limit
        outlier <- score > threshold
    } else {
        outlier <- adjusted <= rule$alpha
        alone <- rule$adjust == "none" && !is.null(judged$calibration)
        threshold <- if (alone) {
            .conformalLimit(judged$calibration, rule$alpha)
        } else {
            max(-Inf, score[!outlier])
        }
    }
    data.frame(score = score, p_value = p, p_adjusted = adjusted,
        threshold = rep(threshold, n), outlier = outlier,
        note = rep(if (is.null(judged$note)) NA_character_ else judged$note,
            n))
}

# Share of samples that have a p-value below 0.1 beyond the tenth that would by
# chance.
.excess <- function(p, cut = 0.1) {
    if (anyNA(p)) {
        return(0)
    }
    min(max((mean(p <= cut) - cut) / (1 - cut), 0), 0.5)
}

.outlierTable <- function(samples, verdict) {
    if (is.null(samples)) {
        samples <- paste0("sample", seq_len(nrow(verdict)))
    }
    table <- cbind(data.frame(sample = samples), verdict)
    table <- table[order(-table$score), ]
    rownames(table) <- NULL
    table
}

# The columns of an experiment's samples or features.
.addVerdict <- function(x, get, set, verdict, name, rows = NULL) {
    columns <- get(x)
    rows <- if (is.null(rows)) seq_len(nrow(columns)) else rows
    from <- c(score = "score", pValue = "p_value", padj = "p_adjusted",
        outlier = "outlier")
    for (column in names(from)) {
        values <- verdict[[from[[column]]]]
        full <- rep(values[NA_integer_], nrow(columns))
        full[rows] <- values
        columns[[paste0(name, "_", column)]] <- full
    }
    set(x, value = columns)
}

.outlyingFeatures <- function(x, model, level, method, alpha, adjust, name,
    output, args) {
    args <- c(list(x, model = model, alpha = alpha, method = method,
        name = name), args[!vapply(args, is.null, NA)])
    if (level == "entry") {
        args$adjust <- if (is.null(adjust)) "BY" else adjust
        return(do.call(findAberrantFeatures, c(args, list(output = output)),
            quote = TRUE))
    }
    adjust <- .checkChoice(if (is.null(adjust)) "BH" else adjust, "adjust",
        stats::p.adjust.methods)
    into <- output != "table" && is(x, "SummarizedExperiment")
    where <- if (into && !is.null(model)) .whereFrom(model, x, args) else args
    if (into && !is.null(where$dimred)) {
        .abortParam("dimred", where$dimred, paste("NULL, or output =",
            "\"table\": a reduced dimension has no rows for the results"))
    }
    args$output <- "table"
    entries <- do.call(findAberrantFeatures, args, quote = TRUE)
    table <- .byFeature(entries, adjust, alpha)
    if (!into) {
        return(table)
    }
    .inExperiment(x, where$altexp, function(inner) {
        .addVerdict(inner, SummarizedExperiment::rowData,
            SummarizedExperiment::`rowData<-`, table, name,
            match(table$feature, .trainingFeatures(inner)$names))
    })
}

# One row per feature from one per entry.
.byFeature <- function(entries, adjust, alpha) {
    groups <- split(entries, factor(entries$feature,
        unique(entries$feature)))
    simes <- function(p) {
        p <- sort(p)
        if (length(p) == 0L) NA_real_ else min(p * length(p) / seq_along(p))
    }
    p <- vapply(groups, function(g) simes(g$p_value), 1)
    table <- data.frame(feature = names(groups),
        score = vapply(groups, function(g) {
            if (all(is.na(g$z_score))) NA_real_ else
                max(abs(g$z_score), na.rm = TRUE)
        }, 1),
        p_value = p, p_adjusted = stats::p.adjust(p, adjust),
        n_outliers = vapply(groups, function(g) sum(g$outlier), 1L))
    table$outlier <- !is.na(table$p_adjusted) & table$p_adjusted <= alpha
    table$note <- vapply(groups, function(g) g$note[1L], "")
    table <- table[order(table$p_value, -table$score), ]
    rownames(table) <- NULL
    table
}
