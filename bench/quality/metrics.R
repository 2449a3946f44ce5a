# How well a code (samples x dimensions) tells labels apart, leaving out samples without a label; and how far
# denoised counts are from those held back.
ari <- function(a, b) {
    table <- table(a, b)
    pairs <- function(n) sum(n * (n - 1) / 2)
    rows <- pairs(rowSums(table))
    columns <- pairs(colSums(table))
    expected <- rows * columns / pairs(sum(table))
    most <- (rows + columns) / 2
    if (most == expected) 1 else (pairs(table) - expected) / (most - expected)
}

labelled <- function(z, label) {
    known <- !is.na(label)
    z <- z[known, , drop = FALSE]
    z <- z[, apply(z, 2, stats::var) > 0, drop = FALSE]
    if (!ncol(z) || !all(is.finite(z))) stop("the code is constant or not finite")
    list(z = z, label = factor(as.character(label[known])))
}

# k-means with the true number of kinds: median of five seeds.
kmeans_ari <- function(z, label, seeds = 1:5) {
    data <- labelled(z, label)
    stats::median(vapply(seeds, function(seed) {
        set.seed(seed)
        found <- suppressWarnings(stats::kmeans(data$z, nlevels(data$label), iter.max = 50L, nstart = 20L))
        ari(found$cluster, data$label)
    }, 0))
}

# Each sample gets the kind of most of its 5 nearest samples from other folds; on a tie that of the nearest.
knn_accuracy <- function(near, label, k = 5L, folds = 5L) {
    set.seed(1L)
    fold <- integer(length(label))
    for (i in split(seq_along(label), label)) {
        fold[i] <- rep_len(sample.int(folds), length(i))[sample.int(length(i))]
    }
    kind <- as.integer(label)
    mean(vapply(seq_along(kind), function(i) {
        others <- near[i, fold[near[i, ]] != fold[i]]
        votes <- kind[utils::head(others, k)]
        count <- tabulate(votes, nlevels(label))
        votes[count[votes] == max(count)][1L] == kind[i]
    }, NA))
}

# Louvain on the graph of shared neighbours (10, ranked), and accuracy of the nearest neighbours.
neighbour_quality <- function(z, label) {
    data <- labelled(z, label)
    near <- suppressWarnings(BiocNeighbors::findKNN(data$z, k = min(30L, nrow(data$z) - 1L),
        get.distance = FALSE)$index)
    graph <- bluster::neighborsToSNNGraph(near[, seq_len(min(10L, ncol(near))), drop = FALSE], type = "rank")
    set.seed(1L)
    found <- igraph::membership(igraph::cluster_louvain(graph))
    c(louvain_ari = ari(found, data$label), knn_acc = knn_accuracy(near, data$label))
}

# Independent halves of counts by binomial thinning (Batson et al. 2019, molecular cross-validation).
thin_counts <- function(x, prob = 0.5, seed = 1L) {
    set.seed(seed)
    train <- x
    train[] <- stats::rbinom(length(x), as.integer(round(x)), prob)
    list(train = train, test = x - train)
}

# Mean Poisson deviance of the held counts.
denoising_quality <- function(predicted, test, floor = 1e-3) {
    mean <- pmax(predicted, floor)
    c(poisson_dev = mean(2 * (ifelse(test > 0, test * log(pmax(test, 1e-300) / mean), 0) - (test - mean))))
}
