# linearParam(): the subspace of PCA, its axes and their lengths from how
# neighbouring samples differ.

# Codes in plain R, from the definition. Returns list(codes, center, encoder):
# codes of x (features x samples), and what makes those of new samples.
referenceEmbedding <- function(x, latent, neighbours = 10L) {
    n <- ncol(x)
    pca <- prcomp(t(x))
    axes <- pca$rotation[, seq_len(latent), drop = FALSE]
    scores <- pca$x[, seq_len(latent), drop = FALSE]
    distance <- as.matrix(stats::dist(scores))
    k <- min(neighbours, n - 1L)
    local <- matrix(0, latent, latent)
    for (i in seq_len(n)) {
        others <- setdiff(order(distance[i, ]), i)[seq_len(k)]
        for (j in others) {
            difference <- scores[i, ] - scores[j, ]
            local <- local + outer(difference, difference) / 2
        }
    }
    local <- local / (n * k)
    share <- min(1, 2 * latent / n)
    local <- (1 - share) * local +
        share * sum(diag(local)) / latent * diag(latent)
    size <- sum(diag(local)) / latent
    spread <- eigen(local, symmetric = TRUE)
    local <- spread$vectors %*% diag(size * (spread$values / size)^0.8,
        latent) %*% t(spread$vectors)
    # axes V with V' local V = 1 and V' total V = diag(r), by Cholesky
    inverse <- solve(t(chol(local)))
    parts <- eigen(inverse %*% (crossprod(scores) / n) %*% t(inverse),
        symmetric = TRUE)
    r <- parts$values
    weight <- pmax(1 - 1 / r, 0.02) * r^(-1 / 8)
    encoder <- axes %*% t(inverse) %*% parts$vectors %*%
        diag(weight, latent)
    codes <- sweep(t(x), 2L, pca$center) %*% encoder
    widest <- order(-apply(codes, 2L, sd))
    list(codes = codes[, widest, drop = FALSE], center = pca$center,
        encoder = encoder[, widest, drop = FALSE])
}

# The direction of an axis is free.
sameDirection <- function(codes, wanted) {
    sweep(codes, 2L, sign(colSums(codes * wanted)), "*")
}

# features x samples, three kinds that differ in two directions, one direction
# in which all vary widely, and others. Of what all vary in, `nuisance` is the
# standard deviation.
threeKinds <- function(samples = 120L, features = 40L, nuisance = 3,
    apart = 2.5, seed = 1L) {
    kind <- rep_len(1:3, samples)
    x <- withr::with_seed(seed, {
        loading <- qr.Q(qr(matrix(rnorm(features * 8L), features))) *
            sqrt(features)
        centers <- apart * cbind(cos(1:3 * 2 * pi / 3),
            sin(1:3 * 2 * pi / 3))
        z <- cbind(centers[kind, ] + 0.3 * rnorm(2L * samples),
            nuisance * rnorm(samples), matrix(rnorm(samples * 5L), samples))
        loading %*% t(z) + 0.5 * rnorm(features * samples)
    })
    dimnames(x) <- list(sprintf("gene%d", seq_len(features)),
        sprintf("cell%d", seq_len(samples)))
    list(x = x, kind = kind)
}

messagesOf <- function(expr) {
    seen <- recordConditions(expr)
    list(model = seen$value, text = paste(vapply(seen$messages,
        conditionMessage, ""), collapse = " "))
}

settingsOf <- function(model) model@param@settings

test_that("codes are those of the definition, for new samples as well", {
    all <- threeKinds(150L)$x
    x <- all[, 1:120]
    for (case in list(c(4L, 10L), c(8L, 10L), c(5L, 3L), c(1L, 10L),
        c(3L, 500L))) {
        model <- fitQuiet(x, linearParam(latent = case[1L],
            neighbours = case[2L]))
        wanted <- referenceEmbedding(x, case[1L], case[2L])
        codes <- unname(sameDirection(encode(model, x), wanted$codes))
        expectNear(codes, unname(wanted$codes), 1e-4,
            paste("codes", paste(case, collapse = ", ")))
        new <- all[, 121:150]
        wanted <- sweep(t(new), 2L, wanted$center) %*% wanted$encoder
        expectNear(sameDirection(encode(model, new), wanted), wanted, 1e-4,
            "codes of new samples")
    }
    # the default are ten neighbours
    expect_identical(encode(fitQuiet(x, latent = 4), x),
        encode(fitQuiet(x, linearParam(4, neighbours = 10)), x))
    expect_gt(relativeDifference(encode(fitQuiet(x, latent = 4), x),
        encode(fitQuiet(x, linearParam(4, neighbours = 3)), x)), 1e-3)
})

test_that("with few samples the axes are those of the components", {
    x <- toyGaussian(30L, 20L, rank = 12L)
    codes <- encode(fitQuiet(x, latent = 10), x)
    scores <- prcomp(t(x))$x[, 1:10]
    # n = 2 k: the local covariance is a multiple of the identity
    expectNear(abs(cor(codes, scores)), diag(10L), 1e-4, "correlations")
    expect_gt(max(abs(cor(encode(fitQuiet(x, latent = 3), x),
        scores[, 1:3]) * (1 - diag(3L)))), 1e-3)
})

test_that("reconstructions are those of PCA", {
    for (samples in c(30L, 120L)) {
        x <- threeKinds(samples)$x + 5
        for (latent in c(1L, 3L, 12L)) {
            model <- fitQuiet(x, latent = latent)
            pca <- prcomp(t(x), rank. = latent)
            wanted <- t(pca$x %*% t(pca$rotation)) + pca$center
            expectNear(reconstruct(model, x), wanted, 1e-4)
            expectNear(decode(model, encode(model, x)), wanted, 1e-4)
        }
    }
    # all axes: nothing is lost
    x <- toyGaussian(6L, 40L)
    expectNear(reconstruct(fitQuiet(x, latent = 6), x), x, 1e-4)
})

test_that("codes are uncorrelated, the widest first", {
    x <- threeKinds()$x
    codes <- encode(fitQuiet(x, latent = 7), x)
    expect_lt(max(abs(cor(codes) - diag(7L))), 1e-4)
    expect_false(is.unsorted(-apply(codes, 2L, sd)))
    expect_lt(max(abs(colMeans(codes))), 1e-4 * max(abs(codes)))
})

test_that("codes do not depend on the unit of the values", {
    repeated <- toyGaussian(12L, 5L)[, rep(1:5, each = 20L)]
    colnames(repeated) <- paste0("cell", 1:100)
    for (x in list(threeKinds()$x, repeated)) {
        codes <- encode(fitQuiet(x, latent = 3), x)
        for (unit in c(1e-3, 1e3)) {
            other <- encode(fitQuiet(unit * x, latent = 3), unit * x)
            expectNear(sameDirection(other, codes), codes, 1e-4)
        }
    }
})

test_that("nothing is trained, and neither seed nor threads matter", {
    x <- threeKinds()$x
    model <- fitQuiet(x)
    expect_identical(nrow(model@history), 0L)
    expect_true(model@info$linear)
    expect_identical(settingsOf(model)$hidden, integer(0))
    codes <- encode(model, x)
    for (other in list(fitQuiet(x, seed = 99), fitQuiet(x, num_threads = 1),
        fitQuiet(x, linearParam(), num_threads = 2),
        fitQuiet(x, seed = NULL))) {
        expect_identical(encode(other, x), codes)
        expect_identical(other@weights, model@weights)
    }
    # settings of a network are for a network
    expect_gt(nrow(fitQuiet(x, epochs = 2)@history), 0L)
    expect_gt(nrow(fitQuiet(x, hidden = 3L)@history), 0L)
})

test_that("the form of the data does not matter", {
    counts <- toyCounts(120L, 90L)
    model <- fitQuiet(counts)
    codes <- encode(model, counts)
    sparse <- asSparse(counts)
    delayed <- DelayedArray::DelayedArray(counts)
    expect_identical(encode(fitQuiet(sparse), sparse), codes)
    expect_identical(encode(fitQuiet(delayed), delayed), codes)
    small <- fitQuiet(delayed, memory_limit = 2e4)
    expect_identical(encode(small, delayed, memory_limit = 2e4), codes)
    expect_identical(encode(fitQuiet(t(counts), transposed = TRUE), counts),
        codes)
    expect_identical(encode(fitQuiet(sparse, linearParam()), sparse), codes)
})

test_that("a model is complete: verbs, file, subsets of samples", {
    x <- threeKinds(60L, 20L)$x
    # also through a file and back
    checkModel(fitQuiet(x), x, function() fitQuiet(x))
})

test_that("the number of codes is the one given", {
    x <- threeKinds(60L, 80L)$x
    for (latent in c(1L, 2L, 25L, 59L)) {
        expect_identical(ncol(encode(fitQuiet(x, latent = latent), x)),
            latent)
        expect_identical(settingsOf(fitQuiet(x,
            linearParam(latent)))$latent, latent)
        expect_identical(settingsOf(fitQuiet(x,
            ncomponents = latent))$latent, latent)
    }
    expect_identical(settingsOf(fitQuiet(x, linearParam(3),
        latent = 4))$latent, 4L)
    # no more than the samples less one, which is said
    most <- messagesOf(trainAutoencoder(x, latent = 70))
    expect_identical(settingsOf(most$model)$latent, 59L)
    expect_match(most$text, "latent = 59", fixed = TRUE)
    expectAesopError(fitQuiet(x, latent = 81), "param", c("latent", "80"))
})

test_that("latent = \"auto\" keeps its limits and its preparation", {
    rich <- function(samples, rank) {
        toyGaussian(400L, samples, rank = rank, noise = 0.3)
    }
    # samples, rank of the signal, codes
    for (case in list(c(63L, 20L, 15L), c(63L, 6L, 6L), c(30L, 12L, 10L),
        c(300L, 60L, 30L), c(300L, 30L, 30L), c(9L, 3L, 3L))) {
        x <- rich(case[1L], case[2L])
        fit <- messagesOf(trainAutoencoder(x))
        expect_identical(settingsOf(fit$model)$latent, case[3L])
        expect_match(fit$text, sprintf("latent = %d", case[3L]),
            fixed = TRUE)
        expect_identical(settingsOf(fitQuiet(x, latent = "auto"))$latent,
            case[3L])
    }
    # features, samples, codes: few features keep all but one
    for (case in list(c(4L, 90L, 3L), c(17L, 200L, 16L), c(31L, 200L, 30L),
        c(31L, 60L, 15L), c(20L, 9L, 8L), c(32L, 200L, 3L))) {
        fit <- messagesOf(trainAutoencoder(toyGaussian(case[1L], case[2L],
            rank = 3L, noise = 0.3)))
        expect_identical(settingsOf(fit$model)$latent, case[3L])
        if (case[1L] < 32L) {
            expect_match(fit$text, sprintf("as many as %d features and %d",
                case[1L], case[2L]))
        }
    }
    noise <- withr::with_seed(1L, matrix(rnorm(100L * 60L), 100L))
    rownames(noise) <- paste0("gene", 1:100)
    expect_identical(settingsOf(fitQuiet(noise))$latent, 2L)
    # "auto" is about the values that are encoded
    counts <- toyCounts(150L, 120L)
    model <- fitQuiet(counts)
    for (same in list(fitQuiet(counts, latent = "auto"),
        fitQuiet(counts, linearParam("auto")),
        fitQuiet(counts, linearParam(20), latent = "auto"))) {
        expectSameFit(same, model)
    }
})

test_that("data that leave nothing to choose give finite codes", {
    x <- toyGaussian(12L, 40L)
    constant <- x * 0 + 0.1
    cases <- list(
        "one feature" = x[1L, , drop = FALSE], "two samples" = x[, 1:2],
        "three samples" = x[, 1:3], "two features" = x[1:2, ],
        "constant" = constant, "zero" = x * 0,
        "one of them constant" = rbind(x, same = 7),
        "all but one constant" = rbind(constant[-1L, ], gene1 = x[1L, ]),
        "rank 1" = outer(x[, 1L], x[1L, ]),
        "small" = x * 1e-8, "large" = x * 1e8
    )
    for (name in names(cases)) {
        values <- cases[[name]]
        colnames(values) <- paste0("cell", seq_len(ncol(values)))
        model <- fitQuiet(values)
        codes <- encode(model, values)
        expectFinite(codes, name)
        back <- reconstruct(model, values)
        expectFinite(back, name)
        pca <- prcomp(t(values), rank. = ncol(codes))
        wanted <- t(pca$x %*% t(pca$rotation)) + pca$center
        expectNear(back, wanted, 1e-4, name)
    }
    expect_identical(dim(encode(fitQuiet(x[, 1:2]), x[, 1:2])), c(2L, 1L))
    expect_lt(max(abs(reconstruct(fitQuiet(cases[[7L]]),
        cases[[7L]])["same", ] - 7)), 1e-4)
})

test_that("samples that are there many times give finite codes", {
    x <- toyGaussian(12L, 5L)[, rep(1:5, each = 20L)]
    colnames(x) <- paste0("cell", 1:100)
    for (latent in 1:4) {
        model <- fitQuiet(x, latent = latent)
        codes <- encode(model, x)
        expectFinite(codes)
        expect_identical(nrow(unique(codes)), 5L)
        pca <- prcomp(t(x), rank. = latent)
        expectNear(reconstruct(model, x),
            t(pca$x %*% t(pca$rotation)) + pca$center, 1e-4)
    }
})

test_that("preparation is chosen by the values, and said", {
    counts <- toyCounts(100L, 60L)
    chosen <- function(x, ...) {
        fit <- messagesOf(trainAutoencoder(x, ...))
        settings <- settingsOf(fit$model)[c("normalize", "scale")]
        expect_match(fit$text, sprintf("normalize = \"%s\", scale = \"%s\"",
            settings$normalize, settings$scale), fixed = TRUE)
        expect_match(fit$text, "at its optimum", fixed = TRUE)
        expect_match(paste(fit$model@info$messages, collapse = " "),
            settings$scale, fixed = TRUE)
        unlist(settings, use.names = FALSE)
    }
    expect_identical(chosen(counts), c("log", "center"))
    integers <- counts
    storage.mode(integers) <- "integer"
    expect_identical(chosen(integers), c("log", "center"))
    expect_identical(chosen(asSparse(counts)), c("log", "center"))
    expect_identical(chosen(counts[-1L, ])[1L], "none")
    expect_identical(chosen(counts + 0.5), c("none", "center"))
    expect_identical(chosen(counts - 1), c("none", "center"))
    expect_identical(chosen(counts, normalize = "none"),
        c("none", "center"))
    expect_identical(chosen(counts, linearParam(scale = "standard")),
        c("log", "standard"))
    # few features: one in units of its own, or all alike
    x <- toyGaussian(20L, 60L)
    x <- x / apply(x, 1L, sd)
    expect_identical(chosen(x), c("none", "center"))
    expect_identical(chosen(rbind(gene1 = 9 * x[1L, ], x[-1L, ],
        same = 1))[2L], "center")
    x[1L, ] <- 11 * x[1L, ]
    expect_identical(chosen(x), c("none", "standard"))
    expect_identical(chosen(x, scale = "none"), c("none", "none"))
    wide <- toyGaussian(100L, 60L)
    wide[1L, ] <- 1000 * wide[1L, ]
    expect_identical(chosen(wide), c("none", "center"))
    # the choice is what is done: codes of the values that were prepared
    depth <- colSums(counts) / stats::median(colSums(counts))
    model <- fitQuiet(counts, latent = 4)
    wanted <- referenceEmbedding(log1p(sweep(counts, 2L, depth, "/")), 4L)
    expectNear(sameDirection(encode(model, counts), wanted$codes),
        wanted$codes, 1e-4)
    expect_silent(fitQuiet(counts))
})

test_that("the effects of covariates are taken out, and given back", {
    kinds <- threeKinds(120L)
    shift <- withr::with_seed(2L, rnorm(40L, sd = 4))
    frame <- data.frame(batch = rep(c("a", "b"), each = 60L),
        row.names = colnames(kinds$x))
    second <- frame$batch == "b"
    x <- kinds$x
    x[, second] <- x[, second] + shift
    apart <- function(codes) {
        abs(colMeans(codes[second, ]) - colMeans(codes[!second, ])) /
            apply(codes, 2L, sd)
    }
    expect_gt(max(apart(encode(fitQuiet(x), x))), 0.5)
    for (model in list(fitQuiet(x, design = ~ batch, covariates = frame),
        fitQuiet(x, linearParam(design = ~ batch), covariates = frame))) {
        codes <- encode(model, x, covariates = frame)
        expect_lt(max(apart(codes)), 1e-3)
        back <- reconstruct(model, x, covariates = frame)
        effect <- rowMeans(x[, second]) - rowMeans(x[, !second])
        expectNear(rowMeans(back[, second]) - rowMeans(back[, !second]),
            effect, 1e-3)
        # PCA of what the means of the batches leave
        left <- x
        left[, second] <- x[, second] - effect
        wanted <- referenceEmbedding(left, ncol(codes))$codes
        expectNear(sameDirection(codes, wanted), wanted, 1e-3)
        expect_identical(nrow(model@history), 0L)
    }
    # as if all were of one batch: the effect is gone
    one <- transform(frame, batch = "a")
    expectNear(decode(model, codes, covariates = frame)[, second] -
        decode(model, codes, covariates = one)[, second],
        matrix(effect, 40L, 60L), 1e-3)
})

test_that("what is not for this model is refused", {
    x <- toyGaussian()
    expectAesopError(linearParam(neighbours = 0), "param", "neighbours",
        arg = "neighbours")
    expectAesopError(linearParam(neighbours = 1.5), "param", "neighbours")
    expectAesopError(linearParam(latent = 0), "param", "latent")
    expectAesopError(linearParam(scale = "other"), "param", "scale")
    for (setting in list(list(epochs = 5), list(hidden = 5L),
        list(loss = "mae"), list(validation = 0.2),
        list(noise = maskingNoise()), list(l2 = 0.1))) {
        expectAesopError(do.call(fitQuiet, c(list(x, linearParam()),
            setting)), "param", c(names(setting), "AutoencoderParam"),
            arg = names(setting))
    }
    x[3L, 4L] <- NA
    for (values in list(x, asSparse(x), DelayedArray::DelayedArray(x))) {
        expectAesopError(fitQuiet(values), "input_value",
            c("gene3", "cell4"))
    }
    x[3L, 4L] <- Inf
    expectAesopError(fitQuiet(x, linearParam(2)), "input_value", "gene3")
    expectAesopError(fitQuiet(x[, 1L, drop = FALSE]), "input_dim")
})

test_that("kinds of samples are found beside what varies in all of them", {
    for (seed in 1:3) {
        data <- threeKinds(240L, 60L, seed = seed)
        codes <- encode(fitQuiet(data$x), data$x)
        scores <- prcomp(t(data$x))$x[, seq_len(ncol(codes))]
        expect_gt(clusterAgreement(codes, data$kind), 0.95)
        expect_lt(clusterAgreement(scores, data$kind), 0.5)
    }
})

test_that("runAutoencoder stores the codes of the default", {
    sce <- toySce(toyCounts(120L, 80L))
    for (case in list(list(), list(ncomponents = 3),
        list(linearParam(2)), list(assay.type = "counts"))) {
        run <- do.call(runAutoencoder, c(list(sce), case,
            list(verbose = FALSE)))
        model <- S4Vectors::metadata(run)$AE$model
        codes <- SingleCellExperiment::reducedDim(run, "AE")
        expect_identical(codes, encode(model, sce))
        expect_true(model@info$linear)
    }
    expect_identical(settingsOf(model)$normalize, "log")
    expect_identical(encode(fitQuiet(sce, assay.type = "counts"), sce),
        codes)
})

test_that("what compares trainings compares networks", {
    x <- toyGaussian(8L, 40L)
    tuned <- tuneAutoencoder(x, list(l2 = c(0, 0.1)), epochs = 2L,
        seed = 1, verbose = FALSE)
    expect_identical(nrow(tuned$model@history), 2L)
    searched <- tuneAutoencoder(x, list(latent = 2:3), seed = 1,
        verbose = FALSE)
    expect_gt(nrow(searched$model@history), 0L)
    skip_if_not_installed("cluster")
    joint <- ensembleAutoencoder(x, members = 2, consensus = "codes",
        seed = 1, verbose = FALSE)
    for (model in joint$members) {
        expect_gt(nrow(model@history), 0L)
        expect_null(model@info$linear)
    }
})

test_that("the param of a model fits the same model again", {
    x <- toyGaussian(120L, 60L)
    model <- fitQuiet(x)
    expectSameFit(fitQuiet(x, model@param), model)
    file <- withr::local_tempfile(fileext = ".safetensors")
    saveModel(model, file)
    expectSameFit(fitQuiet(x, loadModel(file)@param), model)
    three <- fitQuiet(x, linearParam(latent = 4, neighbours = 3))
    expectSameFit(fitQuiet(x, three@param), three)
    expect_output(print(three@param), "3 neighbours")
    expect_output(print(linearParam()), "chosen from the data")
})
