# Going on with a fitted model: more epochs, other data, frozen layers.

#' Train a fitted model further
#'
#' `trainMore` goes on training on the same kind of data. `fineTune` takes a
#' model to other data: features are matched by name, those that the data lack
#' are left out of input and loss, and parts of the network can be frozen.
#' Both start from the model's weights and keep its preparation of the input
#' (centre, scale and size factor target); the optimiser starts anew.
#'
#' @param model A fitted [AutoencoderModel][AutoencoderModel-class].
#' @param x Samples, as for [trainAutoencoder()].
#' @param ... Settings of the training to change, as for [AutoencoderParam()]:
#'     `epochs`, `optimizer`, `learning_rate`, `schedule`, `batch_size`,
#'     `validation`, `early_stopping`, `noise`, penalties, `dropout`. The
#'     architecture, the loss and the preparation cannot be changed. Further,
#'     `assay.type`, `altexp` and `covariates` as for [encode()], and
#'     `num_threads`, `device`, `precision`, `memory_limit`, `verbose`,
#'     `on_interrupt` as for [trainAutoencoder()].
#' @param epochs Number of further passes; `NULL` for as many as before, of
#'     which there must have been some.
#' @param seed As for [trainAutoencoder()]. The seed of the first training
#'     (`model@info$seed`) holds out the same samples of the same data.
#' @param freeze What keeps its weights: `"encoder"`, `"decoder"`, or names of
#'     layers as in `names(model@weights)` without their last part, such as
#'     `"encoder.1"`. Running statistics of batch normalisation in a frozen
#'     layer are kept too. With tied weights the decoder's are the encoder's,
#'     so that freezing one freezes those of both.
#' @param min_overlap Smallest share of the model's features that the data must
#'     have, from 0 to 1.
#'
#' @details
#' A feature that the data lack enters the network as 0 after the preparation
#' (for centred input: as its mean in the original training data) and has no
#' weight in the loss; its output weights stay as they were. The sums behind
#' size factors are those of the features that are there; give `size_factors` if
#' many are not. The share of features that were found is reported, and kept in
#' `model@info$overlap`.
#'
#' A robust or stacked model is trained on as a plain one: on all of X, all
#' layers at once.
#'
#' @section Errors:
#' `aesop_error_features` if fewer features than `min_overlap` are there (with
#' fields `overlap` and `missing`); `aesop_error_param` for a setting that
#' cannot change or a layer that does not exist; those of [encode()].
#'
#' @returns An [AutoencoderModel][AutoencoderModel-class] with the history of
#' all its epochs.
#' @seealso [trainAutoencoder()], [loadModel()]
#' @export
#' @examples
#' x <- matrix(rnorm(30 * 60), nrow = 30,
#'     dimnames = list(paste0("gene", 1:30), NULL))
#' model <- trainAutoencoder(x[, 1:40], latent = 3, epochs = 10, seed = 1)
#' model <- trainMore(model, x[, 1:40], epochs = 5, seed = 2)
#' nrow(model@history)
#' # other samples, without three of the genes, the encoder frozen
#' tuned <- fineTune(model, x[4:30, 41:60], freeze = "encoder", epochs = 5,
#'     validation = 0, seed = 3)
#' tuned@info$overlap
trainMore <- function(model, x, ..., epochs = NULL, seed = NULL) {
    .continueTraining(model, x, list(...), epochs, seed, NULL, 1)
}

#' @rdname trainMore
#' @export
fineTune <- function(model, x, ..., freeze = NULL, epochs = NULL, seed = NULL,
    min_overlap = 0.5) {
    min_overlap <- .checkNumber(min_overlap, "min_overlap", lower = 0,
        upper = 1)
    .continueTraining(model, x, list(...), epochs, seed, freeze, min_overlap)
}

# Settings that say how to train, not what the network is.
.trainingSettings <- function() {
    c("noise", "noise_amount", "noise_low", "noise_high", "input_dropout",
        "dropout", "l1", "l2", "activity_l1", "sparsity", "sparsity_target",
        "contractive", "beta", "kl_warmup", "optimizer", "learning_rate",
        "momentum", "nesterov", "rho", "beta1", "beta2", "epsilon",
        "weight_decay", "clip_value", "clip_norm", "schedule",
        "schedule_every", "schedule_factor", "schedule_minimum",
        "one_cycle_fraction", "one_cycle_divisor", "one_cycle_final",
        "one_cycle_momentum", "one_cycle_momentum_low",
        "one_cycle_momentum_high", "warmup_epochs", "epochs", "batch_size",
        "shuffle", "drop_last", "validation", "validation_split", "patience",
        "min_delta", "max_seconds", "early_stopping")
}

.continueTraining <- function(model, x, args, epochs, seed, freeze,
    min_overlap) {
    model <- .checkModel(model)
    where <- setdiff(.newDataArguments(), "missing")
    args <- args[!vapply(args, is.null, NA)]
    options <- c("num_threads", "verbose", "on_interrupt", "device",
        "memory_limit", "precision")
    allowed <- c(.trainingSettings(), where, options)
    fixed <- intersect(names(args), setdiff(.settingNames(), allowed))
    if (length(fixed) > 0L) {
        .abort("param", c(
            sprintf("`%s` belongs to the network and cannot be changed.",
                fixed[1L]),
            "Train a new model with trainAutoencoder() for that."
        ), arg = fixed[1L], value = args[[fixed[1L]]], allowed = allowed)
    }
    .checkNames(args, allowed, "this function")
    settings <- .buildSettings(args[intersect(names(args),
        .trainingSettings())])
    if (!is.null(epochs)) {
        settings$epochs <- .checkNumber(epochs, "epochs", lower = 1,
            integer = TRUE)
    }
    frozen <- .frozenParameters(model, freeze)
    call <- .overlay(.callDefaults(), c(list(seed = seed),
        args[intersect(names(args), options)]))
    quiet <- identical(args$verbose, FALSE)
    options <- .fitOptions(call, quiet)
    new <- .newData(model, x, c(args[intersect(names(args), where)],
        list(missing = "mask", min_overlap = min_overlap)), tell = FALSE)
    .fitAgain(model, new, settings, frozen, options)
}

.fitAgain <- function(model, new, settings, frozen, options) {
    config <- .overlay(model@param@settings, settings)
    n <- new$source$n_samples
    if (n < 2L) {
        .abort("input_dim", "`x` has 1 sample; training needs at least 2.",
            arg = "x", expected = 2L, got = n)
    }
    if (is.null(settings$batch_size)) {
        held_out <- .validationSize(config$validation, n)
        config$batch_size <- min(config$batch_size, n - held_out)
    }
    config <- validate_config(config)
    if (config$epochs == 0) {
        .abort("param", c(
            "`epochs` is missing: the model comes from no epochs of training.",
            "Say how many: epochs = 20"
        ), arg = "epochs", value = NULL, allowed = "a whole number from 1 on")
    }
    .checkAgainstData(config, new$source$n_features, n)
    input <- list(source = new$source, origin = model@info$origin,
        made = isTRUE(model@info$features_made), notes = new$notes,
        design = model@info$design)
    start <- list(weights = model@weights, transform = model@transform,
        freeze = frozen, history = model@history)
    fit <- .fitCore(input, config, character(), options, start)$model
    fit@info$overlap <- new$overlap
    fit@info$robust <- model@info$robust
    fit@info$pretraining <- model@info$pretraining
    fit
}

# Names of the parameters that keep their values.
.frozenParameters <- function(model, freeze) {
    if (is.null(freeze)) {
        return(NULL)
    }
    names <- names(model@weights)
    layers <- unique(sub("[.][^.]+$", "", names))
    allowed <- c("encoder", "decoder", layers)
    if (!is.character(freeze) || anyNA(freeze) || length(freeze) == 0L ||
        !all(freeze %in% allowed)) {
        .abortParam("freeze", freeze, paste("one or more of",
            .showNames(allowed, 20L)))
    }
    encoder <- "(^|[.])encoder[.]|^code[.]|^log_variance[.]"
    is_encoder <- grepl(encoder, names)
    keep <- vapply(names, function(name) {
        any(startsWith(name, paste0(freeze, ".")))
    }, NA)
    keep <- keep | ("encoder" %in% freeze & is_encoder) |
        ("decoder" %in% freeze & !is_encoder)
    if (model@param@settings$tied) {
        shared <- grep("^encoder[.][0-9]+[.]weight$", names, value = TRUE)
        mirrored <- paste0("decoder.", rev(seq_along(shared)))
        keep <- keep | names %in%
            shared["decoder" %in% freeze | mirrored %in% freeze]
    }
    names[keep]
}
