# Every tolerance of the suite, each with its reason.
tolerance <- list(
    # Finite differences of a double loss with steps of 1e-5, as a share of the
    # largest gradient: truncation gives about 1e-7.
    gradient = 1e-6,
    # The same sums in another order in double, relative to the largest value.
    double = 1e-10,
    # A whole epoch in double against plain R.
    epoch_double = 1e-8,
    # A whole epoch in single precision against plain R in double.
    epoch_float = 1e-4,
    # One forward or backward pass in single precision.
    float = 1e-5,
    # Likelihoods against dpois() and dnbinom(): relative, and absolute near 0.
    likelihood = 1e-10,
    likelihood_absolute = 1e-12,
    likelihood_float = 1e-5,
    # Published formulas in double: some rounding steps.
    formula = 1e-12,
    # An observed rate against the one asked for, in standard errors.
    standard_errors = 3,
    # A linear autoencoder's residual above that of PCA, as a share.
    pca = 0.01,
    # Principal angle between the two subspaces, in radians. The angle is the
    # square root of a relative excess, so it needs a longer fit.
    pca_angle = 0.01,
    # Mean squared error that counts as having learnt 32 samples by heart.
    overfit = 1e-4,
    # Values that the core holds in single precision, relative.
    single = 1e-6
)
