#include "batch_source.h"
#include "error.h"
#include "text.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace aesop {
namespace {

std::string shown_value(double v) {
    if (std::isnan(v))
        return "NA or NaN";
    if (std::isinf(v))
        return v > 0 ? "Inf" : "-Inf";
    std::string text = std::to_string(v);
    return text;
}

} // namespace

std::vector<int64_t> epoch_order(const std::vector<int64_t> &ids, Key seed, uint32_t epoch,
                                 uint32_t purpose) {
    DrawKey key{seed, epoch, purpose};
    std::vector<int64_t> order = ids;
    for (size_t i = order.size(); i > 1; i--) { // Fisher and Yates
        uint64_t word = draw(key, uint32_t(i), 0).w[0];
        std::swap(order[i - 1], order[size_t((word * i) >> 32)]);
    }
    return order;
}

void check_values(BatchSource &source, const AssayConfig &config, std::vector<double> &totals) {
    bool counts = config.count_loss() || config.normalize == "log", whole = config.count_loss();
    bool share = config.loss == "bce" && config.scale == "none"; // targets must be probabilities
    int64_t bad = 0, first_feature = -1, first_sample = -1;
    double first_value = 0;
    totals.assign(size_t(source.samples()), 0.0);
    each_sample(source, [&](int64_t sample, const Column &c) {
        double sum = 0;
        for (int64_t k = 0; k < c.size; k++) {
            double v = c.value(k);
            sum += v;
            if (std::isfinite(v) && !(counts && v < 0) && !(whole && v != std::floor(v)) &&
                !(share && (v < 0 || v > 1)))
                continue;
            if (bad++ == 0)
                first_feature = c.index ? c.index[k] : k, first_sample = sample, first_value = v;
        }
        totals[size_t(sample)] = sum;
    });
    if (!bad)
        return;
    std::string feature = source.feature_name(first_feature), sample = source.sample_name(first_sample);
    std::string what = !std::isfinite(first_value) ? "missing or infinite"
                       : share                     ? "outside [0, 1]"
                       : first_value < 0           ? "negative"
                                                   : "not a whole number";
    std::string fix = !std::isfinite(first_value) ? "Remove or impute such values first."
                      : share            ? "The loss \"bce\" needs values from 0 to 1; scale = \"minmax\" "
                                           "makes them."
                      : counts && !whole ? "normalize = \"log\" needs counts; for values that are "
                                           "already log-normalised use normalize = \"none\"."
                                         : "The loss \"" + config.loss +
                                               "\" needs counts; for log-normalised data use loss = \"mse\".";
    throw Error("input_value", "`x` has " + std::to_string(bad) + " value" + (bad > 1 ? "s" : "") +
                                   " that cannot be used; the first is " + what + " (" +
                                   shown_value(first_value) + "), at feature \"" + printable(feature) +
                                   "\" in sample \"" + printable(sample) + "\". " + fix)
        .with("arg", "x")
        .with("n_bad", double(bad))
        .with("feature", feature)
        .with("sample", sample);
}

// Mean and variance of the values that are not zero by Welford's recurrence, joined with the zeros by Chan's
// formula: one pass, no cancellation, and the same bits for dense and sparse storage.
Statistics feature_statistics(BatchSource &source, const AssayConfig &config,
                              const std::vector<double> &size_factors) {
    size_t n_features = size_t(source.features());
    double n = double(source.samples());
    bool log = config.normalize == "log";
    Statistics s;
    std::vector<double> mean(n_features), square(n_features), count(n_features), sum(n_features);
    s.minimum.assign(n_features, std::numeric_limits<double>::infinity());
    s.maximum.assign(n_features, -std::numeric_limits<double>::infinity());
    each_sample(source, [&](int64_t sample, const Column &c) {
        double factor = size_factors.empty() ? 1 : 1 / size_factors[size_t(sample)];
        for (int64_t k = 0; k < c.size; k++) {
            size_t f = size_t(c.index ? c.index[k] : k);
            double v = c.value(k) * factor;
            if (v == 0)
                continue;
            sum[f] += v;
            if (log)
                v = std::log1p(v);
            s.minimum[f] = std::min(s.minimum[f], v);
            s.maximum[f] = std::max(s.maximum[f], v);
            double d = v - mean[f];
            mean[f] += d / ++count[f];
            square[f] += d * (v - mean[f]);
        }
    });
    s.mean.resize(n_features), s.sd.resize(n_features), s.count_mean.resize(n_features);
    for (size_t f = 0; f < n_features; f++) {
        double zeros = n - count[f];
        if (zeros > 0) {
            s.minimum[f] = std::min(s.minimum[f], 0.0);
            s.maximum[f] = std::max(s.maximum[f], 0.0);
        }
        s.mean[f] = mean[f] * count[f] / n;
        s.count_mean[f] = sum[f] / n;
        double variance = (square[f] + mean[f] * mean[f] * count[f] * zeros / n) / std::max(1.0, n - 1);
        bool constant = !(s.maximum[f] > s.minimum[f]);
        if (constant)
            s.mean[f] = s.minimum[f];
        s.sd[f] = constant ? 0 : std::sqrt(std::max(0.0, variance));
    }
    return s;
}

} // namespace aesop
