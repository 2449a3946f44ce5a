# Philox4x32-10 (Salmon et al. 2011) in plain R, and the draws made from it.
# 32-bit words are doubles from 0 to 2^32 - 1.

xor32 <- function(a, b) {
    high <- bitwXor(as.integer(a %/% 65536), as.integer(b %/% 65536))
    low <- bitwXor(as.integer(a %% 65536), as.integer(b %% 65536))
    high * 65536 + low
}

# The 64-bit product of 32-bit words, by halves of 16 bits: list(high, low).
multiply32 <- function(a, b) {
    a_high <- a %/% 65536
    a_low <- a %% 65536
    b_high <- b %/% 65536
    b_low <- b %% 65536
    low <- a_low * b_low
    middle <- a_low * b_high + a_high * b_low + low %/% 65536
    list(high = a_high * b_high + middle %/% 65536,
        low = (middle %% 65536) * 65536 + low %% 65536)
}

# counter: n x 4, key: two words. Returns n x 4 words.
philox <- function(counter, key) {
    c0 <- counter[, 1L]
    c1 <- counter[, 2L]
    c2 <- counter[, 3L]
    c3 <- counter[, 4L]
    for (round in seq_len(10L)) {
        p0 <- multiply32(0xD2511F53, c0)
        p1 <- multiply32(0xCD9E8D57, c2)
        c0 <- xor32(xor32(p1$high, c1), rep(key[1L], length(c1)))
        c2 <- xor32(xor32(p0$high, c3), rep(key[2L], length(c1)))
        c1 <- p1$low
        c3 <- p0$low
        key <- (key + c(0x9E3779B9, 0xBB67AE85)) %% 2^32
    }
    cbind(c0, c1, c2, c3, deparse.level = 0)
}

# Numbers of the purposes of a draw, as src/core/philox.h lists them.
drawPurpose <- list(noise = 4, noise_kind = 5, dropout = 16)

# The words for `n` elements of each sample (numbered from 0), samples x n.
drawWords <- function(seed, epoch, purpose, samples, n) {
    groups <- seq_len(ceiling(n / 4)) - 1
    words <- vapply(samples, function(sample) {
        counter <- cbind(groups, sample, epoch, purpose)
        as.vector(t(philox(counter, c(seed, 0))))[seq_len(n)]
    }, numeric(n))
    matrix(words, ncol = n, byrow = TRUE)
}

# Uniform on (0, 1) from the 24 high bits.
uniformOf <- function(word) (word %/% 256 + 0.5) / 2^24

normalOf <- function(a, b) {
    sqrt(-2 * log(uniformOf(a))) * cos(2 * pi * uniformOf(b))
}

# How many units of each count are kept, each with probability 1 - p. x:
# samples x features. Counts up to 16 unit by unit: the words of element c in
# part 1 + k / 4 of the stream, four units each; others by inversion from the
# mode, here for all n + 1 values at once.
referenceThinning <- function(x, p, seed, epoch, ids) {
    part <- function(sample, element, k) {
        purpose <- drawPurpose$noise + k * 2^24
        philox(cbind(element, sample, epoch, purpose), c(seed, 0))
    }
    for (i in seq_len(nrow(x))) {
        for (j in which(x[i, ] > 0)) {
            n <- x[i, j]
            words <- unlist(lapply(seq_len(ceiling(min(n, 16) / 4)),
                function(k) part(ids[i], j - 1, k)))
            if (n <= 16) {
                x[i, j] <- sum(words[seq_len(n)] >= floor(p * 2^32))
                next
            }
            mode <- floor((n + 1) * (1 - p))
            value <- c(mode, rbind(mode + seq_len(n), mode - seq_len(n)))
            share <- cumsum(dbinom(value, n, 1 - p))
            u <- (words[1L] + (words[2L] + 0.5) / 2^32) / 2^32
            x[i, j] <- value[which(share > u)[1L]]
        }
    }
    x
}

# The input of a training step with its noise. x: samples x features; ids: of
# the samples, from 0; epoch: from 0.
referenceNoise <- function(x, config, seed, epoch, ids) {
    if (config$noise == "none") {
        return(x)
    }
    if (config$noise == "thinning") {
        return(referenceThinning(x, config$noise_amount, seed, epoch, ids))
    }
    n <- nrow(x)
    amount <- config$noise_amount
    words <- drawWords(seed, epoch, drawPurpose$noise, ids, ncol(x))
    kind <- drawWords(seed, epoch, drawPurpose$noise_kind, ids, ncol(x))
    hit <- words < floor(amount * 2^32)
    if (config$noise == "gaussian") {
        return(x + amount * normalOf(words, kind))
    }
    if (config$noise == "cauchy") {
        draw <- tan(pi * (uniformOf(words) - 0.5))
        return(x + amount * pmin(pmax(draw, -1e4), 1e4))
    }
    other <- (row(x) + kind %% max(n - 1, 1)) %% n + 1
    x[hit] <- switch(config$noise,
        masking = 0,
        ones = config$noise_high,
        swap = if (n > 1) x[cbind(other[hit], col(x)[hit])] else x[hit],
        salt_pepper = ifelse(kind[hit] >= 2^31, config$noise_high,
            config$noise_low))
    x
}

# Factors of a dropout layer: 0, or 1 / (1 - p).
referenceDropout <- function(p, seed, epoch, index, ids, units) {
    words <- drawWords(seed, epoch, drawPurpose$dropout + index, ids, units)
    (words >= floor(p * 2^32)) / (1 - p)
}
