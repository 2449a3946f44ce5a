# M17: the preset of Tybalt.

tybaltData <- function(features = 60L, samples = 220L) {
    plogis(toyGaussian(features, samples, rank = 3L) / 2)
}

test_that("5000 features give the published numbers of parameters", {
    shapes <- aesop:::config_shapes(as.list(tybaltParam()), 5000)
    sizes <- vapply(shapes, function(s) s[1L] * s[2L], 0)
    trained <- vapply(shapes, function(s) s[3L] == 1, NA)
    expect_identical(sum(sizes), 1506000)
    expect_identical(sum(sizes[trained]), 1505600)
})

test_that("the summary tells trained parameters from all", {
    x <- tybaltData()
    model <- fitQuiet(x, tybaltParam(latent = 10, epochs = 2))
    result <- summary(model)
    expect_identical(result$n_parameters, 2L * (60L * 10L + 10L + 40L) +
        10L * 60L + 60L)
    expect_equal(result$n_parameters - result$n_trainable, 40)
    expect_output(print(result), "1,960 parameters (1,920 trainable)",
        fixed = TRUE)
    plain <- summary(toyModel())
    expect_equal(plain$n_trainable, plain$n_parameters)
})

test_that("the codes are not negative and the output is a probability", {
    x <- tybaltData()
    model <- fitQuiet(x, tybaltParam(latent = 10, epochs = 10))
    codes <- encode(model, x)
    expect_gte(min(codes), 0)
    expect_gt(max(codes), 0)
    back <- decode(model, codes)
    expect_true(all(back >= min(x) & back <= max(x)))
})

test_that("the divergence enters with 0, kappa, 2 kappa, ..., 1", {
    x <- tybaltData(12L, 30L)
    model <- fitQuiet(x, tybaltParam(latent = 3, epochs = 2,
        batch_size = 16))
    low <- apply(x, 1L, min)
    scaled <- (x - low) / (apply(x, 1L, max) - low)
    share <- function(kappa, epochs) {
        config <- aesop:::validate_config(model@param@settings)
        config$scale <- "none"
        config$kl_warmup <- kappa
        config$loss_reduction <- "sum"
        loss <- vapply(c(epochs, 1e6), function(epoch) {
            coreGradient(model@weights, config, scaled, epoch = epoch)$loss
        }, 0)
        (loss - loss[1L]) / (loss[length(loss)] - loss[1L])
    }
    expectNear(share(1, 0:3), c(0, 1, 1, 1, 1), tolerance$double)
    expectNear(share(0.3, 0:5), c(0, 0.3, 0.6, 0.9, 1, 1, 1),
        tolerance$double)
})

test_that("the loss is the summed cross-entropy and falls", {
    x <- tybaltData()
    model <- fitQuiet(x, tybaltParam(latent = 10, epochs = 30))
    expect_identical(nrow(model@history), 30L)
    # 60 features, log(2) each before training
    expect_gt(model@history$loss[1L], 0.5 * 60 * log(2))
    after <- model@history$val_loss[-1L]
    expect_lt(after[29L], after[1L])
    expect_true(all(is.finite(predict(model, x, type = "error"))))
})

test_that("every setting can be changed", {
    param <- tybaltParam(latent = 20, kl_warmup = 0.05, hidden = 100,
        learning_rate = 0.001)
    config <- as.list(param)
    expect_identical(config$latent, 20L)
    expect_identical(config$kl_warmup, 0.05)
    expect_identical(config$hidden, 100L)
    expect_identical(config$learning_rate, 0.001)
})
