#' DNA sequences as a matrix
#'
#' Codes each letter by four numbers, one for each of A, C, G and T: 1 for the
#' letter that is there and 0 for the others. All functions that take samples,
#' [trainAutoencoder()] and [encode()] for instance, take sequences as they are
#' and call this.
#'
#' @param x DNA sequences of equal length: a character vector, or a
#'     `DNAStringSet` of package Biostrings. Upper and lower case are the same.
#' @param n The value of all four numbers for the letter N (any base), from 0
#'     to 1; 0 leaves it out.
#' @param sparse `TRUE` for a `dgCMatrix`.
#'
#' @details
#' Sequences are images of height 1 with four channels: their `input_shape` is
#' `c(1, length, 4)`.
#'
#' @section Errors:
#' `aesop_error_input_value` for any other letter; the message, and the fields
#' `letter` and `first`, tell which, in which sequence and where.
#' `aesop_error_input_dim` for sequences of unequal length, with both lengths,
#' or without letters. `aesop_error_input_type` for other input.
#'
#' @returns A matrix of features x samples, the features being `p1.A`, `p1.C`,
#' `p1.G`, `p1.T`, `p2.A` and so on, with the attribute `"input_shape"` unless
#' it is sparse. Samples have the names of `x`.
#' @seealso [convolutionalParam()], [convolutionFilters()]
#' @export
#' @examples
#' oneHot(c(first = "ACGT", second = "ttnt"))
#'
#' letters4 <- c("A", "C", "G", "T")
#' dna <- replicate(50, paste(sample(letters4, 20, TRUE), collapse = ""))
#' model <- trainAutoencoder(dna, convolutionalParam(c(1, 20, 4), latent = 4),
#'     loss = "bce", epochs = 3, seed = 1, verbose = FALSE)
#' dim(encode(model, dna))
oneHot <- function(x, n = 0.25, sparse = FALSE) {
    n <- .checkNumber(n, "n", lower = 0, upper = 1)
    sparse <- .checkFlag(sparse, "sparse")
    if (!.isSequences(x)) {
        .abort("input_type", sprintf(
            "`x` must be a character vector or a DNAStringSet; it is %s.",
            .gotText(x, class(x))), arg = "x", got = class(x),
            accepted = c("character", "DNAStringSet"))
    }
    .sequenceMatrix(x, "x", n, sparse)
}

.isSequences <- function(x) {
    (is.character(x) && is.null(dim(x)) && !is.object(x)) ||
        is(x, "XStringSet")
}

# Text in the place of a matrix is taken for sequences, and a wrong letter for
# an error in them, if most of its letters are bases; a file name is not.
.areSequences <- function(x) {
    if (!.isSequences(x)) {
        return(FALSE)
    }
    if (isS4(x)) {
        return(TRUE)
    }
    letters <- paste(utils::head(x[!is.na(x)], 100L), collapse = "")
    bases <- gsub("[^ACGTNacgtn]", "", letters, useBytes = TRUE)
    nchar(bases, "bytes") > nchar(letters, "bytes") / 2
}

.sequenceMatrix <- function(x, arg = "x", n = 0.25, sparse = FALSE) {
    if (isS4(x)) {
        .needPackage("Biostrings", "Reading a DNAStringSet")
        x <- as.character(x)
    }
    base <- .baseNumbers(x, arg)
    width <- nrow(base)
    features <- paste0("p", rep(seq_len(width), each = 4L), ".",
        c("A", "C", "G", "T"))
    # each known letter is one entry, an N four
    cell <- 4L * (row(base) - 1L)
    known <- which(base <= 4L)
    any_base <- if (n > 0) which(base == 5L) else integer(0)
    i <- c(cell[known] + base[known], rep(cell[any_base], each = 4L) + 1:4)
    j <- c(col(base)[known], rep(col(base)[any_base], each = 4L))
    values <- rep(c(1, n), c(length(known), 4L * length(any_base)))
    size <- c(4L * width, length(x))
    if (sparse) {
        return(Matrix::sparseMatrix(i, j, x = values, dims = size,
            dimnames = list(features, names(x))))
    }
    m <- matrix(0, size[1L], size[2L], dimnames = list(features, names(x)))
    m[cbind(i, j)] <- values
    attr(m, "input_shape") <- c(1L, width, 4L)
    m
}

# Letters as numbers, positions x sequences: 1 to 4 for A, C, G, T; 5 for N.
.baseNumbers <- function(x, arg) {
    widths <- .checkWidths(x, arg)
    bytes <- vapply(x, charToRaw, raw(widths), USE.NAMES = FALSE)
    numbers <- integer(256L)
    numbers[utf8ToInt("ACGTN") + 1L] <- 1:5
    numbers[utf8ToInt("acgtn") + 1L] <- 1:5
    base <- matrix(numbers[as.integer(bytes) + 1L], widths, length(x))
    bad <- which(base == 0L)
    if (length(bad) > 0L) {
        position <- (bad[1L] - 1L) %% widths + 1L
        which <- (bad[1L] - 1L) %/% widths + 1L
        letter <- rawToChar(bytes[bad[1L]])
        .abort("input_value", c(
            sprintf("%s has the letter %s at position %d.",
                .sequenceText(x, which, arg), .quote(letter), position),
            sprintf("Only A, C, G, T and N are allowed; there %s %s.",
                if (length(bad) == 1L) "is" else "are",
                .count(length(bad), "other letter")),
            if (letter %in% c("U", "u")) "Of RNA: chartr(\"Uu\", \"Tt\", x)"
        ), arg = arg, n_bad = length(bad), letter = letter,
        first = c(sequence = which, position = position))
    }
    base
}

# The length of all sequences.
.checkWidths <- function(x, arg) {
    missing <- which(is.na(x))
    if (length(missing) > 0L) {
        .abort("input_value", sprintf("%s is NA.",
            .sequenceText(x, missing[1L], arg)), arg = arg,
            n_bad = length(missing), first = c(sequence = missing[1L]))
    }
    widths <- nchar(x, "bytes")
    if (length(x) == 0L || widths[1L] == 0L) {
        .abort("input_dim", sprintf("`%s` holds no letters.", arg),
            arg = arg, expected = 1L, got = 0L)
    }
    odd <- which(widths != widths[1L])
    if (length(odd) > 0L) {
        .abort("input_dim", c(
            sprintf("%s has %d letters, sequence 1 has %d.",
                .sequenceText(x, odd[1L], arg), widths[odd[1L]], widths[1L]),
            "All must be of one length: cut them, or fill up with N."
        ), arg = arg, expected = widths[[1L]], got = widths[[odd[1L]]])
    }
    widths[[1L]]
}

# Sequence 3 (`name`) of `x`
.sequenceText <- function(x, i, arg) {
    name <- names(x)[i]
    known <- !is.null(name) && !is.na(name) && nzchar(name)
    sprintf("Sequence %d%s of `%s`", i,
        if (known) sprintf(" (%s)", .quote(name)) else "", arg)
}
