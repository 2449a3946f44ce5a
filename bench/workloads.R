# Seconds per epoch of the benchmark's workloads with this package, as a user calls it.
#   Rscript bench/workloads.R W1 [epochs] [threads]
# Prints one JSON line; bench/torch_workloads.py does the same for PyTorch.
#   W1  5000-100-5000, relu, sigmoid, MSE, Adam 1e-3, batch 50, 7530 training and 1883 validation rows
#   W2  5549-50-5549 tied, sigmoid, masking 0.1, cross-entropy summed, SGD 0.01, batch 10, 950 rows
#   W3  5000-(100, 100)-5000, Tybalt: batch-norm and relu on both heads, cross-entropy summed + KL with warm-up,
#       Adam 5e-4, batch 50, 9413 rows
#   W4  2000-64-32-64-2000 x 3, DCA: zero-inflated negative binomial on sparse counts, batch-norm, RMSprop 1e-3,
#       batch 32, 10000 cells, 93 % zeros; W4b the same with batch 128
#   W5  2000-512-128-32-128-512-2000, relu, MSE, Adam 1e-3, batch 128, 50000 rows
suppressPackageStartupMessages({
    library(aesop)
    library(Matrix)
})

arguments <- commandArgs(trailingOnly = TRUE)
workload <- arguments[1]
epochs <- if (length(arguments) > 1) as.integer(arguments[2]) else 5L
threads <- if (length(arguments) > 2) as.integer(arguments[3]) else 2L

# Smooth low-rank values in (0, 1), features x samples: a stand-in for 0-1 scaled expression.
expressionLike <- function(features, samples, rank = 20) {
    set.seed(1)
    z <- matrix(rnorm(rank * samples), rank)
    w <- matrix(rnorm(features * rank), features) / sqrt(rank)
    x <- 1.5 * (w %*% z) - 0.5
    x <- x + 0.5 * rnorm(length(x))
    x <- 1 / (1 + exp(-x))
    dimnames(x) <- list(paste0("g", seq_len(features)), paste0("s", seq_len(samples)))
    x
}

# Sparse negative binomial counts, features x samples, about 93 % zeros: ten programmes, dispersion 1.
countsLike <- function(features, samples) {
    set.seed(1)
    rate <- exp(rnorm(features, sd = 1.2) + 0.35 * matrix(rnorm(features * 10), features) %*%
        matrix(rnorm(10 * samples), 10) + rep(rnorm(samples, sd = 0.3), each = features))
    zeros <- function(s) mean(1 / (1 + exp(s) * rate)) - 0.93
    rate <- rate * exp(uniroot(zeros, c(-10, 3))$root)
    x <- matrix(rpois(length(rate), rate * rexp(length(rate))), features,
        dimnames = list(paste0("g", seq_len(features)), paste0("c", seq_len(samples))))
    as(x, "dgCMatrix")
}
dca <- function(batch_size) {
    list(x = countsLike(2000, 10000), param = dcaParam("zinb", epochs = epochs, batch_size = batch_size,
        scale = "none", validation = 0, early_stopping = FALSE, schedule = "constant", clip_value = 0))
}

base <- list(epochs = epochs, scale = "none", early_stopping = FALSE)
setting <- function(...) do.call(AutoencoderParam, utils::modifyList(base, list(...)))
W <- switch(workload,
    W1 = list(x = expressionLike(5000, 9413), param = setting(hidden = integer(), latent = 100,
        activation = "relu", latent_activation = "relu", output_activation = "sigmoid", loss = "mse",
        optimizer = adam(1e-3), batch_size = 50, validation = 0.2, validation_split = "last")),
    W2 = list(x = expressionLike(5549, 950), param = setting(hidden = integer(), latent = 50, tied = TRUE,
        latent_activation = "sigmoid", loss = "bce", loss_reduction = "sum", noise = maskingNoise(0.1),
        optimizer = sgd(0.01), batch_size = 10, validation = 0)),
    W3 = list(x = expressionLike(5000, 9413), param = tybaltParam(epochs = epochs, scale = "none",
        validation = 0)),
    W4 = dca(32),
    W4b = dca(128),
    W5 = list(x = expressionLike(2000, 50000), param = setting(hidden = c(512, 128), latent = 32,
        activation = "relu", latent_activation = "relu", loss = "mse", optimizer = adam(1e-3),
        batch_size = 128, validation = 0)),
    stop("workload must be W1, W2, W3, W4, W4b or W5"))

model <- trainAutoencoder(W$x, W$param, seed = 1, num_threads = threads, verbose = FALSE)
h <- model@history
s <- h$seconds[-1] # the first epoch warms caches up, as the peer's does
cat(sprintf(paste0('{"impl": "aesop", "workload": "%s", "threads": %d, "s_per_epoch": %.5f, "s_min": %.5f, ',
    '"s_max": %.5f, "loss_first": %.7g, "loss_last": %.7g}\n'),
    workload, threads, median(s), min(s), max(s), h$loss[1], h$loss[nrow(h)]))
