// Gathering a minibatch: a row at a time, rows shared among the threads.
#include "cpu_state.h"

namespace aesop {
namespace {

void gather(void *self, const Column *columns, const Matrix<float> &x) {
    CpuState &s = state_of(self);
    s.team.run(x.rows, [&](int64_t r) {
        const Column &c = columns[r];
        if (c.real && !c.index)
            s.kernels.narrow(c.real, x.row(r), c.size);
        else
            write_row(c, x.row(r), x.cols);
    });
}

} // namespace

void add_gather(Backend<float> &table) {
    table.gather = gather;
}

} // namespace aesop
