// Sums over weights and activations, and the penalties made of them.
#include "shards.h"
#include <cmath>
#include <numeric>

namespace aesop {
namespace {

constexpr int64_t kWeightRange = 256; // inputs of a shard of weights

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
void sum(void *, const double *x, int64_t n, const Sum &to) {
    add_to(to, std::accumulate(x, x + n, 0.0));
}
void squared_norm(void *self, const float *x, int64_t n, const Sum &to) {
    CpuState &s = state_of(self);
    add_to(to, sum_values(s, n, [&](int64_t at, int64_t count) { return s.kernels.squares(x + at, count); }));
}
void penalty(void *self, const float *w, int64_t n, double l1, double l2, const Sum &to) {
    CpuState &s = state_of(self);
    add_to(to, sum_values(s, n, [&](int64_t at, int64_t count) {
               return s.kernels.penalty(w + at, count, l1, l2);
           }));
}
void add_penalty_gradient(void *self, float *g, const float *w, int64_t n, double l1, double l2) {
    CpuState &s = state_of(self);
    s.team.run(divide_up(n, kSumValues), [&](int64_t shard) {
        int64_t at = shard * kSumValues;
        s.kernels.add_penalty_gradient(g + at, w + at, std::min(kSumValues, n - at), l1, l2);
    });
}
void activity_l1(void *self, const Matrix<float> &h, float factor, const Matrix<float> &dh, const Sum &to) {
    CpuState &s = state_of(self);
    double total = sum_rows(s, h.rows, h.cols, [&](int64_t row, int64_t rows) {
        return s.kernels.activity_l1(rows_of(h, row, rows), factor, dh.data ? dh.row(row) : nullptr, dh.ld);
    });
    add_to(to, total);
}

// Means in float, the divergence in double.
void sparsity(void *self, const Matrix<float> &h, float rho, float factor, const Matrix<float> &dh,
              const Sum &to) {
    CpuState &s = state_of(self);
    double *sums = s.reserve_sums(h.cols), total = 0, p = double(rho), n = double(h.rows);
    over_columns(s, h.cols, [&](int64_t begin, int64_t end) {
        float slope[kShardColumns]; // first the sums
        s.kernels.column_sums(columns_of(h, begin, end), slope);
        for (int64_t c = begin; c < end; c++) {
            double mean = double(slope[c - begin]) / n, kept = std::min(std::max(mean, 1e-6), 1 - 1e-6);
            sums[c] = p * std::log(p / kept) + (1 - p) * std::log((1 - p) / (1 - kept));
            double by_mean = kept == mean ? (1 - p) / (1 - kept) - p / kept : 0;
            slope[c - begin] = float(double(factor) * by_mean / n);
        }
        Block to = columns_of(dh, begin, end);
        if (to.data)
            s.kernels.finish(Activation::linear, 0, to, false, slope, to);
    });
    for (int64_t c = 0; c < h.cols; c++)
        total += sums[c];
    add_to(to, total);
}

// Three passes: squares of the weights, summed by unit in blocks of inputs; squares of the slopes, with dy;
// dw.
void contraction(void *self, Activation f, float slope, const Matrix<float> &y, const Weights<float> &w,
                 float factor, const Matrix<float> &dy, const Weights<float> &dw, const Sum &to) {
    CpuState &s = state_of(self);
    const PanelShape shape = w.shape;
    int64_t n = padded(shape.units), ranges = std::max<int64_t>(1, divide_up(shape.inputs, kWeightRange));
    float *weights = s.shared.get((ranges + 2) * n), *slopes = weights + n, *parts = slopes + n;
    std::fill(slopes, slopes + n, 0.0f);
    auto over_weights = [&](auto &&call) { // (panel, range, first value, inputs)
        s.team.run(shape.panels() * ranges, [&](int64_t shard) {
            int64_t p = shard / ranges, r = shard % ranges, first = r * kWeightRange;
            call(p, r, shape.offset(p) + first * shape.width(p),
                 std::min(kWeightRange, shape.inputs - first));
        });
    };
    over_weights([&](int64_t p, int64_t r, int64_t at, int64_t inputs) {
        s.kernels.square_columns(w.data + at, inputs, shape.width(p), parts + r * n + p * kPanel);
    });
    s.kernels.join(int(ranges), n, parts, weights, n);
    over_columns(s, y.cols, [&](int64_t begin, int64_t end) {
        s.kernels.slope_squares(f, slope, columns_of(y, begin, end), weights + begin, factor,
                                columns_of(dy, begin, end), slopes + begin);
    });
    if (dw.data)
        over_weights([&](int64_t p, int64_t, int64_t at, int64_t inputs) {
            s.kernels.add_scaled(2 * factor, slopes + p * kPanel, w.data + at, inputs, shape.width(p),
                                 dw.data + at);
        });
    double total = 0;
    for (int64_t j = 0; j < shape.units; j++)
        total += double(weights[j]) * double(slopes[j]);
    add_to(to, total);
}

void divergence(void *self, const Matrix<float> &mean, const Matrix<float> &log_variance, const Sum &to) {
    CpuState &s = state_of(self);
    double total = sum_rows(s, mean.rows, mean.cols, [&](int64_t row, int64_t rows) {
        return s.kernels.divergence(rows_of(mean, row, rows), rows_of(log_variance, row, rows));
    });
    add_to(to, total);
}

} // namespace

void add_penalties(Backend<float> &table) {
    table.sum = sum;
    table.squared_norm = squared_norm;
    table.penalty = penalty;
    table.add_penalty_gradient = add_penalty_gradient;
    table.activity_l1 = activity_l1;
    table.sparsity = sparsity;
    table.contraction = contraction;
    table.divergence = divergence;
}

} // namespace aesop
