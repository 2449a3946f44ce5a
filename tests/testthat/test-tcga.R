# The published curves on the TCGA pan-cancer matrix of Way and Greene (2018),
# 10,459 samples x 5,000 genes scaled to 0-1, which the user must supply.
tcgaMatrix <- function() {
    file <- Sys.getenv("AESOP_TCGA")
    if (!nzchar(file) || !file.exists(file)) {
        skip(paste("no TCGA matrix: get pancan_scaled_zeroone_rnaseq.tsv.gz",
            "(417 MB, Git LFS of github.com/greenelab/tybalt, folder data)",
            "and set AESOP_TCGA to its path"))
    }
    table <- utils::read.delim(gzfile(file), row.names = 1,
        check.names = FALSE)
    t(as.matrix(table))
}

test_that("the textbook's recipe falls as its notebook logs", {
    x <- tcgaMatrix()
    model <- trainAutoencoder(x, textbookParam(original = TRUE), seed = 123,
        verbose = FALSE)
    val_loss <- model@history$val_loss
    expect_equal(val_loss[10], 0.0303, tolerance = 0.05)
    expect_equal(val_loss[100], 0.0148, tolerance = 0.03)
    worst <- utils::head(featureErrors(model, x)$feature, 10)
    expect_true(all(c("PPAN-P2RY11", "GSTT1", "GSTM1") %in% worst))
})

test_that("Tybalt's loss is the published one", {
    x <- tcgaMatrix()
    model <- trainAutoencoder(x, tybaltParam(), seed = 123, verbose = FALSE)
    val_loss <- model@history$val_loss
    expect_equal(val_loss[10], 2724.3, tolerance = 0.01)
    expect_equal(val_loss[50], 2675.8, tolerance = 0.01)
})
