#' Images as a matrix of pixels
#'
#' `imageMatrix` turns an array of images into a matrix of features x samples in
#' the order of pixels that convolutional autoencoders expect; `imageArray`
#' turns such a matrix, for instance a reconstruction, into images again.
#'
#' @param x For `imageMatrix`: a numeric array of height x width x samples, or
#'     of height x width x channels x samples. For `imageArray`: a numeric
#'     matrix of features x samples.
#' @param shape `c(height, width, channels)`.
#'
#' @details
#' Pixels are ordered row by row from the top, each row from the left, with all
#' channels of a pixel together: `[height][width][channels]`. They are named by
#' row, column and channel (if there are several): `p1.1`, `p1.2`, ..., or
#' `p1.1.1`, `p1.1.2`, ....
#'
#' @section Errors:
#' `aesop_error_input_type` or `_input_dim` for something that is not an array
#' of images, or whose number of features is not that of `shape`: the message
#' has both numbers. `aesop_error_param` for `shape`.
#'
#' @returns `imageMatrix`: a matrix of features x samples with the attribute
#' `"input_shape"`, `c(height, width, channels)`. `imageArray`: an array of
#' height x width x samples, or height x width x channels x samples if there are
#' several channels.
#' @seealso [convolutionalParam()]
#' @export
#' @examples
#' images <- array(runif(4 * 3 * 5), c(4, 3, 5))
#' x <- imageMatrix(images)
#' dim(x)
#' attr(x, "input_shape")
#' identical(imageArray(x), images)
imageMatrix <- function(x) {
    plain <- is.array(x) && !isS4(x) && !is.object(x) &&
        (is.numeric(x) || is.logical(x))
    if (!plain || !length(dim(x)) %in% 3:4) {
        .abort("input_type", c(
            sprintf(paste("`x` must be a numeric array of height x width x",
                "samples or height x width x channels x samples; it is %s."),
                .gotText(x, class(x))),
            "One image: array(x, c(height, width, 1))"
        ), arg = "x", got = class(x), accepted = "array")
    }
    size <- dim(x)
    if (any(size == 0L)) {
        .abort("input_dim", sprintf("`x` is empty: %s.",
            paste(size, collapse = " x ")), arg = "x", expected = 1L,
            got = size)
    }
    samples <- dimnames(x)[[length(size)]]
    if (length(size) == 3L) {
        size <- c(size[1:2], 1L, size[3L])
    }
    shape <- size[1:3]
    m <- matrix(aperm(array(x, size), c(3L, 2L, 1L, 4L)), prod(shape),
        size[4L], dimnames = list(.pixelNames(shape), samples))
    attr(m, "input_shape") <- shape
    m
}

.pixelNames <- function(shape) {
    rows <- rep(seq_len(shape[1L]), each = shape[2L] * shape[3L])
    columns <- rep(seq_len(shape[2L]), each = shape[3L], times = shape[1L])
    names <- sprintf("p%d.%d", rows, columns)
    if (shape[3L] == 1L) {
        return(names)
    }
    paste(names, seq_len(shape[3L]), sep = ".")
}

#' @rdname imageMatrix
#' @export
imageArray <- function(x, shape = attr(x, "input_shape")) {
    plain <- is.matrix(x) && !isS4(x) && !is.object(x) &&
        (is.numeric(x) || is.logical(x))
    if (!plain) {
        .abort("input_type", sprintf(
            "`x` must be a numeric matrix of features x samples; it is %s.",
            .gotText(x, class(x))), arg = "x", got = class(x),
            accepted = "matrix")
    }
    shape <- .checkShape(shape, "shape")
    if (nrow(x) != prod(shape)) {
        .abort("input_dim", sprintf(
            "`shape` has %d values (%s), `x` has %d features.", prod(shape),
            paste(shape, collapse = " x "), nrow(x)),
            arg = "shape", expected = prod(shape), got = nrow(x))
    }
    images <- aperm(array(x, c(rev(shape), ncol(x))), c(3L, 2L, 1L, 4L))
    if (shape[3L] == 1L) {
        dim(images) <- c(shape[1:2], ncol(x))
    }
    if (!is.null(colnames(x))) {
        empty <- rep(list(NULL), length(dim(images)) - 1L)
        dimnames(images) <- c(empty, list(colnames(x)))
    }
    images
}
