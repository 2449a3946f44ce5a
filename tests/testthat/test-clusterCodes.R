skip_if_not_installed("bluster")

# Three groups of samples that anyone can tell apart.
groups <- rep(1:3, each = 40L)
codes <- withr::with_seed(1L, cbind(AE1 = rnorm(120L, 8 * groups),
    AE2 = rnorm(120L, ifelse(groups == 2, 9, 0))))
rownames(codes) <- paste0("cell", seq_len(120L))
rand <- function(a, b) bluster::pairwiseRand(a, b, mode = "index")

test_that("clear groups are found, named by sample", {
    cluster <- clusterCodes(codes, BLUSPARAM = bluster::HclustParam(
        cut.params = list(k = 3)))
    expect_s3_class(cluster, "factor")
    expect_named(cluster, rownames(codes))
    expect_identical(rand(groups, cluster), 1)
    default <- clusterCodes(codes)
    expect_identical(length(default), 120L)
    # the default may split a group, but joins none
    expect_true(all(rowSums(table(default, groups) > 0) == 1))
})

test_that("the result is bluster's", {
    param <- bluster::NNGraphParam(k = 5)
    expect_identical(unname(clusterCodes(codes, BLUSPARAM = param)),
        unname(bluster::clusterRows(codes, param)))
})

test_that("models and experiments can be clustered", {
    x <- toyGaussian(20L, 60L)
    model <- toyModel(x)
    param <- bluster::HclustParam(cut.params = list(k = 4))
    wanted <- clusterCodes(encode(model, x), BLUSPARAM = param)
    expect_identical(clusterCodes(model, x, BLUSPARAM = param), wanted)
    expect_identical(clusterCodes(model, t(x), BLUSPARAM = param,
        transposed = TRUE), wanted)
    expectAesopError(clusterCodes(model), "param", "data")
    sce <- runAutoencoder(toySce(), latent = 3L, epochs = 2L, seed = 1,
        verbose = FALSE)
    out <- clusterCodes(sce, BLUSPARAM = param)
    expect_s4_class(out, "SingleCellExperiment")
    expect_identical(as.integer(out$AE_cluster), as.integer(clusterCodes(
        SingleCellExperiment::reducedDim(sce, "AE"), BLUSPARAM = param)))
    named <- clusterCodes(sce, BLUSPARAM = param, name = "group2")
    expect_identical(named$group2, out$AE_cluster)
    expectAesopError(clusterCodes(sce, dimred = "PCA"), "param",
        c("dimred", "runAutoencoder"))
})

test_that("few samples, flat codes and single codes do no harm", {
    for (n in c(1L, 2L, 3L, 5L, 12L)) {
        cluster <- clusterCodes(codes[seq_len(n), , drop = FALSE])
        expect_length(cluster, n)
        expect_false(anyNA(cluster))
    }
    expect_length(clusterCodes(codes[, 1, drop = FALSE]), 120L)
    # BiocNeighbors remarks on the ties
    expect_length(suppressWarnings(clusterCodes(codes * 0 + 1)), 120L)
})

test_that("codes that cannot be clustered are refused", {
    bad <- codes
    bad[7, 2] <- NA
    expectAesopError(clusterCodes(bad), "input_value", "7")
    expectAesopError(clusterCodes(codes[0, ]), "input_dim")
    expectAesopError(clusterCodes(data.frame(codes)), "input_type")
    expectAesopError(clusterCodes(codes, BLUSPARAM = "kmeans"), "param",
        "BLUSPARAM")
    # more clusters than samples: what the method says comes as aesop's error
    for (param in list(bluster::KmeansParam(121L),
        bluster::HclustParam(cut.params = list(k = 121)))) {
        expectAesopError(clusterCodes(codes, BLUSPARAM = param), "param",
            c("BLUSPARAM", "120 samples"))
    }
})

test_that("a method that draws is repeated by set.seed()", {
    param <- bluster::KmeansParam(3L)
    run <- function() {
        withr::with_seed(1L, clusterCodes(codes, BLUSPARAM = param))
    }
    expect_identical(run(), run())
})
