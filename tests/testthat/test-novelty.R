# New samples by a model of normal ones: guarantees, forms, kinds of model.

methods <- c("density", "error",
    if (requireNamespace("BiocNeighbors", quietly = TRUE)) "local")
fitNovelty <- function(...) suppressMessages(aesop::fitNovelty(...))
# share of pairs in which the novel sample has the higher score
area <- function(normal, novel) {
    mean(outer(novel, normal, ">") + outer(novel, normal, "==") / 2)
}
# samples of one rank-3 kind, another part of them for each seed
draw <- function(n, seed, features = 20L, noise = 0.3) {
    loadings <- withr::with_seed(1L, matrix(rnorm(features * 3L), features))
    x <- withr::with_seed(seed, loadings %*% matrix(rnorm(3L * n), 3L) +
        noise * matrix(rnorm(features * n), features))
    dimnames(x) <- list(sprintf("gene%d", seq_len(features)),
        sprintf("cell%d", seq_len(n)))
    x
}
normal <- draw(120L, 2L)
new <- draw(30L, 3L)
novel <- c("cell4", "cell11")
new[, novel] <- withr::with_seed(4L, matrix(rnorm(40L, sd = 2), 20L))
fits <- lapply(stats::setNames(nm = methods), function(method) {
    fitNovelty(normal, method = method, seed = 1)
})

test_that("novel samples are told, and the table agrees with itself", {
    for (method in methods) {
        model <- fits[[method]]
        kept <- model@info$novelty$calibration
        expect_length(kept, 19L)
        expect_false(is.unsorted(kept))
        table <- scoreNovelty(model, new)
        expect_named(table, c("sample", "score", "p_value", "p_adjusted",
            "threshold", "outlier", "note"))
        expect_setequal(table$sample, colnames(new))
        expect_setequal(table$sample[1:2], novel)
        expect_identical(table$p_value, vapply(table$score, function(s) {
            (1 + sum(kept >= s)) / (1 + length(kept))
        }, 1))
        expect_identical(table$p_adjusted, table$p_value)
        for (alpha in c(0.05, 0.1, 0.5)) {
            table <- scoreNovelty(model, new, alpha = alpha)
            expect_identical(table$outlier, table$p_value <= alpha)
            expect_identical(table$outlier, table$score > table$threshold)
        }
        table <- scoreNovelty(model, new, adjust = "BH")
        expect_equal(table$p_adjusted, p.adjust(table$p_value, "BH"))
        expect_identical(table, findOutliers(new, model))
    }
})

test_that("a p-value of exactly alpha counts", {
    # 19 that calibrate: the strangest has a p-value of 1 / 20
    model <- fits$error
    model@info$novelty$calibration <- sort(predict(model, normal[, 1:19],
        type = "error") / model@info$error_quantiles[["50%"]])
    far <- scoreNovelty(model, 100 * normal[, 20:25], alpha = 0.05)
    expect_identical(unique(far$p_value), 0.05)
    expect_true(all(far$outlier))
})

test_that("p <= alpha has at most the probability alpha", {
    # the loss of any model, of samples that are nothing like a normal
    # distribution: exactly floor(alpha (n + 1)) / (n + 1)
    model <- fitQuiet(normal, latent = 2L, epochs = 2L)
    heavy <- function(n, seed) {
        x <- withr::with_seed(seed, matrix(rt(20L * n, 1.5), 20L))
        rownames(x) <- rownames(normal)
        x
    }
    alphas <- c(0.05, 0.1, 0.3)
    rates <- vapply(1:60, function(seed) {
        x <- heavy(140L, seed)
        fit <- fitNovelty(x[, 1:40], model, method = "error", seed = seed)
        p <- scoreNovelty(fit, x[, 41:140])$p_value
        colMeans(outer(p, alphas, "<="))
    }, numeric(3L))
    exact <- floor(alphas * 41) / 41
    error <- apply(rates, 1L, sd) / sqrt(60)
    expect_true(all(abs(rowMeans(rates) - exact) <
        tolerance$standard_errors * error))
    # a model and its normal distributions, fitted each time
    rates <- vapply(1:20, function(seed) {
        x <- heavy(180L, seed)
        fit <- fitNovelty(x[, 1:80], method = "density", seed = seed)
        mean(scoreNovelty(fit, x[, 81:180])$p_value <= 0.1)
    }, 1)
    expect_lt(abs(mean(rates) - 0.1),
        tolerance$standard_errors * sd(rates) / sqrt(20))
})

test_that("samples are parted by the seed, in the stated sizes", {
    parts <- aesop:::.noveltyParts
    for (n in c(40L, 60L, 100L, 400L)) {
        for (share in c(0.1, 0.25, 0.6)) {
            for (method in methods) {
                p <- parts(n, method, share, 3)
                expect_setequal(unlist(p), seq_len(n))
                asked <- min(max(round(share * n), min(30, n %/% 2)), n - 10)
                left <- asked - length(p$scale)
                # p-values up to .05 are as many as .05 of all
                expect_identical((length(p$calibrate) + 1) %% 20, 0)
                if (left >= 19) {
                    expect_true(length(p$calibrate) %in% (left - 0:19))
                }
                expect_gte(length(p$train), 10L)
                expect_identical(length(p$scale) > 0L, method == "local")
                expect_identical(parts(n, method, share, 3), p)
            }
        }
    }
    expect_false(identical(parts(100L, "error", 0.25, 3),
        parts(100L, "error", 0.25, 4)))
    # a model that is there: all samples calibrate its loss
    model <- fitQuiet(normal, latent = 2L, epochs = 2L)
    fit <- fitNovelty(new[, c(1:30, 1:10)], model, method = "error")
    expect_length(fit@info$novelty$calibration, 40L)
    # what calibrates was not trained on
    held <- parts(120L, "density", 0.25, 1)
    changed <- normal
    changed[, held$calibrate] <- changed[, held$calibrate] + 5
    again <- fitNovelty(changed, method = "density", seed = 1)
    expect_identical(again@weights, fits$density@weights)
    expect_identical(again@info$novelty$density,
        fits$density@info$novelty$density)
    expect_false(identical(again@info$novelty$calibration,
        fits$density@info$novelty$calibration))
})

test_that("the score of a sample is its own, to the last bit", {
    wide <- toyGaussian(40L, 120L, rank = 15L)
    for (method in methods) {
        for (known in list(list(fits[[method]], new[, 1:9]),
            list(fitNovelty(wide, method = method, seed = 1),
                wide[, 1:9]))) {
            x <- known[[2L]]
            table <- scoreNovelty(known[[1L]], x)
            at <- match(colnames(x), table$sample)
            alone <- vapply(c(1:2, 9L), function(i) {
                scoreNovelty(known[[1L]], x[, i, drop = FALSE])$score
            }, 1)
            expect_identical(alone, table$score[at[c(1:2, 9L)]])
            pair <- scoreNovelty(known[[1L]], x[, c(9, 4)])
            expect_identical(pair$score, sort(table$score[at[c(9, 4)]],
                decreasing = TRUE))
            crowd <- scoreNovelty(known[[1L]], cbind(x, far = 1e3 * x[, 1L]))
            expect_identical(crowd$p_value[match(colnames(x),
                crowd$sample)], table$p_value[at])
        }
    }
})

test_that("data in another form, or in parts, make the same model", {
    for (method in methods) {
        model <- fits[[method]]
        wanted <- scoreNovelty(model, new)
        se <- SummarizedExperiment::SummarizedExperiment(list(v = normal))
        forms <- list(asSparse(normal), DelayedArray::DelayedArray(normal), se)
        for (form in forms) {
            again <- suppressMessages(fitNovelty(form, method = method,
                seed = 1))
            expect_identical(again@info$novelty, model@info$novelty)
            expect_identical(again@weights, model@weights)
        }
        expect_identical(fitNovelty(t(normal), method = method, seed = 1,
            transposed = TRUE)@info$novelty, model@info$novelty)
        for (form in list(asSparse(new), DelayedArray::DelayedArray(new),
            new[20:1, ])) {
            expect_identical(scoreNovelty(model, form), wanted)
        }
        expect_identical(scoreNovelty(model, DelayedArray::DelayedArray(new),
            memory_limit = 2000), wanted)
        expect_identical(scoreNovelty(model, new, num_threads = 1), wanted)
        expect_message(extra <- scoreNovelty(model, rbind(new, other = 1)),
            "1 feature")
        expect_identical(extra, wanted)
        se <- SummarizedExperiment::SummarizedExperiment(list(v = new))
        out <- scoreNovelty(model, se, name = "new")
        expect_identical(out$new_score,
            wanted$score[match(colnames(new), wanted$sample)])
    }
})

test_that("a model goes through a file with what it knows", {
    for (method in methods) {
        model <- fits[[method]]
        file <- withr::local_tempfile(fileext = ".safetensors")
        saveModel(model, file)
        loaded <- loadModel(file)
        expect_identical(loaded, model)
        expect_identical(scoreNovelty(loaded, new), scoreNovelty(model, new))
        # of the samples nothing is left but codes
        text <- readBin(file, "raw", file.size(file))
        expect_length(grepRaw("cell", text), 0L)
    }
})

test_that("seeds decide, and R's generator rests", {
    withr::local_seed(5L)
    before <- .Random.seed
    for (method in methods) {
        expect_identical(fitNovelty(normal, method = method,
            seed = 1)@info$novelty, fits[[method]]@info$novelty)
        expect_false(identical(fitNovelty(normal, method = method,
            seed = 2)@info$novelty, fits[[method]]@info$novelty))
        scoreNovelty(fits[[method]], new)
    }
    expect_identical(.Random.seed, before)
})

test_that("normal samples of several kinds: what lies between is novel", {
    skip_if_not("local" %in% methods)
    groups <- withr::with_seed(1L, matrix(rnorm(15L * 4L, sd = 4), 15L))
    sample <- function(n, seed, spread = 1) {
        x <- withr::with_seed(seed, groups[, rep_len(1:4, n)] +
            spread * matrix(rnorm(15L * n), 15L))
        dimnames(x) <- list(sprintf("g%d", 1:15), sprintf("s%d", seq_len(n)))
        x
    }
    between <- sample(40L, 3L) / 3 + rowMeans(groups) * 2 / 3
    areas <- vapply(c(local = "local", density = "density"), function(m) {
        model <- fitNovelty(sample(240L, 1L), method = m, seed = 1)
        score <- function(x) scoreNovelty(model, x)$score
        area(score(sample(40L, 2L)), score(between))
    }, 1)
    expect_gt(areas[["local"]], 0.98)
    expect_lt(areas[["density"]], areas[["local"]] - 0.1)
})

test_that("windows with mutations are told from those of the reference", {
    bases <- c("A", "C", "G", "T")
    width <- 30L
    sequences <- withr::with_seed(1L, {
        reference <- paste(sample(bases, 400L, TRUE), collapse = "")
        starts <- seq_len(401L - width)
        windows <- substring(reference, starts, starts + width - 1L)
        mutated <- vapply(strsplit(windows[1:150], ""), function(s) {
            at <- sample(width, 2L)
            s[at] <- bases[(match(s[at], bases) + sample(0:2, 2L, TRUE)) %%
                4L + 1L]
            paste(s, collapse = "")
        }, "")
        list(windows = windows, mutated = mutated)
    })
    param <- convolutionalParam(c(1, width, 4), latent = 24,
        layers = list(conv1d(24, 7, padding = "same")), loss = "bce",
        scale = "none", epochs = 120, validation = 0)
    network <- fitQuiet(sequences$windows, param)
    for (method in c("error", "density")) {
        model <- fitNovelty(sequences$windows, network, method = method,
            seed = 1)
        score <- function(x) scoreNovelty(model, x)
        expect_gt(area(score(sequences$windows[1:150])$score,
            score(sequences$mutated)$score), 0.9)
        one <- score(sequences$mutated[7L])
        all <- score(sequences$mutated)
        expect_identical(one$score, all$score[all$sample == "sample7"])
    }
    # and from the start
    param <- convolutionalParam(c(1, width, 4), latent = 4, epochs = 1)
    fresh <- fitNovelty(sequences$windows, method = "error", param = param,
        seed = 1, verbose = FALSE)
    expect_length(fresh@info$novelty$calibration, 79L)
    expectFinite(scoreNovelty(fresh, sequences$mutated)$score)
})

test_that("networks of all kinds can be asked", {
    counts <- toyCounts(30L, 90L)
    strange <- counts
    strange[, 3] <- rev(strange[, 3]) * 9
    trained <- c("density", "error")
    for (param in list(countParam("nb", latent = 2L, epochs = 10L),
        variationalParam(latent = 2L, epochs = 10L, normalize = "log"))) {
        for (method in trained) {
            model <- fitNovelty(counts, method = method, param = param,
                seed = 1, verbose = FALSE)
            table <- scoreNovelty(model, strange)
            expect_lte(match("cell3", table$sample), 10L)
            expect_identical(scoreNovelty(model,
                strange[, 3, drop = FALSE])$score,
                table$score[table$sample == "cell3"])
        }
    }
    # size factors of new samples come from the model's
    linear <- fitNovelty(toyCounts(120L, 90L), method = "density", seed = 1)
    expect_identical(linear@param@settings$normalize, "log")
    more <- toyCounts(120L, 20L, seed = 1L)
    expect_equal(scoreNovelty(linear, more[, 3, drop = FALSE])$score,
        subset(scoreNovelty(linear, more), sample == "cell3")$score)
    # images
    shapes <- imageMatrix(shiftedShapes(60L, 12L))
    model <- fitNovelty(shapes, method = "error", seed = 1, verbose = FALSE,
        param = convolutionalParam(c(12, 12, 1), latent = 4, epochs = 8L))
    expect_gt(area(scoreNovelty(model, shapes)$score, scoreNovelty(model,
        shapes[144:1, ] * 0 + withr::with_seed(1L,
            runif(length(shapes))))$score), 0.9)
    # several assays: the loss, of a model that is there
    parts <- list(a = normal, b = normal[1:8, ] * 2)
    joint <- fitQuiet(parts, latent = 2L, epochs = 20L)
    model <- fitNovelty(parts, joint, method = "error", seed = 1)
    expect_length(model@info$novelty$calibration, 120L)
    query <- list(a = new, b = draw(30L, 3L)[1:8, ] * 2)
    query$b[, 11] <- query$b[, 11] + 20
    table <- scoreNovelty(model, query)
    expect_identical(table$sample[1L], "cell11")
    one <- scoreNovelty(model, lapply(query, function(x) x[, 9, drop = FALSE]))
    expect_identical(one$score, table$score[table$sample == "cell9"])
    expectAesopError(fitNovelty(parts, joint, method = "density"), "param")
    expectAesopError(fitNovelty(parts, method = "error"), "param", "model")
})

test_that("covariates are split and given with the samples", {
    frame <- data.frame(batch = rep_len(c("a", "b"), 120L))
    shift <- withr::with_seed(9L, rnorm(20L, sd = 3))
    x <- normal + outer(shift, frame$batch == "b")
    model <- fitNovelty(x, method = "error", hidden = integer(0),
        latent = 3L, epochs = 200L, batch_size = 16L, learning_rate = 0.02,
        design = ~ batch, covariates = frame, seed = 1, verbose = FALSE)
    y <- draw(30L, 3L) + shift
    right <- scoreNovelty(model, y,
        covariates = data.frame(batch = rep("b", 30L)))
    wrong <- scoreNovelty(model, y,
        covariates = data.frame(batch = rep("a", 30L)))
    expect_lt(mean(right$outlier), 0.3)
    expect_true(all(wrong$outlier))
    expectAesopError(scoreNovelty(model, y), "design", "batch")
})

test_that("constant features and constant data are no trouble", {
    flat <- normal
    flat["gene5", ] <- 2
    changed <- new
    changed["gene5", ] <- 2
    other <- changed
    other["gene5", 8] <- 60
    for (method in methods) {
        model <- fitNovelty(flat, method = method, seed = 1)
        same <- scoreNovelty(model, changed)
        expectFinite(same$score)
        expect_setequal(same$sample[1:2], novel)
        expect_identical(scoreNovelty(model, other)$sample[1L], "cell8")
        none <- fitNovelty(normal * 0 + 1, method = method, seed = 1)
        expect_false(any(scoreNovelty(none, new * 0 + 1)$outlier))
        expectFinite(scoreNovelty(none, new)$score)
    }
    # ties: equal scores are no reason
    expect_identical(unique(scoreNovelty(none, normal * 0 + 1)$p_value), 1)
})

test_that("what cannot be is an error or a warning of its class", {
    for (method in methods) {
        expectAesopError(fitNovelty(normal[, 1:39], method = method),
            "input_dim", c("39 samples", "40"))
        expectAesopError(scoreNovelty(fits[[method]], new[-3, ]), "features",
            "gene3")
        masked <- suppressMessages(scoreNovelty(fits[[method]], new[-3, ],
            missing = "mask"))
        expectFinite(masked$score)
    }
    expectAesopError(scoreNovelty(fits$error, new, method = "density"),
        "param", "method")
    plain <- fitQuiet(normal, epochs = 1L)
    expectAesopError(scoreNovelty(plain, new), "param", "fitNovelty")
    expectAesopError(scoreNovelty(fits$error), "param", "newdata")
    expectAesopError(scoreNovelty(NULL, new), "input_type", "model")
    for (bad in list(0, 1, -0.1, NA, "a")) {
        expectAesopError(fitNovelty(normal, calibration = bad), "param",
            "calibration")
    }
    expectAesopError(fitNovelty(normal, method = "lof"), "param", "method")
    expectAesopError(fitNovelty(normal, plain, param = AutoencoderParam()),
        "param", "param")
    counts <- fitNovelty(toyCounts(20L, 60L), method = "error", loss = "nb",
        epochs = 1L, seed = 1, verbose = FALSE)
    expectAesopError(scoreNovelty(counts, toyCounts(20L, 5L) + 0.5),
        "input_value")
    holes <- normal
    holes[3, 4] <- NaN
    expectAesopError(fitNovelty(holes), "input_value", "x")
    holes <- new
    holes[3, 4] <- NaN
    expectAesopError(scoreNovelty(fits$density, holes), "input_value",
        c("gene3", "cell4"))
})

test_that("covariates with names are matched to the samples", {
    x <- toyGaussian(12L, 60L)
    batch <- data.frame(batch = rep(c("a", "b"), 30L),
        row.names = colnames(x))
    straight <- fitNovelty(x, design = ~ batch, covariates = batch, seed = 1,
        verbose = FALSE)
    turned <- fitNovelty(x, design = ~ batch, seed = 1, verbose = FALSE,
        covariates = batch[60:1, , drop = FALSE])
    expect_identical(turned, straight)
})
