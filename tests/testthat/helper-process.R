# Runs a function in a fresh R process; an exit by signal is an error there.
inFreshProcess <- function(f, args = list(), env = character(),
    load = TRUE) {
    testthat::skip_if_not_installed("callr")
    if (load) {
        body(f) <- call("{", quote(library(aesop)), body(f))
    }
    callr::r(f, args = args, libpath = .libPaths(), user_profile = FALSE,
        env = c(callr::rcmd_safe_env(), env), timeout = 120)
}

# Waits for a file, at most half a minute.
waitFor <- function(file, child) {
    for (i in seq_len(600L)) {
        if (file.exists(file) || !child$is_alive()) break
        Sys.sleep(0.05)
    }
    Sys.sleep(0.7)
}
