# DNA sequences as input.

test_that("letters become ones in the order of position and base", {
    x <- oneHot(c(first = "ACGT", second = "ttNa"))
    expect_identical(dim(x), c(16L, 2L))
    expect_identical(rownames(x)[c(1:5, 16L)],
        c("p1.A", "p1.C", "p1.G", "p1.T", "p2.A", "p4.T"))
    expect_identical(colnames(x), c("first", "second"))
    expect_identical(attr(x, "input_shape"), c(1L, 4L, 4L))
    expect_identical(unname(x[, 1L]), c(diag(4)))
    expect_identical(unname(x[, 2L]), c(0, 0, 0, 1, 0, 0, 0, 1,
        rep(0.25, 4L), 1, 0, 0, 0))
    expect_identical(unname(oneHot("N", n = 0)[, 1L]), numeric(4L))
    expect_identical(colSums(oneHot(c("ACN", "GTA"))), c(3, 3))
    sparse <- oneHot(c(first = "ACGT", second = "ttNa"), sparse = TRUE)
    expect_s4_class(sparse, "dgCMatrix")
    expect_identical(as.matrix(sparse), x[, ])
})

test_that("another letter is named with its sequence and place", {
    seen <- expectAesopError(oneHot(c(a = "ACGT", b = "ACXT")),
        "input_value", c("Sequence 2", "\"b\"", "\"X\"", "position 3"))
    expect_identical(seen$letter, "X")
    expect_identical(seen$first, c(sequence = 2L, position = 3L))
    expectAesopError(oneHot(c("ACGT", "AC-T")), "input_value", "\"-\"")
    expectAesopError(oneHot("ACGU"), "input_value", c("\"U\"", "chartr"))
    expectAesopError(oneHot("AC\u00e9T"), "input_value", "position 3")
    expectAesopError(oneHot(c("ACGT", NA)), "input_value",
        c("Sequence 2", "NA"))
    model <- fitQuiet(plantedMotif(20L, 12L)$x, latent = 2L, epochs = 1L)
    expectAesopError(encode(model, "ACGTACGTACGR"), "input_value",
        c("Sequence 1", "`x`", "\"R\"", "position 12"))
})

test_that("unequal lengths and other types are errors", {
    seen <- expectAesopError(oneHot(c("ACGT", "ACGTA")), "input_dim",
        c("Sequence 2", "5 letters", "4"), arg = "x")
    expect_identical(seen[c("expected", "got")],
        list(expected = 4L, got = 5L))
    expectAesopError(oneHot(character(0)), "input_dim", "x")
    expectAesopError(oneHot(c("", "")), "input_dim", "x")
    for (x in list(3, NULL, factor("A"), matrix("A"), list("A"))) {
        expectAesopError(oneHot(x), "input_type", "x")
    }
    expectAesopError(oneHot("A", n = 2), "param", "n", arg = "n")
    expectAesopError(oneHot("A", sparse = 1), "param", "sparse")
    expectAesopError(trainAutoencoder("ACGT"), "input_dim", "x")
    for (x in list("file.csv", "\xff\xfe", NA_character_, character(0))) {
        expectAesopError(trainAutoencoder(x), "input_type", "x")
    }
})

test_that("sequences are taken wherever samples are", {
    x <- plantedMotif(40L, 20L)$x
    names(x) <- paste0("read", seq_along(x))
    fit <- function(x) {
        fitQuiet(x, convolutionalParam(c(1, 20, 4), latent = 3),
            loss = "bce", epochs = 2L)
    }
    model <- fit(x)
    expectSameFit(model, fit(oneHot(x)))
    expectSameFit(model, fit(oneHot(x, sparse = TRUE)))
    codes <- encode(model, x)
    expect_identical(rownames(codes), names(x))
    expect_identical(encode(model, oneHot(x)), codes)
    expect_identical(encode(model, x[5L]), codes[5L, , drop = FALSE])
    expect_identical(encode(model, tolower(x)), codes)
    expect_identical(dim(reconstruct(model, x)), c(80L, 40L))
    expect_identical(predict(model, x, type = "code"), codes)
    expectAesopError(encode(model, substr(x, 1L, 19L)), "features",
        c("4 of 80", "p20.A"))
    skip_if_not_installed("Biostrings")
    dna <- Biostrings::DNAStringSet(x)
    expect_identical(oneHot(dna), oneHot(x))
    expect_identical(encode(model, dna), codes)
    expectSameFit(model, fit(dna))
    expectAesopError(oneHot(Biostrings::DNAStringSet(c("ACR"))),
        "input_value", "\"R\"")
})

test_that("filters of sequences are kernel x letters", {
    x <- plantedMotif(30L, 20L)$x
    model <- fitQuiet(x, convolutionalParam(c(1, 20, 4),
        list(conv1d(6, 8)), latent = 2), epochs = 1L)
    filters <- convolutionFilters(model)
    expect_length(filters, 6L)
    expect_identical(dim(filters$filter1), c(8L, 4L))
    expect_identical(colnames(filters$filter1), c("A", "C", "G", "T"))
    weights <- model@weights$encoder.1.weight
    expect_identical(unname(filters$filter3),
        matrix(weights[, 3L], 8L, 4L, byrow = TRUE))
})

test_that("M5: a filter becomes the planted motif", {
    for (seed in 1:3) {
        planted <- plantedMotif(1500L, seed = seed)
        match <- function(epochs) {
            model <- fitQuiet(planted$x, convolutionalParam(c(1, 30, 4),
                list(conv1d(4, 8, padding = "valid")), latent = 8),
                loss = "bce", epochs = epochs, early_stopping = FALSE,
                batch_size = 32L, learning_rate = 0.005, seed = seed)
            max(vapply(convolutionFilters(model), motifMatch, 0,
                pwm = planted$pwm))
        }
        expect_gt(match(40L), 0.8)
        expect_lt(match(0L), 0.7) # nor does a chance filter look like it
    }
})

test_that("splice sites: as good as a dense net of as many parameters", {
    file <- file.path(dataFolder(), "dna_splice", "splice.csv.gz")
    skip_if_not(file.exists(file), paste("no dna_splice in the data folder:",
        "get the UCI splice-junction sequences as a table of label,",
        "instance_name, sequence and set AESOP_DATA"))
    table <- utils::read.csv(gzfile(file))
    expectAesopError(oneHot(table$sequence), "input_value", "position")
    table <- table[grepl("^[ACGT]{60}$", table$sequence), ]
    table <- table[!duplicated(table$sequence), ]
    expect_identical(nrow(table), 2990L)
    x <- oneHot(table$sequence)
    test <- withr::with_seed(1, sample(nrow(table), 600L))
    settings <- AutoencoderParam(latent = 32, loss = "bce", scale = "none",
        batch_size = 64, epochs = 60, early_stopping = 10)
    fits <- list(
        dense = fitQuiet(x[, -test], settings, hidden = 72L),
        convolutional = fitQuiet(x[, -test], settings,
            input_shape = c(1, 60, 4), layers = list(
                conv1d(16, 8, stride = 2), conv1d(32, 6, stride = 2))))
    size <- vapply(fits, function(m) summary(m)$n_parameters, 0L)
    expect_lte(size[["convolutional"]], size[["dense"]])
    entropy <- function(model) {
        p <- pmin(pmax(reconstruct(model, x[, test]), 1e-7), 1 - 1e-7)
        -mean(x[, test] * log(p) + (1 - x[, test]) * log1p(-p))
    }
    loss <- vapply(fits, entropy, 0)
    share <- vapply(fits, function(model) {
        labelShare(encode(model, x[, test]), table$label[test])
    }, 0)
    expect_lt(loss[["convolutional"]], 1.01 * loss[["dense"]])
    expect_gt(share[["convolutional"]], 0.75)
})
