#' Plot the course of training
#'
#' Draws the training and the validation loss of each epoch. A dotted line
#' marks the epoch whose weights were kept. A model without epochs, such as of
#' [linearParam()], gives an empty picture that says so.
#'
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class], or a
#'     SingleCellExperiment from [runAutoencoder()].
#' @param log `TRUE` for a logarithmic axis of the loss.
#' @param name For a SingleCellExperiment: where the model is in its metadata.
#'
#' @section Errors:
#' `aesop_error_package` if ggplot2 is not installed; those of a damaged model,
#' see [encode()]; `aesop_error_param` for the other arguments.
#'
#' @returns A ggplot object.
#' @export
#' @examples
#' if (requireNamespace("ggplot2", quietly = TRUE)) {
#'     x <- matrix(rnorm(20 * 40), nrow = 20,
#'         dimnames = list(paste0("gene", seq_len(20)), NULL))
#'     plotHistory(trainAutoencoder(x, latent = 2, epochs = 10, seed = 1))
#' }
plotHistory <- function(model, log = FALSE, name = "AE") {
    .needPackage("ggplot2", "plotHistory()")
    log <- .checkFlag(log, "log")
    name <- .checkString(name, "name")
    model <- .storedModel(model, name)
    history <- model@history
    kinds <- c(loss = "training", val_loss = "validation")
    long <- do.call(rbind, lapply(names(kinds), function(column) {
        data.frame(epoch = history$epoch, loss = history[[column]],
            samples = rep(kinds[[column]], nrow(history)))
    }))
    long <- long[is.finite(long$loss), ]
    plot <- ggplot2::ggplot(long, ggplot2::aes(x = .data$epoch,
        y = .data$loss, colour = .data$samples)) +
        ggplot2::geom_line(ggplot2::aes(linetype = .data$samples)) +
        ggplot2::geom_point(size = 0.8) +
        .colourScale(long$samples, NULL) +
        ggplot2::labs(x = "epoch", y = "loss", linetype = NULL) +
        .plotTheme() +
        ggplot2::theme(legend.position = "top")
    if (nrow(history) == 0L) {
        plot <- plot + ggplot2::labs(subtitle = "no epochs: nothing to train")
    }
    best <- model@info$best_epoch
    if (.isNumber(best) && best > 0) {
        plot <- plot + ggplot2::geom_vline(xintercept = best,
            linetype = "dotted", colour = "grey30") +
            ggplot2::labs(subtitle = sprintf(
                "dotted: epoch %d, whose weights were kept",
                as.integer(best)))
    }
    if (log) plot + ggplot2::scale_y_log10() else plot
}

# A model, or the one that runAutoencoder() stored.
.storedModel <- function(x, name, arg = "model") {
    if (is(x, "SummarizedExperiment")) {
        stored <- S4Vectors::metadata(x)[[name]]
        if (!is.list(stored) || is.null(stored[["model"]])) {
            .abort("not_fitted", c(
                sprintf("`%s` holds no model in metadata(%s)$%s.", arg, arg,
                    name),
                sprintf("Run: %s <- runAutoencoder(%s)", arg, arg)
            ), object = class(x)[1L])
        }
        x <- stored[["model"]]
    }
    .checkModel(x, arg)
}
