// dW = x' dy, kept, or handed to the optimiser chunk by chunk. A shard is one panel and a range of inputs;
// its values are summed over the batch in ascending order in registers, written to a chunk in the first-level
// cache, and used up from there: the gradient never goes to memory. A sparse x is first brought into column
// order; the sums then run over the non-zeros of each input, in the same order and with the same bits.
#include "cpu_state.h"
#include <algorithm>
#include <cstring>

namespace aesop {
namespace {

constexpr int64_t kInputRange = 256;  // inputs of a shard
constexpr int64_t kChunk = 48;        // inputs at a time: longer runs of the optimiser; 3% faster than 12
constexpr int64_t kAhead = 32;        // inputs from which x is fetched early
constexpr int64_t kSparseChunk = 128; // few terms per sum: longer runs of the optimiser keep memory streaming
constexpr int64_t kColumnRange = 1024; // columns that one shard brings into order

// Column order by counting. Each shard orders its own range of columns: the number of entries before it is
// the sum over the rows of those that lie left of the range.
void by_columns(CpuState &s, const SparseMatrix<float> &x, ColumnMajor &to) {
    if (int64_t(to.start.size()) < x.cols + 1)
        to.start.resize(size_t(x.cols + 1));
    size_t entries = size_t(x.start[x.rows] - x.start[0]);
    if (to.row.size() < entries)
        to.row.resize(entries), to.value.resize(entries);
    if (x.cols == 0)
        to.start[0] = 0;
    s.reserve_own(x.rows * 4); // two int64 per row
    s.team.run(divide_up(x.cols, kColumnRange), [&](int64_t shard, int worker) {
        int64_t begin = shard * kColumnRange, end = std::min(x.cols, begin + kColumnRange), before = 0;
        int64_t *from = reinterpret_cast<int64_t *>(s.own[worker].get(0));
        int64_t *until = from + x.rows;
        int64_t next[kColumnRange + 1] = {};
        for (int64_t r = 0; r < x.rows; r++) {
            const int32_t *first = x.index + x.start[r], *last = x.index + x.start[r + 1];
            const int32_t *left = std::lower_bound(first, last, int32_t(begin));
            before += left - first;
            from[r] = left - x.index;
            int64_t i = from[r];
            for (; i < x.start[r + 1] && x.index[i] < end; i++)
                next[x.index[i] - begin + 1]++;
            until[r] = i;
        }
        next[0] = before;
        for (int64_t c = 0; c < end - begin; c++) {
            next[c + 1] += next[c];
            to.start[size_t(begin + c)] = next[c];
        }
        if (end == x.cols)
            to.start[size_t(end)] = next[end - begin];
        for (int64_t r = 0; r < x.rows; r++)
            for (int64_t i = from[r]; i < until[r]; i++) {
                int64_t at = next[x.index[i] - begin]++;
                to.row[size_t(at)] = int32_t(r);
                to.value[size_t(at)] = x.value[i];
            }
    });
}

// The gradient of `count` inputs from `at` on, of a panel `width` wide, summed over the products; what stands
// behind `columns` in a row stays as it is or is set to 0. dy: their right operands, packed. weights,
// moments: of these inputs, or null; fetched into the cache meanwhile, as is what comes later: columns of
// `next_dy`, or, where it is null, of x.
void chunk_gradient(CpuState &s, const Product<float> *products, int n, int64_t at, int64_t count, int width,
                    int columns, const float *dy, float *g, const float *weights,
                    const Moments<float> &moments, const float *next_dy) {
    const Kernels &k = s.kernels;
    for (int i = 0; i < n; i++) {
        const Matrix<float> &x = products[i].x.dense;
        int64_t rows = products[i].dy.rows;
        if (products[i].x.is_sparse) {
            const ColumnMajor &m = s.columns[size_t(i)];
            const int64_t *start = m.start.data() + at;
            k.sparse_product({start, start + 1, m.row.data(), m.value.data(), count, 1, 0}, dy, width, width,
                             g, width, i > 0);
        } else if (weights && i + 1 == n)
            k.gradient_product(count, rows, x.data + at, x.ld, dy, width, columns, g, i > 0, weights,
                               moments.first, moments.second, next_dy ? next_dy : x.data + at + kAhead,
                               next_dy ? products[i].dy.ld : x.ld);
        else
            k.product(count, rows, x.data + at, 1, x.ld, dy, width, columns, g, width, i > 0, dy, 0);
        dy += rows * width;
    }
}

Moments<float> moments_at(const Moments<float> &m, int64_t offset) {
    return {m.first ? m.first + offset : nullptr, m.second ? m.second + offset : nullptr};
}

// Shards of kInputRange inputs and one panel. The panels of a range follow each other, so that its part of x
// stays in the second-level cache. With `weights` they are updated by the rule,
// otherwise the gradient itself goes to `out`.
void run_gradient(CpuState &s, const Product<float> *products, int n, const PanelShape &shape, float *out,
                  float *weights, const Moments<float> &moments, const UpdateRule &rule) {
    if (int64_t(s.columns.size()) < n)
        s.columns.resize(size_t(n));
    int64_t rows = 0, step = kChunk;
    for (int i = 0; i < n; i++) {
        rows += products[i].dy.rows;
        if (!products[i].x.is_sparse)
            continue;
        by_columns(s, products[i].x.sparse, s.columns[size_t(i)]);
        step = kSparseChunk;
    }
    int64_t ranges = std::max<int64_t>(divide_up(shape.inputs, kInputRange), 1);
    s.reserve_own((rows + step) * kPanel);
    s.team.run(shape.panels() * ranges, [&](int64_t shard, int worker) {
        int64_t p = shard % shape.panels(), width = shape.width(p);
        int64_t begin = shard / shape.panels() * kInputRange;
        int64_t end = std::min(shape.inputs, begin + kInputRange);
        float *chunk = s.own[worker].get(0), *dy = chunk + step * kPanel, *packed = dy;
        int columns = columns_of(shape.units - p * kPanel);
        std::memset(chunk, 0, size_t(step * width) * sizeof(float)); // for what stands behind the columns
        for (int i = 0; i < n; i++) // the panel's columns of dy, side by side
            for (int64_t r = 0; r < products[i].dy.rows; r++, packed += width)
                std::memcpy(packed, products[i].dy.row(r) + p * kPanel, size_t(width) * sizeof(float));
        for (int64_t at = begin; at < end; at += step) {
            int64_t count = std::min(step, end - at), offset = shape.offset(p) + at * width;
            float *g = weights ? chunk : out + offset, *w = weights ? weights + offset : nullptr;
            Moments<float> m = moments_at(moments, offset);
            const float *next_dy = nullptr; // of the next panel, in the first chunk
            if (at == begin && p + 1 < shape.panels())
                next_dy = products[n - 1].dy.data + (p + 1) * kPanel;
            chunk_gradient(s, products, n, at, count, int(width), columns, dy, g, w, m, next_dy);
            if (w)
                s.kernels.update(rule, g, w, m.first, m.second, count * width);
        }
    });
}

void weight_gradient(void *self, const Product<float> *products, int n, const Weights<float> &dw) {
    if (n == 0)
        std::memset(dw.data, 0, size_t(dw.shape.size()) * sizeof(float));
    else
        run_gradient(state_of(self), products, n, dw.shape, dw.data, nullptr, {}, UpdateRule());
}

void update_weights(void *self, const Product<float> *products, int n, const Weights<float> &w,
                    const Moments<float> &moments, const UpdateRule &given) {
    KnownRule k = known(given);
    if (k.update)
        run_gradient(state_of(self), products, n, w.shape, nullptr, w.data, moments, k.rule);
}

constexpr int64_t kValues = 16384; // of a shard

void update_values(void *self, const float *gradient, float *w, const Moments<float> &moments, int64_t n,
                   const UpdateRule &given) {
    CpuState &s = state_of(self);
    KnownRule k = known(given);
    s.team.run(k.update ? divide_up(n, kValues) : 0, [&](int64_t shard) {
        int64_t at = shard * kValues;
        Moments<float> m = moments_at(moments, at);
        s.kernels.update(k.rule, gradient + at, w + at, m.first, m.second, std::min(kValues, n - at));
    });
}

void column_sums(void *self, const Matrix<float> &x, float *sums) {
    CpuState &s = state_of(self);
    s.team.run(divide_up(x.cols, kInputRange), [&](int64_t shard) {
        int64_t c = shard * kInputRange, cols = std::min(kInputRange, x.cols - c);
        s.kernels.column_sums(Block{x.data + c, x.ld, x.rows, cols}, sums + c);
    });
    for (int64_t c = x.cols; c < padded(x.cols); c++)
        sums[c] = 0;
}

} // namespace

void add_gradients(Backend<float> &table) {
    table.weight_gradient = weight_gradient;
    table.update_weights = update_weights;
    table.update_values = update_values;
    table.column_sums = column_sums;
}

} // namespace aesop
