# What every method gets, the baselines too: logarithms of normalised counts of the 2,000 most variable genes
# (scran); of other expression data the 2,000 features of largest variance; anything else as it is.
#   prep_set(set)  list(logc, counts or NULL), features x samples
prep_set <- function(set, n_features = 2000L) {
    x <- set$x
    if (set$kind == "counts") {
        x <- x[Matrix::rowSums(x) > 0, , drop = FALSE]
        library_size <- Matrix::colSums(x)
        logc <- scuttle::normalizeCounts(x, size.factors = library_size / mean(library_size))
        keep <- rownames(x)
        if (nrow(x) > n_features) {
            variable <- scran::getTopHVGs(suppressWarnings(scran::modelGeneVar(logc)), n = n_features)
            keep <- keep[keep %in% variable]
        }
        pick <- function(values) as.matrix(values[keep, , drop = FALSE])
        return(list(logc = pick(logc), counts = pick(x)))
    }
    variance <- apply(x, 1, stats::var)
    x <- x[variance > 0, , drop = FALSE]
    if (set$kind == "expression" && nrow(x) > n_features) {
        largest <- order(-variance[variance > 0])[seq_len(n_features)]
        x <- x[sort(largest), , drop = FALSE]
    }
    list(logc = x, counts = NULL)
}
