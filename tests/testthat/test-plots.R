skip_if_not_installed("ggplot2")

x <- toyGaussian(20L, 50L)
model <- toyModel(x, epochs = 6L)
codes <- encode(model, x)

# The data that a layer draws.
drawn <- function(plot, layer = 1L) {
    ggplot2::ggplot_build(plot)$data[[layer]]
}
geoms <- function(plot) {
    vapply(plot$layers, function(layer) class(layer$geom)[1L], "")
}

expectPicture <- function(plot) {
    expect_s3_class(plot, "ggplot")
    file <- withr::local_tempfile(fileext = ".pdf")
    grDevices::pdf(file)
    withr::defer(grDevices::dev.off())
    expect_error(print(plot), NA)
}

test_that("plotHistory() draws both losses and the best epoch", {
    plot <- plotHistory(model)
    expectPicture(plot)
    lines <- drawn(plot)
    expect_setequal(round(lines$y, 9),
        round(c(model@history$loss, model@history$val_loss), 9))
    expect_setequal(unique(lines$x), 1:6)
    at <- which(geoms(plot) == "GeomVline")
    expect_length(at, 1L)
    expect_identical(drawn(plot, at)$xintercept + 0,
        model@info$best_epoch + 0)
    logged <- plotHistory(model, log = TRUE)
    expectPicture(logged)
    expectNear(sort(drawn(logged)$y), sort(log10(c(model@history$loss,
        model@history$val_loss))), tolerance$double)
})

test_that("a history without validation or without epochs can be drawn", {
    plot <- plotHistory(toyModel(x, validation = 0))
    expectPicture(plot)
    expect_identical(nrow(drawn(plot)), 4L)
    expectPicture(plotHistory(toyModel(x, epochs = 0L)))
    # ggplot2 remarks on a line of one point
    suppressMessages(expectPicture(plotHistory(toyModel(x, epochs = 1L))))
    sce <- runAutoencoder(toySce(), latent = 2L, epochs = 3L, seed = 1,
        verbose = FALSE)
    expectPicture(plotHistory(sce))
    expectAesopError(plotHistory(toySce()), "not_fitted", "runAutoencoder")
    expectAesopError(plotHistory(sce, name = "other"), "not_fitted",
        "other")
})

test_that("plotCodes() draws a point per sample where the codes are", {
    plot <- plotCodes(codes)
    expectPicture(plot)
    expect_equal(drawn(plot)$x, unname(codes[, 1]))
    expect_equal(drawn(plot)$y, unname(codes[, 2]))
    expect_identical(plot$labels$x, "AE1")
    expect_identical(plot$labels$y, "AE2")
    from_model <- plotCodes(model, x)
    expect_equal(drawn(from_model)$x, unname(codes[, 1]))
    pca <- prcomp(codes)
    plot <- plotCodes(codes, method = "pca")
    expect_equal(abs(drawn(plot)$x), unname(abs(pca$x[, 1])))
    share <- round(100 * pca$sdev^2 / sum(pca$sdev^2))
    expect_match(plot$labels$x, as.character(share[1L]), fixed = TRUE)
    expectPicture(plotCodes(codes[, 1, drop = FALSE]))
    expectPicture(plotCodes(codes[1:2, ]))
})

test_that("colours are by group or by value", {
    group <- rep(c("a", "b"), 25)
    plot <- plotCodes(codes, colour_by = group)
    expectPicture(plot)
    expect_identical(length(unique(drawn(plot)$colour)), 2L)
    expect_identical(unname(tapply(seq_len(50L), drawn(plot)$colour, min)) |>
        sort() |> as.integer(), c(1L, 2L))
    expectPicture(plotCodes(codes, colour_by = seq_len(50L)))
    expectPicture(plotCodes(codes, colour_by = rep(letters[1:10], 5)))
    expectPicture(plotCodes(codes, colour_by = c(NA, group[-1])))
    expectPicture(plotCodes(codes, colour_by = group == "a"))
    for (bad in list("a", 1:3, list(1), NA)) {
        expectAesopError(plotCodes(codes, colour_by = bad), "param",
            "colour_by")
    }
    sce <- runAutoencoder(toySce(), latent = 2L, epochs = 2L, seed = 1,
        verbose = FALSE)
    plot <- plotCodes(sce, colour_by = "group")
    expectPicture(plot)
    expect_identical(length(unique(drawn(plot)$colour)), 3L)
    expectAesopError(plotCodes(sce, colour_by = "cluster"), "param",
        c("colour_by", "group"))
})

test_that("a UMAP is repeatable and leaves R's generator alone", {
    skip_if_not_installed("uwot")
    withr::local_seed(3L)
    before <- .Random.seed
    first <- plotCodes(codes, method = "umap")
    expect_identical(.Random.seed, before)
    expectPicture(first)
    expect_identical(drawn(plotCodes(codes, method = "umap")), drawn(first))
    expectAesopError(plotCodes(codes[1:3, ], method = "umap"), "input_dim",
        "5")
})

test_that("autoplot() and plot() make each type", {
    for (type in c("history", "codes", "distribution", "outliers")) {
        expectPicture(ggplot2::autoplot(model, type, data = x))
        file <- withr::local_tempfile(fileext = ".pdf")
        grDevices::pdf(file)
        expect_s3_class(suppressMessages(plot(model, type = type,
            data = x)), "ggplot")
        grDevices::dev.off()
        expect_gt(file.size(file), 1000)
    }
    expect_identical(drawn(ggplot2::autoplot(model)),
        drawn(plotHistory(model)))
    for (type in c("codes", "distribution", "outliers")) {
        expectAesopError(ggplot2::autoplot(model, type), "param", "data")
    }
    expectAesopError(ggplot2::autoplot(model, "weights"), "param", "type")
})

test_that("the distribution has a panel for each code, all samples in it", {
    plot <- ggplot2::autoplot(model, "distribution", data = x)
    bars <- drawn(plot)
    expect_identical(length(unique(bars$PANEL)), 3L)
    expect_identical(as.vector(tapply(bars$count, bars$PANEL, sum)),
        rep(50, 3L))
})

test_that("outliers are drawn in order with the threshold", {
    skip_if_not_installed("scuttle")
    strange <- x
    strange[, 7] <- strange[, 7] * 20
    plot <- ggplot2::autoplot(model, "outliers", data = strange)
    table <- findOutliers(strange, model)
    points <- drawn(plot)
    expect_equal(points$y[order(points$x)], rev(table$score))
    at <- which(geoms(plot) == "GeomHline")
    expect_equal(drawn(plot, at)$yintercept, unique(table$threshold))
    expectPicture(plot)
    se <- SummarizedExperiment::SummarizedExperiment(list(a = strange))
    expectPicture(ggplot2::autoplot(model, "outliers", data = se))
})
