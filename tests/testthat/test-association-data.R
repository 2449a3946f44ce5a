# Signatures of real networks against what is known of their genes.

readTable <- function(folder, file) {
    utils::read.delim(gzfile(file.path(folder, file)), quote = "",
        check.names = FALSE)
}

# term -> genes
readTerms <- function(folder, file) {
    table <- readTable(folder, file)
    stats::setNames(strsplit(table$genes, ";", fixed = TRUE), table$term)
}

test_that("the published enrichments of ADAGE come back", {
    folder <- adageFolder()
    model <- importAdage(folder)
    table <- readTable(folder, "node_enrichment_published.txt.gz")
    expect_identical(nrow(table), 500L)
    code <- sub("Node ", "AE", table$Node)
    for (kind in c("go", "kegg")) {
        sets <- readTerms(folder, paste0(kind, "_terms.tsv.gz"))
        column <- switch(kind, go = 2L, kegg = 4L)
        wanted <- table[[column + 1L]]
        got <- testFeatureSets(model, sets, min_size = 1, split = "code")
        row <- match(paste(code, table[[column]]), paste(got$signature,
            got$set))
        expect_false(anyNA(row))
        ours <- got[row, ]
        # published with three decimals; equal for sets within the network
        whole <- ours$set_size == lengths(sets)[ours$set]
        expect_gt(mean(whole), 0.85)
        expect_lte(max(abs(ours$odds_ratio - wanted)[whole &
            is.finite(wanted)]), 6e-4)
        expect_identical(is.infinite(ours$odds_ratio)[whole],
            is.infinite(wanted)[whole])
        # there, genes outside the network count for the size of a set
        published <- aesop:::.oddsRatio(ours$overlap, ours$signature_size,
            unname(lengths(sets)[ours$set]), length(model@features))
        expect_equal(is.infinite(published), is.infinite(wanted))
        finite <- is.finite(wanted)
        expect_lte(max(abs(published - wanted)[finite]), 6e-4)
        # the ten highest odds ratios of each node were published
        rank <- ave(-got$odds_ratio, got$signature, FUN = function(v) {
            rank(v, ties.method = "min")
        })[row]
        expect_gt(mean(rank <= 10), 0.9)
    }
})

test_that("genes of an operon are neighbours in the published network", {
    folder <- adageFolder()
    edges <- featureNetwork(importAdage(folder))
    lines <- readLines(file.path(folder, "operons_min3.txt.gz"))
    operons <- strsplit(lines, "\t", fixed = TRUE)
    operon <- stats::setNames(rep(seq_along(operons), lengths(operons)),
        unlist(operons))
    same <- operon[edges$feature1] == operon[edges$feature2]
    found <- sum(same, na.rm = TRUE) / sum(choose(lengths(operons), 2))
    # 0.6 % of all pairs of genes have an edge
    expect_lt(nrow(edges) / choose(5549, 2), 0.01)
    expect_gt(found, 0.6)
})

test_that("regulator sets of S. aureus come back from the decoder", {
    folder <- file.path(dataFolder(), "saureus_compendium")
    skip_if_not(dir.exists(folder), "no saureus_compendium in the data folder")
    table <- readTable(folder, "expression_centered.tsv.gz")
    x <- as.matrix(table[, -1L])
    rownames(x) <- table[[1L]]
    pairs <- readTable(folder, "regulons.tsv.gz")
    sets <- lapply(split(pairs$gene_id, pairs$regulator), unique)
    # regulators with a significant signature, of those of 5 genes or more
    recovered <- function(model, weights) {
        table <- featureSignatures(model, 2.5, weights = weights, data = x)
        got <- testFeatureSets(table, sets, rownames(x), min_size = 5)
        unique(got$set[got$p_adjusted < 0.05 & got$overlap >= 3L])
    }
    model <- fitQuiet(x, hidden = integer(0), latent = 29L,
        latent_activation = "relu", epochs = 300L, learning_rate = 0.001)
    free <- recovered(model, "decoder")
    # 29 principal components give 29, the origin's 29 independent ones 33
    expect_gte(length(free), 20L)
    expect_true(all(c("CodY", "Rex", "PyrR", "PurR") %in% free))
    # with more genes than samples, the encoder's weights are mostly noise
    expect_lt(length(recovered(model, "encoder")), length(free) / 2)
    shrunk <- fitQuiet(x, hidden = integer(0), latent = 29L, l2 = 0.01,
        latent_activation = "relu", epochs = 300L, learning_rate = 0.001)
    expect_gte(length(recovered(shrunk, "encoder")), 20L)
    # of a deep model too, where the product of its matrices says little
    deep <- fitQuiet(x, hidden = 64L, latent = 29L,
        latent_activation = "relu", epochs = 300L, learning_rate = 0.001)
    found <- recovered(deep, "gradient")
    expect_gte(length(found), 15L)
    expect_lt(length(recovered(deep, "encoder")), length(found) / 2)
})
