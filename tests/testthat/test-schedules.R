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

# From torch.optim.lr_scheduler.OneCycleLR of PyTorch 2.15 (max_lr = 0.001,
# total_steps = 60, Adam): step, rate, beta1.
golden <- matrix(c(
    0, 3.9999999999999996e-05, 0.95,
    1, 4.817291215172706e-05, 0.9491486549841951,
    8, 0.00047571118745761505, 0.9046134179731651,
    16, 0.000991827087848273, 0.8508513450158048,
    17, 0.001, 0.85,
    18, 0.0009986019041829956, 0.850139810140941,
    30, 0.0007816609023916948, 0.8718339970968189,
    59, 4e-09, 0.95), ncol = 3L, byrow = TRUE)

test_that("rate and momentum of one cycle are PyTorch's golden numbers", {
    param <- AutoencoderParam(schedule = oneCycle(momentum = TRUE),
        optimizer = adam(0.001), epochs = 12)
    config <- as.list(param)
    step <- golden[, 1L] + 1
    expect_lte(max(abs(aesop:::learning_rates(config, 5)[step] -
        golden[, 2L])), tolerance$formula)
    expect_lte(max(abs(aesop:::schedule_momenta(config, 5)[step] -
        golden[, 3L])), tolerance$formula)
    expect_lte(max(abs(aesop:::learning_rates(config, 5) -
        pytorchOneCycle(60L, 0.001))), tolerance$formula)
})

test_that("the momentum goes between the numbers asked for, or stays", {
    momenta <- function(momentum) {
        aesop:::schedule_momenta(as.list(AutoencoderParam(epochs = 12,
            schedule = oneCycle(momentum = momentum))), 5)
    }
    got <- momenta(c(0.5, 0.7))
    expectNear(c(got[1L], got[18L], got[60L]), c(0.7, 0.5, 0.7),
        tolerance$formula)
    # the same curve on another scale
    expectNear((got - 0.5) / 0.2, (momenta(TRUE) - 0.85) / 0.1, 1e-10)
    expect_true(all(momenta(FALSE) == -1))
    for (bad in list(NA, 0.9, c(0.9, 0.8), c(0, 1), "a", NULL)) {
        expectAesopError(oneCycle(momentum = bad), "param", "momentum",
            arg = "momentum")
    }
})

test_that("a moving momentum is used by sgd and adam, not by others", {
    x <- toyGaussian()
    same <- function(optimizer) {
        fit <- function(momentum) {
            toyModel(x, optimizer = optimizer,
                schedule = oneCycle(momentum = momentum))@weights
        }
        identical(fit(TRUE), fit(FALSE))
    }
    expect_false(same(adam()))
    expect_false(same(adamW()))
    expect_false(same(sgd(0.01)))
    expect_true(same(rmsprop()))
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
