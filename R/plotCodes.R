#' Plot samples by their codes
#'
#' Draws one point per sample: by the first two codes, by the first two
#' principal components of all codes, or by a map of all codes (UMAP, t-SNE).
#'
#' @param x A matrix of codes (samples x codes), a fitted
#'     [AutoencoderModel][AutoencoderModel-class], or a SingleCellExperiment
#'     with the codes in a reduced dimension.
#' @param data For a model: the samples to encode, see [encode()].
#' @param colour_by What gives the colour: one value per sample; or the name of
#'     a column of `colData`, or of a feature, of the samples that `x` or `data`
#'     are (features of an experiment in the assay `logcounts`, or else in the
#'     first).
#' @param method `"codes"`, `"pca"`, `"umap"` (needs uwot and withr) or
#'     `"tsne"` (needs Rtsne and withr; perplexity 30, or a third of the other
#'     samples where these are fewer).
#' @param dimred Name of the reduced dimension with the codes.
#' @param size Size of the points, greater than 0.
#' @param seed For the maps, a whole number; R's generator is left alone.
#' @param ... For a model: further arguments of [encode()].
#'
#' @details
#' Samples without a value of `colour_by` are grey and lie below the others.
#' From nine groups on the shape of the points helps to tell them apart, and up
#' to 30 groups have their names at their middle.
#'
#' @section Errors:
#' `aesop_error_package` if a package is not installed; those of
#' [clusterCodes()]; `aesop_error_input_dim` if there are fewer than 5 samples
#' for a map; `aesop_error_param` for the other arguments.
#'
#' @returns A ggplot object.
#' @references van der Maaten L., Hinton G. (2008) Visualizing data using t-SNE.
#' Journal of Machine Learning Research 9, 2579-2605. McInnes L., Healy J.,
#' Melville J. (2018) UMAP: uniform manifold approximation and projection for
#' dimension reduction. arXiv:1802.03426.
#' @seealso [autoplot.AutoencoderModel()] for other pictures
#' @export
#' @examples
#' if (requireNamespace("ggplot2", quietly = TRUE)) {
#'     codes <- cbind(AE1 = c(rnorm(30), rnorm(30, 8)), AE2 = rnorm(60))
#'     plotCodes(codes, colour_by = rep(c("a", "b"), each = 30))
#' }
plotCodes <- function(x, data = NULL, colour_by = NULL,
    method = c("codes", "pca", "umap", "tsne"), dimred = "AE", size = 1.2,
    seed = 1, ...) {
    .needPackage("ggplot2", "plotCodes()")
    method <- .checkChoice(method, "method",
        c("codes", "pca", "umap", "tsne"))
    dimred <- .checkString(dimred, "dimred")
    size <- .checkNumber(size, "size", lower = 0, open = TRUE)
    seed <- .checkSeed(seed)
    codes <- .codesOf(x, data, dimred, list(...))
    colour <- .colourValues(x, data, colour_by, nrow(codes))
    layout <- switch(method,
        codes = .layoutCodes(codes),
        pca = .layoutPca(codes),
        umap = .layoutUmap(codes, seed),
        tsne = .layoutTsne(codes, seed)
    )
    table <- data.frame(x = layout$x, y = layout$y)
    labels <- ggplot2::labs(x = layout$names[1L], y = layout$names[2L])
    plot <- if (is.null(colour)) {
        ggplot2::ggplot(table, ggplot2::aes(x = .data$x, y = .data$y)) +
            ggplot2::geom_point(size = size, colour = .blue)
    } else {
        .colouredPoints(table, colour, size)
    }
    plot + labels + .plotTheme()
}

.colouredPoints <- function(table, colour, size) {
    table$colour <- colour$values
    # samples without a value below the others
    table <- table[order(!is.na(table$colour)), ]
    plot <- ggplot2::ggplot(table, ggplot2::aes(x = .data$x, y = .data$y,
        colour = .data$colour)) +
        .colourScale(colour$values, colour$title)
    n <- nlevels(colour$values)
    many <- n > length(.okabeIto) && !is.ordered(colour$values)
    if (n > 0L) {
        plot <- plot + ggplot2::guides(colour = ggplot2::guide_legend(
            override.aes = list(size = 2.2), ncol = 1L + (n > 18L)))
    }
    if (!many) {
        return(plot + ggplot2::geom_point(size = size))
    }
    plot <- plot + ggplot2::geom_point(ggplot2::aes(shape = .data$colour),
        size = size) + .shapeScale(n, colour$title)
    if (n > 30L) {
        return(plot + ggplot2::theme(legend.position = "none"))
    }
    middle <- stats::aggregate(table[c("x", "y")],
        list(name = table$colour), stats::median)
    plot + .nameLayer(middle)
}

# list(values, title) of the colours, or NULL.
.colourValues <- function(x, data, colour_by, n) {
    if (is.null(colour_by)) {
        return(NULL)
    }
    title <- NULL
    values <- colour_by
    samples <- if (is(x, "SummarizedExperiment")) x else data
    if (!is.null(samples) && n != 1L && is.character(colour_by) &&
        length(colour_by) == 1L && !is.na(colour_by)) {
        title <- colour_by
        values <- .valuesByName(samples, colour_by)
    }
    if (!(is.atomic(values) || is.factor(values)) || length(values) != n) {
        .abortParam("colour_by", colour_by,
            sprintf("one value per sample, %d in all", n))
    }
    list(values = if (is.numeric(values)) values else factor(values),
        title = if (!is.null(title)) .shorten(title))
}

# A column of the annotation, or a feature.
.valuesByName <- function(x, name) {
    columns <- character()
    if (is(x, "SummarizedExperiment")) {
        frame <- SummarizedExperiment::colData(x)
        columns <- names(frame)
        if (name %in% columns) {
            return(frame[[name]])
        }
        assays <- SummarizedExperiment::assayNames(x)
        chosen <- if ("logcounts" %in% assays) "logcounts" else 1L
        features <- rownames(x)
        if (name %in% features) {
            x <- SummarizedExperiment::assay(x, chosen,
                withDimnames = FALSE)
        }
    } else {
        features <- rownames(x)
    }
    if (!name %in% features) {
        .abortParam("colour_by", name, sprintf(
            "a feature, a column of colData (%s) or one value per sample",
            if (length(columns)) .showNames(columns, 10L) else "none"))
    }
    as.vector(x[match(name, features), ])
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
    .checkMapped(codes, "umap")
    neighbours <- min(15L, nrow(codes) - 1L)
    layout <- withr::with_seed(seed %% 2^31, uwot::umap(codes,
        n_neighbors = neighbours, n_threads = 1L, n_sgd_threads = 0L,
        verbose = FALSE))
    list(x = layout[, 1L], y = layout[, 2L], names = c("UMAP 1", "UMAP 2"))
}

.layoutTsne <- function(codes, seed) {
    .needPackage("Rtsne", "method = \"tsne\"")
    .checkMapped(codes, "tsne")
    # three times the perplexity must be below the number of samples
    perplexity <- min(30, (nrow(codes) - 1) / 3)
    layout <- withr::with_seed(seed %% 2^31, Rtsne::Rtsne(codes,
        perplexity = perplexity, pca = FALSE, check_duplicates = FALSE,
        num_threads = 1L))$Y
    list(x = layout[, 1L], y = layout[, 2L], names = c("t-SNE 1", "t-SNE 2"))
}

.checkMapped <- function(codes, method) {
    .needPackage("withr", sprintf("method = \"%s\"", method))
    if (nrow(codes) < 5L) {
        .abort("input_dim", sprintf(
            "`method` = \"%s\" needs at least 5 samples; `x` has %d.",
            method, nrow(codes)), arg = "x", expected = 5L,
            got = nrow(codes))
    }
}
