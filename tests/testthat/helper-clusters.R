# How well codes and clusters agree with labels.

# Share of samples whose k nearest neighbours have, by majority, their label.
nearestLabels <- function(codes, labels, k = 15L) {
    distance <- as.matrix(stats::dist(codes))
    diag(distance) <- Inf
    guess <- apply(distance, 1L, function(row) {
        votes <- table(labels[order(row)[seq_len(k)]])
        names(votes)[which.max(votes)]
    })
    mean(guess == labels)
}

# Adjusted Rand index (Hubert and Arabie 1985).
randIndex <- function(a, b) {
    both <- sum(choose(table(a, b), 2))
    first <- sum(choose(table(a), 2))
    second <- sum(choose(table(b), 2))
    chance <- first * second / choose(length(a), 2)
    (both - chance) / ((first + second) / 2 - chance)
}

clusterAgreement <- function(codes, labels) {
    groups <- withr::with_seed(1L, stats::kmeans(codes,
        length(unique(labels)), nstart = 20L))
    randIndex(groups$cluster, labels)
}
