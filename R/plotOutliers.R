#' Plot the scores of samples with the threshold for outliers
#'
#' Draws the scores of [findOutliers()] in rising order, so that the outliers
#' stand at the right, with the threshold and the names of the strongest.
#'
#' @param table The data frame of [findOutliers()].
#' @param n Number of outliers that are named, those with the largest scores;
#'     a whole number of at least 0.
#' @param log `TRUE` for a logarithmic axis of the scores, for outliers that
#'     press all others together.
#'
#' @section Errors:
#' `aesop_error_package` if ggplot2 is not installed; `aesop_error_param` for
#' the arguments.
#'
#' @returns A ggplot object.
#' @seealso [autoplot.AutoencoderModel()] for other pictures
#' @export
#' @examples
#' if (requireNamespace("ggplot2", quietly = TRUE)) {
#'     x <- outer(rnorm(30), rnorm(40)) + rnorm(30 * 40, sd = 0.2)
#'     dimnames(x) <- list(paste0("gene", 1:30), paste0("sample", 1:40))
#'     x[, 7] <- sample(x[, 7])
#'     plotOutliers(findOutliers(x, contamination = 0.05))
#' }
plotOutliers <- function(table, n = 8, log = FALSE) {
    .needPackage("ggplot2", "plotOutliers()")
    table <- .checkTable(table, c("sample", "score", "threshold", "outlier"),
        "table", "findOutliers()")
    n <- .checkNumber(n, "n", lower = 0, integer = TRUE)
    log <- .checkFlag(log, "log")
    table <- table[is.finite(table$score) & (!log | table$score > 0), ]
    table <- table[order(table$score), ]
    flag <- !is.na(table$outlier) & table$outlier
    points <- data.frame(x = seq_len(nrow(table)), y = table$score,
        name = table$sample, flag = .flag(flag))
    threshold <- table$threshold[is.finite(table$threshold)]
    threshold <- if (length(threshold) > 0L) threshold[1L]
    text <- sprintf("%d of %s flagged%s", sum(flag),
        .count(nrow(table), "sample"), if (is.null(threshold)) "" else
            sprintf("; dashed: threshold %s", format(threshold, digits = 3L)))
    plot <- ggplot2::ggplot(points, ggplot2::aes(x = .data$x, y = .data$y))
    if (!is.null(threshold)) {
        plot <- plot + ggplot2::geom_hline(yintercept = threshold,
            linetype = "dashed", colour = "grey40")
    }
    plot <- plot +
        ggplot2::geom_point(ggplot2::aes(colour = .data$flag,
            shape = .data$flag), size = 1.5) +
        .nameLayer(utils::tail(points[flag, ], n), hjust = 1,
            direction = "y", nudge_x = -0.04 * nrow(points),
            xlim = c(NA, nrow(points))) +
        .flagScales("outlier") +
        ggplot2::labs(x = "samples in the order of their score", y = "score",
            subtitle = text) +
        .plotTheme()
    if (log) plot + ggplot2::scale_y_log10() else plot
}
