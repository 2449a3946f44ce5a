// The number type of the formulas, for plain float and double. A vector type offers the same names:
// construction from double, + - * /, comparisons giving a mask, select, and the functions below.
#pragma once
#include <algorithm>
#include <cmath>

#ifdef __CUDACC__
#define AESOP_INLINE __host__ __device__ inline
#else
#define AESOP_INLINE inline
#endif

namespace aesop {

template <class T>
AESOP_INLINE T select(bool m, T a, T b) {
    return m ? a : b;
}
template <class T>
AESOP_INLINE T exp_of(T x) {
    return std::exp(x);
}
template <class T>
AESOP_INLINE T log_of(T x) {
    return std::log(x);
}
template <class T>
AESOP_INLINE T log1p_of(T x) {
    return std::log1p(x);
}
// log(1 + x) for 0 <= x <= 1, where a vector type is faster.
template <class T>
AESOP_INLINE T log1p_fraction_of(T x) {
    return std::log1p(x);
}
template <class T>
AESOP_INLINE T sqrt_of(T x) {
    return std::sqrt(x);
}
template <class T>
AESOP_INLINE T tanh_of(T x) {
    return std::tanh(x);
}
template <class T>
AESOP_INLINE T erf_of(T x) {
    return std::erf(x);
}
template <class T>
AESOP_INLINE T abs_of(T x) {
    return x < T(0) ? -x : x;
}
template <class T>
AESOP_INLINE T max_of(T a, T b) {
    return a > b ? a : b;
}
template <class T>
AESOP_INLINE T min_of(T a, T b) {
    return a < b ? a : b;
}

// Steps by which the gamma-function series shift their argument upward before the asymptotic part:
// enough for the type's precision (float: error below 1e-7 from 4 on; double: below 1e-14 from 12 on).
template <class T>
struct GammaShift {
    static constexpr int steps = 4;
};
template <>
struct GammaShift<double> {
    static constexpr int steps = 12;
};

} // namespace aesop
