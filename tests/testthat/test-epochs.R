# Whole epochs of the engine against a plain R implementation that makes the
# same noise, the same order of samples and the same optimiser steps.

base <- list(hidden = 6L, latent = 3L, activation = "tanh", validation = 0,
    patience = 0L, scale = "none", epochs = 2L, batch_size = 8L,
    learning_rate = 0.01)

optimizers <- list(
    sgd = list(optimizer = "sgd"),
    momentum = list(optimizer = "sgd", momentum = 0.9),
    nesterov = list(optimizer = "sgd", momentum = 0.9, nesterov = TRUE),
    rmsprop = list(optimizer = "rmsprop", rho = 0.9, epsilon = 1e-7),
    adagrad = list(optimizer = "adagrad", epsilon = 1e-10),
    adadelta = list(optimizer = "adadelta", rho = 0.95, epsilon = 1e-6,
        learning_rate = 1),
    adam = list(optimizer = "adam"),
    adamw = list(optimizer = "adamw", weight_decay = 0.05)
)
networks <- list(
    full_batch = list(batch_size = 23L),
    single_samples = list(batch_size = 1L, epochs = 1L),
    in_order = list(shuffle = FALSE),
    drop_last = list(drop_last = TRUE),
    masking = list(noise = "masking", noise_amount = 0.25, epochs = 3L),
    gaussian = list(noise = "gaussian", noise_amount = 0.5),
    salt_pepper = list(noise = "salt_pepper", noise_amount = 0.2,
        noise_low = -1, noise_high = 2),
    dropout = list(dropout = 0.3, input_dropout = 0.1),
    # not Adam, which steps by the sign of gradients that are 0 but for
    # rounding, as that of the bias before a batch norm
    batch_norm = list(batch_norm = TRUE, optimizer = "sgd",
        learning_rate = 0.1),
    tied = list(tied = TRUE, hidden = c(7L, 5L)),
    penalties = list(l1 = 1e-3, l2 = 1e-2, activity_l1 = 1e-3),
    clip_norm = list(clip_norm = 0.05, optimizer = "sgd",
        learning_rate = 1),
    clip_value = list(clip_value = 0.01, optimizer = "sgd", l2 = 0.01,
        learning_rate = 1),
    half_sse = list(loss = "half_sse"),
    huber = list(loss = "huber", huber_delta = 0.5),
    mae = list(loss = "mae"),
    bce = list(loss = "bce")
)
cases <- c(optimizers, networks)

epochCase <- function(changes) {
    settings <- base
    settings[names(changes)] <- changes
    x <- toyGaussian(11L, 23L)
    if (identical(settings$loss, "bce")) {
        x <- plogis(x)
    }
    list(x = x, config = do.call(coreConfig, settings))
}

for (name in names(cases)) {
    test_that(paste("whole epochs equal plain R's:", name), {
        case <- epochCase(cases[[name]])
        start <- initialWeights(case$x, case$config, seed = 3)
        wanted <- referenceTrain(case$x, case$config, start, seed = 3)
        expect_gt(relativeDifference(unlist(wanted$weights), unlist(start)),
            10 * tolerance$epoch_float)
        exact <- trainCore(case$x, case$config, seed = 3, weights = start,
            precision = "double")
        expectNear(exact$history$loss, wanted$loss, tolerance$epoch_double,
            "loss in double")
        single <- trainCore(case$x, case$config, seed = 3, weights = start)
        expectNear(single$history$loss, wanted$loss, tolerance$epoch_float,
            "loss in float")
        parts <- names(wanted$weights)
        expect_setequal(names(exact$weights), parts)
        expectNear(unlist(exact$weights[parts]), unlist(wanted$weights),
            tolerance$epoch_double, "weights in double")
        expectNear(unlist(single$weights[parts]), unlist(wanted$weights),
            tolerance$epoch_float, "weights in float")
    })
}

test_that("counts with a negative binomial loss train as in plain R", {
    x <- withr::with_seed(4L, matrix(as.numeric(rpois(11L * 23L, 5)), 11L))
    config <- coreConfig(hidden = 6L, latent = 2L, activation = "tanh",
        loss = "nb", validation = 0, patience = 0L, scale = "none",
        epochs = 2L, batch_size = 8L)
    # equal depths: every size factor is 1
    x <- rbind(x, max(colSums(x)) + 10 - colSums(x))
    start <- initialWeights(x, config)
    wanted <- referenceTrain(x, config, start, seed = 1)
    for (precision in c("double", "float")) {
        got <- trainCore(x, config, weights = start, precision = precision)
        limit <- tolerance[[paste0("epoch_", precision)]]
        expectNear(got$history$loss, wanted$loss, limit, "loss")
        expectNear(unlist(got$weights)[names(unlist(wanted$weights))],
            unlist(wanted$weights), limit, "weights")
    }
})

test_that("the sparse path trains as in plain R", {
    x <- withr::with_seed(4L, matrix(rnorm(30L * 20L) *
        rbinom(30L * 20L, 1L, 0.1), 30L))
    settings <- base
    settings$noise <- "masking"
    settings$noise_amount <- 0.3
    config <- do.call(coreConfig, settings)
    start <- initialWeights(x, config)
    wanted <- referenceTrain(x, config, start, seed = 1)
    got <- aesop:::train_autoencoder(list(kind = "sparse", x = asSparse(x)),
        config, coreControl(weights = start, precision = "double"))
    expectNear(got$history$loss, wanted$loss, tolerance$epoch_double, "loss")
    expectNear(unlist(got$weights)[names(unlist(wanted$weights))],
        unlist(wanted$weights), tolerance$epoch_double, "weights")
})

test_that("the validation loss is that of the held-out samples, no noise", {
    x <- toyGaussian(11L, 30L)
    config <- do.call(coreConfig, utils::modifyList(base, list(
        validation = 0.2, validation_split = "last", epochs = 1L,
        noise = "masking", noise_amount = 0.5, dropout = 0.5)))
    start <- initialWeights(x, config)
    got <- trainCore(x, config, weights = start, precision = "double")
    expect_identical(as.numeric(got$validation), as.numeric(25:30))
    wanted <- referenceTrain(x, config, start, seed = 1, samples = 24L)
    expectNear(got$history$loss, wanted$loss, tolerance$epoch_double,
        "training loss")
    rows <- t(x[, 25:30])
    held_out <- referencePass(wanted$weights, config, rows, rows)$loss
    expectNear(got$history$val_loss, held_out, tolerance$epoch_double,
        "validation loss")
})
