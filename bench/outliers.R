# How well abnormal samples and aberrant features are found, and whether p-values are right without any.
#   AESOP_DATA_ROOT=DIR QUALITY=DIR Rscript bench/outliers.R [null|injected|samples|novelty|cohorts|doublets]...
# DIR of the data holds data/kremer_rnaseq_counts and so on; QUALITY is the folder with metrics.R, datasets.R and
# prep.R (which needs scran and scuttle). Defaults of the package everywhere. Without a part: all of them.
#   null      20 simulations each of normal residuals (method t) and negative binomial counts (method nb):
#             Kolmogorov-Smirnov p of the p-values (counts: randomised within the observed one) and the
#             share below .05, of the samples fitted to and of as many new ones
#             (and of whole samples, 200 features x 80 samples)
#   injected  mean area under precision-recall of 5 injections by frequency and size, for p-values and z
#   samples   the 16 sets of outlier_tabular: areas under both curves, all samples judged among themselves
#   novelty   one class left out in turn (classes of at least 100 samples): the rest of it beside a fifth of the
#             other samples, judged by a model of the four fifths; LOF on 50 principal components beside it
#   cohorts   the same with each cohort of tcga_rnaseq_6cohorts of at least 40 samples, and false positives
#   doublets  doublets of sc_mixology_3cl among all cells, with the protocol as a covariate and without; trivial scores beside it
suppressPackageStartupMessages(library(aesop))

quiet <- function(expr) suppressMessages(expr)
tasks <- commandArgs(trailingOnly = TRUE)
wanted <- function(task) length(tasks) == 0 || task %in% tasks

quality <- Sys.getenv("QUALITY", "../shared/bench/quality")
if (any(vapply(c("injected", "samples", "novelty", "cohorts", "doublets"), wanted, NA))) {
    for (file in c("datasets.R", "metrics.R", "prep.R")) source(file.path(quality, file))
}
data_set <- function(name) load_dataset(Sys.getenv("AESOP_DATA_ROOT", "../shared"), name)

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
        theta <- 1 / (wider / null$theta[match(table$feature, features)] + (wider - 1) / table$expected)
        u <- stats::pnbinom(table$observed - 1, size = theta, mu = table$expected) +
            stats::runif(nrow(table)) * stats::dnbinom(table$observed, size = theta, mu = table$expected)
        p <- 2 * pmin(u, 1 - u)
        if (wider > 1) p <- 2 * stats::pt(stats::qnorm(p / 2), 1 / null$uncertainty)
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

if (wanted("null")) {
    for (kind in c("t", "nb")) {
        result <- sapply(1:20, nullRun, kind = kind)
        cat(sprintf("null %-3s fitted: KS p > .01 in %d of 20, share below .05 %.3f (%.3f to %.3f)\n", kind,
            sum(result["ks", ] > 0.01), mean(result["fpr", ]), min(result["fpr", ]), max(result["fpr", ])))
        cat(sprintf("         new: KS p > .01 in %d of 20, share below .05 %.3f (%.3f to %.3f); codes %d to %d\n",
            sum(result["new.ks", ] > 0.01), mean(result["new.fpr", ]), min(result["new.fpr", ]),
            max(result["new.fpr", ]), min(result["latent", ]), max(result["latent", ])))
    }
}

if (wanted("null")) {
    result <- sapply(1:60, function(seed) {
        p <- quiet(findOutliers(simulate(seed, "t")(80)))$p_value
        c(ks = suppressWarnings(stats::ks.test(p, "punif"))$p.value, fpr = mean(p < 0.05))
    })
    cat(sprintf("null samples: KS p > .01 in %d of 60, share below .05 %.3f\n", sum(result["ks", ] > 0.01),
        mean(result["fpr", ])))
}

if (wanted("injected")) {
    counts <- as.matrix(data_set("kremer119")$x)
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

# Scores in the order of the samples.
in_order <- function(table, samples) table[match(samples, table$sample), ]

if (wanted("samples")) {
    sets <- dataset_index()
    result <- sapply(sets$name[sets$task == "outlier"], function(name) {
        d <- data_set(name)
        outlier_quality(in_order(quiet(findOutliers(d$x)), colnames(d$x))$score, d$outlier)
    })
    print(round(t(result), 3))
    cat(sprintf("samples: mean AUROC %.3f, AUPRC %.3f\n", mean(result["auroc", ]), mean(result["auprc", ])))
}

# Local outlier factor of new samples on 50 principal components of the training samples, 20 neighbours.
lof_on_components <- function(train, new) {
    pca <- stats::prcomp(t(train), rank. = 50)
    known <- pca$x
    query <- stats::predict(pca, t(new))
    density <- function(found, reach) 1 / rowMeans(pmax(found$distance, matrix(reach[found$index], nrow(found$index))))
    own <- BiocNeighbors::findKNN(known, k = 20)
    reach <- own$distance[, 20]
    found <- BiocNeighbors::queryKNN(known, query, k = 20)
    rowMeans(matrix(density(own, reach)[found$index], nrow(query))) / density(found, reach)
}

# One class left out: c(auroc, lof, false positives at .05, normal samples tested).
left_out <- function(x, label, class, seed = 1) {
    set.seed(seed)
    normal <- sample(which(label != class & !is.na(label)))
    train <- utils::head(normal, floor(0.8 * length(normal)))
    test <- c(setdiff(normal, train), which(label == class))
    novel <- label[test] == class
    model <- suppressWarnings(quiet(fitNovelty(x[, train], seed = seed, verbose = FALSE)))
    table <- in_order(scoreNovelty(model, x[, test]), colnames(x)[test])
    c(auroc = auroc(table$score, novel), lof = auroc(lof_on_components(x[, train], x[, test]), novel),
        false = mean(table$p_value[!novel] <= 0.05), normal = sum(!novel))
}

novelty <- function(name, least) {
    d <- data_set(name)
    x <- as.matrix(prep_set(d)$logc)
    label <- as.character(d$label)
    classes <- names(which(table(label) >= least))
    result <- sapply(classes, function(class) left_out(x, label, class))
    se <- sqrt(0.05 * 0.95 / sum(result["normal", ]))
    cat(sprintf("novelty %-22s %2d classes: AUROC %.3f (least %.3f), LOF %.3f; false positives %.3f (.05 +- %.3f)\n",
        name, length(classes), mean(result["auroc", ]), min(result["auroc", ]), mean(result["lof", ]),
        stats::weighted.mean(result["false", ], result["normal", ]), 2 * se))
}

if (wanted("novelty")) {
    for (name in c("pbmc3k", "tcga_rnaseq_90genes", "mnist_t10k")) novelty(name, 100)
}
if (wanted("cohorts")) novelty("tcga_rnaseq_6cohorts", 40)

if (wanted("doublets")) {
    d <- data_set("sc_mixology_3cl")
    x <- as.matrix(prep_set(d)$counts)
    cells <- data.frame(protocol = d$batch)
    scores <- list(
        ours = quiet(findOutliers(x)),
        design = quiet(findOutliers(x, design = ~protocol, covariates = cells)),
        local = quiet(findOutliers(x, method = "local", normalize = "log", seed = 1, verbose = FALSE)))
    scores <- lapply(scores, function(table) in_order(table, colnames(x))$score)
    scores$library_size <- colSums(x)
    scores$pca_error <- local({
        y <- t(prep_set(d)$logc)
        pca <- stats::prcomp(y, rank. = 20)
        rowSums((scale(y, scale = FALSE) - pca$x %*% t(pca$rotation))^2)
    })
    print(round(vapply(scores, outlier_quality, c(0, 0), y = d$outlier), 3))
}
