skip_if_not_installed("bluster")
skip_if_not_installed("withr")

# Features x samples of some groups, of equal or falling sizes.
groupedFeatures <- function(groups, seed, samples = 96L, genes = 60L) {
    withr::with_seed(100 * groups + seed, {
        size <- if (seed %% 2 == 1) rep(1, groups) else 0.8^seq_len(groups)
        label <- rep(seq_len(groups), round(samples * size / sum(size)))
        x <- matrix(rnorm(genes * groups), genes)[, label] +
            matrix(rnorm(genes * length(label), sd = 0.8), genes)
    })
    dimnames(x) <- list(sprintf("g%d", seq_len(genes)),
        sprintf("s%d", seq_along(label)))
    list(x = x, label = label)
}

# Codes of `groups` groups in some dimensions, well apart.
groupedCodes <- function(groups, seed, n = 180L) {
    withr::with_seed(seed, {
        centres <- matrix(rnorm(groups * 6L, sd = 6), groups)
        label <- rep_len(seq_len(groups), n)
        codes <- centres[label, ] + rnorm(n * 6L)
    })
    list(codes = codes, label = label)
}

# Codes without clusters, of different spread.
oneGroup <- function(seed, n = 100L) {
    withr::with_seed(seed, matrix(rnorm(n * 4L), n) * rep(4:1, each = n))
}

test_that("the true number of groups is chosen in at least 90 % of sets", {
    groups <- rep_len(c(2L, 3L, 6L), 20L)
    chosen <- vapply(1:20, function(seed) {
        x <- groupedFeatures(groups[seed], seed)$x
        model <- fitQuiet(x, latent = 6L, epochs = 40L)
        chooseClusters(encode(model, x), k = 2:8, resamples = 1,
            references = 0)$k
    }, 1L)
    expect_gte(mean(chosen == groups), 0.9)
})

test_that("groups are told from none", {
    # one in ten is expected; more than 3 of 10 come by chance in 1 % of cases
    one <- vapply(1:10, function(seed) {
        suppressWarnings(chooseClusters(oneGroup(seed), k = 2:3,
            resamples = 1, references = 9))$k
    }, 1L)
    expect_lte(sum(one > 1L), 3L)
    three <- chooseClusters(groupedCodes(3L, 1L)$codes, k = 2:5)
    expect_identical(three$k, 3L)
    expect_equal(three$p_value, 1 / 21)
    expect_identical(dim(three$unclustered), c(20L, 4L))
})

test_that("no clusters: the reason and a warning say so", {
    codes <- oneGroup(1L)
    rownames(codes) <- paste0("s", seq_len(nrow(codes)))
    expect_warning(none <- chooseClusters(codes, k = 2:4, resamples = 1),
        "no clusters were found", class = "aesop_warning_clusters")
    expect_identical(none$k, 1L)
    expect_identical(levels(none$clusters), "1")
    expect_named(none$clusters, rownames(codes))
    expect_gt(none$p_value, 1 / 21)
    expect_match(none$reason, "no clusters")
    expect_output(print(none), "k = 1: no clusters")
    asked <- chooseClusters(codes, k = 2:4, resamples = 1, references = 0)
    expect_true(asked$k %in% 2:4)
    expect_identical(asked$p_value, NA_real_)
    expectAesopError(chooseClusters(codes * 0 + 1), "input_value", "same")
})

test_that("the table is bluster's, and separation is what it says", {
    set <- groupedCodes(3L, 2L, 60L)
    out <- chooseClusters(set$codes, k = 2:4, references = 0, resamples = 3)
    expect_named(out$table, c("k", "silhouette", "purity", "stability",
        "separation", "within"))
    fit <- aesop:::.kmeans(3L, set$codes, 1)
    expect_equal(randIndex(fit$cluster, set$label), 1)
    row <- out$table[out$table$k == 3L, ]
    expect_equal(row$silhouette,
        mean(bluster::approxSilhouette(set$codes, fit$cluster)$width))
    expect_equal(row$purity,
        mean(bluster::neighborPurity(set$codes, fit$cluster, k = 5)$purity))
    expect_equal(row$stability, 1)
    expect_equal(row$within, fit$tot.withinss /
        sum(scale(set$codes, scale = FALSE)^2))
    # two means on a line: 3 half-way, 4 and 5 around the means
    line <- cbind(c(-0.1, 0, 0, 0.1, 0.45, 0.5, 0.55, 0.9, 1, 1, 1, 1.1), 0)
    fit <- list(centers = rbind(c(0, 0), c(1, 0)),
        cluster = c(1L, 1L, 1L, 1L, 1L, 1L, 2L, 2L, 2L, 2L, 2L, 2L))
    expect_equal(aesop:::.separation(line, fit), 1 - 3 / 4)
})

test_that("many samples are clustered as a whole, judged by some", {
    set <- groupedCodes(4L, 3L, 2500L)
    out <- chooseClusters(set$codes, k = 3:5, resamples = 1, references = 0)
    expect_identical(out$k, 4L)
    expect_length(out$clusters, 2500L)
    expect_gt(randIndex(out$clusters, set$label), 0.99)
})

test_that("the result is repeatable and leaves R's generator alone", {
    codes <- groupedCodes(3L, 1L, 60L)$codes
    rownames(codes) <- paste0("s", seq_len(nrow(codes)))
    withr::local_seed(5)
    before <- .Random.seed
    choose <- function(k) {
        chooseClusters(codes, k = k, seed = 3, resamples = 2, references = 3)
    }
    a <- choose(2:5)
    expect_identical(.Random.seed, before)
    expect_identical(a, choose(5:2))
    withr::with_seed(1, .rng_kind = "Wichmann-Hill",
        expect_identical(choose(2:5), a))
    expect_identical(names(a$clusters), rownames(codes))
    expect_identical(a$table$k, 2:5)
    expect_false(is.unsorted(-a$table$within))
    expect_output(print(a), "k = 3")
    withr::local_pdf(NULL)
    expect_identical(plot(a), a)
})

test_that("k that cannot be is refused", {
    codes <- matrix(rnorm(20), 10)
    for (k in list(1, 10, "a", integer(0), 2.5, NA)) {
        expectAesopError(chooseClusters(codes, k = k), "param", "k")
    }
    expectAesopError(chooseClusters(codes[rep(1:3, 4), ], k = 2:4), "param",
        c("k", "3 different"))
    expectAesopError(chooseClusters(codes, k = 2, resamples = 0), "param",
        "resamples")
    expectAesopError(chooseClusters(codes, k = 2, references = -1), "param",
        "references")
    # as few samples as there can be
    expect_true(suppressWarnings(chooseClusters(codes[1:3, ], k = 2))$k < 3L)
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
