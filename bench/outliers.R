# How well aberrant features are found, and whether p-values are right without any.
#   AESOP_DATA_ROOT=DIR QUALITY=DIR Rscript bench/outliers.R [null|injected]
# DIR of the data holds data/kremer_rnaseq_counts; QUALITY is the folder with metrics.R and datasets.R.
#   null      20 simulations each of normal residuals (method t) and negative binomial counts (method nb):
#             Kolmogorov-Smirnov p of the p-values (counts: randomised within the observed one) and the
#             share below .05, of the samples fitted to and of as many new ones
#   injected  mean area under precision-recall of 5 injections by frequency and size, for p-values and z
suppressPackageStartupMessages(library(aesop))

quiet <- function(expr) suppressMessages(expr)
task <- c(commandArgs(trailingOnly = TRUE), "both")[1]

# Features x samples of q dimensions and noise.
simulate <- function(seed, kind, p = 200, n = 80, q = 10) {
    set.seed(seed)
    loadings <- matrix(rnorm(p * q), p)
    base <- rnorm(p, 6, 1)
    function(n) {
        structure <- loadings %*% matrix(rnorm(q * n), q) / 4
        x <- if (kind == "t") {
            structure + 0.5 * matrix(rnorm(p * n), p)
        } else {
            mu <- exp(base + structure) * rep(exp(rnorm(n, 0, 0.2)), each = p)
            matrix(rnbinom(p * n, mu = mu, size = rep(exp(rnorm(p, 3, 0.5)), n)), p)
        }
        dimnames(x) <- list(paste0("g", seq_len(p)), paste0("s", seq_len(n)))
        x
    }
}

# Kolmogorov-Smirnov p of the p-values; those of counts are randomised within the observed count.
uniformity <- function(table, null, features, kind, wider, seed) {
    p <- table$p_value
    if (kind == "nb") {
        set.seed(seed)
        theta <- null$theta[match(table$feature, features)] / wider
        u <- stats::pnbinom(table$observed - 1, size = theta, mu = table$expected) +
            stats::runif(nrow(table)) * stats::dnbinom(table$observed, size = theta, mu = table$expected)
        p <- 2 * pmin(u, 1 - u)
    }
    suppressWarnings(stats::ks.test(p, "punif"))$p.value
}

nullRun <- function(seed, kind) {
    # dispersions drawn once per data set, so that new samples have them too
    make <- simulate(seed, kind)
    x <- make(160)
    train <- x[, 1:80]
    new <- x[, 81:160]
    model <- quiet(fitAberrant(train, method = kind))
    null <- model@info$aberrant
    judge <- function(table, wider) {
        c(ks = uniformity(table, null, model@features, kind, wider, seed), fpr = mean(table$p_value < 0.05))
    }
    c(judge(quiet(findAberrantFeatures(train, method = kind)), 1),
        new = judge(findAberrantFeatures(new, model), null$inflation), latent = model@param@settings$latent)
}

if (task %in% c("both", "null")) {
    for (kind in c("t", "nb")) {
        result <- sapply(1:20, nullRun, kind = kind)
        cat(sprintf("null %-3s fitted: KS p > .01 in %d of 20, share below .05 %.3f (%.3f to %.3f)\n", kind,
            sum(result["ks", ] > 0.01), mean(result["fpr", ]), min(result["fpr", ]), max(result["fpr", ])))
        cat(sprintf("         new: KS p > .01 in %d of 20, share below .05 %.3f (%.3f to %.3f); codes %d to %d\n",
            sum(result["new.ks", ] > 0.01), mean(result["new.fpr", ]), min(result["new.fpr", ]),
            max(result["new.fpr", ]), min(result["latent", ]), max(result["latent", ])))
    }
}

if (task %in% c("both", "injected")) {
    quality <- Sys.getenv("QUALITY", "../shared/bench/quality")
    for (file in c("datasets.R", "metrics.R")) source(file.path(quality, file))
    counts <- as.matrix(load_dataset(Sys.getenv("AESOP_DATA_ROOT", "../shared"), "kremer119")$x)
    counts <- counts[rowMeans(counts >= 10) >= 0.05 & apply(counts, 1, stats::quantile, 0.95) >= 20, ]
    score <- function(frequency, z, seed, method) {
        injected <- inject_outliers(counts, frequency, z, 100L + seed)
        table <- quiet(findAberrantFeatures(injected$counts, method = method))
        truth <- injected$truth[cbind(match(table$feature, rownames(counts)), match(table$sample, colnames(counts)))]
        c(p = average_precision(-table$log_p, truth), z = average_precision(abs(table$z_score), truth))
    }
    for (method in c("t", "nb")) {
        for (frequency in c(1e-3, 1e-2)) {
            for (z in c(3, 6)) {
                runs <- sapply(1:5, function(seed) score(frequency, z, seed, method))
                cat(sprintf("injected %-2s frequency %g z %g: AUPRC by p %.3f, by |z| %.3f\n", method, frequency, z,
                    mean(runs["p", ]), mean(runs["z", ])))
            }
        }
    }
}
