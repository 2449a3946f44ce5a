# Codes of `groups` groups in some dimensions, well apart.
groupedCodes <- function(groups, seed, n = 180L) {
    set.seed(seed)
    centres <- matrix(rnorm(groups * 6L, sd = 6), groups)
    label <- rep_len(seq_len(groups), n)
    list(codes = centres[label, ] + rnorm(n * 6L), label = label)
}

test_that("the true number of groups is chosen in at least 90 % of sets", {
    skip_if_not_installed("bluster")
    chosen <- vapply(1:20, function(seed) {
        vapply(c(2L, 3L, 6L), function(groups) {
            chooseClusters(groupedCodes(groups, seed)$codes, k = 2:9)$k
        }, 1L)
    }, integer(3L))
    expect_gte(mean(chosen == c(2L, 3L, 6L)), 0.9)
})

test_that("the result is repeatable and leaves R's generator alone", {
    skip_if_not_installed("bluster")
    codes <- groupedCodes(3L, 1L)$codes
    rownames(codes) <- paste0("s", seq_len(nrow(codes)))
    set.seed(5)
    before <- .Random.seed
    a <- chooseClusters(codes, k = 2:5, seed = 3)
    expect_identical(.Random.seed, before)
    expect_identical(a, chooseClusters(codes, k = 5:2, seed = 3))
    expect_identical(names(a$clusters), rownames(codes))
    expect_identical(a$table$k, 2:5)
    expect_false(is.unsorted(-a$table$within))
    expect_output(print(a), "k = 3")
})

test_that("k that cannot be is refused", {
    skip_if_not_installed("bluster")
    codes <- matrix(rnorm(20), 10)
    for (k in list(1, 10, "a", integer(0), 2.5, NA)) {
        expectAesopError(chooseClusters(codes, k = k), "param", "k")
    }
})

test_that("codes group time courses better than k-means on the profiles", {
    times <- seq(0, 1, length.out = 24L)
    shapes <- rbind(sin(2 * pi * times), cos(2 * pi * times), 2 * times - 1,
        1 - 2 * times, 2 * exp(-20 * (times - 0.5)^2) - 1)
    label <- rep_len(1:5, 240L)
    gain <- vapply(1:3, function(seed) {
        set.seed(seed)
        x <- t(shapes[label, ] * exp(rnorm(240L, 0, 0.5)) +
            rnorm(240L * 24L, sd = 0.5))
        model <- trainAutoencoder(x, vanillaParam(latent = 4), seed = seed,
            verbose = FALSE)
        clusterAgreement(encode(model, x), label) -
            clusterAgreement(t(x), label)
    }, 1)
    expect_gt(mean(gain), 0.1)
})
