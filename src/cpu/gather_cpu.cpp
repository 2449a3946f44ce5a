// Gathering a minibatch: a row at a time, rows shared among the threads.
#include "../core/reference.h"
#include "cpu_state.h"

namespace aesop {
namespace {

void gather(void *self, const Column *columns, const Matrix<float> &x) {
    CpuState &s = state_of(self);
    s.team.run(x.rows, [&](int64_t r) {
        const Column &c = columns[r];
        if (c.real && !c.index && c.size == x.cols)
            s.kernels.narrow(c.real, x.row(r), c.size);
        else
            write_row(c, x.row(r), x.cols);
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
