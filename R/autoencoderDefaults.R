#' Default settings
#'
#' Reports the defaults of all settings. They are defined once, in the C++
#' core. [trainAutoencoder()] adapts `hidden`, `latent`, `batch_size`,
#' `epochs` and `validation` to the size of the data, and `normalize` and
#' `scale` to the loss, unless they are given.
#'
#' @returns A named list, one element per setting.
#' @seealso [AutoencoderParam()]
#' @export
#' @examples
#' str(autoencoderDefaults())
autoencoderDefaults <- function() {
    autoencoder_defaults()
}
