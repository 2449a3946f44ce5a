// Activations, normalisation, noise, input transforms, losses and sums, cut into shards of rows or columns.
#include "cpu_state.h"
#include <algorithm>
#include <cstring>

namespace aesop {
namespace {

constexpr int64_t kShardValues = 8192;
constexpr int64_t kShardColumns = 64; // of operations that go down the columns

Block rows_of(const Matrix<float> &m, int64_t row, int64_t rows) {
    return {m.data ? m.data + row * m.ld : nullptr, m.ld, rows, m.cols};
}

// f(first row, rows, shard) over blocks of rows.
template <class F>
void over_rows(CpuState &s, int64_t rows, int64_t cols, F &&f) {
    int64_t block = std::max<int64_t>(1, kShardValues / std::max<int64_t>(cols, 1));
    s.team.run(divide_up(rows, block),
               [&](int64_t shard) { f(shard * block, std::min(block, rows - shard * block), shard); });
}
template <class F>
void over_columns(CpuState &s, int64_t cols, F &&f) {
    s.team.run(divide_up(cols, kShardColumns),
               [&](int64_t shard) { f(shard * kShardColumns, std::min(cols, (shard + 1) * kShardColumns)); });
}

void activate(void *self, Activation f, float slope, const Matrix<float> &z, const Matrix<float> &y) {
    CpuState &s = state_of(self);
    over_rows(s, z.rows, z.cols, [&](int64_t row, int64_t rows, int64_t) {
        s.kernels.activate(f, slope, rows_of(z, row, rows), rows_of(y, row, rows));
    });
}
void activation_gradient(void *self, Activation f, float slope, const Matrix<float> &z,
                         const Matrix<float> &y, const Matrix<float> &dy) {
    CpuState &s = state_of(self);
    over_rows(s, y.rows, y.cols, [&](int64_t row, int64_t rows, int64_t) {
        s.kernels.activation_gradient(f, slope, rows_of(z, row, rows), rows_of(y, row, rows),
                                      rows_of(dy, row, rows));
    });
}
void softmax(void *self, const Matrix<float> &y) {
    CpuState &s = state_of(self);
    over_rows(s, y.rows, y.cols,
              [&](int64_t row, int64_t rows, int64_t) { s.kernels.softmax(rows_of(y, row, rows)); });
}
void softmax_gradient(void *self, const Matrix<float> &y, const Matrix<float> &dy) {
    CpuState &s = state_of(self);
    over_rows(s, y.rows, y.cols, [&](int64_t row, int64_t rows, int64_t) {
        s.kernels.softmax_gradient(rows_of(y, row, rows), rows_of(dy, row, rows));
    });
}
void batch_norm(void *self, const BatchNorm<float> &a) {
    CpuState &s = state_of(self);
    over_columns(s, a.x.cols, [&](int64_t begin, int64_t end) { s.kernels.batch_norm(a, begin, end); });
}
void batch_norm_gradient(void *self, const BatchNorm<float> &a, const Matrix<float> &dy,
                         float *gamma_gradient, float *beta_gradient) {
    CpuState &s = state_of(self);
    over_columns(s, a.x.cols, [&](int64_t begin, int64_t end) {
        s.kernels.batch_norm_gradient(a, dy, gamma_gradient, beta_gradient, begin, end);
    });
    for (int64_t c = a.x.cols; c < padded(a.x.cols); c++)
        gamma_gradient[c] = beta_gradient[c] = 0;
}

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
        for (int64_t r = row; r < row + rows && x.data != y.data; r++)
            std::memcpy(y.row(r), x.row(r), size_t(x.cols) * sizeof(float));
        s.kernels.corrupt(rule, key, ids + row, rows_of(y, row, rows));
    });
}
// Rows of a sparse batch hold about as many values as its mean row.
int64_t mean_row(const SparseMatrix<float> &x) {
    return x.rows ? (x.start[x.rows] - x.start[0]) / x.rows + 1 : 1;
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
void transform(void *self, const InputTransform<float> &t, const float *size_factor, const Matrix<float> &x) {
    CpuState &s = state_of(self);
    over_rows(s, x.rows, x.cols, [&](int64_t row, int64_t rows, int64_t) {
        s.kernels.transform(t, size_factor ? size_factor + row : nullptr, rows_of(x, row, rows));
    });
}
void transform_sparse(void *self, const InputTransform<float> &t, const float *size_factor,
                      const SparseMatrix<float> &x, float *values) {
    CpuState &s = state_of(self);
    over_rows(s, x.rows, mean_row(x), [&](int64_t row, int64_t rows, int64_t) {
        for (int64_t r = row; r < row + rows; r++)
            s.kernels.transform_values(t, size_factor ? size_factor[r] : 1.0f, x.index + x.start[r],
                                       values + x.start[r], x.start[r + 1] - x.start[r]);
    });
}

// Shards of kLossColumns columns: all rows where a gradient by log theta is summed down the columns, blocks
// of rows otherwise. Each leaves one sum per row, added up by columns ascending.
void loss(void *self, const LossArguments<float> &a) {
    CpuState &s = state_of(self);
    int64_t rows = a.z.rows, cols = a.z.cols, blocks = divide_up(cols, kLossColumns);
    int64_t row_block = a.log_theta_gradient ? std::max<int64_t>(rows, 1) : 32;
    int64_t row_blocks = divide_up(rows, row_block);
    double *sums = s.reserve_sums(blocks * rows);
    if (a.log_theta_gradient)
        std::memset(a.log_theta_gradient, 0, size_t(padded(cols)) * sizeof(float));
    s.team.run(blocks * row_blocks, [&](int64_t shard) {
        int64_t block = shard / row_blocks, row = shard % row_blocks * row_block,
                begin = block * kLossColumns;
        s.kernels.loss(a, row, std::min(rows, row + row_block), begin, std::min(cols, begin + kLossColumns),
                       sums + block * rows + row);
    });
    for (int64_t r = 0; r < rows; r++) {
        double total = 0;
        for (int64_t b = 0; b < blocks; b++)
            total += sums[b * rows + r];
        a.sample_loss[r] = total;
    }
}

// Sums of at most kSumValues values each, then added up in order.
template <class F>
double sum_values(CpuState &s, int64_t n, F &&f) {
    int64_t shards = divide_up(n, kSumValues);
    double *sums = s.reserve_sums(shards), total = 0;
    s.team.run(shards, [&](int64_t shard) {
        int64_t at = shard * kSumValues;
        sums[shard] = f(at, std::min(kSumValues, n - at));
    });
    for (int64_t i = 0; i < shards; i++)
        total += sums[i];
    return total;
}
double squared_norm(void *self, const float *x, int64_t n) {
    CpuState &s = state_of(self);
    return sum_values(s, n, [&](int64_t at, int64_t count) { return s.kernels.squares(x + at, count); });
}
double penalty(void *self, const float *w, int64_t n, double l1, double l2) {
    CpuState &s = state_of(self);
    return sum_values(s, n,
                      [&](int64_t at, int64_t count) { return s.kernels.penalty(w + at, count, l1, l2); });
}
void add_penalty_gradient(void *self, float *g, const float *w, int64_t n, double l1, double l2) {
    CpuState &s = state_of(self);
    s.team.run(divide_up(n, kSumValues), [&](int64_t shard) {
        int64_t at = shard * kSumValues;
        s.kernels.add_penalty_gradient(g + at, w + at, std::min(kSumValues, n - at), l1, l2);
    });
}
double activity_l1(void *self, const Matrix<float> &h, float factor, const Matrix<float> &dh) {
    CpuState &s = state_of(self);
    double *sums = s.reserve_sums(h.rows), total = 0;
    std::fill(sums, sums + h.rows, 0.0);
    over_rows(s, h.rows, h.cols, [&](int64_t row, int64_t rows, int64_t shard) {
        sums[shard] =
            s.kernels.activity_l1(rows_of(h, row, rows), factor, dh.data ? dh.row(row) : nullptr, dh.ld);
    });
    for (int64_t i = 0; i < h.rows; i++)
        total += sums[i];
    return total;
}

} // namespace

void add_elementwise(Backend<float> &table) {
    table.activate = activate;
    table.activation_gradient = activation_gradient;
    table.softmax = softmax;
    table.softmax_gradient = softmax_gradient;
    table.batch_norm = batch_norm;
    table.batch_norm_gradient = batch_norm_gradient;
    table.dropout = dropout;
    table.corrupt = corrupt;
    table.mask_sparse = mask_sparse;
    table.transform = transform;
    table.transform_sparse = transform_sparse;
    table.loss = loss;
    table.squared_norm = squared_norm;
    table.penalty = penalty;
    table.add_penalty_gradient = add_penalty_gradient;
    table.activity_l1 = activity_l1;
}

} // namespace aesop
