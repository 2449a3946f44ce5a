# E1 and C8: the same bits for any number of threads; R's generator is used for
# one draw, or not at all.

determinismCases <- list(
    plain = list(),
    everything = list(hidden = c(70L, 33L), batch_norm = TRUE, dropout = 0.2,
        noise = maskingNoise(0.2), l1 = 1e-4, l2 = 1e-4, activity_l1 = 1e-3,
        clip_norm = 1),
    tied_gaussian = list(tied = TRUE, noise = gaussianNoise(0.3),
        optimizer = sgd(0.01, momentum = 0.9)),
    salt_pepper = list(noise = saltPepperNoise(0.1), activation = "gelu",
        loss = "huber", schedule = oneCycle()),
    counts = list(loss = "nb", dispersion = "constant", normalize = "log")
)

for (name in names(determinismCases)) {
    test_that(paste("the fit does not depend on the threads:", name), {
        # dimensions that no vector or block width divides
        x <- toyCounts(131L, 211L)
        if (name != "counts") {
            x <- log1p(x)
        }
        settings <- c(list(x, epochs = 3L, batch_size = 50L, seed = 7,
            verbose = FALSE), determinismCases[[name]])
        if (is.null(settings$hidden)) {
            settings$hidden <- 67L
        }
        fits <- suppressWarnings(lapply(c(1, 2, 3, 4, 8, 1, 2),
            function(threads) {
                do.call(trainAutoencoder, c(settings, num_threads = threads))
            }), classes = "aesop_warning_threads")
        one <- fits[[1L]]
        expectFinite(one@weights)
        for (i in seq_along(fits)[-1L]) {
            expectSameFit(fits[[i]], one, paste("fit", i))
        }
        for (what in c("code", "reconstruction", "error")) {
            results <- suppressWarnings(lapply(c(1, 2, 3, 4, 8),
                function(threads) {
                    predict(one, x, type = what, num_threads = threads)
                }), classes = "aesop_warning_threads")
            for (result in results[-1L]) {
                expect_identical(result, results[[1L]])
            }
        }
    })
}

test_that("each instruction set gives the same bits for any threads", {
    x <- log1p(toyCounts(131L, 100L))
    targets <- aesop:::cpu_target_names()
    expect_true("baseline" %in% targets)
    withr::defer(aesop:::set_cpu_target_name("auto"))
    fits <- lapply(targets, function(target) {
        aesop:::set_cpu_target_name(target)
        models <- lapply(c(1, 2, 4), function(threads) {
            toyModel(x, hidden = 67L, activation = "gelu",
                noise = gaussianNoise(0.2), num_threads = threads)
        })
        expectSameFit(models[[1L]], models[[2L]], target)
        expectSameFit(models[[1L]], models[[3L]], target)
        codes <- encode(models[[1L]], x)
        expect_identical(encode(models[[1L]], x, num_threads = 1), codes)
        expect_identical(encode(models[[1L]], x[, 5, drop = FALSE]),
            codes[5, , drop = FALSE])
        models[[1L]]
    })
    # and nearly the same results on all of them
    for (fit in fits) {
        expectNear(unlist(fit@weights), unlist(fits[[1L]]@weights),
            tolerance$epoch_float, "weights on another instruction set")
    }
})

test_that("AESOP_CPU forces an instruction set", {
    x <- log1p(toyCounts(40L, 60L))
    withr::defer(aesop:::set_cpu_target_name("auto"))
    fit <- function(x) {
        aesop::trainAutoencoder(x, hidden = 33L, latent = 3L, epochs = 4L,
            batch_size = 16L, seed = 1, verbose = FALSE)
    }
    there <- inFreshProcess(fit, list(x), env = c(AESOP_CPU = "baseline"))
    aesop:::set_cpu_target_name("baseline")
    expectSameFit(there, fit(x))
    expectAesopError(aesop:::set_cpu_target_name("mmx"), "param", "mmx")
})

test_that("background load does not change the result", {
    skip_if_not_installed("callr")
    x <- log1p(toyCounts(80L, 120L))
    quiet <- toyModel(x, num_threads = 4)
    load <- callr::r_bg(function() {
        end <- Sys.time() + 20
        while (Sys.time() < end) sum(sqrt(seq_len(1e5)))
    })
    withr::defer(load$kill())
    for (i in seq_len(3L)) {
        expectSameFit(toyModel(x, num_threads = 4), quiet)
    }
})

test_that("set.seed() makes a fit repeatable; one draw is taken", {
    x <- toyGaussian()
    fit <- function() toyModel(x, seed = NULL)
    withr::local_preserve_seed()
    set.seed(1)
    first <- fit()
    after <- .Random.seed
    set.seed(1)
    second <- fit()
    expectSameFit(first, second)
    expect_false(identical(fit()@weights, first@weights))
    set.seed(1)
    runif(1)
    expect_identical(.Random.seed, after)
})

test_that("with a seed R's generator is left alone, whatever its kind", {
    x <- toyGaussian()
    withr::local_preserve_seed()
    set.seed(5)
    before <- .Random.seed
    first <- toyModel(x, seed = 1)
    codes <- encode(first, x)
    reconstruct(first, x)
    predict(first, x, type = "error")
    expect_identical(.Random.seed, before)
    for (kind in c("Wichmann-Hill", "Knuth-TAOCP-2002",
        "L'Ecuyer-CMRG")) {
        withr::with_seed(3L, {
            expectSameFit(toyModel(x, seed = 1), first)
        }, .rng_kind = kind)
    }
    withr::with_preserve_seed({
        rm(".Random.seed", envir = globalenv())
        toyModel(x, seed = 1)
        expect_false(exists(".Random.seed", envir = globalenv(),
            inherits = FALSE))
        set.seed(NULL)
    })
})

test_that("interleaved draws of R do not matter to a seeded fit", {
    x <- toyGaussian()
    first <- toyModel(x, seed = 11)
    runif(17)
    second <- toyModel(x, seed = 11)
    expectSameFit(first, second)
    expect_false(identical(toyModel(x, seed = 12)@weights, first@weights))
})

test_that("a seed that was drawn is kept, and gives the same model again", {
    x <- toyGaussian()
    first <- toyModel(x, seed = NULL)
    expectSameFit(toyModel(x, seed = first@info$seed), first)
})
