x <- toyGaussian(12L, 60L)
tune <- function(..., seed = 1) {
    tuneAutoencoder(x, ..., epochs = 3L, batch_size = 16L, seed = seed,
        validation = 0.2)
}
withoutTime <- function(tuned) {
    tuned$results$seconds <- NULL
    tuned$model <- fittedParts(tuned$model)
    tuned
}

test_that("every candidate is what trainAutoencoder() makes of it", {
    grid <- list(latent = c(2L, 3L), hidden = list(8L, c(8L, 6L),
        integer(0)), optimizer = list(adam(0.01), "sgd"))
    tuned <- tune(grid)
    results <- tuned$results
    expect_identical(nrow(results), 12L)
    expect_named(results, c("latent", "hidden", "optimizer", "score",
        "epochs", "seconds", "status", "error"))
    expect_identical(results$latent, rep(2:3, 6L))
    expect_identical(results$hidden[1:6], rep(c("8", "8, 6", "none"),
        each = 2L))
    expect_match(results$optimizer[1L], "adam, learning_rate = 0.01")
    expect_true(all(results$status == "completed"))
    expect_true(all(is.na(results$error)))
    fourth <- fitQuiet(x, latent = 3L, hidden = c(8L, 6L),
        optimizer = adam(0.01), epochs = 3L, batch_size = 16L,
        validation = 0.2)
    expect_identical(results$score[4L], min(fourth@history$val_loss))
    expect_identical(tuned$best_row, which.min(results$score))
    expect_identical(tuned$model@history$val_loss[
        tuned$model@info$best_epoch], min(results$score))
    again <- fitQuiet(x, tuned$best)
    expectSameFit(again, tuned$model)
})

test_that("the result depends on the seed and on nothing else", {
    grid <- list(latent = 1:4, learning_rate = c(0.001, 0.01))
    first <- withoutTime(tune(grid))
    expect_identical(withoutTime(tune(grid)), first)
    expect_identical(withoutTime(tune(grid, num_threads = 1)), first)
    expect_false(identical(tune(grid, seed = 2)$results$score,
        first$results$score))
    if (requireNamespace("BiocParallel", quietly = TRUE)) {
        for (parallel in list(BiocParallel::SerialParam(),
            BiocParallel::MulticoreParam(2))) {
            expect_identical(withoutTime(tune(grid, BPPARAM = parallel)),
                first)
        }
    }
    withr::local_seed(1)
    before <- .Random.seed
    tune(grid, search = "random", n = 2)
    expect_identical(.Random.seed, before)
    withr::local_seed(1)
    drawn <- tune(list(latent = 2L), seed = NULL)
    withr::local_seed(1)
    expect_identical(drawn$seed, floor(runif(1) * 2^31))
})

test_that("random search draws different candidates of the grid", {
    grid <- list(latent = 1:5, l2 = c(0, 0.1), dropout = c(0, 0.2))
    tuned <- tune(grid, search = "random", n = 6, refit = FALSE)
    rows <- tuned$results[1:3]
    expect_identical(nrow(unique(rows)), 6L)
    expect_null(tuned$model)
    expect_s4_class(tuned$best, "AutoencoderParam")
    expect_identical(nrow(tune(list(latent = 1:2), search = "random",
        n = 9)$results), 2L)
    more <- tune(grid, search = "random", n = 8, refit = FALSE)
    expect_identical(more$results[1:6, 1:3], rows)
})

test_that("a data frame is one candidate per row", {
    grid <- data.frame(latent = c(2L, 3L, 4L))
    grid$hidden <- list(8L, integer(0), c(8L, 4L))
    tuned <- tune(grid)
    expect_identical(tuned$results$latent, 2:4)
    expect_identical(tuned$results$hidden, c("8", "none", "8, 4"))
    expect_identical(tune(grid, search = "random", n = 2)$results$latent %in%
        2:4, c(TRUE, TRUE))
})

test_that("a candidate that fails is told and does not stop the others", {
    grid <- list(latent = c(2L, 50L, 3L))
    tuned <- tune(grid)
    expect_identical(tuned$results$status, c("completed", "failed",
        "completed"))
    expect_match(tuned$results$error[2L], "`latent` = 50 is larger")
    expect_identical(is.na(tuned$results$score), c(FALSE, TRUE, FALSE))
    expect_output(print(tuned), "3 candidates.*1 failed")
    condition <- expectAesopError(tune(list(latent = 50:51)), "tuning",
        "`latent` = 50")
    expect_identical(nrow(condition$results), 2L)
    expectAesopError(tuneAutoencoder(x, list(latent = 2), validation = 0,
        epochs = 1, seed = 1), "tuning", "metric")
})

test_that("any score can be asked for", {
    mine <- function(model, x) ncol(encode(model, x))
    grid <- list(latent = c(3L, 2L, 4L))
    expect_identical(tune(grid, metric = mine)$best_row, 2L)
    largest <- tune(grid, metric = mine, maximize = TRUE)
    expect_identical(largest$best_row, 3L)
    expect_identical(largest$results$score, c(3, 2, 4))
    expect_identical(largest$metric, "function")
    expect_identical(tune(grid, metric = "loss")$metric, "loss")
    bad <- tune(list(latent = 2:3), metric = function(model, x) {
        if (ncol(encode(model, x)) == 2L) c(1, 2) else 7
    })
    expect_match(bad$results$error[1L], "metric")
    expect_identical(bad$best_row, 2L)
    withr::local_pdf(withr::local_tempfile(fileext = ".pdf"))
    expect_identical(plot(largest), largest)
})

test_that("experiments and further arguments go through", {
    sce <- toySce(toyCounts(40L, 60L))
    tuned <- tuneAutoencoder(sce, list(latent = 2:3), loss = "nb",
        epochs = 2L, seed = 1, assay.type = "counts", hidden = 8L,
        size_factors = rep(1, 60))
    expect_true(all(tuned$results$status == "completed"))
    expect_identical(dim(encode(tuned$model, sce)), c(60L,
        tuned$results$latent[tuned$best_row]))
})

test_that("wrong calls are classed errors", {
    expectAesopError(tune(list(laten = 2)), "param", c("laten", "latent"))
    expectAesopError(tune(list(2)), "param", "named list")
    for (bad in list(NULL, 3, list(), list(latent = integer()), "latent",
        list(latent = mean))) {
        expectAesopError(tune(bad), "param", "grid")
    }
    expectAesopError(tune(list(latent = seq_len(1001), epochs =
        seq_len(1001))), "param", "combinations")
    expectAesopError(tune(list(latent = 2), metric = "auc"), "param",
        "metric")
    expectAesopError(tune(list(latent = 2), BPPARAM = 2), "param", "BPPARAM")
    expectAesopError(tune(list(latent = 2), wrong = 2), "param", "wrong")
})

test_that("the best settings fit the best model again", {
    batch <- data.frame(batch = rep(c("a", "b"), 30L))
    parts <- list(a = toyGaussian(12L, 60L), b = toyGaussian(9L, 60L))
    tried <- list(
        list(x = x, grid = list(ncomponents = c(2, 5)), latent = 2:5),
        list(x = x, grid = list(latent = list("auto")), latent = 1:12),
        list(x = x, grid = list(latent = 3), design = ~ batch,
            covariates = batch, latent = 3),
        list(x = parts, grid = list(latent = 2:3), latent = 2:3))
    for (args in tried) {
        more <- args[setdiff(names(args), c("x", "grid", "latent"))]
        call <- c(list(epochs = 2L, validation = 0.2, seed = 1,
            verbose = FALSE), more)
        tuned <- suppressMessages(do.call(tuneAutoencoder,
            c(args[c("x", "grid")], call)))
        again <- suppressMessages(do.call(trainAutoencoder, c(list(args$x,
            tuned$best, seed = 1, verbose = FALSE),
            more["covariates"[!is.null(more$covariates)]])))
        expect_identical(again@weights, tuned$model@weights)
        expect_true(again@param@settings$latent %in% args$latent)
    }
})
