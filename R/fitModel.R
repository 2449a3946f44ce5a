# One fit: settings, core, model.

# Adapts the settings to the data and fits. Returns list(model, source,
# control); the last two to run the model on the training samples.
.fitModel <- function(input, settings, options, start = list()) {
    adapted <- .adaptTo(input, settings)
    .fitCore(input, adapted$settings, adapted$notes, options, start)
}

.adaptTo <- function(input, settings) {
    settings$assays <- input$assays
    settings$covariates <- input$design$columns
    .adaptParam(settings, input$source$n_features, input$source$n_samples)
}

# config: complete settings. start: of a fit that goes on, list(weights,
# transform, freeze, history).
.fitCore <- function(input, config, notes, options, start = list()) {
    source <- input$source
    if (!options$quiet) {
        .informNotes(c(input$notes, .copyNote(source, config)))
        .informChoices(notes)
    }
    .warnWithoutValidation(config, source$n_samples)
    seed <- .fitSeed(options)
    control <- list(num_threads = options$num_threads,
        device = options$device)
    finish <- function(fit) {
        model <- .makeModel(fit, config, input, seed, c(input$notes, notes))
        .joinHistory(model, start$history)
    }
    fit <- .runTraining(source, config, seed, control, options, start, finish)
    model <- finish(fit)
    if (!options$quiet) {
        .informNotes(fit$messages)
    }
    .warnCheckpoint(fit$checkpoint_error, options$checkpoint)
    model <- .withErrors(model, source, control, options)
    list(model = model, source = source, control = control)
}

# The end of a fit: the model with the errors of the training samples, unless
# there was a Ctrl-C.
.withErrors <- function(model, source, control, options) {
    interrupted <- identical(model@info$status, "interrupted")
    if (!interrupted) {
        errors <- .withTrained(.errorQuantiles(model, source, control), model)
        model@info$error_quantiles <- errors
        interrupted <- is.null(errors)
    }
    if (interrupted) {
        .signalInterrupt(model, options$on_interrupt)
    }
    model
}

# A fit that is a part of another one: silent, without a checkpoint, and after
# Ctrl-C it returns.
.fitPart <- function(input, config, options, start = list()) {
    input$notes <- character()
    options <- .overlay(options, list(quiet = TRUE, on_interrupt = "return",
        checkpoint = NULL))
    mute <- function(w) invokeRestart("muffleWarning")
    withCallingHandlers(.fitCore(input, config, character(), options, start),
        aesop_warning_interrupted = mute, aesop_warning_validation = mute)
}

# The epochs of an earlier fit before those of this one.
.joinHistory <- function(model, earlier) {
    if (is.null(earlier) || nrow(earlier) == 0L) {
        return(model)
    }
    done <- max(earlier$epoch)
    history <- model@history
    history$epoch <- history$epoch + done
    model@history <- rbind(earlier, history)
    model@info$best_epoch <- model@info$best_epoch + done
    model
}

.informNotes <- function(notes) {
    if (length(notes) > 0L) {
        .inform(notes)
    }
}

.runTraining <- function(source, config, seed, control, options, start,
    finish) {
    bar <- .progressBar(config$epochs, options$verbose)
    on.exit(bar$done())
    control <- c(control, list(seed = .seedWords(seed),
        progress = bar$tick, checkpoint = options$checkpoint,
        precision = options$precision),
        start[intersect(names(start), c("weights", "transform", "freeze"))])
    .withModel(.onDevice(train_autoencoder(source, config, control)), finish)
}

# A failure of the numbers or of the device carries the last good state;
# handlers get it as a model.
.withModel <- function(expr, finish) {
    with_model <- function(e) {
        if (!is.null(e$result)) {
            e$model <- finish(e$result)
            e$result <- NULL
        }
        stop(e)
    }
    tryCatch(expr, aesop_error_numeric = with_model,
        aesop_error_device = with_model)
}

# A device that fails after the training does not cost the model.
.withTrained <- function(expr, model) {
    tryCatch(expr, aesop_error_device = function(e) {
        e$model <- model
        stop(e)
    })
}

.makeModel <- function(fit, config, input, seed, notes) {
    source <- input$source
    history <- as.data.frame(fit$history)
    info <- list(
        status = fit$status,
        n_samples = as.numeric(source$n_samples),
        n_features = as.numeric(source$n_features),
        best_epoch = fit$best_epoch,
        n_parameters = fit$n_parameters,
        learning_rate_final = fit$learning_rate_final,
        messages = as.character(c(notes, fit$messages)),
        seed = seed,
        validation = fit$validation,
        origin = input$origin,
        features_made = input$made,
        design = input$design,
        package_version = as.character(utils::packageVersion("aesop"))
    )
    info <- info[!vapply(info, is.null, NA)]
    new("AutoencoderModel",
        param = new("AutoencoderParam", settings = config),
        weights = fit$weights, transform = fit$transform,
        features = source$feature_names, history = history, info = info)
}

# Where the training samples lie, to judge new ones by; NULL after Ctrl-C, which
# must not cost the model.
.errorQuantiles <- function(model, source, control) {
    error <- tryCatch(.applySource(model, source, "error", control),
        interrupt = function(e) NULL)
    if (is.null(error)) {
        return(NULL)
    }
    stats::quantile(error$sample, c(0, 0.25, 0.5, 0.75, 0.95, 0.99, 1),
        names = TRUE)
}

.warnWithoutValidation <- function(config, n_samples) {
    held_out <- .validationSize(config$validation, n_samples)
    if (config$validation > 0 && held_out == 0L) {
        .warn("validation", c(
            sprintf(paste("`validation` = %s of %d samples is none: there is",
                "no validation loss and no early stopping."),
                format(config$validation), n_samples),
            "Give a larger share, or 0 to silence this warning."
        ), validation = config$validation, n_samples = n_samples)
    }
}

# What happens after Ctrl-C.
.signalInterrupt <- function(model, on_interrupt) {
    text <- sprintf("Interrupted after %s; the model is usable.",
        .count(nrow(model@history), "epoch"))
    if (on_interrupt == "stop") {
        stop(.condition(c("aesop_interrupt", "interrupt"), text,
            list(model = model)))
    }
    .warn("interrupted", text, model = model)
}
