# M11: the likelihoods of counts as a regression, against published numbers. A
# network that sees nothing but covariates (its input is masked, so that its
# code is constant) and has no hidden layer is a generalised linear model.

# Fits count ~ design. Returns list(count, zero, theta), the first two with the
# intercept.
regress <- function(count, design, loss, epochs) {
    centre <- colMeans(design)
    spread <- apply(design, 2L, sd)
    z <- unname(sweep(sweep(design, 2L, centre), 2L, spread, "/"))
    config <- coreConfig(hidden = integer(0), latent = 1L, loss = loss,
        covariates = colnames(design), condition = "decoder",
        noise = "masking", noise_amount = 1, validation = 0, patience = 0L,
        batch_size = length(count), epochs = epochs, learning_rate = 0.05,
        schedule = "cosine", scale = "none")
    source <- denseSource(matrix(count, 1L, dimnames = list("y", NULL)),
        rep(1, length(count)))
    source$design <- z
    w <- aesop:::train_autoencoder(source, config,
        coreControl(precision = "double"))$weights
    part <- function(name) {
        slope <- drop(w[[paste0(name, ".covariates.weight")]]) / spread
        intercept <- w[[paste0(name, ".bias")]] +
            w$encoder.1.bias * drop(w[[paste0(name, ".weight")]])
        c(intercept - sum(slope * centre), slope)
    }
    list(count = part("decoder.1"), theta = exp(w$dispersion.log_theta),
        zero = if (loss == "zinb") part("zero"))
}

expectClose <- function(got, wanted, distance) {
    expect_lte(max(abs(unname(got) - unname(wanted))), distance)
}

test_that("the negative binomial fit is that of MASS::glm.nb()", {
    skip_if_not_installed("MASS")
    withr::local_seed(1)
    design <- cbind(a = rnorm(400), b = rbinom(400, 1, 0.4))
    y <- rnbinom(400, size = 1.7, mu = exp(0.5 + 0.4 * design[, "a"] -
        0.7 * design[, "b"]))
    wanted <- MASS::glm.nb(y ~ design)
    got <- regress(y, design, "nb", 1500L)
    expectClose(got$count, coef(wanted), 1e-5)
    expectClose(got$theta, wanted$theta, 1e-4)
})

# Publications of doctoral students (Long 1990), with the coefficients that
# Eraslan et al. (2019) publish beside their code.
bioChemists <- function() {
    env <- new.env()
    utils::data("bioChemists", package = "pscl", envir = env)
    d <- env$bioChemists
    list(y = as.numeric(d$art), design = cbind(
        fem = as.numeric(d$fem == "Women"),
        mar = as.numeric(d$mar == "Married"),
        kid5 = d$kid5, phd = d$phd, ment = d$ment))
}

test_that("the bioChemists regression has the published coefficients", {
    skip_if_not_installed("pscl")
    d <- bioChemists()
    got <- regress(d$y, d$design, "nb", 2000L)
    expectClose(got$count, c(0.2561440, -0.2164184, 0.1504895, -0.1764152,
        0.0152712, 0.0290823), 1e-6)
    expectClose(got$theta, 2.2643877, 1e-6)
})

test_that("so has the zero-inflated regression", {
    skip_if_not_installed("pscl")
    d <- bioChemists()
    got <- regress(d$y, d$design, "zinb", 4000L)
    expectClose(got$count, c(0.4167465, -0.1955068, 0.0975826, -0.1517325,
        -0.0007001, 0.0247862), 1e-3)
    # hardly determined by the data: the published fit ended there
    expectClose(got$zero, c(-0.1916883, 0.6359332, -1.4994685, 0.6284272,
        -0.0377147, -0.8822932), 1e-2)
    expectClose(got$theta, 2.6547660, 1e-2)
})
