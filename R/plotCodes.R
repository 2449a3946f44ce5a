#' Plot samples by their codes
#'
#' Draws one point per sample: by the first two codes, by the first two
#' principal components of all codes, or by a UMAP of all codes.
#'
#' @param x A matrix of codes (samples x codes), a fitted
#'     [AutoencoderModel][AutoencoderModel-class], or a SingleCellExperiment
#'     with the codes in a reduced dimension.
#' @param data For a model: the samples to encode, see [encode()].
#' @param colour_by What gives the colour: one value per sample, or for a
#'     SingleCellExperiment the name of a column of its `colData`.
#' @param method `"codes"`, `"pca"` or `"umap"` (needs uwot and withr).
#' @param dimred Name of the reduced dimension with the codes.
#' @param size Size of the points, greater than 0.
#' @param seed For the UMAP, a whole number; R's generator is left alone.
#' @param ... For a model: further arguments of [encode()].
#'
#' @section Errors:
#' `aesop_error_package` if a package is not installed; those of
#' [clusterCodes()]; `aesop_error_param` for the other arguments.
#'
#' @returns A ggplot object.
#' @seealso [autoplot.AutoencoderModel()] for other pictures
#' @export
#' @examples
#' if (requireNamespace("ggplot2", quietly = TRUE)) {
#'     codes <- cbind(AE1 = c(rnorm(30), rnorm(30, 8)), AE2 = rnorm(60))
#'     plotCodes(codes, colour_by = rep(c("a", "b"), each = 30))
#' }
plotCodes <- function(x, data = NULL, colour_by = NULL,
    method = c("codes", "pca", "umap"), dimred = "AE", size = 1.2, seed = 1,
    ...) {
    .needPackage("ggplot2", "plotCodes()")
    method <- .checkChoice(method, "method", c("codes", "pca", "umap"))
    dimred <- .checkString(dimred, "dimred")
    size <- .checkNumber(size, "size", lower = 0, open = TRUE)
    seed <- .checkSeed(seed)
    codes <- .codesOf(x, data, dimred, list(...))
    colour <- .colourValues(x, colour_by, nrow(codes))
    layout <- switch(method,
        codes = .layoutCodes(codes),
        pca = .layoutPca(codes),
        umap = .layoutUmap(codes, seed)
    )
    table <- data.frame(x = layout$x, y = layout$y)
    labels <- ggplot2::labs(x = layout$names[1L], y = layout$names[2L])
    if (is.null(colour)) {
        plot <- ggplot2::ggplot(table, ggplot2::aes(x = .data$x,
            y = .data$y)) +
            ggplot2::geom_point(size = size, colour = "#0072B2")
    } else {
        table$colour <- colour$values
        plot <- ggplot2::ggplot(table, ggplot2::aes(x = .data$x,
            y = .data$y, colour = .data$colour)) +
            ggplot2::geom_point(size = size) +
            .colourScale(colour$values, colour$title)
    }
    plot + labels + .plotTheme()
}

# list(values, title) of the colours, or NULL.
.colourValues <- function(x, colour_by, n) {
    if (is.null(colour_by)) {
        return(NULL)
    }
    title <- NULL
    values <- colour_by
    if (is(x, "SingleCellExperiment") && is.character(colour_by) &&
        length(colour_by) == 1L && n != 1L) {
        columns <- names(SummarizedExperiment::colData(x))
        if (!colour_by %in% columns) {
            .abortParam("colour_by", colour_by, sprintf(
                "a column of colData(x) (%s) or one value per sample",
                .showNames(columns, 10L)))
        }
        title <- colour_by
        values <- SummarizedExperiment::colData(x)[[colour_by]]
    }
    if (!(is.atomic(values) || is.factor(values)) || length(values) != n) {
        .abortParam("colour_by", colour_by,
            sprintf("one value per sample, %d in all", n))
    }
    list(values = if (is.numeric(values)) values else factor(values),
        title = title)
}

.layoutCodes <- function(codes) {
    names <- colnames(codes)
    if (is.null(names)) {
        names <- paste("code", seq_len(ncol(codes)))
    }
    if (ncol(codes) == 1L) {
        return(list(x = seq_len(nrow(codes)), y = codes[, 1L],
            names = c("sample", names)))
    }
    list(x = codes[, 1L], y = codes[, 2L], names = names[c(1L, 2L)])
}

.layoutPca <- function(codes) {
    if (ncol(codes) == 1L || nrow(codes) < 3L) {
        return(.layoutCodes(codes))
    }
    pca <- stats::prcomp(codes)
    share <- round(100 * pca$sdev^2 / max(sum(pca$sdev^2), 1e-300))
    list(x = pca$x[, 1L], y = pca$x[, 2L],
        names = sprintf("PC%d (%d%%)", c(1L, 2L), as.integer(share[c(1L, 2L)])))
}

.layoutUmap <- function(codes, seed) {
    .needPackage("uwot", "method = \"umap\"")
    .needPackage("withr", "method = \"umap\"")
    if (nrow(codes) < 5L) {
        .abort("input_dim", sprintf(
            "A UMAP needs at least 5 samples; `x` has %d.", nrow(codes)),
            arg = "x", expected = 5L, got = nrow(codes))
    }
    neighbours <- min(15L, nrow(codes) - 1L)
    layout <- withr::with_seed(seed %% 2^31, uwot::umap(codes,
        n_neighbors = neighbours, n_threads = 1L, n_sgd_threads = 0L,
        verbose = FALSE))
    list(x = layout[, 1L], y = layout[, 2L], names = c("UMAP 1", "UMAP 2"))
}
