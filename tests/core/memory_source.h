// A matrix in memory as a batch source, dense or sparse, for tests.
#pragma once
#include "core/batch_source.h"

struct MemorySource : aesop::BatchSource {
    // values: one vector of features per sample
    MemorySource(std::vector<std::vector<double>> values, bool as_sparse)
        : values_(std::move(values)), sparse_(as_sparse) {
        for (const auto &sample : values_) {
            index_.emplace_back(), stored_.emplace_back();
            for (size_t k = 0; k < sample.size(); k++)
                if (sample[k] != 0)
                    index_.back().push_back(int32_t(k)), stored_.back().push_back(sample[k]);
        }
    }
    int64_t features() const override { return int64_t(values_[0].size()); }
    int64_t samples() const override { return int64_t(values_.size()); }
    bool sparse() const override { return sparse_; }
    void prepare(const int64_t *, int64_t) override {}
    aesop::Column column(int64_t j) const override {
        size_t s = size_t(j);
        if (sparse_)
            return {stored_[s].data(), nullptr, index_[s].data(), int64_t(index_[s].size())};
        return {values_[s].data(), nullptr, nullptr, features()};
    }

  private:
    std::vector<std::vector<double>> values_;
    std::vector<std::vector<int32_t>> index_;
    std::vector<std::vector<double>> stored_;
    bool sparse_;
};

// Numbers in (0, 1) by a fixed rule, different for every seed.
inline std::vector<std::vector<double>> test_values(int samples, int features, uint32_t seed) {
    std::vector<std::vector<double>> v(static_cast<size_t>(samples),
                                       std::vector<double>(static_cast<size_t>(features)));
    for (int j = 0; j < samples; j++)
        for (int k = 0; k < features; k++)
            v[size_t(j)][size_t(k)] =
                aesop::uniform(aesop::philox4x32(uint32_t(k), uint32_t(j), seed, 0, 1, 2).w[0]);
    return v;
}
// Counts with many zeros and one large value.
inline std::vector<std::vector<double>> test_counts(int samples, int features, uint32_t seed) {
    auto v = test_values(samples, features, seed);
    for (auto &sample : v)
        for (double &x : sample)
            x = x < 0.6 ? 0 : std::floor(std::exp(6 * (x - 0.6) / 0.4 - 1) + 1);
    v[0][0] = 50000;
    return v;
}
