skip_if_not_installed("ggplot2")

# A table in which three values are outliers.
x <- toyGaussian(25L, 40L)
table <- findAberrantFeatures(x, fitAberrant(x, latent = 3))
table$outlier <- FALSE
for (k in 1:3) {
    at <- list(sample = c("cell5", "cell5", "cell8")[k],
        feature = c("gene3", "gene4", "gene9")[k], by = c(30, -40, 50)[k])
    row <- which(table$sample == at$sample & table$feature == at$feature)
    table[row, c("observed", "fold_change", "z_score")] <- at$by +
        table[row, c("observed", "fold_change", "z_score")]
    x[at$feature, at$sample] <- table$observed[row]
    table$log_p[row] <- -abs(at$by)
    table$outlier[row] <- TRUE
}
table <- table[order(table$log_p), ]

test_that("a volcano plot has every value at its place", {
    plot <- plotAberrant(table)
    expectPicture(plot)
    points <- drawnBy(plot, "Point")
    place <- function(x, y) sort(paste(signif(x, 9), signif(y, 9)))
    expect_identical(place(points$x, points$y),
        place(table$fold_change, -table$log_p / log(10)))
    high <- points[points$shape == 17, ]
    expect_equal(sort(high$y), sort(-table$log_p[table$outlier] / log(10)))
    expect_match(plot$labels$x, "observed - expected", fixed = TRUE)
    expect_setequal(drawnBy(plot, "Text")$label,
        c("gene3, cell5", "gene4, cell5", "gene9, cell8"))
    own <- plotAberrant(table, sample = "cell5")
    expect_setequal(drawnBy(own, "Text")$label, c("gene3", "gene4"))
    expect_identical(nrow(drawnBy(own, "Point")), 25L)
    expect_identical(nrow(drawnBy(plotAberrant(table, n = 0),
        "Text")), 0L)
    counts <- toyCounts(20L, 30L)
    own <- plotAberrant(findAberrantFeatures(counts, latent = 2))
    expect_match(own$labels$x, "log2", fixed = TRUE)
})

test_that("of many points those that fall on each other are drawn once", {
    x <- c(seq(0, 1, length.out = 30000L), 0.5, 0.5)
    y <- rep(0, 30002L)
    kept <- aesop:::.thinned(x, y, seq_along(x) > 30000L)
    expect_identical(sum(kept[1:30000]), 251L)
    expect_identical(kept[30001:30002], c(TRUE, TRUE))
    expect_true(all(aesop:::.thinned(x[1:9], y[1:9], FALSE)))
})

test_that("p-values too small for a number are drawn", {
    tiny <- table
    tiny$log_p[1:2] <- c(-5000, -691)
    tiny$p_value[1:2] <- .Machine$double.xmin
    for (type in c("volcano", "qq")) {
        plot <- plotAberrant(tiny, type)
        expectPicture(plot)
        expect_equal(max(drawnBy(plot, "Point")$y)^2, 5000 / log(10))
    }
})

test_that("missing, equal and single p-values can be drawn", {
    equal <- table
    equal$log_p <- -1
    equal$outlier <- FALSE
    missing <- table
    missing$log_p[missing$feature == "gene1"] <- NA
    missing$outlier[missing$feature == "gene1"] <- NA
    for (type in c("volcano", "rank", "qq")) {
        expectPicture(plotAberrant(equal, type))
        expectPicture(plotAberrant(missing, type))
        expectPicture(plotAberrant(table[1, ], type))
        expectAesopError(plotAberrant(missing, type, feature = "gene1"),
            "param", c("table", "NA"))
    }
    expect_false("gene1" %in% plotAberrant(missing)$data$feature)
})

test_that("a Q-Q plot compares ranks with uniform ones, in a Beta band", {
    plot <- plotAberrant(table, "qq", sample = "cell1", conf = 0.9)
    expectPicture(plot)
    p <- sort(exp(table$log_p[table$sample == "cell1"]))
    points <- drawnBy(plot, "Point")
    points <- points[order(-points$x), ]
    expect_equal(10^-points$y, p)
    expect_equal(10^-points$x, seq_len(25) / 26)
    band <- drawnBy(plot, "Ribbon")
    band <- band[order(-band$x), ]
    expect_equal(10^-band$ymax, qbeta(0.05, 1:25, 25:1))
    expect_equal(10^-band$ymin, qbeta(0.95, 1:25, 25:1))
    # nine in ten uniform smallest values are in it
    smallest <- withr::with_seed(1L, replicate(2000L, min(runif(25L))))
    inside <- mean(-log10(smallest) >= band$ymin[1L] &
        -log10(smallest) <= band$ymax[1L])
    expect_lt(abs(inside - 0.9), tolerance$standard_errors *
        sqrt(0.9 * 0.1 / 2000))
    # of many values all of the smallest are drawn
    many <- table[rep(seq_len(nrow(table)), 5), ]
    many$log_p <- log(withr::with_seed(2L, runif(5000L)))
    many$outlier <- FALSE
    points <- drawnBy(plotAberrant(many, "qq"), "Point")
    expect_lt(nrow(points), 1200L)
    expect_equal(sort(points$y, decreasing = TRUE)[1:300],
        -sort(many$log_p)[1:300] / log(10))
})

test_that("ranks are of samples, of features and of values", {
    plot <- plotAberrant(table, "rank")
    expectPicture(plot)
    points <- drawnBy(plot, "Point")
    expect_identical(points$y + 0, c(rep(0, 38L), 1, 2))
    expect_setequal(drawnBy(plot, "Text")$label, c("cell5", "cell8"))
    plot <- plotAberrant(table, "rank", sample = "cell5")
    expectPicture(plot)
    expect_equal(drawnBy(plot, "Point")$y,
        sort(table$z_score[table$sample == "cell5"]))
    plot <- plotAberrant(table, "rank", feature = "gene9")
    expectPicture(plot)
    expect_equal(drawn(plot, 2L)$y, sort(unname(x["gene9", ])))
    own <- table[table$feature == "gene9", ]
    expect_equal(drawn(plot, 1L)$y, own$expected[order(own$observed)])
    expect_identical(drawnBy(plot, "Text")$label, "cell8")
    counts <- toyCounts(20L, 30L)
    counts[2, 1:3] <- 0
    of_counts <- findAberrantFeatures(counts, latent = 2)
    plot <- plotAberrant(of_counts, "rank", feature = "gene2")
    expectPicture(plot)
    expect_equal(drawn(plot, 2L)$y, log1p(sort(unname(counts[2, ]))))
})

test_that("what is not in the table is named", {
    expectAesopError(plotAberrant(table, sample = "cell99"), "param",
        c("sample", "cell99"))
    expectAesopError(plotAberrant(table, feature = "gene99"), "param",
        c("feature", "gene99"))
    expectAesopError(plotAberrant(table[0, ]), "param", "table")
    expectAesopError(plotAberrant(table["sample"]), "param",
        c("table", "findAberrantFeatures"))
    expectAesopError(plotAberrant(table, "ma"), "param", "type")
})

test_that("scores are drawn in order with the threshold and names", {
    scores <- data.frame(sample = sprintf("s%d", 1:20), score = c(20:2, 100),
        threshold = 18.5, outlier = c(TRUE, TRUE, rep(FALSE, 17), TRUE))
    plot <- plotOutliers(scores, n = 2)
    expectPicture(plot)
    points <- drawnBy(plot, "Point")
    expect_equal(points$y, sort(scores$score))
    expect_identical(points$shape == 17, points$y > 18.5)
    expect_setequal(drawnBy(plot, "Text")$label, c("s20", "s1"))
    expect_identical(drawnBy(plot, "Hline")$yintercept, 18.5)
    logged <- plotOutliers(scores, log = TRUE)
    expectPicture(logged)
    expect_equal(drawnBy(logged, "Point")$y, log10(sort(scores$score)))
    scores$threshold <- NA_real_
    scores$p_value <- scores$p_adjusted <- 0.5
    scores$outlier[3] <- NA
    scores$score[4] <- 0
    none <- plotOutliers(scores)
    expectPicture(none)
    expect_false("GeomHline" %in% geoms(none))
    expectPicture(plotOutliers(scores, log = TRUE))
    expectPicture(plotOutliers(scores[1, ]))
    expectAesopError(plotOutliers(scores["score"]), "param",
        c("table", "findOutliers"))
})

test_that("autoplot() draws the outliers of findOutliers()", {
    model <- toyModel(x)
    plot <- ggplot2::autoplot(model, "outliers", data = x,
        contamination = 0.1)
    expected <- findOutliers(x, model, contamination = 0.1)
    expect_equal(drawnBy(plot, "Point")$y, rev(expected$score))
    expect_equal(drawnBy(plot, "Hline")$yintercept, expected$threshold[1L])
})

test_that("names that are too long, or of another encoding, are shortened", {
    long <- c(strrep("x", 30L), "short", NA, "caf\xe9")
    short <- aesop:::.shorten(long)
    expect_true(all(nchar(short) <= 24L, na.rm = TRUE))
    expect_identical(short[2:3], c("short", NA))
    expect_identical(aesop:::.shorten("abcdefghijklmnopqrstuvwxyz", 12L),
        "abcde...wxyz")
    # colour-blind readers: as many colours as groups, no two alike
    expect_identical(anyDuplicated(aesop:::.okabeIto), 0L)
})

test_that("both names of an outlier are told, however long", {
    long <- table
    long$feature <- paste0(strrep("f", 30L), long$feature)
    long$sample <- paste0(strrep("s", 30L), long$sample)
    names <- drawnBy(plotAberrant(long), "Text")$label
    expect_true(all(grepl("^f.*gene[349], s.*cell[58]$", names)))
    expect_length(names, 3L)
})
