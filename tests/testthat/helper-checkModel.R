# I1: one battery of checks for every kind of model.
# x: dense training data, features x samples; refit: a function that trains the
# same model again.
checkModel <- function(model, x, refit) {
    latent <- model@param@settings$latent
    n <- ncol(x)
    codes <- encode(model, x)

    # form of the results
    testthat::expect_identical(dim(codes), c(n, as.integer(latent)))
    testthat::expect_identical(dimnames(codes),
        list(colnames(x), paste0("AE", seq_len(latent))))
    testthat::expect_type(codes, "double")
    expectFinite(codes, "codes")
    expectFinite(model@weights, "weights")
    back <- reconstruct(model, x)
    testthat::expect_identical(dimnames(back), dimnames(x))
    expectFinite(back, "reconstruction")
    errors <- predict(model, x, type = "error")
    testthat::expect_identical(names(errors), colnames(x))
    testthat::expect_true(all(is.finite(errors)))
    decoded <- decode(model, codes)
    testthat::expect_identical(dimnames(decoded), dimnames(x))
    expectFinite(decoded, "decoded")
    testthat::expect_identical(nrow(model@history),
        as.integer(model@param@settings$epochs))
    testthat::expect_named(model@history,
        c("epoch", "loss", "val_loss", "learning_rate", "seconds"))
    testthat::expect_true(all(is.finite(model@history$loss)))

    # a sample's result does not depend on the others
    subsets <- list(1L, n, c(5L, 2L, 9L), rev(seq_len(17L)),
        order(colnames(x)))
    for (index in subsets) {
        part <- x[, index, drop = FALSE]
        testthat::expect_identical(encode(model, part),
            codes[index, , drop = FALSE])
        testthat::expect_identical(reconstruct(model, part),
            back[, index, drop = FALSE])
        testthat::expect_identical(predict(model, part, type = "error"),
            errors[index])
    }
    testthat::expect_identical(decode(model, codes[3L, , drop = FALSE]),
        decoded[, 3L, drop = FALSE])

    # the same numbers in another form; features in another order
    testthat::expect_identical(encode(model, asSparse(x)), codes)
    testthat::expect_identical(encode(model, x[rev(rownames(x)), ]), codes)
    testthat::expect_identical(encode(model, t(x), transposed = TRUE), codes)
    testthat::expect_identical(reconstruct(model, asSparse(x)), back)

    # verbs agree with each other
    testthat::expect_identical(predict(model, x), codes)
    testthat::expect_identical(predict(model, x, type = "reconstruction"),
        back)
    testthat::expect_identical(fitted(model, x), back)
    testthat::expect_equal(residuals(model, x), x - back)

    # through a file and back
    file <- withr::local_tempfile(fileext = ".safetensors")
    saveModel(model, file)
    loaded <- loadModel(file)
    testthat::expect_identical(encode(loaded, x), codes)
    testthat::expect_identical(loaded, model)
    testthat::expect_identical(encode(unserialize(serialize(model, NULL)),
        x), codes)

    # shown without trouble
    shown <- utils::capture.output({
        print(model)
        print(summary(model))
        utils::str(model)
    })
    testthat::expect_gt(length(shown), 5L)
    testthat::expect_false(any(grepl("NaN|NULL\\b.*NULL", shown)))
    testthat::expect_true(isTRUE(all.equal(model, model)))

    # again
    again <- refit()
    expectSameFit(again, model, "refit")
    testthat::expect_identical(encode(again, x), codes)
    invisible(codes)
}
