# The parts of the scores of samples, each against its definition in plain R.

ns <- asNamespace("aesop")
# share of pairs in which the outlier has the higher score
area <- function(score, outlier) {
    mean(outer(score[outlier], score[!outlier], ">") +
        outer(score[outlier], score[!outlier], "==") / 2)
}

# Breunig et al. (2000), definitions 3 to 7, for each row of query; NULL: for
# each row of known among the others.
bruteFactor <- function(known, query, k) {
    gap <- function(a, b) {
        sqrt(outer(rowSums(a^2), rowSums(b^2), "+") - 2 * tcrossprod(a, b))
    }
    among <- suppressWarnings(gap(known, known))
    diag(among) <- Inf
    distance_k <- apply(among, 1L, function(d) sort(d)[k])
    density <- function(d) {
        near <- order(d)[seq_len(k)]
        1 / mean(pmax(distance_k[near], d[near]))
    }
    known_density <- apply(among, 1L, density)
    from <- if (is.null(query)) among else suppressWarnings(gap(query, known))
    apply(from, 1L, function(d) {
        mean(known_density[order(d)[seq_len(k)]]) / density(d)
    })
}

test_that("the local outlier factor is that of its definition", {
    skip_if_not_installed("BiocNeighbors")
    known <- withr::with_seed(1L, matrix(rnorm(40L * 4L), 40L) +
        rep(c(0, 6), 20L))
    query <- withr::with_seed(2L, matrix(rnorm(9L * 4L, sd = 4), 9L))
    for (n in c(40L, 12L)) {
        some <- known[seq_len(n), ]
        counts <- unique(pmin(c(5L, 10L, 20L), n - 1L))
        kept <- array(ns$.neighbourDensity(some), c(n, 2L, length(counts)))
        for (of in list(NULL, query)) {
            wanted <- rowMeans(vapply(counts, function(k) {
                log(bruteFactor(some, of, k))
            }, numeric(if (is.null(of)) n else 9L)))
            expectNear(ns$.logOutlierFactor(some, of, kept), wanted, 1e-6)
        }
    }
    # of all codes, the factor does not see the rotation; a half and an eighth
    # are the leading principal components
    reference <- ns$.localReference(known, 1)
    views <- ns$.localViews(reference, query)
    expect_identical(dim(views), c(9L, 4L))
    parts <- prcomp(known)
    wanted <- vapply(c(4L, 2L, 1L), function(q) {
        rowMeans(vapply(c(5L, 10L, 20L), function(k) {
            log(bruteFactor(parts$x[, seq_len(q), drop = FALSE],
                predict(parts, query)[, seq_len(q), drop = FALSE], k))
        }, numeric(9L)))
    }, numeric(9L))
    expectNear(views[, 1:3], wanted, 1e-3)
})

test_that("neighbours at the same place leave the factors finite", {
    skip_if_not_installed("BiocNeighbors")
    codes <- matrix(rep(c(0, 1, 5), each = 60L), 60L)[rep(1:2, 30L), ]
    reference <- ns$.localReference(codes, 1)
    expectFinite(ns$.localViews(reference))
    expectFinite(ns$.localViews(reference, codes[1:3, ] + c(0, 1, 1e6)))
})

test_that("the distance to a group is that of its normal distribution", {
    known <- withr::with_seed(3L, matrix(rnorm(400L * 2L), 400L) *
        rep(c(1, 3), c(200L, 200L)) + rep(c(0, 20), each = 200L))
    query <- rbind(c(0, 0), c(20, 20), c(10, 10))
    group <- rep(1:2, each = 200L)
    found <- ns$.groupDistance(known, group, query)
    wanted <- apply(vapply(1:2, function(g) {
        own <- known[group == g, ]
        spread <- cov(own) * 199 / 200
        mahalanobis(query, colMeans(own), spread) + log(det(spread)) +
            2 * log(2)
    }, numeric(3L)), 1L, min)
    # the covariances are drawn towards each other a little
    expectNear(found, wanted, 0.1)
    expect_identical(which.max(found), 3L)
})

test_that("as many codes as the optimal hard threshold leaves of all values", {
    # Gavish and Donoho (2014), equations 11 and 4: by the median of the
    # Marchenko-Pastur distribution
    factor <- function(beta) {
        ends <- (1 + c(-1, 1) * sqrt(beta))^2
        below <- function(m) {
            integrate(function(t) {
                sqrt((ends[2L] - t) * (t - ends[1L])) / (2 * pi * beta * t)
            }, ends[1L], m)$value
        }
        middle <- uniroot(function(m) below(m) - 0.5, ends + c(1e-6, -1e-6),
            tol = 1e-8)$root
        sqrt((2 * (beta + 1) + 8 * beta / (beta + 1 +
            sqrt(beta^2 + 14 * beta + 1))) / middle)
    }
    for (size in list(c(30L, 50L), c(150L, 140L), c(120L, 90L))) {
        for (seed in 1:2) {
            x <- toyGaussian(size[1L], size[2L], rank = 6L, seed = seed,
                noise = 1.2)
            x <- x - rowMeans(x)
            values <- svd(x, 0L, 0L)$d[seq_len(min(size - c(0L, 1L)))]
            sides <- size - c(0L, 1L)
            limit <- factor(min(sides) / max(sides)) * median(values)
            work <- ns$.workingSpace(x)
            known <- svd(work$y, 0L, 0L)$d
            expect_identical(ns$.thresholdCount(known, sum(work$rest),
                size[1L], size[2L]), sum(values > limit))
            expectNear(sum(work$y^2) + sum(work$rest), sum(x^2),
                tolerance$double)
        }
    }
})

# The cross-fitted score for up to 100 features, by singular vectors. latent: a
# number.
slowScores <- function(x, latent) {
    n <- ncol(x)
    nearest <- function(d) order(d)[seq_len(ceiling(0.75 * length(d)))]
    # features on the scale of the middle samples
    x <- x - apply(x, 1L, median)
    middle <- nearest(colSums(x^2))
    spread <- function(x) apply(x, 1L, function(v) sqrt(mean((v - mean(v))^2)))
    x <- x / pmax(spread(x[, middle]), 0.05 * spread(x))
    x <- x - rowMeans(x)
    fold <- integer(n)
    fold[ns$sample_order(n, list(seed = c(0, 0), epoch = 0))] <-
        rep_len(1:5, n)
    score <- numeric(n)
    for (f in 1:5) {
        train <- x[, fold != f]
        distance <- colSums((train - apply(train, 1L, median))^2)
        for (step in 1:10) {
            used <- train[, nearest(distance)]
            center <- rowMeans(used)
            scale <- pmax(spread(used), 0.05)
            parts <- svd((used - center) / scale)
            axes <- parts$u[, seq_len(latent), drop = FALSE]
            variance <- parts$d[seq_len(latent)]^2 / ncol(used)
            split <- function(y) {
                y <- (y - center) / scale
                code <- t(axes) %*% y
                list(code = colSums(code^2 / variance),
                    rest = y - axes %*% code)
            }
            own <- split(used)$rest
            all <- split(train)
            distance <- all$code + colSums(all$rest^2) /
                mean(colSums(own^2)) * (nrow(x) - latent)
        }
        new <- split(x[, fold == f, drop = FALSE])
        level <- rowMeans(own^2)
        score[fold == f] <- new$code + colSums(new$rest^2 /
            (level + 1e-3 * mean(level))) * (nrow(x) - latent) / nrow(x)
    }
    score
}

test_that("cross-fitted scores are those of plain R", {
    for (size in list(c(20L, 60L, 3L), c(60L, 30L, 5L), c(6L, 70L, 1L))) {
        x <- toyGaussian(size[1L], size[2L], rank = size[3L], noise = 0.5)
        x[, 1:3] <- x[, 1:3] + 4
        found <- ns$.crossFittedScores(x, size[3L])
        expectNear(found$score, slowScores(x, size[3L]), 1e-6)
        expect_identical(found$latent, size[3L])
    }
    # in a space of leading axes: the residual of the features is the same, but
    # the samples that a fit rests on are chosen with one variance for all
    wide <- toyGaussian(120L, 40L, rank = 4L, noise = 0.5)
    found <- ns$.crossFittedScores(wide, 4L)
    expect_gt(cor(found$score, slowScores(wide, 4L)), 0.95)
    expect_lte(abs(ns$.crossFittedScores(wide, "auto")$latent - 4L), 2L)
})

test_that("no fit rests on the samples that it judges", {
    x <- toyGaussian(30L, 50L, noise = 0.5)
    train <- which(seq_len(50L) %% 5L != 0L)
    work <- list(y = x, axes = NULL, rest = numeric(50L))
    fit <- ns$.concentrate(work, train, "auto", 30L)
    work$y[, -train] <- withr::with_seed(1L, rnorm(300L, sd = 9))
    expect_identical(ns$.concentrate(work, train, "auto", 30L), fit)
    expect_true(all(fit$used %in% train))
    expect_length(fit$used, 30L)
    # samples that were fitted to lie nearer: of noise with few samples, codes
    # of those have their variance by construction, of others more
    noise <- withr::with_seed(1L, matrix(rnorm(80L * 40L), 80L))
    fit <- ns$.concentrate(list(y = noise, axes = NULL, rest = numeric(40L)),
        seq_len(40L), 10L, 80L)
    inside <- ns$.linearScore(noise, NULL, fit, fit$used)
    expect_gt(mean(ns$.crossFittedScores(noise, 10L)$score),
        1.5 * mean(inside))
})

test_that("a fifth of gross outliers of one kind do not hide", {
    for (seed in 1:3) {
        x <- withr::with_seed(seed, matrix(rnorm(20L * 100L), 20L))
        out <- seq_len(100L) <= 20L
        direction <- withr::with_seed(seed + 10L, rnorm(20L, sd = 4))
        x[, out] <- 0.3 * x[, out] + direction
        dimnames(x) <- list(paste0("g", 1:20), paste0("s", 1:100))
        plain <- mahalanobis(t(x), rowMeans(x), cov(t(x)))
        expect_lt(area(plain, out), 0.7)
        table <- findOutliers(x)
        expect_gt(area(table$score, table$sample %in% colnames(x)[out]),
            0.999)
        expect_setequal(table$sample[1:20], colnames(x)[out])
    }
    # code and residual of a model: likewise
    codes <- withr::with_seed(1L, matrix(rnorm(400L), 100L))
    residual <- withr::with_seed(2L, matrix(rnorm(1000L), 10L))
    codes[1:20, ] <- 0.1 * codes[1:20, ] + 6
    parts <- list(code = codes, residual = residual)
    distance <- colMeans(t(ns$.robustZ(codes))^2) +
        colMeans(t(ns$.robustZ(t(residual)))^2)
    for (step in 1:10) {
        used <- ns$.nearest(distance)
        fit <- ns$.normalParts(parts, used)
        distance <- ns$.densityScore(fit, parts)
    }
    expect_false(any(used <= 20L))
    expect_identical(area(distance, seq_len(100L) <= 20L), 1)
})

test_that("an outlier that goes further leaves the scores of others", {
    x <- toyGaussian(20L, 60L, noise = 0.5)
    scores <- function(by) {
        x[, 5] <- x[, 5] + by
        list(parts = ns$.crossFittedScores(x, "auto")$score,
            table = findOutliers(x))
    }
    near <- scores(10)
    far <- scores(20)
    expectNear(far$parts[-5L], near$parts[-5L], 1e-6)
    expect_gt(far$parts[5L], 2 * near$parts[5L])
    # of a whole call the features are first divided by standard deviations
    others <- near$table$sample[-1L]
    at <- match(others, far$table$sample)
    expect_gt(cor(far$table$score[at], near$table$score[-1L]), 0.95)
    expect_identical(far$table$sample[1L], "cell5")
})

test_that("the density score is a squared distance, by definition", {
    parts <- list(code = withr::with_seed(1L, matrix(rnorm(600L), 200L)) %*%
        matrix(c(2, 0, 0, 1, 1, 0, 0, 0.5, 3), 3L),
        residual = withr::with_seed(2L, matrix(rnorm(8L * 200L), 8L)) * 1:8)
    used <- 1:150
    fit <- ns$.normalParts(parts, used)
    code <- parts$code[used, ]
    spread <- crossprod(sweep(code, 2L, colMeans(code))) / 150
    kept <- 150 / 153
    spread <- kept * spread + (1 - kept) * mean(diag(spread)) * diag(3L)
    level <- apply(parts$residual[, used], 1L, function(v) {
        mean((v - mean(v))^2)
    })
    rest <- (parts$residual - rowMeans(parts$residual[, used]))^2
    wanted <- mahalanobis(parts$code, colMeans(code), spread) +
        colSums(rest / (level + 1e-3 * mean(level))) * 5 / 8
    expectNear(ns$.densityScore(fit, parts), wanted, tolerance$double)
})

test_that("split-conformal p-values are ranks, ties against the sample", {
    calibration <- c(3, 1, 2, 2, 7, 5, 2, 9, 4)
    score <- c(0, 1, 2, 2.5, 9, 10, -Inf, Inf)
    wanted <- vapply(score, function(s) (1 + sum(calibration >= s)) / 10, 1)
    expect_identical(ns$.conformalP(calibration, score), wanted)
    expect_identical(min(wanted), 0.1)
    # the limit says the same as the p-values, also where they equal alpha
    for (n in c(1L, 9L, 19L, 29L, 30L, 99L, 199L)) {
        calibration <- withr::with_seed(n, sample(rnorm(n) + seq_len(n)))
        score <- c(calibration, calibration + 1e-9, -1e9, 1e9)
        for (alpha in c(0, 0.01, 0.05, 0.1, 0.25, 1)) {
            expect_identical(
                score > ns$.conformalLimit(calibration, alpha),
                ns$.conformalP(calibration, score) <= alpha + 1e-12)
        }
    }
})

test_that("the distribution of scores is found, and its tail", {
    for (power in c(1 / 3, 0, -1 / 3, -2 / 3, -1)) {
        y <- withr::with_seed(1L, rnorm(3100L, 0.2, 0.25))
        # what a power can be
        y <- y[1 + power * y > 0][1:3000]
        x <- 50 * (if (power == 0) exp(y) else (1 + power * y)^(1 / power))
        null <- ns$.fitScoreNull(x)
        expect_lte(abs(null[["power"]] - power), 1 / 3 + 1e-9)
        p <- exp(ns$.logPNull(null, x))
        expect_gt(ks.test(unique(p), "punif")$p.value, 0.01)
        expect_lt(abs(mean(p < 0.01) - 0.01), 0.006)
        # the parameters in units of the median
        fixed <- ns$.fitCensored(power, sort(x)[1:2700] / median(x), 300L)
        unit <- (median(x) / 50)^-power
        mean <- if (power == 0) 0.2 - log(median(x) / 50) else
            (unit - 1) / power + 0.2 * unit
        expect_lt(abs(fixed$parameters[["mean"]] - mean), 0.05)
        expect_lt(abs(fixed$parameters[["sd"]] / (0.25 * unit) - 1), 0.1)
        # p-values against the integral of the density of x
        raise <- function(x) if (power == 0) log(x) else (x^power - 1) / power
        for (sd in c(0.2, if (power > 0) 1.2 else 0.7)) {
            law <- c(unit = 1, power = power, mean = 0.3, sd = sd)
            density <- function(t) {
                dnorm(raise(exp(t)), 0.3, sd) * exp(power * t)
            }
            area <- function(a, b) {
                integrate(density, a, b, rel.tol = 1e-9)$value
            }
            total <- area(-30, 0) + area(0, 30)
            for (at in c(0.5, 1, 3, 20)) {
                expect_equal(exp(ns$.logPNull(law, at)),
                    (area(log(at), log(at) + 3) + area(log(at) + 3, 40)) /
                        total, tolerance = 1e-5)
            }
        }
        # a score that grows has a p-value that goes to 0
        expect_lt(ns$.logPNull(law, 1e30), log(1e-9))
        expect_false(is.unsorted(rev(ns$.logPNull(law, 10^(-9:30)))))
    }
})

test_that("outliers among the scores neither hide nor make others", {
    shapes <- list(function(n) rchisq(n, 5), function(n) exp(rnorm(n)),
        function(n) 1 / rgamma(n, 3))
    for (draw in shapes) {
        rates <- vapply(1:20, function(seed) {
            score <- withr::with_seed(seed, c(draw(95L), 1e6 * (1:5)))
            p <- exp(ns$.logPNull(ns$.fitScoreNull(score), score))
            c(mean(p[1:95] < 0.05), max(p[96:100]), mean(p[1:95] < 0.5))
        }, numeric(3L))
        expect_lt(mean(rates[1L, ]), 0.06)
        expect_lt(max(rates[2L, ]), 0.001)
        expect_lt(abs(mean(rates[3L, ]) - 0.48), 0.03)
    }
})

test_that("scores without a distribution give none", {
    expect_null(ns$.fitScoreNull(1:19))
    expect_null(ns$.fitScoreNull(rep(1, 50L)))
    expect_null(ns$.fitScoreNull(numeric(50L)))
    expect_null(ns$.fitScoreNull(rep(1:4, 20L)))
    expectFinite(ns$.fitScoreNull(rep(1:6, 20L)))
    expectFinite(ns$.fitScoreNull(c(0, 0, 0, 1:40, NA, Inf)))
})
