# From what the user has to a source of samples for the core. Features are
# rows, samples columns. Nothing here copies a matrix unless its rows have to
# be chosen, its storage changed or its orientation turned.

.acceptedInput <- function() {
    c("numeric or logical matrix", "sparse matrix of package Matrix",
        "DelayedArray", "SummarizedExperiment", "SingleCellExperiment",
        "DNA sequences")
}

.abortInputType <- function(x, arg, got = class(x), hint = NULL) {
    accepted <- .acceptedInput()
    .abort("input_type", c(
        sprintf("`%s` must be one of: %s; it is %s.", arg,
            paste(accepted, collapse = ", "), .gotText(x, got)),
        hint
    ), arg = arg, got = got, accepted = accepted)
}

.gotText <- function(x, got) {
    if (is.atomic(x) && is.matrix(x) && !isS4(x)) {
        return(sprintf("a matrix of type %s", typeof(x)))
    }
    if (is.atomic(x) && is.array(x) && !isS4(x)) {
        return(sprintf("an array of %d dimensions", length(dim(x))))
    }
    .describe(x)
}

.typeHint <- function(x, arg) {
    if (is.data.frame(x)) {
        return(sprintf("Convert it: as.matrix(%s)", arg))
    }
    if (is(x, "ExpressionSet")) {
        return(sprintf("Use its matrix: Biobase::exprs(%s)", arg))
    }
    if (is.numeric(x) && is.null(dim(x))) {
        return(sprintf("One sample is a matrix of one column: as.matrix(%s)",
            arg))
    }
}

# x -> matrix, dgCMatrix or DelayedMatrix of features x samples.
.asMatrixLike <- function(x, arg = "x", transposed = FALSE) {
    if (.areSequences(x)) {
        return(.sequenceMatrix(x, arg)) # samples whichever way `transposed` is
    }
    if (is(x, "DelayedArray")) {
        x <- .checkDelayed(x, arg)
    } else if (is(x, "Matrix")) {
        x <- .checkMatrixClass(x, arg)
    } else {
        plain <- is.matrix(x) && !isS4(x) &&
            (is.numeric(x) || is.logical(x)) &&
            (!is.object(x) || inherits(x, "table"))
        if (!plain) {
            .abortInputType(x, arg, hint = .typeHint(x, arg))
        }
    }
    if (any(dim(x) == 0L)) {
        .abort("input_dim", c(
            sprintf("`%s` is empty: %d features x %d samples.", arg, nrow(x),
                ncol(x)),
            "It needs at least one feature and one sample."
        ), arg = arg, expected = c(1L, 1L), got = dim(x))
    }
    if (transposed) t(x) else x
}

# Sparse matrices become dgCMatrix (duplicate triplets are summed), other
# classes of package Matrix a base matrix.
.checkMatrixClass <- function(x, arg) {
    problem <- .matrixProblem(x)
    if (!is.null(problem)) {
        .abort("input_value", c(
            sprintf("`%s` is an invalid %s: %s.", arg, class(x)[1L], problem),
            "Its slots were changed by hand or the file is damaged; rebuild it."
        ), arg = arg, n_bad = 1L, first = NULL)
    }
    if (is(x, "dgCMatrix")) {
        return(x)
    }
    if (is(x, "sparseMatrix")) {
        x <- as(as(as(x, "dMatrix"), "generalMatrix"), "CsparseMatrix")
        return(x)
    }
    as(x, "matrix")
}

.matrixProblem <- function(x) {
    verdict <- tryCatch({
        if (is(x, "CsparseMatrix")) .compressedProblem(x)
    }, error = conditionMessage)
    if (is.null(verdict)) {
        verdict <- tryCatch(validObject(x, test = TRUE),
            error = conditionMessage)
    }
    if (is.character(verdict)) paste(verdict, collapse = "; ")
}

# The checks that keep reading in bounds, before anything else looks at x.
.compressedProblem <- function(x) {
    n <- x@Dim
    p <- x@p
    if (length(n) != 2L || anyNA(n) || any(n < 0L)) {
        return("slot Dim must hold two numbers of at least 0")
    }
    if (length(p) != n[2L] + 1 || anyNA(p) || p[1L] != 0L ||
        is.unsorted(p)) {
        return("slot p must rise from 0, with one element more than columns")
    }
    n_entries <- p[length(p)]
    if (length(x@i) != n_entries ||
        (.hasSlot(x, "x") && length(x@x) != n_entries)) {
        return("slots i and x must have as many elements as slot p says")
    }
    if (n_entries > 0L &&
        (anyNA(x@i) || min(x@i) < 0L || max(x@i) >= n[1L])) {
        return("slot i holds row numbers outside the matrix")
    }
    NULL
}

# A source for the core, and what R needs to know about it.
# m: from .asMatrixLike(); features: the names the core shall use.
.asInput <- function(m, features, size_factors = NULL, memory_limit) {
    source <- if (is(m, "DelayedMatrix")) {
        .delayedSource(m, memory_limit)
    } else if (is(m, "dgCMatrix")) {
        list(kind = "sparse", x = m)
    } else {
        list(kind = "dense", x = m)
    }
    samples <- colnames(m)
    source$n_features <- nrow(m)
    source$n_samples <- ncol(m)
    source$size_factors <- size_factors
    source$feature_names <- features
    source$sample_names <- if (is.null(samples)) character() else samples
    source
}

# Size factors: one positive number per sample, or NULL for the library size.
.checkSizeFactors <- function(x, n_samples) {
    if (is.null(x)) {
        return(NULL)
    }
    if (!is.numeric(x) || is.object(x) || length(x) != n_samples) {
        .abortParam("size_factors", x,
            sprintf("NULL or %d numbers, one per sample", n_samples))
    }
    bad <- which(!is.finite(x) | x <= 0)
    if (length(bad) > 0L) {
        .abort("param", sprintf(paste("`size_factors` must be finite and",
            "greater than 0; %d are not, the first is number %d: %s."),
            length(bad), bad[1L], format(x[bad[1L]])),
            arg = "size_factors", value = x[bad[1L]],
            allowed = "greater than 0")
    }
    as.numeric(x)
}

.defaultMemoryLimit <- function() {
    2 * 1024^3
}

.checkMemoryLimit <- function(x) {
    if (is.null(x)) {
        return(.defaultMemoryLimit())
    }
    .checkNumber(x, "memory_limit", lower = 1)
}
