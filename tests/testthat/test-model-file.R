# G1-G7 through R: a sample of what tests/core does thoroughly. A bad file is a
# classed error, within a second, and never a model.

model <- toyModel(toyGaussian(6L, 30L), hidden = 4L, latent = 2L,
    scale = "standard")
good <- local({
    file <- tempfile()
    saveModel(model, file)
    readBin(file, "raw", file.size(file))
})

loadBytes <- function(bytes) {
    file <- withr::local_tempfile()
    writeBin(bytes, file)
    loadModel(file)
}

# Refused with one of these classes, quickly.
expectRefused <- function(bytes, kinds = "format", label = "file") {
    started <- proc.time()[["elapsed"]]
    condition <- catchError(loadBytes(bytes))
    seconds <- proc.time()[["elapsed"]] - started
    classes <- paste0("aesop_error_", kinds)
    if (is.null(condition) || !inherits(condition, classes)) {
        fail(sprintf("%s: %s", label, if (is.null(condition)) {
            "was loaded"
        } else {
            paste(class(condition)[1L], conditionMessage(condition))
        }))
        return(invisible(NULL))
    }
    expect_lt(seconds, 1)
    invisible(condition)
}

littleEndian <- function(n) {
    # n up to 2^64 - 1, as halves of 32 bits
    as.raw(c((n %% 2^32) %/% 256^(0:3) %% 256,
        (n %/% 2^32) %/% 256^(0:3) %% 256))
}
headerLength <- sum(as.numeric(good[1:8]) * 256^(0:7))
header <- rawToChar(good[8 + seq_len(headerLength)])
data <- good[-seq_len(8 + headerLength)]

# A file with another header, padded to the same length where possible.
withHeader <- function(text, tail = data) {
    text <- charToRaw(text)
    missing <- headerLength - length(text)
    if (missing > 0) {
        text <- c(text, rep(charToRaw(" "), missing))
    }
    c(littleEndian(length(text)), text, tail)
}
edit <- function(pattern, replacement) {
    stopifnot(grepl(pattern, header, fixed = TRUE))
    withHeader(sub(pattern, replacement, header, fixed = TRUE))
}

test_that("the file is of the safetensors layout", {
    expect_identical(substr(header, 1L, 1L), "{")
    expect_match(header, "__metadata__", fixed = TRUE)
    expect_match(header, "\"dtype\":\"F32\"", fixed = TRUE)
    offsets <- regmatches(header, gregexpr(
        "\"data_offsets\":\\[[0-9]+,[0-9]+\\]", header))[[1L]]
    ends <- as.numeric(unlist(regmatches(offsets,
        gregexpr("[0-9]+(?=[],])", offsets, perl = TRUE))))
    ends <- matrix(ends, nrow = 2L)
    ends <- ends[, order(ends[1L, ])]
    expect_identical(ends[1L, 1L], 0)
    expect_identical(ends[1L, -1L], ends[2L, -ncol(ends)])
    expect_identical(ends[2L, ncol(ends)], length(data) + 0)
    # row-major, single precision: as other languages read it
    at <- regmatches(header, regexpr(
        "\"encoder.1.weight\":\\{[^}]*\\}", header))
    expect_match(at, "\"shape\":[6,4]", fixed = TRUE)
    begin <- as.numeric(sub(".*data_offsets\":\\[([0-9]+),.*", "\\1", at))
    values <- readBin(data[begin + seq_len(6 * 4 * 4)], "numeric", 24L,
        size = 4L, endian = "little")
    expect_identical(matrix(values, 6L, byrow = TRUE),
        unname(model@weights$encoder.1.weight))
})

test_that("files that end early are refused at every length tried", {
    lengths <- unique(c(0:9, headerLength + 7:9, length(good) - 1:3,
        round(seq(10, length(good) - 1, length.out = 20))))
    for (n in lengths) {
        expectRefused(good[seq_len(n)], label = paste(n, "bytes"))
    }
    expect_s3_class(catchError(loadBytes(good[seq_len(4)])),
        "aesop_error_format_truncated")
    expectRefused(good[seq_len(length(good) - 4)],
        c("format_truncated", "format_schema"))
})

test_that("bytes behind the end are refused", {
    for (tail in list(as.raw(0), as.raw(rep(0, 8)), charToRaw("PK\003\004"),
        good)) {
        expectRefused(c(good, tail))
    }
    for (start in c("PK\003\004", "%PDF-1.4\n", "<html>", " ")) {
        expectRefused(c(charToRaw(start), good))
    }
})

test_that("a changed byte is found", {
    withr::local_seed(1L)
    for (at in sort(sample.int(length(good), 150L))) {
        for (value in list(as.raw(0), as.raw(255), charToRaw("\""),
            charToRaw("{"), xor(good[at], as.raw(1)))) {
            if (good[at] == value) {
                next
            }
            bad <- good
            bad[at] <- value
            result <- tryCatch(loadBytes(bad), aesop_error = identity)
            if (inherits(result, "aesop_error")) {
                kinds <- c("format", "numeric", "param")
                expect_true(inherits(result, paste0("aesop_error_", kinds)))
                if (at > 8 + headerLength) {
                    expect_s3_class(result, c("aesop_error_format_checksum"))
                }
            } else {
                # only text that no number depends on may differ
                expect_identical(result@weights, model@weights)
                expect_true(at > 8 && at <= 8 + headerLength)
            }
        }
    }
})

test_that("flips in the data are found by the checksum", {
    withr::local_seed(2L)
    for (i in seq_len(40L)) {
        bad <- good
        at <- 8 + headerLength + sample.int(length(data), sample.int(4L, 1L))
        bad[at] <- xor(bad[at], as.raw(sample.int(255L, 1L)))
        expectRefused(bad, "format_checksum")
    }
})

test_that("impossible lengths of the header are refused at once", {
    lengths <- c(0, 1, 2^31, 2^32, 2^63, 2^64 - 2048, length(good),
        length(good) + 1, length(good) - 8, 16 * 2^20 + 1)
    for (n in lengths) {
        expectRefused(c(littleEndian(n), good[-(1:8)]), "format",
            label = format(n))
    }
    expectRefused(c(as.raw(rep(255, 8)), good[-(1:8)]))
    expect_s3_class(catchError(loadBytes(c(littleEndian(2^40),
        good[-(1:8)]))), c("aesop_error_format"))
})

test_that("shapes, types and offsets that lie are refused", {
    shape <- "\"shape\":[6,4]"
    for (other in c("[4294967296,4294967296]", "[9223372036854775808]",
        "[0]", "[]", "[-6,4]", "[6.0,4]", "[4,6]", "[24]", "[6,4,1]",
        "[1,1,1,1,1,1,1,1,24]", "[6,1e0]", "\"6,4\"", "null", "[6,null]",
        "[2147483649,2147483649]")) {
        expectRefused(edit(shape, paste0("\"shape\":", other)),
            c("format_schema", "format_limit"), label = other)
    }
    for (dtype in c("F64", "F16", "I32", "BOOL", "f32", "")) {
        expectRefused(edit("\"dtype\":\"F32\"",
            sprintf("\"dtype\":\"%s\"", dtype)), label = dtype)
    }
    offsets <- regmatches(header, regexpr(
        "\"data_offsets\":\\[[0-9]+,[0-9]+\\]", header))
    for (other in c("[0,0]", "[8,4]", "[-4,0]", "[0,18446744073709551615]",
        "[0,99999999]", "[1,97]", "[0,96,1]", "[0]", "[0.0,96.0]")) {
        expectRefused(edit(offsets, paste0("\"data_offsets\":", other)),
            c("format_schema", "format_limit", "format_truncated"),
            label = other)
    }
})

test_that("JSON that is not plain JSON is refused", {
    bad <- c("", "{", "[]", "null", "1", "{}", "{]", "{\"a\":1,}",
        "{\"a\" 1}", "{'a':1}", "// comment\n{}", "{\"a\":NaN}",
        "{\"a\":Infinity}", "{\"a\":1e999}", "{\"a\":01}",
        paste0("{\"a\":", strrep("9", 400L), "}"),
        paste0("{\"a\":", strrep("[", 10000L), strrep("]", 10000L), "}"),
        "{\"a\":\"\\ud800\"}", "{\"a\":\"\\x\"}", "{\"a\":\"\001\"}",
        "\ufeff{}", paste0("{\"a\":\"", strrep("b", 1e6), "\"}"))
    for (text in bad) {
        expectRefused(withHeader(text), label = substr(text, 1L, 20L))
    }
    expectRefused(withHeader(sub("{", "{\"encoder.1.weight\":{},", header,
        fixed = TRUE)))
    expectRefused(withHeader(sub("\"format\":\"aesop\"",
        "\"format\":\"aesop\",\"format\":\"aesop\"", header, fixed = TRUE)))
    invalid <- c(charToRaw("{\"a\":\""), as.raw(c(0xff, 0xfe)),
        charToRaw("\"}"))
    expectRefused(c(littleEndian(length(invalid)), invalid, data))
    nul <- c(charToRaw("{\"a\":\""), as.raw(0), charToRaw("\"}"))
    expectRefused(c(littleEndian(length(nul)), nul, data))
})

test_that("parts that disagree are refused at loading", {
    for (change in list(c("\\\"latent\\\":2", "\\\"latent\\\":3"),
        c("\\\"hidden\\\":[4]", "\\\"hidden\\\":[5]"),
        c("\\\"hidden\\\":[4]", "\\\"hidden\\\":[4,4]"),
        c("\\\"hidden\\\":[4]", "\\\"hidden\\\":[1000000]"),
        c("\\\"relu\\\"", "\\\"RELU\\\""),
        c("\\\"relu\\\"", "\\\"system\\\""),
        c("\\\"mse\\\"", "\\\"mes\\\""),
        c("\\\"loss\\\"", "\\\"lass\\\""),
        c("\\\"standard\\\"", "\\\"center\\\""),
        c("\\\"gene3\\\"", "\\\"gene2\\\""),
        c("\\\"gene3\\\",", ""), c("\\\"gene3\\\"", "3"),
        c("\"encoder.1.weight\"", "\"encoder.7.weight\""),
        c("\"decoder.2.bias\"", "\"decoder.2.bios\""))) {
        expectRefused(edit(change[1L], change[2L]), "format_schema",
            label = change[2L])
    }
})

test_that("a newer format is named, an unknown remark ignored", {
    condition <- expectRefused(edit("\"format_version\":\"1\"",
        "\"format_version\":\"2\""), "format_version")
    expect_match(conditionMessage(condition), "2")
    for (version in c("0", "-1", "1.5", "x", "")) {
        expectRefused(edit("\"format_version\":\"1\"",
            sprintf("\"format_version\":\"%s\"", version)))
    }
    expectRefused(edit("\"format\":\"aesop\"", "\"format\":\"onnx\""))
    remark <- withHeader(sub("\"format\":\"aesop\"",
        "\"format\":\"aesop\",\"remark\":\"hello\"", header, fixed = TRUE))
    expect_identical(loadBytes(remark), model)
})

test_that("other kinds of files are refused within a second", {
    skip_on_os("windows")
    folder <- withr::local_tempdir()
    path <- function(name) file.path(folder, name)
    saveRDS(model, path("rds"))
    saveRDS(model, path("plain.rds"), compress = FALSE)
    save(model, file = path("rdata"))
    writeBin(as.raw(c(0x80, 4, 0x95)), path("pickle"))
    writeBin(c(as.raw(0x89), charToRaw("HDF\r\n"), as.raw(0x1a),
        charToRaw("\n")), path("hdf5"))
    file.create(path("empty"))
    writeLines("some text", path("text"))
    dir.create(path("folder"))
    system2("mkfifo", path("fifo"))
    file.symlink(path("loop"), path("loop"))
    file.symlink("/dev/zero", path("zero"))
    for (name in c("rds", "plain.rds", "rdata", "pickle", "hdf5", "empty",
        "text", "folder", "fifo", "loop", "zero", "nothing")) {
        started <- proc.time()[["elapsed"]]
        condition <- catchError(loadModel(path(name)))
        seconds <- proc.time()[["elapsed"]] - started
        expect_true(inherits(condition, c("aesop_error_format",
            "aesop_error_io")), label = paste(name, class(condition)[1L]))
        expect_lt(seconds, 1)
    }
    for (device in c("/dev/zero", "/dev/null", "/dev/random")) {
        condition <- catchError(loadModel(device))
        expect_true(inherits(condition, c("aesop_error_format",
            "aesop_error_io")), label = device)
    }
    expect_match(conditionMessage(catchError(loadModel(path("rds")))),
        "RDS|gzip")
})

test_that("the loader neither reads R objects nor evaluates anything", {
    file <- withr::local_tempfile()
    writeBin(good, file)
    watched <- c("readRDS", "load", "unserialize", "parse", "source",
        "sys.source", "dget")
    called <- new.env()
    for (name in watched) {
        suppressMessages(trace(name, bquote(assign(.(name), TRUE,
            envir = .(called))), print = FALSE, where = baseenv()))
    }
    withr::defer(for (name in watched) {
        suppressMessages(untrace(name, where = baseenv()))
    })
    loadModel(file)
    catchError(loadModel(tempfile()))
    expect_identical(ls(called), character(0))
})

test_that("strings from a file are never run or shown raw", {
    evil <- edit("\\\"gene3\\\"", "\\\"$(touch x)\\u001b[31m\\\"")
    loaded <- tryCatch(loadBytes(evil), aesop_error = identity)
    if (is(loaded, "AutoencoderModel")) {
        shown <- capture.output(print(loaded), print(summary(loaded)))
        expect_false(any(grepl("\033", shown, fixed = TRUE)))
        message <- conditionMessage(catchError(encode(loaded,
            toyGaussian(6L, 3L))))
        expect_false(grepl("\033", message, fixed = TRUE))
    } else {
        expect_s3_class(loaded, "aesop_error_format")
    }
    expect_false(file.exists("x"))
})
