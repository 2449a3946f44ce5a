# Tables of text: the measurements themselves, and the annotation of features
# and samples beside them.

annotationNames <- c("features", "genes", "proteins", "barcodes", "cells",
    "samples", "metadata", "coldata", "rowdata", "index")
annotationPattern <- paste0("^(", paste(annotationNames, collapse = "|"), ")",
    "\\.(csv|tsv|txt)(\\.gz)?$")

# Names of a first column that tell what the rows are.
featureWords <- "^(gene|feature|probe|protein|symbol|ensembl|mirna|transcript)"
sampleWords <- "^(sample|cell|barcode|patient|id$)"

# Columns that usually hold a known label, most telling first.
labelWords <- c("cell_type", "celltype", "cell.type", "cohort", "class",
    "label", "acronym", "disease", "tissue", "cluster", "condition",
    "base-media", "sample_type", "batch")

# The annotation files of these names beside `file`; those with a common
# beginning, as in GSM123_matrix.mtx and GSM123_barcodes.tsv, go first.
annotationFiles <- function(file, names) {
    beginning <- sub("(matrix|counts)?\\.[a-z]+(\\.gz)?$", "", basename(file))
    candidates <- expand.grid(ending = c(".tsv.gz", ".tsv", ".csv.gz", ".csv",
        ".txt.gz", ".txt"), name = names,
        beginning = unique(c(beginning, "")), stringsAsFactors = FALSE)
    paths <- file.path(dirname(file), paste0(candidates$beginning,
        candidates$name, candidates$ending))
    paths[file.exists(paths) & basename(paths) != basename(file)]
}

# The first of these tables that fits a matrix of these dimensions; if none
# does, the first.
annotationOf <- function(file, names, dims) {
    tables <- lapply(annotationFiles(file, names), readAnnotation, dims = dims)
    fits <- vapply(tables, function(x) nrow(x) %in% dims, NA)
    c(tables[fits], tables)[1L][[1L]]
}

separatorOf <- function(file) {
    if (grepl("\\.csv(\\.gz)?$", file, ignore.case = TRUE)) "," else "\t"
}

readText <- function(file, ...) {
    utils::read.table(file, sep = separatorOf(file), comment.char = "",
        check.names = FALSE, stringsAsFactors = FALSE, ...)
}

# A table whose rows stand for the rows or columns of a matrix with these
# dimensions. 10x files have no header: the number of lines decides.
readAnnotation <- function(file, dims) {
    x <- readText(file, quote = "\"", header = FALSE, colClasses = "character",
        fill = TRUE, na.strings = c("NA", ""))
    if (!(nrow(x) %in% dims) && (nrow(x) - 1L) %in% dims) {
        names(x) <- unlist(x[1L, ])
        x <- x[-1L, , drop = FALSE]
    }
    x[] <- lapply(x, utils::type.convert, as.is = TRUE)
    rownames(x) <- NULL
    x
}

# Symbols where there are some (10x: second column), with the identifier added
# to those that stand for several genes.
featureNames <- function(features) {
    id <- as.character(features[[1L]])
    if (ncol(features) < 2L || !identical(names(features)[1:2], c("V1", "V2"))) {
        return(make.unique(id))
    }
    symbol <- as.character(features[[2L]])
    missing <- is.na(symbol) | !nzchar(symbol)
    symbol[missing] <- id[missing]
    twice <- symbol %in% symbol[duplicated(symbol)]
    symbol[twice] <- paste0(symbol[twice], "_", id[twice])
    make.unique(symbol)
}

# A table with one row a feature or one row a sample.
readMatrixTable <- function(file, transposed = FALSE) {
    head <- readText(file, quote = "\"", header = TRUE, nrows = 20L)
    classes <- vapply(head, function(column) {
        if (is.numeric(column)) "numeric" else "character"
    }, "")
    # A header that is one name short: read.table takes the first column as row
    # names, and wants a class for it too.
    if (!identical(rownames(head), as.character(seq_len(nrow(head))))) {
        classes <- c("character", classes)
    }
    names(classes) <- NULL
    table <- tryCatch(readText(file, quote = "\"", header = TRUE,
        colClasses = classes), error = function(e) {
            readText(file, quote = "\"", header = TRUE)
        })
    orientTable(table, file, transposed)
}

# Splits a data frame into names, numbers and labels, then orients it.
orientTable <- function(table, file, transposed) {
    corner <- names(table)[1L]
    numeric <- vapply(table, is.numeric, NA)
    has_names <- !identical(rownames(table), as.character(seq_len(nrow(table))))
    if (has_names) {
        names <- rownames(table)
        corner <- ""
    } else if (!numeric[1L] || !nzchar(corner) ||
        grepl(paste0(featureWords, "|", sampleWords), corner, TRUE)) {
        names <- as.character(table[[1L]])
        table <- table[-1L]
        numeric <- numeric[-1L]
    } else {
        names <- NULL
        corner <- ""
    }
    if (sum(numeric) < 2L) {
        stopUser(basename(file), ": fewer than two columns of numbers.",
            " Columns are separated by '",
            if (separatorOf(file) == ",") "," else "tab", "' here.")
    }
    text <- table[!numeric]
    if (ncol(text) && !transposed && !grepl(sampleWords, corner, TRUE)) {
        bad <- names(text)[1L]
        stopUser(basename(file), ": column '", bad, "' is not numeric (",
            "first value '", text[[1L]][1L], "'). Features are expected in ",
            "rows; if samples are in rows, add TRANSPOSED=yes.")
    }
    x <- as.matrix(table[numeric])
    rownames(x) <- names
    data <- orientMatrix(x, file, corner, transposed)
    if (ncol(text)) {
        data$samples <- if (is.null(data$samples)) text else
            cbind(data$samples, text)
        data$notes <- c(data$notes, paste("columns of text taken as labels:",
            paste(names(text), collapse = ", ")))
    }
    data
}

# Turns a matrix so that features are in rows. Decided, in this order, by the
# user, by the table of samples beside the file, by the name of the first
# column; else features are taken to be in rows, as everywhere in Bioconductor.
orientMatrix <- function(x, file, corner, transposed) {
    beside <- annotationFiles(file,
        c("samples", "cells", "metadata", "coldata"))[1L]
    samples <- if (!is.na(beside)) {
        readText(beside, quote = "", header = TRUE, fill = TRUE)
    }
    by_row <- matchSamples(samples, rownames(x))
    by_column <- matchSamples(samples, colnames(x))
    in_rows <- if (transposed) {
        reason <- "as TRANSPOSED says"
        TRUE
    } else if (!is.null(by_row) || !is.null(by_column)) {
        reason <- paste("their names are in", basename(beside))
        is.null(by_column)
    } else if (grepl(paste0(featureWords, "|", sampleWords), corner, TRUE)) {
        reason <- paste0("the first column is called '", corner, "'")
        grepl(sampleWords, corner, TRUE)
    } else {
        reason <- "assumed; if not so, add TRANSPOSED=yes"
        FALSE
    }
    notes <- if (in_rows) {
        paste0("samples are in rows, turned (", reason, ")")
    } else {
        paste0("features are in rows (", reason, ")")
    }
    matched <- if (in_rows) by_row else by_column
    if (in_rows) {
        x <- if (is.matrix(x)) t(x) else Matrix::t(x)
    }
    list(x = x, notes = notes,
        samples = if (!is.null(matched)) samples[matched, , drop = FALSE])
}

# Rows of the table of samples for these names, by whichever column fits; NULL
# if none names nine tenths of them.
matchSamples <- function(samples, names) {
    if (is.null(samples) || is.null(names)) {
        return(NULL)
    }
    for (column in samples) {
        rows <- match(names, as.character(column))
        if (mean(!is.na(rows)) >= 0.9) {
            return(rows)
        }
    }
    NULL
}
