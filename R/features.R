# Feature names: chosen at training, matched in new data.

# Numbers of the rows chosen by name, number or logical; NULL for all rows in
# their order.
.rowNumbers <- function(rows, n, names) {
    if (is.null(rows)) {
        return(NULL)
    }
    allowed <- sprintf(
        "feature names, numbers from 1 to %d, or %d logicals", n, n)
    if (is.object(rows) || !is.atomic(rows) || length(rows) == 0L ||
        anyNA(rows)) {
        .abortParam("subset_row", rows, allowed)
    }
    found <- .findRows(rows, n, names, allowed)
    if (anyDuplicated(found)) {
        .abort("param", "`subset_row` chooses a feature twice.",
            arg = "subset_row", value = rows, allowed = allowed)
    }
    if (identical(found, seq_len(n))) NULL else found
}

.findRows <- function(rows, n, names, allowed) {
    if (is.character(rows)) {
        found <- match(rows, names)
        if (anyNA(found)) {
            absent <- rows[is.na(found)]
            .abort("param", sprintf(
                "`subset_row`: %s not among the features: %s.",
                .count(length(absent), "name"), .showNames(absent)),
                arg = "subset_row", value = absent, allowed = allowed)
        }
    } else if (is.logical(rows)) {
        found <- which(rows)
        if (length(rows) != n || length(found) == 0L) {
            .abortParam("subset_row", rows, paste(allowed, "(some TRUE)"))
        }
    } else {
        found <- rows
        if (!is.numeric(found) || any(found != round(found)) ||
            any(found < 1 | found > n)) {
            .abortParam("subset_row", rows, allowed)
        }
        found <- as.integer(found)
    }
    found
}

# Names to train with: list(names, made).
.trainingFeatures <- function(m, arg = "x") {
    names <- rownames(m)
    if (is.null(names)) {
        return(list(names = paste0("feature", seq_len(nrow(m))), made = TRUE))
    }
    n_missing <- sum(is.na(names) | !nzchar(names))
    twice <- unique(names[duplicated(names)])
    if (n_missing > 0L || length(twice) > 0L) {
        problem <- if (n_missing > 0L) {
            sprintf("%s empty or NA", .count(n_missing, "name"))
        } else {
            sprintf("more than once there: %s (%s in all)",
                .showNames(twice), .count(length(twice), "name"))
        }
        .abort("features", c(
            sprintf("`%s` needs a unique name for each feature; %s.", arg,
                problem),
            sprintf("Mend it: rownames(%s) <- make.unique(rownames(%s))", arg,
                arg)
        ), missing = NULL, n_missing = n_missing, duplicated = twice)
    }
    list(names = names, made = FALSE)
}

# Rows of new data in the order of the features `wanted`; untouched if they
# agree already. made: those names were made. Returns list(x, weight, overlap,
# note): weight is 0 for features that x lacks (NULL if it has all), which are
# allowed down to a share of min_overlap.
.alignFeatures <- function(m, wanted, made, match, min_overlap = 1,
    arg = "x") {
    names <- rownames(m)
    if (!is.null(names) && identical(names, wanted)) {
        return(list(x = m, overlap = 1))
    }
    if (match == "position" || (is.null(names) && made)) {
        return(list(x = .alignByPosition(m, wanted, arg), overlap = 1))
    }
    if (is.null(names)) {
        .abort("features", c(
            sprintf("`%s` has no feature names (rownames).", arg),
            paste("Set them, or use match = \"position\" if its rows are the",
                "model's features in the same order.")
        ), missing = wanted, n_missing = length(wanted),
        duplicated = character())
    }
    rows <- .matchFeatures(names, wanted, m, min_overlap, arg)
    found <- !is.na(rows)
    n_extra <- length(names) - sum(found)
    if (n_extra > 0L) {
        .inform(sprintf("Dropped %s of `%s` that the model does not use.",
            .count(n_extra, "feature"), arg), n_extra = n_extra)
    }
    if (all(found)) {
        return(list(x = m[rows, , drop = FALSE], overlap = 1))
    }
    list(x = .withMissingRows(m, rows), weight = as.numeric(found),
        overlap = mean(found),
        note = sprintf(paste("`%s` has %d of the model's %s (%.0f %%); the",
            "others are left out of input and loss."), arg, sum(found),
            .count(length(wanted), "feature"), floor(100 * mean(found))))
}

# Rows that are not there hold a value that nobody looks at.
.withMissingRows <- function(m, rows) {
    if (is(m, "DelayedMatrix")) {
        filler <- DelayedArray::DelayedArray(
            Matrix::sparseMatrix(i = integer(), j = integer(),
                x = numeric(), dims = c(1L, ncol(m))))
        m <- DelayedArray::rbind(m, filler)
    } else if (is(m, "dgCMatrix")) {
        m <- rbind(m, Matrix::sparseMatrix(i = integer(), j = integer(),
            x = numeric(), dims = c(1L, ncol(m))))
        m <- as(m, "CsparseMatrix")
    } else {
        m <- rbind(m, 0)
    }
    rows[is.na(rows)] <- nrow(m)
    m[rows, , drop = FALSE]
}

.alignByPosition <- function(m, wanted, arg) {
    if (nrow(m) != length(wanted)) {
        .abort("input_dim", c(
            sprintf("`%s` has %s, the model %d.", arg,
                .count(nrow(m), "feature"), length(wanted)),
            .orientationHint(m, wanted, arg)
        ), arg = arg, expected = length(wanted), got = nrow(m))
    }
    m
}

# Row numbers, NA for a feature that is missing.
.matchFeatures <- function(names, wanted, m, min_overlap, arg) {
    n_na <- sum(is.na(names))
    twice <- unique(names[duplicated(names)])
    twice <- intersect(twice[!is.na(twice)], wanted)
    rows <- match(wanted, names)
    missing <- wanted[is.na(rows)]
    overlap <- 1 - length(missing) / length(wanted)
    enough <- overlap >= min_overlap && overlap > 0
    if (enough && length(twice) == 0L && n_na == 0L) {
        return(rows)
    }
    .abort("features", c(
        sprintf("The features of `%s` are not those of the model:", arg),
        if (!enough) {
            sprintf("  %d of %s missing: %s", length(missing),
                .count(length(wanted), "feature"), .showNames(missing))
        },
        if (!enough && overlap > 0 && min_overlap < 1) {
            sprintf("  that is an overlap of %.0f %%, below min_overlap = %s",
                100 * overlap, format(min_overlap))
        },
        if (length(twice) > 0L) {
            sprintf("  %s duplicated: %s", .count(length(twice), "feature"),
                .showNames(twice))
        },
        if (n_na > 0L) {
            sprintf("  %s NA", .count(n_na, "name"))
        },
        .orientationHint(m, wanted, arg)
    ), missing = missing, n_missing = length(missing), duplicated = twice,
    overlap = overlap)
}

# Swapped rows and columns are a common mistake.
.orientationHint <- function(m, wanted, arg) {
    swapped <- if (is.null(colnames(m))) {
        ncol(m) == length(wanted) && nrow(m) != length(wanted)
    } else {
        mean(wanted %in% colnames(m)) > 0.5
    }
    if (swapped) {
        sprintf(paste("Its columns look like the features: use t(%s) or",
            "transposed = TRUE."), arg)
    } else {
        "Features are matched by name; check that both use the same names."
    }
}
