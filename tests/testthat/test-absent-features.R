# Features that new data lack (missing = "mask") have no values: what is
# computed from values leaves them out.

shifted <- function(n, seed) {
    set.seed(seed)
    x <- 100 + matrix(rnorm(30 * 3), 30) %*% matrix(rnorm(3 * n), 3) +
        matrix(rnorm(30 * n, sd = 0.3), 30)
    dimnames(x) <- list(paste0("g", seq_len(30)), paste0("s", seq_len(n)))
    x
}

test_that("normal samples without some features stay normal", {
    set.seed(1)
    loadings <- matrix(rnorm(30 * 3), 30)
    draw <- function(n) {
        x <- 100 + loadings %*% matrix(rnorm(3 * n), 3) +
            matrix(rnorm(30 * n, sd = 0.3), 30)
        dimnames(x) <- list(paste0("g", seq_len(30)), NULL)
        x
    }
    new <- draw(40)
    for (method in c("density", "error")) {
        novelty <- fitNovelty(draw(120), method = method, seed = 1,
            verbose = FALSE)
        scored <- suppressMessages(scoreNovelty(novelty, new[-(1:3), ],
            missing = "mask"))
        expect_lt(mean(scored$outlier), 0.3)
    }
    # also where the same samples say what is normal
    model <- trainAutoencoder(draw(120), verbose = FALSE)
    table <- suppressMessages(findOutliers(new[-(1:3), ], model = model,
        missing = "mask"))
    expect_true(all(is.finite(table$score)))
})

test_that("absent features have no errors", {
    x <- shifted(60, 2)
    model <- trainAutoencoder(x, verbose = FALSE)
    table <- suppressMessages(featureErrors(model, x[-(1:3), ],
        missing = "mask"))
    absent <- table$feature %in% c("g1", "g2", "g3")
    expect_true(all(is.na(table[absent, -1L])))
    expect_true(all(table$mean_absolute_error[!absent] < 5))
    expect_identical(sort(utils::tail(table$feature, 3L)),
        c("g1", "g2", "g3"))
})

test_that("absent features are no zeros, technical or other", {
    counts <- toyCounts(30L, 60L)
    model <- trainAutoencoder(counts, countParam("zinb", latent = 2L,
        epochs = 3L), seed = 1, verbose = FALSE)
    part <- counts[-(1:4), ]
    p <- suppressMessages(dropoutProbability(model, part, missing = "mask"))
    expect_identical(unname(which(is.na(p[, 1L]))), 1:4)
    expect_true(all(p[-(1:4), ][part > 0] == 0))
    seen <- recordConditions(filled <- denoise(model, part,
        impute = "technical_zeros", missing = "mask"))
    expect_true(all(is.na(filled[1:4, ])))
    told <- Filter(function(m) !is.null(m$n_filled), seen$messages)[[1L]]
    expect_match(conditionMessage(told), sprintf("of %s zero",
        format(sum(part == 0), big.mark = ",")))
})

test_that("that sizes are taken from part of the features is said", {
    counts <- toyCounts(30L, 60L)
    model <- fitQuiet(counts, normalize = "log", latent = 2L, epochs = 1L)
    size <- colSums(counts) / median(colSums(counts))
    expect_message(encode(model, counts[-(1:4), ], missing = "mask"),
        "give `size_factors`")
    seen <- recordConditions(encode(model, counts[-(1:4), ],
        missing = "mask", size_factors = size))
    expect_false(any(grepl("size_factors", vapply(seen$messages,
        conditionMessage, ""))))
})
