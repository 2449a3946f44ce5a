// Rows of a sparse operand written out, for the dense products. A minibatch of some megabytes stays in the
// device's cache until they have read it; whether products that skip the zeros are faster is not measured.
#include "tile.h"

namespace aesop {
namespace {

struct DenseArguments {
    SparseMatrix<float> x;
    float *to;
    int64_t ld, width;
};
__global__ void write_dense(const DenseArguments *arguments) { // a block: a row
    const DenseArguments a = *arguments;
    int64_t r = blockIdx.x, begin = a.x.start[r], end = a.x.start[r + 1];
    float *row = global(a.to) + r * a.ld;
    for (int64_t c = 4 * threadIdx.x; c < a.width; c += 4 * kThreads)
        store_four(row + c, Four{});
    __syncthreads();
    for (int64_t k = begin + threadIdx.x; k < end; k += kThreads)
        row[a.x.index[k]] = a.x.value[k];
}

} // namespace

Matrix<float> dense_rows(Queue &q, const Operand<float> &x) {
    if (!x.is_sparse)
        return x.dense;
    const SparseMatrix<float> &s = x.sparse;
    int64_t ld = leading_dimension(s.cols);
    Matrix<float> to{q.scratch<float>(s.rows * ld), s.rows, s.cols, ld};
    if (s.rows > 0)
        q.launch(write_dense, Grid{unsigned(s.rows)}, kThreads,
                 DenseArguments{s, to.data, ld, padded(s.cols)});
    return to;
}

} // namespace aesop
