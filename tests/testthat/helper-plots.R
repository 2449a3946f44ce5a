# What a picture draws.

# The data that a layer draws.
drawn <- function(plot, layer = 1L) {
    ggplot2::ggplot_build(plot)$data[[layer]]
}
geoms <- function(plot) {
    vapply(plot$layers, function(layer) class(layer$geom)[1L], "")
}

expectPicture <- function(plot) {
    testthat::expect_s3_class(plot, "ggplot")
    grDevices::pdf(NULL)
    withr::defer(grDevices::dev.off())
    testthat::expect_warning(testthat::expect_error(print(plot), NA), NA)
}

# The data of the first layer with this geom; "Text" is also ggrepel's.
drawnBy <- function(plot, geom) {
    drawn(plot, grep(paste0("^Geom", geom), geoms(plot))[1L])
}
