# Axes of a code in which neighbouring samples differ by as much in one
# direction as in any other, so that a distance counts differences between
# kinds of samples rather than what varies among samples of one kind.

.scaleQueries <- 2000L

# Power by which the variances among neighbours are drawn together: samples are
# neighbours because they are near in the directions of large variance, in which
# their differences come out too small.
.localPower <- 0.8

# Power of the ratio of total to local variance by which axes of a large ratio
# are shortened: few kinds that are far apart would hide the others.
.scalePower <- 1 / 8

# The least part of an axis that is left where samples differ by no more than
# neighbours do.
.leastPart <- 0.02

# scores: samples x components, centred. Returns the transformation,
# components x axes: the code is scores %*% transformation, its axes are
# uncorrelated, and the widest comes first.
#
# With S the covariance of neighbours (of their differences, halved), drawn to
# a multiple of the identity where samples are few, its eigenvalues to the power
# .localPower (in units of their mean), and T the covariance of all samples,
# both are made diagonal together: S = I and T = diag(r). An axis is then
# weighted by (1 - 1 / r), its share of what is not local, and r^-.scalePower.
.localAxes <- function(scores, neighbours) {
    n <- nrow(scores)
    local <- .localCovariance(scores, neighbours)
    even <- min(1, 2 * ncol(scores) / n)
    # where neighbours, or all samples, are alike
    size <- max(mean(diag(local)), 1e-9 * mean(scores^2))
    size <- if (size > 0) size else 1
    diag(local) <- diag(local) + 1e-9 * size
    local <- (1 - even) * local + even * diag(size, ncol(scores))
    parts <- eigen(local, symmetric = TRUE)
    values <- size * (parts$values / size)^.localPower
    white <- parts$vectors %*% (t(parts$vectors) / sqrt(values))
    total <- eigen(crossprod(scores %*% white) / n, symmetric = TRUE)
    ratio <- pmax(total$values, 1e-12)
    weight <- pmax(1 - 1 / ratio, .leastPart) * ratio^-.scalePower
    # the ratios descend, and with them the widths
    axes <- sweep(white %*% total$vectors, 2L, weight, "*")
    # the sign of an axis is free: its largest element is positive
    top <- cbind(apply(abs(axes), 2L, which.max), seq_len(ncol(axes)))
    sweep(axes, 2L, sign(axes[top]), "*")
}

# Of some samples and their nearest ones among all.
.localCovariance <- function(scores, neighbours) {
    query <- .fixedSubset(nrow(scores), .scaleQueries)
    k <- min(neighbours, nrow(scores) - 1L)
    nearest <- .nearestSamples(scores, query, k)
    sum <- 0
    for (j in seq_len(k)) {
        sum <- sum + crossprod(scores[query, , drop = FALSE] -
            scores[nearest[, j], , drop = FALSE])
    }
    sum / (2 * k * length(query))
}

# query: numbers of samples. Returns the numbers of the k nearest others of
# each, by exact distances.
.nearestSamples <- function(scores, query, k) {
    size <- rowSums(scores^2)
    blocks <- split(query, (seq_along(query) - 1L) %/% 200L)
    found <- lapply(blocks, function(block) {
        distance <- size - 2 * tcrossprod(scores, scores[block, , drop = FALSE])
        distance[cbind(block, seq_along(block))] <- Inf
        apply(distance, 2L, function(d) {
            near <- which(d <= sort(d, partial = k)[k])
            near[order(d[near])][seq_len(k)]
        })
    })
    matrix(unlist(found, use.names = FALSE), ncol = k, byrow = TRUE)
}
