# C7: limits of training.
x <- toyGaussian(12L, 60L)

test_that("0 epochs give the initial network", {
    model <- toyModel(x, epochs = 0L)
    expect_identical(nrow(model@history), 0L)
    expect_named(model@history, c("epoch", "loss", "val_loss",
        "learning_rate", "seconds"))
    expect_identical(model@info$best_epoch + 0, 0)
    expectFinite(encode(model, x))
    expect_error(capture.output(print(model), print(summary(model))), NA)
    expect_identical(model@weights, toyModel(x, epochs = 0L,
        optimizer = sgd(1))@weights)
})

test_that("1 epoch is one pass", {
    model <- toyModel(x, epochs = 1L)
    expect_identical(nrow(model@history), 1L)
    expect_identical(model@history$epoch + 0, 1)
    expect_identical(model@info$status, "completed")
})

test_that("the loss falls and the history is complete", {
    model <- toyModel(x, epochs = 25L, early_stopping = FALSE)
    expect_identical(model@history$epoch + 0, seq_len(25L) + 0)
    expect_lt(model@history$loss[25L], 0.7 * model@history$loss[1L])
    expect_lt(model@history$val_loss[25L], model@history$val_loss[1L])
    expect_true(all(model@history$seconds >= 0))
})

test_that("max_seconds is kept", {
    big <- withr::with_seed(1L, matrix(rnorm(300L * 600L), 300L))
    started <- Sys.time()
    model <- suppressMessages(trainAutoencoder(big, hidden = 64L,
        latent = 8L, epochs = 1e6, max_seconds = 1, early_stopping = FALSE,
        seed = 1))
    seconds <- as.numeric(Sys.time() - started, units = "secs")
    expect_identical(model@info$status, "time_limit")
    expect_lt(seconds, 1.1 + 1)
    expect_gt(seconds, 0.9)
    expectFinite(encode(model, big))
    expect_gt(nrow(model@history), 0L)
})

test_that("early stopping waits for patience and keeps the best weights", {
    noise <- withr::with_seed(2L, matrix(rnorm(30L * 60L), 30L))
    fit <- function(...) {
        fitQuiet(noise, hidden = 40L, latent = 20L, batch_size = 16L,
            learning_rate = 0.01, validation = 0.3, ...)
    }
    for (patience in c(1L, 4L)) {
        model <- fit(epochs = 300L, early_stopping = patience)
        val <- model@history$val_loss
        best <- which.min(val)
        expect_identical(model@info$status, "early_stopped")
        expect_identical(model@info$best_epoch + 0, best + 0)
        expect_identical(length(val), best + patience)
        # the weights of the best epoch: the same fit stopped there
        there <- fit(epochs = best, early_stopping = FALSE)
        expect_identical(model@weights, there@weights)
        held_out <- noise[, model@info$validation]
        expectNear(mean(predict(model, held_out, type = "error")),
            val[best], tolerance$float)
    }
    off <- fit(epochs = 60L, early_stopping = FALSE)
    expect_identical(nrow(off@history), 60L)
    expect_identical(off@info$best_epoch + 0, 60)
})

test_that("min_delta asks for a real improvement", {
    model <- fitQuiet(x, hidden = 8L, latent = 3L, epochs = 200L,
        batch_size = 16L, early_stopping = earlyStopping(3, min_delta = 1e6))
    # the first epoch improves on nothing seen before, then nothing counts
    expect_identical(nrow(model@history), 4L)
    expect_identical(model@info$best_epoch + 0, 1)
})

test_that("batches of one sample work, with batch norm as well", {
    for (batch_norm in c(FALSE, TRUE)) {
        model <- toyModel(x, batch_size = 1L, batch_norm = batch_norm)
        expectFinite(model@weights)
        expectFinite(encode(model, x))
        expectFinite(model@history$loss)
    }
})

test_that("a last batch of one sample is used or left out as asked", {
    data <- x[, 1:33]
    for (drop_last in c(FALSE, TRUE)) {
        for (batch_norm in c(FALSE, TRUE)) {
            model <- toyModel(data, batch_size = 16L, validation = 0,
                drop_last = drop_last, batch_norm = batch_norm)
            expectFinite(model@weights)
            expectFinite(encode(model, data))
        }
    }
    expect_false(identical(
        toyModel(data, validation = 0, drop_last = TRUE)@weights,
        toyModel(data, validation = 0, drop_last = FALSE)@weights))
})

test_that("a share that holds out nobody gives one warning, not NaN", {
    small <- x[, 1:30]
    seen <- recordConditions(toyModel(small, validation = 1e-12,
        batch_size = 8L, early_stopping = 2))
    expect_length(seen$warnings, 1L)
    expect_s3_class(seen$warnings[[1L]], "aesop_warning")
    model <- seen$value
    expect_length(model@info$validation, 0L)
    expect_false(any(is.nan(model@history$val_loss)))
    expect_true(all(is.na(model@history$val_loss)))
    expect_identical(nrow(model@history), 4L)
    expectFinite(model@weights)
    expect_identical(model@info$best_epoch + 0, 4)
})

test_that("no validation: no warning, no early stopping", {
    seen <- recordConditions(toyModel(x, validation = 0, epochs = 30L,
        early_stopping = 1))
    expect_length(seen$warnings, 0L)
    expect_identical(nrow(seen$value@history), 30L)
    expect_true(all(is.na(seen$value@history$val_loss)))
})

test_that("the validation split is as asked", {
    for (share in c(0.1, 0.2, 0.25, 0.5)) {
        last <- toyModel(x, validation = share, validation_split = "last")
        kept <- floor(60 * (1 - share) + 1e-9)
        expect_identical(as.numeric(last@info$validation),
            as.numeric(seq(kept + 1, 60)))
        random <- toyModel(x, validation = share)
        held_out <- random@info$validation
        expect_length(held_out, 60 - kept)
        expect_false(is.unsorted(held_out, strictly = TRUE))
        expect_true(all(held_out >= 1 & held_out <= 60))
        expect_false(identical(as.numeric(held_out),
            as.numeric(last@info$validation)))
        other <- toyModel(x, validation = share, seed = 2)
        expect_false(identical(other@info$validation, held_out))
    }
})

test_that("Keras' split of the textbook is met", {
    # 9413 samples, the last 20 %: 7530 to train on and 1883 held out
    wide <- matrix(seq_len(9413L) %% 7, 1L, dimnames = list("g", NULL))
    model <- fitQuiet(wide, hidden = integer(0), latent = 1L, epochs = 1L,
        batch_size = 5000L, validation = 0.2, validation_split = "last")
    expect_length(model@info$validation, 1883L)
    expect_identical(range(as.numeric(model@info$validation)),
        c(7531, 9413))
})

test_that("order of samples: each once per epoch, new in each epoch", {
    orders <- lapply(0:3, function(epoch) {
        aesop:::sample_order(50, list(seed = 1, epoch = epoch))
    })
    for (order in orders) {
        expect_identical(sort(order), as.numeric(seq_len(50L)))
    }
    expect_length(unique(orders), 4L)
    expect_false(identical(orders[[1L]], as.numeric(seq_len(50L))))
    # every position is as likely for every sample
    first <- vapply(seq_len(2000L), function(epoch) {
        aesop:::sample_order(8, list(seed = 1, epoch = epoch))[1L]
    }, numeric(1L))
    expect_gt(chisq.test(table(first))$p.value, 1e-4)
})

test_that("progress is told on the message stream and only when asked", {
    expect_length(recordConditions(toyModel(x, verbose = FALSE))$messages,
        0L)
    seen <- recordConditions(toyModel(x, verbose = TRUE))
    expect_identical(seen$output, character(0))
    expectSameFit(seen$value, toyModel(x))
})

test_that("Ctrl-C returns a usable model, or stops with one", {
    skip_if_not_installed("callr")
    skip_on_os("windows")
    policies <- c("return", "stop")
    ready <- file.path(withr::local_tempdir(), policies)
    child <- callr::r_bg(function(ready, policies) {
        library(aesop)
        x <- matrix(sin(seq_len(40 * 200)), 40,
            dimnames = list(paste0("g", 1:40), NULL))
        fit <- function(...) {
            trainAutoencoder(x, latent = 2, seed = 1, verbose = FALSE,
                early_stopping = FALSE, ...)
        }
        seen <- new.env()
        run <- function(ready, policy) {
            seen$warned <- seen$caught <- NULL
            file.create(ready)
            model <- withCallingHandlers(
                tryCatch(fit(epochs = 1e8, on_interrupt = policy),
                    error = function(e) stop("an error: ", e),
                    interrupt = function(i) {
                        seen$caught <- class(i)
                        i$model
                    }),
                aesop_warning_interrupted = function(w) {
                    seen$warned <- class(w)
                    invokeRestart("muffleWarning")
                })
            list(warned = seen$warned, caught = seen$caught,
                status = model@info$status, epochs = nrow(model@history),
                finite = all(is.finite(encode(model, x))),
                again = fit(epochs = 3)@weights)
        }
        list(first = fit(epochs = 3)@weights,
            runs = Map(run, ready, policies))
    }, args = list(ready, policies), libpath = .libPaths())
    withr::defer(child$kill())
    for (file in ready) {
        waitFor(file, child)
        child$interrupt()
    }
    child$wait(20000)
    expect_false(child$is_alive())
    results <- child$get_result()
    for (result in results$runs) {
        expect_identical(result$status, "interrupted")
        expect_gt(result$epochs, 0L)
        expect_true(result$finite)
        # the next fit in the session is as if nothing had happened
        expect_identical(result$again, results$first)
    }
    expect_true("aesop_warning_interrupted" %in%
        results$runs[[1L]]$warned)
    expect_null(results$runs[[1L]]$caught)
    expect_true(all(c("aesop_interrupt", "interrupt") %in%
        results$runs[[2L]]$caught))
})
