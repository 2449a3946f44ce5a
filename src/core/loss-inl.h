// Losses of one element and their derivatives, generic in the number type T. `z` is the pre-activation of
// the output unit, `t` the target. Included inside a namespace that offers scalar_math.h and
// activation-inl.h; no include guard on purpose.

template <class T>
struct LossTerm {
    T loss, slope; // slope: d loss / d z
};

// 1 - exp(-x), x >= 0, without cancellation near 0.
template <class T>
AESOP_INLINE T rise_of(T x) {
    T h = tanh_of(T(0.5) * x);
    return T(2) * h / (T(1) + h);
}

// Losses of the residual r = f(z) - t; half the square for half_sse. delta: the bend of huber, the width of
// correntropy.
template <Loss L, class T>
AESOP_INLINE LossTerm<T> residual_loss(T r, T delta) {
    if constexpr (L == Loss::mae)
        return {abs_of(r), select(r > T(0), T(1), select(r < T(0), T(-1), T(0)))};
    else if constexpr (L == Loss::huber) {
        T c = max_of(min_of(r, delta), -delta); // quadratic inside delta, linear outside
        return {T(0.5) * c * c + delta * (abs_of(r) - abs_of(c)), c};
    } else if constexpr (L == Loss::correntropy) {
        T q = r / delta, s = T(0.5) * q * q;
        return {rise_of(s), q / delta * exp_of(-s)};
    } else if constexpr (L == Loss::log_cosh) { // near 0 as -log(1 - tanh(r)^2) / 2, which keeps small losses
        T a = abs_of(r), h = tanh_of(r);
        T l = log1p_of(select(a < T(1), -(h * h), exp_of(T(-2) * a)));
        return {select(a < T(1), T(-0.5) * l, a + l - T(0.6931471805599453)), h};
    } else if constexpr (L == Loss::half_sse)
        return {T(0.5) * r * r, r};
    else
        return {r * r, T(2) * r};
}

template <Loss L, Activation A, class T>
AESOP_INLINE LossTerm<T> element_loss(T z, T t, T delta, T slope) {
    if constexpr (L == Loss::bce && A == Activation::sigmoid) { // softplus(z) - t z: finite for any z
        T e = exp_of(-abs_of(z));                               // of both softplus and sigmoid
        return {max_of(z, T(0)) + log1p_fraction_of(e) - t * z, select(z > T(0), T(1), e) / (T(1) + e) - t};
    } else {
        T y = activate<A>(z, slope);
        if constexpr (L == Loss::bce) { // other activations: probabilities kept off 0 and 1
            T p = min_of(max_of(y, T(1e-7)), T(1 - 1e-7));
            T g = (p - t) / (p * (T(1) - p)) * activation_slope<A>(z, y, slope);
            return {-t * log_of(p) - (T(1) - t) * log_of(T(1) - p), select(p == y, g, T(0))};
        } else {
            LossTerm<T> l = residual_loss<L>(y - t, delta);
            return {l.loss, l.slope * activation_slope<A>(z, y, slope)};
        }
    }
}

// delta(x) = log Gamma(x + 1) - (x + 1/2) log x + x - log(2 pi) / 2, the error of Stirling's formula, x > 0:
// asymptotic series after shifting x upward by delta(x) = delta(x + 1) + (x + 1/2) log(1 + 1/x) - 1.
template <class T>
AESOP_INLINE T stirling_error(T x) {
    T shift = T(0);
    for (int k = 0; k < GammaShift<T>::steps; k++) {
        shift = shift + select(x < T(16), (x + T(0.5)) * log1p_of(T(1) / x) - T(1), T(0));
        x = x + select(x < T(16), T(1), T(0));
    }
    T r = T(1) / x, r2 = r * r;
    return shift +
           r * (T(1.0 / 12) +
                r2 * (T(-1.0 / 360) + r2 * (T(1.0 / 1260) + r2 * (T(-1.0 / 1680) + r2 * T(1.0 / 1188)))));
}

// x log(x / m) + m - x for x, m > 0 without cancellation near x = m (Loader 2000, "Fast and accurate
// computation of binomial probabilities").
template <class T>
AESOP_INLINE T deviance_term(T x, T m) {
    T v = (x - m) / (x + m), v2 = v * v, s = T(0);
    for (int j = 8; j >= 1; j--)
        s = (s + T(1.0 / (2 * j + 1))) * v2;
    return select(abs_of(v) < T(0.1), (x - m) * v + T(2) * x * v * s, x * log_of(x / m) + m - x);
}

// digamma(a + t) - digamma(a), a > 0, t >= 0, every term positive.
template <class T>
AESOP_INLINE T digamma_difference(T a, T t) {
    T sum = T(0);
    for (int k = 0; k < GammaShift<T>::steps; k++) {
        T x = a + T(k);
        sum = sum + t / (x * (x + t));
    }
    T x = a + T(GammaShift<T>::steps), y = x + t, rx = T(1) / x, ry = T(1) / y,
      d = t * rx * ry; // d = rx - ry
    T x2 = rx * rx, y2 = ry * ry;
    // digamma(x) = log x - 1/(2x) - 1/(12 x^2) + 1/(120 x^4) - 1/(252 x^6) + 1/(240 x^8) - 5/(660 x^10)
    T s = T(0.5) + (rx + ry) * (T(1.0 / 12) + (x2 + y2) * (T(-1.0 / 120)) +
                                (x2 * x2 + x2 * y2 + y2 * y2) * T(1.0 / 252) -
                                (x2 + y2) * (x2 * x2 + y2 * y2) * T(1.0 / 240) +
                                (x2 * x2 * x2 * x2 + x2 * x2 * x2 * y2 + x2 * x2 * y2 * y2 +
                                 x2 * y2 * y2 * y2 + y2 * y2 * y2 * y2) *
                                    T(1.0 / 132));
    return sum + log1p_of(t * rx) + d * s;
}

// -log dpois(t, exp(z)), z the log mean. positive: t > 0 (a zero needs no gamma function).
template <class T>
AESOP_INLINE LossTerm<T> poisson_loss(T z, T t, T positive_t) {
    T mu = exp_of(z);
    T nll = stirling_error(positive_t) + deviance_term(positive_t, mu) +
            T(0.5) * log_of(T(6.283185307179586) * positive_t);
    return {select(t > T(0), nll, mu), mu - t};
}
template <class T>
AESOP_INLINE LossTerm<T> poisson_loss_zero(T z) {
    T mu = exp_of(z);
    return {mu, mu};
}

template <class T>
struct CountTerm {
    T loss, slope, dispersion_slope; // slopes by the log mean and by log theta
};

// -log dnbinom(t, size = theta, mu = exp(z)) in Loader's saddle-point form, exact to rounding for large
// counts and dispersions. positive_t: t where t > 0, anything positive elsewhere.
template <class T>
AESOP_INLINE CountTerm<T> negative_binomial_loss(T z, T theta, T t, T positive_t) {
    T mu = exp_of(z), total = theta + mu, n = theta + positive_t;
    T nll = stirling_error(theta) + stirling_error(positive_t) - stirling_error(n) +
            deviance_term(theta, n * (theta / total)) + deviance_term(positive_t, n * (mu / total)) +
            T(0.5) * log_of(T(6.283185307179586) * positive_t * n / theta);
    T log_ratio = log1p_of(mu / theta); // log((theta + mu) / theta)
    T by_theta = log_ratio + (t - mu) / total - digamma_difference(theta, t);
    return {select(t > T(0), nll, theta * log_ratio), theta * ((mu - t) / total), theta * by_theta};
}
// The same for t = 0, without gamma functions: theta log(1 + mu / theta).
template <class T>
AESOP_INLINE CountTerm<T> negative_binomial_loss_zero(T z, T theta) {
    T mu = exp_of(z), total = theta + mu, log_ratio = log1p_of(mu / theta);
    return {theta * log_ratio, theta * (mu / total), theta * (log_ratio - mu / total)};
}

// Head of the dispersion: theta = softplus(d) within its limits (Eraslan et al. 2019, "Single-cell RNA-seq
// denoising using a deep count autoencoder"), and d log theta / dd, 0 outside the limits.
template <class T>
struct Dispersion {
    T theta, log_slope;
};
template <class T>
AESOP_INLINE Dispersion<T> dispersion_of(T d) {
    T raw = activate<Activation::softplus>(d, T(0));
    T theta = min_of(max_of(raw, T(kThetaMin)), T(kThetaMax));
    return {theta, select(theta == raw, T(1) / ((T(1) + exp_of(-d)) * theta), T(0))};
}

// p = sigmoid(l), 1 - p, and log(1 + exp(-|l|)).
template <class T>
struct Chance {
    T p, rest, log_sum;
};
template <class T>
AESOP_INLINE Chance<T> chance_of(T l) {
    T e = exp_of(-abs_of(l)), high = T(1) / (T(1) + e), low = e * high;
    return {select(l > T(0), high, low), select(l > T(0), low, high), log1p_fraction_of(e)};
}

template <class T>
struct InflatedTerm {
    T loss, slope, dispersion_slope, logit_slope; // by the log mean, log theta, the logit
};

// Negative binomial with technical zeros of probability pi = sigmoid(l), plus ridge pi^2 (Eraslan et al.
// 2019). nb: its term without them.
// t > 0: -log((1 - pi) NB(t)) = softplus(l) + nb.
// t = 0: -log(pi + (1 - pi) exp(-nb)) = softplus(l) + nb - softplus(l + nb), here without differences of
// large numbers. With the probability p = sigmoid(l + nb) of the zero being a technical one, the slopes are
// 1 - p by nb, and pi - p = -p (1 - pi) (1 - exp(-nb)) by l.
template <class T>
AESOP_INLINE InflatedTerm<T> zero_inflated_loss(CountTerm<T> nb, T l, T t, T ridge) {
    Chance<T> pi = chance_of(l), technical = chance_of(l + nb.loss);
    T zero = min_of(max_of(-l, T(0)), nb.loss) + pi.log_sum - technical.log_sum;
    T share = select(t > T(0), T(1), technical.rest), square = ridge * pi.p * pi.p;
    T by_logit = select(t > T(0), pi.p, -technical.p * pi.rest * rise_of(nb.loss));
    return {select(t > T(0), max_of(l, T(0)) + pi.log_sum + nb.loss, zero) + square, nb.slope * share,
            nb.dispersion_slope * share, by_logit + T(2) * square * pi.rest};
}

// The normal distribution of a code (Kingma and Welling 2014, "Auto-encoding variational Bayes"): its log
// variance within the limits, and KL(N(m, exp(v)) || N(0, 1)), their appendix B.
template <class T>
AESOP_INLINE T clamp_log_variance(T v) {
    return min_of(max_of(v, T(-30)), T(20));
}
template <class T>
AESOP_INLINE T normal_divergence(T m, T v) {
    return T(0.5) * (m * m + exp_of(v) - v - T(1));
}
