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
    other <- setdiff(.calledIn(design), .designFunctions())
    if (length(other) > 0L) {
        .abort("param", c(
            sprintf("`%s` cannot use %s; it can use %s.", arg,
                .showNames(other), paste(.designFunctions(), collapse = " ")),
            "Compute it first, as a column of the covariates."
        ), arg = arg, value = deparse1(design), allowed = .designFunctions())
    }
    design
}

# What a design may call. All of it looks at one sample at a time, as a sample's
# code must not depend on the others (poly() or cut() would); and the formula of
# a model from a file can run nothing else.
.designFunctions <- function() {
    c("~", "+", "-", "*", "/", "^", ":", "%in%", "(", "I", "log", "log2",
        "log10", "log1p", "exp", "sqrt", "abs", "==", "!=", "<", "<=", ">",
        ">=", "&", "|", "!")
}

# Names of the functions in an expression; those in the arguments of one that
# is not allowed do not matter.
.calledIn <- function(expr) {
    if (!is.call(expr)) {
        return(character())
    }
    name <- deparse1(expr[[1L]])
    if (!name %in% .designFunctions()) {
        return(name)
    }
    unique(c(name, unlist(lapply(as.list(expr)[-1L], .calledIn))))
}

# A model holds the formula's text; all but the covariates is from base.
# in_order: interactions stay where they are written.
.designTerms <- function(text, in_order = FALSE) {
    formula <- tryCatch(str2lang(text), error = function(e) NULL)
    good <- is.call(formula) && length(formula) == 2L &&
        identical(formula[[1L]], quote(`~`)) &&
        all(.calledIn(formula) %in% .designFunctions())
    if (!good) {
        .abortSchema("the formula of its design is not one")
    }
    stats::terms(structure(formula, class = "formula",
        .Environment = baseenv()), keep.order = in_order)
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
    as.data.frame(covariates[, variables, drop = FALSE], optional = TRUE)
}

.matchCovariates <- function(covariates, n_samples, samples) {
    names <- rownames(covariates)
    if (!is.null(names) && length(samples) > 0L) {
        rows <- match(samples, names)
        if (!anyNA(rows)) {
            return(covariates[rows, , drop = FALSE])
        }
        # a data frame numbers rows that have no names
        if (!is.integer(attr(covariates, "row.names"))) {
            absent <- samples[is.na(rows)]
            .abort("design", c(
                sprintf("`covariates` has no row for %s: %s.",
                    .count(length(absent), "sample"), .showNames(absent)),
                paste("Its rows have names, so they are matched by name;",
                    "rownames(covariates) <- NULL takes them in order.")
            ), arg = "covariates", missing = absent)
        }
    }
    if (nrow(covariates) != n_samples) {
        .abort("design", sprintf(
            "`covariates` has %s for %s; give one row per sample.",
            .count(nrow(covariates), "row"), .count(n_samples, "sample")),
            arg = "covariates", expected = n_samples, got = nrow(covariates))
    }
    covariates
}

# A covariate as it enters the design: a number, a logical or a factor.
.checkCovariate <- function(value, name, samples) {
    plain <- is.null(dim(value)) && (is.factor(value) || (!is.object(value) &&
        (is.numeric(value) || is.logical(value) || is.character(value))))
    if (!plain) {
        .abort("design", sprintf("The covariate %s must be %s, not %s.",
            .quote(name), "numeric, logical, character or a factor",
            .describe(value)), arg = "covariates", covariate = name)
    }
    bad <- which(is.na(value) | (is.numeric(value) & !is.finite(value)))
    if (length(bad) > 0L) {
        sample <- .sampleLabel(bad[1L], samples)
        .abort("design", c(
            sprintf("The covariate %s is missing for %s; the first is %s.",
                .quote(name), .count(length(bad), "sample"), sample),
            "Fill it in, or leave these samples out."
        ), arg = "covariates", covariate = name, sample = sample)
    }
    if (!is.numeric(value) && !is.logical(value)) factor(value) else value
}

.sampleLabel <- function(i, samples) {
    if (length(samples) > 0L) .quote(samples[i]) else paste("number", i)
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
    info <- list(formula = text, variables = names(frame), levels = levels,
        logical = names(frame)[vapply(frame, is.logical, NA)])
    x <- .modelMatrix(info, frame, samples)
    info$columns <- colnames(x)
    numeric <- !apply(x, 2L, function(v) all(v %in% c(0, 1)))
    center <- ifelse(numeric, colMeans(x), 0)
    spread <- apply(x, 2L, stats::sd)
    flat <- colnames(x)[spread <= 1e-10 * apply(abs(x), 2L, max)]
    if (length(flat) > 0L) {
        .abort("design", c(
            sprintf("The design's column %s is constant.", .quote(flat[1L])),
            "Leave it out of the design: it cannot explain anything."
        ), arg = "design", covariate = flat)
    }
    if (qr(cbind(1, x))$rank >= nrow(x)) {
        .abort("design", c(
            sprintf("The design explains all of %s.",
                .count(nrow(x), "sample")),
            "Each level needs several samples; leave out what tells each apart."
        ), arg = "design", covariate = info$variables)
    }
    info$center <- unname(center)
    info$scale <- unname(ifelse(numeric, spread, 1))
    list(matrix = .scaledDesign(x, info), info = info[lengths(info) > 0L])
}

# One row per sample, without the intercept.
.modelMatrix <- function(info, frame, samples) {
    terms <- .designTerms(info$formula)
    x <- tryCatch(suppressWarnings({
        frame <- stats::model.frame(terms, frame, na.action = stats::na.pass)
        coded <- info$levels[intersect(names(info$levels), names(frame))]
        stats::model.matrix(terms, frame,
            contrasts.arg = if (length(coded) > 0L) {
                lapply(coded, function(levels) "contr.treatment")
            })
    }), error = function(e) {
        .abort("design", sprintf("The design %s cannot be computed: %s",
            info$formula, conditionMessage(e)), arg = "design")
    })
    x <- x[, colnames(x) != "(Intercept)", drop = FALSE]
    bad <- which(!is.finite(x), arr.ind = TRUE)
    if (nrow(bad) > 0L) {
        .abort("design", sprintf(
            "The design's column %s is not a number for sample %s.",
            .quote(colnames(x)[bad[1L, 2L]]),
            .sampleLabel(bad[1L, 1L], samples)), arg = "design",
            covariate = colnames(x)[bad[1L, 2L]],
            sample = .sampleLabel(bad[1L, 1L], samples))
    }
    x
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
    for (name in info$variables) {
        frame[[name]] <- if (name %in% names(info$levels)) {
            .knownLevels(frame[[name]], name, info$levels[[name]])
        } else {
            .knownType(frame[[name]], name, name %in% info$logical)
        }
    }
    .scaledDesign(.modelMatrix(info, frame, samples), info)
}

.knownType <- function(value, name, logical) {
    good <- if (logical) is.logical(value) else is.numeric(value)
    if (!good) {
        .abort("design", sprintf("The covariate %s must be %s, as in training.",
            .quote(name), if (logical) "logical" else "numeric"),
            arg = "covariates", covariate = name)
    }
    value
}

.knownLevels <- function(value, name, levels) {
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
