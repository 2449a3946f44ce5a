# A model of one layer whose weights are given, features x codes.
withWeights <- function(weights) {
    file <- withr::local_tempfile(lines = c("layer 1", "weight matrix",
        apply(weights, 1L, paste, collapse = "\t"), "hidden bias vector",
        rep(0, ncol(weights)), "visible bias vector", rep(0, nrow(weights))))
    importAdage(file)
}

weights <- withr::with_seed(1, matrix(round(rnorm(30 * 6), 3), 30L))
weights[7, ] <- 2
weights[9, ] <- -3 * weights[8, ]
model <- withWeights(weights)

test_that("edges are the correlations of weights", {
    got <- featureNetwork(model, 0.6)
    r <- suppressWarnings(cor(t(weights)))
    wanted <- which(upper.tri(r) & abs(r) >= 0.6, arr.ind = TRUE)
    expect_setequal(paste(got$feature1, got$feature2), paste0("feature",
        wanted[, 1L], " feature", wanted[, 2L]))
    index <- cbind(match(got$feature1, model@features),
        match(got$feature2, model@features))
    expect_equal(got$correlation, r[index])
    expect_false(is.unsorted(-round(abs(got$correlation), 12)))
    expect_identical(featureNetwork(model, 1)$feature1, "feature8")
    expect_false("feature7" %in% unlist(featureNetwork(model, 0.01)))
    expect_equal(featureNetwork(model, 0.6), aesop:::.correlatedRows(
        `rownames<-`(weights, model@features), 0.6, block = 7L))
    some <- model@features[c(9, 2, 8)]
    expect_identical(unname(unlist(featureNetwork(model, 0.9, some)[1, 1:2])),
        c("feature8", "feature9"))
    expect_identical(dim(featureNetwork(model, 0.99, "feature1")), c(0L, 3L))
})

test_that("the graph has these edges and all features", {
    skip_if_not_installed("igraph")
    graph <- featureNetwork(model, 0.6, output = "igraph")
    edges <- featureNetwork(model, 0.6)
    expect_s3_class(graph, "igraph")
    expect_identical(igraph::V(graph)$name, model@features)
    expect_identical(igraph::E(graph)$correlation, edges$correlation)
    expect_identical(igraph::E(graph)$weight, abs(edges$correlation))
    expect_identical(igraph::ends(graph, 1L)[1L, ],
        c(edges$feature1[1L], edges$feature2[1L]))
})

test_that("a planted module is a dense part of the network", {
    x <- withr::with_seed(2, matrix(rnorm(60 * 150, sd = 0.3), 60L))
    drive <- withr::with_seed(3, matrix(rnorm(6 * 150), 6L))
    module <- rep(1:6, each = 10L)
    x <- x + drive[module, ]
    rownames(x) <- sprintf("gene%d", 1:60)
    model <- fitQuiet(x, hidden = integer(0), latent = 20L, epochs = 100L,
        learning_rate = 0.01, l2 = 0.01)
    edges <- featureNetwork(model)
    within <- module[match(edges$feature1, rownames(x))] ==
        module[match(edges$feature2, rownames(x))]
    expect_gt(mean(within), 0.95)
    expect_gt(sum(within) / (6 * 45), 0.95)
})

test_that("a deep model has a network by its gradients", {
    x <- toyGaussian(20L, 60L)
    deep <- toyModel(x, latent = 6L)
    r <- cor(t(aesop:::.featureWeights(deep, "gradient", x, list())))
    edges <- featureNetwork(deep, 0.8, data = x)
    expect_equal(edges$correlation, r[cbind(edges$feature1,
        edges$feature2)])
    expect_identical(nrow(edges), sum(abs(r[upper.tri(r)]) >= 0.8))
})

test_that("models and arguments that give no network are refused", {
    expectAesopError(featureNetwork(withWeights(weights[, 1:2])), "param",
        c("model", "2 codes"))
    for (bad in list("absent", 1, character(), NA)) {
        expectAesopError(featureNetwork(model, features = bad), "param",
            "features")
    }
    expectAesopError(featureNetwork(model, 0), "param", "cutoff")
    expectAesopError(featureNetwork(model, output = "graph"), "param",
        "output")
})
