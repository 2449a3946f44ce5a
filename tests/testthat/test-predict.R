x <- toyGaussian(20L, 50L)
model <- toyModel(x)

test_that("predict() gives codes, reconstructions or errors", {
    expect_identical(predict(model, x), encode(model, x))
    expect_identical(predict(model, newdata = x, type = "code"),
        encode(model, x))
    back <- predict(model, x, type = "reconstruction")
    expect_identical(back, reconstruct(model, x))
    errors <- predict(model, x, type = "error")
    expect_named(errors, colnames(x))
    expectNear(errors, colMeans((x - back)^2), tolerance$epoch_float)
})

test_that("errors are means over the features, in the units of the loss", {
    units <- list(mse = function(r) colMeans(r^2),
        mae = function(r) colMeans(abs(r)),
        half_sse = function(r) colSums(r^2) / 2,
        huber = function(r) colMeans(ifelse(abs(r) < 1, r^2 / 2,
            abs(r) - 0.5)))
    for (loss in names(units)) {
        fit <- toyModel(x, loss = loss)
        r <- x - reconstruct(fit, x)
        expectNear(predict(fit, x, type = "error"), units[[loss]](r),
            tolerance$epoch_float, loss)
    }
})

test_that("errors of count models are their negative log likelihood", {
    counts <- toyCounts(20L, 50L)
    fit <- toyModel(counts, loss = "poisson")
    mu <- reconstruct(fit, counts)
    wanted <- colMeans(-dpois(counts, mu, log = TRUE))
    expectNear(predict(fit, counts, type = "error"), wanted,
        tolerance$epoch_float)
    fit <- toyModel(counts, loss = "nb")
    mu <- reconstruct(fit, counts)
    theta <- exp(as.vector(fit@weights$dispersion.log_theta))
    wanted <- colMeans(matrix(-dnbinom(counts, size = theta, mu = mu,
        log = TRUE), 20L))
    expectNear(predict(fit, counts, type = "error"), wanted,
        tolerance$epoch_float)
})

test_that("fitted() and residuals() add up to the data", {
    expect_identical(fitted(model, x), reconstruct(model, x))
    expect_equal(fitted(model, x) + residuals(model, x), x)
    sparse <- asSparse(x * (abs(x) > 1))
    expect_equal(residuals(model, sparse), as.matrix(sparse) -
        reconstruct(model, sparse))
    shuffled <- x[rev(rownames(x)), ]
    expect_identical(residuals(model, shuffled), residuals(model, x))
    expectAesopError(residuals(model, x, type = "pearson"), "param", "type")
})

test_that("the training data must be given, as a model does not hold them", {
    for (call in list(function() predict(model), function() fitted(model),
        function() residuals(model))) {
        expectAesopError(call(), "param", "training data")
    }
})

test_that("sigmoid outputs are between 0 and 1", {
    fit <- toyModel(x, output_activation = "sigmoid", scale = "none")
    back <- reconstruct(fit, x)
    expect_true(all(back >= 0 & back <= 1))
    fit <- toyModel(x, loss = "bce", scale = "minmax")
    back <- reconstruct(fit, x)
    expect_true(all(back >= apply(x, 1L, min) - 1e-5))
    expect_true(all(back <= apply(x, 1L, max) + 1e-5))
})

test_that("summary() reports what was done", {
    s <- summary(model)
    expect_s3_class(s, "summary.AutoencoderModel")
    sizes <- c(20 * 8 + 8, 8 * 3 + 3, 3 * 8 + 8, 8 * 20 + 20)
    expect_identical(s$n_parameters + 0, sum(sizes))
    expect_identical(s$n_samples + 0, 50)
    expect_identical(s$n_features + 0, 20)
    expect_identical(s$epochs + 0, 4)
    expect_identical(s$status, "completed")
    expect_true(is.finite(s$loss) && is.finite(s$val_loss))
    shown <- capture.output(print(s))
    expect_true(any(grepl("20 > 8 > [3] > 8 > 20", shown, fixed = TRUE)))
    expect_true(any(grepl("407 parameters", shown)))
})

test_that("show() is short and says what matters", {
    shown <- capture.output(model)
    expect_lte(length(shown), 12L)
    for (text in c("AutoencoderModel", "20", "[3]", "50 samples",
        "completed")) {
        expect_true(any(grepl(text, shown, fixed = TRUE)), label = text)
    }
})
