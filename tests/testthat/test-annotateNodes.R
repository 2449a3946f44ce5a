codes <- withr::with_seed(1, matrix(rnorm(40 * 3), 40L,
    dimnames = list(sprintf("cell%d", 1:40), c("AE1", "AE2", "AE3"))))
codes[, 2L] <- round(codes[, 2L])
sex <- rep(c("f", "m"), 20L)
type <- factor(rep(c("a", "b", "c", "d"), 10L))
age <- withr::with_seed(2, rpois(40L, 5))
frame <- data.frame(sex, type, age)

pick <- function(table, code, annotation) {
    table[table$code == code & table$annotation == annotation, ]
}

test_that("p-values are those of R's tests", {
    got <- annotateNodes(codes, colData = frame)
    expect_identical(nrow(got), 9L)
    for (code in colnames(codes)) {
        value <- codes[, code]
        wilcoxon <- wilcox.test(value[sex == "m"], value[sex == "f"],
            exact = FALSE)
        row <- pick(got, code, "sex")
        expect_identical(row$test, "wilcoxon")
        expect_equal(row$p_value, wilcoxon$p.value)
        expect_equal(row$effect,
            2 * unname(wilcoxon$statistic) / 400 - 1)
        kruskal <- kruskal.test(value, type)
        row <- pick(got, code, "type")
        expect_equal(c(row$statistic, row$p_value),
            c(unname(kruskal$statistic), kruskal$p.value))
        spearman <- cor.test(value, age, method = "spearman", exact = FALSE)
        row <- pick(got, code, "age")
        expect_equal(c(row$effect, row$p_value),
            c(unname(spearman$estimate), spearman$p.value))
    }
    expect_equal(got$p_adjusted, p.adjust(got$p_value, "BH"))
    expect_false(is.unsorted(got$p_value))
    expect_true(all(is.na(got$reason)))
})

test_that("the sex node is found by itself", {
    x <- toyGaussian(30L, 120L, rank = 4L)
    male <- rep(c(0, 1), 60L)
    x[1:8, ] <- x[1:8, ] + rep(4 * male, each = 8L)
    noise <- withr::with_seed(3, matrix(rnorm(120 * 5), 120L))
    frame <- data.frame(noise, sex = ifelse(male == 1, "m", "f"))
    model <- fitQuiet(x, hidden = integer(0), latent = 5L, epochs = 60L,
        learning_rate = 0.01)
    got <- annotateNodes(model, x, frame)
    expect_identical(got$annotation[1L], "sex")
    expect_lt(got$p_adjusted[1L], 1e-6)
    experiment <- SummarizedExperiment::SummarizedExperiment(
        list(x = x), colData = frame)
    expect_identical(annotateNodes(model, experiment), got)
})

test_that("what cannot be tested is NA with its reason", {
    flat <- cbind(codes, AE4 = 2)
    odd <- data.frame(sex, name = sprintf("s%d", 1:40), one = "x",
        few = c(1:4, rep(NA, 36)), day = as.Date("2020-01-01") + 1:40)
    got <- annotateNodes(flat, colData = odd)
    reason <- function(annotation, code = "AE1") {
        row <- pick(got, code, annotation)
        expect_true(is.na(row$p_value))
        row$reason
    }
    expect_match(reason("name"), "more groups")
    expect_match(reason("one"), "annotation is constant")
    expect_match(reason("few"), "fewer than 5")
    expect_match(reason("day"), "neither")
    expect_match(reason("sex", "AE4"), "code is constant")
    expect_identical(sum(!is.na(got$p_value)), 3L)
    # missing values are left out
    sex[1:3] <- NA
    got <- annotateNodes(codes, colData = data.frame(sex))
    expect_identical(unique(got$n), 37L)
    expect_equal(pick(got, "AE1", "sex")$p_value, wilcox.test(codes[, 1] ~
        sex, exact = FALSE)$p.value)
})

test_that("few samples do not give p-values that no exact test could", {
    frame <- data.frame(age = 1:5, sex = c("a", "a", "a", "b", "b"))
    got <- annotateNodes(cbind(AE1 = c(1, 2, 3, 7, 9)), colData = frame)
    age <- pick(got, "AE1", "age")
    expect_equal(c(age$effect, age$p_value), c(1, cor.test(1:5, 1:5,
        method = "spearman", exact = TRUE)$p.value))
    sex <- pick(got, "AE1", "sex")
    expect_equal(sex$p_value, wilcox.test(1:3, 4:5)$p.value)
})

test_that("rows are matched by name, or must fit", {
    rownames(frame) <- rownames(codes)
    expect_identical(annotateNodes(codes, colData = frame[40:1, ]),
        annotateNodes(codes, colData = frame))
    expect_identical(annotateNodes(codes,
        colData = S4Vectors::DataFrame(frame)),
        annotateNodes(codes, colData = frame))
    expectAesopError(annotateNodes(codes, colData = frame[1:39, ]), "param",
        c("colData", "39"))
    expectAesopError(annotateNodes(codes), "param", "colData")
    expectAesopError(annotateNodes(codes, colData = frame[, 0]), "param",
        "colData")
    expectAesopError(annotateNodes(codes, colData = frame, min_samples = 1),
        "param", "min_samples")
    sce <- runAutoencoder(toySce(), latent = 3L, epochs = 2L, seed = 1,
        verbose = FALSE)
    expect_identical(unique(annotateNodes(sce)$annotation), "group")
})
