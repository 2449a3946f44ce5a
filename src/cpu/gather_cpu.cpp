// Gathering a minibatch: a few rows at a time, rows shared among the threads.
#include "cpu_state.h"
#include <algorithm>

namespace aesop {
namespace {

void gather(void *self, const Column *columns, const Matrix<float> &x) {
    CpuState &s = state_of(self);
    s.team.run(divide_up(x.rows, kNarrowRows), [&](int64_t shard) {
        int64_t row = shard * kNarrowRows, rows = std::min(kNarrowRows, x.rows - row), dense = 0;
        const double *from[kNarrowRows];
        for (; dense < rows && columns[row + dense].real && !columns[row + dense].index; dense++)
            from[dense] = columns[row + dense].real;
        s.kernels.narrow(dense, from, x.row(row), x.ld, x.cols);
        for (int64_t r = row + dense; r < row + rows; r++)
            write_row(columns[r], x.row(r), x.cols);
    });
}

} // namespace

void add_gather(Backend<float> &table) {
    table.gather = gather;
}

} // namespace aesop
