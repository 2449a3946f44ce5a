genes <- sprintf("gene%d", 1:300)
signatures <- withr::with_seed(1, list(AE1 = sample(genes, 30L),
    AE2 = sample(genes, 80L), AE3 = genes[1:5]))
sets <- withr::with_seed(2, list(a = sample(genes, 25L),
    b = signatures$AE1[1:12], c = genes[200:300], d = genes[1:3]))

test_that("p-values are those of fisher.test", {
    got <- testFeatureSets(signatures, sets, genes)
    expect_identical(nrow(got), 12L)
    for (i in seq_len(nrow(got))) {
        inside <- factor(genes %in% signatures[[got$signature[i]]],
            c(TRUE, FALSE))
        member <- factor(genes %in% sets[[got$set[i]]], c(TRUE, FALSE))
        counts <- table(inside, member)
        fisher <- fisher.test(counts, alternative = "greater")
        expect_equal(got$p_value[i], fisher$p.value, tolerance = 1e-10)
        expect_equal(got$odds_ratio[i], counts[1, 1] * counts[2, 2] /
            (counts[1, 2] * counts[2, 1]))
        expect_identical(got$overlap[i], counts[1, 1])
        expect_equal(got$expected[i], sum(counts[1, ]) * sum(counts[, 1]) /
            300)
    }
    expect_equal(got$p_adjusted, p.adjust(got$p_value, "BH"))
    expect_false(is.unsorted(got$p_value))
    expect_identical(c(got$signature[1L], got$set[1L]), c("AE1", "b"))
    expect_setequal(strsplit(got$features[1L], ";")[[1L]], sets$b)
    expect_identical(got$odds_ratio[1L], Inf)
})

test_that("p-values do not vanish far out in the tail", {
    many <- sprintf("g%d", 1:5000)
    got <- testFeatureSets(list(s = many[1:100]), list(t = many[1:100]), many)
    expect_gt(got$p_value, 0)
    expect_equal(log(got$p_value), -lchoose(5000, 100), tolerance = 1e-8)
})

test_that("sets may be a list, a file or a collection", {
    wanted <- testFeatureSets(signatures, sets, genes)
    lines <- paste(names(sets), "text", vapply(sets, paste, "",
        collapse = "\t"), sep = "\t")
    file <- withr::local_tempfile(lines = c(lines, ""))
    expect_identical(testFeatureSets(signatures, file, genes), wanted)
    zipped <- withr::local_tempfile(fileext = ".gmt.gz")
    connection <- gzfile(zipped, "w")
    writeLines(lines, connection)
    close(connection)
    expect_identical(testFeatureSets(signatures, zipped, genes), wanted)
    for (bad in list("a\ttext", c(lines, lines[1L]), "\ttext\tgene1", "")) {
        broken <- withr::local_tempfile(lines = bad)
        condition <- expectAesopError(testFeatureSets(signatures, broken,
            genes), "format_schema")
        expect_identical(condition$path, broken)
    }
    expectAesopError(testFeatureSets(signatures, "absent.gmt", genes), "io",
        "absent.gmt")
    skip_if_not_installed("GSEABase")
    collection <- GSEABase::GeneSetCollection(lapply(names(sets),
        function(name) GSEABase::GeneSet(sets[[name]], setName = name)))
    expect_identical(testFeatureSets(signatures, collection, genes), wanted)
})

test_that("only the universe counts, and models bring theirs", {
    wanted <- testFeatureSets(signatures, sets, genes)
    wider <- lapply(sets, c, "other1", "other2")
    expect_identical(testFeatureSets(signatures, wider, genes), wanted)
    expect_message(got <- testFeatureSets(lapply(signatures, c, "other"),
        sets, genes), "3 features")
    expect_identical(got, wanted)
    x <- toyGaussian(40L, 60L)
    model <- toyModel(x)
    pathways <- list(p = rownames(x)[1:9], q = rownames(x)[10:30])
    table <- featureSignatures(model, 1, data = x)
    got <- testFeatureSets(model, pathways, cutoff = 1, data = x)
    expect_identical(got, testFeatureSets(table, pathways, rownames(x)))
    expect_identical(got, testFeatureSets(table, pathways, model))
    expect_true(all(grepl("^AE[1-3]_(positive|negative)$", got$signature)))
    expect_identical(sum(got$overlap), sum(table$feature %in%
        rownames(x)[1:30]))
    joint <- testFeatureSets(table, pathways, model, split = "code")
    expect_setequal(joint$signature, unique(table$code))
})

test_that("sizes, names and forms are checked", {
    expect_setequal(testFeatureSets(signatures, sets, genes, min_size = 20,
        max_size = 30)$set, "a")
    expectAesopError(testFeatureSets(signatures, sets, genes,
        min_size = 200), "param", "min_size")
    expectAesopError(testFeatureSets(signatures, sets), "param", "universe")
    expectAesopError(testFeatureSets(signatures, sets, letters), "param",
        "signatures")
    expectAesopError(testFeatureSets(unname(signatures), sets, genes),
        "param", "signatures")
    expectAesopError(testFeatureSets(signatures, list(a = 1:3), genes),
        "param", "sets")
    expectAesopError(testFeatureSets(data.frame(a = 1), sets, genes),
        "param", "signatures")
})
