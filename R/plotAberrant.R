#' Plot aberrant features
#'
#' A volcano plot, ranks or a Q-Q plot of the table of
#' [findAberrantFeatures()], of all samples, of one sample, or of one feature.
#'
#' @param table The data frame of [findAberrantFeatures()] for a matrix. Take
#'     the table of all values (`all = TRUE`).
#' @param type `"volcano"`: p-value by difference from what is expected.
#'     `"rank"`: of a sample, its features by z-score; of a feature, its values
#'     in rising order with the expected ones; else the number of outliers of
#'     each sample. `"qq"`: observed by expected p-values.
#' @param sample,feature Name of the one to draw, `NULL` for all.
#' @param n Number of outliers that are named, those with the smallest
#'     p-values; a whole number of at least 0.
#' @param conf Level of the band of the Q-Q plot, between 0 and 1.
#'
#' @details
#' Rows with p-value `NA` are left out. p-values are drawn by their exact
#' logarithm (`log_p`), so that none is too small for the picture; if the
#' smallest is below 1e-50, the axis is a square root.
#'
#' In the Q-Q plot the i-th smallest of n p-values is drawn over the mean of the
#' i-th smallest of n uniform ones, i / (n + 1). The band is pointwise: the
#' i-th smallest of n independent uniform numbers has the distribution
#' Beta(i, n - i + 1). Values of one sample, or of one feature, depend on each
#' other, so that a curve outside the band is no proof. p-values of counts
#' (method `"nb"`) are discrete: for low counts many are 1, and the left end
#' of the curve lies below the diagonal also where all is well.
#'
#' Of more than 20,000 points those that fall on each other are drawn once;
#' outliers all are.
#'
#' @section Errors:
#' `aesop_error_package` if ggplot2 is not installed; `aesop_error_param` for
#' the arguments, if a sample or a feature is not in the table, and if there
#' is no p-value to draw.
#'
#' @returns A ggplot object.
#' @references Casella G., Berger R.L. (2002) Statistical inference, 2nd
#' edition, section 5.4 (order statistics). Brechtmann F. et al. (2018)
#' OUTRIDER: a statistical method for detecting aberrantly expressed genes in
#' RNA sequencing data. American Journal of Human Genetics 103.
#' @seealso [findAberrantFeatures()]
#' @export
#' @examples
#' if (requireNamespace("ggplot2", quietly = TRUE)) {
#'     x <- outer(rnorm(30), rnorm(40)) + rnorm(30 * 40, sd = 0.2)
#'     dimnames(x) <- list(paste0("gene", 1:30), paste0("sample", 1:40))
#'     x["gene7", "sample3"] <- 9
#'     table <- findAberrantFeatures(x)
#'     plotAberrant(table)
#'     plotAberrant(table, "rank", feature = "gene7")
#'     plotAberrant(table, "qq")
#' }
plotAberrant <- function(table, type = c("volcano", "rank", "qq"),
    sample = NULL, feature = NULL, n = 8, conf = 0.95) {
    .needPackage("ggplot2", "plotAberrant()")
    table <- .checkTable(table, c("sample", "feature", "observed", "expected",
        "fold_change", "z_score", "log_p", "outlier"), "table",
        "findAberrantFeatures()")
    type <- .checkChoice(type, "type", c("volcano", "rank", "qq"))
    n <- .checkNumber(n, "n", lower = 0, integer = TRUE)
    conf <- .checkNumber(conf, "conf", lower = 0, upper = 1)
    if (conf == 0 || conf == 1) {
        .abortParam("conf", conf, "a number between 0 and 1")
    }
    counts <- .isFoldChange(table)
    of <- list(sample = sample, feature = feature)
    table <- .rowsOf(table, "sample", sample)
    table <- .rowsOf(table, "feature", feature)
    table <- table[!is.na(table$log_p), ]
    if (nrow(table) == 0L) {
        .abortParam("table", "no p-value but NA", "one with p-values to draw")
    }
    table$minus_log10 <- -table$log_p / log(10)
    table$flag <- .flag(table$outlier)
    plot <- switch(type,
        volcano = .volcano(table, of, n, counts),
        rank = .ranks(table, of, n, counts),
        qq = .qq(table, of, conf)
    )
    plot + .plotTheme()
}

# Rows of one sample or feature.
.rowsOf <- function(table, column, value) {
    if (is.null(value)) {
        return(table)
    }
    value <- .checkString(value, column)
    rows <- which(table[[column]] == value)
    if (length(rows) == 0L) {
        .abortParam(column, value, "NULL or one in the table")
    }
    table[rows, ]
}

# Whether fold_change is the logarithm of a ratio, as for counts.
.isFoldChange <- function(table) {
    rows <- utils::head(which(is.finite(table$fold_change)), 100L)
    table <- table[rows, ]
    if (any(table$observed <= -1 | table$expected <= -1)) {
        return(FALSE)
    }
    ratio <- log2((table$observed + 1) / (table$expected + 1))
    all(abs(table$fold_change - ratio) < 1e-6)
}

# What the picture is of, below its title.
.aberrantText <- function(table, of) {
    part <- c(
        if (!is.null(of$sample)) paste("sample", .shorten(of$sample)),
        if (!is.null(of$feature)) paste("feature", .shorten(of$feature)),
        sprintf("%s of %s %s", .number(sum(table$flag == "yes")),
            .count(nrow(table), "value"),
            if (sum(table$flag == "yes") == 1L) "is an outlier" else
                "are outliers")
    )
    paste(part, collapse = "; ")
}

# Letters of two names of up to 16 and what is between them.
.pairWidth <- 34L

# Outliers by the name of what the picture leaves open.
.aberrantNames <- function(table, of, n) {
    found <- table[table$flag == "yes", ]
    found <- utils::head(found[order(found$log_p), ], n)
    found$name <- if (!is.null(of$sample)) {
        found$feature
    } else if (!is.null(of$feature)) {
        found$sample
    } else {
        paste(.shorten(found$feature, 16L), .shorten(found$sample, 16L),
            sep = ", ")
    }
    found
}

# Which of many points to draw: those to keep, and of each cell of a fine grid
# one of the others.
.thinned <- function(x, y, keep, cells = 250L) {
    if (length(x) <= 20000L) {
        return(rep(TRUE, length(x)))
    }
    cell <- function(v) {
        range <- range(v)
        floor((v - range[1L]) / max(diff(range), 1e-300) * cells)
    }
    keep | !duplicated(cell(x) * (cells + 1) + cell(y))
}

.volcano <- function(table, of, n, counts) {
    table$x <- table$fold_change
    table$y <- table$minus_log10
    table <- table[is.finite(table$x), ]
    text <- .aberrantText(table, of)
    names <- .aberrantNames(table, of, n)
    top <- max(table$y)
    # as far apart as they will be on the axis
    height <- if (top > .longAxis) sqrt(table$y) else table$y
    table <- table[.thinned(table$x, height, table$flag == "yes"), ]
    table <- table[order(table$flag), ]
    ggplot2::ggplot(table, ggplot2::aes(x = .data$x, y = .data$y,
        colour = .data$flag, shape = .data$flag)) +
        ggplot2::geom_vline(xintercept = 0, colour = "grey70") +
        ggplot2::geom_point(size = 1.2) +
        .nameLayer(names, .pairWidth) +
        .flagScales("outlier") +
        .pAxis(top) +
        ggplot2::labs(subtitle = text, y = "-log10 of the p-value",
            x = if (counts) "log2 of observed / expected (both + 1)" else
                "observed - expected")
}

# Beyond this the axis of -log10(p) is a square root.
.longAxis <- 50

.pAxis <- function(largest) {
    if (largest <= .longAxis) {
        return(ggplot2::scale_y_continuous())
    }
    ggplot2::scale_y_continuous(trans = "sqrt",
        breaks = function(limits) round(pretty(sqrt(pmax(limits, 0)))^2))
}

.ranks <- function(table, of, n, counts) {
    if (!is.null(of$feature)) {
        return(.rankValues(table, of, n, counts))
    }
    if (!is.null(of$sample)) {
        table <- table[order(table$z_score), ]
        table$x <- seq_len(nrow(table))
        table$y <- table$z_score
        drawn <- table[.thinned(table$x, table$y, table$flag == "yes"), ]
        labels <- ggplot2::labs(x = "features by their z-score",
            y = "z-score", subtitle = .aberrantText(table, of))
        names <- .aberrantNames(table, of, n)
    } else {
        number <- sort(tapply(table$flag == "yes", table$sample, sum))
        drawn <- data.frame(x = seq_along(number), y = as.vector(number),
            name = names(number), flag = .flag(number > 0))
        labels <- ggplot2::labs(x = "samples by their number of outliers",
            y = "outliers", subtitle = sprintf(
                "%s of %s with an outlier; median %s per sample",
                .number(sum(number > 0)), .count(length(number), "sample"),
                format(stats::median(number))))
        names <- utils::tail(drawn[drawn$y > 0, ], n)
    }
    plot <- ggplot2::ggplot(drawn, ggplot2::aes(x = .data$x, y = .data$y,
        colour = .data$flag, shape = .data$flag)) +
        ggplot2::geom_point(size = 1.5) +
        .nameLayer(names, .pairWidth) +
        .flagScales(if (is.null(of$sample)) "has outliers" else "outlier") +
        labels
    if (is.null(of$sample)) {
        plot <- plot + ggplot2::scale_y_continuous(breaks = .wholeBreaks)
    }
    plot
}

# Values of a feature in rising order, grey dashes where they were expected.
.rankValues <- function(table, of, n, counts) {
    table <- table[order(table$observed), ]
    table$x <- seq_len(nrow(table))
    table$y <- table$observed
    plot <- ggplot2::ggplot(table, ggplot2::aes(x = .data$x)) +
        ggplot2::geom_point(ggplot2::aes(y = .data$expected), shape = "-",
            size = 5, colour = "grey60") +
        ggplot2::geom_point(ggplot2::aes(y = .data$y, colour = .data$flag,
            shape = .data$flag), size = 1.5) +
        .nameLayer(.aberrantNames(table, of, n), .pairWidth) +
        .flagScales("outlier") +
        ggplot2::labs(x = "samples by their value",
            y = if (counts) "observed (log axis)" else "observed",
            subtitle = paste0(.aberrantText(table, of),
                "; grey dashes: expected"))
    if (!counts) {
        return(plot)
    }
    plot + ggplot2::scale_y_continuous(trans = "log1p",
        breaks = c(0, 1, 10^seq_len(9L)))
}

# The ranks that are drawn of n: all of the first, then ever fewer.
.drawnRanks <- function(n) {
    unique(round(c(seq_len(min(n, 300L)),
        exp(seq(0, log(n), length.out = 700L)), n)))
}

.qq <- function(table, of, conf) {
    text <- .aberrantText(table, of)
    table <- table[order(table$log_p), ]
    n <- nrow(table)
    rank <- sort(unique(c(.drawnRanks(n), which(table$flag == "yes"))))
    points <- data.frame(x = -log10(rank / (n + 1)),
        y = table$minus_log10[rank], flag = table$flag[rank])
    rank <- .drawnRanks(n)
    limit <- function(p) -log10(stats::qbeta(p, rank, n - rank + 1))
    band <- data.frame(x = -log10(rank / (n + 1)),
        low = limit((1 + conf) / 2), high = limit((1 - conf) / 2))
    ggplot2::ggplot(points, ggplot2::aes(x = .data$x)) +
        ggplot2::geom_ribbon(ggplot2::aes(ymin = .data$low,
            ymax = .data$high), data = band, fill = "grey80") +
        (if (n > 1L) {
            ggplot2::geom_line(ggplot2::aes(y = .data$x), data = band,
                colour = "grey40")
        }) +
        ggplot2::geom_point(ggplot2::aes(y = .data$y, colour = .data$flag,
            shape = .data$flag), size = 1.3) +
        .flagScales("outlier") +
        .pAxis(max(points$y)) +
        ggplot2::labs(x = "expected -log10 of the p-value",
            y = "observed -log10 of the p-value",
            subtitle = sprintf("%s; grey: %s %% band of independent values",
                text, format(100 * conf)))
}
