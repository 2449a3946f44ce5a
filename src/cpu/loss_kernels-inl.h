// Losses and their slopes, a few columns of some rows at a time. A row's loss is summed in lanes of float
// over at most kLossColumns columns, and in double from there on.

// f(kind) for the losses of a residual or a probability.
template <Loss L>
struct LossOf {
    static constexpr Loss value = L;
};
template <class F>
AESOP_FORCE void with_each_loss(Loss loss, F &&f) {
    switch (loss) {
    case Loss::mse:
        f(LossOf<Loss::mse>());
        break;
    case Loss::half_sse:
        f(LossOf<Loss::half_sse>());
        break;
    case Loss::mae:
        f(LossOf<Loss::mae>());
        break;
    case Loss::huber:
        f(LossOf<Loss::huber>());
        break;
    case Loss::bce:
        f(LossOf<Loss::bce>());
        break;
    case Loss::correntropy:
        f(LossOf<Loss::correntropy>());
        break;
    case Loss::log_cosh:
        f(LossOf<Loss::log_cosh>());
        break;
    case Loss::poisson:
    case Loss::negative_binomial:
    case Loss::zero_inflated:
        break;
    }
}

// Loss and slope of one row; slope: null where nobody needs it, otherwise d loss / d z, which may be z.
// share: feature weights, or null.
template <Loss L, Activation A>
double element_row(const LossArguments<float> &a, const float *z, const float *t, float *slope,
                   const float *share, int64_t n) {
    Vec factor = broadcast(a.weight), delta = broadcast(a.delta), leaky = broadcast(a.slope), sum = Vec(0);
    each_vector(n, [&](int64_t c, auto part) AESOP_LAMBDA {
        LossTerm<Vec> term = element_loss<L, A>(part.load(z + c), part.load(t + c), delta, leaky);
        if (share) {
            Vec s = part.load(share + c);
            term.loss = term.loss * s, term.slope = term.slope * s;
        }
        sum = sum + part.keep(term.loss);
        if (slope)
            part.store(slope + c, term.slope * factor);
    });
    return sum_lanes_double(sum);
}

// For the usual pairs of loss and activation in one pass; for others the loss of the output y = f(z), whose
// slope then goes through the activation's gradient: 8 instances of the formula instead of 50.
template <Loss L>
void element_rows(const LossArguments<float> &a, int64_t row, int64_t row_end, int64_t begin, int64_t end,
                  double *sums) {
    constexpr bool kWithSigmoid = L == Loss::mse || L == Loss::half_sse || L == Loss::bce;
    int64_t n = end - begin;
    const float *share = a.feature_weight ? a.feature_weight + begin : nullptr;
    for (int64_t r = row; r < row_end; r++) {
        float *z = a.z.data + r * a.z.ld + begin;
        const float *t = a.target.data + r * a.target.ld + begin;
        if (a.activation == Activation::linear)
            sums[r - row] = element_row<L, Activation::linear>(a, z, t, a.gradient ? z : nullptr, share, n);
        else if (kWithSigmoid && a.activation == Activation::sigmoid)
            sums[r - row] = element_row < L,
                     kWithSigmoid ? Activation::sigmoid
                                  : Activation::linear > (a, z, t, a.gradient ? z : nullptr, share, n);
        else {
            float output[kLossColumns], slope[kLossColumns];
            Block zb{z, 0, 1, n}, y{output, 0, 1, n}, g{slope, 0, 1, n};
            activate_block(a.activation, a.slope, zb, y);
            sums[r - row] =
                element_row<L, Activation::linear>(a, output, t, a.gradient ? slope : nullptr, share, n);
            if (!a.gradient)
                continue;
            activation_gradient(a.activation, a.slope, zb, y, g);
            each_vector(n, [&](int64_t c, auto part) AESOP_LAMBDA { part.store(z + c, load(slope + c)); });
        }
    }
}

// Counts: first the terms of a zero for every column; then the columns with a positive count, packed into
// whole vectors, get the formula with the gamma functions.
struct CountRow {
    float loss[kLossColumns], slope[kLossColumns], by_theta[kLossColumns], by_logit[kLossColumns];
    float theta[kLossColumns];
    float log_slope[kLossColumns]; // d log theta by log theta or by the head, 0 outside its limits
    float log_mean[kLossColumns];  // within its limits, with the size factor
    int32_t positive[kLossColumns + AESOP_LANES];
    int n_positive;
};

template <bool Binomial>
AESOP_FORCE void zero_counts(CountRow &row, const float *t, int64_t n) {
    row.n_positive = 0;
    each_vector(n, [&](int64_t c, auto part) AESOP_LAMBDA {
        if (Binomial) {
            CountTerm<Vec> term =
                negative_binomial_loss_zero(part.load(row.log_mean + c), load(row.theta + c));
            store(row.loss + c, part.keep(term.loss));
            store(row.slope + c, term.slope);
            store(row.by_theta + c, term.dispersion_slope);
        } else {
            LossTerm<Vec> term = poisson_loss_zero(part.load(row.log_mean + c));
            store(row.loss + c, part.keep(term.loss));
            store(row.slope + c, term.slope);
        }
        for (uint32_t bits = mask_bits(part.load(t + c) > Vec(0)); bits; bits &= bits - 1)
            row.positive[row.n_positive++] = int32_t(c) + __builtin_ctz(bits);
    });
}

template <bool Binomial>
AESOP_FORCE void positive_counts(CountRow &row, const float *t) {
    for (int i = 0; i < kLanes; i++)
        row.positive[row.n_positive + i] = row.positive[0]; // fills the last vector
    for (int k = 0; k < row.n_positive; k += kLanes) {
        float z[kLanes], count[kLanes], theta[kLanes], loss[kLanes], slope[kLanes], by_theta[kLanes];
        for (int i = 0; i < kLanes; i++) {
            int32_t c = row.positive[k + i];
            z[i] = row.log_mean[c], count[i] = t[c], theta[i] = Binomial ? row.theta[c] : 1.0f;
        }
        if (Binomial) {
            CountTerm<Vec> term = negative_binomial_loss(load(z), load(theta), load(count), load(count));
            store(loss, term.loss), store(slope, term.slope), store(by_theta, term.dispersion_slope);
        } else {
            LossTerm<Vec> term = poisson_loss(load(z), load(count), load(count));
            store(loss, term.loss), store(slope, term.slope);
        }
        for (int i = 0; i < kLanes; i++) { // the filling writes its column's own values once more
            int32_t c = row.positive[k + i];
            row.loss[c] = loss[i], row.slope[c] = slope[i];
            if (Binomial)
                row.by_theta[c] = by_theta[i];
        }
    }
}

// Then zero inflation turns the terms of the negative binomial into its own.
AESOP_FORCE void inflate(CountRow &row, const float *t, const float *logit, Vec ridge, int64_t n) {
    each_vector(n, [&](int64_t c, auto part) AESOP_LAMBDA {
        CountTerm<Vec> nb{load(row.loss + c), load(row.slope + c), load(row.by_theta + c)};
        InflatedTerm<Vec> term = zero_inflated_loss(nb, part.load(logit + c), part.load(t + c), ridge);
        store(row.loss + c, part.keep(term.loss)), store(row.slope + c, term.slope);
        store(row.by_theta + c, term.dispersion_slope), store(row.by_logit + c, term.logit_slope);
    });
}

template <bool Binomial>
void count_rows(const LossArguments<float> &a, int64_t row, int64_t row_end, int64_t begin, int64_t end,
                double *sums) {
    const Vec low = Vec(kLogThetaMin), high = Vec(kLogThetaMax), weight = broadcast(a.weight);
    const Vec ridge = broadcast(a.zero_ridge);
    const float *share = a.feature_weight ? a.feature_weight + begin : nullptr;
    int64_t n = end - begin;
    CountRow buffer;
    if (Binomial && !a.dispersion.data)
        each_vector(n, [&](int64_t c, auto part) AESOP_LAMBDA {
            Vec raw = part.load(a.log_theta + begin + c), kept = min_of(max_of(raw, low), high);
            store(buffer.theta + c, exp_of(kept));
            store(buffer.log_slope + c, select(raw == kept, Vec(1), Vec(0)));
        });
    for (int64_t r = row; r < row_end; r++) {
        float *z = a.z.data + r * a.z.ld + begin;
        const float *t = a.target.data + r * a.target.ld + begin;
        float *head = a.dispersion.data ? a.dispersion.data + r * a.dispersion.ld + begin : nullptr;
        float *logit = a.zero_logit.data ? a.zero_logit.data + r * a.zero_logit.ld + begin : nullptr;
        Vec size_factor = a.log_size_factor ? broadcast(a.log_size_factor[r]) : Vec(0);
        each_vector(n, [&](int64_t c, auto part) AESOP_LAMBDA {
            store(buffer.log_mean + c, clamp_log_mean(part.load(z + c)) + size_factor);
            if (Binomial && head) {
                Dispersion<Vec> d = dispersion_of(part.load(head + c));
                store(buffer.theta + c, d.theta), store(buffer.log_slope + c, d.log_slope);
            }
        });
        zero_counts<Binomial>(buffer, t, n);
        if (buffer.n_positive)
            positive_counts<Binomial>(buffer, t);
        if (Binomial && logit)
            inflate(buffer, t, logit, ridge, n);
        Vec sum = Vec(0);
        each_vector(n, [&](int64_t c, auto part) AESOP_LAMBDA {
            Vec loss = part.load(buffer.loss + c), factor = weight;
            if (share) {
                Vec s = part.load(share + c);
                loss = loss * s, factor = weight * s;
            }
            sum = sum + loss;
            Vec by_theta =
                Binomial ? load(buffer.log_slope + c) * (load(buffer.by_theta + c) * factor) : Vec(0);
            if (a.gradient) {
                Vec zc = part.load(z + c); // outside the limits of the log mean the slope is 0
                part.store(z + c, select(zc == clamp_log_mean(zc), load(buffer.slope + c) * factor, Vec(0)));
                if (Binomial && head)
                    part.store(head + c, by_theta);
                if (Binomial && logit)
                    part.store(logit + c, load(buffer.by_logit + c) * factor);
            }
            if (Binomial && a.log_theta_gradient) {
                float *g = a.log_theta_gradient + begin + c;
                part.store(g, part.load(g) + by_theta);
            }
        });
        sums[r - row] = sum_lanes_double(sum);
    }
}

void loss_rows(const LossArguments<float> &arguments, int64_t row, int64_t row_end, int64_t begin,
               int64_t end, double *sums) {
    const LossArguments<float> a = arguments; // a copy of our own: the stores cannot change it
    if (a.kind == Loss::poisson)
        count_rows<false>(a, row, row_end, begin, end, sums);
    else if (a.kind == Loss::negative_binomial || a.kind == Loss::zero_inflated)
        count_rows<true>(a, row, row_end, begin, end, sums);
    else
        with_each_loss(a.kind, [&](auto kind) AESOP_LAMBDA {
            element_rows<kind.value>(a, row, row_end, begin, end, sums);
        });
}
