// Sums over weights and activations, and the penalties made of them.
#include "../core/activation.h"
#include "elements.h"
#include "operations.h"

namespace aesop {
namespace {

using M = Matrix<float>;

__device__ float sign_of(float x) {
    return x > 0 ? 1.0f : x < 0 ? -1.0f : 0.0f;
}

struct ValuesTask {
    Tiles tiles; // of one row
    TileSum sum;
    const float *x;
    double l1, l2;
    const double *numbers;
    float *gradient;
};

__global__ void sum_kernel(const ValuesTask *task) {
    const ValuesTask a = *task;
    sum_tiles(a.tiles, a.sum, [&](int64_t, int64_t i) { return a.numbers[i]; });
}
__global__ void squared_norm_kernel(const ValuesTask *task) {
    const ValuesTask a = *task;
    sum_tiles(a.tiles, a.sum, [&](int64_t, int64_t i) {
        double x = double(a.x[i]);
        return x * x;
    });
}
__global__ void penalty_kernel(const ValuesTask *task) {
    const ValuesTask a = *task;
    sum_tiles(a.tiles, a.sum, [&](int64_t, int64_t i) {
        double w = double(a.x[i]);
        return a.l1 * abs_of(w) + a.l2 * w * w;
    });
}
void sum_values(void *self, void (*kernel)(const ValuesTask *), int64_t n, ValuesTask task, const Sum &s) {
    Queue &q = queue_of(self);
    if (q.failed() || n == 0 || !s.value)
        return;
    task.tiles = tiles_of(1, n);
    unsigned count = sum_blocks(task.tiles);
    task.sum = tile_sum(q, count, s.value, s.factor);
    q.launch(kernel, Grid{count}, kThreads, task);
}
void sum(void *self, const double *x, int64_t n, const Sum &s) {
    ValuesTask task{};
    task.numbers = x;
    sum_values(self, sum_kernel, n, task, s);
}
void squared_norm(void *self, const float *x, int64_t n, const Sum &s) {
    ValuesTask task{};
    task.x = x;
    sum_values(self, squared_norm_kernel, n, task, s);
}
void penalty(void *self, const float *w, int64_t n, double l1, double l2, const Sum &s) {
    ValuesTask task{};
    task.x = w, task.l1 = l1, task.l2 = l2;
    sum_values(self, penalty_kernel, n, task, s);
}

__global__ void penalty_gradient_kernel(const ValuesTask *task) {
    const ValuesTask a = *task;
    int64_t row, i;
    if (place(a.tiles, blockIdx.x, row, i))
        a.gradient[i] += float(a.l1) * sign_of(a.x[i]) + float(2 * a.l2) * a.x[i];
}
void add_penalty_gradient(void *self, float *g, const float *w, int64_t n, double l1, double l2) {
    Queue &q = queue_of(self);
    ValuesTask task{};
    task.tiles = tiles_of(1, n), task.x = w, task.gradient = g, task.l1 = l1, task.l2 = l2;
    if (!q.failed())
        launch_tiles(q, penalty_gradient_kernel, task);
}

struct ActivityTask {
    Tiles tiles;
    TileSum sum;
    M h, dh;
    float factor;
};

__global__ void activity_l1_kernel(const ActivityTask *task) {
    const ActivityTask a = *task;
    sum_tiles(a.tiles, a.sum, [&](int64_t r, int64_t c) {
        float h = a.h.at(r, c);
        if (a.dh.data)
            a.dh.at(r, c) += a.factor * sign_of(h);
        return double(abs_of(h));
    });
}
void activity_l1(void *self, const M &h, float factor, const M &dh, const Sum &s) {
    Queue &q = queue_of(self);
    Tiles tiles = tiles_of(h.rows, h.cols);
    unsigned n = sum_blocks(tiles);
    if (!q.failed() && n > 0 && (s.value || dh.data))
        q.launch(activity_l1_kernel, Grid{n}, kThreads,
                 ActivityTask{tiles, tile_sum(q, n, s.value, s.factor), h, dh, factor});
}

// Ng 2011, "Sparse autoencoder" (CS294A lecture notes).
struct SparsityTask {
    M h, dh;
    float rho, factor;
    TileSum sum;
};

__global__ void sparsity_kernel(const SparsityTask *task) {
    const SparsityTask a = *task;
    int64_t c = int64_t(blockIdx.x) * kAcross + threadIdx.x % kAcross, first = threadIdx.x / kAcross;
    int64_t rows = c < a.h.cols ? a.h.rows : 0;
    double mine = 0, n = double(a.h.rows), p = double(a.rho);
    for (int64_t r = first; r < rows; r += kDown)
        mine += double(a.h.at(r, c));
    double mean = sum_down(mine) / n, kept = min_of(max_of(mean, 1e-6), 1 - 1e-6);
    if (a.dh.data && kept == mean) {
        float slope = float(double(a.factor) * ((1 - p) / (1 - kept) - p / kept) / n);
        for (int64_t r = first; r < rows; r += kDown)
            a.dh.at(r, c) += slope;
    }
    bool counts = first == 0 && c < a.h.cols;
    finish_sum(a.sum, counts ? p * log_of(p / kept) + (1 - p) * log_of((1 - p) / (1 - kept)) : 0);
}
void sparsity(void *self, const M &h, float rho, float factor, const M &dh, const Sum &s) {
    Queue &q = queue_of(self);
    unsigned n = blocks(h.cols, kAcross);
    if (!q.failed() && n > 0 && (s.value || dh.data))
        q.launch(sparsity_kernel, Grid{n}, kThreads,
                 SparsityTask{h, dh, rho, factor, tile_sum(q, n, s.value, s.factor)});
}

// Rifai et al. 2011, "Contractive auto-encoders". The squares of the slopes of each unit; then one pass over
// the weights for the squares of each unit's weights, dw and the penalty; then dy.
struct ContractionTask {
    Tiles tiles;
    M y, dy;
    float slope, factor;
    float *slopes; // by unit: sum over the rows of f'^2
    PanelShape shape;
    const float *w;
    float *dw;
    unsigned panels, ranges;            // a block has a range of the inputs of a panel
    double *squares;                    // [panel][range][unit]: sums of squares of weights
    double *weights;                    // by unit: their sums
    double *totals;                     // by panel
    unsigned *panel_counters, *counter; // of the panels, of all
    Sum sum;
};

constexpr int64_t kInputRange = 256;
constexpr int kUnitLanes = kThreads / kPanel;

template <Activation A>
__global__ void slope_squares_kernel(const ContractionTask *task) {
    const M y = task->y;
    float slope = task->slope, mine = 0;
    int64_t c = int64_t(blockIdx.x) * kAcross + threadIdx.x % kAcross, first = threadIdx.x / kAcross;
    if (c < y.cols)
        for (int64_t r = first; r < y.rows; r += kDown) {
            float s = activation_slope<A>(0.0f, y.at(r, c), slope);
            mine += s * s;
        }
    float sum = sum_down(mine);
    if (first == 0 && c < y.cols)
        task->slopes[c] = sum;
}

// The sum of the numbers of the threads of one unit, in order.
__device__ double sum_unit(double mine) {
    __shared__ double part[kThreads];
    __syncthreads();
    part[threadIdx.x] = mine;
    __syncthreads();
    double sum = part[threadIdx.x % kPanel];
    for (int i = 1; i < kUnitLanes; i++)
        sum += part[i * kPanel + threadIdx.x % kPanel];
    return sum;
}

__global__ void contraction_kernel(const ContractionTask *task) {
    const ContractionTask t = *task;
    int64_t p = blockIdx.x / t.ranges, range = blockIdx.x % t.ranges;
    int64_t lane = threadIdx.x / kPanel, j = threadIdx.x % kPanel, unit = p * kPanel + j;
    bool inside = unit < t.shape.units;
    float slopes = inside ? t.slopes[unit] : 0.0f, scale = 2 * t.factor * slopes, squares = 0;
    int64_t width = t.shape.width(p), at = t.shape.offset(p) + j;
    int64_t end = min_of((range + 1) * kInputRange, t.shape.inputs);
    for (int64_t i = range * kInputRange + lane; inside && i < end; i += kUnitLanes) {
        float w = t.w[at + i * width];
        squares += w * w;
        if (t.dw)
            t.dw[at + i * width] += scale * w;
    }
    double *parts = t.squares + p * t.ranges * kPanel + j, sum = sum_unit(double(squares));
    if (lane == 0)
        parts[range * kPanel] = sum;
    if (!is_last_block(t.panel_counters + p, t.ranges))
        return;
    sum = 0;
    for (int64_t r = lane; r < t.ranges; r += kUnitLanes)
        sum += fresh(parts + r * kPanel);
    sum = sum_unit(sum);
    if (lane == 0 && inside)
        t.weights[unit] = sum;
    if (!t.sum.value)
        return;
    sum = sum_block(lane == 0 ? sum * double(slopes) : 0);
    if (threadIdx.x == 0)
        t.totals[p] = sum;
    if (is_last_block(t.counter, t.panels))
        join_sum(t.totals, t.panels, t.sum.value, t.sum.factor);
}

template <Activation A>
__global__ void contraction_slope_kernel(const ContractionTask *task) {
    const ContractionTask t = *task;
    int64_t r, c;
    if (place(t.tiles, blockIdx.x, r, c))
        t.dy.at(r, c) += 2 * t.factor * activation_curvature<A>(t.y.at(r, c)) * float(t.weights[c]);
}

void contraction(void *self, Activation f, float slope, const M &y, const Weights<float> &w, float factor,
                 const M &dy, const Weights<float> &dw, const Sum &s) {
    Queue &q = queue_of(self);
    if (q.failed() || y.cols == 0 || !(s.value || dy.data || dw.data))
        return;
    ContractionTask t{};
    t.tiles = tiles_of(y.rows, y.cols);
    t.y = y, t.dy = dy, t.slope = slope, t.factor = factor;
    t.shape = w.shape, t.w = w.data, t.dw = dw.data, t.sum = s;
    t.panels = unsigned(w.shape.panels());
    t.ranges = w.shape.inputs > 0 ? blocks(w.shape.inputs, kInputRange) : 1;
    t.slopes = q.scratch<float>(y.cols), t.weights = q.scratch<double>(y.cols);
    t.squares = q.scratch<double>(int64_t(t.panels) * t.ranges * kPanel);
    t.totals = q.scratch<double>(t.panels);
    t.panel_counters = q.counters(t.panels), t.counter = q.counters(1);
    with_activation(f, [&](auto tag) {
        constexpr Activation kActivation = decltype(tag)::value;
        q.launch(slope_squares_kernel<kActivation>, Grid{blocks(y.cols, kAcross)}, kThreads, t);
        q.launch(contraction_kernel, Grid{t.panels * t.ranges}, kThreads, t);
        if (dy.data)
            launch_tiles(q, contraction_slope_kernel<kActivation>, t);
    });
}

} // namespace

void add_cuda_penalties(Backend<float> &table) {
    table.sum = sum;
    table.squared_norm = squared_norm;
    table.penalty = penalty;
    table.add_penalty_gradient = add_penalty_gradient;
    table.activity_l1 = activity_l1;
    table.sparsity = sparsity;
    table.contraction = contraction;
}

} // namespace aesop
