test_that("activities describe each code over the samples", {
    codes <- cbind(a = c(0, 0, 0, 1), b = c(2, 2, 2, 2), c = c(-1, 1, 1, 1))
    got <- nodeActivity(codes)
    expect_identical(got$code, c("b", "c", "a"))
    expect_equal(got$mean, c(2, 0.5, 0.25))
    expect_equal(got$sum, c(8, 2, 1))
    expect_equal(got$active, c(1, 0.75, 0.25))
    expect_equal(nodeActivity(codes, threshold = 1.5)$active, c(1, 0, 0))
    expect_output(print(got), "active")
    file <- tempfile(fileext = ".pdf")
    grDevices::pdf(file)
    on.exit(grDevices::dev.off())
    expect_invisible(plot(got))
})

test_that("a model's codes and errors are those of encode and reconstruct", {
    x <- toyGaussian(20L, 40L)
    model <- toyModel(x, latent = 3L)
    got <- nodeActivity(model, x)
    codes <- encode(model, x)
    expect_equal(got$mean, unname(sort(colMeans(codes), decreasing = TRUE)))
    errors <- featureErrors(model, x)
    by_hand <- x - reconstruct(model, x)
    expect_setequal(errors$feature, rownames(x))
    expect_false(is.unsorted(-errors$mean_absolute_error))
    expect_equal(errors$mean_absolute_error,
        unname(rowMeans(abs(by_hand))[errors$feature]))
    expect_equal(errors$mean_squared_error,
        unname(rowMeans(by_hand^2)[errors$feature]))
    one <- errors$feature[1L]
    expect_equal(errors$correlation[1L],
        cor(x[one, ], reconstruct(model, x)[one, ]))
    expectAesopError(featureErrors(model), "param")
})
