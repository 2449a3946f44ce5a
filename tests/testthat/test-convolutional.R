# Convolutional autoencoders on images.

test_that("arrays become matrices of pixels, row by row, and back", {
    images <- array(seq_len(2 * 3 * 2 * 4), c(2L, 3L, 2L, 4L),
        dimnames = list(NULL, NULL, NULL, letters[1:4]))
    x <- imageMatrix(images)
    expect_identical(dim(x), c(12L, 4L))
    expect_identical(attr(x, "input_shape"), c(2L, 3L, 2L))
    expect_identical(colnames(x), letters[1:4])
    expect_identical(rownames(x)[1:4], c("p1.1.1", "p1.1.2", "p1.2.1",
        "p1.2.2"))
    expect_identical(x[["p2.3.1", "c"]], images[[2L, 3L, 1L, 3L]])
    expect_identical(imageArray(x), images)
    grey <- array(runif(24), c(4L, 3L, 2L))
    m <- imageMatrix(grey)
    expect_identical(rownames(m)[1:4], c("p1.1", "p1.2", "p1.3", "p2.1"))
    expect_identical(imageArray(m), grey)
    expect_identical(imageArray(unclass(m)[, 1L, drop = FALSE], c(4, 3, 1)),
        grey[, , 1L, drop = FALSE])
})

test_that("what is not an array of images is an error", {
    expectAesopError(imageMatrix(matrix(1, 2L, 2L)), "input_type", "x")
    expectAesopError(imageMatrix(array("a", c(2L, 2L, 2L))), "input_type")
    expectAesopError(imageMatrix(array(0, c(2L, 0L, 2L))), "input_dim", "x")
    expectAesopError(imageArray(matrix(0, 7L, 2L), c(2, 3, 1)), "input_dim",
        c("6 values", "7 features"), arg = "shape")
    expectAesopError(imageArray(matrix(0, 6L, 2L), c(2, 3)), "param",
        "shape", arg = "shape")
    expectAesopError(imageArray("a", c(2, 3, 1)), "input_type", "x")
})

test_that("a shape that does not match the features is told before training", {
    x <- imageMatrix(array(0, c(5L, 5L, 20L)))
    seen <- expectAesopError(fitQuiet(x[-1L, ],
        convolutionalParam(c(5, 5, 1))), "features",
        c("input_shape", "25 values", "24 features"))
    expect_identical(seen$arg, "input_shape")
    expectAesopError(convolutionalParam(c(5, 5)), "param", "input_shape",
        arg = "input_shape")
})

test_that("the preset has layers for images and for sequences", {
    kinds <- function(shape) {
        layers <- as.list(convolutionalParam(shape))$layers
        vapply(layers, function(layer) layer$kind, "")
    }
    pooled <- c("conv", "max_pool", "conv", "max_pool")
    expect_identical(kinds(c(28, 28, 1)), pooled)
    expect_identical(kinds(c(3, 2, 1)), pooled[1:3])
    expect_identical(kinds(c(1, 60, 4)), c("conv", "conv"))
    for (shape in list(c(1, 1, 1), c(2, 1, 3), c(1, 2, 4), c(5, 4, 3))) {
        x <- matrix(runif(prod(shape) * 20), prod(shape))
        model <- fitQuiet(x, convolutionalParam(shape, latent = 1),
            epochs = 1L)
        expectFinite(reconstruct(model, x))
    }
    own <- convolutionalParam(c(8, 8, 1), list(conv2d(4, 3)), latent = 3,
        loss = "bce", scale = "minmax")
    expect_identical(as.list(own)[c("latent", "loss", "scale")],
        list(latent = 3L, loss = "bce", scale = "minmax"))
})

test_that("filters are given for a first convolution only", {
    x <- imageMatrix(array(runif(36 * 20), c(6L, 6L, 20L)))
    fit <- function(...) {
        fitQuiet(x, input_shape = c(6, 6, 1), latent = 2L, epochs = 1L,
            layers = list(...))
    }
    pooled <- convolutionFilters(fit(meanPool2d(2), conv2d(5, 2)))
    expect_length(pooled, 5L)
    expect_identical(dim(pooled$filter5), c(2L, 2L, 1L))
    expectAesopError(convolutionFilters(fit(dense(4))), "input_type",
        c("convolution", "dense 4"), arg = "model")
    expectAesopError(convolutionFilters(toyModel()), "input_type",
        "convolution")
    expectAesopError(convolutionFilters(convolutionalParam(c(6, 6, 1))),
        "not_fitted")
})

test_that("threads, single samples and files leave the bits as they are", {
    x <- imageMatrix(shiftedShapes(60L, 9L))
    fit <- function(threads) {
        fitQuiet(x, convolutionalParam(c(9, 9, 1), latent = 3,
            noise = maskingNoise(0.1), batch_norm = TRUE), epochs = 3L,
            num_threads = threads)
    }
    model <- fit(1L)
    expectSameFit(model, fit(2L))
    expectSameFit(model, fit(3L))
    codes <- encode(model, x)
    for (threads in 1:3) {
        expect_identical(encode(model, x, num_threads = threads), codes)
    }
    expect_identical(encode(model, x[, 7L, drop = FALSE]),
        codes[7L, , drop = FALSE])
    file <- withr::local_tempfile(fileext = ".safetensors")
    saveModel(model, file)
    loaded <- loadModel(file)
    expect_identical(encode(loaded, x), codes)
    expect_identical(reconstruct(loaded, x), reconstruct(model, x))
    expect_identical(loaded@param@settings, model@param@settings)
    expect_identical(convolutionFilters(loaded), convolutionFilters(model))
    sparse <- asSparse(x)
    expect_identical(encode(model, sparse), codes)
    # rows in another order are put right by name
    expect_identical(encode(model, x[rev(seq_len(81L)), ]), codes)
})

test_that("M4: 1024 pixels to 8 and 16 codes, the error falls", {
    train <- imageMatrix(roundShapes(500L, 32L))
    test <- imageMatrix(roundShapes(200L, 32L, seed = 2L))
    errors <- vapply(c(8L, 16L), function(latent) {
        model <- fitQuiet(train, vanillaParam(latent = latent),
            latent_activation = "relu", epochs = 40L, batch_size = 32L,
            learning_rate = 0.003)
        expect_identical(sum(lengths(model@weights)),
            1024L * latent * 2L + latent + 1024L)
        heldOutError(model, test)
    }, 0)
    expect_lt(errors[2L], 0.6 * errors[1L])
})

test_that("784-64-784 has 101,200 parameters and beats 64 components", {
    train <- imageMatrix(roundShapes(800L, 28L, sharp = TRUE))
    test <- imageMatrix(roundShapes(200L, 28L, seed = 2L, sharp = TRUE))
    model <- fitQuiet(train, vanillaParam(latent = 64L,
        latent_activation = "relu", output_activation = "sigmoid",
        scale = "none"), epochs = 50L, batch_size = 32L)
    expect_identical(summary(model)$n_parameters, 101200L)
    expect_lt(heldOutError(model, test), pcaError(train, test, 64L))
})

test_that("M5: shapes at new places, better than dense nets twice as large", {
    train <- imageMatrix(shiftedShapes(400L))
    test <- imageMatrix(shiftedShapes(300L, seed = 2L))
    settings <- AutoencoderParam(latent = 8, loss = "bce", scale = "none",
        batch_size = 32, epochs = 80, early_stopping = 20,
        learning_rate = 0.003)
    for (seed in 1:2) {
        convolutional <- fitQuiet(train, settings, seed = seed,
            input_shape = c(24, 24, 1),
            layers = list(conv2d(8, 5, stride = 2), conv2d(16, 5, stride = 2)))
        size <- summary(convolutional)$n_parameters
        for (hidden in c(16L, 32L)) {
            same <- fitQuiet(train, settings, hidden = hidden, seed = seed)
            expect_gt(summary(same)$n_parameters, size)
            expect_lt(heldOutError(convolutional, test),
                0.95 * heldOutError(same, test))
        }
    }
})

test_that("MNIST: a better reconstruction with fewer parameters", {
    file <- file.path(dataFolder(), "mnist_t10k", "mnist_t10k.csv.gz")
    skip_if_not(file.exists(file), paste("no mnist_t10k in the data folder:",
        "get the ten thousand MNIST test images as a table of label, p1, ...,",
        "p784 and set AESOP_DATA"))
    table <- utils::read.csv(gzfile(file), nrows = 3000L)
    x <- t(as.matrix(table[paste0("p", seq_len(784L))])) / 255
    train <- seq_len(2500L)
    settings <- AutoencoderParam(latent = 16, loss = "bce", scale = "none",
        batch_size = 32, epochs = 20)
    fits <- list(
        dense = fitQuiet(x[, train], settings, hidden = 40L),
        convolutional = fitQuiet(x[, train], settings,
            input_shape = c(28, 28, 1), layers = list(
                conv2d(16, 3, stride = 2), conv2d(32, 3, stride = 2))))
    size <- vapply(fits, function(m) summary(m)$n_parameters, 0L)
    expect_lt(size[["convolutional"]], size[["dense"]])
    error <- vapply(fits, heldOutError, 0, x = x[, -train])
    expect_lt(error[["convolutional"]], 0.8 * error[["dense"]])
    share <- vapply(fits, function(model) {
        labelShare(encode(model, x[, -train]), table$label[-train])
    }, 0)
    expect_gt(share[["convolutional"]], 0.7)
})
