#' Pictures of a fitted model
#'
#' `autoplot` makes a ggplot object, `plot` draws it.
#'
#' @param object,x A fitted [AutoencoderModel][AutoencoderModel-class].
#' @param y Not used.
#' @param type `"history"`: the loss by epoch. `"codes"`: samples by their
#'     codes, see [plotCodes()]. `"distribution"`: the distribution of each
#'     code. `"outliers"`: the reconstruction error of each sample, sorted, with
#'     the threshold of [findOutliers()].
#' @param data The samples; needed for all types but `"history"`.
#' @param ... Further arguments: of [plotHistory()], [plotCodes()], [encode()]
#'     or, for outliers, also `method`, `nmads` and `contamination` of
#'     [findOutliers()].
#'
#' @section Errors:
#' `aesop_error_package` if ggplot2 is not installed; `aesop_error_param` if
#' `data` are missing; those of the functions named above.
#'
#' @returns `autoplot`: a ggplot object. `plot`: the same, invisibly.
#' @name autoplot.AutoencoderModel
#' @examples
#' if (requireNamespace("ggplot2", quietly = TRUE)) {
#'     x <- matrix(rnorm(20 * 40), nrow = 20,
#'         dimnames = list(paste0("gene", seq_len(20)), NULL))
#'     model <- trainAutoencoder(x, latent = 2, epochs = 10, seed = 1)
#'     plot(model)
#'     ggplot2::autoplot(model, "distribution", data = x)
#' }
NULL

#' @rdname autoplot.AutoencoderModel
#' @exportS3Method ggplot2::autoplot
autoplot.AutoencoderModel <- function(object,
    type = c("history", "codes", "distribution", "outliers"), data = NULL,
    ...) {
    .needPackage("ggplot2", "autoplot()")
    model <- .checkModel(object, "object")
    type <- .checkChoice(type, "type",
        c("history", "codes", "distribution", "outliers"))
    if (type == "history") {
        return(plotHistory(model, ...))
    }
    if (is.null(data)) {
        .abortWithoutData("data", "plot")
    }
    switch(type,
        codes = plotCodes(model, data, ...),
        distribution = .plotDistribution(
            .encodeNew(model, data, list(...), "data")),
        outliers = .plotOutliers(model, data, list(...))
    )
}

#' @rdname autoplot.AutoencoderModel
#' @method plot AutoencoderModel
#' @export
plot.AutoencoderModel <- function(x, y, type = "history", data = NULL, ...) {
    picture <- autoplot.AutoencoderModel(x, type, data, ...)
    print(picture)
    invisible(picture)
}

# A histogram for each code.
.plotDistribution <- function(codes) {
    names <- factor(colnames(codes), levels = colnames(codes))
    table <- data.frame(value = as.vector(codes),
        code = rep(names, each = nrow(codes)))
    ggplot2::ggplot(table, ggplot2::aes(x = .data$value)) +
        ggplot2::geom_histogram(bins = 40L, fill = "#0072B2") +
        ggplot2::facet_wrap("code", scales = "free") +
        ggplot2::labs(x = "code", y = "samples") +
        .plotTheme()
}

# Scores in rising order, the threshold, and the names of the strongest.
.plotOutliers <- function(model, data, args) {
    of_rule <- names(args) %in% names(formals(.outlierRule))
    rule <- do.call(.outlierRule, args[of_rule])
    score <- .sampleErrors(model, data, args[!of_rule], "data")
    call <- .callOutliers(unname(score), rule)
    table <- .outlierTable(score, call)
    table$rank <- rev(seq_len(nrow(table)))
    table$outlier <- factor(table$outlier, c(FALSE, TRUE), c("no", "yes"))
    named <- utils::head(table[table$outlier == "yes", ], 8L)
    plot <- ggplot2::ggplot(table, ggplot2::aes(x = .data$rank,
        y = .data$score)) +
        ggplot2::geom_point(ggplot2::aes(colour = .data$outlier),
            size = 1.2) +
        ggplot2::geom_text(ggplot2::aes(label = .data$sample), data = named,
            hjust = 1.1, size = 3, check_overlap = TRUE) +
        .colourScale(table$outlier, "outlier") +
        ggplot2::labs(x = "samples by score", y = "reconstruction error") +
        .plotTheme()
    if (!is.finite(call$threshold)) {
        return(plot)
    }
    plot + ggplot2::geom_hline(yintercept = call$threshold,
        linetype = "dashed", colour = "grey50")
}
