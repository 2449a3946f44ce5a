# Tests of the demonstration's readers and choices, without the package itself.
# Prints "ok NAME" or "not ok NAME" and the counts. Run by tools/test.sh.
suppressPackageStartupMessages(library(SingleCellExperiment))
for (file in c("read.R", "tables.R", "prepare.R")) {
    source(file.path("tools", "demo", file))
}
results <- logical()
test <- function(name, code) {
    outcome <- tryCatch({
        force(code)
        NULL
    }, error = function(e) conditionMessage(e))
    writeLines(if (is.null(outcome)) paste("ok", name) else
        c(paste("not ok", name), paste("   ", outcome)))
    results[[name]] <<- is.null(outcome)
}
# The error that is meant for the user, naming `pattern`.
expectRefused <- function(code, pattern) {
    message <- tryCatch({
        force(code)
        "no error"
    }, demo_error = conditionMessage)
    if (!grepl(pattern, message)) {
        stop("expected '", pattern, "', got: ", message)
    }
}

folder <- tempfile("demo-test")
dir.create(folder)
at <- function(...) file.path(folder, ...)
set.seed(1L)
counts <- matrix(rpois(8L * 30L, 3), 8L, 30L, dimnames = list(
    paste0("g", seq_len(8L)), paste0("c", seq_len(30L))))
label <- rep(c("A", "B"), 15L)
same <- function(data) {
    stopifnot(identical(dimnames(data$x), dimnames(counts)),
        all(as.matrix(data$x) == counts))
}
writeMtx <- function(x, file) {
    plain <- sub("\\.gz$", "", file)
    suppressMessages(Matrix::writeMM(methods::as(x, "CsparseMatrix"), plain))
    if (plain != file) {
        connection <- gzfile(file, "w")
        writeLines(readLines(plain), connection)
        close(connection)
        unlink(plain)
    }
}

test("10x folder, compressed, without headers", {
    dir.create(at("tenx"))
    writeMtx(counts, at("tenx", "matrix.mtx.gz"))
    # Two identifiers share a symbol.
    symbols <- c("s", "s", rownames(counts)[-(1:2)])
    write.table(data.frame(rownames(counts), symbols, "Gene Expression"),
        gzfile(at("tenx", "features.tsv.gz")), sep = "\t", quote = FALSE,
        row.names = FALSE, col.names = FALSE)
    writeLines(colnames(counts), at("tenx", "barcodes.tsv"))
    data <- readData(at("tenx"))
    stopifnot(identical(rownames(data$x)[1:3], c("s_g1", "s_g2", "g3")),
        identical(colnames(data$x), colnames(counts)),
        methods::is(data$x, "dgCMatrix"))
})
test("10x folder with antibody tags", {
    dir.create(at("tags"))
    writeMtx(counts, at("tags", "matrix.mtx"))
    write.table(data.frame(rownames(counts), rownames(counts),
        rep(c("Gene Expression", "Antibody Capture"), c(6L, 2L))),
        at("tags", "features.tsv"), sep = "\t", quote = FALSE,
        row.names = FALSE, col.names = FALSE)
    writeLines(colnames(counts), at("tags", "barcodes.tsv"))
    stopifnot(nrow(readData(at("tags"))$x) == 6L)
})
test("folder with .mtx, genes and cells tables with headers", {
    dir.create(at("mtx"))
    writeMtx(counts, at("mtx", "counts.mtx"))
    write.table(data.frame(gene = rownames(counts)), at("mtx", "genes.tsv"),
        sep = "\t", quote = FALSE, row.names = FALSE)
    write.table(data.frame(cell = colnames(counts), cell_type = label),
        at("mtx", "cells.tsv"), sep = "\t", quote = FALSE, row.names = FALSE)
    data <- readData(at("mtx"))
    same(data)
    same(readData(at("mtx", "counts.mtx")))
    ready <- prepare(data, "x")
    stopifnot(identical(as.character(ready$labels$cell_type), label),
        "logcounts" %in% assayNames(ready$x))
})
test("a transposed .mtx is turned", {
    writeMtx(t(counts), at("mtx", "counts.mtx"))
    same(readData(at("mtx")))
})
test(".mtx whose tables do not fit is refused", {
    writeMtx(counts[-1L, ], at("mtx", "counts.mtx"))
    expectRefused(readData(at("mtx")), "do not fit")
})
test(".csv with features in rows", {
    write.csv(counts, at("a.csv"))
    same(readData(at("a.csv")))
    write.table(counts, at("r.tsv"), sep = "\t", quote = FALSE)
    same(readData(at("r.tsv")))
    write.table(data.frame(gene = rownames(counts), counts), at("b.txt"),
        sep = "\t", quote = FALSE, row.names = FALSE)
    same(readData(at("b.txt")))
})
test(".tsv.gz with samples in rows, told by its corner", {
    write.table(data.frame(sample = colnames(counts), t(counts), kind = label),
        gzfile(at("b.tsv.gz")), sep = "\t", quote = FALSE, row.names = FALSE)
    data <- readData(at("b.tsv.gz"))
    same(data)
    stopifnot(identical(data$samples$kind, label))
})
test("samples in rows, told by the table of samples", {
    dir.create(at("bulk"))
    write.table(data.frame(x = colnames(counts), t(counts)),
        gzfile(at("bulk", "counts.tsv.gz")), sep = "\t", quote = FALSE,
        row.names = FALSE)
    # In another order than the data.
    write.table(data.frame(n = 30:1, id = rev(colnames(counts)),
        cohort = rev(label)), at("bulk", "samples.tsv"), sep = "\t",
        quote = FALSE, row.names = FALSE)
    data <- readData(at("bulk"))
    same(data)
    stopifnot(identical(data$samples$cohort, label))
    # The same content as .rds goes first.
    saveRDS(t(counts), at("bulk", "counts.rds"))
    data <- readData(at("bulk"))
    same(data)
    stopifnot(any(grepl("counts.rds", data$notes)),
        identical(data$samples$cohort, label))
})
test("samples in rows, told by the user", {
    write.csv(t(counts), at("t.csv"))
    same(readData(at("t.csv"), transposed = TRUE))
})
test(".rds with matrix, sparse matrix, data frame", {
    saveRDS(counts, at("m.rds"))
    same(readData(at("m.rds")))
    saveRDS(methods::as(counts, "CsparseMatrix"), at("s.rds"))
    same(readData(at("s.rds")))
    saveRDS(as.data.frame(counts), at("d.rds"))
    same(readData(at("d.rds")))
})
test(".rds with SummarizedExperiment and SingleCellExperiment", {
    se <- SummarizedExperiment(list(counts = counts),
        colData = DataFrame(condition = label))
    saveRDS(se, at("se.rds"))
    ready <- prepare(readData(at("se.rds")), "x")
    stopifnot(methods::is(ready$x, "SingleCellExperiment"),
        "logcounts" %in% assayNames(ready$x),
        identical(names(ready$labels), "condition"))
    sce <- SingleCellExperiment(list(logcounts = counts / 7))
    saveRDS(sce, at("sce.rds"))
    ready <- prepare(readData(at("sce.rds")), "x")
    stopifnot(identical(assayNames(ready$x), "logcounts"),
        length(ready$labels) == 0L)
})
test("values that are no counts", {
    x <- counts + 0.5
    x[2L, 3L] <- NA
    ready <- prepare(list(x = x), "x")
    stopifnot(is.matrix(ready$x), nrow(ready$x) == 7L)
    ready <- prepare(list(x = (counts + 0.123) * 100), "x")
    stopifnot(max(ready$x) < 15, any(grepl("log2", ready$notes)))
    stopifnot(!isCounts(counts - 1), !isCounts(counts > 1), isCounts(counts))
})
test("constant features and empty samples are left out", {
    x <- counts
    x[, 4L] <- 0L
    x[5L, ] <- 0L
    ready <- prepare(list(x = x, samples = data.frame(batch = label)), "x")
    stopifnot(identical(dim(ready$x), c(7L, 29L)),
        length(ready$labels$batch) == 29L)
    expectRefused(prepare(list(x = counts * 0 + 0.5), "x"), "vary")
})
test("names are made up or made unique", {
    saveRDS(unname(counts), at("n.rds"))
    data <- readData(at("n.rds"))
    stopifnot(rownames(data$x)[1L] == "feature1", colnames(data$x)[2L] ==
        "sample2")
    twice <- counts
    rownames(twice)[2L] <- "g1"
    saveRDS(twice, at("n.rds"))
    stopifnot(identical(rownames(readData(at("n.rds"))$x)[1:2],
        c("g1", "g1.1")))
})
test("a label can be asked for", {
    stopifnot(identical(names(knownLabels(data.frame(a = 1:2, b = 3:4), "b")),
        "b"))
    expectRefused(knownLabels(data.frame(a = 1:2), "zz"), "LABEL=zz.*a")
})
test("what cannot be read is refused with what can", {
    expectRefused(readData(at("nothing.csv")), "no such file.*Accepted are")
    dir.create(at("empty"))
    expectRefused(readData(at("empty")), "no data file.*Accepted are")
    writeLines("x", at("x.h5"))
    expectRefused(readData(at("x.h5")), "kind of file.*Accepted are")
    writeLines("no number,in,here\na,b,c", at("x.csv"))
    expectRefused(readData(at("x.csv")), "not numeric|columns of numbers")
    writeLines("rubbish", at("x.rds"))
    expectRefused(readData(at("x.rds")), "cannot be read.*Accepted are")
    writeLines("rubbish", at("x.mtx"))
    expectRefused(readData(at("x.mtx")), "cannot be read.*Accepted are")
    saveRDS(letters, at("l.rds"))
    expectRefused(readData(at("l.rds")), "holds a character")
    dir.create(at("two"))
    write.csv(counts, at("two", "one.csv"))
    write.csv(counts, at("two", "other.csv"))
    expectRefused(readData(at("two")), "several data files: one.csv, other.csv")
})

unlink(folder, recursive = TRUE)
writeLines(sprintf("%d passed, %d failed", sum(results), sum(!results)))
quit(status = if (all(results)) 0L else 1L)
