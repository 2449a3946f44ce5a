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
