# I2 and I4: inputs and R's global state are left alone.

withr::local_seed(1L)

# A copy that shares nothing.
deepCopy <- function(x) unserialize(serialize(x, NULL))

test_that("no function changes its inputs", {
    counts <- toyCounts(15L, 40L)
    integers <- counts
    storage.mode(integers) <- "integer"
    inputs <- list(dense = counts, integer = integers,
        sparse = asSparse(counts), triplets = asSparse(counts, "dgTMatrix"),
        delayed = DelayedArray::DelayedArray(counts), sce = toySce(counts))
    for (name in names(inputs)) {
        x <- inputs[[name]]
        shared <- x
        copy <- deepCopy(x)
        where <- if (name == "sce") list(assay.type = "counts")
        model <- do.call(toyModel, c(list(x, normalize = "log",
            scale = "standard", noise = maskingNoise(0.3)), where))
        before <- deepCopy(model)
        encode(model, x)
        reconstruct(model, x)
        predict(model, x, type = "error")
        findOutliers(x, model)
        expect_identical(x, copy, label = name)
        expect_identical(shared, copy, label = name)
        expect_identical(model, before, label = name)
    }
    codes <- encode(model, x)
    copy <- deepCopy(codes)
    decode(model, codes)
    clusterCodes(codes)
    expect_identical(codes, copy)
    expect_identical(model, before)
})

test_that("settings and pieces are values", {
    param <- AutoencoderParam(latent = 2L, epochs = 2L)
    copy <- deepCopy(param)
    fitQuiet(toyGaussian(), param, hidden = 5L, epochs = 3L)
    expect_identical(param, copy)
    weights <- c(1, 2, 3)
    gradient <- c(1, 1, 1)
    state <- optimizerStep(adam(), weights, gradient)
    held <- deepCopy(state)
    optimizerStep(adam(), state$weights, gradient, state$state, 2)
    expect_identical(weights, c(1, 2, 3))
    expect_identical(state, held)
    x <- toyGaussian()
    copy <- deepCopy(x)
    applyNoise(x, maskingNoise(0.5), seed = 1)
    expect_identical(x, copy)
})

test_that("codes given to clusterCodes() do not change a stored model", {
    sce <- toySce()
    out <- runAutoencoder(sce, latent = 2L, epochs = 2L, seed = 1,
        verbose = FALSE)
    expect_identical(SingleCellExperiment::reducedDimNames(sce),
        character(0))
    expect_length(S4Vectors::metadata(sce), 0L)
    kept <- deepCopy(out)
    clusterCodes(out)
    findOutliers(out)
    expect_identical(out, kept)
})

globalState <- function() {
    list(options = options(), env = Sys.getenv(), wd = getwd(),
        locale = Sys.getlocale(), search = search(),
        connections = length(getAllConnections()),
        umask = Sys.umask(NA), devices = grDevices::dev.list(),
        kind = RNGkind(), seed = get0(".Random.seed", globalenv()),
        globals = ls(globalenv(), all.names = TRUE),
        denormal = 2^-1074 > 0, sinks = sink.number(),
        files = list.files(getwd()),
        block_size = DelayedArray::getAutoBlockSize())
}

test_that("global state is the same after success and after errors", {
    x <- toyGaussian()
    model <- toyModel(x)
    codes <- encode(model, x)
    file <- withr::local_tempfile()
    sce <- toySce()
    skip_if_not_installed("ggplot2")
    run <- list(
        train = function() toyModel(x),
        streamed = function() encode(model,
            DelayedArray::DelayedArray(x), memory_limit = 2000),
        encode = function() encode(model, x),
        save = function() saveModel(model, file),
        load = function() loadModel(file),
        sce = function() runAutoencoder(sce, latent = 2L, epochs = 2L,
            seed = 1, verbose = FALSE),
        # bluster's methods may draw from R's generator: that is theirs
        cluster = function() withr::with_preserve_seed(clusterCodes(codes)),
        outliers = function() findOutliers(x, model),
        history = function() plotHistory(model),
        codes = function() plotCodes(codes, method = "pca"),
        verbose = function() suppressMessages(toyModel(x, verbose = TRUE)),
        bad_type = function() trainAutoencoder("a"),
        bad_value = function() toyModel(x / 0),
        bad_param = function() toyModel(x, latent = -1),
        diverging = function() toyModel(x * 100, optimizer = sgd(1e8),
            validation = 0),
        no_file = function() loadModel("not there"),
        no_place = function() saveModel(model, "no/such/place")
    )
    # once before, so that namespaces and caches are loaded
    lapply(run, function(f) catchError(f()))
    for (name in names(run)) {
        before <- globalState()
        catchError(f <- run[[name]]())
        after <- globalState()
        for (part in names(before)) {
            expect_identical(after[[part]], before[[part]],
                label = paste(part, "after", name))
        }
    }
})

test_that("nothing is printed; what is said can be silenced", {
    x <- toyGaussian()
    for (f in list(function() toyModel(x), function() {
        model <- toyModel(x)
        encode(model, x)
        reconstruct(model, x)
        findOutliers(x, model)
        clusterCodes(encode(model, x))
    }, function() toyModel(toySce()))) {
        seen <- recordConditions(f())
        expect_identical(seen$output, character(0))
        expect_length(seen$messages, 0L)
        expect_length(seen$warnings, 0L)
    }
    loud <- recordConditions(trainAutoencoder(x[, 1:15], epochs = 2L,
        seed = 1))
    expect_identical(loud$output, character(0))
    expect_gt(length(loud$messages), 0L)
})

test_that("an error in the middle leaves the next fit as it would be", {
    x <- toyGaussian()
    wanted <- toyModel(x, num_threads = 3)
    for (i in seq_len(5L)) {
        catchError(toyModel(x * 100, optimizer = sgd(1e8), num_threads = 3,
            validation = 0))
        catchError(encode(wanted, x / 0))
        expectSameFit(toyModel(x, num_threads = 3), wanted)
    }
})
