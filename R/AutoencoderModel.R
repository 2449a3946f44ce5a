# Checks on a model before it is used, and how it is shown.

# The argument `model` of a call: a fitted model in good order.
.checkModel <- function(model, arg = "model") {
    if (is(model, "AutoencoderParam")) {
        .abort("not_fitted", c(
            sprintf("`%s` is an AutoencoderParam, settings without weights.",
                arg),
            "Fit it first: trainAutoencoder(x, param)"
        ), object = class(model)[1L])
    }
    if (!is(model, "AutoencoderModel")) {
        .abort("input_type", c(
            sprintf("`%s` must be an AutoencoderModel, not %s.", arg,
                .describe(model)),
            paste("Make one with trainAutoencoder() or loadModel(); it comes",
                "before the data.")
        ), arg = arg, got = class(model), accepted = "AutoencoderModel")
    }
    .checkIntact(model)
}

.abortSchema <- function(problem, path = NA_character_) {
    problem <- sub("[.]$", "", problem)
    .abort("format_schema", c(
        sprintf("The model is damaged: %s.", problem),
        "Load it again, or train it again."
    ), path = path, offset = NA_real_, reason = problem)
}

# The parts of a model must agree with each other: it may have been changed by
# hand or come from a damaged file.
.checkIntact <- function(model) {
    for (slot in slotNames("AutoencoderModel")) {
        kind <- getSlots("AutoencoderModel")[[slot]]
        if (!.hasSlot(model, slot) || !is(slot(model, slot), kind)) {
            .abortSchema(sprintf("slot `%s` is missing or not a %s", slot,
                kind))
        }
    }
    config <- tryCatch(validate_config(model@param@settings),
        error = function(e) .abortSchema(conditionMessage(e)))
    features <- model@features
    if (length(features) == 0L || anyNA(features) ||
        anyDuplicated(features)) {
        .abortSchema("its feature names are not unique")
    }
    if (!all(.historyColumns() %in% names(model@history))) {
        .abortSchema("its history lacks columns")
    }
    .checkInfo(model@info)
    .checkWeights(model@weights, config, length(features))
    .checkTransform(model@transform, config, length(features))
    model
}

.historyColumns <- function() {
    c("epoch", "loss", "val_loss", "learning_rate", "seconds")
}

# What is there must be of its type; anything may be missing.
.checkInfo <- function(info) {
    kinds <- c(status = "character", messages = "character",
        best_epoch = "numeric", n_samples = "numeric", seed = "numeric",
        error_quantiles = "numeric", features_made = "logical",
        origin = "list", design = "list", robust = "list", aberrant = "list",
        novelty = "list", linear = "logical", neighbours = "numeric",
        package_version = "character")
    for (name in intersect(names(kinds), names(info))) {
        value <- info[[name]]
        good <- is.null(value) ||
            (!is.object(value) && is(value, kinds[[name]]))
        if (!good) {
            .abortSchema(sprintf("`%s` of its info is not %s", name,
                kinds[[name]]))
        }
    }
    invisible(info)
}

# Names and shapes; the core checks the values each time it takes them.
.checkWeights <- function(weights, config, n_features) {
    shapes <- config_shapes(config, n_features)
    if (!identical(sort(names(weights)), sort(names(shapes)))) {
        odd <- c(setdiff(names(shapes), names(weights)),
            setdiff(names(weights), names(shapes)))
        .abortSchema(sprintf("weights are missing or unknown: %s",
            .showNames(odd)))
    }
    for (name in names(shapes)) {
        value <- weights[[name]]
        shape <- shapes[[name]][1:2]
        wanted <- if (endsWith(name, ".weight")) shape else prod(shape)
        got <- if (is.matrix(value)) dim(value) else length(value)
        if (!is.double(value)) {
            .abortSchema(sprintf("weight `%s` is not numeric", name))
        }
        if (length(got) != length(wanted) || !all(got == wanted)) {
            .abortSchema(sprintf("weight `%s` is %s instead of %s", name,
                paste(got, collapse = " x "),
                paste(wanted, collapse = " x ")))
        }
    }
    invisible(weights)
}

.checkTransform <- function(transform, config, n_features) {
    assays <- .assaysOf(config)
    scales <- vapply(assays, function(a) a$scale, "")
    needed <- list(
        center = any(scales != "none"),
        scale = any(scales %in% c("standard", "minmax"))
    )
    for (name in names(needed)) {
        value <- transform[[name]]
        good <- if (needed[[name]]) {
            is.double(value) && length(value) == n_features &&
                all(is.finite(value))
        } else {
            is.null(value)
        }
        if (!good) {
            .abortSchema(sprintf(
                "`%s` of its transform does not fit scale = %s", name,
                paste(.quote(scales), collapse = ", ")))
        }
    }
    counts <- vapply(assays, function(a) {
        a$normalize == "log" || .isCountLoss(a)
    }, NA)
    target <- transform$size_factor_target
    good <- !any(counts) || (is.double(target) &&
        length(target) == length(assays) &&
        all(is.finite(target[counts]) & target[counts] > 0))
    if (!good) {
        .abortSchema("`size_factor_target` of its transform is not positive")
    }
    invisible(transform)
}

# The settings of each assay: those of `assays`, or the model's own.
.assaysOf <- function(config) {
    if (length(config$assays) > 0L) config$assays else list(config)
}

# A model as the core takes it.
.coreModel <- function(model) {
    list(config = model@param@settings, weights = model@weights,
        transform = model@transform, n_features = length(model@features))
}

.statusText <- function(info) {
    text <- if (is.null(info$status)) "unknown" else info$status
    gsub("_", " ", .quoteless(text))
}

# Text from a model file, safe to print.
.quoteless <- function(x) {
    encodeString(substr(as.character(x)[1L], 1L, 60L))
}

#' @describeIn AutoencoderModel-class A short text about the model.
#' @param object An AutoencoderModel.
#' @export
setMethod("show", "AutoencoderModel", function(object) {
    problem <- tryCatch({
        .checkIntact(object)
        NULL
    }, aesop_error = conditionMessage)
    cat("AutoencoderModel\n")
    if (!is.null(problem)) {
        cat(" ", gsub("\n", "\n  ", problem, fixed = TRUE), "\n")
        return(invisible(object))
    }
    lines <- c(
        network = .networkText(object@param@settings,
            length(object@features)),
        features = .showNames(object@features, 3L),
        trained = .trainedText(object),
        result = .finalLoss(object),
        status = .statusText(object@info)
    )
    cat(sprintf("  %-9s%s\n", names(lines), lines), sep = "")
})

.trainedText <- function(model) {
    info <- model@info
    text <- .count(nrow(model@history), "epoch")
    if (!is.null(info$n_samples)) {
        text <- sprintf("on %s, %s", .count(info$n_samples, "sample"), text)
    }
    best <- info$best_epoch
    if (!is.null(best) && length(best) == 1L && !is.na(best) && best > 0) {
        text <- sprintf("%s, best epoch %d", text, as.integer(best))
    }
    text
}

# list(loss, val_loss) of the epoch whose weights were kept, NULL for an
# untrained network.
.keptLoss <- function(model) {
    row <- match(model@info$best_epoch, model@history$epoch)
    if (length(row) != 1L || is.na(row)) {
        return(NULL)
    }
    list(loss = model@history$loss[row],
        val_loss = model@history$val_loss[row])
}

.finalLoss <- function(model) {
    if (isTRUE(model@info$linear)) {
        return("linear, at its optimum")
    }
    loss <- .keptLoss(model)
    if (is.null(loss)) "not trained" else .lossText(loss$loss, loss$val_loss)
}
