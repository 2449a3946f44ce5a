# Independent tasks, one after another or by BiocParallel, and seeds for them.

# FUN over X; BPPARAM: NULL for lapply(), or a parameter of BiocParallel. The
# results do not depend on it.
.applyOver <- function(X, FUN, BPPARAM = NULL, ...) {
    if (is.null(BPPARAM)) {
        return(lapply(X, FUN, ...))
    }
    BiocParallel::bplapply(X, FUN, ..., BPPARAM = BPPARAM)
}

.checkParallel <- function(BPPARAM) {
    if (is.null(BPPARAM)) {
        return(NULL)
    }
    if (!is(BPPARAM, "BiocParallelParam")) {
        .abortParam("BPPARAM", BPPARAM,
            "NULL or a parameter such as BiocParallel::MulticoreParam(2)")
    }
    .needPackage("BiocParallel", "BPPARAM")
    BPPARAM
}

# n seeds, all different, from one; the first ones do not depend on n.
.seedSeries <- function(seed, n) {
    high <- sample_order(2^20, list(seed = .seedWords(seed), epoch = 0))
    high[seq_len(n)] * 2^32 + seed %% 2^32
}

# What trainAutoencoder() takes by name, and functions that train by it: all
# but a file that keeps one fit.
.trainingNames <- function() {
    setdiff(c(.settingNames(), names(.callDefaults()), .whereArguments()),
        "checkpoint")
}

# What a function that trains was called with: list(x, settings, call,
# options). args: settings and other arguments of trainAutoencoder().
.trainingCall <- function(x, param, args, caller) {
    .checkNames(args, .trainingNames(), caller)
    parts <- .splitCall(args)
    x <- .placed(x, param, parts$where, parts$args)
    list(x = x, call = parts$call, settings = parts$settings,
        options = .fitOptions(parts$call, quiet = TRUE))
}

# Arguments of trainAutoencoder() by kind: list(where, args, call, settings):
# where the samples are, all others, and these as arguments of the call with
# their defaults, and as settings.
.splitCall <- function(args) {
    .checkNames(args, c(.trainingNames(), "checkpoint"), "trainAutoencoder()")
    is_where <- names(args) %in% .whereArguments()
    where <- args[is_where]
    args <- args[!is_where]
    is_call <- names(args) %in% names(.callDefaults())
    list(where = where[!vapply(where, is.null, NA)], args = args,
        call = .overlay(.callDefaults(), args[is_call]),
        settings = args[!is_call])
}
