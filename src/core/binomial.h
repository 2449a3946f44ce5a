// Thinned counts: how many of n units are kept, each with probability 1 - p.
#pragma once
#include "loss.h"
#include "philox.h"
#include <cstdint>

namespace aesop {

constexpr int64_t kThinByUnit = 16; // counts up to this are thinned unit by unit

// P(x) of the binomial distribution, 0 < q < 1 (Loader 2000, "Fast and accurate computation of binomial
// probabilities").
AESOP_INLINE double binomial_probability(int64_t x, int64_t n, double q) {
    double k = double(x), all = double(n), rest = double(n - x);
    if (x == 0)
        return std::exp(all * std::log1p(-q));
    if (x == n)
        return std::exp(all * std::log(q));
    return std::exp(stirling_error(all) - stirling_error(k) - stirling_error(rest) -
                    deviance_term(k, all * q) - deviance_term(rest, all * (1 - q))) *
           std::sqrt(all / (6.283185307179586 * k * rest));
}

// Binomial number for the uniform u: the values take their shares of (0, 1) from the mode outward, in turns
// above and below it; about as many steps as the standard deviation.
AESOP_INLINE int64_t invert_binomial(int64_t n, double q, double u) {
    if (q <= 0 || q >= 1)
        return q <= 0 ? 0 : n;
    int64_t mode = min_of(n, int64_t(double(n + 1) * q)), low = mode, high = mode;
    double above = binomial_probability(mode, n, q), below = above, odds = q / (1 - q);
    u -= above;
    while (u >= 0 && above + below > 1e-25) {
        above = high < n ? above * odds * double(n - high) / double(high + 1) : 0;
        u -= above;
        if (u < 0)
            return high + 1;
        high++;
        below = low > 0 ? below * double(low) / (odds * double(n - low + 1)) : 0;
        u -= below;
        if (u < 0)
            return low - 1;
        low--;
    }
    return mode;
}

// A function of its arguments alone. Unit k of a small count is kept by word k % 4 of the draw (sample,
// element) in part 1 + k / 4 of the stream; a larger count is inverted from the first 64 bits of part 1.
AESOP_INLINE int64_t draw_kept(const DrawKey &key, uint32_t sample, uint32_t element, int64_t n, double p) {
    if (n > kThinByUnit) {
        Words words = draw(part_of(key, 1), sample, element);
        double u = (double(words.w[0]) + (double(words.w[1]) + 0.5) / 4294967296.0) / 4294967296.0;
        return invert_binomial(n, 1 - p, u);
    }
    int64_t kept = 0;
    for (int64_t k = 0; k < n; k += 4) {
        Words words = draw(part_of(key, uint32_t(1 + k / 4)), sample, element);
        for (int64_t i = 0; i < 4 && k + i < n; i++)
            kept += words.w[i] >= threshold(p);
    }
    return kept;
}

// The same for a value of a matrix: rounded, and what is not positive is left as it is.
template <class Real>
AESOP_INLINE Real thinned(const DrawKey &key, uint32_t sample, uint32_t element, Real x, double p) {
    return x > 0 ? Real(draw_kept(key, sample, element, std::llround(x), p)) : x;
}

} // namespace aesop
