# What the demonstration leaves: tables and pictures in a folder, and a summary
# on the terminal.

say <- function(...) writeLines(paste0(...))

# Writes the tables and pictures of one data set; returns the files.
writeResults <- function(data, result, folder) {
    unlink(folder, recursive = TRUE)
    dir.create(folder, recursive = TRUE)
    samples <- rownames(result$codes)
    labels <- as.data.frame(lapply(data$labels, as.character),
        optional = TRUE)
    write <- function(table, name) {
        utils::write.csv(table, file.path(folder, name), row.names = FALSE)
    }
    write(data.frame(sample = samples, result$codes), "codes.csv")
    clusters <- data.frame(sample = samples, cluster = result$clusters)
    if (length(labels)) {
        clusters <- cbind(clusters, labels)
    }
    write(clusters, "clusters.csv")
    outliers <- result$outliers
    at <- match(outliers$sample, samples)
    write(cbind(outliers, clusters[at, -1L, drop = FALSE]), "outliers.csv")

    title <- data$name
    savePicture(widthPicture(result$codes, title), folder, "widths")
    savePicture(umapPicture(result$umap, result$clusters,
        paste0(title, ": UMAP of the codes, by cluster"), "cluster"), folder,
        "umap-cluster")
    for (name in names(data$labels)) {
        savePicture(umapPicture(result$umap, data$labels[[name]],
            paste0(title, ": UMAP of the codes, by ", name), name), folder,
            paste0("umap-", gsub("[^A-Za-z0-9]+", "_", name)))
    }
    savePicture(outlierPicture(outliers, title), folder, "outliers")
    savePicture(codesPicture(result$codes, title), folder, "codes")
    list.files(folder)
}

# The summary of one data set.
printResults <- function(data, result, folder, files) {
    sayEmbedding(result)
    sizes <- sort(table(result$clusters), decreasing = TRUE)
    say("  Clusters: ", length(sizes), ", of ", listed(sizes), " samples")
    if (nrow(result$agreement)) {
        say("  Agreement of the clusters with known labels (adjusted Rand ",
            "index, 1 = same groups):")
        say("    ", format("", width = 18L), format("aesop", width = 8L),
            "PCA (", ncol(result$codes), " dimensions, ",
            nlevels(result$pca_clusters), " clusters)")
        for (name in rownames(result$agreement)) {
            values <- formatC(result$agreement[name, ], 2L, format = "f")
            say("    ", format(name, width = 18L),
                format(values[["aesop"]], width = 8L), values[["PCA"]])
        }
    } else {
        say("  No known labels to compare the clusters with.")
    }
    outliers <- result$outliers
    n <- sum(outliers$outlier)
    strongest <- utils::head(outliers, max(1L, min(5L, n)))
    say("  Outliers: ", n, " of ", big(nrow(outliers)), " samples flagged",
        if (n == 0L) "; highest score: " else "; strongest: ",
        listed(paste0(strongest$sample, " (", signif(strongest$score, 3L),
            ")"), 5L))
    say("  Files in ", folder, "/:")
    say(strwrap(paste(files, collapse = ", "), 76L, 4L, 4L))
    say("")
}

sayEmbedding <- function(result) {
    say("  Embedding: ", ncol(result$codes), " codes of ",
        big(length(result$model@features)), " features in ",
        round(result$seconds, 1L), " s")
}

# The first few, and how many more.
listed <- function(x, most = 12L) {
    more <- length(x) - most
    paste0(paste(utils::head(x, most), collapse = ", "),
        if (more > 0L) paste0(" and ", more, " more"))
}
