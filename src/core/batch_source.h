// Where samples come from: a dense or sparse matrix of features x samples in the host's own memory, or
// blocks of one that are read when needed. Values stay as they are (integers stay integers) until a
// minibatch is made; nothing is copied as a whole.
#pragma once
#include "column.h"
#include "config.h"
#include "philox.h"
#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

namespace aesop {

class BatchSource {
  public:
    virtual ~BatchSource() = default;
    virtual int64_t features() const = 0;
    virtual int64_t samples() const = 0;
    virtual bool sparse() const = 0;
    // Makes the given samples available to column() until the next call; on the calling thread.
    virtual void prepare(const int64_t *samples, int64_t n) = 0;
    virtual Column column(int64_t sample) const = 0;
    // Whether samples come in blocks that are read in order: good for single passes only.
    virtual bool streamed() const { return false; }
    // Names for messages; "feature 3", "sample 7" where there are none.
    virtual std::string feature_name(int64_t i) const { return "feature " + std::to_string(i + 1); }
    virtual std::string sample_name(int64_t j) const { return "sample " + std::to_string(j + 1); }
};

// Calls f(sample, column) for every sample in order.
template <class F>
void each_sample(BatchSource &source, F &&f) {
    constexpr int64_t kAtOnce = 64;
    std::vector<int64_t> ids;
    for (int64_t from = 0; from < source.samples(); from += kAtOnce) {
        ids.resize(size_t(std::min(kAtOnce, source.samples() - from)));
        std::iota(ids.begin(), ids.end(), from);
        source.prepare(ids.data(), int64_t(ids.size()));
        for (int64_t s : ids)
            f(s, source.column(s));
    }
}

// The order in which an epoch visits the samples `ids`: a random permutation.
std::vector<int64_t> epoch_order(const std::vector<int64_t> &ids, Key seed, uint32_t epoch, uint32_t purpose);

// What one pass over all samples finds; on the scale after normalisation.
struct Statistics {
    std::vector<double> mean, sd, minimum, maximum; // per feature
    std::vector<double> count_mean;                 // per feature, of the values before the logarithm
};

// Checks every value (finite; counts: not negative, whole) and throws Error("input_value") with n_bad and
// the first feature and sample by name. totals receives the sum of each sample.
void check_values(BatchSource &source, const AssayConfig &config, std::vector<double> &totals);
// size_factors: one per sample, or empty.
Statistics feature_statistics(BatchSource &source, const AssayConfig &config,
                              const std::vector<double> &size_factors);

} // namespace aesop
