# Peak resident memory of training, against 1.5 x the input's size + 300 MB.
#   Rscript bench/memory.R          a simulated sparse set of 20,000 features x 100,000 samples
#   Rscript bench/memory.R FILE.rds a matrix or dgCMatrix saved with saveRDS()
# The data are made or read first and trained on in a process of its own.
arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) == 2 && arguments[1] == "--train") {
    peak <- function() as.numeric(gsub("[^0-9]", "", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
    x <- readRDS(arguments[2])
    suppressPackageStartupMessages(library(aesop))
    before <- peak()
    # Nothing about the result matters here but the memory it takes.
    param <- AutoencoderParam(epochs = 1, batch_size = 128, normalize = "log", scale = "none")
    model <- trainAutoencoder(x, param, seed = 1, num_threads = 2, verbose = FALSE)
    size <- as.numeric(object.size(x)) / 2^20
    used <- peak() - before + size # what training adds, and its input; R and its packages take the rest
    bound <- 1.5 * size + 300
    cat(sprintf(paste("%d x %d: input %.0f MB; training with its input %.0f MB, bound %.0f MB: %s; whole process %.0f MB,",
        "%.0f MB of it before training; epoch %.1f s\n"), nrow(x), ncol(x), size, used, bound,
        if (used <= bound) "ok" else "EXCEEDED", peak(), before, model@history$seconds))
    quit(status = as.integer(used > bound))
}
file <- if (length(arguments)) arguments[1] else tempfile(fileext = ".rds")
if (!length(arguments)) {
    suppressPackageStartupMessages(library(Matrix))
    set.seed(1)
    features <- 20000L
    samples <- 100000L
    per_sample <- 1000L # 5 % of the features have a count
    i <- unlist(lapply(seq_len(samples), function(j) sort.int(sample.int(features, per_sample), method = "radix")))
    x <- new("dgCMatrix", i = i - 1L, p = as.integer(seq.int(0, by = per_sample, length.out = samples + 1L)),
        x = as.double(1 + rpois(length(i), 0.5)), Dim = c(features, samples),
        Dimnames = list(paste0("g", seq_len(features)), paste0("c", seq_len(samples))))
    saveRDS(x, file, compress = FALSE)
    rm(x, i)
}
status <- system2(file.path(R.home("bin"), "Rscript"), c("bench/memory.R", "--train", file))
quit(status = status)
