# Layers of a convolutional encoder, as pieces of an AutoencoderParam.

.asLayers <- function(value) {
    if (!is.list(value)) {
        .abortParam("layers", value, "a list of layers")
    }
    lapply(value, function(layer) as.list(unclass(layer)))
}
