#' Save a fitted model to a file
#'
#' Writes the model in the safetensors format, which Python's libraries read as
#' well: the weights as tensors, everything else in the header. The file is
#' first written beside its place and then moved there, so a failure leaves an
#' older file as it was. [saveRDS()] works too, for use within R.
#'
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class].
#' @param path Where to write, usually ending in `.safetensors`.
#'
#' @section Errors:
#' `aesop_error_io` if the file cannot be written; `aesop_error_not_fitted` or
#' `aesop_error_format_schema` for something other than a sound model.
#'
#' @returns `path`, invisibly.
#' @seealso [loadModel()]
#' @export
#' @examples
#' x <- matrix(rnorm(20 * 40), nrow = 20,
#'     dimnames = list(paste0("gene", seq_len(20)), NULL))
#' model <- trainAutoencoder(x, latent = 2, epochs = 5, seed = 1)
#' file <- tempfile(fileext = ".safetensors")
#' saveModel(model, file)
#' identical(encode(loadModel(file), x), encode(model, x))
saveModel <- function(model, path) {
    model <- .checkModel(model)
    path <- .checkString(path, "path", "the name of a file")
    metadata <- list(
        config = model@param@settings,
        transform = model@transform,
        features = enc2utf8(model@features),
        history = as.list(model@history),
        info = model@info
    )
    write_model_file(.expandPath(path), metadata, model@weights)
    invisible(path)
}

# "~" made explicit. R warns of names that no file system takes; the core then
# raises the error.
.expandPath <- function(path) {
    if (startsWith(path, "~")) suppressWarnings(path.expand(path)) else path
}
