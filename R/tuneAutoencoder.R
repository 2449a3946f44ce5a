#' Try settings and keep the best
#'
#' Trains one model per candidate, a set of settings, compares them by their
#' validation loss or a score of your own, and returns the best. All candidates
#' get the same seed, so that they differ by their settings only and share the
#' samples held out. A candidate that fails does not stop the others.
#'
#' Losses of different kinds, or of differently scaled data, are not on the same
#' scale: give a function as `metric` to compare candidates that differ in
#' `loss`, `normalize` or `scale`.
#'
#' @param x Samples as for [trainAutoencoder()]. For `print` and `plot`: what
#'     this function returned.
#' @param grid A named list of settings to try, such as
#'     `list(latent = c(5, 10), hidden = list(64, c(128, 32)))`: vectors, or
#'     lists where one value has several elements or is made by a function such
#'     as [adam()]. All their combinations are candidates. Or a data frame with
#'     one candidate per row. Names as for [AutoencoderParam()].
#' @param param An [AutoencoderParam()] with the other settings, or `NULL`.
#' @param search `"grid"` for all candidates; `"random"` for `n` different ones
#'     drawn from them.
#' @param n For `"random"`: the number of candidates, all if there are fewer.
#' @param metric `"val_loss"` or `"loss"` of the weights that were kept, or a
#'     function of a fitted model and of `x` that returns one number.
#' @param maximize `TRUE` if a higher score is better.
#' @param BPPARAM `NULL` to train one after another, or a parameter of package
#'     BiocParallel such as `BiocParallel::MulticoreParam(4)`; the result is
#'     the same. Each worker uses `num_threads` threads.
#' @param seed A whole number; `NULL` draws one from R's generator.
#' @param refit `TRUE` to train the best candidate once more, so that its model
#'     can be returned (it is the same model, as everything is repeatable).
#' @param ... Further arguments of [trainAutoencoder()], the same for all
#'     candidates: settings and, for instance, `size_factors`, `assay.type`,
#'     `num_threads`. For `plot`: of [graphics::plot()].
#'
#' @section Errors:
#' `aesop_error_param` for arguments and for settings that do not exist;
#' `aesop_error_tuning` if every candidate failed (field `results`);
#' `aesop_error_package` if `BPPARAM` is given without package BiocParallel.
#' What goes wrong with one candidate is in the results.
#'
#' @returns A list of class `aesop_tuning`: `results`, a data frame with one
#' row per candidate in the order tried (its settings, `score`, `epochs`,
#' `seconds`, `status`, and `error`, the message of a failed one); `best`, an
#' [AutoencoderParam][AutoencoderParam-class] with the best candidate's
#' settings; `best_row`; `model`, the
#' [AutoencoderModel][AutoencoderModel-class] trained with them (`NULL` without
#' `refit`); `seed`, `metric` and `maximize`. `plot()` draws the scores.
#' @references Bergstra J., Bengio Y. (2012) Random search for hyper-parameter
#' optimization. Journal of Machine Learning Research 13.
#' @seealso [chooseLatent()], [findLearningRate()]
#' @export
#' @examples
#' x <- matrix(rnorm(20 * 60), nrow = 20,
#'     dimnames = list(paste0("gene", seq_len(20)), NULL))
#' tuned <- tuneAutoencoder(x, list(latent = c(2, 4), hidden = list(8,
#'     integer(0))), epochs = 5, seed = 1)
#' tuned
#' tuned$model
tuneAutoencoder <- function(x, grid, param = NULL,
    search = c("grid", "random"), n = 20, metric = "val_loss",
    maximize = FALSE, BPPARAM = NULL, seed = NULL, refit = TRUE, ...) {
    search <- .checkChoice(search, "search", c("grid", "random"))
    n <- .checkNumber(n, "n", lower = 1, integer = TRUE)
    maximize <- .checkFlag(maximize, "maximize")
    refit <- .checkFlag(refit, "refit")
    BPPARAM <- .checkParallel(BPPARAM)
    score <- .scoreFunction(metric)
    param <- .networkParam(param, x)
    if (is.null(param)) {
        param <- multimodalParam()
    }
    fixed <- .fixedArguments(list(...))
    seed <- .resolveSeed(seed)
    candidates <- .candidates(grid, if (search == "random") n, seed)
    runs <- .applyOver(candidates, .runCandidate, BPPARAM, x = x,
        param = param, fixed = fixed, seed = seed, score = score)
    results <- .tuningTable(candidates, runs)
    best <- .bestRow(results, maximize)
    out <- list(results = results, best_row = best,
        best = .candidateParam(candidates[[best]], param, fixed),
        model = if (refit) .trainCandidate(candidates[[best]], x, param,
            fixed, seed),
        seed = seed, metric = if (is.function(metric)) "function" else metric,
        maximize = maximize)
    structure(out, class = "aesop_tuning")
}

# A function of model and x.
.scoreFunction <- function(metric) {
    if (is.function(metric)) {
        return(metric)
    }
    allowed <- "\"val_loss\", \"loss\" or a function(model, x)"
    metric <- .checkString(metric, "metric", allowed)
    if (!metric %in% c("val_loss", "loss")) {
        .abortParam("metric", metric, allowed)
    }
    function(model, x) {
        kept <- .keptLoss(model)
        if (is.null(kept) || is.na(kept[[metric]])) {
            .abort("param", c(
                sprintf("`metric` = \"%s\": this fit has none.", metric),
                paste("Set `epochs` and `validation` above 0, or give another",
                    "`metric`.")
            ), arg = "metric", value = metric, allowed = NULL)
        }
        kept[[metric]]
    }
}

# `...`: settings and arguments for all candidates, known by name.
.fixedArguments <- function(args) {
    .checkNames(args, setdiff(.trainingNames(), c("seed", "on_interrupt")),
        "tuneAutoencoder()")
    args
}

# A list of candidates, each a named list of settings. n: NULL for all of
# them, or how many to draw.
.candidates <- function(grid, n, seed) {
    allowed <- paste("a named list of settings to try, each a vector or list",
        "with at least one value, or a data frame with such columns")
    good <- is.list(grid) && (!is.object(grid) || is.data.frame(grid)) &&
        length(grid) > 0L && !is.null(names(grid)) &&
        all(lengths(grid) > 0L) &&
        all(vapply(grid, function(v) is.atomic(v) || is.list(v), NA))
    if (!good) {
        .abortParam("grid", grid, allowed)
    }
    .checkNames(as.list(grid), .settingNames(), "`grid`")
    values <- lapply(as.list(grid), .candidateValues)
    sizes <- if (is.data.frame(grid)) nrow(grid) else lengths(values)
    index <- arrayInd(.chosenCandidates(prod(sizes), n, seed), sizes)
    lapply(seq_len(nrow(index)), function(i) {
        # the column of a data frame's only dimension serves all its settings
        Map(`[[`, values, rep_len(index[i, ], length(values)))
    })
}

# One setting's values as a list; a piece such as adam() is one value.
.candidateValues <- function(values) {
    if (inherits(values, "aesop_setting")) list(values) else as.list(values)
}

# Numbers of the candidates to try, out of all in the order in which the first
# setting changes fastest.
.chosenCandidates <- function(total, n, seed) {
    if (total > 1e6) {
        .abort("param", c(
            sprintf("`grid` has %s combinations; at most 1,000,000 can be.",
                format(total, big.mark = ",")),
            "Give fewer values."
        ), arg = "grid", value = NULL, allowed = 1e6)
    }
    if (is.null(n)) {
        return(seq_len(total))
    }
    # an epoch number that no fit has: not the order of its samples
    utils::head(sample_order(total, list(seed = .seedWords(seed),
        epoch = 2^31)), n)
}

.trainCandidate <- function(candidate, x, param, fixed, seed) {
    args <- .overlay(fixed, candidate)
    if (is.null(args$verbose)) {
        args$verbose <- FALSE
    }
    args <- c(list(x, param = param), args, seed = seed,
        on_interrupt = "stop")
    do.call(trainAutoencoder, args, quote = TRUE)
}

.candidateParam <- function(candidate, param, fixed) {
    args <- .overlay(fixed, candidate)
    # `covariates` are data here
    settings <- args[names(args) %in% setdiff(.settingNames(), "covariates")]
    best <- .mergedParam(param, settings, args$ncomponents)
    latent <- c(args[["latent"]], args$ncomponents)
    if (!is.null(latent)) {
        best@extra$auto_latent <- if (identical(latent, "auto")) TRUE
    }
    if (!is.null(args$design)) {
        best@extra$design <- .checkDesign(args$design)
    }
    best
}

# One row of the results, as a list.
.runCandidate <- function(candidate, x, param, fixed, seed, score) {
    start <- proc.time()[["elapsed"]]
    failed <- function(e) {
        list(score = NA_real_, epochs = NA_integer_, status = "failed",
            error = conditionMessage(e))
    }
    row <- tryCatch({
        model <- .trainCandidate(candidate, x, param, fixed, seed)
        value <- score(model, x)
        if (!.isNumber(value)) {
            .abort("param", sprintf(
                "`metric` returned %s instead of one number.",
                .describe(value)), arg = "metric", value = value,
                allowed = "a number")
        }
        list(score = as.numeric(value), epochs = nrow(model@history),
            status = .statusText(model@info), error = NA_character_)
    }, error = failed)
    row$seconds <- proc.time()[["elapsed"]] - start
    row
}

# Settings in columns, as numbers or words; those of several elements as text.
.tuningTable <- function(candidates, runs) {
    columns <- lapply(names(candidates[[1L]]), function(name) {
        values <- lapply(candidates, `[[`, name)
        plain <- vapply(values, function(v) {
            is.atomic(v) && length(v) == 1L && !is.object(v)
        }, NA)
        if (all(plain)) unlist(values) else vapply(values, .candidateText, "")
    })
    table <- data.frame(columns)
    names(table) <- names(candidates[[1L]])
    for (name in c("score", "epochs", "seconds", "status", "error")) {
        table[[name]] <- unlist(lapply(runs, `[[`, name))
    }
    table
}

.candidateText <- function(value) {
    if (inherits(value, "aesop_setting")) {
        return(.settingText(value))
    }
    if (is.atomic(value)) .valueText(value) else .describe(value)
}

.bestRow <- function(results, maximize) {
    score <- if (maximize) -results$score else results$score
    best <- which.min(ifelse(is.finite(score), score, NA))
    if (length(best) == 0L) {
        errors <- unique(results$error[!is.na(results$error)])
        .abort("tuning", c(
            sprintf("None of %s gave a finite score.",
                .count(nrow(results), "candidate")),
            if (length(errors) > 0L) paste("The first error:", errors[1L])
        ), arg = "grid", results = results)
    }
    best
}

#' @rdname tuneAutoencoder
#' @method print aesop_tuning
#' @export
print.aesop_tuning <- function(x, ...) {
    results <- x$results
    failed <- sum(results$status == "failed")
    cat(.count(nrow(results), "candidate"), ", score ", x$metric,
        if (x$maximize) " (higher is better)",
        if (failed > 0L) sprintf(", %d failed", failed), "\n", sep = "")
    order <- order(if (x$maximize) -results$score else results$score)
    shown <- results[utils::head(order, 10L), names(results) != "error"]
    print(shown, digits = 4L)
    if (nrow(results) > nrow(shown)) {
        cat("... and", nrow(results) - nrow(shown), "more in $results\n")
    }
    invisible(x)
}

#' @rdname tuneAutoencoder
#' @method plot aesop_tuning
#' @export
plot.aesop_tuning <- function(x, ...) {
    order <- order(if (x$maximize) -x$results$score else x$results$score)
    score <- x$results$score[order]
    number <- seq_along(order)[is.finite(score)]
    graphics::plot(number, score[number], xaxt = "n", xlab = "candidate (row)",
        ylab = x$metric, pch = ifelse(number == 1L, 19L, 1L), ...)
    graphics::axis(1L, number, order[number])
    invisible(x)
}
