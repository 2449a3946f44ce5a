# Covariates: what a design may be, where it enters, what it does to the codes.
x <- toyGaussian(20L, 60L)
samples <- withr::with_seed(1L, data.frame(batch = rep(c("a", "b", "c"), 20L),
    flag = rep(c(TRUE, FALSE), 30L), age = seq(20, 79), dose = rexp(60L),
    row.names = colnames(x)))

designModel <- function(design = ~ batch + age, covariates = samples, ...) {
    toyModel(x, design = design, covariates = covariates, ...)
}
model <- designModel()
codes <- encode(model, x, covariates = samples)

# Two batches that differ by one shift per feature, and groups within them.
shiftedBatches <- function(n = 300L, features = 30L) {
    withr::with_seed(4L, {
        group <- sample(3L, n, TRUE)
        batch <- sample(c("one", "two"), n, TRUE)
        centres <- matrix(rnorm(features * 3L, sd = 1.5), features)
        shift <- rnorm(features, sd = 3)
        clean <- centres[, group] + rnorm(features * n, sd = 0.3)
    })
    x <- clean + outer(shift, batch == "two")
    dimnames(x) <- list(paste0("gene", seq_len(features)),
        paste0("cell", seq_len(n)))
    list(x = x, group = group, shift = shift,
        covariates = data.frame(batch = batch, row.names = colnames(x)))
}

test_that("formulas become the columns of model.matrix()", {
    designs <- list(~ batch, ~ flag, ~ age, ~ batch + age, ~ batch * flag,
        ~ batch:dose + flag, ~ log(dose), ~ I(age^2) + 0 + batch,
        ~ I(batch == "a"), ~ I(age > 50 & flag), ~ (batch + flag)^2)
    frame <- transform(samples, batch = factor(batch))
    for (design in designs) {
        wanted <- model.matrix(design, frame)
        wanted <- wanted[, colnames(wanted) != "(Intercept)", drop = FALSE]
        made <- aesop:::.trainingDesign(design, samples, colnames(x))
        text <- deparse1(design)
        expect_identical(made$info$columns, colnames(wanted), label = text)
        binary <- apply(wanted, 2L, function(v) all(v %in% 0:1))
        scaled <- scale(wanted)
        scaled[, binary] <- wanted[, binary]
        expectNear(made$matrix, scaled, tolerance$formula, text)
        fit <- designModel(design, epochs = 1L)
        expect_identical(fit@param@settings$covariates, colnames(wanted))
        whole <- encode(fit, x, covariates = samples)
        expect_identical(encode(fit, x[, 7, drop = FALSE],
            covariates = samples), whole[7, , drop = FALSE], label = text)
    }
})

test_that("factor and character, data frame and DataFrame are the same", {
    levels <- transform(samples, batch = factor(batch,
        levels = c("a", "b", "c", "never")))
    expectSameFit(designModel(covariates = levels), model)
    expectSameFit(designModel(covariates = S4Vectors::DataFrame(samples)),
        model)
    # the first level is the reference
    turned <- transform(samples, batch = factor(batch, levels = c("c", "b",
        "a")))
    expect_identical(designModel(~ batch, turned)@param@settings$covariates,
        c("batchb", "batcha"))
    names <- S4Vectors::DataFrame(`my batch` = samples$batch,
        check.names = FALSE)
    expect_identical(designModel(~ `my batch`,
        names)@param@settings$covariates, c("`my batch`b", "`my batch`c"))
})

test_that("named rows are matched to the samples, others taken in order", {
    mixed <- rbind(samples, extra = samples[1, ])
    mixed <- mixed[withr::with_seed(2L, sample(nrow(mixed))), ]
    expectSameFit(designModel(covariates = mixed), model)
    expect_identical(encode(model, x[, 31:40], covariates = mixed),
        codes[31:40, ])
    bare <- samples
    rownames(bare) <- NULL
    expectSameFit(designModel(covariates = bare), model)
    expect_identical(encode(model, x[, 4:2], covariates = bare[4:2, ]),
        codes[4:2, ])
    expectAesopError(designModel(covariates = samples[-5, ]), "design",
        c("1 sample", "cell5", "rownames"))
    expectAesopError(designModel(covariates = bare[-5, ]), "design",
        c("59", "60"))
    expectAesopError(encode(model, x[, 1:4], covariates = bare), "design",
        c("60", "4"))
})

test_that("an experiment brings its colData", {
    se <- SummarizedExperiment::SummarizedExperiment(list(logcounts = x),
        colData = samples)
    settings <- list(hidden = 8L, latent = 3L, epochs = 4L,
        batch_size = 16L, design = ~ batch + age)
    fit <- do.call(fitQuiet, c(list(se), settings))
    expectSameFit(fit, model)
    expect_identical(encode(model, se), codes)
    expect_identical(encode(model, se[, 9:3]), codes[9:3, ])
    sce <- as(se, "SingleCellExperiment")
    expectSameFit(do.call(fitQuiet, c(list(sce), settings)), model)
    stored <- do.call(runAutoencoder, c(list(sce, seed = 1,
        verbose = FALSE), settings))
    expect_equal(SingleCellExperiment::reducedDim(stored, "AE"), codes,
        ignore_attr = TRUE)
    host <- sce[1:2, ]
    SingleCellExperiment::altExp(host, "alt") <- as(
        SummarizedExperiment::SummarizedExperiment(list(logcounts = x)),
        "SingleCellExperiment")
    expect_identical(encode(do.call(fitQuiet, c(list(host, altexp = "alt"),
        settings)), host), codes)
    # given covariates win over the experiment's
    se$batch <- rev(se$batch)
    expect_identical(encode(model, se, covariates = samples), codes)
})

test_that("`condition` says which half of the network sees the covariates", {
    entries <- c("encoder.1.covariates.weight", "decoder.1.covariates.weight")
    wanted <- list(encoder = entries[1L], decoder = entries[2L],
        both = entries)
    for (condition in names(wanted)) {
        fit <- designModel(condition = condition)
        there <- grep("covariates", names(fit@weights), value = TRUE)
        expect_setequal(there, wanted[[condition]])
        for (name in there) {
            expect_identical(dim(fit@weights[[name]]), c(3L, 8L))
        }
        moved <- transform(samples, batch = "b")
        code <- encode(fit, x, covariates = samples)
        expect_identical(identical(encode(fit, x, covariates = moved), code),
            condition == "decoder")
        expect_identical(identical(decode(fit, code, covariates = moved),
            decode(fit, code, covariates = samples)), condition == "encoder")
        expect_identical(decode(fit, code, covariates = samples),
            reconstruct(fit, x, covariates = samples))
    }
})

test_that("a design is part of a param, and goes where a fit is made", {
    param <- AutoencoderParam(hidden = 8L, latent = 3L, epochs = 4L,
        batch_size = 16L, design = ~ batch + age)
    expectSameFit(fitQuiet(x, param, covariates = samples), model)
    expectAesopError(fitQuiet(x, param), "design", "batch")
    expectAesopError(AutoencoderParam(design = ~ poly(age, 2)), "param",
        arg = "design")
    for (kind in list(denoisingParam, robustParam)) {
        fit <- fitQuiet(x, kind(design = ~ batch, epochs = 3L),
            covariates = samples)
        expect_identical(fit@param@settings$covariates, c("batchb", "batchc"))
    }
    tuned <- tuneAutoencoder(x, list(l2 = c(0, 0.1)), param,
        covariates = samples, seed = 1)
    expect_true(all(is.finite(tuned$results$score)))
    expect_identical(tuned$model@param@settings$covariates,
        c("batchb", "batchc", "age"))
    members <- ensembleAutoencoder(x, param, members = 2L,
        consensus = "codes", covariates = samples, seed = 1)
    expect_identical(nrow(encode(members, x, covariates = samples)), 60L)
    expectAesopError(encode(members, x), "design", "batch")
    judged <- findOutliers(x, model, covariates = samples)
    expect_identical(nrow(judged), 60L)
})

test_that("a code is that of plain R's forward pass", {
    fit <- designModel(~ batch, hidden = integer(0))
    design <- model.matrix(~ batch, samples)[, -1]
    w <- fit@weights
    wanted <- t(x - fit@transform$center) %*% w$encoder.1.weight +
        design %*% w$encoder.1.covariates.weight +
        rep(w$encoder.1.bias, each = 60L)
    expectNear(encode(fit, x, covariates = samples), wanted, tolerance$float)
})

test_that("what cannot be a design is refused by name", {
    for (design in list(batch ~ age, "~ batch", TRUE, ~ 1, ~ .)) {
        expectAesopError(designModel(design), "param", arg = "design")
    }
    # what looks at the other samples, or is no arithmetic at all
    for (design in list(~ poly(age, 2), ~ scale(age), ~ cut(age, 3),
        ~ offset(age) + batch, ~ base::log(age), ~ I(age[1]),
        ~ system("false") + age, ~ (function(v) v)(age))) {
        expectAesopError(designModel(design), "param", "column of the",
            arg = "design")
    }
    expectAesopError(designModel(~ batch + nope), "design", c("nope", "age"))
    expectAesopError(toyModel(x, design = ~ batch), "design", "covariates")
    expectAesopError(toyModel(x, covariates = samples), "param",
        arg = "covariates")
    expectAesopError(designModel(covariates = as.matrix(samples)),
        "input_type", "data frame")
    expectAesopError(designModel(condition = "neither"), "param",
        arg = "condition")
})

test_that("covariates that cannot be used are refused before training", {
    change <- function(name, value) {
        frame <- samples
        frame[[name]] <- value
        frame
    }
    gaps <- change("batch", replace(samples$batch, c(7, 9), NA))
    condition <- expectAesopError(designModel(covariates = gaps), "design",
        c("batch", "2 samples", "cell7"))
    expect_identical(condition$covariate, "batch")
    expectAesopError(designModel(covariates = change("age", Inf)), "design",
        c("age", "cell1"))
    expectAesopError(designModel(covariates = change("batch", "a")),
        "design", c("batch", "only one level"))
    expectAesopError(designModel(covariates = change("age", 0.1)), "design",
        c("age", "constant"))
    expectAesopError(designModel(~ flag, change("flag", TRUE)), "design",
        c("flag", "constant"))
    expectAesopError(designModel(~ log(age), change("age", -1)), "design",
        c("log(age)", "cell1"))
    for (value in list(as.Date("2020-01-01") + 1:60, as.list(1:60),
        complex(60L, 1:60), matrix(0, 60L, 2L))) {
        expectAesopError(designModel(covariates = change("age", value)),
            "design", "age")
    }
})

test_that("new covariates must be like those of the training", {
    new <- function(..., fit = model) {
        encode(fit, x, covariates = transform(samples, ...))
    }
    condition <- expectAesopError(new(batch = "zz"), "design",
        c("zz", "batch", "\"a\", \"b\", \"c\""))
    expect_identical(condition$unseen, "zz")
    expectAesopError(new(batch = NA), "design", c("batch", "60 samples"))
    expectAesopError(new(age = replace(age, 3, NaN)), "design", "cell3")
    expectAesopError(new(age = as.character(age)), "design",
        c("age", "numeric"))
    expectAesopError(new(flag = 1, fit = designModel(~ flag)), "design",
        c("flag", "logical"))
    expectAesopError(encode(model, x), "design", c("batch", "age"))
    expectAesopError(encode(model, x, covariates = samples["age"]), "design",
        "batch")
    expectAesopError(decode(model, codes), "design", "batch")
    expectAesopError(encode(toyModel(x), x, covariates = samples), "param",
        arg = "covariates")
    # one level alone, or levels in another order, are no other levels
    one <- samples[samples$batch == "b", ]
    expect_identical(encode(model, x[, rownames(one)], covariates = one),
        codes[rownames(one), ])
    expect_identical(new(batch = factor(batch, levels = c("c", "a", "b"))),
        codes)
})

test_that("a model with a design passes through files", {
    for (design in list(~ batch + age, ~ age, ~ flag:dose)) {
        fit <- designModel(design)
        file <- withr::local_tempfile(fileext = ".safetensors")
        saveModel(fit, file)
        loaded <- loadModel(file)
        expect_identical(loaded, fit)
        expect_identical(encode(loaded, x, covariates = samples),
            encode(fit, x, covariates = samples))
        rds <- withr::local_tempfile(fileext = ".rds")
        saveRDS(fit, rds)
        expect_identical(readRDS(rds), fit)
    }
    # the text of a formula from a file is no way to run anything else
    bad <- model
    for (text in c("~ batch + system('false')", "stop('ran')", "~", "y ~ x",
        "~ batch; stop('ran')")) {
        bad@info$design$formula <- text
        expectAesopError(encode(bad, x, covariates = samples),
            "format_schema", "formula")
    }
})

test_that("sparse, streamed and other numbers of threads give the same", {
    for (threads in 2:3) {
        expectSameFit(designModel(num_threads = threads),
            designModel(num_threads = 1L))
    }
    expectSameFit(toyModel(asSparse(x), design = ~ batch + age,
        covariates = samples), model)
    delayed <- DelayedArray::DelayedArray(x)
    expect_identical(encode(model, delayed, covariates = samples,
        memory_limit = 2000), codes)
    # unshuffled, a streamed fit sees the same minibatches
    settings <- list(design = ~ batch + age, covariates = samples,
        shuffle = FALSE, validation_split = "last")
    expectSameFit(
        do.call(toyModel, c(list(delayed, memory_limit = 2000), settings)),
        do.call(toyModel, c(list(x), settings)))
})

test_that("conditioned codes leave out the batch, and it can be changed", {
    data <- shiftedBatches()
    fit <- function(...) {
        fitQuiet(data$x, hidden = 16L, latent = 2L, epochs = 200L,
            variational = TRUE, loss_reduction = "sum", learning_rate = 0.003,
            early_stopping = FALSE, ...)
    }
    explained <- function(codes) {
        parts <- summary(aov(codes[, 1L] + codes[, 2L] ~ factor(data$group) +
            data$covariates$batch))[[1L]]
        parts[2L, "Sum Sq"] / sum(parts[, "Sum Sq"])
    }
    plain <- fit()
    with <- fit(design = ~ batch, covariates = data$covariates)
    expect_gt(explained(encode(plain, data$x)), 0.3)
    expect_lt(explained(encode(with, data$x, covariates = data$covariates)),
        0.05)
    # what the samples of batch one would look like in batch two
    one <- data$covariates$batch == "one"
    as_two <- transform(data$covariates, batch = "two")[one, , drop = FALSE]
    code <- encode(with, data$x[, one], covariates = data$covariates)
    own <- decode(with, code, covariates = data$covariates[one, ,
        drop = FALSE])
    moved <- decode(with, code, covariates = as_two)
    expect_gt(cor(rowMeans(moved - own), data$shift), 0.99)
    expectNear(rowMeans(moved - own), data$shift, 0.15)
})
