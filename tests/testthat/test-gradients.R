# Gradients of the double instantiation against central differences and against
# plain R. The exhaustive check of all combinations is in tests/core.

# Data and weights at which no unit is near a kink: random, with biases that
# are not zero.
gradientCase <- function(..., features = 5L, samples = 7L, seed = 11L) {
    given <- list(...)
    settings <- list(hidden = 6L, latent = 3L, validation = 0,
        batch_size = samples, scale = "none")
    settings[names(given)] <- given
    config <- do.call(coreConfig, settings)
    x <- withr::with_seed(seed, matrix(rnorm(features * samples), features))
    if (config$loss == "bce") {
        x <- plogis(x)
    } else if (config$loss %in% c("poisson", "nb")) {
        x <- withr::with_seed(seed, matrix(
            as.numeric(rpois(features * samples, 4)), features))
    }
    weights <- initialWeights(x, config)
    weights <- withr::with_seed(seed, lapply(weights, function(w) {
        w[] <- w + rnorm(length(w), sd = 0.3)
        w
    }))
    for (name in grep("running_variance", names(weights), value = TRUE)) {
        weights[[name]][] <- abs(weights[[name]]) + 0.5
    }
    list(x = x, config = config, weights = weights)
}

numericGradient <- function(case, training) {
    loss <- function(weights) {
        coreGradient(weights, case$config, case$x, training)$loss
    }
    trained <- setdiff(names(case$weights), grep("running",
        names(case$weights), value = TRUE))
    lapply(stats::setNames(trained, trained), function(name) {
        g <- case$weights[[name]]
        for (i in seq_along(g)) {
            w <- case$weights[[name]][i]
            h <- 1e-5 * max(1, abs(w))
            up <- down <- case$weights
            up[[name]][i] <- w + h
            down[[name]][i] <- w - h
            g[i] <- (loss(up) - loss(down)) / (2 * h)
        }
        g
    })
}

cases <- list(
    plain = list(),
    no_hidden = list(hidden = integer(0)),
    deep_tanh = list(hidden = c(6L, 4L), activation = "tanh"),
    tied_elu = list(hidden = c(6L, 4L), tied = TRUE, activation = "elu"),
    free_decoder = list(decoder_hidden = c(4L, 7L), decoder_mirrored = FALSE,
        activation = "softplus"),
    leaky = list(activation = "leaky_relu", leaky_slope = 0.2),
    gelu_huber = list(activation = "gelu", loss = "huber",
        huber_delta = 0.4),
    selu_mae = list(activation = "selu", loss = "mae"),
    sigmoid_bce = list(activation = "sigmoid", loss = "bce"),
    softmax_hidden = list(activation = "softmax"),
    softmax_output = list(output_activation = "softmax"),
    tanh_code = list(latent_activation = "tanh", loss = "half_sse"),
    output_sigmoid = list(output_activation = "sigmoid"),
    poisson = list(loss = "poisson", activation = "tanh"),
    nb = list(loss = "nb", activation = "tanh"),
    nb_constant = list(loss = "nb", dispersion = "constant",
        activation = "tanh"),
    batch_norm = list(batch_norm = TRUE, activation = "tanh"),
    batch_norm_tied = list(batch_norm = TRUE, tied = TRUE,
        activation = "elu"),
    dropout = list(dropout = 0.4, input_dropout = 0.2, activation = "tanh"),
    masking = list(noise = "masking", noise_amount = 0.3),
    gaussian = list(noise = "gaussian", noise_amount = 0.3),
    penalties = list(l1 = 0.01, l2 = 0.02, activity_l1 = 0.03,
        activation = "tanh"),
    sum_reduction = list(loss_reduction = "sum", activation = "tanh")
)

# Training passes and others; batch norm is differentiated in training only.
modes <- function(config) if (config$batch_norm) TRUE else c(TRUE, FALSE)

for (name in names(cases)) {
    test_that(paste("gradients equal central differences:", name), {
        case <- do.call(gradientCase, cases[[name]])
        for (training in modes(case$config)) {
            got <- coreGradient(case$weights, case$config, case$x,
                training)$gradients
            wanted <- numericGradient(case, training)
            expect_setequal(names(got), names(wanted))
            largest <- max(abs(unlist(wanted)))
            expect_gt(largest, 0)
            worst <- max(abs(unlist(got[names(wanted)]) - unlist(wanted)))
            expect_lte(worst / largest, tolerance$gradient)
        }
    })
    test_that(paste("loss and gradients equal plain R's:", name), {
        case <- do.call(gradientCase, cases[[name]])
        rows <- t(case$x)
        for (training in modes(case$config)) {
            wanted <- referencePass(case$weights, case$config, rows, rows,
                training, seed = 1, epoch = 3)
            got <- coreGradient(case$weights, case$config, case$x, training,
                epoch = 3)
            expectNear(got$loss, wanted$loss, tolerance$double, "loss")
            parts <- names(wanted$gradients)
            expect_setequal(names(got$gradients), parts)
            # as a share of the largest: some are 0 but for rounding
            expectNear(unlist(got$gradients[parts]),
                unlist(wanted$gradients), tolerance$double, "gradients")
        }
    })
    test_that(paste("single precision gives the same gradients:", name), {
        case <- do.call(gradientCase, cases[[name]])
        exact <- coreGradient(case$weights, case$config, case$x, TRUE)
        for (backend in c("reference", "cpu")) {
            got <- coreGradient(case$weights, case$config, case$x, TRUE,
                precision = "float", backend = backend)
            expectNear(got$loss, exact$loss, tolerance$float, "loss")
            g <- unlist(exact$gradients)
            d <- unlist(got$gradients)[names(g)] - g
            expect_lte(sqrt(sum(d^2)) / sqrt(sum(g^2)), tolerance$float)
        }
    })
}

test_that("batch norm at prediction uses the running statistics", {
    case <- gradientCase(batch_norm = TRUE, activation = "tanh")
    rows <- t(case$x)
    wanted <- referencePass(case$weights, case$config, rows, rows)
    got <- coreGradient(case$weights, case$config, case$x)
    expectNear(got$loss, wanted$loss, tolerance$double, "loss")
})

test_that("a wrong gradient would be found", {
    case <- gradientCase(activation = "tanh")
    wanted <- numericGradient(case, FALSE)
    got <- coreGradient(case$weights, case$config, case$x)$gradients
    largest <- max(abs(unlist(wanted)))
    worst <- function(gradients) {
        max(abs(unlist(gradients[names(wanted)]) - unlist(wanted))) / largest
    }
    flipped <- got
    flipped$encoder.1.bias <- -flipped$encoder.1.bias
    expect_gt(worst(flipped), tolerance$gradient)
    scaled <- got
    scaled$decoder.2.weight <- scaled$decoder.2.weight * 1.001
    expect_gt(worst(scaled), tolerance$gradient)
    turned <- got
    turned$encoder.1.weight[] <- t(turned$encoder.1.weight)
    expect_gt(worst(turned), tolerance$gradient)
})

test_that("the kernels give the reference's gradients for awkward sizes", {
    # around the widths of vectors (16), panels (64) and rows of 1024
    withr::defer(aesop:::set_cpu_target_name("auto"))
    sizes <- list(c(16L, 64L), c(17L, 65L), c(15L, 63L), c(129L, 128L),
        c(1024L, 33L), c(1025L, 1L), c(3L, 200L))
    for (size in sizes) {
        for (options in list(list(tied = TRUE, activation = "elu"),
            list(batch_norm = TRUE, loss = "huber", dropout = 0.2))) {
            case <- do.call(gradientCase, c(options, list(
                features = size[1L], hidden = size[2L], latent = 5L,
                samples = 13L)))
            exact <- coreGradient(case$weights, case$config, case$x, TRUE)
            g <- unlist(exact$gradients)
            for (target in aesop:::cpu_target_names()) {
                aesop:::set_cpu_target_name(target)
                for (threads in c(1L, 3L)) {
                    got <- coreGradient(case$weights, case$config, case$x,
                        TRUE, precision = "float", backend = "cpu",
                        num_threads = threads)
                    d <- unlist(got$gradients)[names(g)] - g
                    expect_lte(sqrt(sum(d^2)) / sqrt(sum(g^2)),
                        tolerance$float)
                    expectNear(got$loss, exact$loss, tolerance$float)
                }
            }
        }
    }
})
