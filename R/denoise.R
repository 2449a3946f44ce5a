#' Denoised values
#'
#' Runs samples through a fitted model and gives back what the model takes for
#' their true values. For a model of counts these are the expected counts.
#'
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class].
#' @param x Samples, as for [encode()]: features x samples.
#' @param type Scale of the result of a model that uses size factors: `"mean"`
#'     for expected counts of a sample of that depth (the mean times the size
#'     factor), to be compared with the counts themselves; `"normalized"` for a
#'     size factor of 1, to be compared between samples: it needs no further
#'     normalisation but, where wanted, a logarithm. For other models both are
#'     the same.
#' @param impute `"all"` replaces every value. `"technical_zeros"` keeps
#'     every count above 0 and fills only those zeros whose
#'     [dropoutProbability()] is above 0.5, and tells in a message how many.
#' @param match,...,num_threads As for [encode()].
#' @param name Name of the assay for the result.
#'
#' @details
#' An autoencoder gives similar samples similar values, so that denoised values
#' suit pictures and correlations of features, but tests of differences on them
#' are too optimistic: they lack the noise that a test measures itself against.
#'
#' @section Errors:
#' Those of [encode()]; `aesop_error_param` for `impute = "technical_zeros"`
#' with a model that has no probability of technical zeros, and for a reduced
#' dimension as data.
#'
#' @returns For a matrix: a dense matrix of features x samples, with the
#' features of the model (`impute = "technical_zeros"`: NA for those that `x`
#' lacks). For an experiment: `x` with a further assay, `NA` in
#' rows that the model does not use; with `altexp`, in that experiment.
#' @seealso [reconstruct()], which for a matrix is the same as the defaults
#'     here; [dropoutProbability()], [dispersions()]
#' @export
#' @examples
#' # two groups of cells
#' mean <- 4 * exp(matrix(rnorm(30 * 2), nrow = 30))[, rep(1:2, each = 40)]
#' counts <- matrix(rpois(30 * 80, mean), nrow = 30,
#'     dimnames = list(paste0("gene", 1:30), paste0("cell", 1:80)))
#' model <- trainAutoencoder(counts, countParam(latent = 2), seed = 1)
#' denoised <- denoise(model, counts)
#' c(counts = mean((counts - mean)^2), denoised = mean((denoised - mean)^2))
denoise <- function(model, x, type = c("mean", "normalized"),
    impute = c("all", "technical_zeros"), match = c("name", "position"), ...,
    name = "denoised", num_threads = NULL) {
    model <- .checkModel(model)
    type <- .checkChoice(type, "type", c("mean", "normalized"))
    impute <- .checkChoice(impute, "impute", c("all", "technical_zeros"))
    name <- .checkString(name, "name")
    args <- c(list(match = match, num_threads = num_threads), list(...))
    experiment <- is(x, "SummarizedExperiment")
    where <- if (experiment) .whereFrom(model, x, args)
    if (!is.null(where$dimred)) {
        .abort("param", c(
            "A reduced dimension (`dimred`) has no assay for denoised values.",
            "Use reconstruct()."
        ), arg = "dimred", value = where$dimred, allowed = NULL)
    }
    if (experiment && .isMultimodal(model)) {
        .abort("param", c(
            "A model of several assays has no one place for denoised values.",
            "Give the assays as a list of matrices."
        ), arg = "x", value = class(x), allowed = "list of matrices")
    }
    run <- if (impute == "all") .denoiseAll else .fillTechnicalZeros
    values <- run(model, x, type, args)
    if (!experiment) {
        return(values)
    }
    if (is.null(where$altexp)) {
        return(.addAssay(x, name, values))
    }
    SingleCellExperiment::altExp(x, where$altexp) <- .addAssay(
        SingleCellExperiment::altExp(x, where$altexp), name, values)
    x
}

# Without size factors the two types are the same numbers.
.denoiseAll <- function(model, x, type, args) {
    what <- if (type == "mean") "reconstruction" else "mean"
    .outputNew(model, x, what, args)
}

# x with `values` as an assay: rows matched by name where there are more of
# them than the model has features.
.addAssay <- function(x, name, values) {
    if (nrow(x) != nrow(values)) {
        rows <- match(rownames(x), rownames(values))
        .inform(sprintf("%s of `x` that the model does not use: NA in `%s`.",
            .count(sum(is.na(rows)), "feature"), name))
        values <- values[rows, , drop = FALSE]
    } else if (!is.null(rownames(x)) &&
        setequal(rownames(x), rownames(values))) {
        values <- values[rownames(x), , drop = FALSE]
    }
    dimnames(values) <- dimnames(x)
    SummarizedExperiment::assay(x, name) <- values
    x
}

.fillTechnicalZeros <- function(model, x, type, args) {
    .needLoss(model, "zinb", "`impute = \"technical_zeros\"`")
    parts <- .countParts(model, x, args)
    fill <- which(.technicalProbability(parts) > 0.5)
    result <- parts$counts
    result[fill] <- parts$mean[fill]
    if (type == "normalized") {
        result <- result / rep(parts$size_factor, each = nrow(result))
    }
    .informFilled(parts$counts, fill)
    dimnames(result) <- list(model@features, parts$samples)
    result
}

.informFilled <- function(counts, fill) {
    n <- sum(!is.na(counts))
    before <- sum(counts > 0, na.rm = TRUE) / n
    after <- before + length(fill) / n
    .inform(sprintf(paste("Filled %s of %s; values above 0: %s %% before,",
        "%s %% now."), .number(length(fill)),
        .count(sum(counts == 0, na.rm = TRUE), "zero"),
        format(100 * before, digits = 3L), format(100 * after, digits = 3L)),
        n_filled = length(fill), before = before, after = after)
}
