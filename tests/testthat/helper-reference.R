# A network, its losses and its gradients in plain R and double precision.
# Matrices are samples x units; weights inputs x units.

# f(z) and f'(z) of each activation.
referenceActivation <- function(name, slope = 0.01) {
    scale <- 1.0507009873554805
    alpha <- 1.6732632423543772
    switch(name,
        linear = list(f = function(z) z, d = function(z) z * 0 + 1),
        relu = list(f = function(z) pmax(z, 0), d = function(z) (z > 0) + 0),
        leaky_relu = list(f = function(z) ifelse(z > 0, z, slope * z),
            d = function(z) ifelse(z > 0, 1, slope)),
        elu = list(f = function(z) ifelse(z > 0, z, expm1(pmin(z, 0))),
            d = function(z) ifelse(z > 0, 1, exp(pmin(z, 0)))),
        gelu = list(f = function(z) z * stats::pnorm(z),
            d = function(z) stats::pnorm(z) + z * stats::dnorm(z)),
        selu = list(
            f = function(z) scale * ifelse(z > 0, z,
                alpha * expm1(pmin(z, 0))),
            d = function(z) scale * ifelse(z > 0, 1,
                alpha * exp(pmin(z, 0)))),
        tanh = list(f = tanh, d = function(z) 1 - tanh(z)^2),
        sigmoid = list(f = stats::plogis,
            d = function(z) stats::plogis(z) * (1 - stats::plogis(z))),
        softplus = list(
            f = function(z) pmax(z, 0) + log1p(exp(-abs(z))),
            d = stats::plogis),
        exp = list(f = exp, d = exp)
    )
}

softmaxRows <- function(z) {
    e <- exp(z - apply(z, 1L, max))
    e / rowSums(e)
}

# The layers between input and output as a list of steps.
referenceLayers <- function(config) {
    hidden <- length(config$hidden)
    decoder <- if (config$decoder_mirrored) {
        rev(config$hidden)
    } else {
        config$decoder_hidden
    }
    layer <- function(part, k, activation, is_hidden, dropout) {
        stem <- paste0(part, ".", k)
        tied <- config$tied && part == "decoder"
        list(
            weight = if (tied) {
                paste0("encoder.", hidden + 2L - k, ".weight")
            } else {
                paste0(stem, ".weight")
            },
            transposed = tied,
            bias = if (!(is_hidden && config$batch_norm)) {
                paste0(stem, ".bias")
            },
            norm = if (is_hidden && config$batch_norm) stem,
            activation = activation,
            dropout = if (is_hidden && config$dropout > 0) dropout)
    }
    encoder <- lapply(seq_len(hidden), function(k) {
        layer("encoder", k, config$activation, TRUE, k - 1)
    })
    middle <- layer("encoder", hidden + 1L, config$latent_activation, FALSE)
    back <- lapply(seq_along(decoder), function(k) {
        layer("decoder", k, config$activation, TRUE, 31 + k)
    })
    # The loss applies the output's activation, but for softmax.
    last <- if (config$output_activation == "softmax") "softmax" else "linear"
    output <- layer("decoder", length(decoder) + 1L, last, FALSE)
    list(steps = c(encoder, list(middle), back, list(output)),
        code = hidden + 1L)
}

referenceNorm <- function(z, weights, stem, config, training) {
    get <- function(name) weights[[paste0(stem, ".", name)]]
    mean <- get("running_mean")
    variance <- get("running_variance")
    running <- NULL
    if (training) {
        mean <- colMeans(z)
        variance <- colMeans(sweep(z, 2L, mean)^2)
        keep <- config$batch_norm_momentum
        running <- list(
            running_mean = keep * get("running_mean") + (1 - keep) * mean,
            running_variance = keep * get("running_variance") +
                (1 - keep) * variance)
    }
    inverse <- 1 / sqrt(variance + config$batch_norm_epsilon)
    normal <- sweep(sweep(z, 2L, mean), 2L, inverse, "*")
    list(y = sweep(sweep(normal, 2L, get("gamma"), "*"), 2L, get("beta"),
        "+"), normal = normal, inverse = inverse, running = running)
}

# Loss of each element and its slope by the pre-activation z; for the negative
# binomial also by log theta. target: samples x features.
referenceLoss <- function(z, target, config, log_size_factor = 0,
    log_theta = NULL) {
    if (config$loss %in% c("poisson", "nb")) {
        mu <- exp(z + log_size_factor)
        if (config$loss == "poisson") {
            return(list(loss = -stats::dpois(target, mu, log = TRUE),
                slope = mu - target))
        }
        theta <- rep(exp(log_theta), length.out = ncol(z))
        theta <- matrix(theta, nrow(z), ncol(z), byrow = TRUE)
        loss <- z
        loss[] <- -stats::dnbinom(target, size = theta, mu = mu, log = TRUE)
        by_theta <- theta * (log1p(mu / theta) +
            (target - mu) / (theta + mu) -
            (digamma(theta + target) - digamma(theta)))
        return(list(loss = loss, slope = theta * (mu - target) / (theta + mu),
            dispersion = by_theta))
    }
    softmax <- config$output_activation == "softmax"
    a <- referenceActivation(
        if (softmax) "linear" else config$output_activation,
        config$leaky_slope)
    y <- a$f(z)
    r <- y - target
    delta <- config$huber_delta
    term <- switch(config$loss,
        mse = list(r^2, 2 * r),
        half_sse = list(r^2 / 2, r),
        mae = list(abs(r), sign(r)),
        huber = list(ifelse(abs(r) <= delta, r^2 / 2,
            delta * (abs(r) - delta / 2)), pmax(pmin(r, delta), -delta)),
        bce = list(-target * log(y) - (1 - target) * log1p(-y),
            (y - target) / (y * (1 - y)))
    )
    list(loss = term[[1L]], slope = term[[2L]] * a$d(z))
}

# One pass over a minibatch: list(loss, gradients, weights with new running
# statistics, code, output). x: input, target: samples x features.
referencePass <- function(weights, config, x, target, training = FALSE,
    seed = 0, epoch = 0, ids = seq_len(nrow(x)) - 1, log_size_factor = 0) {
    layers <- referenceLayers(config)
    kept <- list()
    value <- x
    if (training && config$noise != "none") {
        value <- referenceNoise(value, config, seed, epoch, ids)
    }
    if (training && config$input_dropout > 0) {
        value <- value * referenceDropout(config$input_dropout, seed, epoch,
            63, ids, ncol(x))
    }
    for (k in seq_along(layers$steps)) {
        step <- layers$steps[[k]]
        w <- weights[[step$weight]]
        z <- value %*% (if (step$transposed) t(w) else w)
        if (!is.null(step$bias)) {
            z <- sweep(z, 2L, weights[[step$bias]], "+")
        }
        norm <- NULL
        if (!is.null(step$norm)) {
            norm <- referenceNorm(z, weights, step$norm, config, training)
            for (name in names(norm$running)) {
                weights[[paste0(step$norm, ".", name)]] <-
                    norm$running[[name]]
            }
            z <- norm$y
        }
        y <- if (step$activation == "softmax") {
            softmaxRows(z)
        } else {
            referenceActivation(step$activation, config$leaky_slope)$f(z)
        }
        mask <- NULL
        if (training && !is.null(step$dropout)) {
            mask <- referenceDropout(config$dropout, seed, epoch,
                step$dropout, ids, ncol(y))
        }
        kept[[k]] <- list(x = value, z = z, y = y, norm = norm, mask = mask)
        value <- if (is.null(mask)) y else y * mask
        if (k == layers$code) {
            code <- value
        }
    }
    log_theta <- weights[["dispersion.log_theta"]]
    term <- referenceLoss(value, target, config, log_size_factor, log_theta)
    share <- if (config$loss_reduction == "mean") 1 / ncol(x) else 1
    by_sample <- rowSums(term$loss) * share
    loss <- mean(by_sample) + referencePenalty(weights, config) +
        config$activity_l1 * sum(abs(code)) / nrow(x)
    gradients <- referenceBackward(weights, config, layers, kept,
        term$slope * share / nrow(x), code)
    if (!is.null(log_theta)) {
        g <- colSums(term$dispersion) * share / nrow(x)
        gradients[["dispersion.log_theta"]] <-
            if (length(log_theta) == 1L) sum(g) else g
    }
    list(loss = loss, by_sample = by_sample, gradients = gradients,
        weights = weights, code = code, output = value)
}

isWeightMatrix <- function(name) endsWith(name, ".weight")

referencePenalty <- function(weights, config) {
    w <- unlist(weights[isWeightMatrix(names(weights))])
    config$l1 * sum(abs(w)) + config$l2 * sum(w^2)
}

referenceBackward <- function(weights, config, layers, kept, dy, code) {
    gradients <- list()
    add <- function(name, value) {
        old <- gradients[[name]]
        if (is.null(old)) value else old + value
    }
    for (k in rev(seq_along(layers$steps))) {
        step <- layers$steps[[k]]
        at <- kept[[k]]
        if (k == layers$code && config$activity_l1 > 0) {
            dy <- dy + config$activity_l1 * sign(code) / nrow(dy)
        }
        if (!is.null(at$mask)) {
            dy <- dy * at$mask
        }
        dz <- if (step$activation == "softmax") {
            at$y * (dy - rowSums(at$y * dy))
        } else {
            dy * referenceActivation(step$activation,
                config$leaky_slope)$d(at$z)
        }
        if (!is.null(step$norm)) {
            stem <- step$norm
            gradients[[paste0(stem, ".gamma")]] <- colSums(dz *
                at$norm$normal)
            gradients[[paste0(stem, ".beta")]] <- colSums(dz)
            # derivative of y = (z - mean) / sd through mean and sd
            dn <- sweep(dz, 2L, weights[[paste0(stem, ".gamma")]], "*")
            centred <- sweep(dn, 2L, colMeans(dn)) - sweep(at$norm$normal,
                2L, colMeans(dn * at$norm$normal), "*")
            dz <- sweep(centred, 2L, at$norm$inverse, "*")
        }
        if (!is.null(step$bias)) {
            gradients[[step$bias]] <- colSums(dz)
        }
        w <- weights[[step$weight]]
        dw <- crossprod(at$x, dz)
        gradients[[step$weight]] <- add(step$weight,
            if (step$transposed) t(dw) else dw)
        dy <- dz %*% (if (step$transposed) w else t(w))
    }
    for (name in names(gradients)[isWeightMatrix(names(gradients))]) {
        w <- weights[[name]]
        gradients[[name]] <- gradients[[name]] + config$l1 * sign(w) +
            2 * config$l2 * w
    }
    gradients
}
