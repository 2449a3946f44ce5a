#' Dispersions and technical zeros of a model of counts
#'
#' What a model with the loss `"nb"` or `"zinb"` says about the counts besides
#' their mean.
#'
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class] with the
#'     loss `"zinb"`, for `dispersions` also `"nb"`.
#' @param x Samples, as for [encode()]: counts, features x samples. For
#'     `dispersions` only needed where each entry has its own dispersion.
#' @param match,...,num_threads As for [encode()].
#'
#' @details
#' A count has the mean m (the size factor included) and the variance
#' m + m^2 / theta; the dispersion theta is large for counts that are near
#' Poisson.
#'
#' A zero can be technical, although the feature is expressed, or one that the
#' negative binomial distribution gives by itself. With p the model's
#' probability of technical zeros, a given zero is technical with the
#' probability p / (p + (1 - p) (theta / (theta + m))^theta) (Bayes' theorem).
#' A count above 0 is no zero: its probability is exactly 0. Note that this is
#' not p itself, which other programs report for all entries. Small
#' probabilities tend to come out too small, as a flexible model explains some
#' technical zeros by a low mean; few codes (`latent`) and a little `l2`, such
#' as 1e-4, help.
#'
#' @section Errors:
#' Those of [encode()]; `aesop_error_param` for a model of another loss, or if
#' `x` is missing where it is needed.
#'
#' @returns `dropoutProbability`: a matrix of features x samples, from 0 to 1;
#' NA for features that `x` lacks.
#' `dispersions`: a matrix of features x samples where each entry has its own
#' dispersion, else a vector named by feature (the same number for all with
#' `dispersion = "constant"`).
#' @references Eraslan G. et al. (2019) Single-cell RNA-seq denoising using a
#' deep count autoencoder. Nature Communications 10, 390.
#' @seealso [denoise()] for the means, [zeroInflatedLoss()]
#' @name countHeads
#' @examples
#' counts <- matrix(rnbinom(30 * 50, mu = 4, size = 2), nrow = 30,
#'     dimnames = list(paste0("gene", 1:30), paste0("cell", 1:50)))
#' counts[runif(1500) < 0.2] <- 0
#' model <- trainAutoencoder(counts, countParam("zinb", latent = 2,
#'     epochs = 30), seed = 1)
#' p <- dropoutProbability(model, counts)
#' range(p[counts > 0])
#' summary(p[counts == 0])
#' head(dispersions(model), 3)
NULL

#' @rdname countHeads
#' @export
dropoutProbability <- function(model, x, match = c("name", "position"), ...,
    num_threads = NULL) {
    model <- .checkModel(model)
    .needLoss(model, "zinb", "dropoutProbability()")
    args <- c(list(match = match, num_threads = num_threads), list(...))
    parts <- .countParts(model, x, args)
    result <- .technicalProbability(parts)
    dimnames(result) <- list(model@features, parts$samples)
    result
}

#' @rdname countHeads
#' @export
dispersions <- function(model, x = NULL, match = c("name", "position"), ...,
    num_threads = NULL) {
    model <- .checkModel(model)
    .needLoss(model, c("nb", "zinb"), "dispersions()")
    if (validate_config(model@param@settings)$dispersion != "entry") {
        return(.featureDispersions(model))
    }
    if (is.null(x)) {
        .abort("param", c(
            "`x` is missing: in this model each entry has its dispersion.",
            "Give the samples: dispersions(model, x)"
        ), arg = "x", value = NULL, allowed = .acceptedInput())
    }
    args <- c(list(match = match, num_threads = num_threads), list(...))
    run <- .applyModel(model, x, "dispersion", args)
    result <- .limitDispersion(run$result)
    dimnames(result) <- list(model@features, run$samples)
    result
}

.needLoss <- function(model, losses, what) {
    if (.isMultimodal(model)) {
        .abortParam("model", "several assays",
            sprintf("a model of one assay for %s", what))
    }
    loss <- validate_config(model@param@settings)$loss
    if (!loss %in% losses) {
        allowed <- sprintf("a model with the loss %s",
            paste(.quote(losses), collapse = " or "))
        .abort("param", c(
            sprintf("%s needs %s; that of `model` is %s.", what, allowed,
                .quote(loss)),
            sprintf("Train one: countParam(\"%s\")", losses[1L])
        ), arg = "model", value = loss, allowed = allowed)
    }
}

# The limits within which the likelihoods use a dispersion.
.limitDispersion <- function(theta) {
    theta[] <- pmin(pmax(theta, 1e-4), 1e6)
    theta
}

.featureDispersions <- function(model) {
    theta <- .limitDispersion(exp(model@weights$dispersion.log_theta))
    stats::setNames(rep_len(theta, length(model@features)), model@features)
}

# All that a zero-inflated model says about x: list(counts, mean, theta, zero,
# size_factor, samples), the first four features x samples or theta by feature.
.countParts <- function(model, x, args) {
    new <- .newData(model, x, args)
    output <- function(what) {
        .applySource(model, new$source, what, new$control)
    }
    settings <- validate_config(model@param@settings)
    counts <- .sourceMatrix(new$source)
    storage.mode(counts) <- "double"
    size_factor <- .sizeFactors(model, new$source, counts)
    counts[.absentFeatures(new$source), ] <- NA
    list(
        counts = counts,
        mean = output("reconstruction"),
        theta = if (settings$dispersion == "entry") {
            .limitDispersion(output("dispersion"))
        } else {
            .featureDispersions(model)
        },
        zero = output("zero_probability"),
        size_factor = size_factor,
        samples = .sampleNames(new$source)
    )
}

.sizeFactors <- function(model, source, counts) {
    if (!is.null(source$size_factors)) {
        return(source$size_factors)
    }
    total <- colSums(counts)
    ifelse(total > 0, total / model@transform$size_factor_target, 1)
}

# P(technical | zero), 0 for counts above 0. As log odds, so that a mean of any
# size is exact.
.technicalProbability <- function(parts) {
    log_zero <- -parts$theta * log1p(parts$mean / parts$theta)
    p <- stats::plogis(stats::qlogis(parts$zero) - log_zero)
    p[which(parts$counts > 0)] <- 0
    p[is.na(parts$counts)] <- NA
    p
}
