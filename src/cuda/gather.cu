// Samples become the rows of a minibatch, from the host or from those on the device, and raw values the
// network's input.
#include "elements.h"
#include "operations.h"

namespace aesop {
namespace {

using M = Matrix<float>;
using Sparse = SparseMatrix<float>;

// Rows, in the order of `samples` or as they are, with zeros in the padding.
struct CopyTask {
    Tiles tiles;
    const float *from;
    int64_t ld;
    const uint32_t *samples;
    M x;
};

__global__ void copy_rows_kernel(const CopyTask *task) {
    const CopyTask a = *task;
    int64_t r, c;
    if (!place(a.tiles, blockIdx.x, r, c))
        return;
    int64_t sample = a.samples ? int64_t(a.samples[r]) : r;
    a.x.at(r, c) = c < a.x.cols ? a.from[sample * a.ld + c] : 0.0f;
}
void copy_rows(Queue &q, const float *from, int64_t ld, const uint32_t *samples, const M &x) {
    launch_tiles(q, copy_rows_kernel, CopyTask{tiles_of(x.rows, padded(x.cols)), from, ld, samples, x});
}

// Sparse rows, zeros and padding included: a block fills kPartColumns columns of one.
constexpr int64_t kPartColumns = 2048;

struct ExpandTask {
    Sparse from;
    const uint32_t *samples; // null: the rows as they are
    M x;
    unsigned parts;
};

// The first of the places begin, ..., end - 1 with a column from `column` on; end if there is none.
__device__ int64_t first_from(const int32_t *index, int64_t begin, int64_t end, int64_t column) {
    while (begin < end) {
        int64_t middle = begin + (end - begin) / 2;
        if (index[middle] < column)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

__global__ void expand_kernel(const ExpandTask *task) {
    const ExpandTask a = *task;
    int64_t r = blockIdx.x / a.parts, part = blockIdx.x % a.parts;
    int64_t sample = a.samples ? int64_t(a.samples[r]) : r;
    int64_t begin = part * kPartColumns, end = min_of(begin + kPartColumns, padded(a.x.cols));
    float *row = a.x.row(r);
    for (int64_t c = begin + threadIdx.x; c < end; c += kThreads)
        row[c] = 0;
    __syncthreads();
    int64_t last = a.from.start[sample + 1];
    int64_t k = first_from(a.from.index, a.from.start[sample], last, begin) + threadIdx.x;
    for (; k < last && a.from.index[k] < end; k += kThreads)
        row[a.from.index[k]] = a.from.value[k];
}
void expand(Queue &q, const Sparse &from, const uint32_t *samples, const M &x) {
    unsigned parts = blocks(padded(x.cols), kPartColumns);
    if (x.rows > 0 && parts > 0)
        q.launch(expand_kernel, Grid{unsigned(x.rows) * parts}, kThreads,
                 ExpandTask{from, samples, x, parts});
}

// Sparse samples of the host, in memory that reaches the device.
Sparse staged_sparse(Queue &q, const Column *columns, int64_t rows, int64_t cols) {
    int64_t n = 0;
    for (int64_t r = 0; r < rows; r++)
        n += columns[r].size;
    Staged<int64_t> start = q.stage<int64_t>(rows + 1);
    Staged<int32_t> index = q.stage<int32_t>(n);
    Staged<float> value = q.stage<float>(n);
    int64_t at = 0;
    for (int64_t r = 0; r < rows; r++) {
        const Column &c = columns[r];
        start.host[r] = at;
        for (int64_t k = 0; k < c.size; k++, at++)
            index.host[at] = c.index[k], value.host[at] = float(c.value(k));
    }
    start.host[rows] = at;
    return {start.device, index.device, value.device, rows, cols};
}

void gather(void *self, const Column *columns, const M &x) {
    Queue &q = queue_of(self);
    if (q.failed() || x.rows == 0 || x.cols == 0)
        return;
    bool sparse = true;
    for (int64_t r = 0; r < x.rows; r++)
        sparse = sparse && columns[r].index;
    if (sparse)
        return expand(q, staged_sparse(q, columns, x.rows, x.cols), nullptr, x);
    Staged<float> rows = q.stage<float>(x.rows * x.cols);
    for (int64_t r = 0; r < x.rows; r++)
        write_row(columns[r], rows.host + r * x.cols, x.cols);
    copy_rows(q, rows.device, x.cols, nullptr, x);
}

void take(void *self, const Operand<float> &from, const uint32_t *samples, const M &x) {
    Queue &q = queue_of(self);
    if (q.failed())
        return;
    const uint32_t *numbers = q.to_device(samples, x.rows);
    if (from.is_sparse)
        expand(q, from.sparse, numbers, x);
    else
        copy_rows(q, from.dense.data, from.dense.ld, numbers, x);
}

// The grid is always the same, though the number of values differs from step to step: launches that repeat
// can be replayed.
constexpr unsigned kGatherBlocks = 256;

struct GatherSparseTask {
    Sparse from;
    int64_t n; // stored values
    int64_t *start;
    int32_t *index;
    float *value;
};

__global__ void gather_sparse_kernel(const GatherSparseTask *task) {
    const GatherSparseTask a = *task;
    const int64_t first = int64_t(blockIdx.x) * kThreads + threadIdx.x, step = kGatherBlocks * kThreads;
    for (int64_t i = first; i <= a.from.rows; i += step)
        a.start[i] = a.from.start[i];
    for (int64_t i = first; i < a.n; i += step)
        a.index[i] = a.from.index[i], a.value[i] = a.from.value[i];
}
void gather_sparse(void *self, const Column *columns, int64_t rows, int64_t *start, int32_t *index,
                   float *value) {
    Queue &q = queue_of(self);
    if (q.failed())
        return;
    int64_t n = 0;
    for (int64_t r = 0; r < rows; r++)
        n += columns[r].size;
    q.launch(gather_sparse_kernel, Grid{kGatherBlocks}, kThreads,
             GatherSparseTask{staged_sparse(q, columns, rows, 0), n, start, index, value});
}

struct TakeSparseTask {
    Sparse from;
    const uint32_t *samples;
    const int64_t *x_start;
    int64_t rows;
    unsigned parts; // blocks of a row
    int64_t *start;
    int32_t *index;
    float *value;
};

__global__ void take_sparse_kernel(const TakeSparseTask *task) {
    const TakeSparseTask a = *task;
    int64_t r = blockIdx.x / a.parts, part = blockIdx.x % a.parts, to = a.x_start[r];
    if (part == 0 && threadIdx.x == 0)
        a.start[r] = to;
    if (r == a.rows)
        return;
    int64_t first = a.from.start[a.samples[r]], n = a.x_start[r + 1] - to;
    for (int64_t k = part * kThreads + threadIdx.x; k < n; k += int64_t(a.parts) * kThreads) {
        a.index[to + k] = a.from.index[first + k];
        a.value[to + k] = a.from.value[first + k];
    }
}
void take_sparse(void *self, const Sparse &from, const uint32_t *samples, int64_t rows,
                 const int64_t *x_start, int64_t *start, int32_t *index, float *value) {
    Queue &q = queue_of(self);
    if (q.failed())
        return;
    unsigned parts = stored_parts(from.cols);
    q.launch(take_sparse_kernel, Grid{unsigned(rows + 1) * parts}, kThreads,
             TakeSparseTask{from, q.to_device(samples, rows), q.to_device(x_start, rows + 1), rows, parts,
                            start, index, value});
}

struct TransformTask {
    Tiles tiles;
    InputTransform<float> t;
    const float *size_factor;
    M x;
};
struct TransformSparseTask {
    InputTransform<float> t;
    const float *size_factor;
    const int64_t *start;
    const int32_t *index;
    float *values;
    unsigned parts;
};

__device__ float transformed(const InputTransform<float> &t, float size_factor, int64_t c, float v) {
    v = v / size_factor;
    if (t.log)
        v = log1p_of(v);
    if (t.center)
        v -= t.center[c];
    if (t.scale)
        v *= t.scale[c];
    return t.clamp ? min_of(max_of(v, 0.0f), 1.0f) : v;
}
bool changes_values(const InputTransform<float> &t, const float *size_factor) {
    return t.log || t.center || t.scale || t.clamp || size_factor;
}

__global__ void transform_kernel(const TransformTask *task) {
    const TransformTask a = *task;
    int64_t r, c;
    if (place(a.tiles, blockIdx.x, r, c))
        a.x.at(r, c) = transformed(a.t, a.size_factor ? a.size_factor[r] : 1.0f, c, a.x.at(r, c));
}
void transform(void *self, const InputTransform<float> &t, const float *size_factor, const M &x) {
    Queue &q = queue_of(self);
    if (!q.failed() && changes_values(t, size_factor))
        launch_tiles(q, transform_kernel,
                     TransformTask{tiles_of(x.rows, x.cols), t, q.to_device(size_factor, x.rows), x});
}

__global__ void transform_sparse_kernel(const TransformSparseTask *task) {
    const TransformSparseTask a = *task;
    each_stored(a.start, a.parts, [&](int64_t r, int64_t k) {
        a.values[k] = transformed(a.t, a.size_factor ? a.size_factor[r] : 1.0f, a.index[k], a.values[k]);
    });
}
void transform_sparse(void *self, const InputTransform<float> &t, const float *size_factor, const Sparse &x,
                      float *values) {
    Queue &q = queue_of(self);
    if (q.failed() || x.rows == 0 || !changes_values(t, size_factor))
        return;
    unsigned parts = stored_parts(x.cols);
    q.launch(transform_sparse_kernel, Grid{unsigned(x.rows) * parts}, kThreads,
             TransformSparseTask{t, q.to_device(size_factor, x.rows), x.start, x.index, values, parts});
}

} // namespace

void add_cuda_gather(Backend<float> &table) {
    table.gather = gather;
    table.gather_sparse = gather_sparse;
    table.take = take;
    table.take_sparse = take_sparse;
    table.transform = transform;
    table.transform_sparse = transform_sparse;
}

} // namespace aesop
