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
    table <- featureSignatures(deep, 0, weights = "encoder")
    expect_equal(table$weight, product[cbind(match(table$feature,
        deep@features), match(table$code, paste0("AE", 1:3)))])
    # linear, so that codes change with the input as these weights say
    linear <- fitQuiet(x, hidden = c(8L, 6L), latent = 3L, epochs = 3L,
        activation = "linear", batch_norm = TRUE)
    shifted <- x
    shifted["gene4", ] <- shifted["gene4", ] + 1
    change <- colMeans(encode(linear, shifted) - encode(linear, x))
    table <- featureSignatures(linear, 0, weights = "encoder")
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
        featureSignatures(tied, 1, weights = "encoder"))
    expectAesopError(featureSignatures(tied, weights = "code"), "param",
        "weights")
})

# Gradient x input by central differences of the encoder, features x codes; x
# as the network sees it.
numericWeights <- function(model, x, h = 0.05) {
    slopes <- lapply(seq_len(nrow(x)), function(f) {
        step <- h * (seq_len(nrow(x)) == f)
        (encode(model, x + step) - encode(model, x - step)) / (2 * h)
    })
    distance <- abs(x - rowMeans(x))
    t(vapply(seq_len(nrow(x)), function(f) {
        colMeans(slopes[[f]] * distance[f, ])
    }, numeric(ncol(slopes[[1L]]))))
}

gradientWeights <- function(model, x, ...) {
    unname(aesop:::.featureWeights(model, "gradient", x, list(...)))
}

test_that("gradient x input is that of central differences", {
    x <- toyGaussian(10L, 30L)
    fits <- list(
        deep = list(x, hidden = c(8L, 6L), activation = "tanh",
            scale = "none"),
        normed = list(x, hidden = 8L, activation = "gelu",
            batch_norm = TRUE, scale = "none", dropout = 0.3,
            noise = "masking", noise_amount = 0.1),
        tied = list(x, hidden = 8L, activation = "softplus", tied = TRUE,
            scale = "none", latent_activation = "sigmoid"),
        variational = list(x, variationalParam(), hidden = 6L,
            activation = "tanh", scale = "none"))
    for (name in names(fits)) {
        model <- do.call(fitQuiet, c(fits[[name]], latent = 3L, epochs = 3L))
        expectNear(gradientWeights(model, x), numericWeights(model, x), 0.002,
            name)
    }
})

test_that("a linear model's gradients are weight x deviation", {
    x <- toyGaussian(20L, 60L)
    for (scale in c("none", "standard")) {
        model <- fitQuiet(x, hidden = c(8L, 6L), latent = 3L, epochs = 3L,
            activation = "linear", batch_norm = TRUE, scale = scale)
        seen <- x - rowMeans(x)
        if (scale == "standard") {
            seen <- seen * model@transform$scale
        }
        wanted <- aesop:::.codeWeights(model) * rowMeans(abs(seen))
        expectNear(gradientWeights(model, x), unname(wanted), 1e-5, scale)
    }
    # the default, and how it is read
    table <- featureSignatures(model, data = x, cutoff = 1)
    expect_identical(table, featureSignatures(model, 1,
        weights = "gradient", data = x))
    weight <- wanted[table$feature[1L], table$code[1L]]
    expect_equal(table$weight[1L], weight, tolerance = 1e-5)
    # one layer: the encoder's own weights, with or without data
    flat <- fitQuiet(x, hidden = integer(0), latent = 3L, epochs = 2L)
    expect_identical(featureSignatures(flat, 1), featureSignatures(flat, 1,
        weights = "encoder", data = x))
})

test_that("gradients take counts, covariates, images and several assays", {
    counts <- toyCounts(12L, 50L)
    model <- fitQuiet(counts, countParam("nb"), hidden = 6L, latent = 2L,
        epochs = 3L)
    sparse <- asSparse(counts)
    expect_identical(gradientWeights(model, sparse),
        gradientWeights(model, counts))
    # samples are summed in order, whatever the minibatch or the threads
    expect_identical(gradientWeights(model, counts, num_threads = 1),
        gradientWeights(model, counts, num_threads = 2))
    x <- toyGaussian(12L, 40L)
    frame <- data.frame(batch = rep_len(c("a", "b"), 40L))
    conditional <- fitQuiet(x, hidden = 5L, latent = 2L, epochs = 2L,
        design = ~ batch, covariates = frame, condition = "both",
        activation = "tanh", scale = "none")
    other <- data.frame(batch = rep("a", 40L))
    got <- gradientWeights(conditional, x, covariates = other)
    h <- 0.05
    step <- h * (seq_len(12L) == 3L)
    slope <- (encode(conditional, x + step, covariates = other) -
        encode(conditional, x - step, covariates = other)) / (2 * h)
    expectNear(got[3L, ], unname(colMeans(slope *
        abs(x[3L, ] - mean(x[3L, ])))), 0.002)
    joint <- fitQuiet(list(rna = x, adt = x[1:4, ] + 1), latent = 2L,
        epochs = 2L)
    table <- featureSignatures(joint, 0, data = list(rna = x,
        adt = x[1:4, ] + 1))
    expect_identical(nrow(table), 2L * 16L)
    expect_true(all(table$feature %in% joint@features))
    images <- fitQuiet(abs(toyGaussian(36L, 30L)), convolutionalParam(
        input_shape = c(6, 6, 1), layers = list(conv2d(2, 3))), latent = 2L,
        epochs = 2L)
    expectFinite(gradientWeights(images, abs(toyGaussian(36L, 30L))))
})

test_that("samples on disk give the same, absent features nothing", {
    x <- toyGaussian(30L, 300L)
    model <- toyModel(x)
    wanted <- gradientWeights(model, x)
    expect_identical(gradientWeights(model, DelayedArray::DelayedArray(x),
        memory_limit = 20000), wanted)
    # the order of the samples is rounding
    expectNear(gradientWeights(model, x[, 300:1]), wanted, 1e-12)
    expect_message(got <- gradientWeights(model, x[-3, ], missing = "mask"),
        "29 of")
    expect_identical(got[3L, ], c(0, 0, 0))
    expect_gt(min(abs(got[-3L, ])), 0)
})

test_that("features of a planted code come first, by SD or number", {
    x <- withr::with_seed(4, matrix(rnorm(50 * 200), 50L))
    on <- withr::with_seed(5, rnorm(200L))
    x[1:5, ] <- x[1:5, ] + rep(3 * on, each = 5L)
    x[6:8, ] <- x[6:8, ] - rep(3 * on, each = 3L)
    rownames(x) <- sprintf("gene%d", 1:50)
    model <- fitQuiet(x, hidden = 16L, latent = 1L, epochs = 60L,
        learning_rate = 0.01)
    table <- featureSignatures(model, data = x, top = 8)
    expect_setequal(table$feature, rownames(x)[1:8])
    expect_length(unique(table$direction[table$feature %in%
        rownames(x)[1:5]]), 1L)
    sign <- table$direction == table$direction[table$feature == "gene1"]
    expect_setequal(table$feature[sign], rownames(x)[1:5])
    expect_false(is.unsorted(-abs(table$score[sign])))
    expect_identical(nrow(featureSignatures(model, data = x, top = 100)),
        50L)
    sets <- list(on = rownames(x)[1:5], off = rownames(x)[20:30])
    got <- testFeatureSets(model, sets, data = x, top = 8)
    expect_identical(got$set[1L], "on")
    expect_identical(got$overlap[1L], 5L)
})

test_that("gradients without samples are refused", {
    x <- toyGaussian(12L, 40L)
    deep <- toyModel(x)
    expectAesopError(featureSignatures(deep), "param", "data", "data")
    expectAesopError(featureNetwork(deep), "param", "data", "data")
    expectAesopError(testFeatureSets(deep, list(a = rownames(x)[1:3])),
        "param", "data", "data")
    expectAesopError(featureSignatures(deep, data = x[, 1, drop = FALSE]),
        "param", "one sample", "data")
    expectAesopError(featureSignatures(deep, data = x[-1, ]), "features")
    expectAesopError(featureSignatures(deep, data = replace(x, 3, NA)),
        "input_value")
    expectAesopError(featureSignatures(deep, data = x, transpose = TRUE),
        "param", "transpose")
    expectAesopError(featureSignatures(deep, data = x, top = 0), "param",
        "top")
    expectAesopError(testFeatureSets(list(a = "b"), list(a = "b"), "b",
        data = x), "param", c("data", "signatures"), "data")
    # constant features say nothing
    x[2, ] <- 1
    table <- featureSignatures(deep, 0, data = x)
    expect_lt(max(abs(table$weight[table$feature == "gene2"])), 1e-12)
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
