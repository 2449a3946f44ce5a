# What the pictures share: theme, colours that colour-blind readers can tell
# apart, names that fit.

.plotTheme <- function() {
    ggplot2::theme_bw(base_size = 11) +
        ggplot2::theme(panel.grid.minor = ggplot2::element_blank(),
            plot.subtitle = ggplot2::element_text(size = 9),
            plot.title.position = "plot")
}

.blue <- "#0072B2"
.orange <- "#D55E00"

# Okabe and Ito's colours, from the easiest to see on white.
.okabeIto <- c("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00",
    "#56B4E9", "#000000", "#F0E442")

# Okabe and Ito's colours for up to eight groups, viridis for numbers and
# ordered groups. More groups use the colours again: see .shapeScale().
.colourScale <- function(values, title, aesthetics = "colour") {
    if (is.numeric(values)) {
        return(ggplot2::scale_colour_viridis_c(name = title,
            aesthetics = aesthetics, na.value = "grey70"))
    }
    if (is.ordered(values)) {
        return(ggplot2::scale_colour_viridis_d(name = title,
            aesthetics = aesthetics, na.value = "grey70", end = 0.9))
    }
    n <- length(unique(values[!is.na(values)]))
    ggplot2::scale_colour_manual(name = title, aesthetics = aesthetics,
        values = rep_len(.okabeIto, max(n, 8L)), na.value = "grey70")
}

# One shape for each round of the colours.
.shapeScale <- function(n, title) {
    shapes <- c(16L, 17L, 15L, 4L, 3L, 8L, 1L, 2L, 0L, 5L, 6L)
    ggplot2::scale_shape_manual(name = title, na.value = 16L,
        values = rep_len(rep(shapes, each = length(.okabeIto)), n))
}

# Blue to orange with white at 0; values beyond the limit get its colour.
.divergingScale <- function(title, limit) {
    ggplot2::scale_fill_gradient2(name = title, low = .blue, mid = "white",
        high = .orange, limits = c(-limit, limit), na.value = "grey85",
        oob = function(x, ...) pmax(pmin(x, limit), -limit))
}

# "no" in blue and "yes" in orange with a shape of its own.
.flagScales <- function(title) {
    list(
        ggplot2::scale_colour_manual(name = title, drop = FALSE,
            values = c(no = .blue, yes = .orange)),
        ggplot2::scale_shape_manual(name = title, drop = FALSE,
            values = c(no = 16L, yes = 17L))
    )
}

.flag <- function(x) {
    factor(ifelse(!is.na(x) & x, "yes", "no"), c("no", "yes"))
}

# Names of single points, beside them, on a white rim; `table` has x, y, name.
.nameLayer <- function(table, width = 24L, ...) {
    table$name <- .shorten(table$name, width)
    mapping <- ggplot2::aes(x = .data$x, y = .data$y, label = .data$name)
    if (requireNamespace("ggrepel", quietly = TRUE)) {
        return(ggrepel::geom_text_repel(mapping, data = table, size = 3,
            seed = 1L, max.overlaps = Inf, min.segment.length = 0,
            segment.colour = "grey60", inherit.aes = FALSE,
            bg.colour = "white", bg.r = 0.15, ...))
    }
    ggplot2::geom_text(mapping, data = table, size = 3, vjust = -0.6,
        check_overlap = TRUE, inherit.aes = FALSE)
}

# Long names without their middle.
.shorten <- function(x, width = 24L) {
    x <- iconv(enc2utf8(as.character(x)), "UTF-8", "UTF-8", sub = "byte")
    n <- nchar(x)
    long <- !is.na(x) & n > width
    tail <- width %/% 3L
    x[long] <- paste0(substr(x[long], 1L, width - tail - 3L), "...",
        substr(x[long], n[long] - tail + 1L, n[long]))
    x
}

# Text that leaves room for n names on a side of the given length in points;
# nothing if there are too many.
.namesText <- function(n, length = 290, ...) {
    if (n > length / 4.8) {
        return(ggplot2::element_blank())
    }
    ggplot2::element_text(size = max(5, min(8.5, 0.9 * length / n)), ...)
}

# Breaks of an axis at whole numbers only.
.wholeBreaks <- function(limits) {
    at <- unique(round(pretty(limits)))
    at[at >= limits[1L] & at <= limits[2L]]
}

# A data frame with these columns and some rows.
.checkTable <- function(table, columns, arg, maker) {
    good <- is.data.frame(table) && all(columns %in% names(table)) &&
        nrow(table) > 0L
    if (!good) {
        .abortParam(arg, table, sprintf(
            "the data frame of %s, with some rows", maker))
    }
    table
}

# Codes as a long table: sample (number), code (factor in the order of the
# columns) and value.
.longCodes <- function(codes) {
    data.frame(sample = rep(seq_len(nrow(codes)), ncol(codes)),
        code = factor(rep(colnames(codes), each = nrow(codes)),
            levels = colnames(codes)),
        value = as.vector(codes))
}
