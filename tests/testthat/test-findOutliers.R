# What findOutliers() promises, by level, method, rule and form of the data.

ns <- asNamespace("aesop")
quiet <- function(...) suppressMessages(findOutliers(...))
clean <- toyGaussian(30L, 80L, rank = 2L, noise = 0.2)
planted <- c("cell7", "cell40", "cell71")
x <- clean
x[, planted] <- x[, planted] + withr::with_seed(99L, matrix(rnorm(90L,
    sd = 6), 30L))
linear <- list(hidden = integer(0), latent = 2L, epochs = 60L,
    batch_size = 20L, learning_rate = 0.03, validation = 0)
model <- do.call(fitQuiet, c(list(clean), linear))
columns <- c("sample", "score", "p_value", "p_adjusted", "threshold",
    "outlier", "note")

test_that("the table is complete, sorted, and agrees with itself", {
    tables <- list(findOutliers(x), findOutliers(x, model),
        findOutliers(x, model, method = "error"))
    if (requireNamespace("BiocNeighbors", quietly = TRUE)) {
        tables <- c(tables, list(findOutliers(x, model, method = "local")))
    }
    for (table in tables) {
        expect_s3_class(table, "data.frame")
        expect_named(table, columns)
        expect_setequal(table$sample, colnames(x))
        expect_false(is.unsorted(rev(table$score)))
        expect_false(is.unsorted(table$p_value))
        expect_true(all(table$p_value > 0 & table$p_value <= 1))
        expectNear(table$p_adjusted, p.adjust(table$p_value, "BH"),
            tolerance$formula)
        expect_identical(table$outlier, table$p_adjusted <= 0.05)
        expect_identical(table$outlier, table$score > table$threshold)
        expect_setequal(table$sample[1:3], planted)
        expect_true(all(table$outlier[1:3]))
        expect_lt(sum(table$outlier), 8L)
        expect_true(all(is.na(table$note)))
    }
})

test_that("the score by error is the loss over its median in training", {
    table <- findOutliers(x, model, method = "error")
    wanted <- predict(model, x, type = "error") /
        median(predict(model, clean, type = "error"))
    expectNear(table$score, wanted[table$sample], 1e-6)
})

test_that("alpha and adjustment are those asked for", {
    for (adjust in c("none", "bonferroni", "BY")) {
        table <- findOutliers(x, model, adjust = adjust, alpha = 0.1)
        expectNear(table$p_adjusted, p.adjust(table$p_value, adjust),
            tolerance$formula)
        expect_identical(table$outlier, table$p_adjusted <= 0.1)
        expect_identical(table$outlier, table$score > table$threshold)
    }
    expect_false(any(findOutliers(x, alpha = 0)$outlier))
    all <- findOutliers(x, alpha = 1)
    expect_true(all(all$outlier & all$score > all$threshold))
})

test_that("contamination is the stated quantile of the scores", {
    for (share in c(1e-9, 0.05, 0.0375, 0.1, 0.5)) {
        for (fit in list(NULL, model)[if (share == 0.1) 1:2 else 2L]) {
            table <- findOutliers(x, fit, contamination = share)
            expect_identical(unique(table$threshold),
                unname(quantile(table$score, 1 - share)))
            expect_identical(table$outlier, table$score > table$threshold)
            expect_identical(sum(table$outlier),
                if (share < 1e-6) 1L else as.integer(80 * share))
        }
    }
    # also of a model that is calibrated
    novelty <- fitNovelty(clean, method = "density", seed = 1)
    table <- findOutliers(x, novelty, contamination = 0.05)
    expect_setequal(table$sample[table$outlier], table$sample[1:4])
    expect_identical(unique(table$threshold),
        unname(quantile(table$score, 0.95)))
})

test_that("contamination = \"auto\" is Storey's share of small p-values", {
    table <- findOutliers(x, contamination = "auto")
    share <- min(max((mean(table$p_value <= 0.1) - 0.1) / 0.9, 0), 0.5)
    expect_identical(unique(table$threshold),
        unname(quantile(table$score, 1 - share)))
    expect_equal(ns$.excess(c(rep(0.01, 30), seq(0.105, 1, length = 70))),
        0.2 / 0.9)
    expect_identical(ns$.excess(seq(0.2, 1, length = 50)), 0)
    expect_identical(ns$.excess(rep(0, 50L)), 0.5)
    expect_identical(ns$.excess(c(NA, 0.5)), 0)
})

test_that("p-values of samples without outliers are uniform", {
    draw <- list(
        few = function(i) toyGaussian(30L, 100L, 4L, i, 0.5),
        skew = function(i) exp(toyGaussian(12L, 100L, 2L, i, 0.3) / 3))
    for (name in names(draw)) {
        p <- vapply(1:20, function(i) {
            sort(findOutliers(draw[[name]](i))$p_value)
        }, numeric(100L))
        rate <- mean(p <= 0.05)
        expect_true(rate >= 0.04 && rate <= 0.06,
            label = paste0(name, ": ", rate, " of p-values at most 0.05"))
        fits <- apply(p, 2L, function(p) ks.test(p, "punif")$p.value)
        expect_true(all(fits > 0.01), label = name)
    }
})

test_that("a sample of more counts is no outlier, one of others is", {
    counts <- withr::with_seed(1L, matrix(rnbinom(120L * 50L,
        mu = exp(3 + rnorm(120L)), size = 20), 120L))
    dimnames(counts) <- list(sprintf("g%d", 1:120), sprintf("s%d", 1:50))
    counts[, 5] <- counts[, 5] * 20
    counts[1:60, 9] <- counts[60:1, 9]
    table <- findOutliers(counts)
    expect_identical(table$sample[table$outlier], "s9")
    expect_false(findOutliers(counts, normalize = "none")$sample[1L] == "s9")
})

test_that("order, unit and form of the data do not matter", {
    wanted <- findOutliers(x)
    forms <- list(
        sparse = asSparse(x), triplets = asSparse(x, "dgTMatrix"),
        delayed = DelayedArray::DelayedArray(x),
        features = x[30:1, ], units = x * 10^(seq_len(30L) %% 5),
        constant = rbind(x, none = 3))
    for (name in names(forms)) {
        expect_equal(findOutliers(forms[[name]]), wanted,
            tolerance = 1e-5, label = name)
    }
    # the core holds single precision: what is 100 times the noise costs digits
    expect_equal(findOutliers(x + 10 * seq_len(30L)), wanted,
        tolerance = 1e-3)
    expect_identical(findOutliers(t(x), transposed = TRUE), wanted)
    se <- SummarizedExperiment::SummarizedExperiment(list(values = x))
    expect_identical(findOutliers(se, output = "table"), wanted)
    expect_identical(findOutliers(rbind(x, no = 1),
        subset_row = rownames(x)), wanted)
    for (method in c("density", "error")) {
        wanted <- findOutliers(x, model, method = method)
        for (form in c(forms[c("sparse", "triplets", "delayed", "features")],
            list(se))) {
            expect_identical(findOutliers(form, model, method = method,
                output = "table"), wanted)
        }
        # a part at a time
        expect_identical(findOutliers(DelayedArray::DelayedArray(x), model,
            method = method, memory_limit = 4000), wanted)
        expect_identical(findOutliers(x, model, method = method,
            num_threads = 1), wanted)
    }
    # the order of samples tells nothing to a model
    expect_equal(findOutliers(x[, 80:1], model), findOutliers(x, model),
        tolerance = 1e-9)
    unnamed <- unname(x)
    rownames(unnamed) <- rownames(x)
    expect_setequal(findOutliers(unnamed, model)$sample[1:3],
        c("sample7", "sample40", "sample71"))
})

test_that("R's generator rests, and a call again is the same", {
    withr::local_seed(5L)
    before <- .Random.seed
    for (f in list(function() quiet(x, seed = 1),
        function() quiet(x, model),
        function() quiet(x, epochs = 2L, verbose = FALSE, seed = 1),
        function() quiet(x, level = "feature", seed = 1),
        function() fitNovelty(clean, method = "density", seed = 1))) {
        expect_identical(f(), f())
        expect_identical(.Random.seed, before)
    }
})

test_that("blocks of samples are judged as all at once", {
    source <- list(kind = "dense", x = x, n_samples = 80L, n_features = 3e5)
    f <- function(part) colSums(part$x)
    expect_identical(ns$.overBlocks(source, f), unname(colSums(x)))
})

test_that("without a model one is trained, as asked", {
    said <- recordConditions(findOutliers(x))
    expect_length(c(said$messages, said$warnings), 0L)
    given <- do.call(findOutliers, c(list(x, seed = 1, verbose = FALSE),
        linear))
    expect_setequal(given$sample[1:3], planted)
    fit <- do.call(fitQuiet, c(list(x), linear))
    expect_equal(given, findOutliers(x, fit))
    param <- do.call(AutoencoderParam, linear)
    expect_identical(findOutliers(x, param = param, seed = 1,
        verbose = FALSE), given)
    # where the codes are as many as asked for, scores are those of so many
    two <- findOutliers(x, latent = 2)
    at <- match(colnames(x), two$sample)
    start <- (x - rowMeans(x)) / apply(x, 1L, sd)
    expectNear(two$score[at], ns$.crossFittedScores(start, 2)$score, 1e-3)
    expect_false(identical(findOutliers(x, latent = 5)$score, two$score))
})

test_that("experiments get columns, in the order of their samples", {
    small <- toySce(toyCounts(30L, 40L))
    se <- SummarizedExperiment::SummarizedExperiment(list(values = x))
    out <- findOutliers(se, model)
    table <- findOutliers(x, model)
    at <- match(colnames(x), table$sample)
    for (pair in list(c("score", "score"), c("pValue", "p_value"),
        c("padj", "p_adjusted"), c("outlier", "outlier"))) {
        expect_identical(out[[paste0("AE_", pair[1L])]],
            table[[pair[2L]]][at])
    }
    expect_identical(findOutliers(se, model, name = "net")$net_score,
        out$AE_score)
    expect_identical(SummarizedExperiment::assay(out), x)
    # the model that lies in the experiment, unless another is asked for
    sce <- runAutoencoder(small, latent = 3L, epochs = 2L, seed = 1,
        verbose = FALSE)
    stored <- S4Vectors::metadata(sce)$AE$model
    expect_identical(findOutliers(sce, output = "table"),
        findOutliers(sce, stored, output = "table"))
    expect_false(identical(findOutliers(sce, output = "table"),
        findOutliers(sce, name = "other", output = "table")))
    # where there are none, counts
    expect_identical(findOutliers(small)$AE_score,
        findOutliers(small, assay.type = "counts")$AE_score)
})

test_that("entries are those of findAberrantFeatures()", {
    aberrant <- function(...) suppressMessages(findAberrantFeatures(...))
    expect_identical(quiet(x, level = "entry"), aberrant(x))
    expect_identical(quiet(x, level = "entry", method = "normal",
        adjust = "BH", alpha = 0.2),
        aberrant(x, method = "normal", adjust = "BH", alpha = 0.2))
    known <- suppressMessages(fitAberrant(clean))
    expect_identical(quiet(x, known, level = "entry"), aberrant(x, known))
    se <- SummarizedExperiment::SummarizedExperiment(list(values = x))
    out <- quiet(se, level = "entry")
    expect_true(all(c("expected", "zScore", "pValue", "padj") %in%
        SummarizedExperiment::assayNames(out)))
    expect_identical(out, aberrant(se))
})

test_that("the p-value of a feature is that of Simes over its samples", {
    y <- clean
    y["gene4", "cell3"] <- y["gene4", "cell3"] + 5
    y["gene9", ] <- 2
    table <- quiet(y, level = "feature")
    entries <- suppressMessages(findAberrantFeatures(y))
    expect_named(table, c("feature", "score", "p_value", "p_adjusted",
        "n_outliers", "outlier", "note"))
    expect_setequal(table$feature, rownames(y))
    for (i in seq_len(30L)) {
        own <- entries[entries$feature == table$feature[i], ]
        p <- sort(own$p_value)
        expect_identical(table$n_outliers[i], sum(own$outlier))
        if (table$feature[i] == "gene9") {
            expect_identical(table$p_value[i], NA_real_)
            expect_false(table$outlier[i])
            expect_identical(table$note[i], "does not vary")
        } else {
            expectNear(table$p_value[i], min(80 * p / seq_len(80L)),
                tolerance$formula)
            expectNear(table$score[i], max(abs(own$z_score)),
                tolerance$formula)
        }
    }
    expect_identical(table$feature[1L], "gene4")
    expect_identical(table$feature[table$outlier], "gene4")
    expect_false(is.unsorted(table$p_value, na.rm = TRUE))
    expectNear(table$p_adjusted[1:29], p.adjust(table$p_value[1:29], "BH"),
        tolerance$formula)
    # in an experiment: also where features are left out
    se <- SummarizedExperiment::SummarizedExperiment(list(values = y))
    rows <- SummarizedExperiment::rowData(quiet(se,
        level = "feature", subset_row = rownames(y)[1:20]))
    expect_identical(rownames(y)[which(rows$AE_outlier)], "gene4")
    expect_true(all(is.na(rows$AE_pValue[21:30])))
})

test_that("all kinds of model are asked what they can tell", {
    counts <- toyCounts(40L, 60L)
    strange <- counts
    strange[, 9] <- rev(strange[, 9]) * 5
    models <- list(
        nb = fitQuiet(counts, countParam("nb", latent = 3L), epochs = 20L),
        zinb = fitQuiet(counts, countParam("zinb", "entry", latent = 3L),
            epochs = 10L),
        vae = fitQuiet(counts, variationalParam(latent = 3L), epochs = 5L,
            normalize = "log"))
    for (name in names(models)) {
        for (method in c("density", "error")) {
            table <- findOutliers(strange, models[[name]], method = method)
            expect_false(anyNA(table$p_value), label = name)
            expect_lte(match("cell9", table$sample), 6L, label = name)
        }
    }
    shapes <- shiftedShapes(60L, 12L)
    images <- convolutionalParam(c(12, 12, 1), latent = 4)
    shapes[, , 17] <- withr::with_seed(1L, runif(144L))
    shapes <- imageMatrix(shapes)
    fit <- fitQuiet(shapes, images, epochs = 10L)
    for (method in c("density", "error")) {
        expect_lte(match("sample17", findOutliers(shapes, fit,
            method = method)$sample), 2L)
    }
    parts <- list(a = clean, b = clean[1:12, ] * 2)
    joint <- fitQuiet(parts, latent = 2L, epochs = 30L)
    parts$b[, 20] <- parts$b[, 20] + 20
    table <- findOutliers(parts, joint)
    expect_identical(table$sample[1L], "cell20")
    expect_identical(findOutliers(parts, joint, method = "error"), table)
    expectAesopError(findOutliers(parts, joint, method = "density"), "param")
    expect_identical(nrow(findOutliers(parts, latent = 2L, epochs = 2L,
        seed = 1, verbose = FALSE)), 80L)
})

test_that("a known covariate is no reason to be an outlier", {
    samples <- data.frame(batch = rep(c("a", "b"), c(72L, 8L)))
    y <- clean + 4 * outer(withr::with_seed(7L, rnorm(30L)),
        samples$batch == "b")
    blind <- do.call(fitQuiet, c(list(clean[, 1:72]), linear))
    aware <- do.call(fitQuiet, c(list(y, design = ~ batch,
        covariates = samples), linear))
    called <- function(table) table$sample[table$outlier] %in%
        colnames(y)[73:80]
    expect_identical(sum(called(findOutliers(y, blind, method = "error"))),
        8L)
    expect_identical(sum(called(findOutliers(y, aware, method = "error",
        covariates = samples))), 0L)
    expectAesopError(findOutliers(y, aware), "design", "batch")
    given <- do.call(findOutliers, c(list(y, design = ~ batch,
        covariates = samples, seed = 1, verbose = FALSE), linear))
    expect_equal(given, findOutliers(y, aware, covariates = samples))
})

test_that("few samples have scores, no p-values, and a reason", {
    for (n in c(1L, 5L, 9L)) {
        condition <- expectAesopError(findOutliers(x[, seq_len(n),
            drop = FALSE]), "input_dim")
        expect_match(conditionMessage(condition), "sample")
    }
    for (n in c(10L, 19L)) {
        table <- findOutliers(x[, seq_len(n)])
        expectFinite(table$score)
        expect_true(all(is.na(table$p_value) & is.na(table$p_adjusted)))
        expect_false(any(table$outlier))
        expect_identical(unique(table$note), "fewer than 20 samples")
        expect_false(any(findOutliers(x[, seq_len(n)],
            contamination = "auto")$outlier))
        expect_identical(sum(findOutliers(x[, seq_len(n)],
            contamination = 0.1)$outlier), if (n == 10L) 1L else 2L)
    }
    expect_false(anyNA(findOutliers(x[, 1:20])$p_value))
    # with a model: by the loss of its training samples
    limit <- quantile(predict(model, clean, type = "error"), 0.95)
    for (at in list(7L, c(1L, 7L), 1:19)) {
        some <- x[, at, drop = FALSE]
        table <- findOutliers(some, model)
        loss <- predict(model, some, type = "error")
        expect_setequal(table$sample[table$outlier],
            names(loss)[loss > limit])
        expect_true(all(is.na(table$p_value)))
        expect_match(unique(table$note), "fewer than 20 samples")
    }
})

test_that("data without any difference have no outliers, and a reason", {
    flat <- x * 0 + 1
    perfect <- fitQuiet(flat, latent = 2L, epochs = 2L)
    tables <- list(findOutliers(flat), findOutliers(flat, model),
        findOutliers(flat, perfect), findOutliers(x * 0),
        findOutliers(flat, perfect, method = "error"))
    for (table in tables) {
        expect_false(any(table$outlier))
        expect_false(anyNA(table$score))
        expect_true(all(is.na(table$p_value)))
        expect_identical(unique(table$note), "the samples do not differ")
    }
    # among constant samples one that differs stands out
    flat[, 5] <- flat[, 5] + rnorm(30L)
    expect_identical(findOutliers(flat)$sample[1L], "cell5")
    # pairs of equal samples: nothing is NaN
    expectFinite(findOutliers(cbind(x, x)[, 1:100])$p_value)
    expect_identical(sum(duplicated(findOutliers(cbind(clean, clean),
        model)$score)), 80L)
})

test_that("arguments out of range are refused", {
    for (bad in list(0, 0.6, 1, NA, -0.1, "all", c(0.1, 0.2))) {
        expectAesopError(findOutliers(x, model, contamination = bad), "param",
            "contamination", arg = "contamination")
    }
    for (bad in list(-0.1, 1.1, NA, "a")) {
        expectAesopError(findOutliers(x, model, alpha = bad), "param",
            "alpha")
    }
    for (arg in c("method", "level", "adjust", "output")) {
        args <- list(x, model)
        args[[arg]] <- "knn"
        expectAesopError(do.call(findOutliers, args), "param", arg)
    }
    expectAesopError(findOutliers(x, model, method = "nb"), "param",
        "method")
    expectAesopError(findOutliers(x, level = "entry", method = "density"),
        "param", "method")
    for (level in c("entry", "feature")) {
        expectAesopError(findOutliers(x, level = level,
            contamination = 0.1), "param", "contamination")
    }
    expectAesopError(findOutliers(x, model, param = AutoencoderParam()),
        "param", "param")
    expectAesopError(findOutliers(x[-1, ], model), "features", "gene1")
    counts <- fitQuiet(toyCounts(20L, 30L), countParam("nb"), epochs = 2L)
    expectAesopError(findOutliers(toyCounts(20L, 30L) + 0.5, counts),
        "input_value")
    bad <- x
    bad[3, 4] <- NA
    for (given in list(bad, asSparse(bad),
        DelayedArray::DelayedArray(bad))) {
        for (fit in list(NULL, model)) {
            expectAesopError(findOutliers(given, fit), "input_value",
                c("`x`", "gene3", "cell4"))
        }
    }
})

test_that("features of an alternative experiment, and without names", {
    x <- toyGaussian(12L, 60L)
    counts <- toyCounts(20L, 60L)
    dimnames(x) <- list(paste0("p", 1:12), colnames(counts))
    sce <- toySce(counts)
    adt <- SingleCellExperiment::SingleCellExperiment(list(logcounts = x))
    SingleCellExperiment::altExp(sce, "ADT") <- adt
    marked <- quiet(sce, level = "feature", altexp = "ADT", seed = 1)
    inner <- SummarizedExperiment::rowData(SingleCellExperiment::altExp(
        marked, "ADT"))
    expect_true("AE_padj" %in% names(inner))
    expect_false(anyNA(inner$AE_score))
    expect_false("AE_padj" %in% names(SummarizedExperiment::rowData(marked)))
    bare <- SummarizedExperiment::SummarizedExperiment(list(unname(x)))
    table <- quiet(bare, level = "feature", seed = 1, output = "table")
    marked <- quiet(bare, level = "feature", seed = 1)
    rows <- as.integer(sub("feature", "", table$feature))
    expect_identical(
        SummarizedExperiment::rowData(marked)$AE_score[rows], table$score)
    SingleCellExperiment::reducedDim(sce, "PCA") <- t(x)
    expectAesopError(quiet(sce, level = "feature", dimred = "PCA"), "param",
        "dimred")
})

test_that("a stored linear model is fitted anew to judge its own samples", {
    set.seed(11)
    x <- matrix(rnorm(120 * 3), 120) %*% matrix(rnorm(3 * 80), 3) +
        matrix(rnorm(120 * 80, sd = 0.3), 120)
    x[, 9] <- sample(x[, 9])
    dimnames(x) <- list(paste0("g", 1:120), paste0("s", 1:80))
    batch <- rep(c("a", "b"), 40L)
    sce <- SingleCellExperiment::SingleCellExperiment(
        list(tpm = x, logcounts = x - 1), colData = data.frame(batch = batch))
    stored <- suppressMessages(runAutoencoder(sce[1:100, ], seed = 1,
        assay.type = "tpm", design = ~ batch))
    full <- sce
    S4Vectors::metadata(full) <- S4Vectors::metadata(stored)
    found <- quiet(full) # the rows, the assay and the design of the model
    wanted <- quiet(x[1:100, ], design = ~ batch,
        covariates = data.frame(batch = batch))
    row <- match("s9", wanted$sample)
    expect_identical(row, 1L)
    expect_identical(found$AE_score, wanted$score[match(colnames(x),
        wanted$sample)])
    # the model itself where it is given, or a network, or asked for encode()
    model <- S4Vectors::metadata(stored)$AE$model
    expect_false(identical(quiet(full, model)$AE_score, found$AE_score))
    expect_identical(quiet(full, match = "name")$AE_score,
        quiet(full, model)$AE_score)
})
