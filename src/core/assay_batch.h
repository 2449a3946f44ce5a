// The part of a minibatch that comes from one assay: gathered from its source, prepared, and corrupted for
// training.
#pragma once
#include "dataset.h"
#include "layer.h"
#include "names.h"
#include "sample_store.h"
#include <memory>

namespace aesop {

// Sparse rows are multiplied as such below this share of non-zeros; above, a dense product is faster.
constexpr double kSparseShare = 0.2;

template <class Real>
class AssayBatch {
  public:
    // index: of the assay in its model; each has random numbers of its own.
    AssayBatch(const Config &config, const AssayConfig &assay, uint32_t index, const AssayData &data,
               const Backend<Real> &backend);

    // For a fit that loads every sample many times: on a device with room for them, they stay there. Call
    // when nothing waits to be done: what fails for want of memory is forgotten.
    void keep_samples();
    // ids: of the samples, for random draws.
    void load(const int64_t *samples, const std::vector<uint32_t> &ids);
    // The network's input: with noise and input dropout when the pass is a training one.
    Operand<Real> input(const Pass<Real> &pass);
    // What the output is compared with: the clean input, or the counts.
    Matrix<Real> target() const { return counts_wanted_ ? counts_ : clean_; }
    const Real *feature_weight() const { return feature_weight_; }
    double features_present() const { return features_present_; } // the sum of their weights
    const Real *log_size_factor() const {
        return log_size_factor_.empty() ? nullptr : log_size_factor_.data();
    }
    double size_factor(int64_t row) const {
        return size_factor_.empty() ? 1 : double(size_factor_[size_t(row)]);
    }

  private:
    int64_t stored(int64_t sample) const;
    void load_sparse(const int64_t *samples, const std::vector<uint32_t> &ids);
    Matrix<Real> gather_dense(const int64_t *samples, const std::vector<uint32_t> &ids, Buffer<Real> &memory);
    bool keep_sparse(const int64_t *samples) const;
    SparseMatrix<Real> sparse_rows(const DeviceArray<Real, Real> &values) const;
    void copy(const DeviceArray<Real, Real> &from, DeviceArray<Real, Real> &to);
    void transform(const Matrix<Real> &x);
    Operand<Real> thinned(const DrawKey &key, const uint32_t *ids);
    Operand<Real> corrupt_sparse(const Pass<Real> &pass);
    Operand<Real> corrupt_dense(const Pass<Real> &pass);
    DrawKey key(const Pass<Real> &pass, uint32_t purpose) const {
        return {pass.seed, pass.epoch, purpose + kAssayStride * index_};
    }

    const Backend<Real> &backend_;
    BatchSource &source_;
    const std::vector<double> &size_factors_;
    const uint32_t index_;
    const NoiseRule noise_;
    const double input_dropout_;
    const bool counts_wanted_; // the loss compares with counts
    const bool dense_only_;    // the first layer takes no sparse rows
    bool keeps_zero_;
    InputTransform<Real> transform_;
    Buffer<Real> clean_memory_, noisy_memory_, count_memory_, center_memory_, scale_memory_, weight_memory_;
    const Real *feature_weight_;
    double features_present_;
    Matrix<Real> clean_, counts_;
    std::unique_ptr<SampleStore<Real>> store_; // null: samples come from the source each time
    bool is_sparse_ = false;
    DeviceArray<int64_t, Real> start_;
    DeviceArray<int32_t, Real> index_of_;
    DeviceArray<Real, Real> raw_value_, value_, noisy_value_; // raw_value_: counts, only to be thinned
    std::vector<int64_t> host_start_;
    std::vector<Real> size_factor_, log_size_factor_;
    std::vector<Column> columns_;
    int64_t rows_ = 0;
};

} // namespace aesop
