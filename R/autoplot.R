#' Pictures of a fitted model
#'
#' `autoplot` makes a ggplot object, `plot` draws it.
#'
#' @param object,x A fitted [AutoencoderModel][AutoencoderModel-class].
#' @param y Not used.
#' @param type Which picture:
#'     `"history"`: [plotHistory()]; `"codes"`: [plotCodes()];
#'     `"distribution"`: [plotCodeDistributions()]; `"activity"`:
#'     [plotActivity()]; `"reconstruction"`: [plotReconstruction()];
#'     `"feature_errors"`: [plotFeatureErrors()]; `"volcano"`, `"rank"` and
#'     `"qq"`: [plotAberrant()] of [findAberrantFeatures()]; `"outliers"`:
#'     [plotOutliers()] of [findOutliers()]; `"network"`:
#'     [plotFeatureNetwork()] of [featureNetwork()]; `"signatures"`:
#'     [plotSignatures()]; `"clusters"`: [plotClusterChoice()] of
#'     [chooseClusters()].
#' @param data The samples; needed for all types but `"history"`, and for
#'     `"network"` and `"signatures"` of networks with hidden layers only. For
#'     `"volcano"`, `"rank"` and `"qq"` they must be the model's training data,
#'     unless it comes from [fitAberrant()].
#' @param ... Further arguments of the functions named above.
#'
#' @section Errors:
#' `aesop_error_package` if ggplot2 is not installed; `aesop_error_param` if
#' `data` are missing; those of the functions named above.
#'
#' @returns `autoplot`: a ggplot object. `plot`: the same, invisibly.
#' @name autoplot.AutoencoderModel
#' @examples
#' if (requireNamespace("ggplot2", quietly = TRUE)) {
#'     x <- matrix(rnorm(20 * 40), nrow = 20,
#'         dimnames = list(paste0("gene", seq_len(20)), NULL))
#'     model <- trainAutoencoder(x, latent = 2, epochs = 10, seed = 1)
#'     plot(model)
#'     ggplot2::autoplot(model, "distribution", data = x)
#'     ggplot2::autoplot(model, "qq", data = x)
#' }
NULL

# How each type is drawn from a model, samples and further arguments; data:
# whether the samples are needed.
.pictures <- function() {
    direct <- function(f) {
        function(model, data, args) do.call(f, c(list(model, data), args))
    }
    # the weights of deep networks need samples
    weighted <- function(args, data) {
        c(args, if (!is.null(data)) list(data = data))
    }
    list(
        history = list(draw = function(model, data, args) {
            do.call(plotHistory, c(list(model), args))
        }, data = FALSE),
        codes = list(draw = direct(plotCodes), data = TRUE),
        distribution = list(draw = direct(plotCodeDistributions),
            data = TRUE),
        activity = list(draw = direct(plotActivity), data = TRUE),
        reconstruction = list(draw = direct(plotReconstruction), data = TRUE),
        feature_errors = list(draw = direct(plotFeatureErrors), data = TRUE),
        volcano = list(draw = .aberrantPicture("volcano"), data = TRUE),
        rank = list(draw = .aberrantPicture("rank"), data = TRUE),
        qq = list(draw = .aberrantPicture("qq"), data = TRUE),
        outliers = list(draw = .outlierPicture, data = TRUE),
        network = list(draw = function(model, data, args) {
            args$output <- "igraph"
            .drawResult(featureNetwork, plotFeatureNetwork, list(model),
                weighted(args, data))
        }, data = FALSE),
        signatures = list(draw = function(model, data, args) {
            do.call(plotSignatures, c(list(model), weighted(args, data)))
        }, data = FALSE),
        clusters = list(draw = function(model, data, args) {
            .drawResult(chooseClusters, plotClusterChoice, list(model, data),
                args)
        }, data = TRUE)
    )
}

# draw(find(first, ...), ...): each gets the arguments that are its own.
.drawResult <- function(find, draw, first, args) {
    of_draw <- names(args) %in% names(formals(draw))
    result <- do.call(find, c(first, args[!of_draw]))
    do.call(draw, c(list(result), args[of_draw]))
}

.aberrantPicture <- function(type) {
    function(model, data, args) {
        plain <- .plainSamples(model, data, args)
        .drawResult(findAberrantFeatures, plotAberrant,
            list(plain$data, model), c(plain$args, list(type = type)))
    }
}

.outlierPicture <- function(model, data, args) {
    .drawResult(findOutliers, plotOutliers, list(x = data, model = model),
        c(args, list(output = "table")))
}

# The samples of an experiment as a matrix, of which functions give a table;
# what says where they are is used up.
.plainSamples <- function(model, data, args) {
    if (!is(data, "SummarizedExperiment") || .isMultimodal(model)) {
        return(list(data = data, args = args))
    }
    where <- names(args) %in% .whereArguments()
    matrix <- .newMatrix(model, data, args[where], "data")
    args <- args[!where]
    if (length(model@info$design) > 0L && is.null(args$covariates)) {
        args$covariates <- as.data.frame(SummarizedExperiment::colData(data))
    }
    list(data = matrix, args = args)
}

#' @rdname autoplot.AutoencoderModel
#' @exportS3Method ggplot2::autoplot
autoplot.AutoencoderModel <- function(object, type = c("history", "codes",
    "distribution", "activity", "reconstruction", "feature_errors", "volcano",
    "rank", "qq", "outliers", "network", "signatures", "clusters"),
    data = NULL, ...) {
    .needPackage("ggplot2", "autoplot()")
    model <- .checkModel(object, "object")
    pictures <- .pictures()
    type <- .checkChoice(type, "type", names(pictures))
    picture <- pictures[[type]]
    if (picture$data && is.null(data)) {
        .abortWithoutData("data", "plot")
    }
    picture$draw(model, data, list(...))
}

#' @rdname autoplot.AutoencoderModel
#' @method plot AutoencoderModel
#' @export
plot.AutoencoderModel <- function(x, y, type = "history", data = NULL, ...) {
    picture <- autoplot.AutoencoderModel(x, type, data, ...)
    print(picture)
    invisible(picture)
}
