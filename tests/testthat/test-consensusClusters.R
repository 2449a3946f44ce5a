skip_if_not_installed("bluster")

# Samples of three groups that overlap: features x samples, and the groups.
overlapping <- function(seed, apart = 0.75, samples = 150L, genes = 40L) {
    withr::with_seed(seed, {
        label <- rep_len(1:3, samples)
        x <- matrix(rnorm(genes * 3L, sd = apart), genes)[, label] +
            matrix(rnorm(genes * samples, sd = 2), genes)
    })
    dimnames(x) <- list(paste0("g", seq_len(genes)),
        paste0("s", seq_len(samples)))
    list(x = x, label = label)
}

ensembleOf <- function(x, ..., members = 5) {
    ensembleAutoencoder(x, members = members, consensus = "codes", latent = 3,
        hidden = integer(0), seed = 1, ...)
}

# Share of samples whose cluster is mostly of their own group.
isRight <- function(clusters, label) {
    shares <- table(clusters, label)
    label == max.col(shares, ties.method = "first")[clusters]
}

data <- overlapping(1L)
members <- ensembleOf(data$x)
found <- consensusClusters(members, data$x, k = 3)

test_that("samples that the members agree on are right more often", {
    right <- sure <- numeric()
    for (seed in 1:3) {
        set <- overlapping(seed)
        e <- ensembleOf(set$x)
        f <- consensusClusters(e, set$x, k = 3)
        right <- c(right, isRight(f$clusters, set$label))
        sure <- c(sure, f$confidence > 0.9)
    }
    expect_gt(mean(sure), 0.2)
    expect_gt(mean(sure == 0), 0.2)
    expect_gt(mean(right[sure == 1]), mean(right[sure == 0]) + 0.1)
})

test_that("the consensus is what the members vote for", {
    expect_s3_class(found, "aesop_consensus")
    expect_identical(dim(found$votes), c(150L, 5L))
    expect_identical(rownames(found$votes), colnames(data$x))
    expect_named(found$clusters, colnames(data$x))
    expect_true(all(found$confidence >= 0 & found$confidence <= 1))
    expect_identical(unname(found$confidence),
        unname(rowMeans(found$votes == as.integer(found$clusters))))
    most <- apply(found$votes, 1L, function(v) max(tabulate(v, 3L)))
    expect_identical(unname(found$confidence), unname(most / 5))
    expect_false(is.unsorted(-table(found$clusters)))
    for (i in 1:5) {
        own <- aesop:::.kmeans(3L, encode(members$members[[i]], data$x), 1)
        expect_equal(randIndex(own$cluster, found$votes[, i]), 1)
        expect_equal(found$agreement[i],
            randIndex(own$cluster, found$clusters))
    }
    expect_output(print(found), "3 clusters")
    expect_identical(consensusClusters(members, data$x, k = 3), found)
})

test_that("votes under other names, or with other numbers, are matched", {
    truth <- rep(1:4, c(40, 30, 20, 10))
    renamed <- list(1:4, 4:1, c(2L, 4L, 1L, 3L), c(3L, 1L, 2L, 4L))
    votes <- lapply(renamed, function(r) r[truth])
    f <- aesop:::.vote(votes)
    expect_identical(as.integer(f$clusters), truth)
    expect_true(all(f$confidence == 1))
    # one member splits a group: the parts go back together
    votes[[1]] <- ifelse(seq_len(100L) <= 15L, 5L, truth)
    f <- aesop:::.vote(votes)
    expect_identical(as.integer(f$clusters), truth)
    expect_true(all(f$confidence == 1))
    # one puts 15 samples elsewhere
    votes[[1]] <- ifelse(seq_len(100L) <= 15L, 2L, truth)
    f <- aesop:::.vote(votes)
    expect_identical(as.integer(f$clusters), truth)
    expect_equal(which(f$confidence < 1), 1:15)
    # the best of all assignments of small tables
    orders <- as.matrix(expand.grid(1:4, 1:4, 1:4, 1:4))
    orders <- orders[apply(orders, 1L, anyDuplicated) == 0L, ]
    withr::with_seed(3L, for (i in 1:20) {
        shared <- matrix(rpois(16L, 5), 4L) + diag(20L, 4L)[sample(4L), ]
        best <- max(apply(orders, 1L, function(o) sum(shared[cbind(1:4, o)])))
        pick <- aesop:::.matchClusters(shared)
        expect_identical(sort(pick), 1:4)
        expect_equal(sum(shared[cbind(1:4, pick)]), best)
    })
})

test_that("methods of bluster, experiments and one cluster work", {
    param <- bluster::HclustParam(cut.params = list(k = 4))
    f <- consensusClusters(members, data$x, BLUSPARAM = param)
    expect_lte(f$k, 4L)
    expect_match(f$reason, "HclustParam")
    se <- SummarizedExperiment::SummarizedExperiment(list(data = data$x))
    out <- consensusClusters(members, se, k = 3, name = "E")
    expect_identical(out$E_cluster, unname(found$clusters))
    expect_identical(out$E_confidence, unname(found$confidence))
    one <- consensusClusters(members, data$x, k = 1)
    expect_identical(one$k, 1L)
    expect_true(all(one$confidence == 1))
    skip_if_not_installed("withr")
    apart <- overlapping(2L, 3, 90L)
    own <- consensusClusters(ensembleOf(apart$x, members = 3), apart$x)
    expect_identical(own$k, 3L)
    expect_equal(randIndex(own$clusters, apart$label), 1)
})

test_that("what cannot be is refused", {
    expectAesopError(consensusClusters(members$members, data$x, k = 2),
        "input_type", "ensemble")
    expectAesopError(consensusClusters(members, data$x, k = 151), "param",
        "k")
    expectAesopError(consensusClusters(members, data$x, k = 0), "param", "k")
    expectAesopError(consensusClusters(members, data$x, k = 2,
        BLUSPARAM = bluster::HclustParam()), "param", "k")
    expectAesopError(consensusClusters(members, data$x, BLUSPARAM = "a"),
        "param", "BLUSPARAM")
    expectAesopError(consensusClusters(members, data$x,
        BLUSPARAM = bluster::KmeansParam(151)), "param", "BLUSPARAM")
    expectAesopError(consensusClusters(members, data$x[-1, ], k = 2),
        "features")
})
