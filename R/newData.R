# New samples for a fitted model: taken from where the training data were,
# features matched by name.

# Arguments that encode(), reconstruct() and the others accept for their data.
.newDataArguments <- function() {
    c("match", .whereArguments(), "transposed", "size_factors",
        "num_threads", "memory_limit")
}

# x, args (a named list of the above) -> list(source, control).
.newData <- function(model, x, args, arg = "x") {
    .checkNames(args, .newDataArguments(), "this function")
    args <- args[!vapply(args, is.null, logical(1L))]
    match <- if (is.null(args$match)) "name" else args$match
    match <- .checkChoice(match, "match", c("name", "position"))
    limit <- .checkMemoryLimit(args$memory_limit)
    control <- list(num_threads = .resolveThreads(args$num_threads))
    m <- .newMatrix(model, x, args, arg)
    m <- .alignFeatures(m, model, match, arg)
    size_factors <- .checkSizeFactors(args$size_factors, ncol(m))
    source <- .asInput(m, model@features, size_factors, limit)
    list(source = source, control = control)
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
    apply_autoencoder(.coreModel(model), source, what, control)
}

.sampleNames <- function(source) {
    if (length(source$sample_names) > 0L) source$sample_names
}

.encodeNew <- function(model, x, args, arg = "x") {
    new <- .newData(model, x, args, arg)
    .encodeSource(model, new$source, new$control)
}

# Features x samples.
.reconstructNew <- function(model, x, args, arg = "x") {
    run <- .applyModel(model, x, "reconstruction", args, arg)
    result <- run$result
    dimnames(result) <- list(model@features, run$samples)
    result
}

# Codes of a source, samples x latent.
.encodeSource <- function(model, source, control) {
    codes <- .applySource(model, source, "code", control)
    dimnames(codes) <- list(.sampleNames(source),
        paste0("AE", seq_len(ncol(codes))))
    codes
}
