# Two batches of real cells: they mix, the cell types stay apart.
test_that("kang: batches mix, cell types stay apart", {
    folder <- file.path(dataFolder(), "kang_pbmc_labelled")
    skip_if_not(dir.exists(folder), paste("no kang_pbmc_labelled in the data",
        "folder: write out the counts of muscat's example_sce"))
    read <- function(file) {
        read.delim(gzfile(file.path(folder, file)), quote = "",
            check.names = FALSE)
    }
    counts <- as(Matrix::readMM(gzfile(file.path(folder, "counts.mtx.gz"))),
        "CsparseMatrix")
    cells <- read("cells.tsv.gz")
    dimnames(counts) <- list(make.unique(as.character(read(
        "genes.tsv.gz")[[1L]])), make.unique(as.character(cells[[1L]])))
    expect_identical(dim(counts), c(1267L, 1556L))
    covariates <- data.frame(batch = cells$batch)
    fit <- function(...) {
        fitQuiet(counts, loss = "nb", variational = TRUE,
            loss_reduction = "sum", beta = 3, batch_norm = TRUE,
            dropout = 0.1, ...)
    }
    plain <- encode(fit(), counts)
    mixed <- encode(fit(design = ~ batch, covariates = covariates), counts,
        covariates = covariates)
    # chance is 0.52
    expect_gt(nearestLabels(plain, cells$batch), 0.95)
    expect_lt(nearestLabels(mixed, cells$batch), 0.75)
    expect_gt(nearestLabels(mixed, cells$cell_type),
        nearestLabels(plain, cells$cell_type) - 0.02)
})
