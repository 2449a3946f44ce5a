# M26: joint codes separate what neither assay does alone.

test_that("two assays that each see one border: the joint code sees both", {
    label <- rep(c("A", "B", "C"), each = 80L)
    counts <- function(features, depth, high) {
        fold <- exp(outer(rnorm(features), high))
        matrix(rnbinom(features * 240L, size = 3, mu = depth * fold),
            features, dimnames = list(paste0("f", seq_len(features)),
                paste0("cell", 1:240)))
    }
    param <- multimodalParam(list(rna = assayParam(loss = "nb"),
        adt = assayParam(loss = "nb")), latent = 2L, epochs = 60L)
    for (seed in 1:3) {
        data <- withr::with_seed(seed, list(
            rna = counts(200L, 2, label != "A"),
            adt = counts(30L, 40, label == "C")))
        alone <- vapply(data, function(x) {
            fit <- fitQuiet(x, loss = "nb", latent = 2L, epochs = 60L)
            clusterAgreement(encode(fit, x), label)
        }, 1)
        joint <- clusterAgreement(encode(fitQuiet(data, param), data), label)
        expect_gt(joint, 0.9)
        expect_gt(joint, max(alone) + 0.3)
    }
})

test_that("CITE-seq: RNA and protein together know the cell types", {
    folder <- file.path(dataFolder(), "citeseq_pbmc10k_200")
    skip_if_not(dir.exists(folder), paste("no citeseq_pbmc10k_200 in the",
        "data folder: 200 cells of 10x Genomics' PBMC 10k protein v3"))
    table <- function(file) {
        utils::read.delim(gzfile(file.path(folder, file)), quote = "",
            check.names = FALSE)
    }
    cells <- table("cells.tsv.gz")
    counts <- function(kind, names) {
        m <- Matrix::readMM(gzfile(file.path(folder, kind)))
        m <- as(m, "CsparseMatrix")
        dimnames(m) <- list(make.unique(as.character(table(names)[[1L]])),
            cells[[1L]])
        m
    }
    rna <- counts("rna_counts.mtx.gz", "genes.tsv.gz")
    expect_identical(dim(rna), c(16727L, 200L))
    logged <- log1p(rna %*% Matrix::Diagonal(x = 1e4 / Matrix::colSums(rna)))
    spread <- Matrix::rowMeans(logged^2) - Matrix::rowMeans(logged)^2
    data <- list(rna = rna[order(-spread)[1:1000], ],
        adt = counts("adt_counts.mtx.gz", "proteins.tsv.gz"))
    known <- cells$cell_type %in% c("CD4+ T-cells", "Monocytes",
        "CD8+ T-cells", "NK cells", "B-cells")
    accuracy <- function(codes) {
        nearestLabels(codes[known, ], cells$cell_type[known], 5L)
    }
    scales <- c(rna = "center", adt = "standard")
    pieces <- lapply(scales, function(scale) {
        assayParam(normalize = "log", scale = scale)
    })
    # two seeds, as 200 cells are few
    scores <- rowMeans(vapply(1:2, function(seed) {
        alone <- vapply(names(data), function(name) {
            fit <- fitQuiet(data[[name]], normalize = "log",
                scale = scales[[name]], latent = 8L, seed = seed)
            accuracy(encode(fit, data[[name]]))
        }, 1)
        joint <- fitQuiet(data, multimodalParam(pieces, latent = 8L),
            seed = seed)
        c(alone, joint = accuracy(encode(joint, data)))
    }, c(rna = 1, adt = 1, joint = 1)))
    expect_gt(sum(known), 190L)
    expect_gte(scores[["joint"]], max(scores[c("rna", "adt")]) - 0.02)
})
