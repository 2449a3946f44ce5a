# Time courses of genes: clusters of codes against clusters of the input.

# How well clusters of genes separate the targets of transcription factors:
# for each factor the smallest p-value of the hypergeometric test for too many
# of its targets in a cluster, as -log10, and the mean over all factors.
targetScore <- function(cluster, targets) {
    hits <- rowsum(targets * 1, cluster)
    size <- as.vector(table(cluster))
    mean(vapply(seq_len(ncol(targets)), function(i) {
        total <- sum(targets[, i])
        p <- phyper(hits[, i] - 1, total, nrow(targets) - total, size,
            lower.tail = FALSE)
        -log10(min(p))
    }, 1))
}

test_that("codes of yeast time courses score higher on factors' targets", {
    folder <- file.path(dataFolder(), "yeast_compendium")
    skip_if_not(dir.exists(folder), paste("no yeast_compendium in the data",
        "folder: write out the expression tables of netZooR's yeast data"))
    read <- function(name, ...) {
        utils::read.delim(gzfile(file.path(folder, name)), quote = "",
            check.names = FALSE, ...)
    }
    x <- as.matrix(read("exp.cc.tsv.gz", row.names = 1L))
    x <- t(x[rowSums(is.na(x)) == 0, ])
    expect_identical(dim(x), c(50L, 2532L))
    pairs <- read("tf_motif.tsv.gz")
    targets <- vapply(split(pairs$gene, pairs$tf), function(genes) {
        colnames(x) %in% genes
    }, logical(ncol(x)))
    score <- function(codes, k, seed) {
        groups <- withr::with_seed(seed, kmeans(codes, k, nstart = 10L,
            iter.max = 100L))
        targetScore(groups$cluster, targets)
    }
    counts <- c(8L, 10L, 15L, 20L, 30L)
    gain <- vapply(1:2, function(seed) {
        model <- trainAutoencoder(x, vanillaParam(), seed = seed,
            verbose = FALSE)
        codes <- encode(model, x)
        vapply(counts, function(k) {
            score(codes, k, seed) - score(t(x), k, seed)
        }, 1)
    }, numeric(length(counts)))
    expect_true(all(colMeans(gain) > 0))
    expect_gt(mean(gain), 0.1)
    # labels that mean nothing score far lower
    shuffled <- withr::with_seed(1L, sample(rep_len(1:20, ncol(x))))
    expect_lt(targetScore(shuffled, targets), 2)
})
