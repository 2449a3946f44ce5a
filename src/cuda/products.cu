// y = f(x W + b) and x = f(y W' + b). A block computes 16 R rows of 64 columns. Few columns and a deep sum
// (5,000 genes to 100 units) would keep few blocks busy: then the sum is cut into parts, by the shape of W
// only, so that a row's result does not depend on the other rows. With few rows the parts are blocks, of
// which the last one adds them up; with many, one block adds up all parts, in the same order.
#include "../core/activation.h"
#include "operations.h"
#include "precision.h"

namespace aesop {
namespace {

constexpr int64_t kPartSteps = 8;     // of a part, at least: 256 terms
constexpr int64_t kWantedTiles = 128; // of parts and columns together, for one block of rows
constexpr int64_t kMaxParts = 32;
constexpr int64_t kFewRows = 256;
constexpr int64_t kWantedBlocks = 256; // fill a large device; with fewer, tiles have fewer rows

struct ProductArguments {
    Matrix<float> x; // the left operand
    int64_t depth;   // its columns that can be read
    const float *w;
    int64_t inputs, padded_units;
    const float *bias;
    Matrix<float> y;
    Activation f;
    float slope;
    bool accumulate;
    int64_t steps, part_size;
    unsigned parts;
    Four *partial; // null: a block has all parts
    unsigned *counters;
};

// What a thread brings from device memory in one step. Rows of x and, if Turned, of W (the columns of W')
// are runs of 32 terms; otherwise W comes as 32 rows of 64 columns.
template <int R>
struct Fetched {
    Four left[(R + 1) / 2], right[2];
};
template <int R, bool Turned>
__device__ inline Fetched<R> fetch(const ProductArguments &a, int64_t step) {
    Fetched<R> to;
    int t = threadIdx.x, run = t / 8;
    int64_t term = step * kStep + t % 8 * 4;
    for (int i = 0; i < (R + 1) / 2; i++) {
        int r = run + 32 * i;
        int64_t row = int64_t(blockIdx.x) * (16 * R) + r;
        to.left[i] =
            load_four(a.x.data + row * a.x.ld + term, r < 16 * R && row < a.x.rows && term < a.depth);
    }
    int64_t p = Turned ? term / kPanel : blockIdx.y;
    Panel panel = panel_of(p, a.inputs, a.padded_units);
    for (int i = 0; i < 2; i++) {
        int64_t input = Turned ? int64_t(blockIdx.y) * kTile + run + 32 * i : step * kStep + t / 16 + 16 * i;
        int unit = Turned ? int(term % kPanel) : t % 16 * 4;
        to.right[i] = load_four(a.w + panel.offset + input * panel.width + unit,
                                input < a.inputs && unit < panel.width);
    }
    return to;
}

__device__ inline float activated(Activation f, float z, float slope) {
    switch (f) {
    case Activation::relu:
        return activate<Activation::relu>(z, slope);
    case Activation::leaky_relu:
        return activate<Activation::leaky_relu>(z, slope);
    case Activation::elu:
        return activate<Activation::elu>(z, slope);
    case Activation::gelu:
        return activate<Activation::gelu>(z, slope);
    case Activation::selu:
        return activate<Activation::selu>(z, slope);
    case Activation::tanh:
        return activate<Activation::tanh>(z, slope);
    case Activation::sigmoid:
        return activate<Activation::sigmoid>(z, slope);
    case Activation::softplus:
        return activate<Activation::softplus>(z, slope);
    case Activation::exp:
        return activate<Activation::exp>(z, slope);
    default:
        return z;
    }
}

template <class P, int R, bool Turned>
struct alignas(32) Tiles { // two of each factor: the present one, and the next
    static constexpr int kRun = kStep / 4 + P::kRunPad, kLine = kTile / 4 + P::kLinePad;
    FourFactors<P> left[2][16 * R][kRun];
    FourFactors<P> right[2][Turned ? kTile : kStep][Turned ? kRun : kLine];
};

// Where a thread has the value j of its Four i in a tile, in the rows of 64 values.
template <bool Turned>
__device__ inline int place(int i, int j) {
    int tx = threadIdx.x % 16, ty = threadIdx.x / 16;
    return (ty + 16 * i) * kTile + (Turned ? tx + 16 * j : 4 * tx + j);
}

// The sums of a tile. A part of them is summed up for itself.
template <class P, int R, bool Turned>
class Sums {
  public:
    __device__ void add(const Tiles<P, R, Turned> &from, int b) {
        using T = Tiles<P, R, Turned>;
        sums_.add(from.left[b][0][0].v, 4 * T::kRun, from.right[b][0][0].v,
                  4 * (Turned ? T::kRun : T::kLine));
    }
    __device__ void end_part() { sums_.end_part(); }
    // z: shared memory for the tile.
    __device__ void take(Four (&sum)[R], float *z) const {
        sums_.store(z);
        for (int i = 0; i < R; i++)
            for (int j = 0; j < 4; j++)
                sum[i].v[j] = z[place<Turned>(i, j)];
    }

  private:
    TensorSums<P, R, false, Turned> sums_;
};
template <int R, bool Turned>
class Sums<Float32, R, Turned> { // a thread: four columns of R rows
  public:
    __device__ void add(const Tiles<Float32, R, Turned> &from, int b) {
        int tx = threadIdx.x % 16, ty = threadIdx.x / 16;
#pragma unroll
        for (int k = 0; k < kStep / 4; k++) {
            FourFactors<Float32> l[R], r[4];
            for (int i = 0; i < R; i++)
                l[i] = from.left[b][ty + 16 * i][k];
            for (int i = 0; i < 4; i++)
                r[i] = Turned ? from.right[b][tx + 16 * i][k] : from.right[b][4 * k + i][tx];
            for (int m = 0; m < 4; m++)
                for (int i = 0; i < R; i++)
                    for (int j = 0; j < 4; j++)
                        part_[i].v[j] += l[i].v[m] * (Turned ? r[j].v[m] : r[m].v[j]);
        }
    }
    __device__ void end_part() {
        for (int i = 0; i < R; i++)
            for (int j = 0; j < 4; j++)
                sum_[i].v[j] += part_[i].v[j], part_[i].v[j] = 0;
    }
    __device__ void take(Four (&sum)[R], float *) const {
        for (int i = 0; i < R; i++)
            sum[i] = sum_[i];
    }

  private:
    Four part_[R] = {}, sum_[R] = {};
};

template <class P, int R, bool Turned>
__global__ void product(const ProductArguments *arguments) {
    __shared__ Tiles<P, R, Turned> tiles;
    const ProductArguments a = *arguments;
    int t = threadIdx.x;

    auto store = [&](const Fetched<R> &from, int64_t step) {
        int b = int(step & 1);
        for (int i = 0; i < (R + 1) / 2; i++)
            if (t / 8 + 32 * i < 16 * R)
                tiles.left[b][t / 8 + 32 * i][t % 8] = rounded<P>(from.left[i]);
        for (int i = 0; i < 2; i++)
            if (Turned)
                tiles.right[b][t / 8 + 32 * i][t % 8] = rounded<P>(from.right[i]);
            else
                tiles.right[b][t / 16 + 16 * i][t % 16] = rounded<P>(from.right[i]);
    };

    Sums<P, R, Turned> sums;
    int64_t step = blockIdx.z * a.part_size, end = a.partial ? step + a.part_size : a.steps;
    end = end < a.steps ? end : a.steps;
    int64_t until = step + a.part_size; // end of the part
    if (step < end)
        store(fetch<R, Turned>(a, step), step);
    __syncthreads();
    for (; step < end; step++) {
        Fetched<R> next;
        if (step + 1 < end)
            next = fetch<R, Turned>(a, step + 1);
        sums.add(tiles, int(step & 1));
        if (step + 1 < end)
            store(next, step + 1);
        __syncthreads();
        if (step + 1 == until || step + 1 == end) {
            until += a.part_size;
            sums.end_part();
        }
    }
    float *z = reinterpret_cast<float *>(&tiles);
    static_assert(sizeof tiles >= 16 * R * kTile * sizeof(float), "room for the tile");
    Four sum[R];
    sums.take(sum, z);
    if (a.partial) {
        int64_t tile = int64_t(blockIdx.y) * gridDim.x + blockIdx.x;
        if (!join_parts(sum, blockIdx.z, a.parts, a.partial + tile * a.parts * R * kThreads,
                        a.counters + tile))
            return;
    }

    // Through shared memory, so that neighbouring threads write neighbouring columns, and the formulas are
    // there once.
    for (int i = 0; i < R; i++)
        for (int j = 0; j < 4; j++)
            z[place<Turned>(i, j)] = sum[i].v[j];
    __syncthreads();
    int64_t column = int64_t(blockIdx.y) * kTile + t % kTile;
    bool there = column < a.y.cols;
    float shift = a.bias && there ? a.bias[column] : 0;
    if (column >= (a.y.cols + kLane - 1) / kLane * kLane)
        return;
#pragma unroll 1
    for (int r = t / kTile; r < 16 * R; r += kThreads / kTile) {
        int64_t row = int64_t(blockIdx.x) * (16 * R) + r;
        if (row >= a.y.rows)
            return;
        float *to = global(a.y.data) + row * a.y.ld + column, v = z[r * kTile + t % kTile];
        if (a.accumulate)
            v = *to + v;
        *to = there ? activated(a.f, v + shift, a.slope) : 0;
    }
}

template <int R, bool Turned>
void launch_product(Queue &q, const ProductArguments &a, unsigned tiles) {
    Grid grid{blocks(a.y.rows, 16 * R), tiles, a.partial ? a.parts : 1};
    with_precision(q.precision(),
                   [&](auto p) { q.launch(product<decltype(p), R, Turned>, grid, kThreads, a); });
}

template <bool Turned>
void run_product(Queue &q, const Operand<float> &x, const Weights<float> &w, const float *bias, Activation f,
                 float slope, bool accumulate, const Matrix<float> &y) {
    if (y.rows == 0 || y.cols == 0)
        return;
    int64_t depth = Turned ? w.shape.units : w.shape.inputs, tiles = blocks(y.cols, kTile);
    int64_t steps = blocks(depth, kStep), most = std::clamp<int64_t>(kWantedTiles / tiles, 1, kMaxParts);
    Parts parts(steps, std::clamp<int64_t>(steps / kPartSteps, 1, most));
    bool split = parts.n > 1 && y.rows <= kFewRows;
    int64_t each = tiles * (split ? parts.n : 1);
    int rows = 4;
    while (rows > 1 && blocks(y.rows, 16 * rows) * each < kWantedBlocks)
        rows /= 2;
    ProductArguments a{};
    a.x = dense_rows(q, x), a.depth = padded(depth), a.y = y;
    a.w = w.data, a.inputs = w.shape.inputs, a.padded_units = padded(w.shape.units);
    a.bias = bias, a.f = f, a.slope = slope, a.accumulate = accumulate;
    a.steps = parts.steps, a.part_size = parts.size, a.parts = parts.n;
    if (split) {
        int64_t row_tiles = blocks(y.rows, 16 * rows);
        a.partial = q.scratch<Four>(row_tiles * each * rows * kThreads);
        a.counters = q.counters(row_tiles * tiles);
    }
    if (rows == 4)
        launch_product<4, Turned>(q, a, unsigned(tiles));
    else if (rows == 2)
        launch_product<2, Turned>(q, a, unsigned(tiles));
    else
        launch_product<1, Turned>(q, a, unsigned(tiles));
}

void multiply(void *self, const Operand<float> &x, const Weights<float> &w, const float *bias, Activation f,
              float slope, bool accumulate, const Matrix<float> &y) {
    Queue &q = queue_of(self);
    if (!q.failed())
        run_product<false>(q, x, w, bias, f, slope, accumulate, y);
}

void multiply_transposed(void *self, const Matrix<float> &y, const Weights<float> &w, const float *bias,
                         Activation f, float slope, bool accumulate, const Matrix<float> &x) {
    Queue &q = queue_of(self);
    if (!q.failed())
        run_product<true>(q, y, w, bias, f, slope, accumulate, x);
}

} // namespace

void add_cuda_products(Backend<float> &table) {
    table.multiply = multiply;
    table.multiply_transposed = multiply_transposed;
}

} // namespace aesop
