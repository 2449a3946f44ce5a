// Data in the manner of bench/workloads.R, the same for every run.
#pragma once
#include "core/batch_source.h"
#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace driver {

// samples x features
struct DenseData : aesop::BatchSource {
    int64_t n, m;
    std::vector<double> values;
    DenseData(int64_t samples, int64_t features) : n(samples), m(features), values(size_t(n * m)) {}
    int64_t features() const override { return m; }
    int64_t samples() const override { return n; }
    bool sparse() const override { return false; }
    void prepare(const int64_t *, int64_t) override {}
    aesop::Column column(int64_t j) const override { return {&values[size_t(j * m)], nullptr, nullptr, m}; }
};

struct SparseData : aesop::BatchSource {
    int64_t m;
    std::vector<int64_t> start{0};
    std::vector<int32_t> index;
    std::vector<double> value;
    explicit SparseData(int64_t features) : m(features) {}
    int64_t features() const override { return m; }
    int64_t samples() const override { return int64_t(start.size()) - 1; }
    bool sparse() const override { return true; }
    void prepare(const int64_t *, int64_t) override {}
    aesop::Column column(int64_t j) const override {
        int64_t from = start[size_t(j)];
        return {value.data() + from, nullptr, index.data() + from, start[size_t(j) + 1] - from};
    }
};

// f(from, to) on parts of 0 ... n - 1, which must not depend on how they are cut.
template <class F>
void in_parts(int64_t n, F &&f) {
    const int64_t parts = std::max(1u, std::thread::hardware_concurrency());
    std::vector<std::thread> threads;
    for (int64_t k = 0; k < parts; k++)
        threads.emplace_back([&f, n, k, parts] { f(n * k / parts, n * (k + 1) / parts); });
    for (std::thread &t : threads)
        t.join();
}

// Smooth values of low rank in (0, 1): a stand-in for expression on a scale from 0 to 1.
inline std::unique_ptr<DenseData> expression_like(int64_t features, int64_t samples) {
    constexpr int64_t rank = 20;
    auto data = std::make_unique<DenseData>(samples, features);
    std::mt19937 rng(1);
    std::normal_distribution<float> normal;
    std::vector<float> w(size_t(features * rank)), noise(1 << 16);
    for (float &v : w)
        v = normal(rng) / std::sqrt(float(rank));
    for (float &v : noise)
        v = normal(rng);
    in_parts(samples, [&](int64_t from, int64_t to) {
        std::vector<float> sum(static_cast<size_t>(features));
        for (int64_t j = from; j < to; j++) {
            std::mt19937 own(unsigned(j) + 7);
            std::normal_distribution<float> draw;
            std::fill(sum.begin(), sum.end(), 0.0f);
            for (int64_t r = 0; r < rank; r++) {
                const float z = draw(own), *row = &w[size_t(r * features)];
                for (int64_t i = 0; i < features; i++)
                    sum[size_t(i)] += z * row[i];
            }
            uint32_t place = own();
            for (int64_t i = 0; i < features; i++) {
                place = place * 1664525u + 1013904223u;
                const float v = 1.5f * sum[size_t(i)] - 0.5f + 0.5f * noise[place >> 16];
                data->values[size_t(j * features + i)] = 1 / (1 + std::exp(-v));
            }
        }
    });
    return data;
}

// Sparse counts of ten kinds of cells, about 93 % zeros; geometric, a negative binomial of dispersion 1.
inline std::unique_ptr<SparseData> counts_like(int64_t features, int64_t samples) {
    constexpr int kinds = 10;
    auto data = std::make_unique<SparseData>(features);
    std::mt19937 rng(1);
    std::normal_distribution<double> normal;
    std::vector<double> base(static_cast<size_t>(features)), rate(size_t(features * kinds));
    for (double &v : base)
        v = normal(rng) * 1.2;
    for (int64_t k = 0; k < features * kinds; k++)
        rate[size_t(k)] = std::exp(base[size_t(k % features)] + 0.7 * normal(rng));
    // As in bench/workloads.R the rates are scaled until the share of zeros is right.
    double low = -12, high = 3;
    for (int i = 0; i < 50; i++) {
        double s = (low + high) / 2, zeros = 0;
        for (double r : rate)
            zeros += 1 / (1 + std::exp(s) * r);
        (zeros / double(rate.size()) > 0.93 ? low : high) = s;
    }
    for (double &r : rate)
        r *= std::exp(low);
    const int64_t at_once = 1 << 14;
    std::vector<std::vector<std::pair<int32_t, double>>> rows;
    for (int64_t first = 0; first < samples; first += at_once) {
        const int64_t n = std::min(at_once, samples - first);
        rows.assign(size_t(n), {});
        in_parts(n, [&](int64_t from, int64_t to) {
            for (int64_t j = from; j < to; j++) {
                uint64_t state = uint64_t(first + j) * 0x9E3779B97F4A7C15u + 1;
                const double *r = &rate[size_t((first + j) % kinds * features)];
                for (int64_t i = 0; i < features; i++) {
                    uint64_t z = state += 0x9E3779B97F4A7C15u; // splitmix64
                    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
                    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
                    const double u = double((z ^ (z >> 31)) >> 11) / 9007199254740992.0 + 1e-17;
                    const double more = r[i] / (1 + r[i]); // P(count > k) = more^(k + 1)
                    if (u < more)
                        rows[size_t(j)].emplace_back(int32_t(i), std::floor(std::log(u) / std::log(more)));
                }
            }
        });
        for (const auto &row : rows) {
            for (const auto &[i, v] : row)
                data->index.push_back(i), data->value.push_back(v);
            data->start.push_back(int64_t(data->index.size()));
        }
    }
    return data;
}

} // namespace driver
