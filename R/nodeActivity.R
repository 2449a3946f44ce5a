#' What the codes and the reconstruction look like
#'
#' `nodeActivity` describes each code by its values over the samples,
#' `featureErrors` each feature by how well it is rebuilt.
#'
#' @param x For `nodeActivity`: a matrix of codes (samples x codes), a fitted
#'     model or a SingleCellExperiment with stored codes, as for
#'     [clusterCodes()]. For `featureErrors`: samples, as for [encode()]. For
#'     `plot` and `print`: the result.
#' @param data,dimred As for [clusterCodes()].
#' @param threshold A sample counts as active if the code is above this.
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class] of one
#'     assay.
#' @param ... Further arguments of [encode()]; for `plot`, of
#'     [graphics::hist()].
#'
#' @section Errors:
#' Those of [clusterCodes()] and [encode()].
#'
#' @returns `nodeActivity`: a data frame with one row per code, the most active
#' first: `code`, `sum`, `mean`, `sd`, `min`, `max` and `active`, the share of
#' samples above `threshold`. `plot` draws the distribution of every code on
#' one page. `featureErrors`: a data frame with one row per feature, the worst
#' first: `feature`, `mean_absolute_error` and `mean_squared_error`, on the
#' scale of the data, and `correlation` of values and reconstruction (NA for a
#' constant feature); all NA for a feature that `x` lacks.
#' @seealso [featureSignatures()] for the features behind a code
#' @export
#' @examples
#' x <- outer(rnorm(30), rnorm(50)) + rnorm(30 * 50, sd = 0.2)
#' dimnames(x) <- list(paste0("gene", 1:30), paste0("sample", 1:50))
#' model <- trainAutoencoder(x, latent = 4, epochs = 20, seed = 1)
#' activity <- nodeActivity(model, x)
#' activity
#' plot(activity)
#' head(featureErrors(model, x), 3)
nodeActivity <- function(x, data = NULL, dimred = "AE", threshold = 0, ...) {
    dimred <- .checkString(dimred, "dimred")
    threshold <- .checkNumber(threshold, "threshold")
    codes <- .codesOf(x, data, dimred, list(...))
    if (is.null(colnames(codes))) {
        colnames(codes) <- paste0("AE", seq_len(ncol(codes)))
    }
    total <- colSums(codes)
    table <- data.frame(code = colnames(codes), sum = total,
        mean = colMeans(codes), sd = apply(codes, 2L, stats::sd),
        min = apply(codes, 2L, min), max = apply(codes, 2L, max),
        active = colMeans(codes > threshold), row.names = NULL)
    table <- table[order(total, decreasing = TRUE), ]
    rownames(table) <- NULL
    structure(table, codes = codes, class = c("aesop_activity", "data.frame"))
}

#' @rdname nodeActivity
#' @method print aesop_activity
#' @export
print.aesop_activity <- function(x, ...) {
    attr(x, "codes") <- NULL
    print(structure(x, class = "data.frame"), ...)
    invisible(x)
}

#' @rdname nodeActivity
#' @method plot aesop_activity
#' @export
plot.aesop_activity <- function(x, ...) {
    codes <- attr(x, "codes")
    side <- ceiling(sqrt(nrow(x)))
    old <- graphics::par(mfrow = c(ceiling(nrow(x) / side), side),
        mar = c(1.2, 1, 1.2, 0.4), mgp = c(1, 0.1, 0), tcl = -0.2)
    on.exit(graphics::par(old))
    for (name in x$code) {
        graphics::hist(codes[, name], breaks = 20L, main = name, xlab = "",
            ylab = "", yaxt = "n", col = "grey70", border = "grey70",
            cex.main = 0.9, cex.axis = 0.7, ...)
    }
    invisible(x)
}

#' @rdname nodeActivity
#' @export
featureErrors <- function(model, x, ...) {
    model <- .checkModel(model)
    if (missing(x)) {
        .abortWithoutData("x", "featureErrors")
    }
    .checkOneAssay(model)
    new <- .newData(model, x, list(...))
    rebuilt <- .applySource(model, new$source, "reconstruction", new$control)
    values <- .knownValues(new$source)
    error <- values - rebuilt
    table <- data.frame(feature = model@features,
        mean_absolute_error = rowMeans(abs(error)),
        mean_squared_error = rowMeans(error^2),
        correlation = .rowCorrelation(values, rebuilt))
    table <- table[order(table$mean_absolute_error, decreasing = TRUE), ]
    rownames(table) <- NULL
    table
}

.rowCorrelation <- function(a, b) {
    a <- a - rowMeans(a)
    b <- b - rowMeans(b)
    size <- sqrt(rowSums(a^2) * rowSums(b^2))
    ifelse(size > 0, rowSums(a * b) / size, NA_real_)
}
