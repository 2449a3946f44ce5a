# Ctrl-C during a fit that is made of several: rounds, or layers.
test_that("Ctrl-C ends all parts of a fit, and the model is whole", {
    skip_if_not_installed("callr")
    skip_on_os("windows")
    kinds <- c("robust", "stacked")
    ready <- file.path(withr::local_tempdir(), kinds)
    child <- callr::r_bg(function(ready, kinds) {
        library(aesop)
        x <- matrix(sin(seq_len(40 * 200)), 40,
            dimnames = list(paste0("g", 1:40), NULL))
        params <- list(
            robust = robustParam(hidden = 8, latent = 2, epochs = 1e8,
                scale = "standard"),
            stacked = stackedParam(hidden = 8, latent = 2, epochs = 1e8,
                early_stopping = FALSE))
        run <- function(ready, kind) {
            warned <- list()
            file.create(ready)
            model <- withCallingHandlers(trainAutoencoder(x, params[[kind]],
                seed = 1, verbose = FALSE),
                aesop_warning_interrupted = function(w) {
                    warned <<- c(warned, list(w))
                    invokeRestart("muffleWarning")
                })
            list(warned = length(warned), status = model@info$status,
                same = identical(warned[[1]]$model@weights, model@weights),
                codes = encode(model, x), scale = model@param@settings$scale)
        }
        Map(run, ready, kinds)
    }, args = list(ready, kinds), libpath = .libPaths())
    withr::defer(child$kill())
    for (file in ready) {
        waitFor(file, child)
        child$interrupt()
    }
    child$wait(20000)
    expect_false(child$is_alive())
    results <- child$get_result()
    for (result in results) {
        expect_identical(result$status, "interrupted")
        expect_identical(result$warned, 1L)
        expect_true(result$same)
        expect_identical(dim(result$codes), c(200L, 2L))
        expectFinite(result$codes)
    }
    expect_identical(results[[1L]]$scale, "standard")
})
