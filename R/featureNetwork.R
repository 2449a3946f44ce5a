#' Features that the codes see as alike
#'
#' Joins two features by an edge if their weights to the codes are correlated:
#' features that go to the same codes with the same signs are parts of one
#' process (Tan et al. 2017).
#'
#' The weights are those of [featureSignatures()]. The correlation of two
#' features is Pearson's over the codes, so it needs at least three of them, and
#' means something only with many more (eADAGE has 300): with few codes any
#' two features may correlate by chance. Where the loss leaves weights free,
#' they keep much of their random start, which hides what features have in
#' common: train with a penalty such as `l2 = 0.01`. Features whose weights are
#' all the same have no edges. The correlations are computed in blocks; memory
#' is needed for the edges only.
#'
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class].
#' @param cutoff An edge needs an absolute correlation of at least this:
#'     greater than 0, at most 1.
#' @param features Names of features to which the network is restricted; `NULL`
#'     for all.
#' @param output `"data.frame"`, or `"igraph"` for a graph of the package of
#'     that name, with features without an edge as nodes.
#' @param weights,data,... As for [featureSignatures()]. ADAGE has those of the
#'     encoder.
#'
#' @section Errors:
#' `aesop_error_param` for arguments out of range, and for a model with fewer
#' than three codes; those of [featureSignatures()]; `aesop_error_package` if
#' igraph is asked for and not installed.
#'
#' @returns A data frame with one row per edge, the highest absolute
#' correlation first: `feature1`, `feature2` (in the model's order) and
#' `correlation`; or an undirected igraph with the edge attributes
#' `correlation` and `weight`, its absolute value.
#' @references Tan J. et al. (2017) Unsupervised extraction of stable expression
#' signatures from public compendia with an ensemble of neural networks. Cell
#' Systems 5, 63-71.
#' @seealso [featureSignatures()], [associationRules()]
#' @export
#' @examples
#' x <- matrix(rnorm(40 * 60), nrow = 40,
#'     dimnames = list(paste0("gene", 1:40), NULL))
#' x[1:6, ] <- x[1:6, ] + rep(3 * rnorm(60), each = 6)
#' model <- trainAutoencoder(x, vanillaParam(latent = 8), epochs = 50,
#'     learning_rate = 0.02, l2 = 0.01, seed = 1)
#' head(featureNetwork(model, cutoff = 0.9))
featureNetwork <- function(model, cutoff = 0.5, features = NULL,
    output = c("data.frame", "igraph"),
    weights = c("auto", "encoder", "decoder", "gradient"), data = NULL, ...) {
    model <- .checkModel(model)
    cutoff <- .checkNumber(cutoff, "cutoff", lower = 0, upper = 1)
    if (cutoff == 0) {
        .abortParam("cutoff", cutoff, "greater than 0, at most 1")
    }
    output <- .checkChoice(output, "output", c("data.frame", "igraph"))
    if (output == "igraph") {
        .needPackage("igraph", "output = \"igraph\"")
    }
    latent <- model@param@settings$latent
    if (latent < 3L) {
        .abort("param", c(
            sprintf("`model` has %s, too few for a correlation of weights.",
                .count(latent, "code")),
            "Train a model with more codes; many are needed."
        ), arg = "model", value = latent, allowed = "at least 3 codes")
    }
    weights <- .featureWeights(model, weights, data, list(...))
    if (!is.null(features)) {
        rows <- .featureNumbers(features, rownames(weights))
        weights <- weights[sort(rows), , drop = FALSE]
    }
    edges <- .correlatedRows(weights, cutoff)
    if (output == "data.frame") {
        return(edges)
    }
    edges$weight <- abs(edges$correlation)
    igraph::graph_from_data_frame(edges, directed = FALSE,
        vertices = data.frame(name = rownames(weights)))
}

# Numbers of features given by name, or NULL for all.
.featureNumbers <- function(features, known) {
    if (is.null(features)) {
        return(NULL)
    }
    found <- if (is.character(features) && !is.object(features)) {
        match(features, known)
    }
    if (length(found) == 0L || anyNA(found)) {
        .abortParam("features", features,
            "NULL or names of features of the model")
    }
    unique(found)
}

# Pairs of rows with an absolute correlation of at least `cutoff`.
.correlatedRows <- function(weights, cutoff, block = 500L) {
    n <- nrow(weights)
    z <- weights - rowMeans(weights)
    size <- sqrt(rowSums(z^2))
    flat <- size <= 1e-12 * sqrt(rowSums(weights^2))
    z <- z / ifelse(flat, Inf, size)
    names <- rownames(weights)
    parts <- lapply(seq(1L, n, by = block), function(from) {
        rows <- from:min(n, from + block - 1L)
        r <- tcrossprod(z[rows, , drop = FALSE], z[from:n, , drop = FALSE])
        # rounding must not take the edges of a correlation of 1
        found <- which(abs(r) >= cutoff - 1e-12 & col(r) > row(r),
            arr.ind = TRUE)
        cbind(rows[found[, 1L]], from - 1L + found[, 2L], r[found])
    })
    edges <- do.call(rbind, parts)
    # nor decide between equal ones
    edges <- edges[order(-round(abs(edges[, 3L]), 12L), edges[, 1L],
        edges[, 2L]), , drop = FALSE]
    data.frame(feature1 = names[edges[, 1L]], feature2 = names[edges[, 2L]],
        correlation = pmax(-1, pmin(1, edges[, 3L])))
}
