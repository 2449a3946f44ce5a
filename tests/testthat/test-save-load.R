# D1-D3, D7: models are plain data; saving is exact.
x <- toyGaussian(12L, 40L)
counts <- toyCounts(15L, 40L)

savedModels <- function() {
    list(
        plain = toyModel(x),
        untrained = toyModel(x, epochs = 0L),
        batch_norm = toyModel(x, batch_norm = TRUE, scale = "standard",
            hidden = c(9L, 5L)),
        tied = toyModel(x, tied = TRUE, scale = "minmax"),
        no_validation = toyModel(x, validation = 0, scale = "none"),
        nb = toyModel(counts, loss = "nb", normalize = "log"),
        nb_constant = toyModel(counts, loss = negativeBinomialLoss(
            "constant")),
        poisson = toyModel(counts, loss = "poisson", scale = "standard"),
        unnamed = toyModel(unname(x)),
        experiment = toyModel(toySce(counts)),
        one_feature = toyModel(x[1, , drop = FALSE], latent = 1L)
    )
}
dataOf <- function(name) {
    switch(name, nb = , nb_constant = , poisson = , experiment = counts,
        unnamed = unname(x), one_feature = x[1, , drop = FALSE], x)
}

test_that("a file gives the identical model, and the same bytes again", {
    models <- savedModels()
    for (name in names(models)) {
        first <- withr::local_tempfile(fileext = ".safetensors")
        second <- withr::local_tempfile(fileext = ".safetensors")
        expect_invisible(saveModel(models[[name]], first))
        loaded <- loadModel(first)
        expect_identical(loaded, models[[name]], label = name)
        saveModel(loaded, second)
        expect_identical(readBin(first, "raw", 1e7),
            readBin(second, "raw", 1e7), label = name)
    }
})

test_that("a fresh process computes the same from a file and from an RDS", {
    models <- savedModels()
    folder <- withr::local_tempdir()
    for (name in names(models)) {
        saveModel(models[[name]], file.path(folder, paste0(name, ".st")))
        saveRDS(models[[name]], file.path(folder, paste0(name, ".rds")))
    }
    save(models, file = file.path(folder, "workspace.RData"))
    data <- lapply(stats::setNames(nm = names(models)), dataOf)
    there <- inFreshProcess(function(folder, data) {
        # read before the package is loaded
        load(file.path(folder, "workspace.RData"))
        plains <- lapply(stats::setNames(nm = names(data)), function(name) {
            readRDS(file.path(folder, paste0(name, ".rds")))
        })
        stopifnot(!"aesop" %in% loadedNamespaces())
        library(aesop)
        lapply(stats::setNames(nm = names(data)), function(name) {
            x <- data[[name]]
            plain <- plains[[name]]
            model <- loadModel(file.path(folder, paste0(name, ".st")))
            list(code = encode(model, x), back = reconstruct(model, x),
                error = predict(model, x, type = "error"),
                from_rds = encode(plain, x),
                from_image = encode(models[[name]], x),
                back_from_rds = reconstruct(plain, x))
        })
    }, list(folder, data), load = FALSE)
    for (name in names(models)) {
        model <- models[[name]]
        here <- there[[name]]
        expect_identical(here$code, encode(model, data[[name]]))
        expect_identical(here$back, reconstruct(model, data[[name]]))
        expect_identical(here$error, predict(model, data[[name]],
            type = "error"))
        expect_identical(here$from_rds, here$code)
        expect_identical(here$from_image, here$code)
        expect_identical(here$back_from_rds, here$back)
    }
})

test_that("a model works on a PSOCK worker", {
    model <- toyModel(x)
    cluster <- parallel::makePSOCKcluster(1L)
    withr::defer(parallel::stopCluster(cluster))
    parallel::clusterCall(cluster, .libPaths, .libPaths())
    there <- parallel::clusterApply(cluster, list(model),
        function(model, x) aesop::encode(model, x), x)[[1L]]
    expect_identical(there, encode(model, x))
})

test_that("a copy made slot by slot is the model", {
    model <- toyModel(x)
    copy <- new("AutoencoderModel")
    for (slot in slotNames(model)) {
        slot(copy, slot) <- slot(model, slot)
    }
    expect_identical(copy, model)
    expect_identical(encode(copy, x), encode(model, x))
})

test_that("a model holds no pointer, no environment and no data", {
    walk <- function(object, path = "model") {
        if (is.environment(object) || is.function(object) ||
            is.language(object) || typeof(object) %in% c("externalptr",
                "weakref", "bytecode")) {
            return(path)
        }
        inner <- attributes(object)
        found <- unlist(lapply(names(inner), function(name) {
            walk(inner[[name]], paste0(path, "@", name))
        }))
        if (is.list(object)) {
            found <- c(found, unlist(lapply(seq_along(object), function(i) {
                walk(object[[i]], paste0(path, "[[", i, "]]"))
            })))
        }
        found
    }
    models <- savedModels()
    for (name in names(models)) {
        expect_null(walk(models[[name]]), label = name)
    }
    # the number of samples hardly matters to the size
    many <- toyGaussian(12L, 4000L)
    size <- function(model) length(serialize(model, NULL))
    grown <- size(toyModel(many, validation = 0)) -
        size(toyModel(x, validation = 0))
    expect_lt(grown, 5000)
    sce <- runAutoencoder(toySce(counts), latent = 2L, epochs = 2L, seed = 1,
        verbose = FALSE)
    expect_null(walk(S4Vectors::metadata(sce)$AE$model))
})

test_that("the size is bound by the number of parameters", {
    wide <- toyGaussian(1500L, 30L)
    model <- toyModel(wide, hidden = 200L)
    n <- sum(lengths(model@weights))
    expect_gt(n, 6e5)
    file <- withr::local_tempfile()
    saveModel(model, file)
    # single precision in the file, double in R
    expect_lte(file.size(file), 1.1 * 4 * n + 2 * 2^20)
    expect_lte(length(serialize(model, NULL)), 1.1 * 8 * n + 2 * 2^20)
    saveRDS(model, file)
    expect_lte(file.size(file), 1.5 * 4 * n + 2 * 2^20)
})

# Ways in which a model may have been spoilt by hand.
brokenModels <- function(model) {
    change <- function(f) f(model)
    c(list(
        no_weights = change(function(m) { m@weights <- list(); m }),
        short = change(function(m) {
            m@weights[[1L]] <- m@weights[[1L]][-1L, ]; m }),
        turned = change(function(m) {
            m@weights[[1L]] <- t(m@weights[[1L]]); m }),
        vector = change(function(m) {
            m@weights[[1L]] <- as.vector(m@weights[[1L]]); m }),
        integer = change(function(m) {
            storage.mode(m@weights[[1L]]) <- "integer"; m }),
        text = change(function(m) { m@weights[[2L]] <- "a"; m }),
        null = change(function(m) { m@weights[2L] <- list(NULL); m }),
        extra = change(function(m) { m@weights$more <- 1; m }),
        renamed = change(function(m) {
            names(m@weights)[1L] <- "encoder.9.weight"; m }),
        nameless = change(function(m) { names(m@weights) <- NULL; m }),
        twice = change(function(m) {
            names(m@weights)[2L] <- names(m@weights)[1L]; m }),
        na_weight = change(function(m) {
            m@weights[[1L]][3L] <- NA; m }),
        few_features = change(function(m) {
            m@features <- m@features[-1L]; m }),
        double_features = change(function(m) {
            m@features[2L] <- m@features[1L]; m }),
        no_features = change(function(m) { m@features <- character(); m }),
        no_transform = change(function(m) { m@transform <- list(); m }),
        short_center = change(function(m) {
            m@transform$center <- 1; m }),
        text_center = change(function(m) {
            m@transform$center <- rep("a", length(m@features)); m }),
        na_center = change(function(m) {
            m@transform$center[1L] <- NA; m }),
        strange_scale = change(function(m) {
            m@transform$scale <- rep(0, 3L); m }),
        bad_loss = change(function(m) {
            m@param@settings$loss <- "zinb"; m }),
        other_latent = change(function(m) {
            m@param@settings$latent <- 7L; m }),
        no_settings = change(function(m) {
            m@param@settings <- list(); m }),
        nonsense_settings = change(function(m) {
            m@param@settings$hidden <- "many"; m }),
        now_tied = change(function(m) {
            m@param@settings$tied <- TRUE; m }),
        now_batch_norm = change(function(m) {
            m@param@settings$batch_norm <- TRUE; m }),
        now_nb = change(function(m) {
            m@param@settings$loss <- "nb"; m }),
        now_log = change(function(m) {
            m@param@settings$normalize <- "log"; m }),
        history = change(function(m) { m@history <- data.frame(a = 1); m }),
        empty_info = change(function(m) { m@info <- list(); m }),
        strange_info = change(function(m) {
            m@info <- list(status = 1:3, best_epoch = "x", messages = mean,
                origin = 5, n_samples = "many", error_quantiles = NULL)
            m })
    ), lapply(stats::setNames(nm = slotNames(model)), function(slot) {
        broken <- model
        attr(broken, slot) <- NULL
        broken
    }), list(empty = new("AutoencoderModel")))
}

test_that("models spoilt by hand are an error of the format, never a crash", {
    model <- toyModel(x)
    codes <- encode(model, x)
    verbs <- list(
        encode = function(m) encode(m, x),
        reconstruct = function(m) reconstruct(m, x),
        decode = function(m) decode(m, codes),
        predict = function(m) predict(m, x, type = "error"),
        residuals = function(m) residuals(m, x),
        summary = function(m) capture.output(print(summary(m))),
        show = function(m) capture.output(print(m)),
        saveModel = function(m) saveModel(m, tempfile()),
        clusterCodes = function(m) clusterCodes(m, x),
        findOutliers = function(m) findOutliers(x, m),
        plotHistory = function(m) plotHistory(m),
        plotCodes = function(m) plotCodes(m, x)
    )
    harmless <- c("history", "empty_info", "strange_info")
    all <- brokenModels(model)
    for (name in names(all)) {
        broken <- all[[name]]
        for (verb in names(verbs)) {
            condition <- catchError(verbs[[verb]](broken))
            label <- paste(verb, "of", name)
            if (is.null(condition)) {
                # an untouched result, or nothing that the change concerns
                expect_true(name %in% harmless || verb %in% c("show",
                    "summary", "plotHistory"),
                    label = paste(label, "is refused or harmless"))
                next
            }
            expect_true(inherits(condition, "aesop_error_format_schema") ||
                inherits(condition, "aesop_error_numeric"),
                label = paste0(label, " (", class(condition)[1L], ": ",
                    substr(conditionMessage(condition), 1L, 90L), ")"))
        }
    }
})

test_that("any sound path will do, others are errors of reading and writing", {
    model <- toyModel(x)
    folder <- withr::local_tempdir()
    withr::local_dir(folder)
    long <- paste0(strrep("d", 100L), "/", strrep("e", 100L))
    dir.create(long, recursive = TRUE)
    paths <- c("plain", "with space.safetensors",
        "caf\u00e9 \u6f22.safetensors", file.path(folder, "absolute"),
        "./relative.bin", file.path(long, "f"))
    for (path in paths) {
        expect_identical(saveModel(model, path), path)
        expect_identical(loadModel(path), model)
    }
    withr::local_envvar(HOME = folder)
    dir.create("sub")
    expect_error(saveModel(model, "~/sub/home.st"), NA)
    expect_identical(loadModel("~/sub/home.st"), model)
    expectAesopError(saveModel(model, folder), "io", basename(folder))
    expectAesopError(saveModel(model, "no/such/folder/f"), "io",
        "no/such/folder")
    expectAesopError(loadModel("nothing"), "io", "nothing")
    expectAesopError(loadModel(folder), "io")
    expectAesopError(saveModel(model, strrep("f", 300L)), "io")
    # nothing is left beside the files
    expect_identical(sort(list.files(folder)), sort(c("plain",
        "with space.safetensors", "caf\u00e9 \u6f22.safetensors", "absolute",
        "relative.bin", strrep("d", 100L), "sub")))
})

test_that("a failure to write leaves the older file as it was", {
    skip_on_os("windows")
    model <- toyModel(x)
    folder <- withr::local_tempdir()
    file <- file.path(folder, "model")
    saveModel(model, file)
    before <- readBin(file, "raw", 1e7)
    spoilt <- model
    spoilt@weights[[1L]][1L] <- Inf
    expect_s3_class(catchError(saveModel(spoilt, file)), "aesop_error")
    expect_identical(readBin(file, "raw", 1e7), before)
    saveModel(toyModel(x, seed = 2), file)
    expect_false(identical(readBin(file, "raw", 1e7), before))
    expect_identical(list.files(folder, all.files = TRUE, no.. = TRUE),
        "model")
})

test_that("numbers are exact in any locale and with any OutDec", {
    model <- toyModel(counts, normalize = "log", learning_rate = 0.1 + 0.2,
        min_delta = 1 / 3)
    file <- withr::local_tempfile()
    withr::with_options(list(OutDec = ",", digits = 3, scipen = -5), {
        saveModel(model, file)
        expect_identical(loadModel(file), model)
    })
    for (locale in c("de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8")) {
        works <- suppressWarnings(nzchar(withr::with_locale(
            c(LC_NUMERIC = "C"), Sys.setlocale("LC_NUMERIC", locale))))
        if (!works) {
            next
        }
        suppressWarnings(withr::with_locale(c(LC_NUMERIC = locale), {
            other <- withr::local_tempfile()
            saveModel(model, other)
            expect_identical(readBin(other, "raw", 1e7),
                readBin(file, "raw", 1e7))
            expect_identical(loadModel(other), model)
        }))
    }
})

test_that("names of all kinds survive a file", {
    strange <- x
    rownames(strange) <- c("caf\u00e9", "\u6f22\u5b57", "with \"quotes\"",
        "back\\slash", "new\nline", "tab\t", "\u00c5ngstr\u00f6m", "null",
        "1e5", " ", "%s%n", "../../x")
    model <- toyModel(strange)
    file <- withr::local_tempfile()
    saveModel(model, file)
    expect_identical(loadModel(file), model)
    latin <- strange
    rownames(latin)[1L] <- iconv("caf\u00e9", "UTF-8", "latin1")
    expect_identical(encode(model, latin), encode(model, strange))
    from_latin <- toyModel(latin)
    saveModel(from_latin, file)
    expect_identical(encode(loadModel(file), strange),
        encode(model, strange))
})
