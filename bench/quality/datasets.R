# The labelled sets, from a folder of public data laid out as its README says (one folder per set).
#   load_set(data, name)  list(x: features x samples, kind, label: NA where unknown, batch or NULL)
# kind is "counts", "expression" (on a logarithmic scale), "image" or "tabular". Sequences are one-hot coded.
clustering_sets <- c("pbmc3k", "paul15", "worm_neuron", "sc_mixology_3cl_celseq2", "sc_mixology_3cl_dropseq",
    "sc_mixology_3cl", "kang_pbmc_labelled", "citeseq_pbmc10k_200", "citeseq_pbmc10k_200_adt", "pbmc10k_adt",
    "tcga_mirna_pancan", "tcga_rnaseq_6cohorts", "tcga_rnaseq_90genes", "microarray_golub", "microarray_khan",
    "microarray_su", "microarray_chowdary", "saureus_compendium", "mnist_t10k", "dna_splice")
denoising_sets <- c("pbmc3k", "paul15", "worm_neuron", "sc_mixology_3cl_celseq2", "kang_pbmc_labelled")

read_tsv <- function(file) {
    utils::read.delim(gzfile(file), quote = "", check.names = FALSE, stringsAsFactors = FALSE)
}
# Numbers after a header line, as a matrix with the columns of the file.
scan_gz <- function(file, ...) {
    con <- gzfile(file, "rt")
    on.exit(close(con))
    scan(con, skip = 1L, quiet = TRUE, ...)
}
# The same where the first column has the names of the rows.
read_numbers <- function(file) {
    con <- gzfile(file, "rt")
    header <- strsplit(readLines(con, n = 1L), "\t", fixed = TRUE)[[1]]
    close(con)
    columns <- scan_gz(file, what = c(list(""), rep(list(0), length(header) - 1L)), sep = "\t", quote = "")
    values <- do.call(cbind, columns[-1])
    dimnames(values) <- list(columns[[1]], header[-1])
    values
}

# list(x, cells) of a folder of single cells.
read_cells <- function(folder, counts = "counts.mtx.gz", features = "genes.tsv.gz") {
    x <- as(Matrix::readMM(gzfile(file.path(folder, counts))), "CsparseMatrix")
    cells <- read_tsv(file.path(folder, "cells.tsv.gz"))
    rownames(x) <- make.unique(as.character(read_tsv(file.path(folder, features))[[1]]))
    colnames(x) <- make.unique(as.character(cells[[1]]))
    list(x = as(x, "generalMatrix"), cells = cells)
}
# Protocols of the same cells, side by side on the genes that all have.
join_cells <- function(parts) {
    genes <- Reduce(intersect, lapply(parts, function(part) rownames(part$x)))
    columns <- Reduce(intersect, lapply(parts, function(part) colnames(part$cells)))
    x <- lapply(names(parts), function(name) {
        one <- parts[[name]]$x[genes, , drop = FALSE]
        colnames(one) <- paste0(name, "_", colnames(one))
        one
    })
    cells <- do.call(rbind, lapply(parts, function(part) part$cells[, columns]))
    cells$batch <- rep(names(parts), vapply(parts, function(part) ncol(part$x), 0L))
    list(x = do.call(cbind, x), cells = cells)
}
one_hot <- function(sequences) {
    bases <- c("A", "C", "G", "T")
    letters <- do.call(rbind, strsplit(toupper(sequences), ""))
    x <- do.call(rbind, lapply(bases, function(base) t(letters == base) * 1))
    rownames(x) <- paste0("pos", rep(seq_len(ncol(letters)), 4), rep(bases, each = ncol(letters)))
    x
}

load_set <- function(data, name) {
    folder <- file.path(data, name)
    result <- function(x, kind, label, batch = NULL) {
        stopifnot(length(label) == ncol(x), is.null(batch) || length(batch) == ncol(x))
        if (is.null(colnames(x))) colnames(x) <- paste0("s", seq_len(ncol(x)))
        list(x = x, kind = kind, label = factor(label), batch = if (!is.null(batch)) factor(batch))
    }
    cells <- function(read) result(read$x, "counts", read$cells$cell_type, read$cells$batch)
    mixology <- function(...) {
        parts <- lapply(c(...), function(part) read_cells(file.path(data, "sc_mixology_3cl", part)))
        names(parts) <- c(...)
        cells(if (length(parts) > 1) join_cells(parts) else parts[[1]])
    }
    # Affymetrix intensities below the floor are noise; NULL for values that are logarithms.
    microarray <- function(floor = NULL) {
        x <- t(read_numbers(file.path(folder, "expression.tsv.gz")))
        if (!is.null(floor)) x <- log2(pmax(x, floor))
        result(x, "expression", read_tsv(file.path(folder, "samples.tsv.gz"))$class)
    }
    samples <- function() read_tsv(file.path(folder, "samples.tsv.gz"))
    switch(name,
        pbmc3k = , paul15 = , worm_neuron = , kang_pbmc_labelled = cells(read_cells(folder)),
        sc_mixology_3cl_celseq2 = mixology("celseq2"),
        sc_mixology_3cl_dropseq = mixology("dropseq"),
        sc_mixology_3cl = mixology("celseq2", "dropseq"),
        citeseq_pbmc10k_200 = cells(read_cells(folder, "rna_counts.mtx.gz")),
        citeseq_pbmc10k_200_adt = cells(read_cells(sub("_adt$", "", folder), "adt_counts.mtx.gz",
            "proteins.tsv.gz")),
        pbmc10k_adt = cells(read_cells(folder, "adt_counts.mtx.gz", "proteins.tsv.gz")),
        tcga_mirna_pancan = {
            x <- t(readRDS(file.path(folder, "counts.rds")))
            storage.mode(x) <- "double"
            result(x, "counts", samples()$cohort, samples()$machine)
        },
        tcga_rnaseq_6cohorts = result(log2(t(readRDS(file.path(folder, "rsem_normalized.rds"))) + 1),
            "expression", samples()$cohort),
        tcga_rnaseq_90genes = result(t(read_numbers(file.path(folder, "expression.tsv.gz"))), "expression",
            samples()$acronym),
        microarray_golub = , microarray_chowdary = microarray(20),
        microarray_khan = , microarray_su = microarray(),
        saureus_compendium = {
            x <- read_numbers(file.path(folder, "expression_centered.tsv.gz"))
            about <- samples()[match(colnames(x), samples()$sample), ]
            result(x, "expression", about[["base-media"]], about$project)
        },
        mnist_t10k = {
            values <- scan_gz(file.path(folder, "mnist_t10k.csv.gz"), sep = ",")
            values <- matrix(values, ncol = 785L, byrow = TRUE)
            x <- t(values[, -1] / 255)
            rownames(x) <- paste0("p", seq_len(784))
            result(x, "image", values[, 1])
        },
        dna_splice = {
            table <- utils::read.csv(gzfile(file.path(folder, "splice.csv.gz")), stringsAsFactors = FALSE)
            result(one_hot(table$sequence), "tabular", table$label)
        },
        stop("unknown data set ", name))
}
