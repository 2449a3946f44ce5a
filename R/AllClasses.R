# The two classes of the package: settings and fitted model.

#' Settings of an autoencoder
#'
#' Only the settings that were given are stored; all others are the core's
#' defaults (see [autoencoderDefaults()]), or are fitted to the size of the
#' data by [trainAutoencoder()]. Use [AutoencoderParam()] to make one and
#' [as.list()][as.list.AutoencoderParam] to read it.
#'
#' @slot settings A named list.
#' @slot extra A list: what [trainAutoencoder()] needs besides the core's
#'     settings, such as the `design`.
#' @returns The class `AutoencoderParam`.
#' @seealso [AutoencoderParam()]
#' @examples
#' AutoencoderParam(latent = 5)
#' @exportClass AutoencoderParam
setClass("AutoencoderParam", slots = c(settings = "list", extra = "list"))

#' A fitted autoencoder
#'
#' A fitted model is plain R data: it holds no pointer, no environment and
#' none of the training data, so [saveRDS()] and sending it to another process
#' work. Use [trainAutoencoder()] to make one.
#'
#' @slot param The complete [AutoencoderParam][AutoencoderParam()], with the
#'     settings that were chosen for the data.
#' @slot weights A named list of numeric matrices and vectors such as
#'     `encoder.1.weight` (inputs x units) and `encoder.1.bias`.
#' @slot transform A list: what is done to the input before the encoder
#'     (`center` and `scale` per feature, `size_factor_target` and so on).
#' @slot features The names of the features, in the order of the weights.
#' @slot history A data frame with one row per epoch: `epoch`, `loss`,
#'     `val_loss`, `learning_rate` and `seconds`.
#' @slot info A list: `status` (for instance `"completed"` or
#'     `"interrupted"`), `n_samples`, `n_features`, `best_epoch`, `messages`,
#'     `seed`, `validation` (the samples held out), `error_quantiles` (of the
#'     training samples' reconstruction errors), `design` (of a model with
#'     covariates), `package_version`.
#'
#' @returns The class `AutoencoderModel`.
#' @seealso [trainAutoencoder()], [encode()], [summary.AutoencoderModel()],
#'     [saveModel()]
#' @examples
#' x <- matrix(rnorm(20 * 40), nrow = 20,
#'     dimnames = list(paste0("gene", seq_len(20)), NULL))
#' model <- trainAutoencoder(x, latent = 2, epochs = 5, seed = 1)
#' model
#' summary(model)$n_parameters
#' @exportClass AutoencoderModel
setClass("AutoencoderModel", slots = c(
    param = "AutoencoderParam",
    weights = "list",
    transform = "list",
    features = "character",
    history = "data.frame",
    info = "list"
))
