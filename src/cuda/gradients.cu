// dW = x' dy, kept, or handed to the optimiser from registers: each weight and its moments are touched once.
// A block computes 64 inputs x 64 units of a panel, each thread 4 x 4 of them, as sums over the rows in
// ascending order. With few weights and many rows (convolutions) the rows are cut into parts, of which the
// last block adds up the sums.
#include "operations.h"
#include "precision.h"

namespace aesop {
namespace {

constexpr int kMaxProducts = 2;        // uses of a tied weight
constexpr int64_t kPartSteps = 8;      // of a part, at least: 256 rows
constexpr int64_t kWantedBlocks = 256; // fill a large device

struct Rows { // of one product
    Matrix<float> x, dy;
    int64_t width; // columns of x that can be read
    int64_t end;   // of its steps
};
struct GradientArguments {
    Rows products[kMaxProducts];
    int64_t inputs, padded_units;
    float *out; // of the gradient, or the weights
    Moments<float> moments;
    UpdateRule rule;
    int64_t steps, part_size;
    unsigned parts;
    Four *partial; // null: one part
    unsigned *counters;
};

// What a thread brings from device memory in one step: rows of x and dy, 16 threads a row.
struct Fetched {
    Four x[2], dy[2];
};
__device__ inline Fetched fetch(const GradientArguments &a, int64_t step) {
    Fetched to;
    bool second = step >= a.products[0].end;
    const Rows &p = a.products[second];
    int t = threadIdx.x;
    int64_t input = int64_t(blockIdx.x) * kTile + t % 16 * 4,
            unit = int64_t(blockIdx.y) * kPanel + t % 16 * 4;
    for (int i = 0; i < 2; i++) {
        int64_t row = (step - (second ? a.products[0].end : 0)) * kStep + t / 16 + 16 * i;
        bool there = row < p.dy.rows;
        to.x[i] = load_four(p.x.data + row * p.x.ld + input, there && input < p.width);
        to.dy[i] = load_four(p.dy.data + row * p.dy.ld + unit, there && unit < a.padded_units);
    }
    return to;
}

// One step of the optimiser on four neighbouring weights.
template <OptimizerKind K>
__device__ inline void update_four(const UpdateRule &rule, const Four &g, float *w, float *first,
                                   float *second) {
    Four x = load_four(w, true), m = load_four(first, first), v = load_four(second, second);
    for (int j = 0; j < 4; j++)
        update_weight<K>(rule, g.v[j], x.v[j], m.v[j], v.v[j]);
    store_four(w, x);
    if (first)
        store_four(first, m);
    if (second)
        store_four(second, v);
}

struct Keep { // a gradient that is wanted itself
    __device__ static void use(const GradientArguments &a, const Four (&g)[4], int64_t at, int width, int n) {
        for (int i = 0; i < 4; i++)
            if (i < n)
                store_four(a.out + at + i * width, g[i]);
    }
};
struct Update {
    __device__ static void use(const GradientArguments &a, const Four (&g)[4], int64_t at, int width, int n) {
        const KnownRule r = known(a.rule);
        if (!r.update)
            return;
        const Moments<float> &m = a.moments;
        with_optimizer(r.rule.kind, [&](auto kind) {
            for (int i = 0; i < 4; i++)
                if (i < n) {
                    int64_t here = at + i * width;
                    update_four<decltype(kind)::value>(r.rule, g[i], a.out + here,
                                                       m.first ? m.first + here : nullptr,
                                                       m.second ? m.second + here : nullptr);
                }
        });
    }
};

template <class P>
struct alignas(32) Tiles { // two of each factor: the present one, and the next
    static constexpr int kLine = kTile / 4 + P::kLinePad;
    FourFactors<P> x[2][kStep][kLine], dy[2][kStep][kLine];
};

// The sums of a tile: take() gives a thread the rows 4 ty + i and the columns 4 tx + j.
template <class P>
class Sums {
  public:
    __device__ void add(const Tiles<P> &from, int b) {
        constexpr int ld = 4 * Tiles<P>::kLine;
        sums_.add(from.x[b][0][0].v, ld, from.dy[b][0][0].v, ld);
    }
    // z: shared memory for the tile.
    __device__ void take(Four (&sum)[4], float *z) {
        sums_.end_part();
        sums_.store(z);
        int tx = threadIdx.x % 16, ty = threadIdx.x / 16;
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++)
                sum[i].v[j] = z[(4 * ty + i) * kTile + 4 * tx + j];
    }

  private:
    TensorSums<P, 4, true, false> sums_;
};
template <>
class Sums<Float32> {
  public:
    __device__ void add(const Tiles<Float32> &from, int b) {
        int tx = threadIdx.x % 16, ty = threadIdx.x / 16;
#pragma unroll 8
        for (int k = 0; k < kStep; k++) {
            FourFactors<Float32> l = from.x[b][k][ty], r = from.dy[b][k][tx];
            for (int i = 0; i < 4; i++)
                for (int j = 0; j < 4; j++)
                    sum_[i].v[j] += l.v[i] * r.v[j];
        }
    }
    __device__ void take(Four (&sum)[4], float *) {
        for (int i = 0; i < 4; i++)
            sum[i] = sum_[i];
    }

  private:
    Four sum_[4] = {};
};

template <class P, class Use>
__global__ void gradient(const GradientArguments *arguments) {
    __shared__ Tiles<P> tiles;
    const GradientArguments &a = *arguments;
    int t = threadIdx.x, tx = t % 16, ty = t / 16;

    auto store = [&](const Fetched &from, int64_t step) {
        for (int i = 0; i < 2; i++) {
            tiles.x[step & 1][t / 16 + 16 * i][t % 16] = rounded<P>(from.x[i]);
            tiles.dy[step & 1][t / 16 + 16 * i][t % 16] = rounded<P>(from.dy[i]);
        }
    };
    Sums<P> sums;
    int64_t step = blockIdx.z * a.part_size, end = step + a.part_size;
    end = end < a.steps ? end : a.steps;
    if (step < end)
        store(fetch(a, step), step);
    __syncthreads();
    for (; step < end; step++) {
        Fetched next;
        if (step + 1 < end)
            next = fetch(a, step + 1);
        sums.add(tiles, int(step & 1));
        if (step + 1 < end)
            store(next, step + 1);
        __syncthreads();
    }
    Four sum[4];
    static_assert(sizeof tiles >= kTile * kTile * sizeof(float), "room for the tile");
    sums.take(sum, reinterpret_cast<float *>(&tiles));
    if (a.partial) {
        int64_t tile = int64_t(blockIdx.y) * gridDim.x + blockIdx.x;
        if (!join_parts(sum, blockIdx.z, a.parts, a.partial + tile * a.parts * 4 * kThreads,
                        a.counters + tile))
            return;
    }
    Panel panel = panel_of(blockIdx.y, a.inputs, a.padded_units);
    int64_t input = int64_t(blockIdx.x) * kTile + 4 * ty, left = a.inputs - input;
    if (4 * tx < panel.width && left > 0)
        Use::use(a, sum, panel.offset + input * panel.width + 4 * tx, panel.width, left < 4 ? int(left) : 4);
}

template <class Use>
void run_gradient(Queue &q, const Product<float> *products, int n, const Weights<float> &w,
                  const Moments<float> &moments, const UpdateRule &rule) {
    const PanelShape &s = w.shape;
    if (s.inputs == 0 || s.units == 0)
        return;
    GradientArguments a{};
    for (int i = 0; i < n; i++) {
        const Product<float> &p = products[i];
        a.steps += blocks(p.dy.rows, kStep);
        a.products[i] = {dense_rows(q, p.x), p.dy, padded(p.x.cols()), a.steps};
    }
    Grid grid{blocks(s.inputs, kTile), blocks(s.units, kPanel)};
    int64_t tiles = int64_t(grid.x) * grid.y;
    Parts parts(a.steps, std::min(a.steps / kPartSteps, kWantedBlocks / tiles));
    if (parts.n > 1) {
        a.partial = q.scratch<Four>(tiles * parts.n * 4 * kThreads);
        a.counters = q.counters(tiles);
    }
    a.inputs = s.inputs, a.padded_units = padded(s.units), a.out = w.data, a.moments = moments, a.rule = rule;
    a.part_size = parts.size, a.parts = grid.z = parts.n;
    with_precision(q.precision(), [&](auto p) { q.launch(gradient<decltype(p), Use>, grid, kThreads, a); });
}

void weight_gradient(void *self, const Product<float> *products, int n, const Weights<float> &dw) {
    Queue &q = queue_of(self);
    if (!q.failed())
        run_gradient<Keep>(q, products, n, dw, {}, UpdateRule());
}

void update_weights(void *self, const Product<float> *products, int n, const Weights<float> &w,
                    const Moments<float> &moments, const UpdateRule &rule) {
    Queue &q = queue_of(self);
    if (!q.failed())
        run_gradient<Update>(q, products, n, w, moments, rule);
}

struct ValuesArguments {
    const float *gradient;
    float *w;
    Moments<float> moments;
    int64_t n;
    UpdateRule rule;
};
constexpr int kEach = 8; // values of a thread: the rule is worked out once for them

__global__ void update_each(const ValuesArguments *arguments) {
    const ValuesArguments a = *arguments;
    const KnownRule r = known(a.rule);
    if (!r.update)
        return;
    int64_t i = int64_t(blockIdx.x) * (kThreads * kEach) + threadIdx.x;
    with_optimizer(r.rule.kind, [&](auto kind) {
        for (int k = 0; k < kEach && i < a.n; k++, i += kThreads) {
            float w = a.w[i], m = a.moments.first ? a.moments.first[i] : 0,
                  v = a.moments.second ? a.moments.second[i] : 0;
            update_weight<decltype(kind)::value>(r.rule, a.gradient[i], w, m, v);
            a.w[i] = w;
            if (a.moments.first)
                a.moments.first[i] = m;
            if (a.moments.second)
                a.moments.second[i] = v;
        }
    });
}

void update_values(void *self, const float *gradient, float *w, const Moments<float> &moments, int64_t n,
                   const UpdateRule &rule) {
    Queue &q = queue_of(self);
    if (q.failed() || n == 0)
        return;
    q.launch(update_each, Grid{blocks(n, kThreads * kEach)}, kThreads,
             ValuesArguments{gradient, w, moments, n, rule});
}

// A block: 32 columns and 8 runs of rows, side by side; then the sums of the runs in order, and with many
// rows those of the blocks.
constexpr int kColumns = 32, kRuns = kThreads / kColumns;
constexpr int64_t kRunRows = 64; // of a run; more where blocks would be too many
constexpr unsigned kMostParts = 65535;

struct ColumnArguments {
    Matrix<float> x;
    float *sums;
    int64_t run; // rows of a run
    unsigned parts;
    float *partial; // parts x columns, a multiple of 32 of them
    unsigned *counters;
};
__global__ void sum_columns(const ColumnArguments *arguments) {
    __shared__ float runs[kRuns][kColumns];
    __shared__ bool last;
    const ColumnArguments a = *arguments;
    int column = threadIdx.x % kColumns, run = threadIdx.x / kColumns;
    int64_t c = int64_t(blockIdx.x) * kColumns + column;
    int64_t r = (int64_t(blockIdx.y) * kRuns + run) * a.run, end = r + a.run;
    end = end < a.x.rows ? end : a.x.rows;
    float sum = 0;
    if (c < a.x.cols)
#pragma unroll 8
        for (; r < end; r++)
            sum += global(a.x.data)[r * a.x.ld + c];
    runs[run][column] = sum;
    __syncthreads();
    int64_t width = int64_t(gridDim.x) * kColumns;
    bool written = c < (a.x.cols + kLane - 1) / kLane * kLane;
    if (run == 0) {
        for (int i = 1; i < kRuns; i++)
            sum += runs[i][column];
        if (a.parts > 1)
            a.partial[blockIdx.y * width + c] = sum;
        else if (written)
            a.sums[c] = sum;
    }
    if (a.parts == 1)
        return;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
        last = atomicAdd(a.counters + blockIdx.x, 1u) + 1 == a.parts;
        if (last)
            a.counters[blockIdx.x] = 0;
    }
    __syncthreads();
    if (!last || run > 0 || !written)
        return;
    __threadfence();
    sum = 0;
#pragma unroll 8
    for (unsigned i = 0; i < a.parts; i++)
        sum += a.partial[i * width + c];
    a.sums[c] = sum;
}

void column_sums(void *self, const Matrix<float> &x, float *sums) {
    Queue &q = queue_of(self);
    if (q.failed() || x.cols == 0)
        return;
    Grid grid{blocks(x.cols, kColumns), std::clamp(blocks(x.rows, kRuns * kRunRows), 1u, kMostParts)};
    ColumnArguments a{x, sums, (x.rows + kRuns * grid.y - 1) / (kRuns * grid.y), grid.y, nullptr, nullptr};
    if (grid.y > 1) {
        a.partial = q.scratch<float>(int64_t(grid.y) * grid.x * kColumns);
        a.counters = q.counters(grid.x);
    }
    q.launch(sum_columns, grid, kThreads, a);
}

} // namespace

void add_cuda_gradients(Backend<float> &table) {
    table.weight_gradient = weight_gradient;
    table.update_weights = update_weights;
    table.update_values = update_values;
    table.column_sums = column_sums;
}

} // namespace aesop
