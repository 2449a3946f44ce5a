// Activations, normalisation, input transforms and losses, cut into shards of rows or columns.
#include "shards.h"
#include <cstring>

namespace aesop {
namespace {

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
void add(void *self, float factor, const Matrix<float> &x, const Matrix<float> &y) {
    CpuState &s = state_of(self);
    over_rows(s, y.rows, y.cols, [&](int64_t row, int64_t rows, int64_t) {
        s.kernels.add(factor, rows_of(x, row, rows), rows_of(y, row, rows));
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

void transform(void *self, const InputTransform<float> &t, const float *size_factor, const Matrix<float> &x) {
    CpuState &s = state_of(self);
    if (!t.log && !t.center && !t.scale && !t.clamp && !size_factor)
        return;
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
        a.sample_loss[r] = a.share * total + (a.accumulate ? a.sample_loss[r] : 0);
    }
}

} // namespace

void add_elementwise(Backend<float> &table) {
    table.activate = activate;
    table.activation_gradient = activation_gradient;
    table.add = add;
    table.softmax = softmax;
    table.softmax_gradient = softmax_gradient;
    table.batch_norm = batch_norm;
    table.batch_norm_gradient = batch_norm_gradient;
    table.transform = transform;
    table.transform_sparse = transform_sparse;
    table.loss = loss;
}

} // namespace aesop
