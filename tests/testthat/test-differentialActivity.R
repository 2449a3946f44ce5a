codes <- withr::with_seed(1, matrix(rnorm(24 * 6), 24L,
    dimnames = list(sprintf("cell%d", 1:24), paste0("AE", 1:6))))
sex <- rep(c("f", "m"), 12L)
type <- rep(c("a", "b", "c"), 8L)
batch <- rep(c("x", "y"), each = 12L)
age <- withr::with_seed(2, runif(24L, 20, 80))
codes[, 2L] <- codes[, 2L] + ifelse(sex == "m", 2, 0)
frame <- data.frame(sex, type, batch, age)
inOrder <- function(table) {
    table <- table[order(table$code), ]
    rownames(table) <- NULL
    table
}

test_that("ordinary statistics are those of lm", {
    got <- inOrder(differentialActivity(codes, ~ batch + age + sex,
        colData = frame, method = "ordinary"))
    wanted <- t(apply(codes, 2L, function(y) {
        coef(summary(lm(y ~ batch + age + sex)))["sexm", c(1, 3, 4)]
    }))
    expect_equal(unname(as.matrix(got[, c("difference", "statistic",
        "p_value")])), unname(wanted))
    expect_identical(unique(got$method), "ordinary")
    expect_identical(unique(got$test), "t")
    expect_equal(got$p_adjusted, p.adjust(got$p_value, "BH"))
    got <- inOrder(differentialActivity(codes, ~ batch + type,
        colData = frame, method = "ordinary"))
    wanted <- apply(codes, 2L, function(y) {
        unlist(anova(lm(y ~ batch + type))["type", c("F value", "Pr(>F)")])
    })
    expect_equal(rbind(got$statistic, got$p_value), unname(wanted))
    expect_identical(unique(got$test), "F")
    means <- apply(codes, 2L, tapply, type, mean)
    plain <- inOrder(differentialActivity(codes, type, method = "ordinary"))
    expect_equal(plain$difference, unname(apply(means, 2L,
        function(m) diff(range(m)))))
    slope <- inOrder(differentialActivity(codes, age, method = "ordinary"))
    expect_equal(slope$p_value, unname(apply(codes, 2L, function(y) {
        cor.test(y, age)$p.value
    })))
})

test_that("moderated statistics are those of limma", {
    skip_if_not_installed("limma")
    fit <- limma::eBayes(limma::lmFit(t(codes), model.matrix(~ batch + type)))
    top <- limma::topTable(fit, coef = 3:4, number = Inf, sort.by = "none")
    got <- inOrder(differentialActivity(codes, ~ batch + type,
        colData = frame))
    expect_identical(unique(got$method), "limma")
    expect_equal(got$statistic, top$F)
    expect_equal(got$p_value, top$P.Value)
    fit <- limma::eBayes(limma::lmFit(t(codes), model.matrix(~ sex)))
    got <- inOrder(differentialActivity(codes, "sex", colData = frame))
    expect_equal(got$p_value, unname(fit$p.value[, 2L]))
    expect_equal(got$statistic, unname(fit$t[, 2L]))
    expect_equal(got$difference, unname(fit$coefficients[, 2L]))
    one <- differentialActivity(codes[, 2L, drop = FALSE], sex)
    expect_identical(one$method, "ordinary")
})

test_that("groups are found in colData, in models and by value", {
    wanted <- differentialActivity(codes, sex)
    expect_identical(wanted$code[1L], "AE2")
    expect_identical(differentialActivity(codes, "sex", colData = frame),
        wanted)
    expect_identical(differentialActivity(codes, ~ sex, colData = frame),
        wanted)
    expect_identical(differentialActivity(codes, factor(sex)), wanted)
    x <- toyGaussian(12L, 40L)
    model <- toyModel(x)
    group <- rep(c("a", "b"), 20L)
    experiment <- SummarizedExperiment::SummarizedExperiment(list(x = x),
        colData = data.frame(group))
    expect_identical(differentialActivity(model, "group", experiment),
        differentialActivity(encode(model, x), group))
})

test_that("what cannot be tested is NA with its reason", {
    odd <- cbind(codes, AE7 = 1, AE8 = ifelse(sex == "m", 1, 2))
    for (method in c("auto", "ordinary")) {
        got <- inOrder(differentialActivity(odd, sex, method = method))
        expect_identical(got$reason, c(rep(NA, 6L), "code is constant",
            "no spread within the groups"))
        expect_identical(is.na(got$p_value), !is.na(got$reason))
    }
    missing <- replace(sex, 1:2, NA)
    expect_message(got <- differentialActivity(codes, missing), "2 samples")
    expect_identical(got, differentialActivity(codes[-(1:2), ], sex[-(1:2)]))
})

test_that("groups that cannot be compared are refused", {
    bad <- function(groups, mentions = "groups", ...) {
        expectAesopError(differentialActivity(codes, groups, ...), "param",
            mentions)
    }
    bad(rep("a", 24L), "one value")
    bad(sex[1:5])
    bad(NULL)
    bad(list("a"))
    bad(paste(1:24), "24")
    bad("absent", "sex", colData = frame)
    bad(~ absent, "groups", colData = frame)
    bad(~ sex + twin, "told from", colData = cbind(frame,
        twin = ifelse(sex == "m", "p", "q")))
    expectAesopError(differentialActivity(codes), "param", "groups")
    expectAesopError(differentialActivity(codes, "sex"), "param", "colData")
    expectAesopError(differentialActivity(codes, sex, colData = frame),
        "param", "colData")
    expectAesopError(differentialActivity(codes, sex, method = "f"), "param",
        "method")
})

test_that("the term written last is tested, interactions before it or not", {
    set.seed(5)
    codes <- matrix(rnorm(80), 40, dimnames = list(NULL, c("AE1", "AE2")))
    frame <- data.frame(a = rnorm(40), b = rnorm(40), c = rnorm(40))
    found <- differentialActivity(codes, ~ a:b + c, colData = frame,
        method = "ordinary")
    right <- summary(stats::lm(codes[, "AE1"] ~ a:b + c, frame))
    expect_equal(found$p_value[found$code == "AE1"],
        right$coefficients["c", "Pr(>|t|)"])
})
