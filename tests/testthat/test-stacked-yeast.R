# M15: pre-trained layers against a random start, on real data.
test_that("pre-training beats a random start on the yeast compendium", {
    folder <- file.path(dataFolder(), "yeast_compendium")
    skip_if_not(dir.exists(folder), paste("no yeast_compendium in the data",
        "folder: write out the expression tables of netZooR's yeast data"))
    tables <- lapply(c("exp.ko", "exp.cc", "exp.sr"), function(name) {
        file <- file.path(folder, paste0(name, ".tsv.gz"))
        as.matrix(utils::read.delim(gzfile(file), quote = "",
            check.names = FALSE, row.names = 1L))
    })
    x <- do.call(cbind, tables)
    expect_identical(dim(x), c(2555L, 329L))
    x[is.na(x)] <- 0
    param <- stackedParam(hidden = c(200L, 100L, 50L), latent = 25L,
        epochs = 15L, pretrain_epochs = 15L, scale = "minmax",
        early_stopping = FALSE)
    fits <- threeFits(x, param, 4L, 15L)
    final <- vapply(fits, lastLoss, 1)
    expect_lte(final[["stacked"]], final[["random"]])
    expect_lte(final[["stacked"]], final[["longer"]])
    held_out <- vapply(fits, function(f) tail(f@history$val_loss, 1L), 1)
    expect_lte(held_out[["stacked"]], min(held_out))
    for (loss in fits$stacked@info$pretraining) {
        expect_lt(tail(loss, 1L), loss[1L])
    }
})
