#' Test signatures for sets of features
#'
#' One-sided Fisher's exact test of each signature against each set: does the
#' signature hold more features of the set than chance would give it? The
#' p-value is that of [stats::fisher.test()] with `alternative = "greater"`,
#' the upper tail of the hypergeometric distribution, computed for all pairs at
#' once.
#'
#' The universe are the features that could have been in a signature: those of
#' the model. Features outside it do not count, in signatures and sets alike;
#' a universe that is too large makes p-values too small. P-values are
#' adjusted over all tests that were made (Benjamini and Hochberg 1995).
#'
#' @param signatures A model, whose [featureSignatures()] are taken; the result
#'     of that function; or a named list of character vectors.
#' @param sets A named list of character vectors, the path of a file in the
#'     format GMT (one set per line: name, description and features, separated
#'     by tabs; possibly gzipped), or a `GeneSetCollection` of GSEABase.
#' @param universe Names of all features that were looked at, or the model;
#'     `NULL` only if `signatures` is a model.
#' @param min_size,max_size Sets with fewer or more features in the universe
#'     are not tested.
#' @param split How the result of [featureSignatures()] is divided:
#'     `"direction"` tests positive and negative features of a code apart, as
#'     `AE1_positive` and `AE1_negative`, `"code"` takes them together.
#' @param cutoff For a model: that of [featureSignatures()].
#' @param ... For a model: further arguments of [featureSignatures()], such as
#'     `data`, which a model of several layers needs, or `top`.
#'
#' @section Errors:
#' `aesop_error_param` for arguments of another form; `aesop_error_io` and
#' `aesop_error_format_schema` for a file that cannot be read; those of
#' [featureSignatures()].
#'
#' @returns A data frame with one row per signature and set, smallest p-value
#' first: `signature`, `set`, `overlap`, `signature_size`, `set_size` (in the
#' universe), `expected` (the overlap by chance), `odds_ratio`, `p_value`,
#' `p_adjusted` and `features` (those in both, separated by `;`). The odds ratio
#' is that of the 2 x 2 table, `Inf` if no feature of the set is outside of the
#' signature; `fisher.test()` gives an estimate that differs slightly.
#' @references Fisher R.A. (1935) The logic of inductive inference. Journal of
#' the Royal Statistical Society 98, 39-82.
#' @seealso [signatureOverlap()] for signatures against each other
#' @export
#' @examples
#' genes <- paste0("gene", 1:200)
#' signatures <- list(AE1 = genes[1:20], AE2 = genes[101:130])
#' sets <- list(ribosome = genes[5:24], transport = genes[60:80])
#' testFeatureSets(signatures, sets, genes)
testFeatureSets <- function(signatures, sets, universe = NULL, min_size = 2,
    max_size = Inf, split = c("direction", "code"), cutoff = 2, ...) {
    split <- .checkChoice(split, "split", c("direction", "code"))
    min_size <- .checkNumber(min_size, "min_size", lower = 1)
    if (!identical(max_size, Inf)) {
        max_size <- .checkNumber(max_size, "max_size", lower = 1)
    }
    cutoff <- .checkNumber(cutoff, "cutoff", lower = 0)
    lists <- .signatureList(signatures, split, cutoff, list(...))
    universe <- .checkUniverse(universe, signatures)
    signatures <- .withinUniverse(lists, universe, "signatures")
    sets <- .withinUniverse(.setList(sets), universe, NULL)
    fits <- lengths(sets) >= min_size & lengths(sets) <= max_size
    if (!any(fits)) {
        .abort("param", c(
            sprintf("None of the %s has a size in the universe that `%s`",
                .count(length(sets), "set"), "min_size"),
            "and `max_size` allow. Do `sets` and `universe` use the same names?"
        ), arg = "sets", value = NULL, allowed = c(min_size, max_size))
    }
    table <- .fisherTable(signatures, sets[fits], length(universe))
    table <- table[order(table$p_value, -table$odds_ratio), ]
    rownames(table) <- NULL
    table
}

# All pairs of two lists of features: a data frame of 2 x 2 tables and tests.
.fisherTable <- function(signatures, sets, n) {
    names <- unique(unlist(c(signatures, sets), use.names = FALSE))
    both <- as.matrix(Matrix::crossprod(.membership(signatures, names),
        .membership(sets, names)))
    pairs <- data.frame(i = as.vector(row(both)), j = as.vector(col(both)))
    overlap <- as.vector(both)
    a <- lengths(signatures, use.names = FALSE)[pairs$i]
    b <- lengths(sets, use.names = FALSE)[pairs$j]
    shared <- character(length(overlap))
    some <- overlap > 0
    shared[some] <- unlist(Map(function(i, j) {
        paste(intersect(signatures[[i]], sets[[j]]), collapse = ";")
    }, pairs$i[some], pairs$j[some]))
    p_value <- stats::phyper(overlap - 1, b, n - b, a, lower.tail = FALSE)
    data.frame(signature = names(signatures)[pairs$i],
        set = names(sets)[pairs$j], overlap = as.integer(overlap),
        signature_size = a, set_size = b, expected = a * b / n,
        odds_ratio = .oddsRatio(overlap, a, b, n), p_value = p_value,
        p_adjusted = stats::p.adjust(p_value, "BH"),
        features = shared)
}

# Of the 2 x 2 table; NaN (nothing to compare) becomes NA.
.oddsRatio <- function(overlap, a, b, n) {
    ratio <- overlap * (n - a - b + overlap) / ((a - overlap) * (b - overlap))
    ifelse(is.nan(ratio), NA_real_, ratio)
}

# features x lists, 1 where the feature belongs to the list.
.membership <- function(lists, names) {
    Matrix::sparseMatrix(i = match(unlist(lists, use.names = FALSE), names),
        j = rep(seq_along(lists), lengths(lists)), x = 1,
        dims = c(length(names), length(lists)))
}

.checkUniverse <- function(universe, signatures) {
    if (is.null(universe) && is(signatures, "AutoencoderModel")) {
        universe <- signatures
    }
    if (is(universe, "AutoencoderModel")) {
        return(.checkModel(universe, "universe")@features)
    }
    if (!is.character(universe) || is.object(universe) ||
        length(universe) == 0L || anyNA(universe)) {
        .abortParam("universe", universe, paste("the names of all features",
            "that were looked at, or the model"))
    }
    unique(universe)
}

# The table of a model's signatures; what is no model stays as it is. args: of
# featureSignatures().
.signaturesOf <- function(signatures, cutoff, args) {
    .checkNames(args, c("codes", "weights", "data", "top",
        .newDataArguments()), "this function")
    if (!is(signatures, "AutoencoderModel")) {
        if (length(args) > 0L) {
            .abort("param", sprintf(
                "`%s` is for a model, and `signatures` is none.",
                names(args)[1L]), arg = names(args)[1L], value = args[[1L]],
                allowed = "not to be given")
        }
        return(signatures)
    }
    do.call(featureSignatures, c(list(signatures, cutoff), args),
        quote = TRUE)
}

# A named list of unique names from a model, a table or a list.
.signatureList <- function(signatures, split, cutoff, args,
    arg = "signatures") {
    signatures <- .signaturesOf(signatures, cutoff, args)
    if (is.data.frame(signatures)) {
        if (!all(c("code", "direction", "feature") %in% names(signatures))) {
            .abortParam(arg, signatures, paste("the result of",
                "featureSignatures(), with its columns code, direction and",
                "feature"))
        }
        if (nrow(signatures) == 0L) {
            .abort("param", c(
                sprintf("`%s` holds no feature.", arg),
                "Lower the `cutoff` of featureSignatures()."
            ), arg = arg, value = NULL, allowed = NULL)
        }
        group <- .signatureOf(signatures, split)
        return(split(as.character(signatures$feature),
            factor(group, unique(group))))
    }
    .checkLists(signatures, arg,
        "a model, the result of featureSignatures() or a named list of names")
}

# The signature to which each row of a table belongs.
.signatureOf <- function(table, split) {
    code <- as.character(table$code)
    if (split == "direction") paste(code, table$direction, sep = "_") else code
}

.checkLists <- function(x, arg, allowed) {
    good <- is.list(x) && !is.object(x) && length(x) > 0L &&
        all(vapply(x, function(part) {
            is.character(part) && !is.object(part) && !anyNA(part)
        }, NA))
    if (!good) {
        .abortParam(arg, x, allowed)
    }
    if (is.null(names(x)) || anyNA(names(x)) || !all(nzchar(names(x))) ||
        anyDuplicated(names(x))) {
        .abort("param", sprintf("The elements of `%s` need names of their own.",
            arg), arg = arg, value = NULL, allowed = "unique names")
    }
    lapply(x, unique)
}

# A named list from a list, a file or an object of GSEABase.
.setList <- function(sets) {
    if (inherits(sets, "GeneSetCollection")) {
        .needPackage("GSEABase", "sets of class GeneSetCollection")
        sets <- GSEABase::geneIds(sets)
    } else if (is.character(sets) && !is.object(sets)) {
        sets <- .readGmt(.checkString(sets, "sets",
            "a named list of names, a GeneSetCollection or one file name"))
    }
    .checkLists(sets, "sets",
        "a named list of names, a GeneSetCollection or one file name")
}

.readGmt <- function(path) {
    if (!suppressWarnings(file.exists(path)) || .isFolder(path)) {
        .abort("io", sprintf("`sets`: there is no file %s.",
            .quote(path, 200L)), path = path, op = "open",
            errno = NA_integer_)
    }
    lines <- .importLines(path)
    fields <- strsplit(lines, "\t", fixed = TRUE)
    odd <- which(nzchar(lines) & lengths(fields) < 3L)
    names <- vapply(fields, function(line) c(line, "")[1L], "")
    odd <- c(odd, which(nzchar(lines) & (!nzchar(names) | duplicated(names))))
    if (length(odd) > 0L || !any(nzchar(lines))) {
        .abortImport(path, c(sort(odd), 1L)[1L], paste("a line of the format",
            "GMT is a new name, a description and features, separated by",
            "tabs"))
    }
    fields <- fields[nzchar(lines)]
    sets <- lapply(fields, function(line) {
        line <- trimws(line[-(1:2)])
        line[nzchar(line)]
    })
    names(sets) <- names[nzchar(lines)]
    sets
}

# The lists without what is not in the universe. arg: what to call them in the
# message, NULL for none: sets hold features of the whole organism.
.withinUniverse <- function(lists, universe, arg) {
    kept <- lapply(lists, intersect, universe)
    lost <- sum(lengths(lists)) - sum(lengths(kept))
    if (!is.null(arg) && sum(lengths(kept)) == 0L && lost > 0L) {
        .abort("param", c(
            sprintf("No feature of `%s` is in the universe.", arg),
            "Do they use the same kind of names?"
        ), arg = "universe", value = NULL, allowed = NULL)
    }
    if (!is.null(arg) && lost > 0L) {
        .inform(sprintf("%s of `%s` not in the universe, left out.",
            .count(lost, "feature"), arg))
    }
    kept
}
