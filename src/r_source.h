// R's matrices as batch sources: dense and dgCMatrix in place, without a copy; anything else in blocks that
// an R function reads.
#pragma once
#include "core/batch_source.h"
#include <Rcpp.h>
#include <memory>

namespace aesop {

// source: list(kind, x | read + n_features + n_samples + window, feature_names, sample_names).
// R objects inside must outlive the result (they do: they belong to the call's arguments).
std::unique_ptr<BatchSource> source_from_list(const Rcpp::List &source);
std::vector<double> size_factors_from_list(const Rcpp::List &source);

} // namespace aesop
