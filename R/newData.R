# New samples for a fitted model: taken from where the training data were,
# features matched by name.

# Arguments that encode(), reconstruct() and the others accept for their data.
.newDataArguments <- function() {
    c("match", .whereArguments(), "transposed", "size_factors", "covariates",
        "missing", "num_threads", "device", "memory_limit")
}

# x, args (a named list of the above, and min_overlap) -> list(source, control,
# overlap, notes). overlap: the share of the model's features that x has. tell:
# whether to show the notes.
.newData <- function(model, x, args, arg = "x", tell = TRUE) {
    min_overlap <- args$min_overlap
    args$min_overlap <- NULL
    .checkNames(args, .newDataArguments(), "this function")
    args <- args[!vapply(args, is.null, logical(1L))]
    args$match <- .checkChoice(if (is.null(args$match)) "name" else args$match,
        "match", c("name", "position"))
    missing <- if (is.null(args$missing)) "error" else args$missing
    missing <- .checkChoice(missing, "missing", c("error", "mask"))
    args$min_overlap <- if (missing == "error") {
        1
    } else if (is.null(min_overlap)) {
        0.5
    } else {
        min_overlap
    }
    limit <- .checkMemoryLimit(args$memory_limit)
    device <- if (is.null(args$device)) "auto" else args$device
    control <- list(num_threads = .resolveThreads(args$num_threads),
        device = .resolveDevice(device))
    new <- if (.isMultimodal(model)) {
        .newAssays(model, x, args, limit)
    } else {
        .newAssay(model, x, args, limit, arg)
    }
    if (tell) {
        .informNotes(new$notes)
    }
    source <- new$source
    source$design <- .newDesign(model, x, args$covariates, source$n_samples,
        source$sample_names)
    list(source = source, control = control, overlap = new$overlap,
        notes = new$notes)
}

.newAssay <- function(model, x, args, limit, arg) {
    m <- .newMatrix(model, x, args, arg)
    aligned <- .alignFeatures(m, model@features,
        isTRUE(model@info$features_made), args$match, args$min_overlap, arg)
    size_factors <- .checkSizeFactors(args$size_factors, ncol(m))
    source <- .asInput(aligned$x, model@features, size_factors, limit)
    source$feature_weight <- aligned$weight
    settings <- model@param@settings
    scaled <- .isCountLoss(settings) || identical(settings$normalize, "log")
    notes <- c(aligned$note,
        if (scaled && !is.null(aligned$weight) && is.null(size_factors)) {
            paste("The sizes of the samples are taken from the features that",
                "are there, and come out too small; give `size_factors` if",
                "you know better ones.")
        })
    list(source = source, overlap = aligned$overlap, notes = notes)
}

# The same for each assay of a multimodal model.
.newAssays <- function(model, x, args, limit) {
    if (!is.null(args$size_factors)) {
        .abortParam("size_factors", args$size_factors,
            "NULL for a model of several assays")
    }
    wanted <- .assayFeatures(model)
    settings <- model@param@settings$assays
    altexp <- if (is.null(args$altexp)) {
        model@info$origin$altexps
    } else {
        args$altexp
    }
    pieces <- stats::setNames(lapply(settings, function(a) {
        structure(a[c("loss", "normalize")], class = "aesop_assay")
    }), names(wanted))
    data <- if (is(x, "SingleCellExperiment")) {
        .pickAssays(x, pieces, altexp)$data
    } else {
        .pickAssays(x, list())$data
    }
    absent <- setdiff(names(wanted), names(data))
    if (length(absent) > 0L) {
        .abort("features", sprintf("`x` has no assay %s; it has %s.",
            .showNames(absent), .showNames(names(data), 10L)),
            missing = absent, n_missing = length(absent))
    }
    extra <- setdiff(names(data), names(wanted))
    if (length(extra) > 0L) {
        .inform(sprintf("Dropped %s of `x` that the model does not use: %s.",
            .count(length(extra), "assay"), .showNames(extra)))
    }
    transposed <- !is.null(args$transposed) &&
        .checkFlag(args$transposed, "transposed")
    matrices <- Map(function(part, config, name) {
        .assayMatrix(part, config, name, transposed)
    }, data[names(wanted)], settings, names(wanted))
    .checkSameSamples(matrices)
    aligned <- Map(function(m, features, name) {
        .alignFeatures(m, features, FALSE, args$match, args$min_overlap,
            sprintf("x$%s", name))
    }, matrices, wanted, names(wanted))
    part <- function(name) lapply(aligned, function(a) a[[name]])
    source <- .joinedSource(part("x"), wanted, limit, part("weight"))
    list(source = source, overlap = unlist(part("overlap")),
        notes = unlist(part("note"), use.names = FALSE))
}

.newMatrix <- function(model, x, args, arg) {
    transposed <- if (is.null(args$transposed)) FALSE else args$transposed
    transposed <- .checkFlag(transposed, "transposed")
    if (is(x, "SummarizedExperiment")) {
        where <- .whereFrom(model, x, args)
        picked <- .pickMatrix(x, where, model@param@settings, arg)
        return(.asMatrixLike(picked$x, arg, picked$transposed))
    }
    .refuseWhere(args[intersect(names(args), .whereArguments())], arg)
    .asMatrixLike(x, arg, transposed)
}

# What is not given is as in the training data.
.whereFrom <- function(model, x, args) {
    given <- args[intersect(names(args), .whereArguments())]
    origin <- model@info$origin
    if (length(given) > 0L || length(origin) == 0L) {
        return(given)
    }
    if (!is(x, "SingleCellExperiment")) {
        origin <- origin["assay.type"]
    }
    known <- SummarizedExperiment::assayNames(x)
    if (is.character(origin$assay.type) && is.null(origin$altexp) &&
        !origin$assay.type %in% known) {
        origin$assay.type <- NULL
    }
    origin
}

# Runs the core on new data. Returns list(result, samples).
.applyModel <- function(model, x, what, args, arg = "x") {
    new <- .newData(model, x, args, arg)
    list(result = .applySource(model, new$source, what, new$control),
        samples = .sampleNames(new$source))
}

.applySource <- function(model, source, what, control) {
    .onDevice(apply_autoencoder(.coreModel(model), source, what, control))
}

.sampleNames <- function(source) {
    if (length(source$sample_names) > 0L) source$sample_names
}

.encodeNew <- function(model, x, args, arg = "x") {
    new <- .newData(model, x, args, arg)
    .encodeSource(model, new$source, new$control)
}

# Features x samples; a list of such matrices for several assays.
.reconstructNew <- function(model, x, args, arg = "x") {
    .outputNew(model, x, "reconstruction", args, arg)
}

# What the decoder gives for every feature, by assay of a multimodal model.
.outputNew <- function(model, x, what, args, arg = "x") {
    run <- .applyModel(model, x, what, args, arg)
    result <- run$result
    dimnames(result) <- list(model@features, run$samples)
    if (.isMultimodal(model)) .splitAssays(model, result) else result
}

# Codes of a source, samples x latent.
.encodeSource <- function(model, source, control) {
    codes <- .applySource(model, source, "code", control)
    dimnames(codes) <- list(.sampleNames(source),
        paste0("AE", seq_len(ncol(codes))))
    codes
}
