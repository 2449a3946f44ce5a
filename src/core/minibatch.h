// One minibatch on the device: gathered from the source, prepared, and corrupted for training.
#pragma once
#include "layer.h"
#include "names.h"
#include "preparation.h"

namespace aesop {

// Sparse rows are multiplied as such below this share of non-zeros; above, a dense product is faster.
constexpr double kSparseShare = 0.2;

template <class Real>
class Minibatch {
  public:
    // size_factors: one per sample of the source, or empty.
    Minibatch(const Config &config, const Preparation &preparation, BatchSource &source,
              const std::vector<double> &size_factors, const Backend<Real> &backend);

    // Samples must be within one window of the source.
    void load(const int64_t *samples, int64_t n);
    // The network's input: with noise and input dropout when the pass is a training one.
    Operand<Real> input(const Pass<Real> &pass);
    // What the output is compared with: the clean input, or the counts.
    Matrix<Real> target();
    int64_t rows() const { return rows_; }
    const uint32_t *sample_ids() const { return ids_.data(); }
    const Real *log_size_factor() const {
        return log_size_factor_.empty() ? nullptr : log_size_factor_.data();
    }
    double size_factor(int64_t row) const {
        return size_factor_.empty() ? 1 : double(size_factor_[size_t(row)]);
    }

  private:
    void load_sparse(const int64_t *samples);
    Matrix<Real> gather_dense(const int64_t *samples, Buffer<Real> &memory);
    bool keep_sparse(const int64_t *samples) const;
    Operand<Real> corrupt_sparse(const Pass<Real> &pass);

    const Config &config_;
    const Preparation &preparation_;
    BatchSource &source_;
    const std::vector<double> &size_factors_;
    const Backend<Real> &backend_;
    NoiseRule noise_;
    InputTransform<Real> transform_;
    Buffer<Real> clean_memory_, noisy_memory_, count_memory_, center_memory_, scale_memory_;
    Matrix<Real> clean_, counts_;
    bool is_sparse_ = false;
    std::vector<int64_t> start_;
    std::vector<int32_t> index_;
    std::vector<Real> value_, noisy_value_;
    std::vector<Real> size_factor_, log_size_factor_;
    std::vector<uint32_t> ids_;
    std::vector<Column> columns_;
    int64_t rows_ = 0;
};

} // namespace aesop
