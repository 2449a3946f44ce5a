test_that("all conditions carry the documented classes and fields", {
    x <- toyGaussian()
    condition <- catchError(AutoencoderParam(latent = -1))
    expect_s3_class(condition, c("aesop_error_param", "aesop_error", "error",
        "condition"), exact = TRUE)
    expect_identical(condition$arg, "latent")
    condition <- catchError(trainAutoencoder("x"))
    expect_s3_class(condition, c("aesop_error_input_type", "aesop_error",
        "error", "condition"), exact = TRUE)
    expect_identical(condition$arg, "x")
    expect_identical(condition$got, "character")
    condition <- catchError(trainAutoencoder(matrix(0, 0L, 3L)))
    expect_identical(condition$arg, "x")
    expect_true(all(c("expected", "got") %in% names(condition)))
    condition <- catchError(loadModel(tempfile()))
    expect_s3_class(condition, c("aesop_error_io", "aesop_error", "error",
        "condition"), exact = TRUE)
    expect_true(all(c("path", "op", "errno") %in% names(condition)))
    file <- withr::local_tempfile()
    writeLines("no model", file)
    condition <- catchError(loadModel(file))
    expect_s3_class(condition, c("aesop_error_format", "aesop_error",
        "error"))
    expect_true(all(c("path", "reason") %in% names(condition)))
    expect_match(conditionMessage(condition), basename(file), fixed = TRUE)
})

test_that("a device that is not there is an error with the reason", {
    x <- toyGaussian()
    for (device in c("cuda", "cuda:1")) {
        condition <- expectAesopError(fitQuiet(x, device = device), "device",
            c(device, "cpu"))
        expect_false(isTRUE(condition$sticky))
    }
    expectAesopError(fitQuiet(x, device = "tpu"), "param", "device")
    expectSameFit(toyModel(x, device = "auto"), toyModel(x, device = "cpu"))
})

test_that("a network too large for the machine is refused before it starts", {
    x <- toyGaussian(200L, 30L)
    started <- Sys.time()
    condition <- expectAesopError(fitQuiet(x, hidden = c(1e7, 1e7)),
        "memory", "GiB")
    expect_gt(condition$bytes, 1e14)
    expect_true("what" %in% names(condition))
    expect_lt(as.numeric(Sys.time() - started, units = "secs"), 2)
    expectFinite(toyModel(x)@weights)
})

test_that("names from data are shown escaped and shortened", {
    x <- toyGaussian(6L, 20L)
    rownames(x)[2] <- "\033[31mred\033[0m%s%n"
    rownames(x)[3] <- strrep("long", 1e5)
    x[2, 5] <- NA
    message <- conditionMessage(catchError(toyModel(x)))
    expect_false(grepl("\033", message, fixed = TRUE))
    x <- toyGaussian(6L, 20L)
    rownames(x)[3] <- strrep("long", 1e5)
    x[3, 5] <- NA
    expect_lt(nchar(conditionMessage(catchError(toyModel(x)))), 1000L)
    good <- toyGaussian(6L, 20L)
    rownames(good)[2] <- "\033[31mred"
    model <- toyModel(good)
    for (text in c(conditionMessage(catchError(encode(model, good[-2, ]))),
        capture.output(print(model)))) {
        expect_false(grepl("\033[31m", text, fixed = TRUE))
    }
})

test_that("messages are of one class and can be silenced", {
    x <- toyGaussian(30L, 15L)
    seen <- recordConditions(trainAutoencoder(x, epochs = 2L, seed = 1))
    expect_gt(length(seen$messages), 0L)
    for (message in seen$messages) {
        expect_s3_class(message, "aesop_message")
    }
    expect_match(paste(vapply(seen$messages, conditionMessage, ""),
        collapse = ""), "latent|hidden|batch_size|validation")
    expect_identical(seen$output, character(0))
    quiet <- recordConditions(trainAutoencoder(x, epochs = 2L, seed = 1,
        verbose = FALSE))
    expect_length(quiet$messages, 0L)
    expect_length(quiet$warnings, 0L)
    expect_identical(quiet$output, character(0))
})

test_that("options(warn = 2) turns warnings into errors, nothing else", {
    withr::local_options(warn = 2)
    x <- toyGaussian()
    expect_error(toyModel(x), NA)
    expect_error(toyModel(x, num_threads = 1e6), class = "error")
})
