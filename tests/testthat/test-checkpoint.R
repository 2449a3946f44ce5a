# A fit that keeps its state in a file: stopped in any way, the same call goes
# on from there and gives the model of a fit that never stopped.

checkpointFit <- function(x, file = NULL, epochs = 8L, ...) {
    trainAutoencoder(x, hidden = 6L, latent = 3L, epochs = epochs,
        batch_size = 16L, noise = maskingNoise(0.2), validation = 0.2,
        checkpoint = file, verbose = FALSE, ...)
}

# All but the times.
expectSameModel <- function(model, other) {
    expect_identical(model@weights, other@weights)
    expect_identical(model@transform, other@transform)
    now <- setdiff(names(model@history), "seconds")
    expect_identical(model@history[now], other@history[now])
    expect_identical(model@info, other@info)
    expect_identical(model@param, other@param)
}

test_that("with a checkpoint the model is the same, and comes again", {
    x <- toyGaussian(20L, 90L)
    file <- withr::local_tempfile()
    whole <- checkpointFit(x, seed = 5)
    expectSameModel(checkpointFit(x, file, seed = 5), whole)
    expect_true(file.exists(file))
    # finished: nothing is trained, no seed is needed, and none is drawn
    expect_false(file.access(file) != 0L)
    withr::with_seed(1L, {
        again <- checkpointFit(x, file)
        expect_identical(runif(1L), withr::with_seed(1L, runif(1L)))
    })
    expectSameModel(again, whole)
    expect_message(trainAutoencoder(x, whole@param, checkpoint = file),
        "is of a finished fit", class = "aesop_message")
    # of an experiment as of a matrix
    sce <- toySce(toyCounts(12L, 40L))
    fit <- function(...) {
        out <- runAutoencoder(sce, hidden = 4L, epochs = 3L, verbose = FALSE,
            ...)
        SingleCellExperiment::reducedDim(out, "AE")
    }
    other <- withr::local_tempfile()
    codes <- fit(checkpoint = other, seed = 2)
    expect_identical(codes, fit(seed = 2))
    expect_identical(codes, fit(checkpoint = other))
})

test_that("a fit that was cut off goes on to the same model", {
    x <- toyGaussian(20L, 90L)
    whole <- checkpointFit(x, seed = 5, epochs = 40L)
    for (limit in c(1e-6, 0.001, 0.003)) {
        file <- withr::local_tempfile()
        part <- checkpointFit(x, file, seed = 5, epochs = 40L,
            max_seconds = limit)
        if (limit == 1e-6) {
            expect_identical(part@info$status, "time_limit")
        }
        for (threads in c(1L, 2L)) { # a limit is of one session
            model <- checkpointFit(x, file, epochs = 40L,
                num_threads = threads)
            model@param@settings$max_seconds <- whole@param@settings$max_seconds
            expectSameModel(model, whole)
        }
    }
})

test_that("a killed process costs no more than some epochs", {
    skip_if_not_installed("callr")
    skip_on_os("windows")
    x <- toyGaussian(200L, 2000L)
    file <- withr::local_tempfile()
    train <- function(x, file, ...) {
        aesop::trainAutoencoder(x, hidden = 30L, latent = 3L, epochs = 60L,
            checkpoint = file, early_stopping = FALSE, ...)
    }
    child <- callr::r_bg(train, list(x, file), libpath = .libPaths())
    withr::defer(child$kill())
    done <- 0
    while (done < 3 && child$is_alive()) {
        Sys.sleep(0.02)
        state <- aesop:::checkpoint_state(file)
        done <- if (is.null(state)) 0 else state$epoch
    }
    child$kill()
    state <- aesop:::checkpoint_state(file)
    expect_gte(state$epoch, 3)
    expect_false(state$finished)
    rest <- recordConditions(train(x, file))
    said <- vapply(rest$messages, conditionMessage, "")
    expect_match(paste(said, collapse = " "),
        sprintf("is of epoch %d", state$epoch))
    expectSameModel(rest$value, train(x, NULL, seed = state$seed,
        verbose = FALSE))
})

test_that("the checkpoint of another fit is refused and stays", {
    x <- toyGaussian(20L, 90L)
    file <- withr::local_tempfile()
    checkpointFit(x, file, seed = 5, max_seconds = 1e-6)
    bytes <- readBin(file, "raw", 1e7)
    changed <- x
    changed[3L, 1L] <- changed[3L, 1L] + 1
    renamed <- x
    rownames(renamed)[2L] <- "other"
    cases <- list(
        learning_rate = quote(checkpointFit(x, file, learning_rate = 0.1)),
        epochs = quote(checkpointFit(x, file, epochs = 9L)),
        seed = quote(checkpointFit(x, file, seed = 6)),
        values = quote(checkpointFit(changed, file)),
        names = quote(checkpointFit(renamed, file)),
        samples = quote(checkpointFit(x[, -1L], file)),
        features = quote(checkpointFit(x[-1L, ], file)))
    for (what in names(cases)) {
        condition <- expectAesopError(eval(cases[[what]]), "checkpoint",
            c("another fit", what))
        expect_match(condition$differs, what)
        expect_identical(condition$path, file)
    }
    expect_identical(readBin(file, "raw", 1e7), bytes)
})

test_that("what cannot be a checkpoint is an error before the training", {
    x <- toyGaussian(20L, 40L)
    file <- withr::local_tempfile()
    writeLines("some text", file)
    expectAesopError(checkpointFit(x, file), "format_limit", basename(file))
    expect_identical(readLines(file), "some text")
    saveModel(checkpointFit(x), file)
    expectAesopError(checkpointFit(x, file), "checkpoint", "is a model")
    expectAesopError(loadModel({
        unlink(file)
        checkpointFit(x, file)
        file
    }), "format_schema", basename(file))
    expectAesopError(checkpointFit(x, tempdir()), "io", "directory")
    expectAesopError(checkpointFit(x, file.path(file, "no", "folder")), "io",
        "folder")
    expectAesopError(checkpointFit(x, 3), "param", "checkpoint")
    # where there is nothing to keep, or more than one fit
    expectAesopError(trainAutoencoder(x, checkpoint = file), "param",
        c("checkpoint", "not trained"))
    expectAesopError(trainAutoencoder(x, robustParam(), checkpoint = file),
        "param", "several times")
    expectAesopError(ensembleAutoencoder(x, members = 2, checkpoint = file),
        "param", "checkpoint")
})

test_that("linear fits for outliers refuse a checkpoint before they begin", {
    x <- toyGaussian(12L, 60L)
    file <- withr::local_tempfile()
    for (fit in list(findOutliers, fitNovelty, fitAberrant,
        findAberrantFeatures)) {
        expectAesopError(fit(x, latent = 2, checkpoint = file), "param",
            "not trained")
    }
    expect_false(file.exists(file))
})
