#' Plot the strongest features of each code
#'
#' A heat map of scores: how far the weight of a feature to a code lies from
#' the mean weight of that code, in standard deviations.
#'
#' @param x A fitted [AutoencoderModel][AutoencoderModel-class], or a table of
#'     [featureSignatures()]: pairs of feature and code that it lacks stay
#'     empty (grey).
#' @param n Number of features with the largest absolute score that each code
#'     adds to the picture, at least 1.
#' @param codes Names (`"AE3"`) or numbers of the codes; `NULL` for all.
#' @param ... For a model: further arguments of [featureSignatures()].
#'
#' @details
#' Features stand below the code in which their absolute score is largest.
#' Names are left out where there is no room: beyond 60 features or 50 codes.
#'
#' @section Errors:
#' `aesop_error_package` if ggplot2 is not installed; those of
#' [featureSignatures()]; `aesop_error_param` for the other arguments.
#'
#' @returns A ggplot object.
#' @seealso [featureSignatures()]
#' @export
#' @examples
#' if (requireNamespace("ggplot2", quietly = TRUE)) {
#'     x <- matrix(rnorm(60 * 40), nrow = 60,
#'         dimnames = list(paste0("gene", seq_len(60)), NULL))
#'     model <- trainAutoencoder(x, vanillaParam(latent = 3), epochs = 20,
#'         seed = 1)
#'     plotSignatures(model)
#' }
plotSignatures <- function(x, n = 5, codes = NULL, ...) {
    .needPackage("ggplot2", "plotSignatures()")
    n <- .checkNumber(n, "n", lower = 1, integer = TRUE)
    if (is.data.frame(x)) {
        table <- .checkTable(x, c("code", "feature", "score"), "x",
            "featureSignatures()")
        .checkNames(list(...), character(), "plotSignatures() for a table")
    } else {
        .checkModel(x, "x")
        args <- list(...)
        if (!is.null(args$cutoff)) {
            .abortParam("cutoff", args$cutoff, "left out: see `n`")
        }
        table <- featureSignatures(x, cutoff = 0, ...)
    }
    all <- unique(as.character(table$code))
    codes <- all[.codeNumbers(codes, all)]
    table <- table[table$code %in% codes, ]
    of_code <- split(seq_len(nrow(table)), factor(table$code, codes))
    strongest <- table[unlist(lapply(of_code, function(rows) {
        utils::head(rows[order(-abs(table$score[rows]))], n)
    })), ]
    # a feature is listed where its score is largest
    strongest <- strongest[order(-abs(strongest$score)), ]
    strongest <- strongest[!duplicated(strongest$feature), ]
    strongest <- strongest[order(match(strongest$code, codes),
        -strongest$score), ]
    features <- as.character(strongest$feature)
    cells <- table[table$feature %in% features, ]
    cells <- data.frame(code = factor(cells$code, codes),
        feature = factor(cells$feature, rev(features)), score = cells$score)
    ggplot2::ggplot(cells, ggplot2::aes(x = .data$code, y = .data$feature,
        fill = .data$score)) +
        ggplot2::geom_tile() +
        ggplot2::scale_x_discrete(drop = FALSE, expand = c(0, 0)) +
        ggplot2::scale_y_discrete(labels = .shorten, expand = c(0, 0)) +
        .divergingScale("score", max(abs(cells$score))) +
        ggplot2::labs(x = if (length(codes) > 50L) .count(length(codes),
            "code"), y = if (length(features) > 60L) .count(length(features),
            "feature")) +
        .plotTheme() +
        ggplot2::theme(panel.grid = ggplot2::element_blank(),
            panel.background = ggplot2::element_rect(fill = "grey85"),
            axis.text.x = .namesText(length(codes), 240, angle = 90,
                hjust = 1, vjust = 0.5),
            axis.text.y = .namesText(length(features)),
            axis.ticks = ggplot2::element_blank())
}
