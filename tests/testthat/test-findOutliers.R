skip_if_not_installed("scuttle")

clean <- toyGaussian(30L, 80L, rank = 2L, noise = 0.2)
x <- clean
planted <- c("cell7", "cell40", "cell71")
x[, planted] <- x[, planted] + withr::with_seed(99L, matrix(rnorm(90L,
    sd = 6), 30L))
model <- fitQuiet(clean, hidden = integer(0), latent = 2L, epochs = 150L,
    batch_size = 20L, learning_rate = 0.01, validation = 0)

test_that("the table holds errors, threshold and calls, worst first", {
    table <- findOutliers(x, model)
    expect_s3_class(table, "data.frame")
    expect_named(table, c("sample", "score", "threshold", "outlier"))
    expect_setequal(table$sample, colnames(x))
    expect_false(is.unsorted(rev(table$score)))
    errors <- predict(model, x, type = "error")
    expect_identical(table$score, unname(errors[table$sample]))
    expect_setequal(table$sample[1:3], planted)
    expect_true(all(planted %in% table$sample[table$outlier]))
    expect_identical(table$outlier, table$score > table$threshold)
})

test_that("the MAD rule is scuttle's, on the log scale", {
    errors <- predict(model, x, type = "error")
    for (nmads in c(1, 3, 5)) {
        table <- findOutliers(x, model, nmads = nmads)
        logged <- log(errors)
        limit <- exp(median(logged) + nmads * mad(logged))
        expectNear(unique(table$threshold), limit, tolerance$double)
        expect_setequal(table$sample[table$outlier],
            names(errors)[errors > limit])
        expect_identical(sum(table$outlier), sum(scuttle::isOutlier(errors,
            nmads = nmads, type = "higher", log = TRUE)))
    }
})

test_that("the contamination rule calls the asked share", {
    errors <- predict(model, x, type = "error")
    for (share in c(0.05, 0.1, 0.5)) {
        table <- findOutliers(x, model, method = "contamination",
            contamination = share)
        expect_identical(unique(table$threshold),
            unname(quantile(errors, 1 - share)))
        expect_identical(sum(table$outlier), as.integer(round(share * 80)))
        expect_true(all(table$outlier[seq_len(sum(table$outlier))]))
    }
})

test_that("without a model one is trained on the data", {
    seen <- recordConditions(findOutliers(x, method = "contamination",
        contamination = 0.0375, hidden = integer(0), latent = 2L,
        epochs = 150L, learning_rate = 0.01, seed = 1, verbose = FALSE))
    expect_length(seen$messages, 0L)
    expect_setequal(seen$value$sample[1:3], planted)
    again <- findOutliers(x, method = "contamination", contamination = 0.0375,
        param = AutoencoderParam(hidden = integer(0), latent = 2L,
            epochs = 150L, learning_rate = 0.01), seed = 1, verbose = FALSE)
    expect_identical(again, seen$value)
})

test_that("experiments get columns", {
    se <- SummarizedExperiment::SummarizedExperiment(list(values = x))
    out <- findOutliers(se, model)
    table <- findOutliers(x, model)
    columns <- SummarizedExperiment::colData(out)
    expect_true(all(c("AE_error", "AE_outlier") %in% names(columns)))
    at <- match(colnames(x), table$sample)
    expect_identical(columns$AE_error, table$score[at])
    expect_identical(columns$AE_outlier, table$outlier[at])
    named <- findOutliers(se, model, name = "net")
    expect_identical(named$net_error, columns$AE_error)
    sce <- runAutoencoder(toySce(), latent = 3L, epochs = 2L, seed = 1,
        verbose = FALSE)
    out <- findOutliers(sce)
    expect_identical(out$AE_error, unname(predict(
        S4Vectors::metadata(sce)$AE$model, sce, type = "error")))
    untrained <- findOutliers(toySce(), latent = 3L, epochs = 2L, seed = 1,
        verbose = FALSE)
    expect_true("AE_outlier" %in% names(
        SummarizedExperiment::colData(untrained)))
})

test_that("new samples are judged without another fit", {
    fresh <- toyGaussian(30L, 80L, rank = 2L, noise = 0.2)[, 1:20]
    expect_identical(findOutliers(fresh, model)$sample %in% colnames(fresh),
        rep(TRUE, 20L))
    one <- findOutliers(x[, "cell7", drop = FALSE], model)
    expect_identical(one$score, unname(predict(model, x[, "cell7",
        drop = FALSE], type = "error")))
    unnamed <- unname(x)
    rownames(unnamed) <- rownames(x)
    expect_identical(sort(findOutliers(unnamed, model)$sample)[1:2],
        c("sample1", "sample10"))
})

test_that("data without any difference give no outliers, no NaN", {
    flat <- x * 0 + 1
    table <- findOutliers(flat, model)
    expect_false(anyNA(table$outlier))
    expect_false(any(table$outlier))
    perfect <- fitQuiet(flat, latent = 2L, epochs = 2L)
    table <- findOutliers(flat, perfect)
    expect_false(anyNA(table$outlier))
    expect_false(any(is.nan(table$score)))
})

test_that("arguments out of range are refused", {
    for (bad in list(0, -1, NA, "3", Inf)) {
        expectAesopError(findOutliers(x, model, nmads = bad), "param",
            "nmads")
    }
    for (bad in list(0, 0.6, 1, NA, -0.1)) {
        expectAesopError(findOutliers(x, model, method = "contamination",
            contamination = bad), "param", "contamination")
    }
    expectAesopError(findOutliers(x, model, method = "knn"), "param",
        "method")
    expectAesopError(findOutliers(x[-1, ], model), "features", "gene1")
})
