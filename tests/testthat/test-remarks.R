# What is said of data that can be used and are remarkable.

told <- function(x, ...) {
    seen <- recordConditions(suppressWarnings(trainAutoencoder(x, ...,
        seed = 1)))
    paste(vapply(seen$messages, conditionMessage, ""), collapse = "\n")
}
counts <- toyCounts(120L, 50L)

test_that("counts that are used as they are are remarked on", {
    raw <- "looks like counts, and is used as it is"
    expect_match(told(counts, hidden = 8L, epochs = 1L), raw)
    expect_match(told(as(counts, "CsparseMatrix"), hidden = 8L, epochs = 1L),
        raw)
    for (said in list(list(normalize = "log"), list(normalize = "none"),
        list(scale = "minmax"), list(loss = "nb"))) {
        expect_false(grepl(raw, do.call(told, c(list(counts, hidden = 8L,
            epochs = 1L), said))))
    }
    expect_false(grepl(raw, told(counts))) # takes the logarithm
    expect_false(grepl(raw, told(counts[1:20, ], hidden = 8L, epochs = 1L)))
})

test_that("large values that are no counts are remarked on", {
    large <- counts * 1000.5
    expect_match(told(large), "values up to .* give normalize = \"log\"")
    expect_match(told(large, hidden = 8L, epochs = 1L), "no logarithms")
    expect_false(grepl("values up to", told(log1p(large))))
    expect_false(grepl("values up to", told(large, normalize = "none")))
})

test_that("samples without any value are named", {
    empty <- counts
    empty[, c(3, 7)] <- 0L
    expect_match(told(empty), sprintf("0 everywhere: 2 samples (%s, %s)",
        "\"cell3\"", "\"cell7\""), fixed = TRUE)
    expect_match(told(unname(empty)), "2 samples (\"3\", \"7\")", fixed = TRUE)
    expect_false(grepl("everywhere", told(counts)))
})

test_that("data without any variation give a model", {
    model <- trainAutoencoder(matrix(5, 310, 320), verbose = FALSE)
    expectFinite(encode(model, matrix(5, 310, 320)))
})

test_that("a design that tells every sample apart is refused", {
    x <- toyGaussian(12L, 40L)
    donor <- data.frame(donor = sprintf("d%02d", 1:40))
    for (fit in list(trainAutoencoder, findOutliers, fitNovelty)) {
        expectAesopError(fit(x, design = ~ donor, covariates = donor),
            "design", "explains all of 40 samples")
    }
})

test_that("arguments as other programs name them lead to those here", {
    x <- toyGaussian(12L, 40L)
    expectAesopError(trainAutoencoder(x, lr = 0.1), "param",
        "\"learning_rate\"")
    expectAesopError(trainAutoencoder(x, n_threads = 1), "param",
        "\"num_threads\"")
    expectAesopError(trainAutoencoder(x, bottleneck = 3), "param",
        "\"latent\"")
    expectAesopError(trainAutoencoder(x, hiden = 3), "param", "\"hidden\"")
})
