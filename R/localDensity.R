# How sparse the surroundings of a code are, compared with the surroundings of
# its neighbours, and how far it lies from the nearest group of codes: for
# normal samples of many kinds.

.localNeighbours <- c(5L, 10L, 20L)
.localGroups <- 50L
.samplesPerGroup <- 30L

# Leading directions of the codes that are looked at: all, half, an eighth.
.localSizes <- function(q) {
    unique(pmax(1L, as.integer(c(q, q %/% 2L, q %/% 8L))))
}

# codes: samples x codes of normal samples. Plain vectors, for a model to keep.
.localReference <- function(codes, seed) {
    center <- colMeans(codes)
    centred <- sweep(codes, 2L, center)
    rotation <- eigen(crossprod(centred), symmetric = TRUE)$vectors
    codes <- signif(centred %*% rotation, 7L)
    reference <- list(center = unname(center), rotation = as.vector(rotation),
        codes = as.vector(codes), n = as.double(nrow(codes)))
    reference$density <- unlist(lapply(.localSizes(ncol(codes)),
        function(size) {
            .neighbourDensity(codes[, seq_len(size), drop = FALSE])
        }))
    groups <- min(.localGroups, nrow(codes) %/% .samplesPerGroup,
        sum(!duplicated(codes)))
    group <- if (groups > 1L) {
        .kmeans(groups, codes, seed, starts = 2L)$cluster
    } else {
        rep(1, nrow(codes))
    }
    # without the names of the samples
    reference$group <- as.double(group)
    reference
}

# What the local outlier factor (Breunig et al. 2000) keeps of each sample, for
# each number of neighbours: distance to the last of them, and density.
.neighbourDensity <- function(codes) {
    found <- .neighbours(codes)
    unlist(lapply(.localCounts(nrow(codes)), function(k) {
        reach <- found$distance[, k]
        c(reach, .reachability(found, reach, k))
    }))
}

.localCounts <- function(n) {
    unique(pmin(.localNeighbours, n - 1L))
}

# The nearest codes, of a code itself or of others (query).
.neighbours <- function(codes, query = NULL) {
    k <- max(.localCounts(nrow(codes)))
    # ties are many where codes are alike; they do not matter here
    # the index draws from R's generator
    .withSeed(0, suppressWarnings(if (is.null(query)) {
        BiocNeighbors::findKNN(codes, k = k)
    } else {
        BiocNeighbors::queryKNN(codes, query, k = k)
    }))
}

.needNeighbours <- function() {
    .needPackage("BiocNeighbors", "method = \"local\"")
    .needPackage("withr", "method = \"local\"")
}

# One over the mean distance at which a sample is reached from its neighbours.
.reachability <- function(found, reach, k) {
    near <- seq_len(k)
    distance <- pmax(found$distance[, near, drop = FALSE],
        reach[found$index[, near]])
    dim(distance) <- c(nrow(found$index), k)
    1 / pmax(rowMeans(distance), 1e-12)
}

# One column per view of the codes, larger for stranger ones: the log of the
# local outlier factor by size, and the distance to the nearest group. query:
# codes, or NULL for the known ones, each without itself as a neighbour.
.localViews <- function(reference, query = NULL) {
    q <- length(reference$center)
    known <- matrix(reference$codes, reference$n, q)
    if (!is.null(query)) {
        query <- sweep(query, 2L, reference$center) %*%
            matrix(reference$rotation, q)
    }
    sizes <- .localSizes(q)
    kept <- array(reference$density, c(reference$n, 2L,
        length(.localCounts(reference$n)), length(sizes)))
    factors <- lapply(seq_along(sizes), function(i) {
        columns <- seq_len(sizes[i])
        .logOutlierFactor(known[, columns, drop = FALSE],
            if (!is.null(query)) query[, columns, drop = FALSE],
            array(kept[, , , i], dim(kept)[1:3]))
    })
    cbind(do.call(cbind, factors), .groupDistance(known, reference$group,
        if (is.null(query)) known else query))
}

# Mean over the numbers of neighbours.
.logOutlierFactor <- function(known, query, kept) {
    found <- .neighbours(known, query)
    n <- nrow(found$index)
    counts <- .localCounts(nrow(known))
    logs <- vapply(seq_along(counts), function(j) {
        k <- counts[j]
        own <- .reachability(found, kept[, 1L, j], k)
        around <- matrix(kept[found$index[, seq_len(k)], 2L, j], n)
        log(rowMeans(around) / own)
    }, numeric(n))
    rowMeans(matrix(logs, n))
}

# Views on one scale and added: 0 for the median of the samples that set the
# scale, 1 for their 84th percentile. A residual counts beyond 3 of its own.
.localScale <- function(views) {
    middle <- apply(views, 2L, stats::median)
    spread <- apply(views, 2L, stats::quantile, 0.84, names = FALSE) - middle
    list(middle = unname(middle), spread = pmax(unname(spread), 1e-6))
}

.localScore <- function(scale, views) {
    z <- (views - rep(scale$middle, each = nrow(views))) /
        rep(scale$spread, each = nrow(views))
    last <- ncol(z)
    rowSums(z[, -last, drop = FALSE]) + 4 * pmax(z[, last] - 3, 0)
}

# Minus twice the log density of the nearest of several normal distributions,
# whose covariances are drawn towards their common one.
.groupDistance <- function(known, group, query) {
    q <- ncol(known)
    groups <- split(seq_along(group), group)
    centers <- rowsum(known, group) / tabulate(group)
    common <- .shrunkCovariance(known - centers[group, , drop = FALSE])
    distance <- vapply(seq_along(groups), function(g) {
        own <- known[groups[[g]], , drop = FALSE]
        own <- sweep(own, 2L, centers[g, ])
        kept <- nrow(own) / (nrow(own) + 2 * q)
        root <- chol(kept * crossprod(own) / nrow(own) + (1 - kept) * common)
        z <- sweep(query, 2L, centers[g, ]) %*% backsolve(root, diag(q))
        rowSums(z^2) + 2 * sum(log(diag(root))) -
            2 * log(nrow(own) / nrow(known))
    }, numeric(nrow(query)))
    apply(matrix(distance, nrow(query)), 1L, min)
}
