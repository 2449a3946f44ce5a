# B5: training never returns numbers that are not finite. B6: denormal numbers.

# The condition's last good model is one that can be used.
expectUsable <- function(model, x) {
    expect_s4_class(model, "AutoencoderModel")
    expectFinite(model@weights)
    expectFinite(encode(model, x))
    expectFinite(predict(model, x, type = "error"))
    if (nrow(model@history) > 0L) {
        expectFinite(model@history$loss)
    }
}

test_that("a rate that is far too large ends in a classed error", {
    x <- toyGaussian()
    for (optimizer in list(sgd(1e6), sgd(1e9, momentum = 0.9))) {
        condition <- expectAesopError(toyModel(x * 100,
            optimizer = optimizer, activation = "linear", epochs = 20L,
            validation = 0), "numeric",
            c("epoch", "step", "learning_rate", "clip_norm"))
        expect_true(all(c("epoch", "step", "quantity", "model") %in%
            names(condition)))
        expect_gte(condition$epoch, 1)
        expect_gte(condition$step, 1)
        expectUsable(condition$model, x)
    }
})

test_that("a rate that is somewhat too large is halved, and that is told", {
    x <- toyGaussian(12L, 64L)
    rates <- 10^seq(-1, 3, length.out = 17L)
    told <- vapply(rates, function(rate) {
        seen <- tryCatch(recordConditions(trainAutoencoder(x,
            hidden = integer(0), latent = 3L, optimizer = sgd(rate),
            epochs = 30L, batch_size = 16L, validation = 0, seed = 1)),
            aesop_error_numeric = function(e) e)
        if (inherits(seen, "error")) {
            expectUsable(seen$model, x)
            return(NA)
        }
        expectUsable(seen$value, x)
        halved <- any(grepl("halved", seen$value@info$messages))
        if (halved) {
            expect_true(any(grepl("halved", vapply(seen$messages,
                conditionMessage, ""))))
            rate_used <- seen$value@history$learning_rate
            expect_lt(tail(rate_used, 1L), rate)
            expect_true(log2(rate / tail(rate_used, 1L)) %% 1 < 1e-9)
        }
        expect_identical(nrow(seen$value@history), 30L)
        halved
    }, logical(1L))
    expect_true(isFALSE(told[1L]))
    expect_true(any(told, na.rm = TRUE))
    expect_true(anyNA(told))
})

test_that("very large and very small counts and dispersions stay finite", {
    counts <- toyCounts(20L, 40L)
    huge <- counts
    huge[5, 9] <- 1e9
    huge[6, ] <- 0
    huge[6, 2] <- 1
    for (loss in c("nb", "poisson")) {
        for (normalize in c("log", "none")) {
            result <- tryCatch(toyModel(huge, loss = loss,
                normalize = normalize, learning_rate = 0.1, epochs = 10L),
                aesop_error_numeric = function(e) e$model)
            expectUsable(result, huge)
        }
    }
    # equal counts: the best dispersion is without bound
    flat <- counts * 0 + 7
    model <- toyModel(flat, loss = "nb", normalize = "log", epochs = 30L,
        learning_rate = 0.5)
    expectUsable(model, flat)
})

test_that("weights that are not finite are refused", {
    x <- toyGaussian()
    for (bad in c(NA, NaN, Inf, -Inf)) {
        model <- toyModel(x)
        model@weights$encoder.1.weight[3] <- bad
        for (f in list(encode, reconstruct,
            function(m, x) findOutliers(x, m))) {
            condition <- catchError(f(model, x))
            expect_s3_class(condition, "aesop_error")
        }
        file <- withr::local_tempfile()
        expect_s3_class(catchError(saveModel(model, file)), "aesop_error")
        expect_false(file.exists(file))
    }
    config <- coreConfig(hidden = 8L, latent = 3L, epochs = 2L,
        validation = 0)
    start <- initialWeights(x, config, precision = "float")
    start$decoder.1.weight[2] <- Inf
    expectAesopError(trainCore(x, config, weights = start), "numeric")
})

test_that("weights that overflow in training end in a classed error", {
    x <- toyGaussian()
    config <- coreConfig(hidden = 8L, latent = 3L, epochs = 2L,
        validation = 0, batch_size = 16L)
    start <- initialWeights(x, config, precision = "float")
    start$encoder.1.weight[] <- 3e37
    condition <- expectAesopError(trainCore(x, config, weights = start),
        "numeric")
    expectFinite(condition$result$weights)
})

test_that("the best model is never one with a loss that is not finite", {
    x <- toyGaussian(12L, 64L)
    for (rate in c(1, 5, 20, 80)) {
        model <- tryCatch(toyModel(x, optimizer = sgd(rate), epochs = 15L,
            validation = 0.25, early_stopping = 4),
            aesop_error_numeric = function(e) e$model)
        expectUsable(model, x)
        best <- model@info$best_epoch
        if (best > 0 && nrow(model@history) > 0L) {
            expect_true(is.finite(model@history$val_loss[best]))
            expect_identical(best + 0,
                which.min(model@history$val_loss) + 0)
        }
    }
})

test_that("clipping tames what would blow up", {
    x <- toyGaussian() * 100
    wild <- function(...) {
        toyModel(x, optimizer = sgd(10), epochs = 10L, validation = 0,
            activation = "linear", ...)
    }
    expectAesopError(wild(), "numeric")
    expectUsable(wild(clip_norm = 0.01), x)
    expectUsable(wild(clip_value = 0.001), x)
})

test_that("denormal numbers do not slow training down", {
    normal <- withr::with_seed(1L, matrix(rnorm(1000L * 256L), 1000L))
    dimnames(normal) <- list(paste0("g", 1:1000), NULL)
    run <- function(x) {
        min(vapply(seq_len(3L), function(i) {
            system.time(fitQuiet(x, hidden = 64L, latent = 8L, epochs = 20L,
                batch_size = 64L, validation = 0, scale = "none",
                num_threads = 1), gcFirst = FALSE)[["elapsed"]]
        }, numeric(1L)))
    }
    expect_lte(run(normal * 1e-40), 3 * run(normal))
})

test_that("denormal weights give the same bits on any number of threads", {
    x <- toyGaussian(40L, 60L) * 1e-38
    fits <- lapply(c(1, 2, 4), function(threads) {
        toyModel(x, scale = "none", optimizer = sgd(1e-3),
            num_threads = threads)
    })
    expectSameFit(fits[[2L]], fits[[1L]])
    expectSameFit(fits[[3L]], fits[[1L]])
})

test_that("the caller's floating-point mode is left alone", {
    denormal <- function() {
        x <- 2
        y <- 4.9e-324
        x^-1074 > 0 && y / 2 == 0 && 2^-1050 / 2^10 > 0
    }
    expect_true(denormal())
    x <- toyGaussian()
    model <- toyModel(x, num_threads = 2)
    expect_true(denormal())
    encode(model, x)
    expect_true(denormal())
    catchError(toyModel(x * 1e3, optimizer = sgd(1e9), validation = 0,
        activation = "linear"))
    expect_true(denormal())
})
