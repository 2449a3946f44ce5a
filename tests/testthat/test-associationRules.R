active <- withr::with_seed(1, {
    base <- matrix(runif(80 * 7) < 0.5, 80L)
    base[, 3] <- base[, 1] & base[, 2]
    base[, 5] <- base[, 4] | (runif(80) < 0.05)
    colnames(base) <- letters[1:7]
    base
})

# Every rule of two and three items, counted one by one.
allRules <- function(active) {
    items <- colnames(active)
    n <- nrow(active)
    one <- lapply(items, identity)
    two <- utils::combn(items, 2L, simplify = FALSE)
    rows <- lapply(c(one, two), function(from) {
        lapply(setdiff(items, from), function(to) {
            left <- rowSums(active[, from, drop = FALSE]) == length(from)
            both <- sum(left & active[, to])
            data.frame(antecedent = paste(from, collapse = " & "),
                consequent = to, items = length(from) + 1L, count = both,
                support = both / n, confidence = both / sum(left),
                lift = both / sum(left) / mean(active[, to]))
        })
    })
    do.call(rbind, unlist(rows, recursive = FALSE))
}

inOrder <- function(table) {
    table <- table[order(table$antecedent, table$consequent), ]
    rownames(table) <- NULL
    table
}

test_that("rules are those counted one by one", {
    every <- allRules(active)
    for (limits in list(c(0.1, 0.8), c(0.25, 0.5), c(0.3, 0), c(0.9, 0.9))) {
        got <- associationRules(active, limits[1L], limits[2L])
        wanted <- every[every$support >= limits[1L] &
            every$confidence >= limits[2L], ]
        expect_equal(inOrder(got), inOrder(wanted))
        expect_false(is.unsorted(-got$lift))
    }
    pairs <- associationRules(active, 0.1, 0.5, max_items = 2)
    expect_equal(inOrder(pairs), inOrder(every[every$items == 2 &
        every$support >= 0.1 & every$confidence >= 0.5, ]))
    expect_true(all(associationRules(active, min_lift = 1.5)$lift >= 1.5))
})

# Stands in for arules: rules as its functions give them, in another order and
# with the items of an antecedent turned round.
fakeArules <- function(seen) {
    list(transactions = function(x) structure(list(x = x), class = "basket"),
        apriori = function(data, parameter, control) {
            seen$parameter <- parameter
            seen$class <- class(data)
            rules <- allRules(data$x)
            rules[rev(which(rules$support >= parameter$support &
                rules$confidence >= parameter$confidence &
                rules$items <= parameter$maxlen)), ]
        },
        lhs = function(rules) strsplit(rules$antecedent, " & "),
        rhs = function(rules) as.list(rules$consequent),
        items = function(x) lapply(x, rev),
        quality = function(rules) rules[c("support", "confidence", "lift")])
}

test_that("rules found by arules have the form of those counted here", {
    seen <- new.env()
    plain <- aesop:::.activeItems(active, 0)
    for (limits in list(c(0.1, 0.8, 3), c(0.25, 0.5, 2), c(0.9, 0.9, 3))) {
        rules <- aesop:::.aprioriRules(plain, limits[1L], limits[2L],
            limits[3L], fakeArules(seen))
        expect_identical(aesop:::.ruleTable(rules, plain, limits[2L], 0),
            associationRules(active, limits[1L], limits[2L],
                max_items = limits[3L], engine = "builtin"))
        expect_identical(seen$parameter[c("minlen", "maxtime")],
            list(minlen = 2L, maxtime = 0))
        expect_identical(seen$class, "basket")
    }
    expectAesopError(associationRules(active, engine = "apriori"), "param",
        "engine")
    skip_if(requireNamespace(paste0("ar", "ules"), quietly = TRUE))
    expectAesopError(associationRules(active, engine = "arules"), "package",
        "arules")
})

test_that("rules are those of arules", {
    skip_if_not_installed("arules")
    # not among the packages of the tests, as few have it
    arules <- function(name) getExportedValue("arules", name)
    rules <- arules("apriori")(methods::as(active, "transactions"),
        parameter = list(supp = 0.1, conf = 0.6, minlen = 2L, maxlen = 3L),
        control = list(verbose = FALSE))
    left <- vapply(methods::as(arules("lhs")(rules), "list"),
        function(items) paste(sort(items), collapse = " & "), "")
    columns <- c("count", "support", "confidence", "lift")
    wanted <- data.frame(antecedent = left,
        consequent = unlist(methods::as(arules("rhs")(rules), "list")),
        arules("quality")(rules)[, columns])
    got <- associationRules(active, 0.1, 0.6, engine = "builtin")
    expect_equal(inOrder(got)[names(wanted)], inOrder(wanted))
    expect_equal(associationRules(active, 0.1, 0.6, engine = "arules"), got)
})

test_that("planted rules come first", {
    got <- associationRules(active, min_support = 0.1)
    expect_true(all(c("a & b c", "c a", "c b", "d e", "e d") %in%
        paste(got$antecedent, got$consequent)))
    expect_identical(got$consequent[1L], "c")
    expect_equal(got$confidence[got$antecedent == "a & b" &
        got$consequent == "c"], 1)
})

test_that("numbers are cut at the threshold, nothing found is no row", {
    codes <- ifelse(active, 2, -1)
    expect_identical(associationRules(codes), associationRules(active))
    expect_identical(nrow(associationRules(codes, threshold = 2)), 0L)
    expect_identical(associationRules(unname(codes))$consequent[1L], "AE3")
    # a support that only just suffices
    exact <- cbind(a = rep(c(TRUE, FALSE), c(3, 7)), b = rep(c(TRUE, FALSE),
        c(3, 7)))
    expect_identical(nrow(associationRules(exact, 0.3, 1)), 2L)
    expect_identical(nrow(associationRules(exact, 0.31, 1)), 0L)
})

test_that("what is no table of items is refused", {
    for (bad in list(active[, 1], data.frame(active), active[, 1,
        drop = FALSE], replace(active, 3, NA), matrix("a", 2, 2), NULL)) {
        expectAesopError(associationRules(bad), "param", "active")
    }
    twice <- active
    colnames(twice)[2] <- "a"
    expectAesopError(associationRules(twice), "param", "active")
    expectAesopError(associationRules(active, 0), "param", "min_support")
    expectAesopError(associationRules(active, max_items = 4), "param",
        "max_items")
})
