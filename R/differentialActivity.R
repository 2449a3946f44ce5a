#' Codes that differ between groups
#'
#' Tests each code for a difference between groups of samples, or for a slope,
#' with other covariates in the same linear model.
#'
#' A linear model is fitted to each code. With limma the residual variances of
#' the codes are moderated (Smyth 2004), which helps with few samples; without
#' it, or with `method = "ordinary"`, the tests are the ordinary t and F tests
#' of least squares. One code alone is tested in the ordinary way, as there is
#' nothing to moderate with. The column `method` says which was used.
#'
#' Samples with a missing group or covariate are left out, with a message.
#' The p-value of a code is `NA`, and `reason` says why, if the code is
#' constant or does not vary within the groups.
#'
#' @param x A matrix of codes (samples x codes), a fitted model or a
#'     SingleCellExperiment with stored codes, as for [clusterCodes()].
#' @param groups What to compare: one value per sample, the name of a column of
#'     `colData`, or a formula over these columns, such as `~ batch + sex`:
#'     its last term is tested, the others are adjusted for. Numbers are tested
#'     for a slope.
#' @param data,dimred As for [clusterCodes()].
#' @param colData As for [annotateNodes()], where `groups` needs it.
#' @param method `"auto"` (limma where it is installed), `"limma"` or
#'     `"ordinary"`.
#' @param ... For a model: further arguments of [encode()].
#'
#' @section Errors:
#' Those of [clusterCodes()]; `aesop_error_param` for groups that cannot be
#' compared (one only, too few samples, not to be told from the covariates) and
#' for the other arguments; `aesop_error_package` if limma is asked for and not
#' installed.
#'
#' @returns A data frame with one row per code, smallest p-value first: `code`,
#' `mean`, `difference`, `statistic`, `p_value`, `p_adjusted`
#' (Benjamini-Hochberg), `test` (`"t"` for two groups or a slope, else `"F"`),
#' `method` and `reason`. The difference is the second group minus the first, or
#' the slope; of more groups, the largest between two of them.
#' @references Smyth G.K. (2004) Linear models and empirical Bayes methods for
#' assessing differential expression in microarray experiments. Statistical
#' Applications in Genetics and Molecular Biology 3(1).
#' @seealso [annotateNodes()] for all annotations at once, by ranks
#' @export
#' @examples
#' sex <- rep(c("female", "male"), 20)
#' codes <- cbind(AE1 = rnorm(40), AE2 = rnorm(40, ifelse(sex == "male", 3, 0)))
#' differentialActivity(codes, sex)
#' frame <- data.frame(sex, batch = rep(c("a", "b"), each = 20))
#' differentialActivity(codes, ~ batch + sex, colData = frame)
differentialActivity <- function(x, groups, data = NULL, colData = NULL,
    method = c("auto", "limma", "ordinary"), dimred = "AE", ...) {
    dimred <- .checkString(dimred, "dimred")
    method <- .checkChoice(method, "method", c("auto", "limma", "ordinary"))
    if (method == "limma") {
        .needPackage("limma", "method = \"limma\"")
    }
    codes <- .namedCodes(.codesOf(x, data, dimred, list(...)))
    if (missing(groups)) {
        groups <- NULL
    }
    columns <- .comparedColumns(groups, codes, colData, x, data)
    design <- .comparisonDesign(columns)
    codes <- codes[design$used, , drop = FALSE]
    spread <- .residualSpread(codes, design$x)
    good <- is.na(spread$reason)
    moderate <- method != "ordinary" && sum(good) > 1L &&
        requireNamespace("limma", quietly = TRUE)
    n <- ncol(codes)
    table <- data.frame(code = colnames(codes), mean = colMeans(codes),
        difference = NA_real_, statistic = NA_real_, p_value = NA_real_,
        p_adjusted = NA_real_,
        test = rep(if (length(design$tested) == 1L) "t" else "F", n),
        method = if (moderate) "limma" else "ordinary",
        reason = spread$reason, row.names = NULL)
    table$difference <- .groupDifference(spread$fit, design)
    if (any(good)) {
        test <- if (moderate) .moderatedTest else .ordinaryTest
        table[good, c("statistic", "p_value")] <- test(codes[, good,
            drop = FALSE], design)
    }
    table$p_adjusted <- stats::p.adjust(table$p_value, "BH")
    table <- table[order(table$p_value, -abs(table$difference)), ]
    rownames(table) <- NULL
    table
}

# list(frame, terms): the columns that the comparison needs, the tested one
# last.
.comparedColumns <- function(groups, codes, colData, x, data) {
    allowed <- paste("one value per sample, the name of a column of colData",
        "or a formula such as ~ batch + sex")
    if (inherits(groups, "formula")) {
        formula <- .checkDesign(groups, "groups")
        terms <- tryCatch(.designTerms(deparse1(formula), TRUE),
            error = function(e) .abortParam("groups", formula, allowed))
        frame <- .annotationFrame(colData, x, data, codes)
        absent <- setdiff(all.vars(formula), names(frame))
        if (length(absent) > 0L || length(attr(terms, "term.labels")) == 0L) {
            .abortParam("groups", paste(absent, collapse = ", "),
                "a formula over columns of colData")
        }
        return(list(frame = frame[all.vars(formula)], terms = terms))
    }
    named <- is.character(groups) && !is.object(groups) &&
        length(groups) == 1L && nrow(codes) != 1L
    if (named) {
        frame <- .annotationFrame(colData, x, data, codes)
        if (!groups %in% names(frame)) {
            .abortParam("groups", groups, sprintf(
                "one value per sample or a column of colData (%s)",
                .showNames(names(frame), 10L)))
        }
        groups <- frame[[groups]]
    } else if (!is.null(colData)) {
        .abortParam("colData", colData,
            "NULL where `groups` are the values themselves")
    }
    if (!(is.atomic(groups) || is.factor(groups)) ||
        length(groups) != nrow(codes)) {
        .abortParam("groups", groups, allowed)
    }
    list(frame = list(groups = groups), terms = .designTerms("~groups"))
}

# list(x, tested, used, numeric): the model matrix of the samples used, and
# which of its columns are tested.
.comparisonDesign <- function(columns) {
    frame <- lapply(columns$frame, function(value) {
        plain <- is.null(dim(value)) && (is.factor(value) ||
            (!is.object(value) && (is.numeric(value) || is.logical(value) ||
                is.character(value))))
        if (!plain) {
            .abortParam("groups", value,
                "numbers, logical values, text or factors")
        }
        if (is.numeric(value)) replace(value, !is.finite(value), NA) else value
    })
    used <- Reduce(`&`, lapply(frame, function(value) !is.na(value)))
    if (!all(used)) {
        .inform(sprintf("%s without a value of `groups` left out.",
            .count(sum(!used), "sample")))
    }
    frame <- lapply(frame, function(value) {
        value <- value[used]
        if (is.numeric(value)) as.numeric(value) else factor(value)
    })
    for (value in frame) {
        if (length(unique(value)) < 2L) {
            .abort("param", c(
                sprintf("`groups` has one value only in %s.",
                    .count(sum(used), "sample")),
                "A comparison needs two, and so does each covariate."
            ), arg = "groups", value = NULL, allowed = "two values")
        }
    }
    frame <- as.data.frame(frame, optional = TRUE)
    matrix <- tryCatch(suppressWarnings(stats::model.matrix(columns$terms,
        frame)), error = function(e) {
        .abort("param", sprintf("`groups` cannot be computed: %s",
            conditionMessage(e)), arg = "groups", value = NULL,
            allowed = NULL)
    })
    labels <- attr(columns$terms, "term.labels")
    tested <- which(attr(matrix, "assign") == length(labels))
    if (nrow(matrix) != sum(used) || !all(is.finite(matrix))) {
        .abort("param", "`groups` is not a number for every sample.",
            arg = "groups", value = NULL, allowed = NULL)
    }
    .checkRank(matrix)
    last <- frame[[labels[length(labels)]]]
    list(x = unname(matrix), tested = tested, used = used,
        slope = !is.factor(last))
}

.checkRank <- function(matrix) {
    if (nrow(matrix) <= ncol(matrix)) {
        .abort("param", sprintf(
            "`groups` needs more than %s to compare, and there are %d.",
            .count(ncol(matrix), "sample"), nrow(matrix)), arg = "groups",
            value = NULL, allowed = ncol(matrix) + 1L)
    }
    if (qr(matrix)$rank < ncol(matrix)) {
        .abort("param", c(
            "`groups` cannot be told from the covariates.",
            "Each combination is needed; leave one of them out."
        ), arg = "groups", value = NULL, allowed = "full rank")
    }
}

# list(fit, reason): why a code cannot be tested, NA if it can.
.residualSpread <- function(codes, x) {
    fit <- stats::lm.fit(x, codes)
    size <- apply(abs(codes), 2L, max)
    residual <- apply(abs(as.matrix(fit$residuals)), 2L, max)
    range <- apply(codes, 2L, function(v) diff(range(v)))
    reason <- ifelse(range <= 1e-12 * size, "code is constant",
        ifelse(residual <= 1e-12 * size, "no spread within the groups",
            NA_character_))
    list(fit = fit, reason = unname(reason))
}

.groupDifference <- function(fit, design) {
    tested <- as.matrix(fit$coefficients)[design$tested, , drop = FALSE]
    if (nrow(tested) == 1L || design$slope) {
        return(unname(if (nrow(tested) == 1L) tested[1L, ] else NA_real_))
    }
    unname(apply(rbind(0, tested), 2L, function(v) diff(range(v))))
}

# statistic and p-value of each code, least squares.
.ordinaryTest <- function(codes, design) {
    squares <- function(x) {
        colSums(as.matrix(stats::lm.fit(x, codes)$residuals)^2)
    }
    full <- squares(design$x)
    fewer <- squares(design$x[, -design$tested, drop = FALSE])
    k <- length(design$tested)
    df <- nrow(design$x) - ncol(design$x)
    f <- pmax(0, fewer - full) / k / (full / df)
    p_value <- stats::pf(f, k, df, lower.tail = FALSE)
    if (k == 1L) {
        slope <- as.matrix(stats::lm.fit(design$x, codes)$coefficients)
        f <- sign(slope[design$tested, ]) * sqrt(f)
    }
    data.frame(statistic = f, p_value = p_value)
}

.moderatedTest <- function(codes, design) {
    fit <- limma::eBayes(limma::lmFit(t(codes), design$x))
    if (length(design$tested) == 1L) {
        return(data.frame(statistic = fit$t[, design$tested],
            p_value = fit$p.value[, design$tested]))
    }
    top <- limma::topTable(fit, coef = design$tested, number = Inf,
        sort.by = "none")
    data.frame(statistic = top$F, p_value = top$P.Value)
}
