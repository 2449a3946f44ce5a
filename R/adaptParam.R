# Settings that were not given are fitted to the size of the data. Given ones
# are only checked against it.

# The settings that .adaptParam() may choose.
.adaptable <- function() {
    c("hidden", "latent", "epochs", "batch_size", "validation", "normalize",
        "scale")
}

# settings: the given ones. Returns list(settings, notes): the complete
# settings, and one line for each choice that differs from the default.
.adaptParam <- function(settings, n_features, n_samples) {
    proposals <- .proposals(settings, n_features, n_samples)
    chosen <- lapply(proposals, function(proposal) proposal$value)
    notes <- vapply(names(proposals), function(name) {
        sprintf("%s = %s (%s)", name, .valueText(chosen[[name]]),
            proposals[[name]]$why)
    }, "", USE.NAMES = FALSE)
    config <- validate_config(.overlay(settings, chosen))
    .checkAgainstData(config, n_features, n_samples)
    list(settings = config, notes = notes)
}

# What suits the data, only where the core's default does not.
.proposals <- function(settings, n_features, n_samples) {
    config <- validate_config(settings)
    plain <- length(config$assays) == 0L && length(config$layers) == 0L
    out <- if (length(config$assays) == 0L) {
        .lossProposals(settings, config)
    } else {
        list()
    }
    if (n_samples < 20L && is.null(settings[["validation"]])) {
        config$validation <- 0
        out$validation <- list(value = 0,
            why = sprintf("only %s", .count(n_samples, "sample")))
    }
    n_train <- n_samples - .validationSize(config$validation, n_samples)
    largest <- max(1L, min(n_features, n_train) - 1L)
    latent <- if (is.null(settings[["latent"]])) {
        min(config$latent, largest)
    } else {
        config$latent
    }
    if (latent != config$latent) {
        out$latent <- list(value = latent, why = sprintf(
            "%s, %s to train on", .count(n_features, "feature"),
            .count(n_train, "sample")))
    }
    width <- max(latent, min(config$hidden, n_features))
    if (plain && is.null(settings[["hidden"]]) &&
        !identical(width, config$hidden)) {
        out$hidden <- list(value = width,
            why = .count(n_features, "feature"))
    }
    c(out, .stepProposals(settings, config, n_train))
}

# Preparation that a loss needs.
.lossProposals <- function(settings, config) {
    out <- list()
    if (.isCountLoss(config) && is.null(settings[["normalize"]])) {
        out$normalize <- list(value = "log",
            why = "what the encoder sees of the counts")
    }
    if (config$loss == "bce" && is.null(settings[["scale"]])) {
        out$scale <- list(value = "minmax",
            why = "loss \"bce\" is for values from 0 to 1")
    }
    out
}

.isCountLoss <- function(config) {
    config$loss %in% c("poisson", "nb", "zinb")
}

# Batches of about a sixteenth of the samples, from 16 to 256, and as many
# epochs as give about 3000 steps, from 30 to 300: small data need more passes,
# large data fewer.
.stepProposals <- function(settings, config, n_train) {
    out <- list()
    why <- sprintf("%s to train on", .count(n_train, "sample"))
    power <- 2^floor(log2(max(n_train, 1) / 16))
    batch <- as.integer(min(n_train, max(16, min(256, power))))
    if (is.null(settings[["batch_size"]]) && batch != config$batch_size) {
        config$batch_size <- batch
        out$batch_size <- list(value = batch, why = why)
    }
    steps <- ceiling(n_train / config$batch_size)
    epochs <- as.integer(max(30, min(300, round(3000 / steps))))
    if (is.null(settings[["epochs"]]) && epochs != config$epochs) {
        out$epochs <- list(value = epochs, why = why)
    }
    out
}

# Number of samples held out, as the core (and Keras) counts: the others are
# floor(n (1 - validation)).
.validationSize <- function(validation, n_samples) {
    n_training <- floor(n_samples * (1 - validation) + 1e-9)
    as.integer(n_samples - max(1, n_training))
}

.checkAgainstData <- function(config, n_features, n_samples) {
    if (config$latent > n_features) {
        .abort("param", c(
            sprintf("`latent` = %d is larger than the number of features, %d.",
                config$latent, n_features),
            sprintf("Use latent = %d or less.", n_features)
        ), arg = "latent", value = config$latent,
        allowed = c(1L, n_features))
    }
    if (config$loss == "bce" && config$scale %in% c("center", "standard")) {
        .abort("param", c(
            sprintf(paste("`scale` = %s gives values below 0, and the loss",
                "\"bce\" is for values from 0 to 1."), .quote(config$scale)),
            "Use scale = \"minmax\", or \"none\" if `x` is from 0 to 1."
        ), arg = "scale", value = config$scale, allowed = c("minmax", "none"))
    }
    held_out <- .validationSize(config$validation, n_samples)
    n_train <- n_samples - held_out
    if (config$batch_size > n_train) {
        .abort("param", c(
            sprintf(paste("`batch_size` = %d is larger than the number of",
                "samples to train on, %d (of %d, %d are held out)."),
                config$batch_size, n_train, n_samples, held_out),
            sprintf("Use batch_size = %d or less.", n_train)
        ), arg = "batch_size", value = config$batch_size,
        allowed = c(1L, n_train))
    }
    invisible(TRUE)
}

# One message with all choices.
.informChoices <- function(notes) {
    if (length(notes) > 0L) {
        .inform(c("Settings chosen for these data:", paste0("  ", notes),
            "Give them to AutoencoderParam() to choose for yourself."))
    }
}

# From this value on data are hardly logarithms.
.largeValue <- 1000

# fit: of .preparedFit(). What is remarkable about the values, in words.
.valueNotes <- function(fit) {
    source <- fit$input$source
    if (!source$kind %in% c("dense", "sparse")) {
        return(character())
    }
    c(.emptyNote(source), .scaleNote(source, fit$settings, fit$extra))
}

.emptyNote <- function(source) {
    x <- source$x
    empty <- which(Matrix::colSums(x) == 0)
    empty <- empty[Matrix::colSums(abs(x[, empty, drop = FALSE])) == 0]
    if (length(empty) > 0L && length(empty) < ncol(x)) {
        names <- source$sample_names
        sprintf("0 everywhere: %s (%s). Such samples should be left out.",
            .count(length(empty), "sample"), .showNames(
                if (length(names) > 0L) names[empty] else empty))
    }
}

# Nothing where the user has said how to prepare the data.
.scaleNote <- function(source, settings, extra) {
    config <- validate_config(settings)
    said <- any(c("normalize", "scale") %in% names(settings))
    if (said || .isCountLoss(config) || length(config$layers) > 0L ||
        source$n_features < .alikeFeatures) {
        return(NULL)
    }
    x <- source$x[, .fixedSubset(source$n_samples, 200), drop = FALSE]
    linear <- !is.null(extra$linear)
    counts <- .looksLikeCounts(x)
    if (counts && !linear) {
        paste("`x` looks like counts, and is used as it is. For counts give",
            "normalize = \"log\", or a loss for them, as countParam() does.")
    } else if (!counts && min(x) >= 0 && max(x) >= .largeValue) {
        sprintf(paste("`x` has values up to %s, which are used as they are. If",
            "these are no logarithms, give normalize = \"log\"."),
            format(max(x), digits = 3L, big.mark = ","))
    }
}
