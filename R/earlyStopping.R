#' Stop when the validation loss no longer improves
#'
#' Training ends after `patience` epochs without a better validation loss, and
#' the weights of the best epoch are kept. Without held-out samples
#' (`validation = 0`) there is no early stopping.
#'
#' @param patience Epochs to wait for an improvement, 0 for no early stopping;
#'     `NULL` for the default, see [autoencoderDefaults()].
#' @param min_delta The smallest decrease of the loss that counts; `NULL` for
#'     the default.
#'
#' @section Errors:
#' `aesop_error_param` for a number out of range.
#'
#' @returns A setting for the argument `early_stopping` of
#' [AutoencoderParam()].
#' @export
#' @examples
#' AutoencoderParam(early_stopping = earlyStopping(patience = 30))
earlyStopping <- function(patience = NULL, min_delta = NULL) {
    if (!is.null(patience)) {
        patience <- .checkNumber(patience, "patience", lower = 0,
            integer = TRUE)
    }
    if (!is.null(min_delta)) {
        min_delta <- .checkNumber(min_delta, "min_delta", lower = 0)
    }
    .piece("early_stopping", list(patience = patience, min_delta = min_delta))
}
