x <- toyGaussian(30L, 200L)
find <- function(..., seed = 1) {
    findLearningRate(x, hidden = 8L, latent = 2L, seed = seed, ...)
}

test_that("the rate rises by the same factor at each step", {
    rates <- find(from = 1e-5, to = 1e-2, steps = 60)
    expect_named(rates$curve, c("rate", "loss", "smoothed"))
    expect_equal(rates$curve$rate, 10^seq(-5, -2, length.out = 60))
    expect_false(rates$exploded)
    expect_true(all(is.finite(rates$curve$loss)))
    # a running mean over 7 steps
    expect_equal(rates$curve$smoothed[10L], mean(rates$curve$loss[7:13]))
    expect_identical(which(is.na(rates$curve$smoothed)), c(1:3, 58:60))
})

test_that("losses are those of training, minibatch by minibatch", {
    # with whole batches, a constant rate and its updates switched off by its
    # size, an epoch's mean is the mean of its steps
    rates <- find(from = 1e-12, to = 1.0001e-12, steps = 10,
        batch_size = 20L, validation = 0, scale = "none",
        noise = gaussianNoise(0.3))
    model <- fitQuiet(x, hidden = 8L, latent = 2L, epochs = 1L,
        batch_size = 20L, validation = 0, learning_rate = 1e-12,
        scale = "none", noise = gaussianNoise(0.3))
    expect_equal(mean(rates$curve$loss), model@history$loss,
        tolerance = 1e-6)
})

test_that("the suggestion trains well and too high a rate explodes", {
    rates <- find(from = 1e-5, to = 100, steps = 200, optimizer = sgd())
    expect_true(rates$exploded)
    expect_lt(nrow(rates$curve), 200L)
    fit <- function(rate) {
        model <- fitQuiet(x, hidden = 8L, latent = 2L, epochs = 5L,
            optimizer = sgd(rate), early_stopping = FALSE)
        min(model@history$val_loss)
    }
    expect_lt(fit(rates$suggestion), 0.9 * fit(1e-5))
    expect_lt(rates$suggestion, max(rates$curve$rate))
    expect_match(rates$reason, "falls most steeply")
    lowest <- which.min(rates$curve$smoothed)
    expect_lte(rates$suggestion, rates$curve$rate[lowest])
})

test_that("it is repeatable on any number of threads", {
    rates <- find(dropout = 0.2, noise = maskingNoise(0.1))
    expect_identical(find(dropout = 0.2, noise = maskingNoise(0.1),
        num_threads = 1), rates)
    expect_false(identical(find(seed = 2)$curve, find()$curve))
    withr::local_seed(1)
    drawn <- find(seed = NULL)
    withr::local_seed(1)
    expect_identical(find(seed = floor(runif(1) * 2^31)), drawn)
})

test_that("all forms of data and kinds of model go through", {
    counts <- toyCounts(40L, 60L)
    rates <- findLearningRate(counts, loss = "nb", seed = 1, to = 0.1)
    expect_true(all(is.finite(rates$curve$loss)))
    expect_equal(findLearningRate(asSparse(counts), loss = "nb", seed = 1,
        to = 0.1), rates)
    expect_equal(findLearningRate(toySce(counts), loss = "nb", seed = 1,
        to = 0.1), rates)
    expect_equal(findLearningRate(DelayedArray::DelayedArray(counts),
        loss = "nb", seed = 1, to = 0.1), rates)
    streamed <- findLearningRate(DelayedArray::DelayedArray(counts),
        AutoencoderParam(loss = "nb", clip_norm = 1, tied = TRUE), seed = 1,
        memory_limit = 3000)
    expect_true(all(is.finite(streamed$curve$rate)))
})

test_that("no fall is no suggestion; it prints and plots", {
    flat <- find(from = 1e-12, to = 1e-11, steps = 10, batch_size = 180L)
    expect_true(is.na(flat$suggestion) || flat$suggestion < 1e-11)
    rising <- aesop:::.suggestRate(data.frame(rate = 1:9, loss = 1:9,
        smoothed = c(NA, 2:8, NA)))
    expect_identical(rising$suggestion, NA_real_)
    expect_match(rising$reason, "never falls")
    expect_equal(aesop:::.runningSlope(c(1, 5, 2, 8, 4), 2L)[3L],
        unname(coef(lm(c(1, 5, 2, 8, 4) ~ seq_len(5)))[2L]))
    rates <- find()
    expect_output(print(rates), "learning_rate = ")
    withr::local_pdf(withr::local_tempfile(fileext = ".pdf"))
    expect_identical(plot(rates), rates)
    expect_silent(plot(find(to = 1e6, optimizer = "sgd")))
    expectAesopError(find(from = 1, to = 0.1), "param", "to")
    expectAesopError(find(steps = 3), "param", "steps")
    expectAesopError(find(rate = 3), "param", "rate")
})

test_that("counts alone are refused, as a network would see them raw", {
    only <- SingleCellExperiment::SingleCellExperiment(list(
        counts = toyCounts(120L, 50L)))
    expectAesopError(findLearningRate(only, steps = 10L), "param",
        "logNormCounts")
})
