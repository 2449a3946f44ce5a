# I1: the battery of checkModel() over every kind of model.

batteryCases <- list(
    default = list(),
    vanilla = list(hidden = integer(0), latent_activation = "tanh"),
    deep = list(hidden = c(20L, 9L), activation = "elu"),
    batch_norm = list(batch_norm = TRUE),
    tied = list(tied = TRUE, hidden = c(20L, 9L)),
    free_decoder = list(decoder_hidden = c(7L, 30L)),
    dropout = list(dropout = 0.3, input_dropout = 0.1),
    masking = list(noise = maskingNoise(0.2)),
    gaussian = list(noise = gaussianNoise(0.2)),
    salt_pepper = list(noise = saltPepperNoise(0.2), scale = "minmax"),
    half_sse = list(loss = "half_sse", optimizer = sgd(0.001)),
    mae = list(loss = "mae", activation = "leaky_relu"),
    huber = list(loss = huberLoss(0.5), activation = "gelu"),
    bce = list(loss = "bce", scale = "minmax"),
    sigmoid_output = list(output_activation = "sigmoid", scale = "minmax"),
    softmax_output = list(output_activation = "softmax", scale = "minmax"),
    standard = list(scale = "standard", activation = "selu"),
    unscaled = list(scale = "none", activation = "tanh"),
    log = list(normalize = "log", counts = TRUE),
    log_standard = list(normalize = "log", scale = "standard",
        counts = TRUE),
    log_unscaled = list(normalize = "log", scale = "none", counts = TRUE),
    poisson = list(loss = "poisson", counts = TRUE),
    poisson_log = list(loss = "poisson", normalize = "log", counts = TRUE),
    nb = list(loss = "nb", normalize = "log", counts = TRUE),
    nb_constant = list(loss = negativeBinomialLoss("constant"),
        normalize = "log", scale = "standard", counts = TRUE),
    adagrad_cycle = list(optimizer = adagrad(), schedule = oneCycle(),
        l1 = 1e-4, l2 = 1e-3, activity_l1 = 1e-3, clip_norm = 1),
    softplus_adadelta = list(activation = "softplus",
        optimizer = adadelta(), validation_split = "last"),
    softmax_hidden = list(activation = "softmax", optimizer = rmsprop(),
        initialization = "orthogonal", drop_last = TRUE)
)

for (name in names(batteryCases)) {
    test_that(paste("a model passes the battery:", name), {
        case <- batteryCases[[name]]
        # about a fifth of the values are not 0, so that single samples and
        # minibatches may be on either side of any threshold for sparse input
        counts <- toyCounts(37L, 45L)
        counts[withr::with_seed(3L, runif(length(counts))) < 0.65] <- 0
        x <- if (isTRUE(case$counts)) counts else log1p(counts)
        case$counts <- NULL
        settings <- list(x, hidden = 12L, latent = 3L, epochs = 3L,
            batch_size = 16L, early_stopping = FALSE, seed = 2,
            verbose = FALSE)
        settings[names(case)] <- case
        refit <- function() do.call(trainAutoencoder, settings)
        model <- refit()
        codes <- checkModel(model, x, refit)
        expect_gt(max(apply(codes, 2L, sd)), 0)
    })
}

test_that("more than one block of samples is encoded alike", {
    x <- log1p(toyCounts(30L, 700L))
    model <- toyModel(x)
    codes <- encode(model, x)
    index <- withr::with_seed(1L, sample.int(700L))
    expect_identical(encode(model, x[, index]), codes[index, ])
    expect_identical(encode(model, x[, 257:700]), codes[257:700, ])
    expect_identical(encode(model, x[, 700, drop = FALSE]),
        codes[700, , drop = FALSE])
    expect_identical(decode(model, codes)[, 300:310],
        decode(model, codes[300:310, ]))
})

test_that("settings instead of a model are an error of their own", {
    x <- toyGaussian()
    param <- AutoencoderParam()
    codes <- matrix(0, 2L, 10L)
    for (call in list(function() encode(param, x),
        function() reconstruct(param, x), function() saveModel(param, "a"),
        function() clusterCodes(param, x),
        function() findOutliers(x, param), function() plotHistory(param))) {
        expectAesopError(call(), "not_fitted", "trainAutoencoder")
    }
    expectAesopError(encode(NULL, x), "input_type", "model")
    expectAesopError(encode(list(), x), "input_type", "model")
})

test_that("the reconstruction is on the scale of the data", {
    # a network of as many codes as features gives the data back
    x <- toyCounts(8L, 120L) + 5
    for (scale in c("none", "center", "standard", "minmax")) {
        for (normalize in c("none", "log")) {
            model <- fitQuiet(x, hidden = integer(0), latent = 8L,
                scale = scale, normalize = normalize, epochs = 150L,
                optimizer = adam(0.03), batch_size = 30L, validation = 0,
                schedule = cosineDecay(), initialization = "orthogonal")
            back <- reconstruct(model, x)
            expect_gt(cor(as.vector(back), as.vector(x)), 0.97)
            expect_lt(abs(mean(back) / mean(x) - 1), 0.1)
        }
    }
})
