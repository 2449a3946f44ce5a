# Which matrix of a SummarizedExperiment or SingleCellExperiment is meant.

# A matrix taken from a container, and where it was. origin: list(assay.type,
# altexp, dimred, n_dimred), kept in the model so that new data are taken from
# the same place.
.picked <- function(x, origin, transposed = FALSE, note = NULL,
    covariates = NULL) {
    structure(list(x = x, origin = origin, transposed = transposed,
        note = note, covariates = covariates), class = "aesop_picked")
}

# Arguments that say where the matrix is.
.whereArguments <- function() {
    c("assay.type", "exprs_values", "altexp", "dimred", "n_dimred")
}

# where: a list of the above, as far as given; config: the settings, which
# decide on the default assay.
.pickMatrix <- function(x, where, config, arg = "x") {
    single_cell <- is(x, "SingleCellExperiment")
    if (!single_cell) {
        .refuseSingleCellArguments(x, where)
    }
    covariates <- SummarizedExperiment::colData(x)
    origin <- list()
    if (!is.null(where$altexp)) {
        name <- .checkMember(where$altexp, "altexp",
            SingleCellExperiment::altExpNames(x), "alternative experiment")
        x <- SingleCellExperiment::altExp(x, name)
        single_cell <- is(x, "SingleCellExperiment")
        origin$altexp <- name
    }
    if (!is.null(where$dimred)) {
        return(.pickReduced(x, where, origin, covariates))
    }
    if (!is.null(where$n_dimred)) {
        .abortParam("n_dimred", where$n_dimred, "NULL without `dimred`")
    }
    assay <- .chooseAssay(x, where, config, single_cell, arg)
    # a number as a double, as it comes back from a model file
    origin$assay.type <- if (is.numeric(assay$name)) {
        as.numeric(assay$name)
    } else {
        assay$name
    }
    matrix <- SummarizedExperiment::assay(x, assay$index,
        withDimnames = FALSE)
    .picked(.withDimnames(matrix, x), origin, note = assay$note,
        covariates = covariates)
}

# Names of the experiment, without touching the matrix if they agree.
.withDimnames <- function(matrix, x) {
    wanted <- list(rownames(x), colnames(x))
    if (!identical(dimnames(matrix), wanted) &&
        !all(vapply(wanted, is.null, logical(1L)))) {
        dimnames(matrix) <- wanted
    }
    matrix
}

# x with f(experiment) in place of the experiment that holds the data: x itself,
# or an alternative one.
.inExperiment <- function(x, altexp, f) {
    if (is.null(altexp)) {
        return(f(x))
    }
    SingleCellExperiment::altExp(x, altexp) <-
        f(SingleCellExperiment::altExp(x, altexp))
    x
}

# For a matrix none of the arguments has a meaning.
.refuseWhere <- function(where, arg) {
    for (name in names(where)) {
        if (!is.null(where[[name]])) {
            .abortParam(name, where[[name]],
                sprintf("NULL, as `%s` is not a SummarizedExperiment", arg))
        }
    }
}

.refuseSingleCellArguments <- function(x, where) {
    for (name in c("altexp", "dimred", "n_dimred")) {
        if (!is.null(where[[name]])) {
            .abort("param", c(
                sprintf("`%s` needs a SingleCellExperiment, `x` is a %s.",
                    name, class(x)[1L]),
                "Convert it: as(x, \"SingleCellExperiment\")"
            ), arg = name, value = where[[name]], allowed = NULL)
        }
    }
}

# A name, or a number, among names.
.checkMember <- function(value, arg, names, noun) {
    allowed <- if (length(names) > 0L) {
        sprintf("one %s of %s", noun, .showNames(names, 10L))
    } else {
        sprintf("NULL, as there is no %s", noun)
    }
    if (.isNumber(value) && value %in% seq_along(names)) {
        return(names[value])
    }
    if (!is.character(value) || length(value) != 1L || is.object(value) ||
        !value %in% names) {
        .abortParam(arg, value, allowed)
    }
    value
}

.pickReduced <- function(x, where, origin, covariates) {
    name <- .checkMember(where$dimred, "dimred",
        SingleCellExperiment::reducedDimNames(x), "reduced dimension")
    codes <- SingleCellExperiment::reducedDim(x, name)
    origin$dimred <- name
    if (!is.null(where$n_dimred)) {
        n <- .checkNumber(where$n_dimred, "n_dimred", lower = 1,
            upper = ncol(codes), integer = TRUE)
        codes <- codes[, seq_len(n), drop = FALSE]
        origin$n_dimred <- as.numeric(n)
    }
    codes <- as.matrix(codes)
    rownames(codes) <- colnames(x)
    if (is.null(colnames(codes))) {
        colnames(codes) <- paste0(name, seq_len(ncol(codes)))
    }
    .picked(codes, origin, transposed = TRUE, covariates = covariates)
}

# Which assay: the one given, or the one that suits the loss. Returns
# list(index, name, note).
.chooseAssay <- function(x, where, config, single_cell, arg) {
    names <- SummarizedExperiment::assayNames(x)
    n <- length(SummarizedExperiment::assays(x, withDimnames = FALSE))
    if (n == 0L) {
        .abort("input_dim", sprintf("`%s` has no assay.", arg), arg = arg,
            expected = 1L, got = 0L)
    }
    given <- .givenAssay(where)
    if (!is.null(given)) {
        labels <- if (is.null(names)) as.character(seq_len(n)) else names
        arg <- if (is.null(where$assay.type)) "exprs_values" else "assay.type"
        name <- .checkMember(given, arg, labels, "assay")
        return(list(index = match(name, labels), name = given, note = NULL))
    }
    counts <- .isCountLoss(config) || identical(config$normalize, "log")
    wanted <- if (counts) "counts" else "logcounts"
    if (wanted %in% names) {
        return(list(index = wanted, name = wanted, note = NULL))
    }
    # the logarithm is chosen for counts of many features only
    open <- is.null(config$normalize) && nrow(x) >= .alikeFeatures
    .fallbackAssay(names, n, counts, !counts && !open, single_cell, arg)
}

.givenAssay <- function(where) {
    new <- where$assay.type
    old <- where$exprs_values
    if (!is.null(new) && !is.null(old) && !identical(new, old)) {
        .abort("param", "`assay.type` and `exprs_values` disagree.",
            arg = "exprs_values", value = old, allowed = new)
    }
    if (is.null(new)) old else new
}

# counts: whether the loss or the settings ask for counts; raw: whether counts
# would be used as they are.
.fallbackAssay <- function(names, n, counts, raw, single_cell, arg) {
    if (counts && n > 1L) {
        .abort("param", c(
            sprintf("`%s` has no assay \"counts\", but %s.", arg,
                .showNames(names, 10L)),
            "Name the one with the counts: assay.type = ..."
        ), arg = "assay.type", value = NULL, allowed = names)
    }
    others <- if (single_cell) setdiff(names, "counts") else names
    if (single_cell && raw && "counts" %in% names && length(others) == 0L) {
        .abort("param", c(
            sprintf(paste("`%s` has counts only, and this loss is not for",
                "counts."), arg),
            sprintf("Either run: %s <- scuttle::logNormCounts(%s)", arg, arg),
            "or give: normalize = \"log\""
        ), arg = "assay.type", value = NULL, allowed = "logcounts")
    }
    index <- if (length(others) > 0L) match(others[1L], names) else 1L
    label <- if (is.null(names)) "the first assay" else .quote(names[index])
    note <- sprintf("Using assay %s of `%s`.", label, arg)
    if (raw && identical(names[index], "counts")) {
        note <- c(note, "For raw counts give normalize = \"log\".")
    }
    list(index = index, name = if (is.null(names)) index else names[index],
        note = note)
}
