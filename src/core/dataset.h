// The data of a fit: one source per assay with its preparation, and the covariates that all share.
#pragma once
#include "preparation.h"

namespace aesop {

struct AssayData {
    BatchSource *source = nullptr;
    Preparation preparation;
    std::vector<double> size_factors;   // one per sample, or empty
    std::vector<double> feature_weight; // of the loss; 0: the feature is missing; empty: 1 for all
};

struct Dataset {
    std::vector<AssayData> assays;
    int64_t covariates = 0;     // columns of the design matrix
    std::vector<double> design; // samples x covariates, row by row

    int64_t samples() const { return assays.front().source->samples(); }
    int64_t features() const {
        int64_t sum = 0;
        for (const AssayData &a : assays)
            sum += a.source->features();
        return sum;
    }
};

} // namespace aesop
