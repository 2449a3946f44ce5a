# Optimisers and whole epochs in plain R, and how the engine's pieces are
# reached without the R layer.

# One step of an optimiser on one vector, from its publication.
# state: list of vectors, NULL before the first step; step from 1.
referenceUpdate <- function(w, g, state, step, config, rate,
    decays = TRUE) {
    zero <- w * 0
    old <- function(name) if (is.null(state[[name]])) zero else state[[name]]
    switch(config$optimizer,
        sgd = {
            # Sutskever et al. (2013) as PyTorch writes it
            velocity <- config$momentum * old("velocity") + g
            move <- if (config$nesterov) {
                g + config$momentum * velocity
            } else {
                velocity
            }
            list(w = w - rate * move, state = list(velocity = velocity))
        },
        rmsprop = {
            # Hinton, lecture 6e
            square <- config$rho * old("square") + (1 - config$rho) * g^2
            list(w = w - rate * g / (sqrt(square) + config$epsilon),
                state = list(square = square))
        },
        adagrad = {
            # Duchi et al. (2011)
            square <- old("square") + g^2
            list(w = w - rate * g / (sqrt(square) + config$epsilon),
                state = list(square = square))
        },
        adadelta = {
            # Zeiler (2012), algorithm 1
            rho <- config$rho
            square <- rho * old("square") + (1 - rho) * g^2
            move <- sqrt(old("moves") + config$epsilon) /
                sqrt(square + config$epsilon) * g
            moves <- rho * old("moves") + (1 - rho) * move^2
            list(w = w - rate * move,
                state = list(square = square, moves = moves))
        },
        adam = ,
        adamw = {
            # Kingma and Ba (2015); Loshchilov and Hutter (2019)
            first <- config$beta1 * old("first") + (1 - config$beta1) * g
            second <- config$beta2 * old("second") + (1 - config$beta2) * g^2
            if (config$optimizer == "adamw" && decays) {
                w <- w - rate * config$weight_decay * w
            }
            unbiased <- first / (1 - config$beta1^step)
            scale <- sqrt(second / (1 - config$beta2^step))
            list(w = w - rate * unbiased / (scale + config$epsilon),
                state = list(first = first, second = second))
        }
    )
}

# All settings, with those given.
coreConfig <- function(...) {
    config <- aesop:::validate_config(list(...))
    if (config$output_activation == "auto") {
        config$output_activation <- switch(config$loss, bce = "sigmoid",
            poisson = , nb = , zinb = "exp", "linear")
    }
    if (config$loss_reduction == "auto") {
        config$loss_reduction <-
            if (config$loss == "half_sse") "sum" else "mean"
    }
    config
}

denseSource <- function(x, size_factors = NULL) {
    list(kind = if (is.matrix(x)) "dense" else "sparse", x = x,
        n_features = nrow(x), n_samples = ncol(x),
        size_factors = size_factors, feature_names = rownames(x),
        sample_names = colnames(x))
}

coreControl <- function(seed = 1, num_threads = 1L, ...) {
    c(list(num_threads = num_threads, seed = seed, verbose = FALSE,
        progress = NULL), list(...))
}

trainCore <- function(x, config, ..., size_factors = NULL) {
    aesop:::train_autoencoder(denseSource(x, size_factors), config,
        coreControl(...))
}

# Initial weights of a network, as the core makes them.
initialWeights <- function(x, config, seed = 1, precision = "double") {
    config$epochs <- 0L
    trainCore(x, config, seed = seed, precision = precision)$weights
}

# Loss and gradients of all samples of x in one minibatch.
coreGradient <- function(weights, config, x, training = FALSE, epoch = 0,
    seed = 1, precision = "double", backend = "reference",
    transform = list(), num_threads = 1L) {
    aesop:::loss_and_gradient(
        list(config = config, weights = weights, transform = transform,
            n_features = nrow(x)),
        denseSource(x),
        list(precision = precision, backend = backend, seed = seed,
            epoch = epoch, training = training, num_threads = num_threads))
}

# Trains in plain R: the samples of x (features x samples) in the core's order,
# without validation. Returns list(weights, loss per epoch).
referenceTrain <- function(x, config, weights, seed, samples = ncol(x)) {
    state <- list()
    step <- 0
    losses <- numeric()
    for (epoch in seq_len(config$epochs) - 1) {
        order <- if (config$shuffle) {
            aesop:::sample_order(samples, list(seed = seed, epoch = epoch))
        } else {
            seq_len(samples)
        }
        total <- 0
        seen <- 0
        n_steps <- if (config$drop_last) {
            max(1, samples %/% config$batch_size)
        } else {
            ceiling(samples / config$batch_size)
        }
        for (s in seq_len(n_steps)) {
            from <- (s - 1) * config$batch_size
            batch <- order[from + seq_len(min(config$batch_size,
                samples - from))]
            rows <- t(x[, batch, drop = FALSE])
            pass <- referencePass(weights, config, rows, rows, TRUE, seed,
                epoch, batch - 1)
            step <- step + 1
            total <- total + pass$loss * length(batch)
            seen <- seen + length(batch)
            weights <- pass$weights
            gradients <- referenceClip(pass$gradients, config)
            for (name in names(gradients)) {
                moved <- referenceUpdate(weights[[name]], gradients[[name]],
                    state[[name]], step, config, config$learning_rate,
                    isWeightMatrix(name))
                weights[[name]][] <- moved$w
                state[[name]] <- moved$state
            }
        }
        losses <- c(losses, total / seen)
    }
    list(weights = weights, loss = losses)
}

referenceClip <- function(gradients, config) {
    if (config$clip_norm > 0) {
        norm <- sqrt(sum(unlist(gradients)^2))
        factor <- min(1, config$clip_norm / norm)
        gradients <- lapply(gradients, function(g) g * factor)
    }
    if (config$clip_value > 0) {
        gradients <- lapply(gradients, function(g) {
            pmax(pmin(g, config$clip_value), -config$clip_value)
        })
    }
    gradients
}
