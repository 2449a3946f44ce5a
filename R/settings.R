# Settings: small pieces such as adam() or maskingNoise(), and how the
# arguments of AutoencoderParam() become a list of the core's settings.

# A piece: a named list of settings with a print method. what: the argument
# of AutoencoderParam() it is meant for.
.piece <- function(what, settings) {
    settings <- settings[!vapply(settings, is.null, logical(1L))]
    structure(settings, what = what, class = "aesop_setting")
}

#' Print a setting
#'
#' @param x A setting, for instance from [adam()] or [maskingNoise()].
#' @param ... Not used.
#' @returns `x`, invisibly.
#' @method print aesop_setting
#' @export
#' @examples
#' print(adam(learning_rate = 0.01))
print.aesop_setting <- function(x, ...) {
    cat("<", attr(x, "what"), ": ", .settingText(x), ">\n", sep = "")
    invisible(x)
}

# list(optimizer = "adam", beta1 = 0.9) -> "adam, beta1 = 0.9"
.settingText <- function(x) {
    what <- attr(x, "what")
    x <- unclass(x)
    attr(x, "what") <- NULL
    kind <- x[[what]]
    rest <- x[setdiff(names(x), what)]
    values <- vapply(rest, .valueText, "")
    paste(c(kind, sprintf("%s = %s", names(rest), values)), collapse = ", ")
}

.valueText <- function(x) {
    if (length(x) == 0L) {
        return("none")
    }
    if (is.list(x)) {
        return(sprintf("list of %d", length(x)))
    }
    paste(format(x, digits = 7L, trim = TRUE), collapse = ", ")
}

# A given value of an argument that takes a piece or its short form: the piece
# itself, or makers[[name]]() for a name.
.asPiece <- function(x, what, makers) {
    if (inherits(x, "aesop_setting") && identical(attr(x, "what"), what)) {
        return(.plain(x))
    }
    allowed <- paste0("one of ", paste(.quote(names(makers)), collapse = ", "),
        ", or made by a function for `", what, "`")
    if (!is.character(x)) {
        .abortParam(what, x, allowed)
    }
    x <- .checkString(x, what, allowed)
    if (!x %in% names(makers)) {
        .abortParam(what, x, allowed)
    }
    .plain(makers[[x]]())
}

.plain <- function(piece) {
    attributes(piece) <- list(names = names(piece))
    piece
}

.asEarlyStopping <- function(x) {
    if (inherits(x, "aesop_setting")) {
        return(.asPiece(x, "early_stopping", list()))
    }
    if (is.logical(x)) {
        on <- .checkFlag(x, "early_stopping")
        return(if (on) list() else list(patience = 0L))
    }
    .plain(earlyStopping(.checkNumber(x, "early_stopping", lower = 0,
        integer = TRUE)))
}

# Arguments (a named list without NULLs) -> settings of the core, of the right
# types. Their ranges and whether they agree are checked by validate_config(),
# once they are complete.
.buildSettings <- function(args) {
    defaults <- autoencoder_defaults()
    plain <- args[intersect(names(args), names(defaults))]
    plain <- plain[setdiff(names(plain), c("noise", "loss", "optimizer",
        "schedule"))]
    plain <- Map(.checkSetting, plain, names(plain), defaults[names(plain)])
    settings <- .overlay(.pieceSettings(args), plain)
    if (!is.null(args$ncomponents)) {
        settings$latent <- .latentFromAlias(args)
    }
    if ("decoder_hidden" %in% names(args)) {
        settings$decoder_mirrored <- FALSE
    }
    if (length(settings$layers) > 0L && is.null(settings$hidden)) {
        settings$hidden <- integer(0) # which `layers` stand for
    }
    settings[intersect(names(defaults), names(settings))]
}

# Settings that are complete but for defaults.
.checkSettings <- function(settings) {
    validate_config(settings)
    .checkLayers(settings)
    settings
}

.pieceSettings <- function(args) {
    settings <- list()
    for (what in c("noise", "loss", "optimizer", "schedule")) {
        if (!is.null(args[[what]])) {
            piece <- .asPiece(args[[what]], what, .pieceMakers(what))
            settings <- .overlay(settings, piece)
        }
    }
    if (!is.null(args$early_stopping)) {
        settings <- .overlay(settings, .asEarlyStopping(args$early_stopping))
    }
    settings
}

# base with the elements of new added or replaced by name.
.overlay <- function(base, new) {
    base[names(new)] <- new
    base
}

.pieceMakers <- function(what) {
    switch(what,
        noise = list(none = noNoise, masking = maskingNoise,
            ones = onesNoise, gaussian = gaussianNoise,
            cauchy = cauchyNoise, salt_pepper = saltPepperNoise,
            swap = swapNoise, thinning = thinningNoise),
        loss = .lossMakers(),
        optimizer = list(sgd = sgd, rmsprop = rmsprop, adagrad = adagrad,
            adadelta = adadelta, adam = adam, adamw = adamW),
        schedule = list(constant = constantRate, step = stepDecay,
            exponential = exponentialDecay, cosine = cosineDecay,
            one_cycle = oneCycle, plateau = reduceOnPlateau)
    )
}

# A plain setting must be of its default's type.
.checkSetting <- function(value, name, default) {
    if (name %in% c("hidden", "decoder_hidden", "input_shape")) {
        .checkCounts(value, name)
    } else if (name == "layers") {
        .asLayers(value)
    } else if (name %in% c("assays", "covariates")) {
        value # made by trainAutoencoder(), checked by the core
    } else if (is.logical(default)) {
        .checkFlag(value, name)
    } else if (is.character(default)) {
        .checkString(value, name)
    } else {
        .checkNumber(value, name, integer = is.integer(default),
            lower = if (is.integer(default)) -.Machine$integer.max else -Inf)
    }
}

.latentFromAlias <- function(args) {
    latent <- .checkNumber(args$ncomponents, "ncomponents", lower = 1,
        integer = TRUE)
    # [[ ]] and not $, which would take latent_activation for latent
    other <- args[["latent"]]
    if (!is.null(other) && !(.isNumber(other) && other == latent)) {
        .abort("param", c(
            sprintf("`ncomponents` = %d and `latent` = %s disagree.", latent,
                .describe(other)),
            "Give one of them; they mean the same."
        ), arg = "ncomponents", value = latent, allowed = other)
    }
    latent
}

# Names that AutoencoderParam() takes, by argument or in `...`.
.settingNames <- function() {
    formal <- setdiff(names(formals(AutoencoderParam)), "...")
    union(formal, names(autoencoder_defaults()))
}

# param: NULL or an AutoencoderParam; args: further settings, which win.
# Returns the settings, checked.
.mergeParam <- function(param, args, ncomponents = NULL) {
    base <- if (is.null(param)) list() else .checkParam(param)@settings
    .checkNames(args, .settingNames(), "this function")
    args$ncomponents <- ncomponents
    args <- args[!vapply(args, is.null, logical(1L))]
    if (identical(args[["latent"]], "auto")) {
        args[["latent"]] <- NULL # chosen when the data are there
    }
    .checkSettings(.overlay(base, .buildSettings(args)))
}

# The same as a param, with what it has besides settings.
.mergedParam <- function(param, args, ncomponents = NULL) {
    settings <- .mergeParam(param, args, ncomponents)
    new("AutoencoderParam", settings = settings,
        extra = if (is.null(param)) list() else param@extra)
}
