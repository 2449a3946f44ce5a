# The key of all random numbers of a fit. Without a seed, exactly one number is
# drawn from R's generator, so that set.seed() makes the fit repeatable; with
# one, R's generator is left alone.

.resolveSeed <- function(seed = NULL) {
    if (is.null(seed)) {
        return(floor(stats::runif(1L) * 2^31))
    }
    .checkSeed(seed)
}

# The seed as the core takes it: two numbers below 2^32.
.seedWords <- function(seed) {
    c(seed %% 2^32, seed %/% 2^32)
}

.checkSeed <- function(seed) {
    seed <- .checkNumber(seed, "seed", lower = 0, upper = 2^53)
    if (seed != round(seed)) {
        .abortParam("seed", seed, "NULL or a whole number from 0 to 2^53")
    }
    seed
}
