// Noise, dropout, thinning and the variational bottleneck, cut into shards of rows.
#include "../core/binomial.h"
#include "shards.h"

namespace aesop {
namespace {

constexpr int kThinValues = 256;   // positive counts of a row at a time
constexpr int64_t kNormalWork = 8; // a normal number takes as long as so many simple operations

void dropout(void *self, const DrawKey &key, const uint32_t *ids, double p, const Matrix<float> &x) {
    CpuState &s = state_of(self);
    over_rows(s, x.rows, x.cols, [&](int64_t row, int64_t rows, int64_t) {
        s.kernels.dropout(key, ids + row, p, rows_of(x, row, rows));
    });
}
void corrupt(void *self, const NoiseRule &rule, const DrawKey &key, const uint32_t *ids,
             const Matrix<float> &x, const Matrix<float> &y) {
    CpuState &s = state_of(self);
    over_rows(s, x.rows, x.cols, [&](int64_t row, int64_t rows, int64_t) {
        s.kernels.corrupt(rule, key, ids + row, rows_of(x, 0, x.rows), row, rows_of(y, row, rows));
    });
}

void mask_sparse(void *self, const DrawKey &key, const uint32_t *ids, double p, bool rescale,
                 const SparseMatrix<float> &x, float *values) {
    CpuState &s = state_of(self);
    float factor = rescale ? float(1 / (1 - p)) : 1.0f;
    over_rows(s, x.rows, mean_row(x), [&](int64_t row, int64_t rows, int64_t) {
        for (int64_t r = row; r < row + rows; r++)
            s.kernels.mask_values(key, ids[r], p, factor, x.index + x.start[r], values + x.start[r],
                                  x.start[r + 1] - x.start[r]);
    });
}

// Small counts in vectors, then the others, which are still large, one by one.
void thin_values(const Kernels &kernels, const DrawKey &key, uint32_t id, double p, const int32_t *index,
                 float *values, int64_t n) {
    kernels.thin_values(key, id, p, index, values, n);
    for (int64_t k = 0; k < n; k++)
        if (values[k] > kThinByUnit)
            values[k] = thinned(key, id, uint32_t(index[k]), values[k], p);
}
// The positive counts of a row, packed.
void thin_row(const Kernels &kernels, const DrawKey &key, uint32_t id, double p, const float *x, float *y,
              int64_t cols) {
    int32_t index[kThinValues];
    float value[kThinValues];
    int64_t n = 0;
    for (int64_t c = 0; c < cols; c++) {
        y[c] = x[c];
        if (x[c] > 0)
            index[n] = int32_t(c), value[n++] = x[c];
        if (n < kThinValues && c + 1 < cols)
            continue;
        thin_values(kernels, key, id, p, index, value, n);
        for (int64_t k = 0; k < n; k++)
            y[index[k]] = value[k];
        n = 0;
    }
}
void thin(void *self, const DrawKey &key, const uint32_t *ids, double p, const Matrix<float> &x,
          const Matrix<float> &y) {
    CpuState &s = state_of(self);
    over_rows(s, x.rows, x.cols, [&](int64_t row, int64_t rows, int64_t) {
        for (int64_t r = row; r < row + rows; r++)
            thin_row(s.kernels, key, ids[r], p, x.row(r), y.row(r), x.cols);
    });
}
void thin_sparse(void *self, const DrawKey &key, const uint32_t *ids, double p, const SparseMatrix<float> &x,
                 float *values) {
    CpuState &s = state_of(self);
    over_rows(s, x.rows, mean_row(x), [&](int64_t row, int64_t rows, int64_t) {
        for (int64_t r = row; r < row + rows; r++)
            thin_values(s.kernels, key, ids[r], p, x.index + x.start[r], values + x.start[r],
                        x.start[r + 1] - x.start[r]);
    });
}

void sample_normal(void *self, const DrawKey &key, const uint32_t *ids, const Matrix<float> &mean,
                   const Matrix<float> &log_variance, const Matrix<float> &z) {
    CpuState &s = state_of(self);
    over_rows(s, z.rows, kNormalWork * z.cols, [&](int64_t row, int64_t rows, int64_t) {
        s.kernels.sample_normal(key, ids + row, rows_of(mean, row, rows), rows_of(log_variance, row, rows),
                                rows_of(z, row, rows));
    });
}
void sample_normal_gradient(void *self, const DrawKey &key, const uint32_t *ids, const Matrix<float> &mean,
                            const Matrix<float> &log_variance, const Matrix<float> &dz, float weight,
                            const Matrix<float> &dmean, const Matrix<float> &dlog_variance) {
    CpuState &s = state_of(self);
    over_rows(s, dz.rows, kNormalWork * dz.cols, [&](int64_t row, int64_t rows, int64_t) {
        s.kernels.sample_normal_gradient(key, ids + row, rows_of(mean, row, rows),
                                         rows_of(log_variance, row, rows), rows_of(dz, row, rows), weight,
                                         rows_of(dmean, row, rows), rows_of(dlog_variance, row, rows));
    });
}

} // namespace

void add_draws(Backend<float> &table) {
    table.dropout = dropout;
    table.corrupt = corrupt;
    table.mask_sparse = mask_sparse;
    table.thin = thin;
    table.thin_sparse = thin_sparse;
    table.sample_normal = sample_normal;
    table.sample_normal_gradient = sample_normal_gradient;
}

} // namespace aesop
