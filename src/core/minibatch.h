// One minibatch on the device: every assay's part, and the covariates of its samples.
#pragma once
#include "assay_batch.h"
#include <memory>

namespace aesop {

template <class Real>
class Minibatch {
  public:
    // data must outlive the minibatch.
    Minibatch(const Config &config, const Dataset &data, const Backend<Real> &backend);

    void keep_samples(); // as of AssayBatch
    void load(const int64_t *samples, int64_t n);
    int64_t rows() const { return int64_t(ids_.size()); }
    const std::vector<uint32_t> &sample_ids() const { return ids_; }
    size_t assays() const { return parts_.size(); }
    AssayBatch<Real> &assay(size_t i) { return *parts_[i]; }
    Matrix<Real> covariates() const { return covariates_; } // rows x covariates; null data without any

  private:
    const Dataset &data_;
    const Backend<Real> &backend_;
    std::vector<std::unique_ptr<AssayBatch<Real>>> parts_;
    std::vector<uint32_t> ids_;
    Buffer<Real> covariate_memory_;
    Matrix<Real> covariates_;
};

} // namespace aesop
