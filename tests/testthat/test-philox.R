words <- function(...) {
    text <- c(...)
    strtoi(substr(text, 1L, 4L), 16L) * 65536 +
        strtoi(substr(text, 5L, 8L), 16L)
}

test_that("the plain R Philox gives Random123's known answers", {
    known <- list(
        list(counter = rep("00000000", 4L), key = rep("00000000", 2L),
            answer = c("6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8")),
        list(counter = rep("ffffffff", 4L), key = rep("ffffffff", 2L),
            answer = c("408f276d", "41c83b0e", "a20bc7c6", "6d5451fd")),
        list(counter = c("243f6a88", "85a308d3", "13198a2e", "03707344"),
            key = c("a4093822", "299f31d0"),
            answer = c("d16cfe09", "94fdcceb", "5001e420", "24126ea1"))
    )
    for (case in known) {
        got <- philox(matrix(words(case$counter), 1L), words(case$key))
        expect_identical(as.vector(got), words(case$answer))
    }
})

test_that("products of 32-bit words are exact", {
    p <- multiply32(2^32 - 1, 2^32 - 1)
    expect_identical(c(p$high, p$low), c(2^32 - 2, 1))
    p <- multiply32(0xD2511F53, 3)
    expect_identical(p$high * 2^32 + p$low, 0xD2511F53 * 3)
})

test_that("the engine's noise is drawn from Philox as documented", {
    x <- toyGaussian(13L, 9L)
    config <- coreConfig(noise = "masking", noise_amount = 0.4)
    for (epoch in c(0, 1, 7)) {
        got <- aesop:::apply_noise(x, config, list(seed = 5, epoch = epoch))
        words <- drawWords(5, epoch, drawPurpose$noise, seq_len(9L) - 1, 13L)
        wanted <- x
        wanted[t(words < floor(0.4 * 2^32))] <- 0
        expect_identical(unname(got), unname(wanted))
    }
})

test_that("every kind of noise is that of plain R", {
    x <- toyGaussian(13L, 9L)
    for (noise in c("none", "masking", "gaussian", "salt_pepper", "ones",
        "cauchy", "swap")) {
        config <- coreConfig(noise = noise, noise_amount = 0.4)
        got <- aesop:::apply_noise(x, config, list(seed = 5, epoch = 3))
        wanted <- t(referenceNoise(t(x), config, 5, 3, seq_len(9L) - 1))
        expect_equal(unname(got), unname(wanted), tolerance = 1e-12)
    }
})

test_that("thinned counts are those of plain R", {
    counts <- matrix(c(0, 1, 3, 4, 5, 16, 17, 30, 100, 2, 999, 0), 4L)
    for (p in c(0.1, 0.5, 0.9)) {
        config <- coreConfig(noise = "thinning", noise_amount = p,
            normalize = "log")
        got <- aesop:::apply_noise(counts, config, list(seed = 5, epoch = 3))
        wanted <- t(referenceThinning(t(counts), p, 5, 3, 0:2))
        expect_identical(got, wanted)
    }
})
