#include "sha256.h"

#include <algorithm>
#include <cstring>

namespace aesop {

namespace {

// Fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2).
constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t rotate(uint32_t x, int n) {
    return (x >> n) | (x << (32 - n));
}

} // namespace

void Sha256::block(const unsigned char *bytes) {
    uint32_t w[64];
    for (int t = 0; t < 16; ++t)
        w[t] = static_cast<uint32_t>(bytes[4 * t]) << 24 | static_cast<uint32_t>(bytes[4 * t + 1]) << 16 |
               static_cast<uint32_t>(bytes[4 * t + 2]) << 8 | static_cast<uint32_t>(bytes[4 * t + 3]);
    for (int t = 16; t < 64; ++t) {
        const uint32_t small0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ (w[t - 15] >> 3);
        const uint32_t small1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ (w[t - 2] >> 10);
        w[t] = small1 + w[t - 7] + small0 + w[t - 16];
    }
    auto [a, b, c, d, e, f, g, h] = state_;
    for (int t = 0; t < 64; ++t) {
        const uint32_t big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
        const uint32_t choice = (e & f) ^ (~e & g);
        const uint32_t t1 = h + big1 + choice + kRound[t] + w[t];
        const uint32_t big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
        const uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
        h = g, g = f, f = e, e = d + t1;
        d = c, c = b, b = a, a = t1 + big0 + majority;
    }
    const std::array<uint32_t, 8> added = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i)
        state_[i] += added[i];
}

void Sha256::update(const void *data, std::size_t size) {
    const auto *bytes = static_cast<const unsigned char *>(data);
    while (size > 0) {
        const auto filled = static_cast<std::size_t>(size_ % 64);
        if (filled == 0 && size >= 64) {
            block(bytes);
            bytes += 64, size -= 64, size_ += 64;
            continue;
        }
        const std::size_t part = std::min(size, 64 - filled);
        std::memcpy(pending_.data() + filled, bytes, part);
        bytes += part, size -= part, size_ += part;
        if (size_ % 64 == 0)
            block(pending_.data());
    }
}

std::string Sha256::finish() {
    unsigned char padding[72] = {0x80};
    const uint64_t bits = size_ * 8;
    const auto filled = static_cast<std::size_t>(size_ % 64);
    const std::size_t zeros_end = filled < 56 ? 56 - filled : 120 - filled;
    for (int i = 0; i < 8; ++i)
        padding[zeros_end + static_cast<std::size_t>(i)] = static_cast<unsigned char>(bits >> (56 - 8 * i));
    update(padding, zeros_end + 8);

    static const char digits[] = "0123456789abcdef";
    std::string text;
    for (const uint32_t word : state_)
        for (int shift = 28; shift >= 0; shift -= 4)
            text += digits[word >> shift & 15];
    return text;
}

} // namespace aesop
