defaults <- autoencoderDefaults()

# Number of parameters of a network, by the core's own list of shapes.
parameters <- function(param, n_features) {
    shapes <- aesop:::config_shapes(as.list(param), n_features)
    sum(vapply(shapes, function(s) prod(s[1:2]), numeric(1L)))
}

test_that("every argument is a setting of the core, and the other way round", {
    formals <- setdiff(names(formals(AutoencoderParam)), "...")
    expect_setequal(setdiff(formals, names(defaults)),
        c("design", "early_stopping", "ncomponents"))
    for (name in formals) {
        expect_null(eval(formals(AutoencoderParam)[[name]]), label = name)
    }
    # what is no argument can be given by name
    for (name in setdiff(names(defaults), "decoder_mirrored")) {
        param <- do.call(AutoencoderParam, defaults[name])
        expect_equal(as.list(param)[[name]], defaults[[name]], label = name)
    }
})

test_that("nothing given means the defaults of the core", {
    expect_identical(as.list(AutoencoderParam()), defaults)
    expect_length(as.list(AutoencoderParam(), complete = FALSE), 0L)
    expect_identical(names(as.list(AutoencoderParam(latent = 3),
        complete = FALSE)), "latent")
})

test_that("documented defaults are what they are", {
    expect_identical(defaults$latent, 10L)
    expect_identical(defaults$loss, "mse")
    expect_identical(defaults$optimizer, "adam")
    expect_identical(defaults$learning_rate, 0.001)
    expect_identical(defaults$noise, "none")
    expect_identical(defaults$validation, 0.1)
})

test_that("pieces set the settings that their arguments name", {
    same <- function(piece, ...) {
        given <- list(...)
        settings <- aesop:::.plain(piece)
        for (name in names(given)) {
            expect_equal(settings[[name]], given[[name]], label = name)
        }
        expect_true(all(names(settings) %in% names(defaults)))
    }
    same(noNoise(), noise = "none")
    same(maskingNoise(0.2), noise = "masking", noise_amount = 0.2)
    same(gaussianNoise(0.7), noise = "gaussian", noise_amount = 0.7)
    same(saltPepperNoise(0.1, low = -2, high = 3), noise = "salt_pepper",
        noise_amount = 0.1, noise_low = -2, noise_high = 3)
    same(sgd(0.3, momentum = 0.5, nesterov = TRUE), optimizer = "sgd",
        learning_rate = 0.3, momentum = 0.5, nesterov = TRUE)
    same(rmsprop(0.3, rho = 0.8, epsilon = 1e-5), optimizer = "rmsprop",
        learning_rate = 0.3, rho = 0.8, epsilon = 1e-5)
    same(adagrad(0.3, epsilon = 1e-5), optimizer = "adagrad",
        learning_rate = 0.3, epsilon = 1e-5)
    same(adadelta(1.1, rho = 0.9, epsilon = 1e-5), optimizer = "adadelta",
        learning_rate = 1.1, rho = 0.9, epsilon = 1e-5)
    same(adam(0.3, beta1 = 0.8, beta2 = 0.9, epsilon = 1e-5),
        optimizer = "adam", learning_rate = 0.3, beta1 = 0.8, beta2 = 0.9,
        epsilon = 1e-5)
    same(adamW(0.3, weight_decay = 0.2), optimizer = "adamw",
        learning_rate = 0.3, weight_decay = 0.2)
    same(constantRate(), schedule = "constant")
    same(stepDecay(7, factor = 0.3), schedule = "step", schedule_every = 7,
        schedule_factor = 0.3)
    same(exponentialDecay(0.9), schedule = "exponential",
        schedule_factor = 0.9)
    same(cosineDecay(1e-4), schedule = "cosine", schedule_minimum = 1e-4)
    same(oneCycle(0.2, divisor = 10, final = 100), schedule = "one_cycle",
        one_cycle_fraction = 0.2, one_cycle_divisor = 10,
        one_cycle_final = 100)
    same(reduceOnPlateau(4, factor = 0.3, minimum = 1e-5),
        schedule = "plateau", schedule_every = 4, schedule_factor = 0.3,
        schedule_minimum = 1e-5)
    same(warmUp(3, then = cosineDecay(1e-4)), schedule = "cosine",
        warmup_epochs = 3, schedule_minimum = 1e-4)
    same(earlyStopping(4, min_delta = 0.1), patience = 4, min_delta = 0.1)
    same(huberLoss(0.5), loss = "huber", huber_delta = 0.5)
    same(negativeBinomialLoss("constant"), loss = "nb",
        dispersion = "constant")
})

test_that("the pieces' defaults agree with the core's", {
    expect_equal(aesop:::.plain(adam()), defaults[c("optimizer",
        "learning_rate", "beta1", "beta2", "epsilon")])
    expect_equal(aesop:::.plain(adamW())$weight_decay,
        defaults$weight_decay)
    cycle <- aesop:::.plain(oneCycle())
    cycle$schedule <- NULL
    expect_equal(cycle, defaults[names(cycle)])
    expect_equal(aesop:::.plain(huberLoss())$huber_delta,
        defaults$huber_delta)
})

test_that("names stand for pieces with their defaults", {
    for (name in c("sgd", "rmsprop", "adagrad", "adadelta", "adam")) {
        expect_identical(AutoencoderParam(optimizer = name),
            AutoencoderParam(optimizer = get(name)()))
    }
    expect_identical(AutoencoderParam(optimizer = "adamw"),
        AutoencoderParam(optimizer = adamW()))
    expect_identical(AutoencoderParam(schedule = "one_cycle"),
        AutoencoderParam(schedule = oneCycle()))
    expect_identical(AutoencoderParam(noise = "masking"),
        AutoencoderParam(noise = maskingNoise()))
    expect_identical(as.list(AutoencoderParam(loss = "huber")),
        as.list(AutoencoderParam(loss = huberLoss())))
    expect_identical(as.list(AutoencoderParam(loss = "nb")),
        as.list(AutoencoderParam(loss = negativeBinomialLoss())))
    expect_identical(AutoencoderParam(early_stopping = 7),
        AutoencoderParam(early_stopping = earlyStopping(7)))
    expect_identical(as.list(AutoencoderParam(early_stopping = FALSE))$
        patience, 0L)
    expect_identical(as.list(AutoencoderParam(early_stopping = TRUE)),
        defaults)
})

test_that("a setting by name wins over the same one in a piece", {
    param <- AutoencoderParam(optimizer = adam(0.5), learning_rate = 0.01)
    expect_identical(as.list(param)$learning_rate, 0.01)
    param <- AutoencoderParam(learning_rate = 0.01, optimizer = "sgd")
    expect_identical(as.list(param)$learning_rate, 0.01)
})

test_that("ncomponents is latent, with other settings around", {
    expect_identical(as.list(AutoencoderParam(ncomponents = 7,
        latent_activation = "tanh"))$latent, 7L)
    expect_identical(as.list(vanillaParam(ncomponents = 7))$latent, 7L)
    expect_identical(as.list(AutoencoderParam(ncomponents = 7,
        latent = 7))$latent, 7L)
})

test_that("pieces meant for another argument are refused", {
    expectAesopError(AutoencoderParam(noise = adam()), "param", "noise")
    expectAesopError(AutoencoderParam(optimizer = oneCycle()), "param",
        "optimizer")
    expectAesopError(AutoencoderParam(schedule = maskingNoise()), "param",
        "schedule")
    expectAesopError(AutoencoderParam(loss = earlyStopping()), "param",
        "loss")
    expectAesopError(warmUp(3, then = adam()), "param", "then")
})

test_that("the parameter counts of the textbooks are met", {
    # 784 * 64 + 64 and 64 * 784 + 784
    expect_identical(parameters(vanillaParam(latent = 64), 784), 101200)
    textbook <- AutoencoderParam(hidden = integer(0), latent = 100,
        latent_activation = "relu", output_activation = "sigmoid",
        optimizer = adam(), batch_size = 50, epochs = 10, validation = 0.2,
        validation_split = "last", scale = "minmax")
    expect_identical(parameters(textbook, 5000), 1005100)
    # 32 x 32 images, 1024 to 8 codes and back
    expect_identical(parameters(vanillaParam(latent = 8), 1024),
        1024 * 8 + 8 + 8 * 1024 + 1024)
    expect_identical(parameters(AutoencoderParam(hidden = c(20, 7),
        latent = 3, tied = TRUE), 50),
        50 * 20 + 20 * 7 + 7 * 3 + 20 + 7 + 3 + 7 + 20 + 50)
    nb <- AutoencoderParam(hidden = c(64), latent = 32, loss = "nb")
    expect_identical(parameters(nb, 200), 200 * 64 + 64 + 64 * 32 + 32 +
        32 * 64 + 64 + 64 * 200 + 200 + 200)
    bn <- AutoencoderParam(hidden = 6, latent = 3, batch_norm = TRUE)
    # weights, no bias before batch norm, four vectors each
    expect_identical(parameters(bn, 10), 60 + 4 * 6 + 18 + 3 + 18 + 4 * 6 +
        60 + 10)
    x <- toyGaussian(20L, 40L)
    model <- toyModel(x)
    expect_identical(model@info$n_parameters + 0, 20 * 8 + 8 + 8 * 3 + 3 +
        3 * 8 + 8 + 8 * 20 + 20)
})

test_that("presets are settings, and settings win over them", {
    expect_identical(as.list(vanillaParam())$hidden, integer(0))
    expect_identical(as.list(deepParam())$hidden, c(512L, 128L))
    expect_identical(as.list(denoisingParam())$noise, "masking")
    expect_identical(as.list(denoisingParam(gaussianNoise(0.5)))$
        noise_amount, 0.5)
    expect_identical(as.list(deepParam(hidden = 5))$hidden, 5L)
    expect_identical(as.list(vanillaParam(latent_activation = "linear"))$
        latent_activation, "linear")
    for (preset in list(vanillaParam, deepParam, denoisingParam)) {
        expect_s4_class(preset(), "AutoencoderParam")
        expect_true(validObject(preset()))
        expectAesopError(preset(latnt = 3), "param", c("latnt", "latent"))
    }
})

test_that("a param is checked, also when changed by hand", {
    param <- AutoencoderParam(latent = 3)
    param@settings$latent <- -1L
    expect_error(validObject(param), "latent")
    expectAesopError(trainAutoencoder(toyGaussian(), param), "param",
        "latent")
    param@settings <- list(nonsense = 1)
    expectAesopError(trainAutoencoder(toyGaussian(), param), "param",
        "nonsense")
    for (bad in list("a", list(latent = 3), 5, NA, trainAutoencoder)) {
        expectAesopError(trainAutoencoder(toyGaussian(), bad), "input_type",
            "param")
    }
})

test_that("show() fits the screen and names what was set", {
    shown <- capture.output(AutoencoderParam(latent = 7, l2 = 0.25))
    expect_lte(length(shown), 10L)
    expect_true(all(nchar(shown) <= 120L))
    for (text in c("AutoencoderParam", "latent = 7", "l2 = 0.25", "mse",
        "adam")) {
        expect_true(any(grepl(text, shown, fixed = TRUE)), label = text)
    }
    expect_output(print(adam(0.5)), "0.5")
    expect_output(print(earlyStopping(5)), "patience = 5")
})

test_that("show tells what a param has besides settings", {
    expect_output(show(AutoencoderParam(design = ~ batch)), "~batch")
    expect_output(show(AutoencoderParam(latent = "auto")), "from the data")
    expect_output(show(robustParam(rounds = 3)), "3 rounds")
    expect_output(show(stackedParam()), "one by one")
    param <- multimodalParam(list(rna = assayParam(), adt = assayParam()))
    expect_output(show(param), "rna, adt")
})
