#' Layers of a convolutional autoencoder
#'
#' Pieces for the argument `layers` of [AutoencoderParam()] and
#' [convolutionalParam()]: the layers of the encoder from the input to the code.
#' The code itself is not among them (see `latent`), nor is the decoder, which
#' mirrors the encoder.
#'
#' @param units Number of units of a dense layer.
#' @param filters Number of filters of a convolution: the channels of its
#'     output.
#' @param kernel Size of a filter: its width, for the two-dimensional layers
#'     one number for both or `c(height, width)`. Channels are not counted: a
#'     filter always sees all of them.
#' @param size Size of the window of a pool, or the factor of an upsampling;
#'     given as `kernel`.
#' @param stride Step from one window to the next, given as `kernel`. A
#'     convolution with stride 2 halves the image, a transposed one doubles it.
#'     `NULL` for the window's size (pools do not overlap).
#' @param padding `"same"` fills up with zeros, so that stride 1 keeps height
#'     and width, and stride s makes ceiling(width / s); an odd number of zeros
#'     has its extra one at the end. `"valid"` takes whole windows only:
#'     floor((width - kernel) / stride) + 1. A transposed convolution makes
#'     width * stride (`"same"`), or that plus kernel - stride if that is
#'     positive (`"valid"`).
#' @param activation As for [AutoencoderParam()]; `NULL` for the model's.
#'
#' @details
#' The one-dimensional layers are the two-dimensional ones with a window of
#' height 1: they slide along the width. The input of a sequence has height 1,
#' see [oneHot()]. A filter is not flipped: it is multiplied with the window as
#' it stands (a cross-correlation, as in all common frameworks).
#'
#' A max-pool keeps the largest value of each window and channel, a mean-pool
#' the mean (of the cells inside the image), an upsampling repeats each cell.
#' `flattenLayer` turns an image into plain values, which a dense layer does by
#' itself; after either there is no image left, so that only dense layers can
#' follow.
#'
#' In the decoder a convolution becomes a transposed one with the same window
#' and the other way round, a pool an upsampling, an upsampling a mean-pool and
#' a dense layer a dense one; each gives back exactly the shape that its
#' counterpart took.
#'
#' @section Errors:
#' `aesop_error_param` for a value out of range (fields `arg`, `value`,
#' `allowed`). Whether a layer fits the one before it is checked by
#' [AutoencoderParam()]: the error names the layer, its number and both sizes.
#'
#' @returns A layer: a list of class `aesop_layer`.
#' @references Dumoulin V., Visin F. (2016) A guide to convolution arithmetic
#' for deep learning. arXiv:1603.07285.
#' @seealso [convolutionalParam()], [convolutionFilters()]
#' @name layers
#' @examples
#' conv2d(16, kernel = 3)
#' maxPool2d(2)
#' AutoencoderParam(input_shape = c(28, 28, 1), latent = 8,
#'     layers = list(conv2d(16, 3), maxPool2d(2), conv2d(32, 3, stride = 2),
#'         dense(64)))
NULL

#' @rdname layers
#' @export
dense <- function(units, activation = NULL) {
    units <- .checkNumber(units, "units", lower = 1, integer = TRUE)
    .layer("dense", units = units, activation = .checkActivation(activation))
}

#' @rdname layers
#' @export
conv1d <- function(filters, kernel, stride = 1, padding = c("same", "valid"),
    activation = NULL) {
    .convolution("conv", 1L, filters, kernel, stride, padding, activation)
}

#' @rdname layers
#' @export
conv2d <- function(filters, kernel, stride = 1, padding = c("same", "valid"),
    activation = NULL) {
    .convolution("conv", 2L, filters, kernel, stride, padding, activation)
}

#' @rdname layers
#' @export
convTranspose1d <- function(filters, kernel, stride = 1,
    padding = c("same", "valid"), activation = NULL) {
    .convolution("conv_transpose", 1L, filters, kernel, stride, padding,
        activation)
}

#' @rdname layers
#' @export
convTranspose2d <- function(filters, kernel, stride = 1,
    padding = c("same", "valid"), activation = NULL) {
    .convolution("conv_transpose", 2L, filters, kernel, stride, padding,
        activation)
}

#' @rdname layers
#' @export
maxPool1d <- function(size, stride = NULL, padding = c("valid", "same")) {
    .pool("max_pool", 1L, size, stride, padding)
}

#' @rdname layers
#' @export
maxPool2d <- function(size, stride = NULL, padding = c("valid", "same")) {
    .pool("max_pool", 2L, size, stride, padding)
}

#' @rdname layers
#' @export
meanPool1d <- function(size, stride = NULL, padding = c("valid", "same")) {
    .pool("mean_pool", 1L, size, stride, padding)
}

#' @rdname layers
#' @export
meanPool2d <- function(size, stride = NULL, padding = c("valid", "same")) {
    .pool("mean_pool", 2L, size, stride, padding)
}

#' @rdname layers
#' @export
upsample1d <- function(size) {
    .layer("upsample", kernel = .checkExtent(size, "size", 1L))
}

#' @rdname layers
#' @export
upsample2d <- function(size) {
    .layer("upsample", kernel = .checkExtent(size, "size", 2L))
}

#' @rdname layers
#' @export
flattenLayer <- function() {
    .layer("flatten")
}

#' Print a layer
#'
#' @param x A layer, for instance from [conv2d()].
#' @param ... Not used.
#' @returns `x`, invisibly.
#' @method print aesop_layer
#' @export
#' @examples
#' print(conv1d(8, kernel = 12))
print.aesop_layer <- function(x, ...) {
    details <- c(.layerText(x), x$padding, x$activation)
    cat("<layer: ", paste(details, collapse = ", "), ">\n", sep = "")
    invisible(x)
}

.layer <- function(kind, ...) {
    fields <- list(kind = kind, ...)
    structure(fields[!vapply(fields, is.null, logical(1L))],
        class = "aesop_layer")
}

.convolution <- function(kind, dimensions, filters, kernel, stride, padding,
    activation) {
    .layer(kind,
        units = .checkNumber(filters, "filters", lower = 1, integer = TRUE),
        kernel = .checkExtent(kernel, "kernel", dimensions),
        stride = .checkExtent(stride, "stride", dimensions),
        padding = .checkChoice(padding, "padding", c("same", "valid")),
        activation = .checkActivation(activation))
}

.pool <- function(kind, dimensions, size, stride, padding) {
    if (!is.null(stride)) {
        stride <- .checkExtent(stride, "stride", dimensions)
    }
    .layer(kind, kernel = .checkExtent(size, "size", dimensions),
        stride = stride,
        padding = .checkChoice(padding, "padding", c("valid", "same")))
}

# A window's height and width. One number of a two-dimensional layer stays one:
# the core takes it for both, on sequences for the width.
.checkExtent <- function(x, arg, dimensions) {
    if (dimensions == 1L) {
        return(c(1L, .checkNumber(x, arg, lower = 1, integer = TRUE)))
    }
    good <- is.numeric(x) && !is.object(x) && length(x) %in% 1:2 &&
        !anyNA(x) && all(x >= 1 & x <= .Machine$integer.max & x == round(x))
    if (!good) {
        .abortParam(arg, x,
            "one or two whole numbers (height, width) of at least 1")
    }
    as.integer(x)
}

.checkActivation <- function(x) {
    if (!is.null(x)) {
        x <- .checkString(x, "activation")
        validate_config(list(activation = x))
    }
    x
}

# "conv 16 3x3"; sequence: the height, 1, goes without saying.
.layerText <- function(layer, sequence = FALSE) {
    words <- c(dense = "dense", conv = "conv",
        conv_transpose = "transposed conv", max_pool = "max pool",
        mean_pool = "mean pool", upsample = "upsample", flatten = "flatten")
    stride <- layer$stride
    if (startsWith(layer$kind, "conv") && all(stride == 1L)) {
        stride <- NULL
    }
    paste(c(words[[layer$kind]], if (isTRUE(layer$units > 0L)) layer$units,
        .extentText(layer$kernel, sequence),
        if (length(stride) > 0L) {
            c("stride", .extentText(stride, sequence))
        }), collapse = " ")
}

.extentText <- function(x, sequence) {
    if (length(x) == 0L) {
        return(NULL)
    }
    if (sequence && (length(x) == 1L || x[1L] == 1L)) {
        return(as.character(x[length(x)]))
    }
    paste(rep_len(x, 2L), collapse = "x")
}

# The argument `layers` as plain lists for the core, which checks what is in
# them. Lists that as.list() of a param gave are taken as well.
.asLayers <- function(value) {
    if (inherits(value, "aesop_layer")) {
        value <- list(value)
    }
    allowed <- "a list of layers such as conv2d(16, 3)"
    if (!is.list(value) || is.object(value)) {
        .abortParam("layers", value, allowed)
    }
    lapply(unname(value), function(layer) {
        good <- is.list(layer) && !is.null(names(layer)) &&
            (!is.object(layer) || inherits(layer, "aesop_layer"))
        if (!good) {
            .abortParam("layers", value, allowed, sprintf(
                "One of its elements is %s.", .describe(layer)))
        }
        unclass(layer)
    })
}

# Whether each layer fits the one before it.
.checkLayers <- function(settings) {
    if (length(settings[["layers"]]) == 0L) {
        return(invisible(settings))
    }
    if (length(settings[["hidden"]]) > 0L) {
        .abort("param", c(
            "`hidden` and `layers` are both given; use one of them.",
            "Dense layers after the convolutions belong in `layers`: dense(64)"
        ), arg = "hidden", value = settings$hidden,
        allowed = "not given with layers")
    }
    n <- prod(settings$input_shape)
    if (n > 1e9) {
        .abortParam("input_shape", settings$input_shape,
            "of at most 1e9 values")
    }
    config_shapes(settings, n)
    invisible(settings)
}
