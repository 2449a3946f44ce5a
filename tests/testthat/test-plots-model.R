skip_if_not_installed("ggplot2")

x <- toyGaussian(30L, 60L)
model <- toyModel(x, epochs = 6L)

test_that("the heat map has input and reconstruction on one scale", {
    plot <- plotReconstruction(model, x, n = 12)
    expectPicture(plot)
    cells <- plot$data
    spread <- apply(x, 1L, sd)
    features <- names(sort(spread, decreasing = TRUE))[1:12]
    expect_setequal(levels(cells$feature), features)
    expect_identical(nrow(cells), 2L * 12L * 40L)
    # from the best to the worst reconstructed
    error <- sort(predict(model, x, type = "error"))
    shown <- unique(round(seq(1, 60, length.out = 40L)))
    picked <- x[features, names(error)[shown]]
    value <- (picked - rowMeans(x)[features]) / spread[features]
    expect_equal(sort(cells$value[cells$part == "input"]),
        sort(as.vector(value)))
    rebuilt <- reconstruct(model, x)[features, names(error)[shown]]
    rebuilt <- (rebuilt - rowMeans(x)[features]) / spread[features]
    expect_equal(sort(cells$value[cells$part == "reconstruction"]),
        sort(as.vector(rebuilt)))
    own <- plotReconstruction(model, x, samples = c("cell7", "cell2"),
        features = c("gene2", "gene1"))
    expectPicture(own)
    first <- own$data[own$data$part == "input", ]
    expect_equal(sort(first$value), sort(as.vector((x - rowMeans(x))[1:2,
        c(7, 2)] / spread[1:2])))
})

test_that("a single sample, and features that new data lack, can be drawn", {
    one <- plotReconstruction(model, x[, 3, drop = FALSE], n = 5)
    expectPicture(one)
    input <- one$data[one$data$part == "input", ]
    expect_equal(input$value, unname(x[as.character(input$feature), 3]))
    fewer <- suppressMessages(plotReconstruction(model, x[1:20, ],
        missing = "mask"))
    expectPicture(fewer)
    expect_setequal(levels(fewer$data$feature), rownames(x)[1:20])
    expectPicture(suppressMessages(plotReconstruction(model, x[1:20, ],
        as = "scatter", missing = "mask")))
    counts <- toyCounts(20L, 40L)
    fit <- fitQuiet(counts, countParam("nb"), latent = 2L, epochs = 2L)
    plot <- plotReconstruction(fit, counts, as = "scatter")
    expect_equal(drawn(plot)$x, as.vector(log1p(counts)))
    expect_equal(drawn(plot)$y, as.vector(log1p(reconstruct(fit, counts))))
    expect_match(plot$labels$x, "log(1 + count)", fixed = TRUE)
    expectPicture(plotReconstruction(fit, counts))
})

test_that("many values are counted in a grid", {
    plot <- plotReconstruction(model, cbind(x, x), as = "scatter")
    expectPicture(plot)
    expect_identical(sum(plot$data$values), 3600L)
    two <- aesop:::.histogram2d(c(0, 0, 1), c(0, 0, 1))$data
    expect_equal(two$values, c(2, 1))
    expect_equal(two$x, c(0.005, 0.995))
})

test_that("images are drawn upright beside their reconstruction", {
    images <- roundShapes(20L, 8L)
    images <- images[1:6, , ]
    m <- imageMatrix(images)
    fit <- fitQuiet(m, convolutionalParam(attr(m, "input_shape"),
        list(conv2d(2, 3)), latent = 2), epochs = 1L)
    plot <- plotReconstruction(fit, m, samples = c(4, 2))
    expectPicture(plot)
    table <- plot$data
    table <- table[table$name == table$name[1L], ]
    left <- table[table$x <= 8, ]
    expect_equal(left$value[order(left$x, left$y)],
        as.vector(images[, , 4]))
    right <- table[table$x >= 10, ]
    expect_equal(right$value[order(right$x, right$y)],
        as.vector(imageArray(reconstruct(fit, m)[, 4, drop = FALSE],
            c(6, 8, 1))))
    # the same of a dense model, if the shape is given
    dense <- fitQuiet(m, latent = 2L, epochs = 1L)
    expect_identical(unique(plotReconstruction(dense, m,
        shape = c(6, 8, 1), samples = 1)$data$x), 1:17 + 0)
    expectAesopError(plotReconstruction(dense, m, as = "image"), "param",
        "shape")
    expectAesopError(plotReconstruction(dense, m, shape = c(6, 9, 1)),
        "param", "shape")
    colour <- withr::with_seed(1L, imageMatrix(array(runif(4 * 4 * 3 * 12),
        c(4, 4, 3, 12))))
    fit <- fitQuiet(colour, latent = 2L, epochs = 1L)
    plot <- plotReconstruction(fit, colour, shape = c(4, 4, 3))
    expectPicture(plot)
    first <- plot$data[plot$data$x == 1 & plot$data$y == 1, ]
    of <- match(sub(" .*", "", as.character(first$name)),
        paste0("sample", 1:12))
    top <- max(colour)
    expect_identical(first$value, grDevices::rgb(t(colour[1:3, of]) / top))
})

test_that("wrong samples and features are named", {
    for (bad in list("none", 61, 0, list(1), character(0))) {
        expectAesopError(plotReconstruction(model, x, samples = bad),
            "param", "samples")
    }
    expectAesopError(plotReconstruction(model, x, features = "none"),
        "param", "features")
    expectAesopError(plotReconstruction(model), "param", "data")
    parts <- list(a = x, b = x)
    joint <- fitQuiet(parts, latent = 2L, epochs = 1L)
    expectAesopError(plotReconstruction(joint, parts), "param",
        "one assay")
})

test_that("the worst features are drawn, and the median of all", {
    table <- featureErrors(model, x)
    plot <- plotFeatureErrors(model, x, n = 7)
    expectPicture(plot)
    points <- drawnBy(plot, "Point")
    expect_equal(points$x, rev(table$mean_absolute_error[1:7]))
    expect_identical(levels(plot$data$feature), rev(table$feature[1:7]))
    expect_equal(drawnBy(plot, "Vline")$xintercept,
        median(table$mean_absolute_error))
    flat <- x
    flat[1, ] <- 1
    plot <- plotFeatureErrors(model, flat, measure = "correlation", n = 100)
    expectPicture(plot)
    expect_identical(nrow(drawnBy(plot, "Point")), 29L)
    one <- x[, 1, drop = FALSE]
    expectPicture(plotFeatureErrors(model, one))
    expectAesopError(plotFeatureErrors(model, one, measure = "correlation"),
        "param", "measure")
    expectAesopError(plotFeatureErrors(model), "param", "data")
})

test_that("signatures are a heat map of the strongest features", {
    plot <- plotSignatures(model, n = 2, data = x)
    expectPicture(plot)
    all <- featureSignatures(model, cutoff = 0, data = x)
    cells <- plot$data
    best <- tapply(seq_len(nrow(all)), all$code, function(rows) {
        rows <- rows[order(-abs(all$score[rows]))]
        all$feature[rows[1:2]]
    })
    expect_setequal(levels(cells$feature), unlist(best))
    key <- function(t) paste(t$code, t$feature)
    expect_equal(cells$score, all$score[match(key(cells), key(all))])
    expect_identical(nrow(cells), nlevels(cells$feature) * 3L)
    # the same from a table, with what it holds
    cut <- featureSignatures(model, cutoff = 1.5, data = x)
    plot <- plotSignatures(cut, n = 2, codes = "AE2")
    expectPicture(plot)
    own <- cut[cut$code == "AE2", ]
    expect_setequal(levels(plot$data$feature),
        own$feature[order(-abs(own$score))][1:2])
    expectAesopError(plotSignatures(cut[0, ]), "param", "x")
    expectAesopError(plotSignatures(model, codes = "AE9", data = x), "param",
        "codes")
    expectAesopError(plotSignatures(model, cutoff = 1, data = x), "param",
        "cutoff")
    expectAesopError(plotSignatures(model), "param", "data")
    expectAesopError(plotSignatures(cut, weights = "decoder"), "param",
        "weights")
})

test_that("networks are drawn from edges and from graphs", {
    skip_if_not_installed("igraph")
    edges <- data.frame(feature1 = c("hub", "hub", "hub", "b", "lone"),
        feature2 = c("a", "b", "c", "c", "pair"),
        correlation = c(0.9, -0.8, 0.7, 0.6, 0.95))
    withr::local_seed(1L)
    before <- .Random.seed
    plot <- plotFeatureNetwork(edges, n = 1)
    expectPicture(plot)
    expect_identical(.Random.seed, before)
    lines <- drawnBy(plot, "Segment")
    expect_identical(nrow(lines), 5L)
    # strongest first; one is negative
    expect_identical(which(lines$linetype == "dashed"), 3L)
    expect_identical(drawnBy(plot, "Text")$label, "hub")
    nodes <- drawnBy(plot, "Point")
    expect_identical(nrow(nodes), 6L)
    hub <- nodes[which.max(nodes$size), ]
    ends <- c(lines$x[2:4] == hub$x & lines$y[2:4] == hub$y)
    expect_identical(ends, rep(TRUE, 3L))
    expect_identical(drawn(plotFeatureNetwork(edges)), drawn(plot))
    graph <- igraph::graph_from_data_frame(edges, directed = FALSE,
        vertices = data.frame(name = c("hub", "a", "b", "c", "lone", "pair",
            "alone")))
    same <- plotFeatureNetwork(graph)
    expect_identical(drawn(same), drawn(plot))
    expect_match(same$labels$subtitle, "1 feature without an edge",
        fixed = TRUE)
    few <- plotFeatureNetwork(edges, max_edges = 2)
    expect_identical(nrow(drawnBy(few, "Segment")), 2L)
    expect_match(few$labels$subtitle, "the strongest of 5", fixed = TRUE)
    expectAesopError(plotFeatureNetwork(edges[0, ]), "param", "graph")
    expectAesopError(plotFeatureNetwork(igraph::make_empty_graph(3)),
        "param", "graph")
})
