# Checks of arguments. Each returns its value in the right type, or raises
# aesop_error_param with the argument's name, the value and what is allowed.

.abortParam <- function(arg, value, allowed, hint = NULL) {
    .abort("param",
        c(sprintf("`%s` must be %s, not %s.", arg, allowed, .describe(value)),
            hint),
        arg = arg, value = value, allowed = allowed)
}

.isNumber <- function(x) {
    is.numeric(x) && !is.object(x) && length(x) == 1L && !is.na(x)
}

# The allowed range in words.
.rangeText <- function(lower, upper, integer, open) {
    noun <- if (integer) "a whole number" else "a number"
    above <- if (open) "greater than" else "of at least"
    if (is.finite(lower) && is.finite(upper) && !open) {
        return(sprintf("%s from %s to %s", noun, format(lower),
            format(upper, scientific = FALSE)))
    }
    parts <- c(
        if (is.finite(lower)) paste(above, format(lower)),
        if (is.finite(upper)) paste("at most", format(upper))
    )
    if (length(parts) == 0L) {
        return(paste(noun, "that is finite"))
    }
    paste(noun, paste(parts, collapse = " and "))
}

# One finite number. open: the lower bound itself is not allowed.
.checkNumber <- function(x, arg, lower = -Inf, upper = Inf, integer = FALSE,
    open = FALSE) {
    if (integer) {
        upper <- min(upper, .Machine$integer.max)
    }
    good <- .isNumber(x) && is.finite(x) && x >= lower && x <= upper &&
        !(open && x <= lower) && !(integer && x != round(x))
    if (!good) {
        .abortParam(arg, x, .rangeText(lower, upper, integer, open))
    }
    if (integer) as.integer(x) else as.numeric(x)
}

# A vector of whole numbers, possibly empty.
.checkCounts <- function(x, arg, lower = 1L) {
    allowed <- sprintf(
        "a vector of whole numbers of at least %d, or integer(0)", lower)
    good <- is.numeric(x) && !is.object(x) && !anyNA(x) &&
        all(is.finite(x)) && all(x == round(x)) && all(x >= lower) &&
        all(x <= .Machine$integer.max)
    if (!good) {
        .abortParam(arg, x, allowed)
    }
    as.integer(x)
}

.checkFlag <- function(x, arg) {
    if (!is.logical(x) || is.object(x) || length(x) != 1L || is.na(x)) {
        .abortParam(arg, x, "TRUE or FALSE")
    }
    isTRUE(x)
}

.checkString <- function(x, arg, allowed = "a single string") {
    good <- is.character(x) && !is.object(x) && length(x) == 1L &&
        !is.na(x) && nzchar(x)
    if (!good) {
        .abortParam(arg, x, allowed)
    }
    as.character(x)
}

# One of the choices, written in full. The vector of all choices, as it stands
# in a function's formals, means the first.
.checkChoice <- function(x, arg, choices) {
    if (identical(x, choices)) {
        return(choices[1L])
    }
    allowed <- paste(encodeString(choices, quote = "\""), collapse = ", ")
    if (length(choices) > 1L) {
        allowed <- paste("one of", allowed)
    }
    x <- .checkString(x, arg, allowed)
    if (!x %in% choices) {
        .abortParam(arg, x, allowed)
    }
    x
}

# Names of other programs for arguments here.
.otherNames <- c(lr = "learning_rate", assay = "assay.type",
    normalization = "normalize", threads = "num_threads",
    nthreads = "num_threads", n_threads = "num_threads",
    bottleneck = "latent", encoding_dim = "latent", n_latent = "latent",
    bottleneck_size = "latent", color_by = "colour_by")

.nearNames <- function(name, known) {
    other <- intersect(.otherNames[tolower(name)],
        c(known, names(.callDefaults()), .whereArguments()))
    if (length(other) > 0L) {
        return(other)
    }
    agrep(name, known, max.distance = 0.3, value = TRUE)
}

# Names given in `...` must be known ones; the nearest is suggested.
.checkNames <- function(args, known, where) {
    given <- names(args)
    if (length(args) > 0L && (is.null(given) || !all(nzchar(given)))) {
        .abort("param", c(
            sprintf("`...` of %s takes named arguments only.", where),
            "Write name = value."
        ), arg = "...", value = NULL, allowed = known)
    }
    unknown <- setdiff(given, known)
    if (length(unknown) > 0L) {
        near <- .nearNames(unknown[1L], known)
        hint <- if (length(near) > 0L) {
            sprintf("Did you mean %s?", .showNames(near, 3L))
        }
        .abort("param", c(
            sprintf("`%s` is not an argument or setting of %s.",
                unknown[1L], where), hint
        ), arg = unknown[1L], value = args[[unknown[1L]]], allowed = known)
    }
    twice <- given[duplicated(given)]
    if (length(twice) > 0L) {
        .abort("param", sprintf("`%s` is given twice.", twice[1L]),
            arg = twice[1L], value = args[[twice[1L]]], allowed = known)
    }
    invisible(args)
}
