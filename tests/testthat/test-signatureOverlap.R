genes <- sprintf("gene%d", 1:100)
signatures <- list(a = genes[1:20], b = genes[2:20], c = genes[18:40],
    d = genes[90:95])

test_that("overlaps are those of sets and fisher.test", {
    got <- signatureOverlap(signatures, genes)
    expect_identical(nrow(got), 6L)
    for (i in seq_len(nrow(got))) {
        one <- signatures[[got$signature1[i]]]
        two <- signatures[[got$signature2[i]]]
        expect_identical(got$overlap[i], length(intersect(one, two)))
        expect_equal(got$jaccard[i], length(intersect(one, two)) /
            length(union(one, two)))
        expect_equal(c(got$size1[i], got$size2[i]), lengths(list(one, two)))
        counts <- table(factor(genes %in% one, c(TRUE, FALSE)),
            factor(genes %in% two, c(TRUE, FALSE)))
        expect_equal(got$p_value[i], fisher.test(counts,
            alternative = "greater")$p.value, tolerance = 1e-10)
    }
    expect_identical(unlist(got[1L, 1:2], use.names = FALSE), c("a", "b"))
    expect_equal(got$p_adjusted, p.adjust(got$p_value, "BH"))
    expectAesopError(signatureOverlap(signatures[1L], genes), "param",
        "signatures")
    expectAesopError(signatureOverlap(signatures), "param", "universe")
})

test_that("the larger of two that are alike stands for both", {
    got <- removeRedundantSignatures(signatures)
    expect_identical(got$signatures, signatures[-2L])
    expect_identical(got$removed, data.frame(signature = "b", kept = "a",
        similarity = 19 / 20))
    expect_identical(removeRedundantSignatures(signatures, 1)$signatures,
        signatures)
    expect_identical(nrow(removeRedundantSignatures(signatures, 1)$removed),
        0L)
    part <- c(signatures, list(e = genes[30:33]))
    expect_identical(names(removeRedundantSignatures(part)$signatures),
        c("a", "c", "d", "e"))
    expect_identical(names(removeRedundantSignatures(part, 0.9,
        "overlap")$signatures), c("a", "c", "d"))
    expectAesopError(removeRedundantSignatures(signatures, 0), "param",
        "threshold")
})

test_that("tables and models keep their form", {
    x <- toyGaussian(40L, 60L)
    model <- toyModel(x)
    table <- featureSignatures(model, 1, data = x)
    twice <- table
    twice$code <- paste0(twice$code, "b")
    got <- removeRedundantSignatures(rbind(table, twice), 0.999)
    expect_identical(got$signatures, table)
    expect_identical(got$removed$kept, sub("b_", "_",
        got$removed$signature))
    expect_identical(removeRedundantSignatures(model, 1, cutoff = 1,
        data = x), removeRedundantSignatures(table, 1))
    expect_identical(signatureOverlap(model, cutoff = 1, data = x),
        signatureOverlap(table, rownames(x)))
})
