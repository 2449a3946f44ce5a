# DelayedArray and HDF5 input: loaded once if it fits the memory limit, else
# read in blocks of samples. A fit copies these to a temporary file, from which
# it reads single samples in any order.

.checkDelayed <- function(x, arg) {
    if (length(dim(x)) != 2L) {
        .abortInputType(x, arg,
            hint = "A DelayedArray needs two dimensions, features x samples.")
    }
    type <- .reading(DelayedArray::type(x), x, sprintf("`%s`", arg))
    if (!type %in% c("double", "integer", "logical")) {
        .abortInputType(x, arg, got = paste("DelayedMatrix of type", type),
            hint = sprintf("Its values are of type %s.", type))
    }
    x
}

# Runs expr; what fails is an error of reading x.
.reading <- function(expr, x, what) {
    tryCatch(expr, error = function(e) {
        .abort("io", c(
            sprintf("Could not read %s: %s", what, conditionMessage(e)),
            "Is its file still there, whole and readable?"
        ), path = .delayedPath(x), op = "read", errno = NA_integer_)
    })
}

.delayedSource <- function(m, memory_limit) {
    sparse <- DelayedArray::is_sparse(m)
    bytes <- .reading(.bytesPerSample(m, sparse), m, "`x`")
    plain <- m
    dimnames(plain) <- NULL
    read <- .blockReader(plain, sparse)
    if (bytes * ncol(m) <= memory_limit) {
        x <- read(1L, ncol(m))
        return(list(kind = if (sparse) "sparse" else "dense", x = x))
    }
    list(kind = "stream", read = read, sparse = sparse, delayed = m,
        block = .blockSamples(plain, bytes, memory_limit),
        copy = tempfile("aesop-", fileext = ".samples"))
}

# Samples that are read in one go: about 16 MB, which makes the call itself
# cheap, in whole chunks of the file, so that none is read twice. At least one
# chunk, if the limit allows for that; a block being read exists up to three
# times.
.blockSamples <- function(x, bytes, memory_limit) {
    chunk <- tryCatch(DelayedArray::chunkdim(x)[2L], error = function(e) NULL)
    most <- max(1, memory_limit %/% (3 * bytes))
    if (is.null(chunk) || chunk > most) {
        chunk <- 1
    }
    wanted <- max(chunk, min(most, 16 * 1024^2 %/% bytes))
    min(ncol(x), wanted %/% chunk * chunk)
}

# What is said before that copy is made; NULL where none is.
.copyNote <- function(source, config) {
    if (source$kind != "stream" || config$epochs == 0L) {
        return(NULL)
    }
    bytes <- .bytesPerSample(source$delayed, source$sparse) * source$n_samples
    sprintf(paste("`x` takes about %.1f GB, more than `memory_limit`: it is",
        "copied once to a temporary file in %s."), bytes / 1e9, tempdir())
}

# Memory of one sample in R. The share of non-zeros of a sparse matrix is
# guessed from its first samples, with half as much again to be safe.
.bytesPerSample <- function(m, sparse) {
    if (!sparse) {
        width <- if (DelayedArray::type(m) == "double") 8 else 4
        return(width * nrow(m))
    }
    first <- seq_len(min(ncol(m), 200L))
    block <- as(m[, first, drop = FALSE], "dgCMatrix")
    1.5 * 12 * length(block@x) / length(first) + 8
}

# A function that returns the samples from start to end (inclusive). Ctrl-C
# waits until it has returned: the core itself ends the training.
.blockReader <- function(x, sparse) {
    force(x)
    force(sparse)
    function(start, end) {
        .reading(suspendInterrupts({
            samples <- seq.int(start, end)
            if (sparse) {
                as(x[, samples, drop = FALSE], "dgCMatrix")
            } else {
                DelayedArray::extract_array(x, list(NULL, samples))
            }
        }), x, sprintf("samples %d to %d of `x`", start, end))
    }
}

.delayedPath <- function(x) {
    path <- tryCatch(DelayedArray::path(x), error = function(e) NULL)
    if (is.null(path)) NA_character_ else path
}
