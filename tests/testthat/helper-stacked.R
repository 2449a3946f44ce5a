# Stacked autoencoders against networks from a random start.

# The same settings without pre-training.
unstacked <- function(param) {
    do.call(AutoencoderParam, as.list(param, complete = FALSE)[setdiff(
        names(as.list(param, complete = FALSE)), "decoder_mirrored")])
}

lastLoss <- function(model) tail(model@history$loss, 1L)

# Pre-trained, from a random start, and that as long as both together.
threeFits <- function(x, param, layers, pretrain) {
    quiet <- function(...) fitQuiet(x, ...)
    long <- as.list(param)$epochs + layers * pretrain
    list(stacked = quiet(param), random = quiet(unstacked(param)),
        longer = quiet(unstacked(param), epochs = long))
}
