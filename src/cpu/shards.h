// Work on matrices, cut into shards of rows or columns.
#pragma once
#include "cpu_state.h"
#include <algorithm>

namespace aesop {

constexpr int64_t kShardValues = 8192;
constexpr int64_t kShardColumns = 64; // of operations that go down the columns

inline Block rows_of(const Matrix<float> &m, int64_t row, int64_t rows) {
    return {m.data ? m.data + row * m.ld : nullptr, m.ld, rows, m.cols};
}
inline Block columns_of(const Matrix<float> &m, int64_t begin, int64_t end) {
    return {m.data ? m.data + begin : nullptr, m.ld, m.rows, end - begin};
}

// Rows of a sparse batch hold about as many values as its mean row.
inline int64_t mean_row(const SparseMatrix<float> &x) {
    return x.rows ? (x.start[x.rows] - x.start[0]) / x.rows + 1 : 1;
}

// f(first row, rows, shard) over blocks of rows.
template <class F>
void over_rows(CpuState &s, int64_t rows, int64_t cols, F &&f) {
    int64_t block = std::max<int64_t>(1, kShardValues / std::max<int64_t>(cols, 1));
    s.team.run(divide_up(rows, block),
               [&](int64_t shard) { f(shard * block, std::min(block, rows - shard * block), shard); });
}
// f(first column, end) over blocks of columns.
template <class F>
void over_columns(CpuState &s, int64_t cols, F &&f) {
    s.team.run(divide_up(cols, kShardColumns),
               [&](int64_t shard) { f(shard * kShardColumns, std::min(cols, (shard + 1) * kShardColumns)); });
}
// The sum of f(first row, rows) over blocks of rows, in their order.
template <class F>
double sum_rows(CpuState &s, int64_t rows, int64_t cols, F &&f) {
    double *sums = s.reserve_sums(rows), total = 0;
    std::fill(sums, sums + rows, 0.0);
    over_rows(s, rows, cols, [&](int64_t row, int64_t n, int64_t shard) { sums[shard] = f(row, n); });
    for (int64_t i = 0; i < rows; i++)
        total += sums[i];
    return total;
}

} // namespace aesop
