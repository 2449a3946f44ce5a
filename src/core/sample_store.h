// All samples of a source on a device with memory of its own, for a fit that uses each of them many times.
#pragma once
#include "batch_source.h"
#include "device_memory.h"
#include <vector>

namespace aesop {

template <class Real>
class SampleStore {
  public:
    // Reads the source once, if sparse twice, in order. Call only if fits(), which reads a sparse one too.
    SampleStore(BatchSource &source, const Backend<Real> &backend);
    static bool fits(BatchSource &source, const Backend<Real> &backend);

    int64_t stored(int64_t sample) const { return start_[size_t(sample) + 1] - start_[size_t(sample)]; }
    // Rows `samples` of all, dense; or sparse, where x_start (rows + 1 values) tells their lengths.
    void take(const uint32_t *samples, const Matrix<Real> &x) const;
    void take_sparse(const uint32_t *samples, int64_t rows, const int64_t *x_start, int64_t *start,
                     int32_t *index, Real *value) const;

  private:
    void read_dense(BatchSource &source);
    void read_sparse(BatchSource &source);

    const Backend<Real> &backend_;
    const bool sparse_;
    const int64_t samples_, features_;
    std::vector<int64_t> start_; // of each sample, on the host too; sparse only
    DeviceArray<int64_t, Real> device_start_;
    DeviceArray<int32_t, Real> index_;
    DeviceArray<Real, Real> value_;
};

} // namespace aesop
