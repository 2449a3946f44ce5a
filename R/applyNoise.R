#' See what a noise does
#'
#' Applies the corruption of a denoising autoencoder to a matrix, as in one
#' epoch of training. The same seed and epoch give the same noise.
#'
#' @param x A numeric matrix of features x samples, on the scale of the model's
#'     input; for [thinningNoise()] counts.
#' @param noise Made by [maskingNoise()] or another function described there,
#'     or a name such as `"masking"`.
#' @param seed A whole number; `NULL` draws one from R's generator.
#' @param epoch The epoch of training, at least 1.
#'
#' @section Errors:
#' `aesop_error_input_type`, `_input_dim` or `_input_value` for `x`,
#' `aesop_error_param` for the other arguments.
#'
#' @returns A matrix of the size of `x`. Training swaps values within a
#' minibatch; here all samples are one.
#' @export
#' @examples
#' x <- matrix(1, nrow = 3, ncol = 5)
#' applyNoise(x, maskingNoise(0.5), seed = 1)
applyNoise <- function(x, noise = maskingNoise(), seed = NULL, epoch = 1) {
    settings <- .asPiece(noise, "noise", .pieceMakers("noise"))
    epoch <- .checkNumber(epoch, "epoch", lower = 1, integer = TRUE)
    if (!is.null(seed)) {
        seed <- .checkSeed(seed)
    }
    m <- as(.asMatrixLike(x), "matrix")
    storage.mode(m) <- "double"
    if (!all(is.finite(m))) {
        .abort("input_value", sprintf("`x` has %s not finite.",
            .count(sum(!is.finite(m)), "value")), arg = "x",
            n_bad = sum(!is.finite(m)), first = NULL)
    }
    if (settings$noise == "thinning") {
        .checkCountMatrix(m)
        settings$normalize <- "log" # thinning is for counts only
    }
    control <- list(seed = .seedWords(.resolveSeed(seed)), epoch = epoch - 1)
    result <- apply_noise(m, settings, control)
    dimnames(result) <- dimnames(m)
    result
}

# Whole numbers of at least 0.
.checkCountMatrix <- function(m, arg = "x") {
    bad <- which(m < 0 | m != round(m), arr.ind = TRUE)
    if (nrow(bad) > 0L) {
        .abort("input_value", sprintf(paste("`%s` must hold counts; %s not",
            "a whole number of at least 0."), arg,
            .count(nrow(bad), "value")), arg = arg, n_bad = nrow(bad),
            first = unname(bad[1L, ]))
    }
}
