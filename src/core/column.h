// The values of one sample as the host stores them, whatever their type.
#pragma once
#include <cstdint>
#include <limits>

namespace aesop {

constexpr int32_t kMissingInteger = INT32_MIN;

// Dense: all features in order. Sparse: those at `index` (ascending), others 0; without any it may be null.
struct Column {
    const double *real = nullptr;
    const int32_t *integer = nullptr; // used where real is null; kMissingInteger is a missing value
    const int32_t *index = nullptr;   // null: dense
    int64_t size = 0;

    double value(int64_t k) const {
        if (real)
            return real[k];
        return integer[k] == kMissingInteger ? std::numeric_limits<double>::quiet_NaN() : double(integer[k]);
    }
};

// One sample as a row of numbers, zeros included.
template <class Real>
void write_row(const Column &c, Real *row, int64_t n) {
    if (c.size < n) // also a sparse sample without any value, whose index may be null
        for (int64_t k = 0; k < n; k++)
            row[k] = 0;
    if (!c.index && c.real)
        for (int64_t k = 0; k < c.size; k++)
            row[k] = Real(c.real[k]);
    else
        for (int64_t k = 0; k < c.size; k++)
            row[c.index ? c.index[k] : k] = Real(c.value(k));
}

} // namespace aesop
