# A linear autoencoder learns the subspace of PCA (Baldi and Hornik 1989).
test_that("a linear autoencoder reaches the residual of PCA", {
    rank <- 3L
    for (seed in seq_len(3L)) {
        x <- toyGaussian(20L, 200L, rank = rank, seed = seed, noise = 0.3)
        pca <- prcomp(t(x))
        rotation <- pca$rotation[, seq_len(rank)]
        rest <- sum(pca$sdev[-seq_len(rank)]^2) * (ncol(x) - 1) / length(x)
        model <- fitQuiet(x, hidden = integer(0), latent = rank,
            scale = "center", validation = 0, epochs = 400L,
            batch_size = 50L, optimizer = adam(0.02),
            schedule = cosineDecay(), seed = seed)
        mse <- mean((x - reconstruct(model, x))^2)
        expect_gte(mse, rest * (1 - tolerance$single))
        expect_lte((mse - rest) / rest, tolerance$pca)
        # the same subspace: principal angles by the QR of the decoder
        decoder <- t(model@weights$decoder.1.weight)
        cosines <- svd(crossprod(qr.Q(qr(decoder)), rotation))$d
        expect_lte(acos(min(1, min(cosines))), tolerance$pca_angle)
    }
})

test_that("32 samples are learnt by heart", {
    x <- withr::with_seed(1L, matrix(rnorm(40L * 32L), 40L))
    model <- fitQuiet(x, hidden = c(128L, 64L), latent = 32L,
        latent_activation = "linear", validation = 0, epochs = 700L,
        batch_size = 32L, optimizer = adam(0.003),
        schedule = cosineDecay())
    expect_lt(mean((x - reconstruct(model, x))^2), tolerance$overfit)
    expect_lt(tail(model@history$loss, 1L), 0.05 * model@history$loss[1L])
})
