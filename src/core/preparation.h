// How raw values become the network's input: fitted once on the training data, kept in the model, applied
// to new data.
#pragma once
#include "batch_source.h"
#include <vector>

namespace aesop {

struct Preparation {
    bool log = false;
    double size_factor_target = 0;     // library size that gets size factor 1; 0: no size factors
    std::vector<double> center, scale; // v -> (v - center) * scale; empty: left out
    bool clamp = false;                // to [0, 1] afterwards (minmax)

    bool keeps_zero() const { return center.empty() && !clamp; }
    bool uses_size_factors() const { return size_factor_target > 0; }
    // From the totals of each sample; a sample without any count gets 1.
    std::vector<double> size_factors(const std::vector<double> &totals) const;
};

// Checks the values and fits the preparation that `config` asks for. given: the user's size factors, or
// empty. size_factors receives one value per sample where the model uses them.
Preparation fit_preparation(BatchSource &source, const AssayConfig &config, const std::vector<double> &given,
                            std::vector<double> &size_factors, std::vector<double> &feature_means);
// The size factors of new data for a fitted preparation, after the same checks.
std::vector<double> apply_preparation(BatchSource &source, const AssayConfig &config,
                                      const Preparation &preparation, const std::vector<double> &given);

} // namespace aesop
