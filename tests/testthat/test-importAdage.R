# A network of 4 features and 2 nodes in both forms.
smallNetwork <- function() {
    list(weights = matrix(c(0.5, -1.25, 0, 2, 1, 0.125, -3, 0.75), 4L),
        hidden = c(0.25, -0.5), visible = c(0, 0.125, -0.25, 1),
        features = c("PA1", "PA2", "PA3", "PA4"))
}

textLines <- function(network = smallNetwork()) {
    c("layer 1", "weight matrix",
        apply(network$weights, 1L, paste, collapse = "\t"),
        "hidden bias vector", network$hidden, "visible bias vector",
        network$visible)
}

writeTables <- function(folder, network = smallNetwork(), open = file) {
    dir.create(folder, showWarnings = FALSE)
    nodes <- paste0("node", seq_len(ncol(network$weights)))
    write <- function(name, lines) {
        end <- if (identical(open, gzfile)) ".tsv.gz" else ".tsv"
        connection <- open(file.path(folder, paste0("net_", name, end)), "w")
        on.exit(close(connection))
        writeLines(lines, connection)
    }
    write("weights", c(paste(c("gene", nodes), collapse = "\t"),
        paste(network$features, apply(network$weights, 1L, paste,
            collapse = "\t"), sep = "\t")))
    write("hidden_bias", c("node\tbias", paste(nodes, network$hidden,
        sep = "\t")))
    write("visible_bias", c("gene\tbias", paste(network$features,
        network$visible, sep = "\t")))
    folder
}

test_that("both forms give the same model, weights as written", {
    network <- smallNetwork()
    file <- withr::local_tempfile(lines = textLines())
    folder <- writeTables(withr::local_tempdir())
    zipped <- writeTables(file.path(withr::local_tempdir(), "z"),
        open = gzfile)
    model <- importAdage(folder)
    expect_identical(importAdage(file, features = network$features), model)
    expect_identical(importAdage(zipped), model)
    expect_identical(model@weights$encoder.1.weight, network$weights)
    expect_identical(model@weights$encoder.1.bias, network$hidden)
    expect_identical(model@weights$decoder.1.bias, network$visible)
    expect_identical(model@features, network$features)
    expect_identical(model@info$status, "imported")
    settings <- as.list(model@param)
    expect_true(settings$tied)
    expect_identical(settings$hidden, integer(0))
    expect_identical(settings[c("latent_activation", "loss",
        "loss_reduction", "scale")], list(latent_activation = "sigmoid",
        loss = "bce", loss_reduction = "sum", scale = "none"))
    made <- importAdage(file)
    expect_identical(made@features, paste0("feature", 1:4))
    expect_true(made@info$features_made)
    expect_false(model@info$features_made)
})

test_that("the model computes what the network does", {
    network <- smallNetwork()
    model <- importAdage(withr::local_tempfile(lines = textLines()),
        network$features)
    x <- matrix(c(0, 0.2, 0.9, 1, 0.5, 0.5, 0.1, 0.3), 4L,
        dimnames = list(network$features, c("a", "b")))
    activity <- plogis(sweep(t(x) %*% network$weights, 2L, network$hidden,
        "+"))
    expect_equal(unname(encode(model, x)), unname(activity),
        tolerance = 1e-6)
    back <- plogis(sweep(activity %*% t(network$weights), 2L,
        network$visible, "+"))
    expect_equal(unname(reconstruct(model, x)), unname(t(back)),
        tolerance = 1e-6)
    loss <- -rowSums(t(x) * log(back) + (1 - t(x)) * log(1 - back))
    expect_equal(unname(predict(model, x, type = "error")), unname(loss),
        tolerance = 1e-6)
    expect_output(print(model), "imported")
    expect_output(print(summary(model)), "imported")
    file <- withr::local_tempfile(fileext = ".safetensors")
    saveModel(model, file)
    # these weights are exact in single precision
    expect_identical(loadModel(file), model)
})

test_that("malformed text files are errors with their line", {
    good <- textLines()
    n <- length(good)
    expectLine <- function(lines, line, mentions = character()) {
        file <- withr::local_tempfile(lines = lines)
        condition <- expectAesopError(importAdage(file), "format_schema",
            mentions)
        expect_identical(condition$path, file)
        expect_equal(condition$line, line)
    }
    expectLine(character(), 1)
    expectLine("", 1)
    expectLine(c("x", good), 1)
    expectLine(good[-2L], 2, "weight matrix")
    expectLine(replace(good, 4L, "0.5"), 4, "1 number")
    expectLine(replace(good, 4L, "0.5\tx"), 4, "\"x\"")
    expectLine(replace(good, 5L, "0.5\tNA"), 5)
    expectLine(replace(good, 5L, "Inf\t1"), 5)
    expectLine(good[-4L], 9, "visible bias value")
    expectLine(good[-n], 10, "3 visible bias values")
    expectLine(good[-8L], 7, "hidden bias value")
    expectLine(append(good, good), n + 1, "2 layers")
    expectLine(append(good, "layer 2"), n + 1, "2 layers")
    expectLine(sub("layer 1", "layer 2", good), 1, "layer 1")
    expectLine(good[seq_len(n - 4L)], n - 3, "no numbers")
    # a compressed file that was cut short
    whole <- withr::local_tempfile()
    connection <- gzfile(whole, "w")
    writeLines(rep(good, 500L), connection)
    close(connection)
    cut <- withr::local_tempfile()
    writeBin(utils::head(readBin(whole, "raw", 1e6), -30L), cut)
    expect_s3_class(catchError(importAdage(cut)), "aesop_error")
    file <- withr::local_tempfile()
    writeBin(as.raw((seq_len(500L) * 73L) %% 256L), file)
    expect_s3_class(catchError(importAdage(file)), "aesop_error")
})

test_that("malformed tables are errors with their file and line", {
    expectTable <- function(name, change, line, mentions = character()) {
        folder <- writeTables(withr::local_tempdir())
        file <- file.path(folder, paste0("net_", name, ".tsv"))
        writeLines(change(readLines(file)), file)
        condition <- expectAesopError(importAdage(folder), "format_schema",
            mentions)
        expect_identical(basename(condition$path), basename(file))
        expect_equal(condition$line, line)
    }
    expectTable("weights", function(x) x[1L], 1)
    expectTable("weights", function(x) character(), 1)
    expectTable("weights", function(x) replace(x, 3L, "PA2\t1"), 3)
    expectTable("weights", function(x) replace(x, 3L, "PA1\t1\t2"), 3, "PA1")
    expectTable("weights", function(x) replace(x, 3L, ""), 3)
    expectTable("weights", function(x) replace(x, 3L, "PA2\t1\tb"), 3, "b")
    expectTable("hidden_bias", function(x) x[c(1L, 3L, 2L)], 2, "node2")
    expectTable("hidden_bias", function(x) x[-3L], 3)
    expectTable("visible_bias", function(x) c(x, "PA9\t1"), 6)
    expectTable("visible_bias", function(x) paste0(x, "\t1"), 1)
    folder <- writeTables(withr::local_tempdir())
    file.remove(file.path(folder, "net_weights.tsv"))
    expectAesopError(importAdage(folder), "format_schema", "weights.tsv")
    expectAesopError(importAdage(file.path(folder, "absent")), "io",
        "absent")
})

test_that("names of features are checked", {
    file <- withr::local_tempfile(lines = textLines())
    for (bad in list("a", letters[c(1, 1, 2, 3)], 1:4, c("a", "b", NA, "c"),
        factor(letters[1:4]))) {
        expectAesopError(importAdage(file, bad), "param", "features")
    }
})

test_that("the published network is what was published", {
    model <- importAdage(adageFolder())
    expect_identical(dim(model@weights$encoder.1.weight), c(5549L, 50L))
    raw <- adageMatrix("adage50_raw_activity.tsv.gz")
    activity <- adageMatrix("adage50_activity.tsv.gz")
    ours <- plogis(sweep(raw, 2L, model@weights$encoder.1.bias, "+"))
    expect_lt(max(abs(ours - activity)), 1e-7)
    x <- adageStandIn(model)
    direct <- plogis(sweep(t(x) %*% model@weights$encoder.1.weight, 2L,
        model@weights$encoder.1.bias, "+"))
    # sums of 5549 products in single precision, up to 76 in size
    expect_lt(max(abs(encode(model, x) - direct)), 1e-5)
    error <- predict(model, x, type = "error")
    expect_lt(abs(mean(error) - 3317.097), 0.002)
})
