# A model of one layer whose weights are given, features x codes.
modelWithWeights <- function(weights) {
    file <- withr::local_tempfile(lines = c("layer 1", "weight matrix",
        apply(weights, 1L, paste, collapse = "\t"), "hidden bias vector",
        rep(0, ncol(weights)), "visible bias vector", rep(0, nrow(weights))))
    importAdage(file)
}

test_that("scores are deviations in population SDs", {
    weights <- cbind(c(rep(0, 17), 4, -5, 1), rep(1, 20))
    table <- featureSignatures(modelWithWeights(weights), cutoff = 1)
    w <- weights[, 1L]
    score <- (w - mean(w)) / sqrt(mean((w - mean(w))^2))
    expect_identical(table$code, c("AE1", "AE1"))
    expect_identical(table$direction, c("positive", "negative"))
    expect_identical(table$feature, c("feature18", "feature19"))
    expect_equal(table$weight, c(4, -5))
    expect_equal(table$score, score[18:19])
})

test_that("rows are sorted, codes chosen, nothing found is no row", {
    weights <- withr::with_seed(1, matrix(round(rnorm(120), 3), 40L))
    model <- modelWithWeights(weights)
    table <- featureSignatures(model, cutoff = 0.5)
    expect_named(table, c("code", "direction", "feature", "weight", "score"))
    expect_identical(table, table[order(match(table$code, paste0("AE", 1:3)),
        table$direction == "negative", -abs(table$score)), ])
    expect_identical(unique(featureSignatures(model, 1, "AE3")$code), "AE3")
    expect_equal(featureSignatures(model, 1, 2:1)$code[1L], "AE2")
    none <- featureSignatures(model, 100)
    expect_identical(dim(none), c(0L, 5L))
    # features of cutoff 0 are all but those at the mean
    expect_identical(nrow(featureSignatures(model, 0)), 120L)
    for (bad in list("AE4", 0, 4, c(1, 1), NA, TRUE, character(), list(1))) {
        expectAesopError(featureSignatures(model, codes = bad), "param",
            "codes")
    }
})

test_that("a deep encoder counts as the product of its layers", {
    x <- toyGaussian(20L, 60L)
    deep <- fitQuiet(x, hidden = c(8L, 6L), latent = 3L, epochs = 2L)
    w <- deep@weights
    product <- w$encoder.1.weight %*% w$encoder.2.weight %*%
        w$encoder.3.weight
    table <- featureSignatures(deep, 0)
    expect_equal(table$weight, product[cbind(match(table$feature,
        deep@features), match(table$code, paste0("AE", 1:3)))])
    # linear, so that codes change with the input as these weights say
    linear <- fitQuiet(x, hidden = c(8L, 6L), latent = 3L, epochs = 3L,
        activation = "linear", batch_norm = TRUE)
    shifted <- x
    shifted["gene4", ] <- shifted["gene4", ] + 1
    change <- colMeans(encode(linear, shifted) - encode(linear, x))
    table <- featureSignatures(linear, 0)
    expect_equal(table$weight[table$feature == "gene4"][order(
        table$code[table$feature == "gene4"])], unname(change),
        tolerance = 1e-4)
})

test_that("weights of the decoder are what a code adds to the features", {
    x <- toyGaussian(20L, 60L)
    linear <- fitQuiet(x, hidden = c(8L, 6L), latent = 3L, epochs = 3L,
        activation = "linear", batch_norm = TRUE)
    codes <- encode(linear, x)
    shifted <- codes
    shifted[, "AE2"] <- shifted[, "AE2"] + 1
    change <- rowMeans(decode(linear, shifted) - decode(linear, codes))
    table <- featureSignatures(linear, 0, "AE2", weights = "decoder")
    expect_equal(table$weight, unname(change[table$feature]),
        tolerance = 1e-4)
    tied <- fitQuiet(x, hidden = 8L, latent = 3L, epochs = 2L, tied = TRUE)
    expect_equal(featureSignatures(tied, 1, weights = "decoder"),
        featureSignatures(tied, 1))
    expectAesopError(featureSignatures(tied, weights = "code"), "param",
        "weights")
})

test_that("the published network has its published signatures", {
    model <- importAdage(adageFolder())
    table <- featureSignatures(model)
    size <- table(table$code)
    expect_equal(mean(size), 272.4, tolerance = 0.05 / 272.4)
    expect_equal(as.numeric(range(size)), c(202, 330))
    expect_equal(length(unique(table$feature)) / 5549, 0.726,
        tolerance = 1e-3)
    direction <- table(featureSignatures(model, 2.5)$direction) / 50
    expect_equal(as.numeric(direction[c("positive", "negative")]),
        c(54.3, 52.8), tolerance = 1e-3)
})
