#' Convolutional autoencoders
#'
#' `convolutionalParam` is a preset for images and for sequences: convolutions
#' and pools to the code, and the mirrored way back. A convolution uses the same
#' small filters everywhere, so that it knows a shape wherever it lies, with far
#' fewer parameters than a dense layer.
#'
#' @param input_shape `c(height, width, channels)` of an image;
#'     `c(1, length, 4)` of a DNA sequence. [imageMatrix()] and [oneHot()] give
#'     it as attribute `"input_shape"` of their results.
#' @param layers The encoder's layers, see [conv2d()]. `NULL` for the default:
#'     of an image 16 filters of 3 x 3, a max-pool by 2, 32 filters of 3 x 3 and
#'     a max-pool by 2 (a side of one cell is not pooled); of a sequence 16
#'     filters of width 8 with stride 2, and 32 of the same kind.
#' @param latent Number of codes; `NULL` for the default, 10.
#' @param ... Further settings as for [AutoencoderParam()].
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class] with a
#'     convolution as its first layer (pools may stand before it).
#'
#' @details
#' The features are the pixels in the order `[height][width][channels]`: row by
#' row from the top, each row from the left, all channels of a pixel together.
#' Pixels `p1` to `p784` of the usual MNIST tables are in this order.
#' [imageMatrix()] brings an array into it.
#'
#' A pool forgets where in its window the largest value was. That is what makes
#' it robust on images, but the letters of a sequence have to be rebuilt one by
#' one, so that strides serve better there. On images, too, strides in place of
#' pools are an option: several times faster, as fewer windows are computed.
#'
#' `scale` is `"none"`, as a filter must find the same values everywhere: give
#' images with values of about 0 to 1. For values from exactly 0 to 1, such as
#' one-hot sequences, `loss = "bce"` is often the better loss.
#'
#' @section Errors:
#' `aesop_error_param` for settings and for layers that do not fit each other;
#' `aesop_error_features`, in training, if the shape does not match the number
#' of features: the message has both. `aesop_error_input_type` by
#' `convolutionFilters` for a model without a convolution.
#'
#' @returns `convolutionalParam`: an object of class
#' [AutoencoderParam][AutoencoderParam-class].
#' `convolutionFilters`: a list with one element per filter of the first
#' convolution, `filter1` and so on; of a sequence a matrix of kernel x
#' channels, with the letters as column names where the features have them; of
#' an image an array of height x width x channels. Element `[i, j, c]` is what
#' the cell in row i and column j of a window, both from its upper left corner,
#' is multiplied with; filters are not flipped.
#' @references LeCun Y. et al. (1998) Gradient-based learning applied to
#' document recognition. Proceedings of the IEEE 86, 2278-2324.
#' @seealso [imageMatrix()], [oneHot()], [conv2d()]
#' @export
#' @examples
#' convolutionalParam(c(28, 28, 1), latent = 16)
#'
#' # bars at random places
#' images <- array(0, c(8, 8, 60))
#' for (i in seq_len(60)) images[sample(8, 1), , i] <- 1
#' x <- imageMatrix(images)
#' model <- trainAutoencoder(x, convolutionalParam(attr(x, "input_shape"),
#'     latent = 4), epochs = 5, seed = 1, verbose = FALSE)
#' model
#' convolutionFilters(model)$filter1
convolutionalParam <- function(input_shape, layers = NULL, latent = NULL,
    ...) {
    shape <- .checkShape(input_shape, "input_shape")
    if (is.null(layers)) {
        layers <- .defaultLayers(shape)
    }
    .preset(list(input_shape = shape, layers = layers, latent = latent,
        scale = "none"), list(...))
}

.defaultLayers <- function(shape) {
    side <- shape[1:2]
    if (side[1L] == 1L) {
        return(list(conv1d(16, 8, stride = 2), conv1d(32, 8, stride = 2)))
    }
    layers <- list()
    for (filters in c(16, 32)) {
        size <- pmin(2L, side)
        layers <- c(layers, list(conv2d(filters, 3)),
            if (any(size > 1L)) list(maxPool2d(size)))
        side <- side %/% size
    }
    layers
}

# c(height, width, channels)
.checkShape <- function(x, arg) {
    good <- is.numeric(x) && !is.object(x) && length(x) == 3L && !anyNA(x) &&
        all(x >= 1 & x <= 1e6 & x == round(x)) && prod(x) <= 1e9
    if (!good) {
        .abortParam(arg, x, paste("three whole numbers, height, width and",
            "channels, of at least 1 (together at most 1e9 values)"))
    }
    as.integer(x)
}

#' @rdname convolutionalParam
#' @export
convolutionFilters <- function(model) {
    model <- .checkModel(model)
    config <- validate_config(model@param@settings)
    kinds <- vapply(config$layers, function(layer) layer$kind, "")
    first <- match(TRUE, !kinds %in% c("max_pool", "mean_pool", "upsample"))
    if (!identical(kinds[first], "conv")) {
        network <- .networkText(config, length(model@features))
        .abort("input_type", c(
            sprintf("`model` has no convolution as its first layer: %s.",
                network),
            "Train one with convolutionalParam()."
        ), arg = "model", got = network, accepted = "convolutional model")
    }
    shape <- config$input_shape
    weights <- model@weights[[sprintf("encoder.%d.weight", first)]]
    kernel <- .filterSize(config$layers[[first]]$kernel, shape)
    filters <- lapply(seq_len(ncol(weights)), function(k) {
        # [height][width][channels] with the last running fastest
        filter <- aperm(array(weights[, k], c(shape[3L], rev(kernel))))
        if (shape[1L] > 1L || kernel[1L] > 1L) {
            return(filter)
        }
        matrix(filter, kernel[2L], shape[3L],
            dimnames = list(NULL, .channelNames(model@features, shape)))
    })
    names(filters) <- paste0("filter", seq_along(filters))
    filters
}

.filterSize <- function(kernel, shape) {
    if (length(kernel) == 2L) {
        return(kernel)
    }
    c(if (shape[1L] == 1L) 1L else kernel, kernel)
}

# Letters of features such as p1.A, p1.C, ...; NULL for other names.
.channelNames <- function(features, shape) {
    first <- utils::head(features, shape[3L])
    named <- startsWith(first, "p1.")
    if (all(named)) substring(first, 4L)
}
