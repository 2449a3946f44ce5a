// Gathering a minibatch: a few rows at a time, rows shared among the threads.
#include "../core/reference.h"
#include "cpu_state.h"
#include <algorithm>

namespace aesop {
namespace {

void gather(void *self, const Column *columns, const Matrix<float> &x) {
    CpuState &s = state_of(self);
    s.team.run(divide_up(x.rows, kNarrowRows), [&](int64_t shard) {
        int64_t row = shard * kNarrowRows, rows = std::min(kNarrowRows, x.rows - row), dense = 0;
        const double *from[kNarrowRows];
        auto plain = [&](const Column &c) { return c.real && !c.index && c.size == x.cols; };
        for (; dense < rows && plain(columns[row + dense]); dense++)
            from[dense] = columns[row + dense].real;
        s.kernels.narrow(dense, from, x.row(row), x.ld, x.cols);
        for (int64_t r = row + dense; r < row + rows; r++)
            write_row(columns[r], x.row(r), x.cols);
    });
}

void gather_sparse(void *self, const Column *columns, int64_t rows, int64_t *start, int32_t *index,
                   float *value) {
    start[0] = 0;
    for (int64_t r = 0; r < rows; r++)
        start[r + 1] = start[r] + columns[r].size;
    state_of(self).team.run(rows, [&](int64_t r) {
        const Column &c = columns[r];
        for (int64_t k = 0; k < c.size; k++) {
            index[start[r] + k] = c.index[k];
            value[start[r] + k] = float(c.value(k));
        }
    });
}

// Only used where samples stay on a device of their own, which this one is not: those of the reference.
void add_store(Backend<float> &table) {
    table.take = reference_backend<float>().take;
    table.take_sparse = reference_backend<float>().take_sparse;
}

} // namespace

void add_gather(Backend<float> &table) {
    table.gather = gather;
    table.gather_sparse = gather_sparse;
    add_store(table);
}

} // namespace aesop
