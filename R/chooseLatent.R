#' Choose the number of codes
#'
#' Estimates how many dimensions of the data stand out from noise, from the
#' singular values of the data as a network sees them: after normalisation,
#' centring and scaling. The answer is for linear structure; a network with
#' hidden layers may do with fewer codes.
#'
#' `method = "oht"` counts the singular values above the optimal hard threshold
#' for noise of unknown size (Gavish and Donoho 2014): the median singular
#' value times a factor that depends on the shape of the matrix. It takes the
#' noise as white, which `scale = "standard"` may help.
#'
#' `method = "parallel"` is parallel analysis (Horn 1965; Buja and Eyuboglu
#' 1992): the leading singular values that exceed those of data in which each
#' feature was permuted on its own, in all of the permutations.
#'
#' Of large data a part is used, always the same: at most 1,000 samples, and
#' of these the 2,000 most variable features. Sparse data stay sparse until
#' then, and of data on disk only that part is read.
#'
#' @param x Samples as for [trainAutoencoder()]. For `print` and `plot`: what
#'     this function returned.
#' @param method `"oht"` or `"parallel"`.
#' @param param An [AutoencoderParam()], or `NULL`: how the data are normalised
#'     and scaled. If neither says how to normalise, values that look like
#'     counts (all whole, none negative) are taken as `log(1 + count / size
#'     factor)`.
#' @param permutations For `"parallel"`: their number.
#' @param seed For `"parallel"`: a whole number that fixes the permutations.
#'     R's generator is never used.
#' @param ... Settings as for [AutoencoderParam()], of which `normalize`,
#'     `scale` and `loss` matter; and where the samples are: `assay.type`,
#'     `altexp`, `dimred`, `subset_row`, `transposed`, `size_factors` and so on,
#'     see [trainAutoencoder()]. For `plot`: arguments of [graphics::plot()].
#'
#' @section Errors:
#' Those of [trainAutoencoder()] for the data and settings;
#' `aesop_error_input_value` if no feature varies; `aesop_error_param` for the
#' other arguments.
#'
#' @returns A list of class `aesop_latent`: `latent` (at least 2 and at most
#' one less than the smaller dimension of `x`), `threshold` (one number, or one
#' per singular value for `"parallel"`), `singular_values`, `method` and
#' `reason`, a sentence. `plot()` draws the singular values and the threshold.
#' @references Gavish M., Donoho D.L. (2014) The optimal hard threshold for
#' singular values is 4/sqrt(3). IEEE Transactions on Information Theory 60.
#' Horn J.L. (1965) A rationale and test for the number of factors in factor
#' analysis. Psychometrika 30. Buja A., Eyuboglu N. (1992) Remarks on parallel
#' analysis. Multivariate Behavioral Research 27.
#' @export
#' @examples
#' # three dimensions and noise
#' x <- matrix(rnorm(50 * 3), 50) %*% matrix(rnorm(3 * 80), 3) +
#'     0.3 * rnorm(50 * 80)
#' choice <- chooseLatent(x)
#' choice
#' trainAutoencoder(x, latent = choice$latent, epochs = 10)
chooseLatent <- function(x, method = c("oht", "parallel"), param = NULL,
    permutations = 10, seed = 1, ...) {
    method <- .checkChoice(method, "method", c("oht", "parallel"))
    permutations <- .checkNumber(permutations, "permutations", lower = 1,
        upper = 1000, integer = TRUE)
    seed <- .checkSeed(seed)
    input <- .trainingCall(x, param, list(...), "chooseLatent()")
    if (inherits(input$x, "aesop_assays")) {
        .abortParam("x", input$x, "one assay: choose for each by itself")
    }
    settings <- .mergeParam(param, input$settings, input$call$ncomponents)
    m <- .latentInput(input$x, input$call)
    size_factors <- .checkSizeFactors(input$call$size_factors, ncol(m))
    .chooseLatentOf(m, settings, size_factors, method, permutations,
        seed, guess = TRUE)
}

# The matrix that x and the arguments of a call stand for.
.latentInput <- function(x, call) {
    transposed <- .checkFlag(call$transposed, "transposed")
    rows <- call$subset_row
    if (inherits(x, "aesop_picked")) {
        rows <- if (!x$transposed) rows
        transposed <- x$transposed
        x <- x$x
    }
    m <- .asMatrixLike(x, "x", transposed)
    rows <- .rowNumbers(rows, nrow(m), .trainingFeatures(m)$names)
    if (!is.null(rows)) {
        m <- m[rows, , drop = FALSE]
    }
    if (ncol(m) < 2L) {
        .abort("input_dim", "`x` has 1 sample; this needs at least 2.",
            arg = "x", expected = 2L, got = ncol(m))
    }
    m
}

# settings: those that were given. guess: whether values that look like counts
# are normalised as such if no setting says anything.
.chooseLatentOf <- function(m, settings, size_factors, method,
    permutations, seed, guess) {
    config <- validate_config(settings)
    needs <- lapply(.lossProposals(settings, config), `[[`, "value")
    config <- .overlay(config, needs)
    open <- guess && is.null(settings[["normalize"]]) &&
        is.null(needs[["normalize"]])
    spectrum <- .latentSpectrum(m, if (!open) config$normalize, config$scale,
        size_factors)
    values <- spectrum$values
    part <- spectrum$part
    if (method == "oht") {
        threshold <- .hardThreshold(values, dim(part))
        found <- sum(values > threshold)
        rule <- sprintf("the optimal hard threshold %s",
            format(threshold, digits = 3L))
    } else {
        threshold <- .permutedValues(part, permutations, seed)
        found <- sum(cumprod(values > threshold))
        rule <- sprintf("those of %s", .count(permutations, "permutation"))
    }
    highest <- max(1L, min(dim(m)) - 1L)
    latent <- as.integer(min(max(found, 2L), highest))
    reason <- sprintf("%d of %s of the %s%d x %d data exceed %s", found,
        .count(length(values), "singular value"),
        if (spectrum$normalize == "log") "log-normalised " else "",
        nrow(part), ncol(part), rule)
    if (latent != found) {
        reason <- sprintf("%s; %d is the %s allowed", reason, latent,
            if (latent > found) "least" else "most")
    }
    structure(list(latent = latent, threshold = threshold,
        singular_values = values, method = method, reason = reason),
        class = "aesop_latent")
}

# The number of codes for latent = "auto". x: a matrix, dgCMatrix or
# DelayedMatrix of features x samples; settings: the given ones, whose
# `normalize`, `scale` and `loss` say what the network sees.
# Returns list(latent, reason).
.autoLatent <- function(x, settings, size_factors = NULL) {
    settings$latent <- NULL
    choice <- .chooseLatentOf(x, settings, size_factors, "oht", 0L, 1,
        guess = FALSE)
    choice[c("latent", "reason")]
}

#' @rdname chooseLatent
#' @method print aesop_latent
#' @export
print.aesop_latent <- function(x, ...) {
    cat("latent = ", x$latent, "\n  ", x$reason, "\n", sep = "")
    invisible(x)
}

#' @rdname chooseLatent
#' @method plot aesop_latent
#' @export
plot.aesop_latent <- function(x, ...) {
    n <- min(length(x$singular_values), max(20L, 3L * x$latent))
    shown <- seq_len(n)
    values <- x$singular_values[shown]
    threshold <- rep_len(x$threshold, length(x$singular_values))[shown]
    graphics::plot(shown, values, pch = ifelse(shown <= x$latent, 19L, 1L),
        ylim = range(0, values, threshold), xlab = "number",
        ylab = "singular value", main = sprintf("latent = %d", x$latent), ...)
    graphics::lines(shown, threshold, lty = 2L)
    invisible(x)
}
