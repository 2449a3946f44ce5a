// f(z) and f'(z) of every activation, generic in the number type T (float, double, or a vector of floats).
// Included inside a namespace that offers the functions of scalar_math.h; no include guard on purpose.

// Log means are kept within +-30, so that exp() and its products stay finite in float.
template <class T>
AESOP_INLINE T clamp_log_mean(T z) {
    return min_of(max_of(z, T(-30)), T(30));
}

template <Activation A, class T>
AESOP_INLINE T activate(T z, T slope) {
    (void)slope;
    if constexpr (A == Activation::relu)
        return max_of(z, T(0));
    else if constexpr (A == Activation::leaky_relu)
        return select(z > T(0), z, slope * z);
    else if constexpr (A == Activation::elu)
        return select(z > T(0), z, exp_of(min_of(z, T(0))) - T(1));
    else if constexpr (A == Activation::gelu) // x Phi(x), Hendrycks and Gimpel 2016
        return T(0.5) * z * (T(1) + erf_of(z * T(0.7071067811865476)));
    else if constexpr (A == Activation::selu) // Klambauer et al. 2017
        return T(1.0507009873554805) *
               select(z > T(0), z, T(1.6732632423543772) * (exp_of(min_of(z, T(0))) - T(1)));
    else if constexpr (A == Activation::tanh)
        return tanh_of(z);
    else if constexpr (A == Activation::sigmoid)
        return T(1) / (T(1) + exp_of(-z));
    else if constexpr (A == Activation::softplus)
        return max_of(z, T(0)) + log1p_fraction_of(exp_of(-abs_of(z)));
    else if constexpr (A == Activation::exp)
        return exp_of(clamp_log_mean(z));
    else
        return z;
}

// Derivative from input z and output y; only gelu and exp look at z.
template <Activation A, class T>
AESOP_INLINE T activation_slope(T z, T y, T slope) {
    (void)z, (void)y, (void)slope;
    if constexpr (A == Activation::relu)
        return select(y > T(0), T(1), T(0));
    else if constexpr (A == Activation::leaky_relu)
        return select(y > T(0), T(1), slope);
    else if constexpr (A == Activation::elu)
        return select(y > T(0), T(1), y + T(1));
    else if constexpr (A == Activation::gelu)
        return T(0.5) * (T(1) + erf_of(z * T(0.7071067811865476))) +
               z * T(0.3989422804014327) * exp_of(T(-0.5) * z * z);
    else if constexpr (A == Activation::selu)
        return select(y > T(0), T(1.0507009873554805), y + T(1.7580993408473766));
    else if constexpr (A == Activation::tanh)
        return T(1) - y * y;
    else if constexpr (A == Activation::sigmoid)
        return y * (T(1) - y);
    else if constexpr (A == Activation::softplus)
        return T(1) - exp_of(-y);
    else if constexpr (A == Activation::exp)
        return y;
    else
        return T(1);
}

// Second derivative from the output y, for activations whose derivative does not need the input; 0 for those
// made of straight lines.
template <Activation A, class T>
AESOP_INLINE T activation_curvature(T y) {
    (void)y;
    if constexpr (A == Activation::elu)
        return select(y > T(0), T(0), y + T(1));
    else if constexpr (A == Activation::selu)
        return select(y > T(0), T(0), y + T(1.7580993408473766));
    else if constexpr (A == Activation::tanh)
        return T(-2) * y * (T(1) - y * y);
    else if constexpr (A == Activation::sigmoid)
        return y * (T(1) - y) * (T(1) - T(2) * y);
    else if constexpr (A == Activation::softplus) { // s (1 - s), s = 1 - exp(-y) the derivative
        T rest = exp_of(-y);
        return (T(1) - rest) * rest;
    } else if constexpr (A == Activation::exp)
        return y;
    else
        return T(0);
}
