# Layers of convolutional encoders: arguments, shapes, values.

shapesOf <- function(layers, shape, latent = 1L) {
    param <- AutoencoderParam(layers = layers, input_shape = shape,
        latent = latent)
    aesop:::config_shapes(as.list(param), prod(shape))
}

# Values that the layers hand to the code.
valuesInto <- function(layers, shape) {
    shapes <- shapesOf(layers, shape)
    shapes[[sprintf("encoder.%d.weight", length(layers) + 1L)]][1L]
}

# An untrained network of these layers, all linear, and what its code is made
# of: list(model, x, code weights).
untrained <- function(layers, shape, n = 3L) {
    withr::with_seed(1, x <- array(rnorm(prod(shape) * n), c(shape, n)))
    model <- fitQuiet(imageMatrix(x), layers = layers, input_shape = shape,
        activation = "linear", latent = 2L, epochs = 0L, validation = 0,
        scale = "none")
    list(model = model, images = x, x = imageMatrix(x),
        weight = model@weights[[sprintf("encoder.%d.weight",
            length(layers) + 1L)]])
}

# Codes from the images that f makes of the input, in plain R.
codesOf <- function(run, f) {
    images <- seq_len(ncol(run$x))
    values <- vapply(images, function(k) {
        image <- run$images[, , , k]
        dim(image) <- dim(run$images)[1:3]
        c(aperm(f(image), c(3L, 2L, 1L)))
    }, numeric(nrow(run$weight)))
    unname(t(values) %*% run$weight)
}

test_that("layers print what they are", {
    shown <- function(x) utils::capture.output(print(x))
    expect_identical(shown(conv2d(16, 3)), "<layer: conv 16 3x3, same>")
    expect_identical(shown(conv1d(8, 12, activation = "relu")),
        "<layer: conv 8 1x12, same, relu>")
    expect_identical(shown(maxPool2d(c(1, 2), 3)),
        "<layer: max pool 1x2 stride 3x3, valid>")
    expect_identical(shown(dense(5)), "<layer: dense 5>")
    expect_identical(shown(flattenLayer()), "<layer: flatten>")
    expect_identical(shown(upsample2d(2)), "<layer: upsample 2x2>")
    expect_identical(shown(convTranspose2d(3, 3, 2, "valid")),
        "<layer: transposed conv 3 3x3 stride 2x2, valid>")
})

test_that("settings show the network", {
    param <- AutoencoderParam(layers = list(conv2d(16, 3), maxPool2d(2)),
        input_shape = c(28, 28, 1), latent = 10)
    text <- utils::capture.output(param)
    expect_match(text, paste("28x28x1 > conv 16 3x3 > max pool 2x2 > [10] >",
        "mirrored"), fixed = TRUE, all = FALSE)
    expect_false(any(grepl("list of", text)))
    sequence <- AutoencoderParam(layers = conv1d(16, 8),
        input_shape = c(1, 60, 4))
    expect_output(print(sequence), "1x60x4 > conv 16 8 > [10] > mirrored",
        fixed = TRUE)
    expect_identical(as.list(param)$hidden, integer(0))
    again <- do.call(AutoencoderParam, as.list(param)[c("layers",
        "input_shape", "latent")])
    expect_identical(as.list(again), as.list(param))
})

test_that("arguments of layers are checked", {
    expectAesopError(conv2d(0, 3), "param", "filters", arg = "filters")
    expectAesopError(conv2d(3, 1:3), "param", "kernel", arg = "kernel")
    expectAesopError(conv1d(3, c(2, 2)), "param", "kernel", arg = "kernel")
    expectAesopError(conv2d(3, 3, 0), "param", "stride", arg = "stride")
    expectAesopError(conv2d(3, 3, padding = "full"), "param",
        c("padding", "full", "same", "valid"), arg = "padding")
    expectAesopError(dense(3, "swish"), "param", c("activation", "swish"),
        arg = "activation")
    expectAesopError(maxPool2d("a"), "param", "size", arg = "size")
    expectAesopError(upsample1d(0.5), "param", "size", arg = "size")
    for (layers in list("conv", list(1), list(conv2d(3, 3), "pool"))) {
        expectAesopError(AutoencoderParam(layers = layers,
            input_shape = c(4, 4, 1)), "param", "layers", arg = "layers")
    }
})

test_that("a layer that does not fit the one before it is an error", {
    make <- function(...) {
        AutoencoderParam(layers = list(...), input_shape = c(8, 8, 1))
    }
    expectAesopError(make(conv2d(3, 9, padding = "valid")), "param",
        c("layer 1", "9 x 9", "8 x 8"), arg = "layers")
    expectAesopError(make(conv2d(3, 3, padding = "valid"), maxPool2d(7)),
        "param", c("layer 2", "7 x 7", "6 x 6"), arg = "layers")
    expectAesopError(make(maxPool2d(2), dense(5), conv2d(3, 3)), "param",
        c("layer 3", "5 values"), arg = "layers")
    expectAesopError(make(flattenLayer(), conv2d(3, 3)), "param",
        c("layer 2", "64 values"), arg = "layers")
    expectAesopError(AutoencoderParam(layers = conv2d(3, 3)), "param",
        c("layers", "input_shape"))
    expectAesopError(AutoencoderParam(input_shape = c(8, 8, 1)), "param",
        c("layers", "input_shape"))
    expectAesopError(AutoencoderParam(input_shape = c(8, 8),
        layers = conv2d(3, 3)), "param", "input_shape")
    expectAesopError(AutoencoderParam(hidden = 5, layers = conv2d(3, 3),
        input_shape = c(8, 8, 1)), "param", c("hidden", "layers"),
        arg = "hidden")
    expectAesopError(AutoencoderParam(input_shape = c(1e6, 1e6, 1),
        layers = conv2d(3, 3)), "param", "input_shape", arg = "input_shape")
    # also when given on top of settings
    x <- imageMatrix(array(0, c(8L, 8L, 20L)))
    param <- make(conv2d(3, 3))
    expectAesopError(fitQuiet(x, param, layers = list(maxPool2d(9))),
        "param", c("layer 1", "9 x 9", "8 x 8"))
    expectAesopError(fitQuiet(x, param, hidden = 4), "param",
        c("hidden", "layers"))
})

test_that("strides and paddings give the shapes of the convention", {
    for (width in c(7L, 8L)) {
        shape <- c(width, width + 3L, 2L)
        side <- shape[1:2]
        for (kernel in 1:4) {
            for (stride in 1:3) {
                same <- prod(ceiling(side / stride))
                valid <- prod((side - kernel) %/% stride + 1)
                expect_equal(valuesInto(list(conv2d(5, kernel, stride)),
                    shape), same * 5)
                expect_equal(valuesInto(list(conv2d(5, kernel, stride,
                    "valid")), shape), valid * 5)
                for (pool in list(maxPool2d, meanPool2d)) {
                    expect_equal(valuesInto(list(pool(kernel, stride)),
                        shape), valid * 2)
                    expect_equal(valuesInto(list(pool(kernel, stride,
                        "same")), shape), same * 2)
                }
                expect_equal(valuesInto(list(convTranspose2d(5, kernel,
                    stride)), shape), prod(side * stride) * 5)
                expect_equal(valuesInto(list(convTranspose2d(5, kernel,
                    stride, "valid")), shape),
                    prod(side * stride + max(kernel - stride, 0L)) * 5)
            }
        }
    }
    expect_equal(valuesInto(list(maxPool2d(3)), c(9, 9, 1)), 9)
    expect_equal(valuesInto(list(upsample2d(c(2, 3))), c(4, 5, 2)), 240)
    expect_equal(valuesInto(list(conv1d(6, 5, 2)), c(1, 11, 4)), 36)
    expect_equal(valuesInto(list(meanPool1d(2), upsample1d(3),
        convTranspose1d(2, 3)), c(1, 10, 4)), 30)
    expect_equal(valuesInto(list(conv2d(3, 3), flattenLayer(), dense(7)),
        c(5, 5, 1)), 7)
})

test_that("a convolution has as many weights as one window", {
    shapes <- shapesOf(list(conv2d(6, c(3, 5)), conv2d(4, 3, 2)), c(9, 9, 2))
    expect_equal(shapes$encoder.1.weight[1:2], c(3 * 5 * 2, 6))
    expect_equal(shapes$encoder.2.weight[1:2], c(3 * 3 * 6, 4))
    # back: 4 filters become 6 channels again, those the 2 of the input
    expect_equal(shapes$decoder.2.weight[1:2], c(4, 3 * 3 * 6))
    expect_equal(shapes$decoder.3.weight[1:2], c(6, 3 * 5 * 2))
})

test_that("values are those of plain R: convolution and its filters", {
    for (padding in c("same", "valid")) {
        for (stride in 1:2) {
            run <- untrained(list(conv2d(3, c(3, 2), stride, padding)),
                c(5L, 6L, 2L))
            filters <- convolutionFilters(run$model)
            expect_named(filters, paste0("filter", 1:3))
            expect_identical(dim(filters$filter1), c(3L, 2L, 2L))
            expected <- codesOf(run, function(image) {
                slideWindow(image, c(3, 2), c(stride, stride), padding,
                    function(window) {
                        vapply(filters, function(f) {
                            sum(f * window, na.rm = TRUE)
                        }, 0)
                    })
            })
            expectNear(unname(encode(run$model, run$x)), expected, 1e-5)
        }
    }
})

test_that("values are those of plain R: pools and upsampling", {
    kinds <- list(list(maxPool2d, max), list(meanPool2d, mean))
    for (kind in kinds) {
        for (padding in c("same", "valid")) {
            run <- untrained(list(kind[[1L]](c(2, 3), 2, padding)),
                c(5L, 7L, 2L))
            expected <- codesOf(run, function(image) {
                slideWindow(image, c(2, 3), c(2, 2), padding,
                    function(window) {
                        apply(window, 3L, kind[[2L]], na.rm = TRUE)
                    })
            })
            expectNear(unname(encode(run$model, run$x)), expected, 1e-5)
        }
    }
    run <- untrained(list(upsample2d(c(2, 3))), c(3L, 4L, 2L))
    expected <- codesOf(run, function(image) {
        image[rep(1:3, each = 2L), rep(1:4, each = 3L), , drop = FALSE]
    })
    expectNear(unname(encode(run$model, run$x)), expected, 1e-5)
})

test_that("the decoder restores every shape", {
    shape <- c(7L, 9L, 2L)
    stacks <- list(
        list(conv2d(3, 3, 2), maxPool2d(2), conv2d(4, 2, 1, "valid")),
        list(maxPool2d(2), conv2d(3, 3, 3)),
        list(upsample2d(2), conv2d(3, 5, 3, "valid")),
        list(convTranspose2d(3, 3, 2), meanPool2d(4), dense(6)),
        list(maxPool2d(3, 2, "same")),
        list(flattenLayer(), dense(8), dense(4)))
    withr::with_seed(1, images <- array(rnorm(126 * 30), c(shape, 30L)))
    x <- imageMatrix(images)
    for (layers in stacks) {
        model <- fitQuiet(x, layers = layers, input_shape = shape,
            latent = 3L, epochs = 3L, batch_norm = TRUE, dropout = 0.1)
        back <- reconstruct(model, x)
        expect_identical(dim(back), dim(x))
        expectFinite(back)
        expect_identical(dim(imageArray(back, shape)), dim(images))
    }
})
