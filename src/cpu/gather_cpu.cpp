// Gathering a minibatch: a row at a time, rows shared among the threads.
#include "cpu_state.h"

namespace aesop {
namespace {

void gather(void *self, const Column *columns, const Matrix<float> &x) {
    state_of(self).team.run(x.rows, [&](int64_t r) { write_row(columns[r], x.row(r), x.cols); });
}

} // namespace

void add_gather(Backend<float> &table) {
    table.gather = gather;
}

} // namespace aesop
