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
