#' Plot the reconstruction beside the input
#'
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class] of one
#'     assay.
#' @param data Samples, as for [encode()].
#' @param samples Names or numbers of the samples to draw; `NULL` for 12 images
#'     or 40 columns of a heat map, evenly spread from the best to the worst
#'     reconstructed, and all samples of a scatter plot.
#' @param as `"image"`: pairs of images. `"heatmap"`: features x samples.
#'     `"scatter"`: reconstruction by input, one point per value (more than
#'     2,000 as a two-dimensional histogram). `"auto"`: images for a model of
#'     images or if `shape` is given, else a heat map.
#' @param features For a heat map: names of the features; `NULL` for the `n`
#'     that vary most.
#' @param n Number of features of a heat map, at least 1.
#' @param shape `c(height, width, channels)` of images, `NULL` for the model's
#'     `input_shape`. There must be 1 or 3 channels (red, green, blue).
#' @param ... Further arguments of [encode()].
#'
#' @details
#' Images and scatter plots are on the scale of the data; shades of images go
#' from the smallest to the largest value of the input. In the heat map each
#' feature is on the scale of its own input: standard deviations from its mean
#' over all samples of `data`, cut at 2.5; the same mean and deviation are used
#' for the reconstruction, and features that do not vary are centred only. A
#' single sample is drawn as it is. Counts are seen as `log(1 + count)` in heat
#' maps and scatter plots. Rows and columns are in the order of a hierarchical
#' clustering of the input.
#'
#' @section Errors:
#' `aesop_error_package` if ggplot2 is not installed; those of [encode()];
#' `aesop_error_param` for the other arguments.
#'
#' @returns A ggplot object.
#' @seealso [reconstruct()], [plotFeatureErrors()]
#' @export
#' @examples
#' if (requireNamespace("ggplot2", quietly = TRUE)) {
#'     x <- outer(rnorm(30), rnorm(50)) + rnorm(30 * 50, sd = 0.2)
#'     dimnames(x) <- list(paste0("gene", 1:30), paste0("sample", 1:50))
#'     model <- trainAutoencoder(x, latent = 2, epochs = 20, seed = 1)
#'     plotReconstruction(model, x)
#'     plotReconstruction(model, x, as = "scatter")
#' }
plotReconstruction <- function(model, data, samples = NULL,
    as = c("auto", "image", "heatmap", "scatter"), features = NULL, n = 30,
    shape = NULL, ...) {
    .needPackage("ggplot2", "plotReconstruction()")
    model <- .checkModel(model)
    .checkOneAssay(model)
    if (missing(data)) {
        .abortWithoutData("data", "plotReconstruction")
    }
    as <- .checkChoice(as, "as", c("auto", "image", "heatmap", "scatter"))
    n <- .checkNumber(n, "n", lower = 1, integer = TRUE)
    shape <- .imageShape(model, shape, as)
    if (as == "auto") {
        as <- if (is.null(shape)) "heatmap" else "image"
    }
    both <- .inputAndOutput(model, data, list(...))
    features <- .featureNumbers(features, model@features)
    samples <- .drawnSamples(samples, both, switch(as, image = 12L,
        heatmap = 40L, scatter = Inf))
    switch(as,
        image = .imagePairs(both, samples, shape),
        heatmap = .heatMaps(both, samples, features, n),
        scatter = .outputByInput(both, samples, features)
    )
}

# NULL if the samples are no images.
.imageShape <- function(model, shape, as) {
    own <- model@param@settings$input_shape
    if (is.null(shape)) {
        is_image <- length(own) == 3L && own[1L] > 1L &&
            own[3L] %in% c(1L, 3L)
        if (!is_image && as == "image") {
            .abortParam("shape", NULL, paste("c(height, width, channels)",
                "with 1 or 3 channels, as the model is not one of images"))
        }
        return(if (is_image) as.integer(own))
    }
    shape <- .checkShape(shape, "shape")
    if (prod(shape) != length(model@features) || !shape[3L] %in% c(1L, 3L)) {
        .abortParam("shape", shape, sprintf(paste("c(height, width,",
            "channels) with 1 or 3 channels and the model's %d values"),
            length(model@features)))
    }
    shape
}

# list(input, output): features x samples, NA for features that the data lack;
# names, error of each sample, and whether the values are counts.
.inputAndOutput <- function(model, data, args) {
    new <- .newData(model, data, args, "data")
    input <- .knownValues(new$source)
    output <- .applySource(model, new$source, "reconstruction", new$control)
    dim(output) <- dim(input)
    storage.mode(input) <- "double"
    names <- .sampleNames(new$source)
    if (is.null(names)) {
        names <- paste0("sample", seq_len(ncol(input)))
    }
    rownames(input) <- rownames(output) <- model@features
    settings <- model@param@settings
    list(input = input, output = output, names = names,
        error = .applySource(model, new$source, "error", new$control)$sample,
        counts = .isCountLoss(settings) || settings$normalize == "log")
}

# Numbers of the samples.
.drawnSamples <- function(samples, both, most) {
    n <- ncol(both$input)
    if (is.null(samples)) {
        if (n <= most) {
            return(seq_len(n))
        }
        order <- order(both$error)
        return(order[unique(round(seq(1, n, length.out = most)))])
    }
    found <- if (is.character(samples) && !is.object(samples)) {
        match(samples, both$names)
    } else if (is.numeric(samples) && !is.object(samples)) {
        match(samples, seq_len(n))
    }
    if (length(found) == 0L || anyNA(found)) {
        .abortParam("samples", samples, sprintf(
            "NULL, names of samples or numbers from 1 to %d", n))
    }
    unique(found)
}

# Each pair in a panel of its own: the input, a gap, the reconstruction.
.imagePairs <- function(both, samples, shape) {
    width <- shape[2L]
    names <- sprintf("%s (%s)", .shorten(both$names[samples], 16L),
        format(both$error[samples], digits = 2L))
    names <- factor(make.unique(names), make.unique(names))
    pixels <- function(values, shift) {
        image <- imageArray(values[, samples, drop = FALSE], shape)
        dim(image) <- c(shape, length(samples))
        colours <- lapply(seq_len(shape[3L]), function(channel) {
            as.vector(image[, , channel, ])
        })
        at <- expand.grid(y = seq_len(shape[1L]),
            x = seq_len(width) + shift, name = names)
        at$value <- colours[[1L]]
        if (shape[3L] == 3L) {
            # 0 is black, the largest value of the input is full
            top <- max(both$input[, samples], 1e-300, na.rm = TRUE)
            full <- lapply(colours, function(v) {
                v <- pmin(pmax(v / top, 0), 1)
                ifelse(is.na(v), 0, v)
            })
            at$value <- do.call(grDevices::rgb, full)
        }
        at
    }
    gap <- expand.grid(y = seq_len(shape[1L]), x = width + 1, name = names)
    gap$value <- if (shape[3L] == 3L) "transparent" else NA
    table <- rbind(pixels(both$input, 0), gap,
        pixels(both$output, width + 1))
    range <- range(both$input[, samples], na.rm = TRUE)
    scale <- if (shape[3L] == 3L) {
        ggplot2::scale_fill_identity()
    } else {
        ggplot2::scale_fill_gradient(name = "value", low = "black",
            high = "white", na.value = "transparent", limits = range,
            oob = function(v, ...) pmax(pmin(v, range[2L]), range[1L]))
    }
    # pairs fill a page of 6 x 4.5
    columns <- round(sqrt(length(samples) * 6 * 1.2 * shape[1L] /
        (2 * width * 4.5)))
    ggplot2::ggplot(table, ggplot2::aes(x = .data$x, y = .data$y,
        fill = .data$value)) +
        ggplot2::geom_raster() +
        ggplot2::facet_wrap("name",
            ncol = max(1, min(columns, length(samples)))) +
        ggplot2::scale_y_reverse() +
        ggplot2::coord_fixed(expand = FALSE) +
        scale +
        ggplot2::labs(x = NULL, y = NULL, subtitle = paste("left: input,",
            "right: reconstruction; in brackets: error of the sample")) +
        .plotTheme() +
        ggplot2::theme(axis.text = ggplot2::element_blank(),
            axis.ticks = ggplot2::element_blank(),
            panel.border = ggplot2::element_blank(),
            panel.grid = ggplot2::element_blank(),
            strip.background = ggplot2::element_blank(),
            strip.text = ggplot2::element_text(size = 7.5,
                margin = ggplot2::margin(1, 0, 1, 0)))
}

.heatMaps <- function(both, samples, features, n) {
    see <- if (both$counts) function(v) log1p(pmax(v, 0)) else identity
    input <- see(both$input)
    spread <- apply(input, 1L, stats::sd)
    spread[is.na(spread)] <- 0
    if (is.null(features)) {
        known <- !is.na(input[, 1L])
        features <- utils::head(order(!known, -spread), min(n, sum(known)))
    }
    several <- ncol(input) > 1L
    centre <- if (several) rowMeans(input)[features] else 0
    spread <- ifelse(spread > 0, spread, 1)[features]
    part <- function(values) {
        (values[features, samples, drop = FALSE] - centre) / spread
    }
    parts <- list(input = part(input), reconstruction = part(see(both$output)))
    rows <- rownames(parts$input)[.clusterOrder(parts$input)]
    columns <- .clusterOrder(t(parts$input))
    cells <- do.call(rbind, lapply(names(parts), function(name) {
        m <- parts[[name]]
        data.frame(feature = factor(rownames(m)[row(m)], rev(rows)),
            sample = match(col(m), columns), value = as.vector(m),
            part = factor(name, names(parts)))
    }))
    ggplot2::ggplot(cells, ggplot2::aes(x = .data$sample, y = .data$feature,
        fill = .data$value)) +
        ggplot2::geom_raster() +
        ggplot2::facet_wrap("part") +
        ggplot2::scale_x_continuous(expand = c(0, 0),
            breaks = seq_along(columns),
            labels = .shorten(both$names[samples[columns]], 16L)) +
        ggplot2::scale_y_discrete(labels = .shorten, expand = c(0, 0)) +
        (if (several) {
            .divergingScale("SD", 2.5)
        } else {
            ggplot2::scale_fill_viridis_c(name = "value")
        }) +
        ggplot2::labs(x = if (length(samples) > 27L) .count(length(samples),
            "sample"), y = if (length(features) > 60L) .count(
            length(features), "feature"), subtitle = paste0(
            if (several) paste("standard deviations from the mean of the",
                "feature's input") else "values",
            if (both$counts) ", log(1 + count)")) +
        .plotTheme() +
        ggplot2::theme(panel.grid = ggplot2::element_blank(),
            axis.ticks = ggplot2::element_blank(),
            axis.text.x = .namesText(length(samples), 130, angle = 90,
                hjust = 1, vjust = 0.5),
            axis.text.y = .namesText(length(features)))
}

# Rows that are alike beside each other.
.clusterOrder <- function(m) {
    if (nrow(m) < 3L || nrow(m) > 2000L || anyNA(m)) {
        return(seq_len(nrow(m)))
    }
    stats::hclust(stats::dist(m), "average")$order
}

.outputByInput <- function(both, samples, features) {
    rows <- if (is.null(features)) seq_len(nrow(both$input)) else features
    pick <- function(values) {
        values <- as.vector(values[rows, samples])
        if (both$counts) log1p(pmax(values, 0)) else values
    }
    x <- pick(both$input)
    y <- pick(both$output)
    known <- is.finite(x) & is.finite(y)
    x <- x[known]
    y <- y[known]
    title <- if (both$counts) "%s, log(1 + count)" else "%s"
    plot <- if (length(x) > 2000L) {
        .histogram2d(x, y)
    } else {
        ggplot2::ggplot(data.frame(x = x, y = y),
            ggplot2::aes(x = .data$x, y = .data$y)) +
            ggplot2::geom_point(size = 1, alpha = 0.6, colour = .blue)
    }
    plot + ggplot2::geom_abline(linetype = "dashed", colour = "grey30") +
        ggplot2::labs(x = sprintf(title, "input"),
            y = sprintf(title, "reconstruction"), subtitle = sprintf(
                "%s; dashed: equal", .count(length(x), "value"))) +
        .plotTheme()
}

.histogram2d <- function(x, y, cells = 100L) {
    cut <- function(v) {
        width <- max(diff(range(v)), 1e-300) / cells
        list(index = pmin(floor((v - min(v)) / width), cells - 1),
            start = min(v), width = width)
    }
    a <- cut(x)
    b <- cut(y)
    number <- tabulate(a$index * cells + b$index + 1L, cells^2)
    full <- which(number > 0L)
    table <- data.frame(
        x = a$start + ((full - 1L) %/% cells + 0.5) * a$width,
        y = b$start + ((full - 1L) %% cells + 0.5) * b$width,
        values = number[full])
    ggplot2::ggplot(table, ggplot2::aes(x = .data$x, y = .data$y,
        fill = .data$values)) +
        ggplot2::geom_tile(width = a$width, height = b$width) +
        ggplot2::scale_fill_viridis_c(trans = "log10", name = "values",
            direction = -1, labels = .number)
}
