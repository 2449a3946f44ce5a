# The progress bar of a fit. The core calls tick() on R's main thread after each
# epoch with list(epoch, loss, val_loss, learning_rate, seconds). Ctrl-C waits
# until tick() has returned: the core itself ends the training.

.progressBar <- function(epochs, verbose) {
    if (!verbose || epochs < 1L) {
        return(list(tick = NULL, done = function() invisible(NULL)))
    }
    text <- "starting"
    frame <- environment()
    bar <- cli::cli_progress_bar(
        format = paste("{cli::pb_bar} epoch {cli::pb_current}/{cli::pb_total}",
            "| {cli::pb_eta_str} | {cli::pb_extra$text}"),
        total = epochs, extra = list(text = text), clear = TRUE,
        .auto_close = FALSE, .envir = frame)
    list(
        tick = function(record) {
            text <- .lossText(record$loss, record$val_loss, "val", 3L)
            suspendInterrupts(cli::cli_progress_update(set = record$epoch,
                extra = list(text = text), id = bar, .envir = frame))
        },
        done = function() {
            invisible(cli::cli_progress_done(id = bar, .envir = frame))
        }
    )
}

.lossText <- function(loss, val_loss, label = "validation", digits = 4L) {
    text <- sprintf("loss %s", format(loss, digits = digits))
    if (is.na(val_loss)) {
        return(text)
    }
    sprintf("%s, %s %s", text, label, format(val_loss, digits = digits))
}
