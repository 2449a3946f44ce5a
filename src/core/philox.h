// Counter-based random numbers: Philox4x32-10 of Salmon et al. 2011 ("Parallel random numbers: as easy as
// 1, 2, 3", SC11). A draw is a function of (seed; purpose, epoch, sample, element) and of nothing else, so
// noise is the same on any number of threads, on CPU and GPU, and after a resume; no state is carried.
#pragma once
#include "scalar_math.h"
#include <cmath>
#include <cstdint>

namespace aesop {

// What a stream is used for; dropout layer i uses kDropout + i.
enum Purpose : uint32_t {
    kShuffle = 1,
    kSplit = 2,
    kInitialize = 3,
    kNoise = 4,
    kNoiseKind = 5,
    kSample = 6,  // of the variational bottleneck
    kPerturb = 7, // of the input, for the contractive estimator
    kDropout = 16,
    kAssayStride = 256 // assay i of a model uses purpose + 256 i
};

struct Key {
    uint32_t low = 0, high = 0;
};

// The stream of one epoch for one purpose; elements are addressed by (sample, element).
struct DrawKey {
    Key seed;
    uint32_t epoch = 0, purpose = 0;
};

// Further words for the elements of a stream: parts 1, 2, ... (purposes are below 2^24).
AESOP_INLINE DrawKey part_of(DrawKey key, uint32_t part) {
    key.purpose += part << 24;
    return key;
}

struct Words {
    uint32_t w[4];
};

AESOP_INLINE Words philox4x32(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0, uint32_t k1) {
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = uint64_t(0xD2511F53u) * c0, p1 = uint64_t(0xCD9E8D57u) * c2;
        uint32_t n0 = uint32_t(p1 >> 32) ^ c1 ^ k0, n2 = uint32_t(p0 >> 32) ^ c3 ^ k1;
        c1 = uint32_t(p1);
        c3 = uint32_t(p0);
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return {{c0, c1, c2, c3}};
}

// Four words for the elements 4 * group ... 4 * group + 3 of a sample.
AESOP_INLINE Words draw(const DrawKey &key, uint32_t sample, uint32_t group) {
    return philox4x32(group, sample, key.epoch, key.purpose, key.seed.low, key.seed.high);
}

AESOP_INLINE uint32_t draw_word(const DrawKey &key, uint32_t sample, uint32_t element) {
    return draw(key, sample, element / 4).w[element % 4];
}

// Uniform on (0, 1): the 24 high bits, centred; exact in double.
AESOP_INLINE double uniform(uint32_t word) {
    return ((word >> 8) + 0.5) * (1.0 / 16777216.0);
}

// Word below which an event of probability p happens; p = 1 gives 2^32, so compare in 64 bits.
AESOP_INLINE uint64_t threshold(double p) {
    return uint64_t(p * 4294967296.0);
}

// Standard normal by Box and Muller from two words.
AESOP_INLINE double normal(uint32_t a, uint32_t b) {
    return std::sqrt(-2.0 * std::log(uniform(a))) * std::cos(6.283185307179586 * uniform(b));
}

// Standard Cauchy by inversion, kept within +-kCauchyLimit.
constexpr double kCauchyLimit = 1e4;
AESOP_INLINE double cauchy(uint32_t word) {
    double x = std::tan(3.141592653589793 * (uniform(word) - 0.5));
    return std::fmin(std::fmax(x, -kCauchyLimit), kCauchyLimit);
}

} // namespace aesop
