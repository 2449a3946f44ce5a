#' Train an autoencoder
#'
#' Fits an autoencoder to a matrix of features x samples, or to one taken from
#' a [SummarizedExperiment][SummarizedExperiment::SummarizedExperiment-class]
#' or [SingleCellExperiment][SingleCellExperiment::SingleCellExperiment-class].
#' Without `param` and settings it is the linear autoencoder of
#' [linearParam()], which needs no training and does not depend on a seed. Any
#' setting beyond `latent`, `normalize` and `scale` asks for a network that is
#' trained, [AutoencoderParam()]; what is not given of it is fitted to the size
#' of the data. A message says what was chosen and why.
#'
#' @param x A numeric or logical matrix, a sparse matrix (never made dense), a
#'     DelayedArray (on disk, of any size; see `memory_limit`), a
#'     SummarizedExperiment or a SingleCellExperiment: features in rows,
#'     samples in columns; or DNA sequences, see [oneHot()]. For
#'     [multimodalParam()] a named list of those, or a
#'     SingleCellExperiment with alternative experiments. Rows need unique names
#'     to match new data later; if there are none at all, `feature1` and so on
#'     are used.
#' @param param An [AutoencoderParam()] or one of its [presets], or `NULL` for
#'     the defaults.
#' @param ... For the matrix method: further settings by name, as for
#'     [AutoencoderParam()]; they win over `param`. For the other methods: all
#'     further arguments of the matrix method.
#' @param subset_row Features to use: names, numbers or logicals. Ignored with
#'     `dimred`.
#' @param transposed `TRUE` if `x` is samples x features.
#' @param size_factors One positive number per sample, used with
#'     `normalize = "log"` and the losses on counts; `NULL` for the sample's
#'     sum over the median sum of the training samples.
#' @param ncomponents Alias of the setting `latent`.
#' @param seed A whole number that fixes all random numbers of the fit; R's
#'     generator is then left alone. `NULL` draws one number from R's
#'     generator, so that [set.seed()] makes the fit repeatable.
#' @param num_threads Number of threads; `NULL` for the environment variable
#'     `AESOP_NUM_THREADS`, the options `aesop.num_threads` or `Ncpus`, or 2.
#'     The result is the same for any number.
#' @param device Where to compute: `"auto"` (a GPU if there is one that can be
#'     used, which a message says once a session, else the processor), `"cpu"`,
#'     `"cuda"` (the first GPU), or one of several such as `"cuda:1"`. See
#'     [cudaInfo()].
#' @param precision What a GPU rounds the factors of matrix products to while
#'     it trains, which its tensor cores then multiply: `"float32"` (the
#'     default; not rounded, no tensor cores), `"tf32"` (10 bits behind the
#'     point) or `"bf16"` (7 bits). Sums, weights, all other operations, and
#'     the codes of the model are float32 with each. The processor has float32
#'     only.
#' @param verbose `TRUE` for a progress bar with loss and time left; an
#'     explicit `FALSE` also silences messages about choices made for you.
#' @param on_interrupt After Ctrl-C: `"return"` the model as trained so far,
#'     with a warning of class `aesop_warning_interrupted`; or `"stop"` with a
#'     condition of class `aesop_interrupt`, which holds it in field `model`.
#' @param memory_limit Bytes that a DelayedArray may take in memory; a larger
#'     one is copied once, sample after sample, to a temporary file (removed
#'     afterwards) and trained on from there: the result is the same. `NULL`
#'     for 2 GiB.
#' @param assay.type,exprs_values Name or number of the assay (two names for
#'     the same argument). `NULL` for `"counts"` with a loss on counts or
#'     `normalize = "log"`, else for `"logcounts"`. Without that one the first
#'     of the others, which a message says; where there are counts alone, they
#'     are used if [linearParam()] takes their logarithm (100 features or more).
#' @param altexp Name or number of the alternative experiment to use.
#'     With [multimodalParam()] several names; `NULL` for all.
#' @param design A formula such as `~ batch + age` whose covariates condition
#'     encoder and decoder (setting `condition`: `"both"`, `"encoder"` or
#'     `"decoder"`), so that the code need not describe them. It can use
#'     interactions, arithmetic, comparisons, `log()`, `exp()`, `sqrt()`,
#'     `abs()` and `I()`; what looks at all samples, such as `poly()` or
#'     `factor()`, is to be made a column of the covariates first. Numeric
#'     columns are standardised.
#' @param covariates A data frame with the covariates, one row per sample,
#'     matched by name if the rows have names; `NULL` for `colData(x)`.
#' @param checkpoint A file that keeps the fit while it is trained, or `NULL`:
#'     if R ends or is interrupted, the same call goes on from there, see below.
#' @param dimred,n_dimred Name or number of a reduced dimension to use as
#'     input, and how many of its columns.
#'
#' @section Checkpoints:
#' With `checkpoint` the state of the fit is written to that file at the ends of
#' epochs, as often as takes a twentieth of the time. The file is replaced as a
#' whole, so that a crash leaves the last state. The same call with the same
#' data goes on from there and gives the model that it would have given in one
#' go, bit for bit (on the same kind of processor, in the same `precision`), for
#' any number of threads; without `seed` it takes that of the file. Once the fit
#' is finished, the call gives the model without training. Only `max_seconds`
#' may change; with other settings or data the file is refused (of the values,
#' those of 64 samples are compared). Remove it to start anew.
#'
#' @section Errors:
#' `aesop_error_input_type`, `_input_dim`, `_input_value` and `_features` for
#' data that cannot be used; `aesop_error_param` for settings;
#' `aesop_error_checkpoint` for a checkpoint of another fit (field `differs`: in
#' what) or the file of a model, `aesop_error_format` for any other file, and
#' `aesop_error_io` for one that cannot be written when the training begins;
#' later that is a warning, `aesop_warning_checkpoint_failed`;
#' `aesop_error_numeric` if training gives non-finite numbers even with a
#' smaller learning rate (field `model`: the last good model);
#' `aesop_error_io` for input on disk that cannot be read;
#' `aesop_error_memory` for a network too large for the machine;
#' `aesop_error_device` for a device or a `precision` that cannot be used, or a
#' device that fails (field
#' `sticky`: whether R must be restarted to use it again; field `model`: the
#' last model that was fetched from it, which happens at the end of an epoch and
#' at most once a second);
#' `aesop_error_fork` for a GPU in a forked process;
#' `aesop_error_design` for covariates that are missing, constant or NA.
#'
#' @returns An [AutoencoderModel][AutoencoderModel-class].
#' @seealso [runAutoencoder()] to store the codes in a SingleCellExperiment;
#'     [encode()], [reconstruct()], [predict.AutoencoderModel()],
#'     [summary.AutoencoderModel()], [findOutliers()], [saveModel()]
#' @examples
#' counts <- matrix(rpois(40 * 60, lambda = 5), nrow = 40,
#'     dimnames = list(paste0("gene", seq_len(40)),
#'         paste0("cell", seq_len(60))))
#' model <- trainAutoencoder(log1p(counts), latent = 3, epochs = 20, seed = 1)
#' model
#' head(encode(model, log1p(counts)), 3)
#'
#' # from the counts, in the settings of your choice
#' param <- AutoencoderParam(hidden = 16, latent = 3, epochs = 20,
#'     normalize = "log", noise = maskingNoise(0.1))
#' model <- trainAutoencoder(counts, param)
#' @name trainAutoencoder
#' @aliases trainAutoencoder
NULL

#' @rdname trainAutoencoder
#' @export
setMethod("trainAutoencoder", "ANY", function(x, param = NULL, ...,
    subset_row = NULL, transposed = FALSE, size_factors = NULL,
    ncomponents = NULL, seed = NULL, num_threads = NULL, device = "auto",
    verbose = interactive(), on_interrupt = c("return", "stop"),
    memory_limit = NULL, design = NULL, covariates = NULL,
    checkpoint = NULL, precision = c("float32", "tf32", "bf16")) {
    call <- list(subset_row = subset_row, transposed = transposed,
        size_factors = size_factors, ncomponents = ncomponents, seed = seed,
        num_threads = num_threads, device = device, verbose = verbose,
        on_interrupt = on_interrupt, memory_limit = memory_limit,
        design = design, covariates = covariates, checkpoint = checkpoint,
        precision = precision)
    quiet <- !missing(verbose) && identical(verbose, FALSE)
    settings <- .withoutNullWhere(list(...))
    .refuseWhere(settings[intersect(names(settings), .whereArguments())], "x")
    .trainFrom(x, param, settings, call, quiet)$model
})

#' @rdname trainAutoencoder
#' @export
setMethod("trainAutoencoder", "SummarizedExperiment", function(x,
    param = NULL, ..., assay.type = NULL, exprs_values = NULL) {
    where <- list(assay.type = assay.type, exprs_values = exprs_values)
    placed <- .placed(x, param, where, list(...))
    trainAutoencoder(placed, param, ...)
})

#' @rdname trainAutoencoder
#' @export
setMethod("trainAutoencoder", "SingleCellExperiment", function(x,
    param = NULL, ..., assay.type = NULL, exprs_values = NULL, altexp = NULL,
    dimred = NULL, n_dimred = NULL) {
    where <- list(assay.type = assay.type, exprs_values = exprs_values,
        altexp = altexp, dimred = dimred, n_dimred = n_dimred)
    placed <- .placed(x, param, where, list(...))
    trainAutoencoder(placed, param, ...)
})

#' @rdname trainAutoencoder
#' @export
setMethod("trainAutoencoder", "list", function(x, param = NULL, ...) {
    if (is.object(x) || is.matrix(x)) { # a data frame, for instance
        .asMatrixLike(x)
    }
    if (is.null(param)) {
        param <- multimodalParam()
    }
    placed <- .placed(x, param, list(), list(...))
    trainAutoencoder(placed, param, ...)
})

# What is to be trained on, taken from where it is: a matrix-like, one that was
# picked from an experiment, or several assays. args: of the call, for the
# settings among them.
.placed <- function(x, param, where, args) {
    if (.wantsAssays(param) && (is(x, "SingleCellExperiment") ||
        is.list(x))) {
        .refuseWhere(where[setdiff(names(where), "altexp")], "x")
        return(structure(list(x = x, altexp = where$altexp),
            class = "aesop_assays"))
    }
    if (is(x, "SummarizedExperiment")) {
        return(.pickMatrix(x, where, .configOf(param, args)))
    }
    if (is.list(x) && !is.data.frame(x)) {
        .abort("param", c(
            "`param` is for one assay, `x` is a list of assays.",
            "Make it with multimodalParam()."
        ), arg = "param", value = class(param), allowed = "multimodalParam()")
    }
    .refuseWhere(where, "x")
    x
}

# Whether param is from multimodalParam().
.wantsAssays <- function(param) {
    is(param, "AutoencoderParam") && !is.null(param@extra$assays)
}

# The arguments of a call that are not settings, with their defaults.
.callDefaults <- function() {
    list(subset_row = NULL, transposed = FALSE, size_factors = NULL,
        ncomponents = NULL, seed = NULL, num_threads = NULL, device = "auto",
        verbose = interactive(), on_interrupt = c("return", "stop"),
        memory_limit = NULL, design = NULL, covariates = NULL,
        checkpoint = NULL, precision = "float32")
}

# The settings as far as they are known before the data: they decide on the
# assay. args: settings and other arguments of the call. One that the data will
# decide on is NULL.
.configOf <- function(param, args) {
    settings <- args[setdiff(names(args), names(.callDefaults()))]
    config <- validate_config(.mergeParam(param, settings))
    if (is.null(param)) {
        param <- .defaultParam(settings)
    }
    if (!is.null(param) && !is.null(param@extra$linear)) {
        given <- .overlay(param@settings, settings)
        config["normalize"] <- list(given[["normalize"]])
    }
    config
}

# NULL for `assay.type` and its like says nothing, also where they do not exist.
.withoutNullWhere <- function(args) {
    where <- intersect(names(args), .whereArguments())
    empty <- where[vapply(args[where], is.null, logical(1L))]
    args[setdiff(seq_along(args), match(empty, names(args)))]
}

# All ways to train end here. settings: given by name, over those in param;
# call: the other arguments. Returns list(model, source, control).
.trainFrom <- function(x, param, settings, call, quiet) {
    call <- .overlay(.callDefaults(), call)
    options <- .fitOptions(call, quiet)
    if (is.null(param)) {
        param <- .defaultParam(settings)
    }
    fit <- .preparedFit(x, param, settings, call, options)
    .checkCheckpointUse(options$checkpoint, fit$extra)
    fit$input$notes <- c(fit$input$notes, .valueNotes(fit))
    train <- if (!is.null(fit$extra$linear)) {
        .fitEmbedding
    } else if (!is.null(fit$extra$robust)) {
        .fitRobust
    } else if (!is.null(fit$extra$stacked)) {
        .fitStacked
    } else {
        function(input, settings, options, extra) {
            .fitModel(input, settings, options)
        }
    }
    train(fit$input, fit$settings, options, fit$extra)
}

# Everything before training: list(input, settings, extra).
.preparedFit <- function(x, param, settings, call, options) {
    extra <- if (is.null(param)) list() else .checkParam(param)@extra
    auto <- identical(settings[["latent"]], "auto") ||
        (isTRUE(extra$auto_latent) && is.null(settings[["latent"]]) &&
            is.null(call$ncomponents))
    settings <- .mergeParam(param, settings, call$ncomponents)
    input <- .inputOf(x, extra, settings, call, options$memory_limit)
    design <- if (is.null(call$design)) extra$design else call$design
    input <- .addDesign(input, x, design, call$covariates)
    if (auto && !is.null(extra$linear)) {
        settings$latent <- NULL # chosen in the fit
    } else if (auto) {
        chosen <- .chooseLatentFor(input, settings)
        settings$latent <- chosen$latent
        input$notes <- c(input$notes, sprintf("latent = %d: %s",
            chosen$latent, chosen$reason))
    }
    list(input = input, settings = settings, extra = extra)
}

# One assay, or several for multimodalParam().
.inputOf <- function(x, extra, settings, call, memory_limit) {
    if (inherits(x, "aesop_assays")) {
        .checkShared(settings)
        call$altexp <- x$altexp
        return(.assaysInput(x$x, extra$assays, call, memory_limit))
    }
    if (!is.null(extra$assays)) {
        .abort("input_type", c(
            "`param` is for several assays, `x` is one.",
            "Give a list of matrices, or a SingleCellExperiment with altExps."
        ), arg = "x", got = class(x), accepted = "list of matrices")
    }
    .trainingInput(x, call, memory_limit)
}

# The design matrix as part of the source, and what the model keeps of it.
.addDesign <- function(input, x, design, covariates) {
    design <- .checkDesign(design)
    if (is.null(design)) {
        if (!is.null(covariates)) {
            .abortParam("covariates", covariates, "NULL without a `design`")
        }
        return(input)
    }
    if (inherits(x, c("aesop_picked", "aesop_assays"))) {
        covariates <- if (is.null(covariates)) x$covariates else covariates
        x <- if (inherits(x, "aesop_assays")) x$x
    }
    source <- input$source
    frame <- .covariateFrame(x, covariates, all.vars(design),
        source$n_samples, source$sample_names)
    made <- .trainingDesign(design, frame, source$sample_names)
    input$source$design <- made$matrix
    input$design <- made$info
    input
}

.chooseLatentFor <- function(input, settings) {
    source <- input$source
    if (source$kind == "assays") {
        .abortParam("latent", "auto", "a number for several assays")
    }
    x <- if (source$kind == "stream") source$delayed else source$x
    .autoLatent(x, settings, source$size_factors)
}

# Arguments of a call, checked.
.fitOptions <- function(call, quiet) {
    if (!is.null(call$seed)) {
        call$seed <- .checkSeed(call$seed)
    }
    device <- .resolveDevice(call$device)
    list(
        seed = call$seed,
        num_threads = .resolveThreads(call$num_threads),
        device = device,
        precision = .resolvePrecision(call$precision, device),
        verbose = .checkFlag(call$verbose, "verbose"),
        on_interrupt = .checkChoice(call$on_interrupt, "on_interrupt",
            c("return", "stop")),
        memory_limit = .checkMemoryLimit(call$memory_limit),
        checkpoint = .checkCheckpoint(call$checkpoint),
        quiet = quiet
    )
}

# Input to train with: list(source, origin, made, notes).
.trainingInput <- function(x, call, memory_limit) {
    transposed <- .checkFlag(call$transposed, "transposed")
    if (transposed && inherits(x, "aesop_picked")) {
        .abortParam("transposed", TRUE,
            "FALSE: an experiment always has features in rows")
    }
    subset_row <- call$subset_row
    notes <- character()
    origin <- list()
    if (inherits(x, "aesop_picked")) {
        origin <- x$origin
        notes <- c(notes, x$note)
        if (x$transposed && !is.null(subset_row)) {
            notes <- c(notes, "`subset_row` is ignored with `dimred`.")
            subset_row <- NULL
        }
        transposed <- x$transposed
        x <- x$x
    }
    m <- .asMatrixLike(x, "x", transposed)
    features <- .trainingFeatures(m)
    rows <- .rowNumbers(subset_row, nrow(m), features$names)
    if (!is.null(rows)) {
        m <- m[rows, , drop = FALSE]
        features$names <- features$names[rows]
    }
    if (features$made) {
        notes <- c(notes,
            "`x` has no feature names; they are made: feature1, ....")
    }
    if (ncol(m) < 2L) {
        .abort("input_dim", "`x` has 1 sample; training needs at least 2.",
            arg = "x", expected = 2L, got = ncol(m))
    }
    size_factors <- .checkSizeFactors(call$size_factors, ncol(m))
    source <- .asInput(m, features$names, size_factors, memory_limit)
    list(source = source, origin = origin, made = features$made,
        notes = notes)
}
