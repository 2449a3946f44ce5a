# How training and encoding grow with the data, and how long a session takes to begin.
#   Rscript bench/scale.R PART [cells]
#   linear  seconds per epoch of sparse cells, 1/100 to all of `cells` (default 1e6; 2,000 genes, 7 % stored),
#           and with half and twice the non-zeros at a tenth; slope of log time by log size, 1 is linear
#   hdf5    a DelayedMatrix on HDF5 of 5,000 genes x `cells` (default 2e5), streamed within 1 GiB, against the
#           same in memory: at least 60 % of its speed
#   encode  cells a second of `cells` (default 1e6) sparse cells at 2 threads: at least 200,000
#   start   library(aesop) beyond its imports, at most 1 s; first fit on 3,000 cells, at most 5 s
suppressPackageStartupMessages(library(Matrix))
arguments <- commandArgs(trailingOnly = TRUE)
part <- arguments[1]
cells <- function(default) if (length(arguments) > 1) as.numeric(arguments[2]) else default
time_of <- function(expression) system.time(expression)[["elapsed"]]

# Sparse counts, genes x cells, `stored` genes of each cell at a stride that differs from cell to cell.
sparseCells <- function(n, genes = 2000L, stored = 140L) {
    step <- genes %/% stored
    i <- rep(seq.int(0L, by = step, length.out = stored), n) + rep(seq_len(n) %% step, each = stored)
    new("dgCMatrix", i = as.integer(i), p = as.integer(seq(0, by = stored, length.out = n + 1)),
        x = rep_len(c(1, 1, 2, 1, 3, 5, 1, 2, 1), length(i)), Dim = c(genes, as.integer(n)),
        Dimnames = list(paste0("g", seq_len(genes)), NULL))
}
setting <- function(epochs = 2L, ...) {
    aesop::AutoencoderParam(epochs = epochs, hidden = 64L, latent = 32L, batch_size = 128L, validation = 0,
        early_stopping = FALSE, normalize = "log", scale = "none", ...)
}
fit <- function(x, param = setting(), ...) {
    aesop::trainAutoencoder(x, param, seed = 1, num_threads = 2, verbose = FALSE, ...)
}
epochSeconds <- function(x, ...) min(fit(x, ...)@history$seconds)
slope <- function(size, seconds) stats::coef(stats::lm(log(seconds) ~ log(size)))[[2]]

linear <- function() {
    n <- cells(1e6)
    size <- n * c(0.01, 0.1, 1)
    seconds <- vapply(size, function(s) epochSeconds(sparseCells(s)), 0)
    stored <- c(70L, 140L, 280L)
    by_stored <- vapply(stored, function(k) epochSeconds(sparseCells(n / 10, stored = k)), 0)
    rows <- sprintf("| %.0f cells, 140 non-zeros each | %.3f s per epoch |", size, seconds)
    more <- sprintf("| %.0f cells, %d non-zeros each | %.3f s per epoch |", n / 10, stored, by_stored)
    c(rows, sprintf("| slope by cells | %.2f |", slope(size, seconds)), more,
        sprintf("| slope by non-zeros (most of the work is in the dense output) | %.2f |", slope(stored, by_stored)))
}

hdf5 <- function() {
    n <- as.integer(cells(2e5))
    genes <- 5000L
    file <- tempfile(fileext = ".h5")
    sink <- HDF5Array::HDF5RealizationSink(c(genes, n), filepath = file, name = "x", chunkdim = c(genes, 100L),
        level = 0)
    block <- matrix(0, genes, 1000L)
    set.seed(1)
    profile <- matrix(stats::rnorm(genes * 10), genes)
    for (from in seq(1L, n, by = 1000L)) {
        width <- min(1000L, n - from + 1L)
        block <- profile %*% matrix(stats::rnorm(10 * width), 10)
        DelayedArray::write_block(sink, DelayedArray::ArrayViewport(c(genes, n),
            IRanges::IRanges(c(1L, from), width = c(genes, width))), block)
    }
    x <- as(sink, "DelayedArray")
    param <- aesop::AutoencoderParam(epochs = 2L, batch_size = 128L, validation = 0, early_stopping = FALSE)
    peak <- function() as.numeric(gsub("\\D", "", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
    before <- peak()
    streamed <- epochSeconds(x, param, memory_limit = 2^28)
    used <- peak() - before
    rows <- sprintf("| HDF5, %d x %d | %.1f s per epoch, %.0f MB more than before |", genes, n, streamed, used)
    part_cells <- min(n, 20000L) # in memory at a size that fits everywhere: time is linear in cells
    inside <- epochSeconds(as.matrix(x[, seq_len(part_cells)]), param) * n / part_cells
    unlink(file)
    c(rows, sprintf("| in memory, from %d cells | %.1f s per epoch, HDF5 has %.0f %% of the speed |", part_cells,
        inside, 100 * inside / streamed))
}

encode <- function() {
    n <- cells(1e6)
    model <- fit(sparseCells(2000), setting(1L))
    x <- sparseCells(n)
    colnames(x) <- NULL
    seconds <- time_of(aesop::encode(model, x, num_threads = 2))
    sprintf("| encode %.0f sparse cells | %.0f cells a second |", n, n / seconds)
}

start <- function() {
    rscript <- file.path(R.home("bin"), "Rscript")
    child <- function(code) as.numeric(utils::tail(system2(rscript, c("-e", shQuote(code)), stdout = TRUE), 1))
    imports <- paste0("quiet <- function(p) suppressPackageStartupMessages(loadNamespace(p)); ",
        "d <- utils::packageDescription('aesop'); p <- paste(d$Imports, d$Depends, sep = ','); ",
        "p <- setdiff(trimws(sub('[(].*', '', strsplit(p, ',')[[1]])), 'R'); for (q in p) quiet(q); ")
    code <- paste0(imports, "cat(system.time(suppressPackageStartupMessages(library(aesop)))[['elapsed']])")
    fit_code <- paste0("suppressPackageStartupMessages(library(aesop)); x <- matrix(rexp(2000 * 3000), 2000); ",
        "cat(system.time(trainAutoencoder(x, AutoencoderParam(epochs = 10), seed = 1, num_threads = 2, ",
        "verbose = FALSE))[['elapsed']])")
    c(sprintf("| library(aesop) beyond its imports | %.2f s |", child(code)),
        sprintf("| first fit, 2,000 genes x 3,000 cells, 10 epochs | %.2f s |", child(fit_code)))
}

rows <- switch(part, linear = linear(), hdf5 = hdf5(), encode = encode(), start = start(),
    stop("part must be linear, hdf5, encode or start"))
commit <- system("git rev-parse --short HEAD", intern = TRUE)
out <- c(sprintf("\n## %s, commit %s: scale, %s\n", format(Sys.Date()), commit, part), "| what | measured |",
    "|---|---|", rows)
writeLines(out)
cat(out, file = "bench/RESULTS.md", sep = "\n", append = TRUE)
