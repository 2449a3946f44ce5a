# Rates of every step, re-derived from the formulas of PyTorch and Keras.
rates <- function(..., epochs = 12L, steps = 5L) {
    aesop:::learning_rates(coreConfig(learning_rate = 0.02, epochs = epochs,
        ...), steps)
}
epochOf <- function(epochs = 12L, steps = 5L) {
    rep(seq_len(epochs) - 1, each = steps)
}

test_that("a constant rate is constant", {
    expect_identical(rates(), rep(0.02, 60L))
})

test_that("steps and exponential decay follow the epochs", {
    # torch.optim.lr_scheduler.StepLR and ExponentialLR
    expectNear(rates(schedule = "step", schedule_every = 5L,
        schedule_factor = 0.5), 0.02 * 0.5^(epochOf() %/% 5),
        tolerance$formula)
    expectNear(rates(schedule = "exponential", schedule_factor = 0.9),
        0.02 * 0.9^epochOf(), tolerance$formula)
})

test_that("cosine decay runs over all steps", {
    # CosineAnnealingLR stepped after each minibatch, Keras' CosineDecay
    t <- seq_len(60L) - 1
    expectNear(rates(schedule = "cosine", schedule_minimum = 0.001),
        0.001 + (0.02 - 0.001) / 2 * (1 + cos(pi * t / 60)),
        tolerance$formula)
})

# PyTorch's OneCycleLR with its defaults but for the arguments: two phases of
# half a cosine, from max / div_factor up to max and down to
# max / div_factor / final_div_factor.
pytorchOneCycle <- function(total, max_rate, pct_start = 0.3, div = 25,
    final_div = 1e4) {
    anneal <- function(start, end, share) {
        end + (start - end) / 2 * (1 + cos(pi * share))
    }
    first <- max_rate / div
    turn <- pct_start * total - 1
    vapply(seq_len(total) - 1, function(step) {
        if (step <= turn) {
            anneal(first, max_rate, step / turn)
        } else {
            anneal(max_rate, first / final_div, (step - turn) /
                (total - 1 - turn))
        }
    }, numeric(1L))
}

test_that("one cycle equals PyTorch's to 1e-12", {
    for (case in list(c(12L, 5L), c(1L, 40L), c(100L, 7L), c(2L, 5L))) {
        total <- prod(case)
        got <- rates(schedule = "one_cycle", epochs = case[1L],
            steps = case[2L])
        wanted <- pytorchOneCycle(total, 0.02)
        expect_lte(max(abs(got - wanted)), tolerance$formula)
        expectNear(got[total], 0.02 / 25 / 1e4, tolerance$double)
    }
    got <- rates(schedule = "one_cycle", one_cycle_fraction = 0.5,
        one_cycle_divisor = 10, one_cycle_final = 100)
    expect_lte(max(abs(got - pytorchOneCycle(60L, 0.02, 0.5, 10, 100))),
        tolerance$formula)
})

test_that("one cycle stays finite and positive for very few steps", {
    for (total in seq_len(6L)) {
        for (fraction in c(0.01, 0.3, 0.5, 0.99)) {
            got <- rates(schedule = "one_cycle", epochs = 1L, steps = total,
                one_cycle_fraction = fraction)
            expect_true(all(is.finite(got) & got > 0 & got <= 0.02 + 1e-15),
                info = paste(total, fraction))
        }
    }
})

test_that("warm-up rises linearly from 0 and then leaves the schedule alone", {
    plain <- rates(schedule = "cosine")
    warm <- rates(schedule = "cosine", warmup_epochs = 3L)
    expect_true(all(diff(warm[seq_len(15L)]) > 0))
    expect_lt(warm[1L], 0.02 / 10)
    expect_identical(warm[16:60], plain[16:60])
    flat <- rates(warmup_epochs = 4L)
    expectNear(flat[seq_len(20L)], 0.02 * seq_len(20L) / 20,
        tolerance$formula)
    expect_identical(flat[21:60], rep(0.02, 40L))
})

test_that("the history reports the rate of each epoch's first step", {
    x <- toyGaussian(8L, 40L)
    for (schedule in list(stepDecay(2, 0.5), oneCycle(), cosineDecay(1e-4),
        warmUp(2, then = exponentialDecay(0.9)))) {
        model <- toyModel(x, schedule = schedule, epochs = 6L,
            validation = 0)
        config <- model@param@settings
        steps <- ceiling(40 / config$batch_size)
        all <- aesop:::learning_rates(config, steps)
        expect_identical(model@history$learning_rate,
            all[(seq_len(6L) - 1) * steps + 1])
    }
})

test_that("the rate drops on a plateau, as Keras' ReduceLROnPlateau", {
    x <- toyGaussian(8L, 40L)
    model <- toyModel(x, optimizer = sgd(0.2, momentum = 0.9), epochs = 40L,
        schedule = reduceOnPlateau(patience = 2, factor = 0.5,
            minimum = 0.02), early_stopping = FALSE, validation = 0.25)
    history <- model@history
    rate <- 0.2
    best <- Inf
    wait <- 0
    wanted <- numeric()
    for (loss in history$val_loss) {
        wanted <- c(wanted, rate)
        if (loss < best) {
            best <- loss
            wait <- 0
        } else {
            wait <- wait + 1
            if (wait >= 2) {
                rate <- max(rate * 0.5, 0.02)
                wait <- 0
            }
        }
    }
    expect_gt(length(unique(wanted)), 1L)
    expectNear(history$learning_rate, wanted, tolerance$formula)
})
