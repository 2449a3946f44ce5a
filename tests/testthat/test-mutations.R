# Windows of a reference sequence teach a convolutional autoencoder what is
# normal; a window with a mutation is rebuilt worse.

test_that("mutated windows of a reference are told from unmutated ones", {
    bases <- c("A", "C", "G", "T")
    width <- 40L
    mutate <- function(sequences, n) {
        vapply(strsplit(sequences, ""), function(s) {
            at <- sample(width, n)
            s[at] <- vapply(s[at], function(b) {
                sample(setdiff(bases, b), 1L)
            }, "")
            paste(s, collapse = "")
        }, "")
    }
    area <- function(normal, novel) {
        mean(outer(novel, normal, ">") + outer(novel, normal, "==") / 2)
    }
    areas <- vapply(1:2, function(seed) {
        set.seed(seed)
        reference <- paste(sample(bases, 1000L, TRUE), collapse = "")
        starts <- seq_len(1000L - width + 1L)
        windows <- substring(reference, starts, starts + width - 1L)
        param <- convolutionalParam(c(1, width, 4), latent = 32,
            layers = list(conv1d(32, 9, padding = "same")), loss = "bce",
            scale = "none", epochs = 100, validation = 0)
        model <- trainAutoencoder(windows, param, seed = seed,
            verbose = FALSE)
        some <- sample(windows, 200L)
        error <- function(x) predict(model, x, type = "error")
        normal <- error(some)
        c(area(normal, error(mutate(some, 1L))),
            area(normal, error(mutate(some, 4L))))
    }, numeric(2L))
    expect_true(all(areas[1L, ] > 0.9))
    expect_true(all(areas[2L, ] > 0.99))
})
