# A1: the same numbers in any form give the same model and the same codes.

forms <- function(counts) {
    triplets <- as(asSparse(counts), "TsparseMatrix")
    half <- triplets@x / 2
    duplicated <- Matrix::sparseMatrix(i = rep(triplets@i + 1L, 2L),
        j = rep(triplets@j + 1L, 2L), x = c(half, half), dims = dim(counts),
        dimnames = dimnames(counts), repr = "T")
    stopifnot(length(duplicated@x) == 2L * length(triplets@x))
    zeros <- asSparse(counts + (counts == 0))
    zeros@x[as.matrix(counts)[cbind(zeros@i + 1L,
        rep(seq_len(ncol(counts)), diff(zeros@p)))] == 0] <- 0
    stopifnot(any(zeros@x == 0), all(zeros == counts))
    integers <- counts
    storage.mode(integers) <- "integer"
    list(integer = integers, dgCMatrix = asSparse(counts),
        dgRMatrix = asSparse(counts, "dgRMatrix"),
        dgTMatrix = asSparse(counts, "dgTMatrix"), duplicates = duplicated,
        zeros = zeros, dgeMatrix = as(counts, "unpackedMatrix"),
        DelayedMatrix = DelayedArray::DelayedArray(counts),
        delayed_sparse = DelayedArray::DelayedArray(asSparse(counts)),
        delayed_sum = DelayedArray::DelayedArray(counts) + 0)
}

formCases <- list(
    scaled = list(normalize = "log", scale = "standard"),
    unscaled = list(normalize = "log", scale = "none",
        noise = maskingNoise(0.2)),
    counts = list(loss = "nb", normalize = "log")
)

trainForm <- function(x, case, ...) {
    do.call(fitQuiet, c(list(x, hidden = 9L, latent = 3L, epochs = 3L,
        batch_size = 64L), case, list(...)))
}

for (name in names(formCases)) {
    test_that(paste("the form of the matrix does not matter:", name), {
        counts <- toyCounts(60L, 100L)
        counts[counts > 0 & withr::with_seed(1L, runif(6000L)) < 0.7] <- 0
        case <- formCases[[name]]
        model <- trainForm(counts, case)
        codes <- encode(model, counts)
        back <- reconstruct(model, counts)
        all <- forms(counts)
        for (form in names(all)) {
            fit <- trainForm(all[[form]], case)
            expectSameFit(fit, model, form)
            expect_identical(encode(model, all[[form]]), codes, label = form)
            expect_identical(reconstruct(model, all[[form]]), back,
                label = form)
        }
    })
}

test_that("experiments give the model of their matrix", {
    counts <- toyCounts(60L, 80L)
    sce <- toySce(counts)
    se <- SummarizedExperiment::SummarizedExperiment(list(other = counts,
        logcounts = log1p(counts)))
    model <- toyModel(log1p(counts))
    expectSameFit(toyModel(sce), model)
    expectSameFit(toyModel(se), model)
    expectSameFit(toyModel(sce, assay.type = "logcounts"), model)
    expectSameFit(toyModel(sce, exprs_values = 2), model)
    expectSameFit(toyModel(sce, assay.type = "counts"), toyModel(counts))
    expectSameFit(toyModel(sce, normalize = "log"),
        toyModel(counts, normalize = "log"))
    expectSameFit(toyModel(sce, loss = "poisson"),
        toyModel(counts, loss = "poisson"))
    expect_identical(encode(model, sce), encode(model, log1p(counts)))
    alt <- SingleCellExperiment::SingleCellExperiment(
        list(counts = counts[1:10, ]))
    SingleCellExperiment::altExp(alt, "hidden") <- sce
    from_alt <- toyModel(alt, altexp = "hidden")
    expectSameFit(from_alt, model)
    expect_identical(encode(from_alt, alt), encode(model, log1p(counts)))
    SingleCellExperiment::reducedDim(sce, "PCA") <- matrix(
        t(counts[1:7, ]), 80L)
    from_pca <- toyModel(sce, dimred = "PCA", n_dimred = 5)
    expect_length(from_pca@features, 5L)
    plain <- counts[1:5, ]
    rownames(plain) <- from_pca@features
    expectSameFit(from_pca, toyModel(plain))
    expect_identical(unname(encode(from_pca, sce)),
        unname(encode(from_pca, plain)))
})

test_that("subset_row and transposed do what they say", {
    x <- toyGaussian(20L, 40L)
    rows <- c("gene3", "gene9", "gene1", "gene20")
    model <- toyModel(x[rows, ])
    expectSameFit(toyModel(x, subset_row = rows), model)
    expectSameFit(toyModel(x, subset_row = c(3, 9, 1, 20)), model)
    expectSameFit(toyModel(asSparse(x), subset_row = rows), model)
    expectSameFit(toyModel(x, subset_row = rownames(x) %in% rows),
        toyModel(x[sort(match(rows, rownames(x))), ]))
    expectSameFit(toyModel(t(x), transposed = TRUE), toyModel(x))
    expectSameFit(toyModel(asSparse(t(x)), transposed = TRUE), toyModel(x))
    expect_identical(suppressMessages(encode(model, x)),
        encode(model, x[rows, ]))
})

test_that("HDF5 gives the same model for any chunks and block sizes", {
    skip_if_not_installed("HDF5Array")
    counts <- toyCounts(60L, 100L)
    integers <- counts
    storage.mode(integers) <- "integer"
    case <- formCases$counts
    model <- trainForm(counts, case)
    codes <- encode(model, counts)
    for (chunk in list(c(60L, 1L), c(1L, 100L), c(17L, 13L))) {
        file <- withr::local_tempfile(fileext = ".h5")
        x <- HDF5Array::writeHDF5Array(integers, file, name = "x",
            chunkdim = chunk, with.dimnames = TRUE)
        expect_identical(dimnames(x), dimnames(counts))
        for (size in c(1e4, 1e6, 1e8)) {
            old <- DelayedArray::getAutoBlockSize()
            withr::defer(suppressMessages(
                DelayedArray::setAutoBlockSize(old)))
            suppressMessages(DelayedArray::setAutoBlockSize(size))
            expectSameFit(trainForm(x, case), model)
            expect_identical(encode(model, x), codes)
        }
    }
})

test_that("a streamed matrix gives the same codes as one in memory", {
    x <- log1p(toyCounts(50L, 240L))
    delayed <- DelayedArray::DelayedArray(x)
    model <- toyModel(x, early_stopping = FALSE)
    codes <- encode(model, x)
    errors <- predict(model, x, type = "error")
    # blocks of 66 samples, and of one
    expect_identical(encode(model, delayed, memory_limit = 8e4), codes)
    expect_identical(encode(model, delayed[, 1:40], memory_limit = 1000),
        codes[1:40, ])
    expect_identical(predict(model, delayed, type = "error",
        memory_limit = 8e4), errors)
    before <- list.files(tempdir(), "^aesop-")
    for (threads in 1:2) {
        expectSameFit(toyModel(delayed, memory_limit = 8e4,
            early_stopping = FALSE, num_threads = threads), model)
    }
    expect_identical(list.files(tempdir(), "^aesop-"), before)
})

test_that("an HDF5 file is streamed within the limit", {
    skip_if_not_installed("HDF5Array")
    x <- log1p(toyCounts(50L, 48L))
    file <- withr::local_tempfile(fileext = ".h5")
    on_disk <- HDF5Array::writeHDF5Array(x, file, name = "x",
        chunkdim = c(50L, 16L), with.dimnames = TRUE)
    model <- toyModel(x)
    expect_identical(encode(model, on_disk, memory_limit = 1e4),
        encode(model, x))
    expectSameFit(toyModel(on_disk, memory_limit = 1e4), model)
    expect_message(toyModel(on_disk, memory_limit = 1e4, verbose = TRUE),
        "temporary file")
})

test_that("streamed sparse input gives the codes of the matrix", {
    counts <- toyCounts(50L, 48L)
    counts[withr::with_seed(2L, runif(length(counts))) < 0.8] <- 0
    delayed <- DelayedArray::DelayedArray(asSparse(counts))
    model <- toyModel(counts, normalize = "log", scale = "none")
    expect_identical(encode(model, delayed, memory_limit = 4000),
        encode(model, counts))
    expectSameFit(toyModel(delayed, normalize = "log", scale = "none",
        memory_limit = 4000), model)
})

test_that("logical matrices and tables are numbers", {
    flags <- toyCounts(12L, 40L) > 1
    expectSameFit(toyModel(flags), toyModel(flags + 0))
    expectSameFit(toyModel(as.table(toyCounts(12L, 40L))),
        toyModel(toyCounts(12L, 40L)))
})
