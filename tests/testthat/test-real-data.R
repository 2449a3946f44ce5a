test_that("pbmc3k: the codes know the cell types", {
    folder <- file.path(dataFolder(), "pbmc3k")
    skip_if_not(dir.exists(folder), "no pbmc3k in the data folder")
    read <- function(file) {
        read.delim(gzfile(file.path(folder, file)), quote = "",
            check.names = FALSE)
    }
    counts <- as(Matrix::readMM(gzfile(list.files(folder, "mtx.gz$",
        full.names = TRUE)[1L])), "CsparseMatrix")
    genes <- read("genes.tsv.gz")
    cells <- read("cells.tsv.gz")
    dimnames(counts) <- list(make.unique(as.character(genes[[1L]])),
        as.character(cells[[1L]]))
    expect_identical(dim(counts), c(13714L, 2700L))
    counts <- as(counts, "dMatrix")
    # the 1000 genes that vary most after log-normalisation
    factors <- Matrix::colSums(counts) / median(Matrix::colSums(counts))
    logged <- log1p(counts %*% Matrix::Diagonal(x = 1 / factors))
    variance <- Matrix::rowMeans(logged^2) - Matrix::rowMeans(logged)^2
    top <- rownames(counts)[order(-variance)[seq_len(1000L)]]
    known <- !is.na(cells$cell_type)
    labels <- cells$cell_type[known]
    for (loss in c("mse", "nb")) {
        model <- fitQuiet(counts, loss = loss, normalize = "log",
            size_factors = factors, subset_row = top, epochs = 10L)
        expectFinite(model@weights)
        expectFinite(model@history$loss)
        expect_lt(min(model@history$val_loss), model@history$val_loss[1L])
        codes <- suppressMessages(encode(model, counts,
            size_factors = factors))
        expect_identical(dim(codes)[1L], 2700L)
        expectFinite(codes)
        # 0.91 is known for PCA, 0.26 is the largest class
        expect_gt(nearestLabels(codes[known, ], labels, k = 5L), 0.8)
        part <- suppressMessages(encode(model, counts[, 77, drop = FALSE],
            size_factors = factors[77]))
        expect_identical(part, codes[77, , drop = FALSE])
    }
})

test_that("TCGA's 90 genes: better than the mean, cancers stay together", {
    folder <- file.path(dataFolder(), "tcga_rnaseq_90genes")
    skip_if_not(dir.exists(folder), "no tcga_rnaseq_90genes there")
    table <- read.delim(gzfile(file.path(folder, "expression.tsv.gz")),
        quote = "", check.names = FALSE)
    samples <- read.delim(gzfile(file.path(folder, "samples.tsv.gz")),
        quote = "", check.names = FALSE)
    x <- t(as.matrix(table[, vapply(table, is.numeric, logical(1L))]))
    colnames(x) <- as.character(table[[1L]])
    expect_identical(ncol(x), 6697L)
    # the textbook's recipe on fewer genes
    model <- fitQuiet(x, hidden = integer(0), latent = 20L,
        latent_activation = "relu", output_activation = "sigmoid",
        scale = "minmax", optimizer = adam(), batch_size = 50L,
        epochs = 10L, validation = 0.2, validation_split = "last",
        early_stopping = FALSE)
    expect_identical(nrow(model@history), 10L)
    expect_lt(model@history$loss[10L], model@history$loss[1L])
    expect_lt(model@history$val_loss[10L], model@history$val_loss[1L])
    expect_length(model@info$validation,
        6697L - as.integer(6697 * 0.8 + 1e-9))
    back <- reconstruct(model, x)
    # a sigmoid between the ends of each gene's range, where it has one
    low <- apply(x, 1L, min)
    high <- apply(x, 1L, max)
    expect_true(all((back >= low - 1e-4 & back <= high + 1e-4)[high > low, ]))
    expect_lt(mean((x - back)^2), 0.5 * mean((x - rowMeans(x))^2))
    some <- seq_len(1500L)
    labels <- as.character(samples$acronym[match(colnames(x),
        samples[[1L]])])[some]
    skip_if(anyNA(labels), "the samples' labels are in another order")
    expect_gt(nearestLabels(encode(model, x)[some, ], labels, k = 5L), 0.6)
})
