#' The variational autoencoder Tybalt
#'
#' The settings of Tybalt (Way and Greene 2018), from the source of its authors
#' (`tybalt_vae.ipynb`, version of January 2019).
#'
#' @param ... Settings as for [AutoencoderParam()]; they win over the preset's.
#'
#' @details
#' One layer of 100 codes, for the mean and for the log variance each, with
#' batch normalisation and a relu; a sigmoid output. So the codes are not
#' negative. For 5,000 features these are 1,506,000 parameters, of which
#' 1,505,600 are trained. The loss is the cross-entropy, summed over the
#' features, plus the divergence; its weight is 0 in the first epoch and 1 from
#' the second on (the authors' kappa = 1). [adam()] with a rate of 0.0005, 50
#' epochs of batches of 50, a random tenth held out, the weights of the last
#' epoch kept. Features are scaled to 0-1 by their training range. Where the
#' authors took Keras' defaults these are those: the batch normalisation keeps
#' 0.99 of its running statistics and adds 0.001 to the variance, and the
#' initial weights are uniform (`"glorot_uniform"`).
#'
#' @section Errors:
#' `aesop_error_param`, as for [AutoencoderParam()].
#'
#' @returns An object of class
#' [AutoencoderParam][AutoencoderParam-class].
#' @references Way G.P., Greene C.S. (2018) Extracting a biologically relevant
#' latent space from cancer transcriptomes with variational autoencoders.
#' Pacific Symposium on Biocomputing 23, 80-91.
#' @seealso [variationalParam()] for the general form, [sampleAutoencoder()]
#' @export
#' @examples
#' tybaltParam()
#' # a slower warm-up and more codes
#' tybaltParam(kl_warmup = 0.05, latent = 200)
tybaltParam <- function(...) {
    .preset(list(hidden = integer(0), latent = 100L, variational = TRUE,
        latent_activation = "relu", latent_batch_norm = TRUE,
        batch_norm_momentum = 0.99, batch_norm_epsilon = 1e-3,
        beta = 1, kl_warmup = 1, loss = "bce", loss_reduction = "sum",
        optimizer = adam(5e-4), epochs = 50L, batch_size = 50L,
        validation = 0.1, early_stopping = FALSE,
        initialization = "glorot_uniform", normalize = "none",
        scale = "minmax"), list(...))
}
