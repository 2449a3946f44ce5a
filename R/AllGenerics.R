#' @rdname trainAutoencoder
#' @export
setGeneric("trainAutoencoder",
    function(x, ...) standardGeneric("trainAutoencoder"))

#' @rdname runAutoencoder
#' @export
setGeneric("runAutoencoder",
    function(x, ...) standardGeneric("runAutoencoder"))
