# Images and sequences for the tests of convolutional models.

# Plus signs, boxes and angles of 5 x 5 pixels at random places.
shiftedShapes <- function(n, size = 24L, seed = 1L) {
    box <- matrix(1, 5L, 5L)
    box[2:4, 2:4] <- 0
    plus <- angle <- matrix(0, 5L, 5L)
    plus[3L, ] <- plus[, 3L] <- 1
    angle[5L, ] <- angle[, 1L] <- 1
    shapes <- list(plus, box, angle)
    withr::with_seed(seed, {
        images <- array(0, c(size, size, n))
        for (i in seq_len(n)) {
            at <- sample(size - 4L, 2L, replace = TRUE)
            images[at[1L] + 0:4, at[2L] + 0:4, i] <- shapes[[sample(3L, 1L)]]
        }
    })
    images
}

# Images with two discs each: sharp ones, or Gaussian blobs.
roundShapes <- function(n, size, seed = 1L, sharp = FALSE) {
    side <- seq_len(size)
    withr::with_seed(seed, {
        one <- function() {
            at <- runif(2L, 4, size - 3)
            squared <- outer((side - at[1L])^2, (side - at[2L])^2, "+")
            if (sharp) squared < 16 else exp(-squared / (size^2 / 50))
        }
        images <- replicate(n, pmin(one() + one(), 1))
    })
    images
}

# Random DNA with a motif at a random place. Returns list(x, pwm), the motif's
# letter probabilities as positions x letters.
plantedMotif <- function(n, length = 30L, seed = 1L) {
    letters4 <- c("A", "C", "G", "T")
    pwm <- matrix(0.03, 8L, 4L, dimnames = list(NULL, letters4))
    pwm[cbind(1:8, c(1L, 4L, 3L, 1L, 2L, 3L, 2L, 4L))] <- 0.91
    withr::with_seed(seed, {
        x <- replicate(n, {
            dna <- sample(letters4, length, replace = TRUE)
            start <- sample(length - 7L, 1L)
            dna[start + 0:7] <- apply(pwm, 1L, function(p) {
                sample(letters4, 1L, prob = p)
            })
            paste(dna, collapse = "")
        })
    })
    list(x = x, pwm = pwm)
}

# The largest correlation of a filter with a motif, shifted by up to `shift`.
motifMatch <- function(filter, pwm, shift = 2L) {
    width <- nrow(pwm)
    match <- vapply(-shift:shift, function(by) {
        rows <- seq_len(width) + by
        inside <- rows >= 1L & rows <= nrow(filter)
        part <- filter[rows[inside], ]
        cor(c(part - rowMeans(part)), c(pwm[inside, ] - 0.25))
    }, 0)
    max(match)
}

# Mean squared error of a model, and of as many principal components of the
# training samples, on held-out samples.
heldOutError <- function(model, x) {
    mean((reconstruct(model, x) - x)^2)
}

pcaError <- function(train, test, k) {
    centre <- rowMeans(train)
    basis <- svd(train - centre, nu = k, nv = 0L)$u
    rest <- test - centre
    mean((rest - basis %*% crossprod(basis, rest))^2)
}

# A window layer in plain R on an image [height, width, channels]. f: what a
# window, [height, width, channels] with NA outside the image, becomes.
slideWindow <- function(image, kernel, stride, padding, f) {
    size <- dim(image)[1:2]
    if (padding == "same") {
        out <- ceiling(size / stride)
        before <- pmax((out - 1) * stride + kernel - size, 0) %/% 2
    } else {
        out <- (size - kernel) %/% stride + 1
        before <- c(0, 0)
    }
    values <- lapply(seq_len(out[2L]), function(j) {
        lapply(seq_len(out[1L]), function(i) {
            rows <- (i - 1) * stride[1L] - before[1L] + seq_len(kernel[1L])
            columns <- (j - 1) * stride[2L] - before[2L] + seq_len(kernel[2L])
            window <- array(NA_real_, c(kernel, dim(image)[3L]))
            inside <- list(rows >= 1 & rows <= size[1L],
                columns >= 1 & columns <= size[2L])
            window[inside[[1L]], inside[[2L]], ] <-
                image[rows[inside[[1L]]], columns[inside[[2L]]], ]
            f(window)
        })
    })
    values <- unlist(values)
    aperm(array(values, c(length(values) / prod(out), out)), c(2L, 3L, 1L))
}

# Calls of the functions for images and sequences, for the hostile arguments.
layerCalls <- function() {
    pool <- list(size = 2, stride = NULL, padding = "valid")
    convolution <- list(filters = 4, kernel = 3, stride = 1,
        padding = "same", activation = NULL)
    dna <- plantedMotif(24L, 12L)$x
    model <- fitQuiet(dna, convolutionalParam(c(1, 12, 4), latent = 2),
        epochs = 1L)
    list(
        dense = list(dense, list(units = 3, activation = "relu")),
        conv1d = list(conv1d, convolution),
        conv2d = list(conv2d, convolution),
        convTranspose1d = list(convTranspose1d, convolution),
        convTranspose2d = list(convTranspose2d, convolution),
        maxPool1d = list(maxPool1d, pool),
        maxPool2d = list(maxPool2d, pool),
        meanPool1d = list(meanPool1d, pool),
        meanPool2d = list(meanPool2d, pool),
        upsample1d = list(upsample1d, list(size = 2)),
        upsample2d = list(upsample2d, list(size = 2)),
        flattenLayer = list(flattenLayer, list()),
        convolutionalParam = list(convolutionalParam,
            list(input_shape = c(8, 8, 1), layers = NULL, latent = NULL)),
        convolutionFilters = list(convolutionFilters, list(model = model)),
        imageMatrix = list(imageMatrix, list(x = array(0, c(3L, 3L, 4L)))),
        imageArray = list(imageArray,
            list(x = matrix(0, 6L, 2L), shape = c(2, 3, 1))),
        oneHot = list(oneHot, list(x = dna, n = 0.25, sparse = FALSE))
    )
}

# Share of samples whose five nearest neighbours have, by majority, their label.
labelShare <- function(codes, labels) {
    distance <- as.matrix(stats::dist(codes))
    diag(distance) <- Inf
    guess <- apply(distance, 1L, function(row) {
        names(which.max(table(labels[order(row)[1:5]])))
    })
    mean(guess == labels)
}
