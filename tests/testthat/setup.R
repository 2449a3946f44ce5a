# Two threads at most, whatever the machine: the results do not depend on it.
withr::local_envvar(AESOP_NUM_THREADS = "2", .local_envir = teardown_env())
withr::local_options(warnPartialMatchDollar = FALSE,
    .local_envir = teardown_env())
