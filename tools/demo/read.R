# Reads the user's data: a folder, or a file. Every reader returns a list with
# `x` (features x samples: matrix, sparse matrix, or SingleCellExperiment),
# `samples` (data frame of what is known about the samples, or NULL) and `notes`
# (what was found and assumed, to be shown).

accepted <- paste0("Accepted are:
  - a 10x folder: matrix.mtx(.gz), features.tsv(.gz) or genes.tsv(.gz),",
    " barcodes.tsv(.gz)
  - a folder with one *.mtx(.gz), a genes table and a cells table
  - a single .mtx(.gz) file (the tables beside it are used)
  - a table .csv, .tsv or .txt (also .gz) with names in its first column and",
    "\n    features in rows, or a folder with one such table
  - an .rds file with a matrix, a sparse matrix, a SummarizedExperiment or a",
    "\n    SingleCellExperiment
A table samples.tsv(.gz) or cells.tsv(.gz) beside the data is used for known",
    " labels.")

# An error for the user: shown without a call and without a traceback.
stopUser <- function(...) {
    stop(structure(class = c("demo_error", "error", "condition"),
        list(message = paste0(...), call = NULL)))
}

readData <- function(path, transposed = FALSE) {
    if (!file.exists(path)) {
        stopUser("DATA=", path, ": there is no such file or folder.\n",
            accepted)
    }
    file <- if (dir.exists(path)) dataFile(path) else path
    reader <- readerOf(file)
    if (is.null(reader)) {
        stopUser("DATA=", path, ": this kind of file is not read here.\n",
            accepted)
    }
    if (file.access(file, 4L) != 0L) {
        stopUser("DATA=", file, ": no permission to read it.")
    }
    data <- tryCatch(reader(file, transposed), error = function(e) {
        if (inherits(e, "demo_error")) {
            stop(e)
        }
        stopUser("DATA=", file, " cannot be read: ", conditionMessage(e), "\n",
            accepted)
    })
    data$notes <- c(paste("read", file), data$notes)
    nameDimensions(data)
}

# A name for the results: the folder's, or the file's without its endings; of
# the two the one that says more.
dataName <- function(path) {
    name <- basename(normalizePath(path))
    if (!dir.exists(path)) {
        name <- sub("\\.(mtx|csv|tsv|txt|rds)(\\.gz)?$", "", name,
            ignore.case = TRUE)
    }
    gsub("[^A-Za-z0-9._-]+", "_", name)
}

tablePattern <- "\\.(csv|tsv|txt)(\\.gz)?$"

readerOf <- function(file) {
    if (grepl("\\.mtx(\\.gz)?$", file, ignore.case = TRUE)) {
        readMtx
    } else if (grepl(tablePattern, file, ignore.case = TRUE)) {
        readMatrixTable
    } else if (grepl("\\.rds$", file, ignore.case = TRUE)) {
        readRdsObject
    }
}

# The file of a folder that holds the measurements.
dataFile <- function(folder) {
    files <- sort(list.files(folder))
    matrices <- grep("\\.mtx(\\.gz)?$", files, value = TRUE)
    tables <- grep("\\.(csv|tsv|txt|rds)(\\.gz)?$", files, value = TRUE)
    tables <- tables[!grepl(annotationPattern, tables)]
    files <- if (length(matrices)) matrices else tables
    stems <- sub("\\.(mtx|csv|tsv|txt|rds)(\\.gz)?$", "", files)
    # The same content twice: R's own format is read faster.
    files <- files[order(stems, !grepl("\\.rds$", files))]
    files <- files[!duplicated(sort(stems))]
    if (length(files) > 1L) {
        usual <- grepl("^(matrix|counts|expression)\\.", files)
        if (sum(usual) != 1L) {
            stopUser("DATA=", folder, " holds several data files: ",
                paste(files, collapse = ", "),
                ".\nGive the path of one of them.")
        }
        files <- files[usual]
    }
    if (!length(files)) {
        stopUser("DATA=", folder, ": no data file in this folder.\n", accepted)
    }
    file.path(folder, files)
}

# Matrix Market: the tables beside it give the names, their lengths tell which
# side is which.
readMtx <- function(file, transposed = FALSE) {
    x <- readMatrixMarket(file)
    features <- annotationOf(file, c("features", "genes", "proteins"), dim(x))
    samples <- annotationOf(file, c("barcodes", "cells", "samples"), dim(x))
    notes <- NULL
    misfit <- function() {
        (!is.null(features) && nrow(features) != nrow(x)) ||
            (!is.null(samples) && nrow(samples) != ncol(x))
    }
    if (transposed || misfit()) {
        x <- Matrix::t(x)
        notes <- "cells were in rows: turned"
    }
    if (misfit()) {
        stopUser(basename(file), " has ", ncol(x), " x ", nrow(x),
            " entries; the tables of genes (", nrow(features), " rows) and ",
            "cells (", nrow(samples), " rows) beside it do not fit.")
    }
    if (is.null(features) || is.null(samples)) {
        notes <- c(notes, paste("no table of", if (is.null(features)) "genes"
            else "cells", "beside it: names were made up"))
    }
    if (!is.null(features)) {
        rownames(x) <- featureNames(features)
        # 10x: the third column tells genes from antibody tags.
        kind <- if (ncol(features) >= 3L) features[[3L]]
        if (any(kind == "Gene Expression") && any(kind != "Gene Expression")) {
            x <- x[kind == "Gene Expression", , drop = FALSE]
            notes <- c(notes, "kept the features of type 'Gene Expression'")
        }
    }
    if (!is.null(samples)) {
        colnames(x) <- make.unique(as.character(samples[[1L]]))
    }
    list(x = x, samples = samples, notes = notes)
}

readMatrixMarket <- function(file) {
    x <- Matrix::readMM(gzfile(file))
    methods::as(methods::as(x, "dMatrix"), "CsparseMatrix")
}

# An R object: matrix-like, or a container.
readRdsObject <- function(file, transposed = FALSE) {
    x <- readRDS(file)
    if (methods::is(x, "SummarizedExperiment")) {
        x <- methods::as(x, "SingleCellExperiment")
        return(list(x = x, samples = as.data.frame(colData(x)), notes = NULL))
    }
    if (methods::is(x, "ExpressionSet")) {
        return(list(x = Biobase::exprs(x), samples = Biobase::pData(x)))
    }
    if (is.data.frame(x)) {
        return(orientTable(x, file, transposed))
    }
    if (length(dim(x)) != 2L) {
        stopUser(basename(file), " holds a ", class(x)[1L], ".\n", accepted)
    }
    if (methods::is(x, "Matrix") && !methods::is(x, "CsparseMatrix")) {
        x <- methods::as(methods::as(x, "dMatrix"), "CsparseMatrix")
    }
    orientMatrix(x, file, "", transposed)
}

# Names for rows and columns that have none, and no name twice.
nameDimensions <- function(data) {
    x <- data$x
    if (is.null(rownames(x))) {
        rownames(x) <- paste0("feature", seq_len(nrow(x)))
    }
    if (is.null(colnames(x))) {
        colnames(x) <- paste0("sample", seq_len(ncol(x)))
    }
    twice <- c(features = anyDuplicated(rownames(x)),
        samples = anyDuplicated(colnames(x)))
    rownames(x) <- make.unique(rownames(x))
    colnames(x) <- make.unique(colnames(x))
    if (any(twice > 0L)) {
        data$notes <- c(data$notes, paste("some", names(twice)[twice > 0L],
            "had the same name: numbered"))
    }
    data$x <- x
    data
}
