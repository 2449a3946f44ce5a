// R's matrices as batch sources: dense and dgCMatrix in place, without a copy; anything else in blocks that
// an R function reads.
#pragma once
#include "core/dataset.h"
#include <Rcpp.h>
#include <memory>

namespace aesop {

// The data of a call, with the sources it owns. R objects inside must outlive it (they do: they belong to the
// call's arguments).
struct RDataset {
    std::vector<std::unique_ptr<BatchSource>> sources;
    Dataset data;
    std::vector<std::vector<double>> given_size_factors; // by assay; empty where the user gave none
    std::vector<std::string> copy_paths;                 // by assay; of the file for copy_to_disk()
};

// source: list(kind, x | read + n_features + n_samples + block + sparse + copy, feature_names, sample_names,
// size_factors, feature_weight) of one assay, or list(assays = such lists); besides, design: samples x
// covariates, or NULL.
RDataset dataset_from_list(const Rcpp::List &source, const Config &config);

// Replaces streamed sources with copies in temporary files, for a fit, which reads the data many times and in
// random order.
void copy_to_disk(RDataset &data);

} // namespace aesop
