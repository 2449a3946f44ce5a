# Covariates: a formula over columns of colData() or of a data frame becomes
# the design matrix that conditions encoder and decoder.

# A one-sided formula, or NULL.
.checkDesign <- function(design, arg = "design") {
    if (is.null(design)) {
        return(NULL)
    }
    if (!inherits(design, "formula") || length(design) != 2L) {
        .abortParam(arg, design, "a formula such as ~ batch + age, or NULL")
    }
    if (length(all.vars(design)) == 0L || "." %in% all.vars(design)) {
        .abortParam(arg, deparse1(design), "a formula that names covariates")
    }
    design
}

# Terms are looked up in the data and in stats, wherever the formula is from:
# a model holds its text.
.designTerms <- function(text) {
    stats::terms(stats::as.formula(text,
        env = new.env(parent = asNamespace("stats"))))
}

# The covariates of samples: `covariates` if given, else the columns of
# colData(x). Rows with names are matched to the samples.
.covariateFrame <- function(x, covariates, variables, n_samples, samples) {
    if (is.null(covariates) && is(x, "SummarizedExperiment")) {
        covariates <- SummarizedExperiment::colData(x)
        samples <- NULL # the same object: the same order
    }
    wanted <- .showNames(variables, 10L)
    if (is.null(covariates)) {
        .abort("design", c(
            sprintf("The design needs the covariates %s.", wanted),
            paste("Give covariates = a data frame with one row per sample, or",
                "a SummarizedExperiment with them in its colData().")
        ), arg = "covariates", missing = variables)
    }
    if (!is.data.frame(covariates) && !is(covariates, "DataFrame")) {
        .abort("input_type", sprintf("`covariates` must be a data frame, %s.",
            paste("not", .describe(covariates))), arg = "covariates",
            got = class(covariates), accepted = "data.frame")
    }
    absent <- setdiff(variables, colnames(covariates))
    if (length(absent) > 0L) {
        .abort("design", c(
            sprintf("The design names %s, which the covariates do not have.",
                .showNames(absent)),
            sprintf("They have: %s.", .showNames(colnames(covariates), 10L))
        ), arg = "design", missing = absent)
    }
    covariates <- .matchCovariates(covariates, n_samples, samples)
    as.data.frame(covariates[, variables, drop = FALSE])
}

.matchCovariates <- function(covariates, n_samples, samples) {
    names <- rownames(covariates)
    named <- !is.null(names) && length(samples) > 0L &&
        !identical(names, as.character(seq_len(nrow(covariates))))
    if (named) {
        rows <- match(samples, names)
        if (anyNA(rows)) {
            absent <- samples[is.na(rows)]
            .abort("design", sprintf("`covariates` has no row for %s: %s.",
                .count(length(absent), "sample"), .showNames(absent)),
                arg = "covariates", missing = absent)
        }
        return(covariates[rows, , drop = FALSE])
    }
    if (nrow(covariates) != n_samples) {
        .abort("design", sprintf(
            "`covariates` has %s for %s; give one row per sample.",
            .count(nrow(covariates), "row"), .count(n_samples, "sample")),
            arg = "covariates", expected = n_samples, got = nrow(covariates))
    }
    covariates
}

# Values that cannot enter a design, by covariate and sample.
.checkCovariate <- function(value, name, samples) {
    label <- function(i) {
        if (length(samples) > 0L) .quote(samples[i]) else paste("number", i)
    }
    bad <- which(is.na(value) | (is.numeric(value) & !is.finite(value)))
    if (length(bad) > 0L) {
        .abort("design", c(
            sprintf("The covariate %s is missing for %s; the first is %s.",
                .quote(name), .count(length(bad), "sample"), label(bad[1L])),
            "Fill it in, or leave these samples out."
        ), arg = "design", covariate = name, sample = label(bad[1L]))
    }
    if (!is.numeric(value) && !is.logical(value)) factor(value) else value
}

# The design of the training samples: list(matrix, info); info is kept in the
# model. Numeric columns are standardised.
.trainingDesign <- function(design, frame, samples) {
    text <- deparse1(design)
    frame[] <- Map(.checkCovariate, frame, names(frame),
        MoreArgs = list(samples = samples))
    levels <- lapply(frame[vapply(frame, is.factor, NA)], levels)
    for (name in names(levels)) {
        if (length(levels[[name]]) < 2L) {
            .abort("design", c(
                sprintf("The covariate %s has only one level, %s.",
                    .quote(name), .quote(levels[[name]])),
                "Leave it out of the design: it cannot explain anything."
            ), arg = "design", covariate = name)
        }
    }
    info <- list(formula = text, variables = names(frame), levels = levels)
    x <- .modelMatrix(info, frame)
    info$columns <- colnames(x)
    numeric <- !apply(x, 2L, function(v) all(v %in% c(0, 1)))
    center <- ifelse(numeric, colMeans(x), 0)
    spread <- apply(x, 2L, stats::sd)
    if (any(spread == 0)) {
        .abort("design", sprintf("The design's column %s is constant.",
            .quote(colnames(x)[spread == 0][1L])), arg = "design",
            covariate = colnames(x)[spread == 0])
    }
    info$center <- unname(center)
    info$scale <- unname(ifelse(numeric, spread, 1))
    list(matrix = .scaledDesign(x, info), info = info)
}

.modelMatrix <- function(info, frame) {
    terms <- .designTerms(info$formula)
    contrasts <- lapply(info$levels, function(l) "contr.treatment")
    x <- stats::model.matrix(terms, frame,
        contrasts.arg = if (length(contrasts) > 0L) contrasts)
    x[, colnames(x) != "(Intercept)", drop = FALSE]
}

.scaledDesign <- function(x, info) {
    x <- sweep(sweep(x, 2L, info$center), 2L, info$scale, "/")
    dimnames(x) <- NULL
    attributes(x) <- list(dim = dim(x))
    storage.mode(x) <- "double"
    x
}

# The design of new samples for a fitted model; NULL where it has none.
.newDesign <- function(model, x, covariates, n_samples, samples) {
    info <- model@info$design
    if (is.null(info)) {
        if (!is.null(covariates)) {
            .abortParam("covariates", covariates,
                "NULL: this model has no design")
        }
        return(NULL)
    }
    frame <- .covariateFrame(x, covariates, info$variables, n_samples, samples)
    frame[] <- Map(.checkCovariate, frame, names(frame),
        MoreArgs = list(samples = samples))
    for (name in names(info$levels)) {
        frame[[name]] <- .knownLevels(frame[[name]], name,
            info$levels[[name]], samples)
    }
    .scaledDesign(.modelMatrix(info, frame), info)
}

.knownLevels <- function(value, name, levels, samples) {
    value <- as.character(value)
    unseen <- setdiff(value, levels)
    if (length(unseen) > 0L) {
        .abort("design", c(
            sprintf("The model has not seen the level %s of the covariate %s.",
                .showNames(unseen), .quote(name)),
            sprintf("It knows %s. Give such samples a level that it knows, %s",
                .showNames(levels, 10L), "or train with them.")
        ), arg = "covariates", covariate = name, unseen = unseen,
        levels = levels)
    }
    factor(value, levels = levels)
}
