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
#' Each code has its own axes. Beyond 30 codes these are not labelled, as there
#' is no room for it; the dotted line is at 0.
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
    plot <- if (is.null(colour)) {
        .codeHistograms(codes)
    } else {
        .codeDensities(codes, colour)
    }
    crosses <- apply(codes, 2L, function(v) min(v) < 0 && max(v) > 0)
    zero <- data.frame(code = factor(colnames(codes)[crosses],
        colnames(codes)))
    n <- ncol(codes)
    few <- n <= 30L
    side <- ceiling(sqrt(n))
    if (any(crosses)) {
        plot <- plot + ggplot2::geom_vline(ggplot2::aes(xintercept = 0),
            data = zero, linetype = "dotted", colour = "grey30")
    }
    plot <- plot +
        ggplot2::facet_wrap("code", scales = "free", ncol = side,
            labeller = ggplot2::as_labeller(function(name) {
                .shorten(name, max(8L, 72L %/% side))
            })) +
        ggplot2::labs(x = "code", subtitle = if (!few) sprintf(
            "%d codes, each with its own axes; dotted: 0", n)) +
        .plotTheme() +
        ggplot2::theme(panel.grid = ggplot2::element_blank(),
            strip.background = ggplot2::element_blank(),
            strip.text = ggplot2::element_text(
                size = max(4.5, min(9, 60 / side)),
                margin = ggplot2::margin(1, 0, 1, 0)),
            axis.text = if (few) ggplot2::element_text(size = 7) else
                ggplot2::element_blank(),
            axis.ticks = if (few) ggplot2::element_line() else
                ggplot2::element_blank(),
            panel.spacing = ggplot2::unit(if (few) 4 else 1.5, "pt"))
    if (few) {
        plot <- plot + ggplot2::scale_x_continuous(n.breaks = 3L) +
            ggplot2::scale_y_continuous(n.breaks = 3L)
    }
    plot
}

.codeHistograms <- function(codes) {
    bins <- if (ncol(codes) > 30L) 20L else 40L
    ggplot2::ggplot(.longCodes(codes), ggplot2::aes(x = .data$value)) +
        ggplot2::geom_histogram(bins = bins, fill = .blue) +
        ggplot2::labs(y = "samples")
}

# A group of one sample has no density.
.codeDensities <- function(codes, colour) {
    table <- .longCodes(codes)
    group <- colour$values
    group[group %in% names(which(table(group) < 2L))] <- NA
    table$group <- rep(group, ncol(codes))
    table <- table[!is.na(table$group), ]
    table$group <- droplevels(table$group)
    ggplot2::ggplot(table, ggplot2::aes(x = .data$value,
        colour = .data$group)) +
        ggplot2::stat_density(geom = "line", position = "identity",
            linewidth = 0.5, trim = TRUE) +
        .colourScale(table$group, colour$title) +
        ggplot2::labs(y = "density")
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
