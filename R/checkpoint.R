# The file from which a fit goes on.

.checkCheckpoint <- function(path) {
    if (!is.null(path)) {
        .expandPath(.checkString(path, "checkpoint", "NULL or a file"))
    }
}

# extra: of the param. Other fits than that of one network train nothing, or
# several times.
.checkCheckpointUse <- function(path, extra) {
    other <- c(linear = "the optimum of a linear network is not trained",
        robust = "robustParam() trains several times",
        stacked = "stackedParam() trains several times")
    other <- other[names(other) %in% names(extra)]
    if (!is.null(path) && length(other) > 0L) {
        .abort("param", c(
            sprintf("`checkpoint` is of no use here: %s.", other[1L]),
            "Leave it out, or give the settings of a network to train."
        ), arg = "checkpoint", value = path, allowed = "NULL")
    }
}

# The seed of a fit: that of the checkpoint if the user gave none.
.fitSeed <- function(options) {
    state <- if (!is.null(options$checkpoint)) {
        checkpoint_state(options$checkpoint)
    }
    if (!is.null(state) && !options$quiet) {
        file <- .quote(options$checkpoint, 200L)
        .inform(if (state$finished) {
            sprintf("The checkpoint %s is of a finished fit.", file)
        } else {
            sprintf("The checkpoint %s is of epoch %.0f, to go on from.", file,
                state$epoch)
        })
    }
    if (is.null(options$seed) && !is.null(state)) {
        state$seed
    } else {
        .resolveSeed(options$seed)
    }
}

# A file that could not be written any more did not stop the fit.
.warnCheckpoint <- function(why, path) {
    if (!is.null(why)) {
        .warn("checkpoint_failed", c(
            paste("The checkpoint could not be written:", why),
            "The model is complete; the file holds an earlier state, or none."
        ), path = path)
    }
}
