counts <- toyCounts(40L, 60L)
sce <- toySce(counts)
run <- function(x, ...) {
    runAutoencoder(x, hidden = 8L, epochs = 3L, batch_size = 16L, seed = 1,
        verbose = FALSE, ...)
}

test_that("codes and model are stored where others look for them", {
    out <- run(sce, latent = 3L)
    expect_s4_class(out, "SingleCellExperiment")
    expect_identical(SingleCellExperiment::reducedDimNames(out), "AE")
    codes <- SingleCellExperiment::reducedDim(out, "AE")
    expect_identical(dim(codes), c(60L, 3L))
    expect_identical(dimnames(codes), list(colnames(sce), paste0("AE", 1:3)))
    model <- S4Vectors::metadata(out)$AE$model
    expect_s4_class(model, "AutoencoderModel")
    wanted <- toyModel(log1p(counts), epochs = 3L)
    expectSameFit(model, wanted)
    expect_identical(codes, encode(wanted, log1p(counts)))
    expect_identical(encode(model, out), codes)
    # nothing else changed
    SingleCellExperiment::reducedDim(out, "AE") <- NULL
    S4Vectors::metadata(out) <- list()
    expect_identical(out, sce)
})

test_that("names, aliases and places are honoured", {
    out <- run(sce, ncomponents = 2L, name = "AE2")
    expect_identical(ncol(SingleCellExperiment::reducedDim(out, "AE2")), 2L)
    expect_s4_class(S4Vectors::metadata(out)$AE2$model, "AutoencoderModel")
    two <- run(out, latent = 3L)
    expect_identical(SingleCellExperiment::reducedDimNames(two),
        c("AE2", "AE"))
    again <- run(two, latent = 4L)
    expect_identical(ncol(SingleCellExperiment::reducedDim(again, "AE")), 4L)
    for (arguments in list(list(assay.type = "counts"),
        list(exprs_values = "counts"), list(normalize = "log"),
        list(loss = "nb"), list(subset_row = 1:10))) {
        out <- do.call(run, c(list(sce, latent = 2L), arguments))
        model <- S4Vectors::metadata(out)$AE$model
        codes <- suppressMessages(encode(model, sce))
        expect_identical(SingleCellExperiment::reducedDim(out, "AE"), codes)
    }
    factors <- withr::with_seed(1L, runif(60L, 0.5, 2))
    out <- run(sce, latent = 2L, normalize = "log", size_factors = factors)
    model <- S4Vectors::metadata(out)$AE$model
    expect_identical(SingleCellExperiment::reducedDim(out, "AE"),
        encode(model, sce, size_factors = factors))
})

test_that("alternative experiments and reduced dimensions work as input", {
    host <- sce
    SingleCellExperiment::altExp(host, "ADT") <- toySce(toyCounts(12L, 60L,
        seed = 2L))
    out <- run(host, latent = 2L, altexp = "ADT")
    expect_identical(S4Vectors::metadata(out)$AE$model@features,
        paste0("gene", 1:12))
    expect_identical(dim(SingleCellExperiment::reducedDim(out, "AE")),
        c(60L, 2L))
    SingleCellExperiment::reducedDim(host, "PCA") <-
        prcomp(t(log1p(counts)))$x[, 1:10]
    out <- run(host, latent = 2L, dimred = "PCA")
    expect_length(S4Vectors::metadata(out)$AE$model@features, 10L)
})

test_that("other classes are refused with the way out", {
    expectAesopError(runAutoencoder(counts), "input_type",
        "trainAutoencoder")
    se <- SummarizedExperiment::SummarizedExperiment(list(a = counts))
    expectAesopError(runAutoencoder(se), "input_type",
        "SingleCellExperiment")
    expectAesopError(runAutoencoder(sce, name = ""), "param", "name")
    expectAesopError(runAutoencoder(sce, name = c("a", "b")), "param",
        "name")
    expectAesopError(run(sce, transposed = TRUE), "param", "transposed")
})

test_that("an experiment without column names works", {
    bare <- sce
    colnames(bare) <- NULL
    out <- run(bare, latent = 2L)
    expect_identical(unname(SingleCellExperiment::reducedDim(out, "AE")),
        unname(SingleCellExperiment::reducedDim(run(sce, latent = 2L),
            "AE")))
})

test_that("arguments without names, and those given twice, are refused", {
    sce <- toySce(toyCounts(20L, 50L))
    expectAesopError(runAutoencoder(sce, vanillaParam(epochs = 2L), 5),
        "param", "named arguments")
    expectAesopError(do.call(runAutoencoder, list(sce, latent = 3,
        latent = 4)), "param", "twice")
    expectAesopError(findOutliers(toyGaussian(), NULL, "sample", "auto", 0.05,
        NULL, NULL, NULL, "AE", "auto", 5), "param", "named arguments")
})
