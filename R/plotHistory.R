#' Plot the course of training
#'
#' Draws the training and the validation loss of each epoch. A dashed line
#' marks the epoch whose weights were kept.
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
        ggplot2::geom_line() +
        ggplot2::geom_point(size = 0.8) +
        .colourScale(long$samples, NULL) +
        ggplot2::labs(x = "epoch", y = "loss") +
        .plotTheme()
    best <- model@info$best_epoch
    if (.isNumber(best) && best > 0) {
        plot <- plot + ggplot2::geom_vline(xintercept = best,
            linetype = "dashed", colour = "grey50")
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

.plotTheme <- function() {
    ggplot2::theme_bw(base_size = 11) +
        ggplot2::theme(panel.grid.minor = ggplot2::element_blank())
}

# Colours that colour-blind readers can tell apart: Okabe and Ito's for up to
# eight groups, viridis beyond and for numbers.
.colourScale <- function(values, title, aesthetics = "colour") {
    if (is.numeric(values)) {
        return(ggplot2::scale_colour_viridis_c(name = title,
            aesthetics = aesthetics))
    }
    n <- length(unique(values[!is.na(values)]))
    if (n > 8L) {
        return(ggplot2::scale_colour_viridis_d(name = title,
            aesthetics = aesthetics, na.value = "grey70"))
    }
    okabe_ito <- c("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00",
        "#56B4E9", "#F0E442", "#000000")
    ggplot2::scale_colour_manual(name = title, aesthetics = aesthetics,
        values = okabe_ito, na.value = "grey70")
}
