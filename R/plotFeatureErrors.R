#' Plot how well features are reconstructed
#'
#' Draws the features with the largest error of [featureErrors()], and the
#' median over all features for comparison.
#'
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class] of one
#'     assay.
#' @param data Samples, as for [encode()].
#' @param n Number of features that are drawn, at least 1. Names are left out
#'     beyond 60.
#' @param measure `"mean_absolute_error"`, `"mean_squared_error"` or
#'     `"correlation"` of values and reconstruction, of which the lowest are
#'     drawn.
#' @param ... Further arguments of [encode()].
#'
#' @section Errors:
#' `aesop_error_package` if ggplot2 is not installed; those of
#' [featureErrors()]; `aesop_error_param` for the other arguments, and if no
#' feature has a correlation.
#'
#' @returns A ggplot object.
#' @seealso [autoplot.AutoencoderModel()] for other pictures
#' @export
#' @examples
#' if (requireNamespace("ggplot2", quietly = TRUE)) {
#'     x <- matrix(rnorm(20 * 40), nrow = 20,
#'         dimnames = list(paste0("gene", seq_len(20)), NULL))
#'     model <- trainAutoencoder(x, latent = 2, epochs = 10, seed = 1)
#'     plotFeatureErrors(model, x, n = 10)
#' }
plotFeatureErrors <- function(model, data, n = 30,
    measure = c("mean_absolute_error", "mean_squared_error", "correlation"),
    ...) {
    .needPackage("ggplot2", "plotFeatureErrors()")
    n <- .checkNumber(n, "n", lower = 1, integer = TRUE)
    measure <- .checkChoice(measure, "measure",
        c("mean_absolute_error", "mean_squared_error", "correlation"))
    if (missing(data)) {
        .abortWithoutData("data", "plotFeatureErrors")
    }
    table <- featureErrors(model, data, ...)
    all <- table[[measure]]
    worst <- order(all, decreasing = measure != "correlation",
        na.last = NA)
    if (length(worst) == 0L) {
        .abortParam("measure", measure,
            "another one: no feature varies in `data` or the reconstruction")
    }
    rows <- rev(utils::head(worst, n))
    points <- data.frame(value = all[rows],
        feature = factor(table$feature[rows], table$feature[rows]))
    plot <- ggplot2::ggplot(points, ggplot2::aes(x = .data$value,
        y = .data$feature))
    if (measure != "correlation") {
        plot <- plot + ggplot2::geom_segment(ggplot2::aes(x = 0,
            xend = .data$value, yend = .data$feature), colour = "grey75")
    }
    plot + ggplot2::geom_vline(xintercept = stats::median(all, na.rm = TRUE),
        linetype = "dashed", colour = "grey40") +
        ggplot2::geom_point(colour = .blue, size = 1.8) +
        ggplot2::scale_y_discrete(labels = .shorten) +
        ggplot2::labs(x = gsub("_", " ", measure), y = NULL,
            subtitle = sprintf("%s worst of %s; dashed: median of all",
                .number(length(rows)), .count(nrow(table), "feature"))) +
        .plotTheme() +
        ggplot2::theme(axis.text.y = .namesText(length(rows)),
            panel.grid.major.y = ggplot2::element_blank())
}
