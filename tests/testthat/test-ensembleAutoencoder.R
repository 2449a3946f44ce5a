skip_if_not_installed("cluster")

# Modules of genes that are switched on and off together, 0-1.
plantedModules <- function(seed = 1, genes = 150L, samples = 120L,
    modules = 5L, size = 15L) {
    withr::with_seed(seed, {
        state <- matrix(rbinom(modules * samples, 1, 0.4), modules)
        member <- outer(seq_len(genes), seq_len(modules), function(g, m) {
            (g - 1) %/% size + 1 == m
        })
        x <- 0.25 + 0.5 * member %*% state +
            0.12 * matrix(rnorm(genes * samples), genes)
    })
    x <- pmin(pmax(x, 0), 1)
    dimnames(x) <- list(sprintf("gene%d", seq_len(genes)),
        sprintf("s%d", seq_len(samples)))
    list(x = x, modules = apply(member, 2L, function(m) rownames(x)[m],
        simplify = FALSE))
}

# Mean over the modules of the best Jaccard index of any signature.
recovery <- function(model, modules) {
    table <- featureSignatures(model, 2)
    found <- split(table$feature, paste(table$code, table$direction))
    mean(vapply(modules, function(module) {
        max(vapply(found, function(f) {
            length(intersect(f, module)) / length(union(f, module))
        }, 0))
    }, 0))
}

x <- toyGaussian(20L, 60L)
ensemble <- function(..., consensus = "weights", seed = 1) {
    ensembleAutoencoder(x, vanillaParam(latent = 3L, epochs = 4L), ...,
        members = 3, consensus = consensus, seed = seed)
}

test_that("the consensus finds planted modules better than its members", {
    for (seed in 1:2) {
        data <- plantedModules(seed)
        e <- ensembleAutoencoder(data$x, adageParam(latent = 8L,
            epochs = 60L, learning_rate = 0.05), seed = seed)
        single <- vapply(e$members, recovery, 0, modules = data$modules)
        expect_gt(recovery(e$model, data$modules), mean(single) + 0.1)
        error <- function(model) mean(predict(model, data$x, type = "error"))
        expect_lt(error(e$model), 1.03 * mean(vapply(e$members, error, 0)))
    }
})

test_that("members are ordinary fits with seeds of their own", {
    e <- ensemble()
    expect_identical(length(unique(e$seeds)), 3L)
    for (i in 1:3) {
        expectSameFit(fitQuiet(x, vanillaParam(latent = 3L, epochs = 4L),
            seed = e$seeds[i]), e$members[[i]])
    }
    more <- ensembleAutoencoder(x, vanillaParam(latent = 3L, epochs = 4L),
        members = 4, seed = 1)
    expect_identical(more$seeds[1:3], e$seeds)
    expect_false(any(ensemble(seed = 2)$seeds %in% e$seeds))
    series <- aesop:::.seedSeries
    expect_true(all(series(2^53, 100) <= 2^53))
    expect_false(any(series(1, 100) %in% series(2^32 + 1, 100)))
})

test_that("the result depends on the seed and on nothing else", {
    timeless <- function(e) {
        e$members <- lapply(e$members, fittedParts)
        e
    }
    for (consensus in c("weights", "codes")) {
        first <- timeless(ensemble(consensus = consensus))
        again <- list(ensemble(consensus = consensus, num_threads = 1))
        if (requireNamespace("BiocParallel", quietly = TRUE)) {
            again <- c(again, list(ensemble(consensus = consensus,
                BPPARAM = BiocParallel::MulticoreParam(2))))
        }
        for (other in again) {
            expect_identical(timeless(other), first)
        }
    }
    withr::local_seed(1)
    drawn <- ensemble(seed = NULL)
    withr::local_seed(1)
    expect_identical(drawn$seed, floor(runif(1) * 2^31))
})

test_that("members that are alike, turned and shuffled, are their own mean", {
    for (activation in c("linear", "tanh", "sigmoid")) {
        for (tied in c(TRUE, FALSE)) {
            model <- fitQuiet(x, AutoencoderParam(hidden = integer(0),
                latent = 3L, latent_activation = activation, tied = tied,
                epochs = 3L))
            order <- c(3L, 1L, 2L)
            sign <- c(-1, 1, -1)
            other <- model
            w <- other@weights
            decoder <- if (tied) {
                t(w$encoder.1.weight)
            } else {
                w$decoder.1.weight
            }
            if (activation == "sigmoid") {
                other@weights$decoder.1.bias <- w$decoder.1.bias +
                    colSums(decoder[order[sign < 0], ])
            }
            other@weights$encoder.1.weight <- w$encoder.1.weight[, order] %*%
                diag(sign)
            other@weights$encoder.1.bias <- w$encoder.1.bias[order] * sign
            if (!tied) {
                other@weights$decoder.1.weight <- decoder[order, ] * sign
            }
            expect_equal(reconstruct(other, x), reconstruct(model, x),
                tolerance = 1e-5)
            joined <- aesop:::.joinWeights(list(model, other), 1)
            expect_equal(reconstruct(joined$model, x), reconstruct(model, x),
                tolerance = 1e-5)
            expect_identical(sum(joined$groups$turned), 2L)
            expect_identical(tabulate(joined$groups$group), c(2L, 2L, 2L))
        }
    }
})

test_that("the consensus model works like any other", {
    e <- ensemble()
    expect_identical(e$model@info$status, "consensus")
    expect_identical(encode(e, x), encode(e$model, x))
    expect_identical(dim(reconstruct(e$model, x)), dim(x))
    file <- withr::local_tempfile(fileext = ".safetensors")
    saveModel(e$model, file)
    expect_identical(encode(loadModel(file), x), encode(e, x))
    expect_named(e$groups, c("member", "code", "group", "turned"))
    expect_identical(nrow(e$groups), 9L)
    expect_output(print(e), "3 networks 20 > \\[3\\] > 20.*weights")
    expect_output(print(e$model), "consensus")
    nb <- ensembleAutoencoder(toyCounts(40L, 60L), vanillaParam(latent = 3L,
        epochs = 2L, loss = "nb"), members = 2, seed = 1)
    expectFinite(nb$model@weights)
})

test_that("codes side by side are reduced to their main directions", {
    e <- ensembleAutoencoder(x, latent = 3L, hidden = c(8L, 4L), epochs = 3L,
        members = 4, consensus = "codes", seed = 1)
    codes <- encode(e, x)
    expect_identical(dimnames(codes), list(colnames(x), paste0("AE", 1:3)))
    all <- lapply(e$members, function(model) {
        z <- scale(encode(model, x), scale = FALSE)
        z / sqrt(sum(z^2) / nrow(z))
    })
    parts <- svd(do.call(cbind, all))
    expect_equal(abs(unname(codes)), abs(parts$u[, 1:3] %*%
        diag(parts$d[1:3])), tolerance = 1e-6)
    expect_equal(e$projection$variance, parts$d[1:3]^2 / sum(parts$d^2))
    # a sample's codes do not depend on the others
    expect_identical(encode(e, x[, c(7, 3)]), codes[c(7, 3), ])
    expect_identical(encode(e, x[, 5, drop = FALSE]), codes[5, ,
        drop = FALSE])
    expect_identical(encode(e, t(x), transposed = TRUE), codes)
    expect_null(e$model)
    expect_output(print(e), "consensus of codes")
    one <- ensembleAutoencoder(x, vanillaParam(latent = 1L, epochs = 2L),
        members = 2, consensus = "codes", seed = 1)
    expect_identical(dim(encode(one, x)), c(60L, 1L))
})

test_that("experiments and further arguments go through", {
    sce <- toySce(toyCounts(40L, 60L))
    for (consensus in c("weights", "codes")) {
        e <- ensembleAutoencoder(sce, vanillaParam(latent = 2L, epochs = 2L),
            members = 2, consensus = consensus, seed = 1,
            assay.type = "counts", normalize = "log")
        expect_identical(dim(encode(e, sce)), c(60L, 2L))
    }
})

test_that("wrong calls are classed errors", {
    weights <- function(...) {
        ensembleAutoencoder(x, ..., consensus = "weights")
    }
    expectAesopError(weights(hidden = 8L), "param", c("consensus", "codes"))
    expectAesopError(weights(), "param", "hidden layers")
    expectAesopError(weights(hidden = integer(0), decoder_hidden = 4L),
        "param", "consensus")
    expectAesopError(ensemble(consensus = "votes"), "param", "consensus")
    expectAesopError(ensemble(latnt = 2), "param", c("latnt", "latent"))
    expectAesopError(ensembleAutoencoder(x, members = 1), "param", "members")
})

test_that("a consensus that is not defined is refused before the training", {
    refused <- function(...) {
        began <- proc.time()[["elapsed"]]
        expectAesopError(ensembleAutoencoder(x, ..., members = 2,
            epochs = 1e7, max_seconds = 20, seed = 1, consensus = "weights"),
            "param", "consensus")
        expect_lt(proc.time()[["elapsed"]] - began, 10)
    }
    refused(variationalParam(hidden = integer(0), latent = 3L))
    refused(vanillaParam(latent = 3L), design = ~ batch,
        covariates = data.frame(batch = rep(1:2, 30L)))
})

test_that("without a word the consensus is one that the network has", {
    few <- function(...) {
        ensembleAutoencoder(x, ..., members = 2, epochs = 2L, seed = 1)
    }
    expect_identical(few()$consensus, "codes")
    expect_identical(few(hidden = 4L)$consensus, "codes")
    expect_identical(few(vanillaParam(latent = 3L))$consensus, "weights")
    expectAesopError(ensembleAutoencoder(x, linearParam(), members = 2),
        "param", "the same")
})
