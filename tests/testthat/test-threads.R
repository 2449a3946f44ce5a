# E4: number of threads, and hygiene of the environment.
x <- toyGaussian()

threadsUsed <- function(...) aesop:::.resolveThreads(...)

test_that("invalid numbers of threads are refused", {
    model <- toyModel(x)
    for (bad in list(0, -1, NA, NA_integer_, "2", "a", 1.5, Inf, NaN, c(1, 2),
        integer(0), list(2), TRUE)) {
        expectAesopError(toyModel(x, num_threads = bad), "param",
            "num_threads", arg = "num_threads")
        expectAesopError(encode(model, x, num_threads = bad), "param",
            "num_threads")
    }
})

test_that("a huge number is clamped with a warning", {
    seen <- recordConditions(toyModel(x, num_threads = 1e6))
    expect_length(seen$warnings, 1L)
    expect_s3_class(seen$warnings[[1L]], c("aesop_warning_threads",
        "aesop_warning", "warning"))
    expectSameFit(seen$value, toyModel(x, num_threads = 1))
})

test_that("argument, variable, option, default: in this order", {
    withr::local_envvar(AESOP_NUM_THREADS = NA, `_R_CHECK_LIMIT_CORES_` = NA)
    withr::local_options(aesop.num_threads = NULL, Ncpus = NULL)
    expect_identical(threadsUsed(NULL), 2L)
    expect_identical(threadsUsed(3), 3L)
    withr::local_options(Ncpus = 1)
    expect_identical(threadsUsed(NULL), 1L)
    withr::local_options(aesop.num_threads = 3)
    expect_identical(threadsUsed(NULL), 3L)
    withr::local_envvar(AESOP_NUM_THREADS = "4")
    expect_identical(threadsUsed(NULL), 4L)
    expect_identical(threadsUsed(1L), 1L)
    withr::local_envvar(AESOP_NUM_THREADS = "many")
    expectAesopError(threadsUsed(NULL), "param", "AESOP_NUM_THREADS")
})

test_that("R CMD check's limit of two is kept", {
    withr::local_envvar(`_R_CHECK_LIMIT_CORES_` = "TRUE",
        AESOP_NUM_THREADS = "4")
    expect_lte(threadsUsed(NULL), 2L)
    expect_lte(threadsUsed(8), 2L)
    expect_error(toyModel(x, num_threads = 8), NA)
})

test_that("threads, variables and options are left as found", {
    withr::local_envvar(RCPP_PARALLEL_NUM_THREADS = "3",
        OMP_NUM_THREADS = "3", OPENBLAS_NUM_THREADS = "1")
    state <- function() {
        list(env = Sys.getenv(c("RCPP_PARALLEL_NUM_THREADS",
            "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS",
            "RCPP_PARALLEL_STACK_SIZE", "AESOP_NUM_THREADS"), NA),
            default = RcppParallel::defaultNumThreads(),
            options = options())
    }
    before <- state()
    model <- toyModel(x, num_threads = 4)
    expect_identical(state(), before)
    encode(model, x, num_threads = 3)
    expect_identical(state(), before)
    catchError(toyModel(x * NA, num_threads = 3))
    catchError(toyModel(x * 100, optimizer = sgd(1e8), num_threads = 3,
        validation = 0))
    expect_identical(state(), before)
})

test_that("a fit leaves no thread behind and uses no more than asked", {
    status <- "/proc/self/status"
    skip_if_not(file.exists(status), "no /proc on this system")
    count <- function() {
        line <- grep("^Threads:", readLines(status), value = TRUE)
        as.integer(sub("[^0-9]*", "", line))
    }
    toyModel(x, num_threads = 4)
    before <- count()
    for (i in seq_len(20L)) {
        toyModel(x, num_threads = 4)
    }
    expect_lte(count(), before)
})
