skip_if_not_installed("ggplot2")

x <- toyGaussian(20L, 50L)
model <- toyModel(x, epochs = 6L)
codes <- encode(model, x)

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

test_that("a feature's value or an annotation gives the colour by name", {
    value <- function(plot) plot$data$colour
    expect_equal(value(plotCodes(model, x, colour_by = "gene3")),
        unname(x["gene3", ]))
    expect_equal(value(plotCodes(model, asSparse(x), colour_by = "gene3")),
        unname(x["gene3", ]))
    sce <- runAutoencoder(toySce(), latent = 2L, epochs = 2L, seed = 1,
        verbose = FALSE)
    expect_equal(value(plotCodes(sce, colour_by = "gene3")), unname(
        SummarizedExperiment::assay(sce, "logcounts")["gene3", ]))
    # samples without a value lie below the others
    sce$some <- c(NA, "a", "b")[seq_len(ncol(sce)) %% 3L + 1L]
    expect_identical(is.na(value(plotCodes(sce, colour_by = "some"))),
        sort(is.na(sce$some), decreasing = TRUE))
    from_model <- plotCodes(S4Vectors::metadata(sce)$AE$model, sce,
        colour_by = "group")
    expect_identical(as.character(value(from_model)), sce$group)
    expectAesopError(plotCodes(model, x, colour_by = "gene999"), "param",
        c("colour_by", "gene999"))
})

test_that("more groups than colours differ in shape and have names", {
    group <- rep(sprintf("group%02d", 1:10), 5)
    plot <- plotCodes(codes, colour_by = group)
    look <- unique(drawn(plot)[c("colour", "shape")])
    expect_identical(nrow(look), 10L)
    names <- drawn(plot, 2L)
    expect_setequal(names$label, group)
    middle <- tapply(codes[, 1], group, median)
    expect_equal(names$x, as.vector(middle[names$label]))
})

test_that("maps are repeatable and leave R's generator alone", {
    # two groups far apart
    far <- rbind(codes[1:10, ], codes[11:20, ] + 100)
    withr::local_seed(3L)
    before <- .Random.seed
    for (method in c("umap", "tsne")) {
        skip_if_not_installed(c(umap = "uwot", tsne = "Rtsne")[[method]])
        first <- plotCodes(far, method = method)
        expect_identical(.Random.seed, before)
        map <- drawn(first)[c("x", "y")]
        expect_identical(drawn(plotCodes(far, method = method))[c("x", "y")],
            map)
        expectAesopError(plotCodes(codes[1:4, ], method = method),
            "input_dim", c("5", method))
    }
    # t-SNE keeps the neighbours
    nearest <- apply(as.matrix(dist(map)) + diag(Inf, 20L), 1L, which.min)
    expect_identical(unname(nearest <= 10), seq_len(20L) <= 10)
    expectPicture(plotCodes(codes[1:5, ], method = "tsne"))
})

test_that("autoplot() and plot() make each type", {
    skip_if_not_installed("scuttle")
    skip_if_not_installed("igraph")
    skip_if_not_installed("bluster")
    types <- eval(formals(aesop:::autoplot.AutoencoderModel)$type)
    expect_identical(types, names(aesop:::.pictures()))
    alone <- c("history", "network", "signatures")
    withr::local_seed(4L)
    before <- .Random.seed
    for (type in types) {
        expectPicture(if (type == "network") {
            ggplot2::autoplot(model, type, data = x, cutoff = 0.1, n = 3)
        } else {
            ggplot2::autoplot(model, type, data = x)
        })
        expect_identical(.Random.seed, before, label = type)
        if (!type %in% alone) {
            expectAesopError(ggplot2::autoplot(model, type), "param", "data")
        }
    }
    for (type in c("history", "codes")) {
        file <- withr::local_tempfile(fileext = ".pdf")
        grDevices::pdf(file)
        expect_s3_class(suppressMessages(plot(model, type = type,
            data = x)), "ggplot")
        grDevices::dev.off()
        expect_gt(file.size(file), 1000)
    }
    expect_identical(drawn(ggplot2::autoplot(model)),
        drawn(plotHistory(model)))
    expectAesopError(ggplot2::autoplot(model, "weights"), "param", "type")
    expectAesopError(ggplot2::autoplot(model, "qq", data = x, colour = 3),
        "param", "colour")
})

test_that("autoplot() hands arguments to where they belong", {
    skip_if_not_installed("bluster")
    plot <- ggplot2::autoplot(model, "volcano", data = x, alpha = 1, n = 2,
        adjust = "BH")
    expect_identical(nrow(drawnBy(plot, "Text")), 2L)
    plot <- ggplot2::autoplot(model, "clusters", data = x, k = 2:3,
        references = 0)
    expect_setequal(drawnBy(plot, "Point")$x, 2:3)
    plot <- ggplot2::autoplot(model, "reconstruction", data = x,
        samples = "cell2", as = "scatter")
    expect_equal(drawn(plot)$x, unname(x[, "cell2"]))
})

test_that("experiments are drawn as their matrices", {
    skip_if_not_installed("scuttle")
    se <- SummarizedExperiment::SummarizedExperiment(list(a = x, b = -x))
    for (type in c("outliers", "qq", "reconstruction", "activity")) {
        expect_identical(
            drawn(ggplot2::autoplot(model, type, data = se,
                assay.type = "a")),
            drawn(ggplot2::autoplot(model, type, data = x)), label = type)
    }
    frame <- data.frame(batch = rep(c("a", "b"), 25))
    fit <- fitQuiet(x, latent = 2L, epochs = 2L, design = ~ batch,
        covariates = frame)
    se <- SummarizedExperiment::SummarizedExperiment(list(x), colData = frame)
    expect_identical(drawn(ggplot2::autoplot(fit, "outliers", data = se)),
        drawn(ggplot2::autoplot(fit, "outliers", data = x,
            covariates = frame)))
})

test_that("the distribution has a panel for each code, all samples in it", {
    plot <- ggplot2::autoplot(model, "distribution", data = x)
    bars <- drawn(plot)
    expect_identical(length(unique(bars$PANEL)), 3L)
    expect_identical(as.vector(tapply(bars$count, bars$PANEL, sum)),
        rep(50, 3L))
})
