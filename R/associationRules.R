#' Rules between active codes or features
#'
#' Finds what goes together: "where AE1 is active, AE4 is too". Counts pairs and
#' triples of items that are active in the same samples (Agrawal et al. 1993).
#'
#' A rule says that its antecedent, one item or two, implies its consequent, one
#' item. Its support is the share of samples in which all of its items are
#' active, its confidence the share of these among the samples with the
#' antecedent, and its lift the confidence divided by the share of samples with
#' the consequent: 1 if the two are independent.
#'
#' Where the package arules is installed its function `apriori` finds the rules
#' (Borgelt's implementation; Hahsler et al. 2005). Without it pairs and triples
#' are counted here, with the same numbers. The time of that grows with the
#' number of frequent pairs times that of items: hundreds of items are quick,
#' thousands are not, unless `min_support` leaves few of them or `max_items` is
#' 2.
#'
#' @param active A logical matrix of samples x items, such as `codes > 0`; or
#'     a numeric one, whose values above `threshold` count as active. For
#'     features, give `t(x)`.
#' @param min_support,min_confidence A rule has at least this support (greater
#'     than 0) and confidence.
#' @param min_lift A rule has at least this lift.
#' @param max_items Items in a rule, antecedent and consequent together: 2 or 3.
#' @param threshold For a numeric matrix.
#' @param engine `"auto"` (arules where it is installed), `"arules"` or
#'     `"builtin"`.
#'
#' @section Errors:
#' `aesop_error_param` for all arguments; `aesop_error_package` if arules is
#' asked for and not installed.
#'
#' @returns A data frame with one row per rule, the highest lift first, then
#' the highest support: `antecedent` (two items are joined by `" & "`),
#' `consequent`, `items`, `count`, `support`, `confidence` and `lift`.
#' @references
#' Agrawal R., Imielinski T., Swami A. (1993) Mining association rules between
#' sets of items in large databases. Proceedings of the ACM SIGMOD Conference,
#' 207-216.
#'
#' Hahsler M., Gruen B., Hornik K. (2005) arules: a computational environment
#' for mining association rules and frequent item sets. Journal of Statistical
#' Software 14(15).
#' @seealso [nodeActivity()], [featureNetwork()]
#' @export
#' @examples
#' codes <- matrix(rnorm(100 * 5), 100,
#'     dimnames = list(NULL, paste0("AE", 1:5)))
#' codes[, 3] <- pmin(codes[, 1], codes[, 2])
#' associationRules(codes > 0, min_support = 0.2)
associationRules <- function(active, min_support = 0.1, min_confidence = 0.8,
    min_lift = 0, max_items = 3, threshold = 0,
    engine = c("auto", "arules", "builtin")) {
    min_support <- .checkNumber(min_support, "min_support", lower = 0,
        upper = 1)
    if (min_support == 0) {
        .abortParam("min_support", min_support, "greater than 0, at most 1")
    }
    min_confidence <- .checkNumber(min_confidence, "min_confidence",
        lower = 0, upper = 1)
    min_lift <- .checkNumber(min_lift, "min_lift", lower = 0)
    max_items <- .checkNumber(max_items, "max_items", lower = 2, upper = 3,
        integer = TRUE)
    threshold <- .checkNumber(threshold, "threshold")
    engine <- .checkChoice(engine, "engine", c("auto", "arules", "builtin"))
    if (engine == "arules") {
        .needPackage("arules", "engine = \"arules\"")
    } else if (engine == "auto") {
        found <- requireNamespace(.arules, quietly = TRUE)
        engine <- if (found) "arules" else "builtin"
    }
    active <- .activeItems(active, threshold)
    rules <- if (engine == "arules") {
        .aprioriRules(active, min_support, min_confidence, max_items)
    } else {
        .countedRules(active, min_support, max_items)
    }
    .ruleTable(rules, active, min_confidence, min_lift)
}

# Not among the packages that aesop suggests, as few systems have it.
.arules <- "arules"

# rules: the numbers of their items; `two` is NA for an antecedent of one item.
.ruleTable <- function(rules, active, min_confidence, min_lift) {
    names <- colnames(active)
    two <- !is.na(rules$two)
    antecedent <- names[rules$one]
    antecedent[two] <- paste(antecedent[two], names[rules$two[two]],
        sep = " & ")
    # one division, so that a confidence of exactly the limit is in
    confidence <- rules$count / rules$given
    share <- colSums(active)[rules$to] / nrow(active)
    table <- data.frame(antecedent = antecedent, consequent = names[rules$to],
        items = 2L + as.integer(two), count = as.integer(rules$count),
        support = rules$count / nrow(active), confidence = confidence,
        lift = unname(confidence / share))
    wanted <- confidence >= min_confidence & table$lift >= min_lift
    order <- order(-table$lift, -table$support, table$items, rules$one,
        rules$two, rules$to)
    table <- table[order[wanted[order]], ]
    rownames(table) <- NULL
    table
}

# The functions of arules that are used; the tests have their own.
.arulesFunctions <- function() {
    get <- function(name) getExportedValue(.arules, name)
    list(transactions = function(x) as(x, "transactions"),
        apriori = get("apriori"), lhs = get("lhs"), rhs = get("rhs"),
        items = function(x) get("LIST")(x, decode = TRUE),
        quality = get("quality"))
}

# Columns one, two, to, count and given, as .pairRules() has them.
.aprioriRules <- function(active, min_support, min_confidence, max_items,
    arules = .arulesFunctions()) {
    # maxtime: without it the search stops after five seconds
    rules <- arules$apriori(arules$transactions(active == 1),
        parameter = list(support = min_support, confidence = min_confidence,
            minlen = 2L, maxlen = max_items, target = "rules", maxtime = 0),
        control = list(verbose = FALSE))
    quality <- arules$quality(rules)
    left <- lapply(arules$items(arules$lhs(rules)), function(items) {
        sort(match(items, colnames(active)))
    })
    right <- unlist(arules$items(arules$rhs(rules)), use.names = FALSE)
    count <- round(quality$support * nrow(active))
    data.frame(one = vapply(left, `[`, 0L, 1L),
        two = vapply(left, `[`, 0L, 2L), to = match(right, colnames(active)),
        count = count, given = round(count / quality$confidence))
}

# The same, counted here.
.countedRules <- function(active, min_support, max_items) {
    least <- .leastCount(min_support, nrow(active))
    frequent <- which(colSums(active) >= least)
    active <- active[, frequent, drop = FALSE]
    pairs <- crossprod(active)
    rules <- .pairRules(pairs, least)
    if (max_items == 3L) {
        rules <- rbind(rules, .tripleRules(active, pairs, least))
    }
    for (column in c("one", "two", "to")) {
        rules[[column]] <- unname(frequent[rules[[column]]])
    }
    rules
}

# 0/1 with unique column names.
.activeItems <- function(active, threshold) {
    good <- is.matrix(active) && !isS4(active) && !is.object(active) &&
        (is.logical(active) || is.numeric(active)) && !anyNA(active) &&
        nrow(active) > 0L && ncol(active) > 1L
    if (!good) {
        .abortParam("active", active, paste("a logical or numeric matrix of",
            "samples x items without missing values, with two items or more"))
    }
    names <- colnames(active)
    if (is.null(names)) {
        names <- paste0("AE", seq_len(ncol(active)))
    }
    if (anyNA(names) || anyDuplicated(names)) {
        .abort("param", "`active` needs unique column names.", arg = "active",
            value = NULL, allowed = "unique names")
    }
    if (is.numeric(active)) {
        active <- active > threshold
    }
    storage.mode(active) <- "double"
    dimnames(active) <- list(NULL, names)
    active
}

# Fewest samples with a share of at least `share` of n; the share may have been
# rounded.
.leastCount <- function(share, n) {
    max(1, ceiling(share * n * (1 - 1e-12)))
}

# Rules of one item to one: columns one, two, to, count, given (count of the
# antecedent).
.pairRules <- function(pairs, least) {
    found <- which(pairs >= least & row(pairs) != col(pairs), arr.ind = TRUE)
    data.frame(one = found[, 1L], two = rep(NA_integer_, nrow(found)),
        to = found[, 2L], count = pairs[found],
        given = diag(pairs)[found[, 1L]], row.names = NULL)
}

# Rules of two items to one. A triple is frequent only if its pairs are, so
# that for each item only its frequent partners are counted.
.tripleRules <- function(active, pairs, least) {
    frequent <- pairs >= least
    n <- ncol(active)
    triples <- lapply(seq_len(n), function(i) {
        partners <- which(frequent[i, ] & seq_len(n) > i)
        if (length(partners) < 2L) {
            return(NULL)
        }
        joint <- crossprod(active[active[, i] == 1, partners, drop = FALSE])
        found <- which(joint >= least & col(joint) > row(joint),
            arr.ind = TRUE)
        cbind(rep(i, nrow(found)), partners[found[, 1L]],
            partners[found[, 2L]], joint[found])
    })
    triples <- do.call(rbind, triples)
    if (is.null(triples)) {
        triples <- matrix(0, 0L, 4L)
    }
    parts <- lapply(list(1:3, c(1L, 3L, 2L), c(2L, 3L, 1L)), function(turn) {
        data.frame(one = triples[, turn[1L]], two = triples[, turn[2L]],
            to = triples[, turn[3L]], count = triples[, 4L],
            given = pairs[triples[, turn[1:2], drop = FALSE]])
    })
    do.call(rbind, parts)
}
