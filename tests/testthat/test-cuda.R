# GPUs: what is said without one; and, on the emulated backend that
# tests/cuda/run.sh builds (AESOP_TEST_PLUGIN names it; tools/test.sh sets it),
# or on a real GPU, that the package gives the numbers of the processor.

# Runs code in a session that knows `plugin` only.
withCuda <- function(state, code) {
    cuda <- aesop:::.cuda
    before <- as.list(cuda)
    rm(list = ls(cuda), envir = cuda)
    list2env(state, cuda)
    on.exit({
        rm(list = ls(cuda), envir = cuda)
        list2env(before, cuda)
    })
    code
}

emulatedPlugin <- function() {
    path <- Sys.getenv("AESOP_TEST_PLUGIN")
    skip_if(!nzchar(path), "no emulated CUDA backend (AESOP_TEST_PLUGIN)")
    plugin <- aesop:::.loadPlugin(normalizePath(path))
    if (is.null(plugin)) {
        stop(aesop:::.cuda$reason)
    }
    plugin
}

emulated <- function() {
    list(plugin = emulatedPlugin(), process = Sys.getpid())
}

# Each kind of GPU there is: f(name of the device).
eachGpu <- function(f) {
    path <- Sys.getenv("AESOP_TEST_PLUGIN")
    real <- any(cudaInfo()$usable)
    skip_if(!nzchar(path) && !real, "no GPU, and no emulated one")
    if (nzchar(path)) {
        withCuda(emulated(), f("cuda"))
    }
    if (real) {
        f("cuda")
    }
}

# What the stand-in for CUDA is asked to fail at; see tests/cuda/mock.
mockCall <- function(name, n) {
    loaded <- unclass(getLoadedDLLs())
    path <- normalizePath(Sys.getenv("AESOP_TEST_PLUGIN"))
    at <- vapply(loaded, function(dll) identical(dll[["path"]], path), NA)
    .C(getNativeSymbolInfo(name, loaded[[which(at)[1L]]]), as.integer(n))
}

test_that("without a GPU, cudaInfo() says why", {
    withCuda(list(reason = "this build of aesop has no CUDA backend"), {
        info <- cudaInfo()
        expect_s3_class(info, "data.frame")
        expect_identical(nrow(info), 0L)
        expect_identical(names(info), c("device", "name", "memory_gb",
            "free_gb", "capability", "driver", "runtime", "usable", "reason"))
        expect_match(attr(info, "reason"), "no CUDA backend")
        expect_output(print(info), "No GPU: this build of aesop has no CUDA")
        for (device in c("cuda", "cuda:3")) {
            condition <- expectAesopError(
                fitQuiet(toyGaussian(), device = device), "device",
                c(device, "no CUDA backend"))
            expect_false(condition$sticky)
        }
        expect_silent(fitQuiet(toyGaussian(), device = "auto"))
    })
})

test_that("a plugin that cannot be loaded is a reason, not a crash", {
    file <- withr::local_tempfile(fileext = ".so")
    writeLines("not a library", file)
    withCuda(list(), {
        expect_null(aesop:::.loadPlugin(file))
        expect_match(aesop:::.cuda$reason, "cannot be loaded")
        expectAesopError(fitQuiet(toyGaussian(), device = "cuda"), "device",
            "cannot be loaded")
        expect_identical(nrow(cudaInfo()), 0L)
    })
    # A library, but of something else.
    other <- getLoadedDLLs()[["stats"]][["path"]]
    withCuda(list(), expect_null(aesop:::.loadPlugin(other)))
})

test_that("a GPU is listed, and taken by its name", {
    withCuda(emulated(), {
        info <- cudaInfo()
        expect_gte(nrow(info), 1L)
        expect_true(all(info$usable))
        expect_identical(info$device[1L], "cuda:0")
        expect_gt(info$memory_gb[1L], 0)
        expect_output(print(info), "cuda:0")
        expectAesopError(fitQuiet(toyGaussian(), device = "cuda:99"),
            "device", "no GPU with that number")
    })
    withCuda(emulated(), { # said once
        expect_message(toyModel(toyGaussian(), device = "auto"), "cuda:0",
            class = "aesop_message")
        expect_silent(toyModel(toyGaussian(), device = "auto"))
        expect_silent(toyModel(toyGaussian(), device = "cuda"))
    })
})

test_that("a GPU that computes wrong numbers is not used, which is said", {
    withCuda(emulated(), {
        wrong <- "computes wrong numbers: in a self-check"
        mockCall("aesop_mock_spoil_copies", 1)
        withr::defer(mockCall("aesop_mock_spoil_copies", 0))
        info <- cudaInfo()
        expect_false(any(info$usable))
        expect_match(info$reason, wrong, fixed = TRUE)
        x <- toyGaussian()
        expectAesopError(toyModel(x, device = "cuda"), "device", wrong)
        expect_message(toyModel(x, device = "auto"),
            paste("cuda:0 .* is not used: it", wrong), class = "aesop_message")
        expect_silent(model <- toyModel(x, device = "auto"))
        expect_identical(model@weights, toyModel(x, device = "cpu")@weights)
    })
})

test_that("a GPU gives the numbers of the processor, and its own bits again", {
    eachGpu(function(device) {
        counts <- toyCounts()
        batch <- data.frame(batch = rep(c("a", "b"), length.out = ncol(counts)))
        fits <- list(
            list(x = toyGaussian(), param = AutoencoderParam(hidden = 8,
                latent = 3, epochs = 3, noise = maskingNoise(0.2),
                dropout = 0.1)),
            list(x = as(counts, "CsparseMatrix"), param = countParam("zinb",
                latent = 3, epochs = 2, noise = thinningNoise(0.2),
                design = ~ batch), covariates = batch),
            list(x = toyGaussian(), param = variationalParam(latent = 3,
                epochs = 2)))
        for (fit in fits) {
            train <- function(device) {
                suppressWarnings(suppressMessages(do.call(trainAutoencoder,
                    c(fit, list(seed = 4, verbose = FALSE,
                        device = device)))))
            }
            there <- train(device)
            here <- train("cpu")
            expect_equal(there@history$loss, here@history$loss,
                tolerance = 1e-3)
            again <- train(device)
            expect_identical(again@weights, there@weights)
            args <- c(list(there, fit$x),
                fit[names(fit) == "covariates"])
            codes <- do.call(encode, c(args, device = "cpu"))
            expect_equal(do.call(encode, c(args, device = device)), codes,
                tolerance = 1e-4)
            expect_equal(decode(there, codes, device = device,
                covariates = fit$covariates),
                decode(there, codes, device = "cpu",
                    covariates = fit$covariates), tolerance = 1e-4)
            file <- withr::local_tempfile(fileext = ".safetensors")
            saveModel(there, file)
            expect_identical(loadModel(file)@weights, there@weights)
        }
    })
})

test_that("the members of an ensemble and of a search share a GPU", {
    x <- toyGaussian()
    eachGpu(function(device) {
        ensemble <- function(device) {
            ensembleAutoencoder(x, vanillaParam(latent = 3L, epochs = 3L),
                members = 3, seed = 1, verbose = FALSE, device = device)
        }
        there <- ensemble(device)
        here <- ensemble("cpu")
        expect_identical(encode(ensemble(device), x, device = "cpu"),
            encode(there, x, device = "cpu"))
        expect_equal(encode(there, x, device = device),
            encode(here, x, device = "cpu"), tolerance = 1e-3)
        search <- function(device) {
            tuneAutoencoder(x, list(latent = 2:3), epochs = 3L,
                batch_size = 16L, validation = 0.2, seed = 1,
                verbose = FALSE, device = device)$results$score
        }
        expect_equal(search(device), search("cpu"), tolerance = 1e-3)
    })
})

test_that("a GPU rounds factors if it is told to, the processor does not", {
    x <- toyGaussian()
    fit <- function(...) toyModel(x, ...)
    expectAesopError(fit(device = "cpu", precision = "tf32"), "device",
        c("precision", "processor", "cudaInfo"))
    expectAesopError(fit(device = "cpu", precision = "fp16"), "param",
        c("precision", "fp16", "bf16"))
    expect_identical(fit(device = "cpu", precision = "float32")@weights,
        fit(device = "cpu")@weights)
    eachGpu(function(device) {
        exact <- fit(device = device)
        error <- vapply(c("tf32", "bf16"), function(precision) {
            model <- fit(device = device, precision = precision)
            expect_identical(
                fit(device = device, precision = precision)@weights,
                model@weights)
            expect_equal(encode(model, x, device = device),
                encode(model, x, device = "cpu"), tolerance = 1e-4)
            max(abs(model@history$loss / exact@history$loss - 1))
        }, 0)
        expect_gt(error[["tf32"]], 0)
        expect_gt(error[["bf16"]], error[["tf32"]])
        expect_lt(error[["bf16"]], 0.02)
        more <- trainMore(exact, x, epochs = 1, seed = 1, verbose = FALSE,
            device = device, precision = "tf32")
        expect_s4_class(more, "AutoencoderModel")
    })
})

test_that("a GPU that is lost leaves the last model, and is left alone", {
    withCuda(emulated(), {
        x <- toyGaussian()
        expect_s4_class(toyModel(x, device = "cuda"), "AutoencoderModel")
        mockCall("aesop_mock_lose_device", 200)
        condition <- expectAesopError(
            toyModel(x, epochs = 50L, device = "cuda"), "device", "restart R")
        mockCall("aesop_mock_lose_device", 0)
        expect_true(as.logical(condition$sticky))
        expect_s4_class(condition$model, "AutoencoderModel")
        expect_true(all(is.finite(encode(condition$model, x,
            device = "cpu"))))
        again <- expectAesopError(toyModel(x, device = "cuda"), "device",
            c("failed earlier", "Restart R"))
        expect_false(grepl("..", conditionMessage(again), fixed = TRUE))
        expect_s4_class(toyModel(x, device = "auto"), "AutoencoderModel")
        expect_identical(nrow(cudaInfo()), 0L)
    })
})

test_that("a GPU without enough memory is an error that can be mended", {
    withCuda(emulated(), {
        x <- toyGaussian()
        # too little for the check of the GPU
        mockCall("aesop_mock_limit_allocations", 5)
        info <- cudaInfo()
        mockCall("aesop_mock_limit_allocations", -1)
        expect_match(info$reason[1L], "memory")
        expect_true(all(cudaInfo()$usable))
        for (n in c(0, 1, 2, 5, 12, 20)) {
            mockCall("aesop_mock_limit_allocations", n)
            condition <- catchError(toyModel(x, device = "cuda"))
            mockCall("aesop_mock_limit_allocations", -1)
            expect_s3_class(condition, "aesop_error_device")
            expect_false(isTRUE(as.logical(condition$sticky)))
        }
        expect_s4_class(toyModel(x, device = "cuda"), "AutoencoderModel")
    })
})

test_that("a device that fails after the training leaves the model", {
    x <- toyGaussian()
    model <- toyModel(x)
    source <- aesop:::.newData(model, x, list(device = "cpu"))$source
    for (open in list(NULL, methods::new("externalptr"))) { # null: of a copy
        control <- list(num_threads = 1L,
            device = list(number = 0L, open = open, close = open))
        condition <- expectAesopError(aesop:::.withTrained(
            aesop:::.errorQuantiles(model, source, control), model),
            "device", "cannot be called")
        expect_identical(condition$model, model)
    }
})

test_that("a forked process does not touch the GPU", {
    skip_on_os("windows")
    withCuda(emulated(), {
        x <- toyGaussian()
        toyModel(x, device = "cuda")
        began <- Sys.time()
        child <- parallel::mccollect(parallel::mcparallel(
            class(catchError(toyModel(x, device = "cuda")))))
        expect_true("aesop_error_fork" %in% child[[1L]])
        expect_lt(as.numeric(Sys.time() - began, units = "secs"), 5)
    })
})
