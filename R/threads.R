# How many threads a call may use. The result never depends on the number.

# Order of precedence: the argument, the environment variable
# AESOP_NUM_THREADS, the options aesop.num_threads and Ncpus, then 2.
.resolveThreads <- function(num_threads = NULL) {
    wanted <- .wantedThreads(num_threads)
    limit <- min(256L, 4L * RcppParallel::defaultNumThreads())
    if (wanted$n > limit) {
        .warn("threads", sprintf(
            "%s = %s is more than this machine can use; taking %d threads.",
            wanted$source, format(wanted$n, scientific = FALSE), limit),
            requested = wanted$n, used = limit)
        wanted$n <- limit
    }
    n <- as.integer(wanted$n)
    if (.coresAreLimited()) min(n, 2L) else n
}

.wantedThreads <- function(num_threads) {
    variable <- Sys.getenv("AESOP_NUM_THREADS")
    option <- getOption("aesop.num_threads")
    ncpus <- getOption("Ncpus")
    if (!is.null(num_threads)) {
        source <- "num_threads"
        value <- num_threads
    } else if (nzchar(variable)) {
        source <- "AESOP_NUM_THREADS"
        value <- suppressWarnings(as.numeric(variable))
        value <- if (is.na(value)) variable else value
    } else if (!is.null(option)) {
        source <- "option aesop.num_threads"
        value <- option
    } else if (!is.null(ncpus)) {
        source <- "option Ncpus"
        value <- ncpus
    } else {
        return(list(n = 2, source = "default"))
    }
    good <- .isNumber(value) && is.finite(value) && value >= 1 &&
        value == round(value)
    if (!good) {
        .abortParam(source, value, "a whole number of at least 1")
    }
    list(n = value, source = source)
}

# R CMD check asks for two cores at most.
.coresAreLimited <- function() {
    flag <- tolower(Sys.getenv("_R_CHECK_LIMIT_CORES_"))
    nzchar(flag) && flag != "false"
}
