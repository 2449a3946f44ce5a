#' New samples from a variational model
#'
#' Draws codes from the prior, the standard normal distribution, and decodes
#' them. Sample number i is the same for any number of samples.
#'
#' @param model A fitted variational model, see [variationalParam()].
#' @param n Number of samples, at least 1.
#' @param seed A whole number that fixes the codes; R's generator is then left
#'     alone. `NULL` draws one number from it.
#' @param ... Further arguments of [decode()][encode], such as `num_threads`.
#'
#' @section Errors:
#' `aesop_error_param` for a model that is not variational, or a number out of
#' range; those of [encode()].
#'
#' @returns A list with `codes`, a matrix of samples x codes, and `samples`, a
#' matrix of features x samples on the scale of the training data: the mean
#' that the model gives for each code, without the noise around it. For losses
#' on counts these are expected counts for a size factor of 1.
#' @references Kingma D.P., Welling M. (2014) Auto-encoding variational Bayes.
#' @seealso [decode()][encode] for codes of your own
#' @export
#' @examples
#' x <- outer(rnorm(30), rnorm(100)) + rnorm(30 * 100, sd = 0.2)
#' model <- trainAutoencoder(x, variationalParam(latent = 2, epochs = 30),
#'     seed = 1)
#' new <- sampleAutoencoder(model, 200, seed = 2)
#' dim(new$samples)
#' cor(apply(x, 1, sd), apply(new$samples, 1, sd))
sampleAutoencoder <- function(model, n = 1, seed = NULL, ...) {
    model <- .checkModel(model)
    if (!validate_config(model@param@settings)$variational) {
        .abort("param", c(
            "`model` is not variational: nothing says where its codes lie.",
            "Train one with variationalParam()."
        ), arg = "model", value = FALSE, allowed = "variational = TRUE")
    }
    n <- .checkNumber(n, "n", lower = 1, integer = TRUE)
    if (!is.null(seed)) {
        seed <- .checkSeed(seed)
    }
    codes <- .standardNormal(n, model@param@settings$latent, seed)
    list(codes = codes, samples = decode(model, codes, ...))
}

# n x latent. The noise of a Gaussian input is a standard normal number for
# each (seed, sample, element).
.standardNormal <- function(n, latent, seed) {
    codes <- t(applyNoise(matrix(0, latent, n), gaussianNoise(1), seed = seed))
    dimnames(codes) <- list(paste0("sample", seq_len(n)),
        paste0("AE", seq_len(latent)))
    codes
}
