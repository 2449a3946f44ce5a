# The pictures, one function each; all return a ggplot. Colours are those of
# Okabe and Ito, which people with any colour vision can tell apart.

colours <- c("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00",
    "#666666", "#B8A800")
shapes <- c(16L, 17L, 15L, 3L, 4L, 8L, 18L)

pictureTheme <- function() {
    theme_bw(base_size = 12) + theme(panel.grid.minor = element_blank(),
        plot.title.position = "plot", legend.key.size = unit(4, "mm"))
}

savePicture <- function(plot, folder, name, width = 7, height = 5) {
    file <- file.path(folder, paste0(name, ".png"))
    suppressMessages(ggsave(file, plot, width = width, height = height,
        dpi = 150, bg = "white"))
    file
}

# How widely the samples spread along each code.
widthPicture <- function(codes, title) {
    widths <- data.frame(code = factor(colnames(codes), colnames(codes)),
        width = apply(codes, 2L, stats::sd))
    ggplot(widths, aes(code, width)) +
        geom_col(fill = colours[1L]) +
        labs(title = paste0(title, ": widths of the codes"), x = NULL,
            y = "standard deviation") +
        pictureTheme() +
        theme(axis.text.x = element_text(angle = 90, vjust = 0.5))
}

# Colour and shape of each level: an ordered factor goes from dark to light;
# from nine groups on, the shape helps to tell colours apart.
groupColours <- function(group) {
    index <- seq_len(nlevels(group)) - 1L
    chosen <- if (is.ordered(group)) {
        scales::viridis_pal(end = 0.9)(nlevels(group))
    } else {
        colours[index %% length(colours) + 1L]
    }
    shape <- (index %/% length(colours)) %% length(shapes) + 1L
    list(colour = stats::setNames(chosen, levels(group)),
        shape = stats::setNames(shapes[shape], levels(group)))
}

# Samples on the UMAP, coloured by a factor; those without a value in grey,
# below the others. Many groups have their names at their centres.
umapPicture <- function(umap, group, title, legend) {
    group <- droplevels(group)
    n <- nlevels(group)
    look <- groupColours(group)
    data <- data.frame(x = umap[, 1L], y = umap[, 2L], group = group)
    data <- data[order(!is.na(data$group)), ]
    picture <- ggplot(data, aes(x, y, colour = group, shape = group)) +
        geom_point(size = if (nrow(data) > 3000L) 0.7 else 1.6, alpha = 0.8) +
        scale_colour_manual(values = look$colour, na.value = "grey80") +
        scale_shape_manual(values = look$shape, na.value = 16L) +
        labs(title = title, x = "UMAP 1", y = "UMAP 2", colour = legend,
            shape = legend, subtitle = if (anyNA(group)) "grey: not known") +
        guides(colour = guide_legend(override.aes = list(size = 2.5),
            ncol = 1L + (n > 16L))) +
        pictureTheme() + theme(axis.text = element_blank(),
            axis.ticks = element_blank(), panel.grid = element_blank())
    if (n > 8L) {
        centres <- stats::aggregate(cbind(x, y) ~ group, stats::median,
            data = data)
        picture <- picture + ggrepel::geom_text_repel(data = centres,
            aes(label = group), colour = "black", size = 3,
            bg.colour = "white", bg.r = 0.15, max.overlaps = Inf,
            min.segment.length = 0, seed = 1L, show.legend = FALSE)
    }
    picture
}

# Scores from the highest to the lowest, the threshold dashed, the strongest
# named.
outlierPicture <- function(outliers, title) {
    outliers$rank <- seq_len(nrow(outliers))
    outliers$what <- factor(ifelse(outliers$outlier, "outlier", "not flagged"),
        c("outlier", "not flagged"))
    threshold <- outliers$threshold[1L]
    named <- utils::head(outliers, min(5L, max(1L, sum(outliers$outlier))))
    ggplot(outliers, aes(rank, score, colour = what, shape = what)) +
        geom_hline(yintercept = threshold, linetype = "dashed") +
        geom_point(size = 1.8) +
        ggrepel::geom_text_repel(data = named, aes(label = sample), size = 3,
            hjust = 0, nudge_x = nrow(outliers) / 20, direction = "y",
            seed = 1L, show.legend = FALSE) +
        scale_colour_manual(values = c(outlier = colours[[6L]],
            "not flagged" = colours[[1L]]), drop = FALSE) +
        scale_shape_manual(values = c(outlier = 17L, "not flagged" = 16L),
            drop = FALSE) +
        labs(title = paste0(title, ": how unusual each sample is"),
            subtitle = paste0(sum(outliers$outlier), " of ",
                big(nrow(outliers)), " above the threshold, ",
                signif(threshold, 3L), " (dashed)"),
            x = "rank of the sample", y = "score of code and residual",
            colour = NULL, shape = NULL) +
        pictureTheme() + theme(legend.position = "top")
}

# How the values of each code are spread: histograms, or boxes for many codes.
codesPicture <- function(codes, title) {
    long <- data.frame(value = as.vector(codes),
        code = factor(rep(colnames(codes), each = nrow(codes)),
            colnames(codes)))
    title <- labs(title = paste0(title, ": distribution of the ", ncol(codes),
        " codes"))
    if (ncol(codes) <= 20L) {
        return(ggplot(long, aes(value)) +
            geom_histogram(bins = 30L, fill = colours[[1L]]) +
            facet_wrap(~code, scales = "free") + title +
            labs(x = "value of the code", y = "samples") + pictureTheme() +
            theme(axis.text = element_text(size = 7)))
    }
    ggplot(long, aes(code, value)) +
        geom_boxplot(outlier.size = 0.4, colour = colours[[1L]]) + title +
        labs(x = NULL, y = "value of the code") + pictureTheme() +
        theme(axis.text.x = element_text(angle = 90, vjust = 0.5, size = 6))
}
