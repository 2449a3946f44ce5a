skip_if_not_installed("ggplot2")

codes <- withr::with_seed(1L, matrix(rnorm(60L * 40L), 60L,
    dimnames = list(sprintf("s%d", 1:60), sprintf("AE%d", 1:40))))
codes[, 2] <- abs(codes[, 2]) + 1

test_that("a panel for each code holds all samples", {
    plot <- plotCodeDistributions(codes[, 1:5])
    expectPicture(plot)
    bars <- drawn(plot)
    expect_identical(as.vector(tapply(bars$count, bars$PANEL, sum)),
        rep(60, 5L))
    # 0 is marked where values lie on both sides
    expect_identical(length(unique(drawnBy(plot, "Vline")$PANEL)), 4L)
    expectPicture(plotCodeDistributions(codes[, 2, drop = FALSE]))
    expectPicture(plotCodeDistributions(codes[1, 1:3, drop = FALSE]))
    expectPicture(plotCodeDistributions(cbind(rep(1, 9), rnorm(9), 0)))
})

test_that("many codes are on one page, with the shape of their histograms", {
    plot <- plotCodeDistributions(codes)
    expectPicture(plot)
    bars <- drawn(plot)
    expect_identical(drawnBy(plot, "Text")$label, colnames(codes))
    # the third code is the third cell of the first row
    own <- bars[bars$ymin == 0 & bars$xmin >= 2 & bars$xmax <= 2.93, ]
    v <- codes[, 3]
    breaks <- seq(min(v), max(v), length.out = 25L)
    number <- hist(v, breaks, plot = FALSE, right = FALSE)$counts
    expect_equal(own$ymax / max(own$ymax),
        number[number > 0] / max(number))
    expect_identical(nrow(drawn(plot, 3L)), 39L)
    zero <- drawn(plot, 3L)$x[1L]
    expect_equal(zero, 0.92 * (0 - min(codes[, 1])) / diff(range(codes[, 1])))
    long <- codes
    colnames(long) <- paste0("a_name_that_is_much_too_long_", 1:40)
    plot <- plotCodeDistributions(long)
    expect_true(all(nchar(drawnBy(plot, "Text")$label) <= 15L))
    expect_identical(anyDuplicated(drawnBy(plot, "Text")$label), 0L)
    expectPicture(plotCodeDistributions(codes * 0))
})

test_that("groups have densities of their own", {
    group <- rep(c("a", "b", "c"), c(30, 29, 1))
    for (k in c(4L, 40L)) {
        # a group of one sample is left out without a warning
        plot <- plotCodeDistributions(codes[, seq_len(k)], colour_by = group)
        expectPicture(plot)
        expect_identical(length(unique(drawn(plot)$colour)), 2L)
    }
    plot <- plotCodeDistributions(codes[, 1:2], colour_by = group)
    line <- drawn(plot)
    line <- line[line$PANEL == 1 & line$colour == line$colour[1L], ]
    expect_equal(range(line$x), range(codes[1:30, 1]))
    many <- rep(letters[1:12], 5)
    plot <- plotCodeDistributions(codes[, 1:2], colour_by = many)
    expect_identical(nrow(unique(drawn(plot)[c("colour", "linetype")])), 12L)
    expectAesopError(plotCodeDistributions(codes, colour_by = 1:60), "param",
        "colour_by")
    expectAesopError(plotCodeDistributions(codes, colour_by = rownames(codes)),
        "param", "colour_by")
})

test_that("the most and the least active codes are drawn, sample by sample", {
    plot <- plotActivity(codes, n = 3)
    expectPicture(plot)
    ranked <- nodeActivity(codes)
    shown <- ranked$code[c(1:3, 38:40)]
    table <- plot$data
    expect_identical(rev(levels(table$code)), shown)
    expect_identical(as.character(table$part[match(shown, table$code)]),
        rep(c("most active", "least active"), each = 3L))
    for (code in shown) {
        expect_equal(table$value[table$code == code],
            unname(codes[, code]))
    }
    points <- drawnBy(plot, "Point")
    expect_equal(sort(points$x), sort(as.vector(codes[, shown])))
    all <- plotActivity(codes[, 1:6], n = 3)
    expectPicture(all)
    expect_identical(levels(all$data$part), "all codes")
    expectPicture(plotActivity(codes[1, 1:3, drop = FALSE]))
    expectPicture(plotActivity(codes[, 1, drop = FALSE], threshold = 1))
})

test_that("the choice of clusters shows each measure and what was chosen", {
    choice <- structure(list(k = 3L, table = data.frame(k = 2:5,
        silhouette = c(0.2, 0.6, 0.5, 0.4), purity = c(0.9, 0.8, 0.7, NA),
        stability = c(0.9, 0.95, 0.5, 0.4), within = 4:1 / 4)),
        class = "aesop_clusters")
    plot <- plotClusterChoice(choice)
    expectPicture(plot)
    points <- drawnBy(plot, "Point")
    expect_identical(as.vector(table(points$PANEL)), c(4L, 3L, 4L, 4L))
    expect_equal(points$y[points$PANEL == 1], choice$table$silhouette)
    expect_identical(unique(points$x[points$shape == 17]) + 0, 3)
    expect_identical(unique(drawnBy(plot, "Vline")$xintercept) + 0, 3)
    choice$table <- choice$table[c("k", "silhouette")]
    expectPicture(ggplot2::autoplot(choice))
    expect_identical(nrow(drawnBy(ggplot2::autoplot(choice), "Point")), 4L)
    expectAesopError(plotClusterChoice(choice$table), "param", "choice")
})
