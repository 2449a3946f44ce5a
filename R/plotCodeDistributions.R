#' Plot the distribution of codes
#'
#' `plotCodeDistributions` draws a histogram of every code, all on one page.
#' `plotActivity` draws the values of the most and the least active codes, one
#' point per sample.
#'
#' @param x A matrix of codes (samples x codes), a fitted
#'     [AutoencoderModel][AutoencoderModel-class], or a SingleCellExperiment
#'     with the codes in a reduced dimension.
#' @param data For a model: the samples to encode, see [encode()].
#' @param colour_by Groups of samples, whose distributions are drawn as lines
#'     in place of the histogram: as for [plotCodes()], but not numbers.
#' @param n Number of codes at either end, at least 1. With fewer than 2 `n`
#'     codes all are drawn.
#' @param threshold A sample counts as active if the code is above this.
#' @param dimred Name of the reduced dimension with the codes.
#' @param ... For a model: further arguments of [encode()].
#'
#' @details
#' Each code has its own axes. Beyond 30 codes there is no room for these; a
#' line marks 0 where values are on both sides of it. Groups of one sample have
#' no density and are left out.
#'
#' Activity is the sum over the samples, as in [nodeActivity()]. The share of
#' samples above `threshold` stands beside the name.
#'
#' @section Errors:
#' `aesop_error_package` if ggplot2 is not installed; those of
#' [clusterCodes()]; `aesop_error_param` for the other arguments.
#'
#' @returns A ggplot object.
#' @seealso [nodeActivity()] for the numbers,
#'     [autoplot.AutoencoderModel()] for other pictures
#' @export
#' @examples
#' if (requireNamespace("ggplot2", quietly = TRUE)) {
#'     codes <- matrix(rnorm(50 * 12), nrow = 50)
#'     plotCodeDistributions(codes)
#'     plotActivity(codes, n = 3)
#' }
plotCodeDistributions <- function(x, data = NULL, colour_by = NULL,
    dimred = "AE", ...) {
    .needPackage("ggplot2", "plotCodeDistributions()")
    dimred <- .checkString(dimred, "dimred")
    codes <- .namedCodes(.codesOf(x, data, dimred, list(...)))
    colour <- .colourValues(x, data, colour_by, nrow(codes))
    if (is.numeric(colour$values)) {
        .abortParam("colour_by", colour_by, "groups, such as a factor")
    }
    if (!is.null(colour)) {
        # a group of one sample has no density
        one <- names(which(table(colour$values) < 2L))
        colour$values[colour$values %in% one] <- NA
        colour$values <- droplevels(colour$values)
        if (nlevels(colour$values) == 0L) {
            .abortParam("colour_by", colour_by,
                "groups, some of at least 2 samples")
        }
    }
    if (ncol(codes) > 30L) {
        return(.codePage(codes, colour))
    }
    .codePanels(codes, colour)
}

# A panel with axes for each code.
.codePanels <- function(codes, colour) {
    table <- .longCodes(codes)
    plot <- if (is.null(colour)) {
        ggplot2::ggplot(table, ggplot2::aes(x = .data$value)) +
            ggplot2::geom_histogram(bins = 40L, fill = .blue)
    } else {
        table$group <- rep(colour$values, ncol(codes))
        ggplot2::ggplot(table[!is.na(table$group), ], ggplot2::aes(
            x = .data$value, colour = .data$group,
            linetype = .data$group)) +
            ggplot2::stat_density(geom = "line", position = "identity",
                linewidth = 0.5, trim = TRUE) +
            .lineScales(colour)
    }
    crosses <- .crossesZero(codes)
    if (any(crosses)) {
        zero <- data.frame(code = factor(colnames(codes)[crosses],
            colnames(codes)))
        plot <- plot + ggplot2::geom_vline(ggplot2::aes(xintercept = 0),
            data = zero, linetype = "dotted", colour = "grey30")
    }
    side <- ceiling(sqrt(ncol(codes)))
    axis <- ggplot2::guide_axis(check.overlap = TRUE)
    plot +
        ggplot2::facet_wrap("code", scales = "free", ncol = side,
            labeller = ggplot2::as_labeller(function(name) {
                .shorten(name, max(8L, 72L %/% side))
            })) +
        ggplot2::scale_x_continuous(n.breaks = 4L, guide = axis) +
        ggplot2::scale_y_continuous(n.breaks = 4L, guide = axis) +
        ggplot2::labs(x = "code",
            y = if (is.null(colour)) "samples" else "density") +
        .plotTheme() +
        ggplot2::theme(panel.grid = ggplot2::element_blank(),
            strip.background = ggplot2::element_blank(),
            strip.text = ggplot2::element_text(size = 9,
                margin = ggplot2::margin(1, 0, 1, 0)),
            axis.text = ggplot2::element_text(size = 7),
            panel.spacing = ggplot2::unit(4, "pt"))
}

.crossesZero <- function(codes) {
    apply(codes, 2L, function(v) min(v) < 0 && max(v) > 0)
}

# Colours and, from the ninth group on, other lines.
.lineScales <- function(colour) {
    n <- nlevels(colour$values)
    list(.colourScale(colour$values, colour$title),
        ggplot2::scale_linetype_manual(name = colour$title,
            values = rep_len(rep(c("solid", "22", "62", "1262"),
                each = length(.okabeIto)), n)))
}

# Many codes without axes, in the cells of one panel: hundreds of panels would
# take long to draw.
.codePage <- function(codes, colour) {
    n <- ncol(codes)
    side <- ceiling(sqrt(n))
    cell <- data.frame(left = (seq_len(n) - 1L) %% side,
        low = -((seq_len(n) - 1L) %/% side), name = .shorten(
            colnames(codes), max(8L, 100L %/% side)))
    # values to the cell's width of 0.92, heights to 0.67
    across <- function(v, of) {
        range <- range(of)
        if (diff(range) == 0) 0.46 else 0.92 * (v - range[1L]) / diff(range)
    }
    plot <- ggplot2::ggplot(cell) + if (is.null(colour)) {
        ggplot2::geom_rect(ggplot2::aes(xmin = .data$x, ymin = .data$low,
            xmax = .data$right, ymax = .data$y), fill = .blue,
            data = .cellBars(codes, cell))
    } else {
        list(ggplot2::geom_path(ggplot2::aes(x = .data$x, y = .data$y,
            colour = .data$group, linetype = .data$group,
            group = interaction(.data$code, .data$group)), linewidth = 0.4,
            data = .cellCurves(codes, colour$values, cell, across)),
            .lineScales(colour))
    }
    zero <- which(.crossesZero(codes))
    zero <- data.frame(low = cell$low[zero], x = cell$left[zero] + vapply(
        zero, function(k) across(0, codes[, k]), 0))
    plot +
        ggplot2::geom_segment(ggplot2::aes(x = .data$left, y = .data$low,
            xend = .data$left + 0.92, yend = .data$low), linewidth = 0.3,
            colour = "grey50") +
        ggplot2::geom_segment(ggplot2::aes(x = .data$x, y = .data$low,
            xend = .data$x, yend = .data$low + 0.69), data = zero,
            linewidth = 0.3, linetype = "22", colour = "grey20") +
        ggplot2::geom_text(ggplot2::aes(x = .data$left + 0.46,
            y = .data$low + 0.84, label = .data$name),
            size = max(4.5, min(8, 70 / side)) / ggplot2::.pt) +
        ggplot2::scale_x_continuous(expand = c(0.01, 0)) +
        ggplot2::scale_y_continuous(expand = c(0.01, 0)) +
        ggplot2::labs(subtitle = paste0(n, " codes, ", if (is.null(colour))
            "samples" else "density", " by value, each on its own scale; ",
            "dashed: 0")) +
        ggplot2::theme_void(base_size = 11) +
        ggplot2::theme(plot.subtitle = ggplot2::element_text(size = 9),
            plot.background = ggplot2::element_rect(fill = "white",
                colour = NA),
            plot.margin = ggplot2::margin(5, 5, 5, 5))
}

# 24 bars of each code; one in the middle for a constant.
.cellBars <- function(codes, cell, bins = 24L) {
    width <- 0.92 / bins
    parts <- lapply(seq_len(ncol(codes)), function(k) {
        v <- codes[, k]
        range <- range(v)
        bin <- if (diff(range) == 0) {
            rep(bins %/% 2L, length(v))
        } else {
            pmin(floor((v - range[1L]) / diff(range) * bins), bins - 1L)
        }
        number <- tabulate(bin + 1L, bins)
        full <- which(number > 0L)
        x <- cell$left[k] + (full - 1L) * width
        data.frame(code = k, x = x, right = x + width, low = cell$low[k],
            y = cell$low[k] + 0.67 * number[full] / max(number))
    })
    do.call(rbind, parts)
}

.cellCurves <- function(codes, group, cell, across) {
    parts <- lapply(seq_len(ncol(codes)), function(k) {
        v <- codes[, k]
        curves <- lapply(levels(group), function(level) {
            own <- v[which(group == level)]
            d <- stats::density(own, n = 64L, from = min(own),
                to = max(own))
            data.frame(code = k, group = factor(level, levels(group)),
                x = cell$left[k] + across(d$x, v), y = d$y)
        })
        curves <- do.call(rbind, curves)
        curves$y <- cell$low[k] + 0.67 * curves$y / max(curves$y)
        curves
    })
    do.call(rbind, parts)
}

#' @rdname plotCodeDistributions
#' @export
plotActivity <- function(x, data = NULL, n = 5, threshold = 0, dimred = "AE",
    ...) {
    .needPackage("ggplot2", "plotActivity()")
    n <- .checkNumber(n, "n", lower = 1, integer = TRUE)
    activity <- nodeActivity(x, data, dimred, threshold, ...)
    codes <- attr(activity, "codes")
    rows <- seq_len(nrow(activity))
    part <- rep("all codes", nrow(activity))
    if (nrow(activity) > 2 * n) {
        part[] <- NA
        part[utils::head(rows, n)] <- "most active"
        part[utils::tail(rows, n)] <- "least active"
    }
    drawn <- activity[!is.na(part), ]
    part <- factor(part[!is.na(part)], unique(part[!is.na(part)]))
    names <- sprintf("%s (%.0f %%)", .shorten(drawn$code),
        100 * drawn$active)
    table <- .longCodes(codes[, drawn$code, drop = FALSE])
    table$part <- rep(part, each = nrow(codes))
    # the most active on top
    table$code <- factor(table$code, rev(levels(table$code)))
    many <- nrow(codes) > 500L
    ggplot2::ggplot(table, ggplot2::aes(x = .data$value, y = .data$code)) +
        ggplot2::geom_vline(xintercept = threshold, linetype = "dotted",
            colour = "grey30") +
        ggplot2::geom_point(colour = .blue, size = if (many) 0.3 else 0.9,
            alpha = if (many) 0.3 else 0.6,
            position = ggplot2::position_jitter(width = 0, height = 0.3,
                seed = 1L)) +
        ggplot2::geom_boxplot(outlier.shape = NA, fill = NA, width = 0.7,
            colour = "grey20", linewidth = 0.4) +
        ggplot2::facet_wrap("part", ncol = 1L, scales = "free_y") +
        ggplot2::scale_y_discrete(
            labels = stats::setNames(names, drawn$code)) +
        ggplot2::labs(x = "value of the code", y = NULL, subtitle = sprintf(
            "codes by their sum; in brackets: share of %s above %s",
            .count(nrow(codes), "sample"), format(threshold))) +
        .plotTheme() +
        ggplot2::theme(axis.text.y = .namesText(nrow(drawn)))
}
