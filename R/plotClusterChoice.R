#' Plot what speaks for a number of clusters
#'
#' Draws each measure of [chooseClusters()] by the number of clusters, with the
#' chosen number marked.
#'
#' @param choice The result of [chooseClusters()].
#' @param object The same, for `autoplot`.
#' @param ... Not used.
#'
#' @section Errors:
#' `aesop_error_package` if ggplot2 is not installed; `aesop_error_param` for
#' anything but a result of [chooseClusters()].
#'
#' @returns A ggplot object.
#' @export
#' @examples
#' if (requireNamespace("ggplot2", quietly = TRUE) &&
#'     requireNamespace("bluster", quietly = TRUE)) {
#'     codes <- cbind(AE1 = rnorm(90, rep(c(0, 6, 12), each = 30)),
#'         AE2 = rnorm(90))
#'     plotClusterChoice(chooseClusters(codes, k = 2:6))
#' }
plotClusterChoice <- function(choice) {
    .needPackage("ggplot2", "plotClusterChoice()")
    if (!inherits(choice, "aesop_clusters")) {
        .abortParam("choice", choice, "the result of chooseClusters()")
    }
    measures <- c(silhouette = "mean silhouette (high is good)",
        purity = "neighbours of the same cluster (high is good)",
        stability = "stability (high is good)",
        separation = "gaps between clusters (high is good)",
        within = "sum of squares within (a bend is good)")
    table <- choice$table
    measures <- measures[intersect(names(measures), names(table))]
    points <- data.frame(k = rep(table$k, length(measures)),
        value = unlist(table[names(measures)], use.names = FALSE),
        measure = factor(rep(measures, each = nrow(table)), measures))
    points$flag <- .flag(points$k == choice$k)
    points <- points[is.finite(points$value), ]
    ggplot2::ggplot(points, ggplot2::aes(x = .data$k, y = .data$value)) +
        ggplot2::geom_vline(xintercept = choice$k, linetype = "dashed",
            colour = "grey60") +
        ggplot2::geom_line(ggplot2::aes(group = .data$measure),
            colour = "grey60") +
        ggplot2::geom_point(ggplot2::aes(colour = .data$flag,
            shape = .data$flag), size = 2.2) +
        ggplot2::facet_wrap("measure", scales = "free_y", ncol = 2L) +
        .flagScales("chosen") +
        ggplot2::scale_x_continuous(breaks = .wholeBreaks) +
        ggplot2::labs(x = "number of clusters", y = NULL,
            subtitle = sprintf("chosen: %d", as.integer(choice$k))) +
        .plotTheme() + ggplot2::theme(legend.position = "none")
}

#' @rdname plotClusterChoice
#' @exportS3Method ggplot2::autoplot
autoplot.aesop_clusters <- function(object, ...) {
    plotClusterChoice(object)
}
