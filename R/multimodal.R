# Models of several assays of the same samples: settings, input and output.

#' Autoencoders of several assays
#'
#' A multimodal autoencoder has an encoder and a decoder for each assay and one
#' code for all: the ends of the encoders are joined by the bottleneck, and the
#' loss is the weighted sum of the assays' losses. Each loss is by default the
#' mean over the features of its assay, so that 20 proteins weigh as much as
#' 2,000 genes.
#'
#' @param assays A list of [assayParam()], named by assay; assays that are not
#'     named here have the defaults.
#' @param ... Settings as for [AutoencoderParam()], such as `latent`,
#'     `optimizer` or `variational`, which all assays share.
#'
#' @details
#' The data are a named list of matrices (or experiments) with the same samples
#' in the same order, or a SingleCellExperiment: its main experiment and its
#' alternative experiments, all of them or those named by `altexp`. In an
#' experiment an assay `"logcounts"` is used where there is one; `"counts"`
#' alone are normalised (`normalize = "log"`). Size factors are each assay's
#' own, from its sums.
#'
#' The features of the model are named `"assay:feature"`. `reconstruct()`
#' returns a list with a matrix for each assay.
#'
#' @section Errors:
#' `aesop_error_param` for settings; `aesop_error_input_dim` for assays with
#' different samples, with the numbers or names that disagree.
#'
#' @returns `multimodalParam`: an [AutoencoderParam][AutoencoderParam-class].
#' @seealso [trainAutoencoder()]
#' @export
#' @examples
#' set.seed(1)
#' cells <- paste0("cell", 1:60)
#' group <- rep(0:1, each = 30)
#' rna <- matrix(rpois(40 * 60, 5 + 3 * group), nrow = 40,
#'     dimnames = list(paste0("gene", 1:40), cells))
#' adt <- matrix(rpois(6 * 60, rep(20 + 20 * group, each = 6)), nrow = 6,
#'     dimnames = list(paste0("protein", 1:6), cells))
#' param <- multimodalParam(list(
#'     rna = assayParam(loss = "nb"),
#'     adt = assayParam(normalize = "log", weight = 0.5)
#' ), latent = 3, epochs = 20)
#' model <- trainAutoencoder(list(rna = rna, adt = adt), param, seed = 1)
#' head(encode(model, list(rna = rna, adt = adt)), 3)
multimodalParam <- function(assays = list(), ...) {
    if (!is.list(assays) || (length(assays) > 0L &&
        !.areNames(names(assays)))) {
        .abortParam("assays", assays, "a list of assayParam(), named by assay")
    }
    for (name in names(assays)) {
        if (!inherits(assays[[name]], "aesop_assay")) {
            .abortParam(sprintf("assays$%s", name), assays[[name]],
                "made by assayParam()")
        }
    }
    param <- .preset(list(), list(...))
    .checkShared(param@settings)
    param@extra$assays <- assays
    param
}

# Settings that each assay has of its own.
.checkShared <- function(settings) {
    own <- intersect(names(settings), c("hidden", "decoder_hidden", "loss",
        "loss_reduction", "output_activation", "dispersion", "normalize",
        "scale"))
    if (length(own) > 0L) {
        .abort("param", c(
            sprintf("`%s` is a setting of each assay, not of all.", own[1L]),
            "Give it to assayParam()."
        ), arg = own[1L], value = settings[[own[1L]]],
        allowed = "in assayParam()")
    }
}

#' @rdname multimodalParam
#' @param hidden Units of the assay's own hidden layers, mirrored in its
#'     decoder; `NULL` for one layer of up to 128 units, by its number of
#'     features.
#' @param loss,output_activation,normalize,scale,loss_reduction As for
#'     [AutoencoderParam()]; `scale` is `"standard"` where none is given and the
#'     loss is not one for probabilities.
#' @param dispersion For losses on counts: `"feature"`, `"constant"` or
#'     `"entry"`.
#' @param weight Factor of the assay's loss, at least 0.
#' @returns `assayParam`: the settings of one assay.
#' @export
assayParam <- function(hidden = NULL, loss = NULL, output_activation = NULL,
    normalize = NULL, scale = NULL, loss_reduction = NULL, dispersion = NULL,
    weight = 1) {
    if (!is.null(hidden)) {
        hidden <- .checkCounts(hidden, "hidden")
    }
    words <- list(loss = loss, output_activation = output_activation,
        normalize = normalize, scale = scale, loss_reduction = loss_reduction,
        dispersion = dispersion)
    words <- words[!vapply(words, is.null, NA)]
    words <- Map(.checkString, words, names(words))
    # the core knows the words that are allowed
    do.call(AutoencoderParam, words)
    settings <- c(list(hidden = hidden), words,
        list(weight = .checkNumber(weight, "weight", lower = 0)))
    structure(settings[!vapply(settings, is.null, NA)],
        class = "aesop_assay")
}

#' @rdname multimodalParam
#' @param x For `print`: the settings of an assay.
#' @method print aesop_assay
#' @export
print.aesop_assay <- function(x, ...) {
    text <- vapply(unclass(x), .valueText, "")
    cat("<assay: ", paste(names(text), "=", text, collapse = ", "), ">\n",
        sep = "")
    invisible(x)
}

.isMultimodal <- function(x) {
    length(x@param@settings$assays) > 0L
}

.checkOneAssay <- function(model) {
    if (.isMultimodal(model)) {
        .abortParam("model", "several assays", "a model of one assay")
    }
}

.areNames <- function(names) {
    is.character(names) && !anyNA(names) && all(nzchar(names)) &&
        !anyDuplicated(names)
}

# What the core needs to know of an assay. piece: from assayParam().
.assaySettings <- function(piece, name, n_features) {
    count <- isTRUE(.isCountLoss(piece))
    probability <- identical(piece$loss, "bce")
    width <- min(128L, max(4L, as.integer(2^floor(log2(n_features)))))
    defaults <- list(name = name, features = n_features, hidden = width,
        loss = "mse", loss_reduction = "auto", output_activation = "auto",
        dispersion = "feature", weight = 1,
        normalize = if (count) "log" else "none",
        scale = if (probability) "minmax" else "standard")
    settings <- .overlay(defaults, unclass(piece))
    settings$decoder_hidden <- rev(settings$hidden)
    settings
}

# A named list of data, one element per assay, from a list or an experiment.
# Returns list(data, origin, notes, pieces).
.pickAssays <- function(x, pieces, altexp = NULL, arg = "x") {
    if (is(x, "SingleCellExperiment")) {
        return(.pickExperiments(x, pieces, altexp))
    }
    if (!is.list(x) || is.data.frame(x) || length(x) < 2L ||
        !.areNames(names(x))) {
        .abortInputType(x, arg, hint = paste("A list needs at least two",
            "assays with names: list(rna = counts, adt = proteins)"))
    }
    .checkAssayNames(pieces, names(x))
    list(data = x, origin = list(), notes = character(), pieces = pieces)
}

.checkAssayNames <- function(pieces, names) {
    unknown <- setdiff(names(pieces), names)
    if (length(unknown) > 0L) {
        .abort("param", sprintf(
            "`assays` names %s, which the data do not have (they have %s).",
            .showNames(unknown), .showNames(names, 10L)),
            arg = "assays", value = unknown, allowed = names)
    }
}

# The main experiment and the alternative ones; counts where there is nothing
# else, to be normalised.
.pickExperiments <- function(x, pieces, altexp) {
    known <- SingleCellExperiment::altExpNames(x)
    if (is.null(altexp)) {
        altexp <- known
    }
    altexp <- vapply(altexp, .checkMember, "", arg = "altexp", names = known,
        noun = "alternative experiment", USE.NAMES = FALSE)
    if (length(altexp) == 0L) {
        .abort("input_dim", c(
            "A multimodal model needs a second assay; `x` has no altExp.",
            "Add one: altExp(x, \"ADT\") <- SummarizedExperiment(...)"
        ), arg = "x", expected = 2L, got = 1L)
    }
    main <- SingleCellExperiment::mainExpName(x)
    main <- if (is.null(main)) "main" else main
    parts <- c(list(x), lapply(altexp, SingleCellExperiment::altExp, x = x))
    names(parts) <- c(main, altexp)
    .checkAssayNames(pieces, names(parts))
    notes <- character()
    for (name in names(parts)) {
        piece <- if (is.null(pieces[[name]])) assayParam() else pieces[[name]]
        has <- SummarizedExperiment::assayNames(parts[[name]])
        if (is.null(piece$normalize) && is.null(piece$loss) &&
            "counts" %in% has && !"logcounts" %in% has) {
            piece$normalize <- "log"
            notes <- c(notes, sprintf(
                "Using the counts of %s, normalised.", .quote(name)))
        }
        pieces[[name]] <- piece
        config <- .assaySettings(piece, name, 2L)
        parts[[name]] <- .pickMatrix(parts[[name]], list(), config)$x
    }
    list(data = parts, origin = list(altexps = altexp), notes = notes,
        pieces = pieces)
}

# One source of all assays, for training. Returns list(source, origin, made,
# notes, assays).
.assaysInput <- function(x, pieces, call, memory_limit) {
    for (name in c("subset_row", "size_factors")) {
        if (!is.null(call[[name]])) {
            .abortParam(name, call[[name]], "NULL for a list of assays")
        }
    }
    transposed <- .checkFlag(call$transposed, "transposed")
    picked <- .pickAssays(x, pieces, call$altexp)
    matrices <- Map(function(part, name) {
        .assayMatrix(part, .assaySettings(picked$pieces[[name]], name, 2L),
            name, transposed)
    }, picked$data, names(picked$data))
    .checkSameSamples(matrices)
    features <- Map(function(m, name) {
        .trainingFeatures(m, sprintf("x$%s", name))$names
    }, matrices, names(matrices))
    assays <- Map(function(m, name) {
        .assaySettings(picked$pieces[[name]], name, nrow(m))
    }, matrices, names(matrices))
    if (all(vapply(assays, function(a) a$weight, 1) == 0)) {
        .abort("param", "`weight` is 0 for all assays: nothing to learn.",
            arg = "weight", value = 0, allowed = "above 0 for one assay")
    }
    if (ncol(matrices[[1L]]) < 2L) {
        .abort("input_dim", "`x` has 1 sample; training needs at least 2.",
            arg = "x", expected = 2L, got = 1L)
    }
    list(source = .joinedSource(matrices, features, memory_limit),
        origin = picked$origin, made = FALSE, notes = picked$notes,
        assays = unname(assays))
}

.assayMatrix <- function(part, config, name, transposed = FALSE) {
    arg <- sprintf("x$%s", name)
    if (is(part, "SummarizedExperiment")) {
        part <- .pickMatrix(part, list(), config, arg)$x
    }
    .asMatrixLike(part, arg, transposed)
}

.checkSameSamples <- function(matrices) {
    sizes <- vapply(matrices, ncol, 1L)
    if (any(sizes != sizes[1L])) {
        other <- which(sizes != sizes[1L])[1L]
        .abort("input_dim", c(
            sprintf("The assays have different samples: %s has %d, %s has %d.",
                .quote(names(sizes)[1L]), sizes[1L],
                .quote(names(sizes)[other]), sizes[other]),
            "All assays need the same samples in the same order."
        ), arg = "x", expected = sizes[[1L]], got = sizes[[other]])
    }
    first <- colnames(matrices[[1L]])
    for (name in names(matrices)[-1L]) {
        names <- colnames(matrices[[name]])
        differ <- which(!is.null(first) & !is.null(names) & first != names)
        if (length(differ) > 0L) {
            .abort("input_dim", c(
                sprintf(paste("The assays have different samples: number %d",
                    "is %s in %s and %s in %s."), differ[1L],
                    .quote(first[differ[1L]]), .quote(names(matrices)[1L]),
                    .quote(names[differ[1L]]), .quote(name)),
                "Put them in the same order: x <- x[, samples]"
            ), arg = "x", expected = first[differ[1L]],
            got = names[differ[1L]])
        }
    }
}

# matrices, features: lists by assay. weights: of the features, or NULL.
.joinedSource <- function(matrices, features, memory_limit,
    weights = NULL) {
    sources <- Map(function(m, names, weight) {
        source <- .asInput(m, names, NULL, memory_limit / length(matrices))
        source$feature_weight <- weight
        source
    }, matrices, features, if (is.null(weights)) {
        vector("list", length(matrices))
    } else {
        weights
    })
    named <- vapply(matrices, function(m) !is.null(colnames(m)), NA)
    list(
        kind = "assays", assays = unname(sources),
        n_features = sum(vapply(matrices, nrow, 1L)),
        n_samples = ncol(matrices[[1L]]),
        feature_names = unlist(Map(function(names, assay) {
            paste0(assay, ":", names)
        }, features, names(matrices)), use.names = FALSE),
        sample_names = if (any(named)) {
            colnames(matrices[[which(named)[1L]]])
        } else {
            character()
        }
    )
}

# Names and features of a model's assays: a list of character vectors.
.assayFeatures <- function(model) {
    assays <- model@param@settings$assays
    names <- vapply(assays, function(a) a$name, "")
    sizes <- vapply(assays, function(a) as.integer(a$features), 1L)
    of <- rep(seq_along(assays), sizes)
    features <- substring(model@features, nchar(names[of]) + 2L)
    stats::setNames(split(features, factor(of, seq_along(assays))), names)
}

# A matrix of all features as a list of matrices by assay.
.splitAssays <- function(model, result) {
    features <- .assayFeatures(model)
    last <- cumsum(lengths(features))
    Map(function(names, from, to) {
        part <- result[seq.int(from, to), , drop = FALSE]
        rownames(part) <- names
        part
    }, features, last - lengths(features) + 1L, last)
}
