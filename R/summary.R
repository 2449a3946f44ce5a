#' Summary of a fitted model
#'
#' @param object A fitted [AutoencoderModel][AutoencoderModel-class].
#' @param x A summary.
#' @param ... Not used.
#'
#' @section Errors:
#' Those of a damaged model, see [encode()].
#'
#' @returns A list of class `summary.AutoencoderModel` with the elements
#' `network`, `settings` (those that differ from the defaults), `n_parameters`,
#' `n_trainable` (those that training changes: without the running statistics
#' of batch normalisation), `n_samples`, `n_features`, `status`, `epochs`,
#' `best_epoch`, `loss`, `val_loss`, `seconds`, `error_quantiles` and
#' `messages`.
#' @examples
#' x <- matrix(rnorm(20 * 40), nrow = 20,
#'     dimnames = list(paste0("gene", seq_len(20)), NULL))
#' summary(trainAutoencoder(x, latent = 2, epochs = 5, seed = 1))
#' @name summary.AutoencoderModel
#' @method summary AutoencoderModel
#' @export
summary.AutoencoderModel <- function(object, ...) {
    model <- .checkModel(object, "object")
    info <- model@info
    loss <- .keptLoss(model)
    structure(class = "summary.AutoencoderModel", list(
        network = .networkText(model@param@settings, length(model@features)),
        settings = .changedSettings(model@param@settings),
        n_parameters = sum(lengths(model@weights)),
        n_trainable = .trainableParameters(model),
        n_samples = info$n_samples,
        n_features = length(model@features),
        status = .statusText(info),
        epochs = nrow(model@history),
        best_epoch = info$best_epoch,
        loss = loss$loss,
        val_loss = loss$val_loss,
        seconds = sum(model@history$seconds),
        error_quantiles = info$error_quantiles,
        messages = info$messages,
        trained = .trainedText(model)
    ))
}

#' @rdname summary.AutoencoderModel
#' @method print summary.AutoencoderModel
#' @export
print.summary.AutoencoderModel <- function(x, ...) {
    trainable <- if (x$n_trainable < x$n_parameters) {
        sprintf("(%s trainable)", .number(x$n_trainable))
    }
    cat("Autoencoder", x$network, "with",
        .count(x$n_parameters, "parameter"), trainable, "\n")
    cat("Trained", x$trained, "in", format(x$seconds, digits = 3L),
        "seconds; status:", x$status, "\n")
    if (!is.null(x$loss)) {
        cat("With the weights that were kept:",
            .lossText(x$loss, x$val_loss), "\n")
    }
    if (length(x$settings) > 0L) {
        cat("Settings other than the defaults:\n")
        cat(sprintf("  %s = %s\n", names(x$settings),
            vapply(x$settings, .valueText, "")), sep = "")
    }
    if (!is.null(x$error_quantiles)) {
        cat("Reconstruction error of the training samples (quantiles):\n")
        print(signif(x$error_quantiles, 3L))
    }
    if (length(x$messages) > 0L) {
        cat("Notes from training:\n")
        cat(paste0("  ", x$messages, "\n"), sep = "")
    }
    invisible(x)
}

# Parameters other than running statistics.
.trainableParameters <- function(model) {
    shapes <- config_shapes(model@param@settings, length(model@features))
    sum(vapply(shapes, function(s) s[1L] * s[2L] * s[3L], 0))
}
