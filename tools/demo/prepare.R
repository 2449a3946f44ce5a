# From what was read to what is trained on: counts are log-normalised, the most
# variable features kept, and a known label chosen. The result of prepare() is
# a list with `name`, `x` (a SingleCellExperiment with assay "logcounts", or a
# matrix), `labels` (list of factors), `notes`.

most_features <- 2000L

isCounts <- function(x) {
    values <- if (methods::is(x, "sparseMatrix")) x@x else as.numeric(x)
    !anyNA(values) && all(values >= 0) && all(values == round(values)) &&
        max(values) > 1
}

prepare <- function(data, name, label = "") {
    data <- if (methods::is(data$x, "SingleCellExperiment")) {
        prepareContainer(data)
    } else if (isCounts(data$x)) {
        data$notes <- c(data$notes, "whole numbers, none negative: counts")
        data$x <- SingleCellExperiment(list(counts = data$x))
        prepareContainer(data)
    } else {
        prepareMatrix(data)
    }
    values <- if (is.matrix(data$x)) data$x else logcounts(data$x)
    keep <- mostVariable(values, most_features)
    if (length(keep) < 2L) {
        stopUser("only ", length(keep), " of ", nrow(values),
            " features vary between the samples; nothing to learn from.")
    }
    if (length(keep) < min(most_features, nrow(values))) {
        data$notes <- c(data$notes, paste("left out",
            big(nrow(values) - length(keep)), "features that do not vary"))
    } else if (length(keep) < nrow(values)) {
        data$notes <- c(data$notes, paste("kept the", big(length(keep)),
            "most variable of", big(nrow(values)), "features"))
    }
    data$name <- name
    data$x <- data$x[keep, ]
    data$labels <- knownLabels(data$samples, label)
    data
}

# A container: log-normalised values are used if there are some, else made.
prepareContainer <- function(data) {
    x <- data$x
    if (!("logcounts" %in% assayNames(x))) {
        if (!("counts" %in% assayNames(x))) {
            first <- if (length(assayNames(x))) assayNames(x)[1L] else 1L
            if (!isCounts(assay(x, first))) {
                data$x <- as.matrix(assay(x, first))
                data$notes <- c(data$notes, paste("values from assay", first))
                return(prepareMatrix(data))
            }
            counts(x) <- assay(x, first)
        }
        total <- colSums(counts(x))
        if (any(total == 0)) {
            data$notes <- c(data$notes, paste("left out", sum(total == 0),
                "samples without a single count"))
            x <- x[, total > 0]
            data$samples <- data$samples[total > 0, , drop = FALSE]
        }
        x <- scuttle::logNormCounts(x)
        data$notes <- c(data$notes, paste("log-normalised by",
            "scuttle::logNormCounts (library size factors, log2(x + 1))"))
    }
    data$x <- x
    data
}

# Values that are no counts: made dense, complete and not too skewed.
prepareMatrix <- function(data) {
    x <- as.matrix(data$x)
    incomplete <- rowSums(!is.finite(x)) > 0
    if (any(incomplete)) {
        data$notes <- c(data$notes, paste("left out", big(sum(incomplete)),
            "features with missing values"))
        x <- x[!incomplete, , drop = FALSE]
    }
    if (length(x) && min(x) >= 0 && max(x) > 100) {
        data$notes <- c(data$notes, paste0("values from 0 to ",
            big(round(max(x))), ": taken as not logged, log2(x + 1) used"))
        x <- log2(x + 1)
    }
    data$x <- x
    data
}

# Rows with the highest variance, in their old order; none that is constant.
mostVariable <- function(x, n) {
    variance <- MatrixGenerics::rowVars(x)
    keep <- order(-variance)[seq_len(min(n, length(variance)))]
    sort(keep[variance[keep] > 0])
}

# The labels to compare with: the column asked for, or a usual name, or the
# first column of text with a few values. A list of factors, perhaps empty.
knownLabels <- function(samples, label = "") {
    if (nzchar(label)) {
        if (!(label %in% names(samples))) {
            stopUser("LABEL=", label, ": no such column; there are: ",
                paste(names(samples), collapse = ", "))
        }
        return(stats::setNames(list(factor(samples[[label]])), label))
    }
    few <- vapply(samples, function(column) {
        values <- length(unique(stats::na.omit(column)))
        values >= 2L && values <= min(60L, length(column) / 4)
    }, NA)
    text <- vapply(samples, function(column) {
        is.character(column) || is.factor(column)
    }, NA)
    usual <- intersect(labelWords, names(samples)[few])
    name <- c(usual, names(samples)[few & text])[1L]
    if (!length(few) || is.na(name)) {
        return(list())
    }
    stats::setNames(list(factor(samples[[name]])), name)
}

big <- function(x) format(x, big.mark = ",", trim = TRUE)
