// Activations, softmax, batch normalisation and sums of matrices.
#include "../core/activation.h"
#include "elements.h"
#include "operations.h"

namespace aesop {
namespace {

using M = Matrix<float>;

struct ActivationTask {
    Tiles tiles;
    M z, y, dy;
    float slope;
};

template <Activation A>
__global__ void activate_kernel(const ActivationTask *task) {
    const ActivationTask a = *task;
    int64_t r, c;
    if (place(a.tiles, blockIdx.x, r, c))
        a.y.at(r, c) = aesop::activate<A>(a.z.at(r, c), a.slope);
}
void activate(void *self, Activation f, float slope, const M &z, const M &y) {
    Queue &q = queue_of(self);
    if (q.failed() || (f == Activation::linear && z.data == y.data))
        return;
    ActivationTask task{tiles_of(z.rows, z.cols), z, y, M(), slope};
    with_activation(f, [&](auto tag) { launch_tiles(q, activate_kernel<decltype(tag)::value>, task); });
}

template <Activation A>
__global__ void activation_gradient_kernel(const ActivationTask *task) {
    const ActivationTask a = *task;
    int64_t r, c;
    if (place(a.tiles, blockIdx.x, r, c)) {
        float z = a.z.data ? a.z.at(r, c) : 0.0f;
        a.dy.at(r, c) *= activation_slope<A>(z, a.y.at(r, c), a.slope);
    }
}
void activation_gradient(void *self, Activation f, float slope, const M &z, const M &y, const M &dy) {
    Queue &q = queue_of(self);
    if (q.failed() || f == Activation::linear)
        return;
    ActivationTask task{tiles_of(y.rows, y.cols), needs_input(f) ? z : M(), y, dy, slope};
    with_activation(
        f, [&](auto tag) { launch_tiles(q, activation_gradient_kernel<decltype(tag)::value>, task); });
}

struct AddTask {
    Tiles tiles;
    M x, y;
    float factor;
};

__global__ void add_kernel(const AddTask *task) {
    const AddTask a = *task;
    int64_t r, c;
    if (place(a.tiles, blockIdx.x, r, c))
        a.y.at(r, c) += a.factor * a.x.at(r, c);
}
void add(void *self, float factor, const M &x, const M &y) {
    Queue &q = queue_of(self);
    if (!q.failed())
        launch_tiles(q, add_kernel, AddTask{tiles_of(x.rows, x.cols), x, y, factor});
}

struct SoftmaxTask {
    M y, dy;
};

// A block per row: the largest value, the sum, the shares.
__global__ void softmax_kernel(const SoftmaxTask *task) {
    __shared__ float tops[kThreads];
    const M y = task->y;
    float *row = y.row(blockIdx.x);
    float top = row[0];
    for (int64_t c = threadIdx.x; c < y.cols; c += kThreads)
        top = max_of(row[c], top);
    tops[threadIdx.x] = top;
    __syncthreads();
    for (int i = 0; i < kThreads; i++)
        top = max_of(tops[i], top);
    double sum = 0;
    for (int64_t c = threadIdx.x; c < y.cols; c += kThreads) {
        float e = exp_of(row[c] - top);
        row[c] = e;
        sum += double(e);
    }
    float factor = float(1 / sum_block(sum));
    for (int64_t c = threadIdx.x; c < y.cols; c += kThreads)
        row[c] *= factor;
}
void softmax(void *self, const M &y) {
    Queue &q = queue_of(self);
    if (!q.failed() && y.rows > 0 && y.cols > 0)
        q.launch(softmax_kernel, Grid{unsigned(y.rows)}, kThreads, SoftmaxTask{y, M()});
}

__global__ void softmax_gradient_kernel(const SoftmaxTask *task) { // dz = y (dy - sum y dy)
    const SoftmaxTask a = *task;
    const float *y = a.y.row(blockIdx.x);
    float *g = a.dy.row(blockIdx.x);
    double sum = 0;
    for (int64_t c = threadIdx.x; c < a.y.cols; c += kThreads)
        sum += double(y[c]) * double(g[c]);
    float total = float(sum_block(sum));
    for (int64_t c = threadIdx.x; c < a.y.cols; c += kThreads)
        g[c] = y[c] * (g[c] - total);
}
void softmax_gradient(void *self, const M &y, const M &dy) {
    Queue &q = queue_of(self);
    if (!q.failed() && y.rows > 0 && y.cols > 0)
        q.launch(softmax_gradient_kernel, Grid{unsigned(y.rows)}, kThreads, SoftmaxTask{y, dy});
}

// Ioffe and Szegedy 2015; the batch variance is the biased one, as in Keras.
struct NormTask {
    BatchNorm<float> a;
    Tiles tiles; // without training
    M dy;
    float *gamma_gradient, *beta_gradient;
};

// Columns beyond the last one take part with zeros, so that all threads meet.
__global__ void batch_norm_kernel(const NormTask *task) {
    const BatchNorm<float> a = task->a;
    int64_t c = int64_t(blockIdx.x) * kAcross + threadIdx.x % kAcross, first = threadIdx.x / kAcross;
    int64_t rows = c < a.x.cols ? a.x.rows : 0;
    float n = float(a.x.rows), sum = 0, squares = 0;
    for (int64_t r = first; r < rows; r += kDown)
        sum += a.x.at(r, c);
    float mean = sum_down(sum) / n;
    for (int64_t r = first; r < rows; r += kDown) {
        float d = a.x.at(r, c) - mean;
        squares += d * d;
    }
    float variance = sum_down(squares) / n;
    if (rows == 0)
        return;
    float inverse = 1 / sqrt_of(variance + a.epsilon), gamma = a.gamma[c], beta = a.beta[c];
    if (first == 0) {
        a.mean[c] = mean, a.inverse[c] = inverse;
        a.running_mean[c] = a.momentum * a.running_mean[c] + (1 - a.momentum) * mean;
        a.running_variance[c] = a.momentum * a.running_variance[c] + (1 - a.momentum) * variance;
    }
    for (int64_t r = first; r < rows; r += kDown)
        a.y.at(r, c) = (a.x.at(r, c) - mean) * inverse * gamma + beta;
}
__global__ void batch_norm_known_kernel(const NormTask *task) {
    const BatchNorm<float> a = task->a;
    int64_t r, c;
    if (!place(task->tiles, blockIdx.x, r, c))
        return;
    float mean = a.running_mean[c], inverse = 1 / sqrt_of(a.running_variance[c] + a.epsilon);
    if (r == 0)
        a.mean[c] = mean, a.inverse[c] = inverse;
    a.y.at(r, c) = (a.x.at(r, c) - mean) * inverse * a.gamma[c] + a.beta[c];
}
void batch_norm(void *self, const BatchNorm<float> &a) {
    Queue &q = queue_of(self);
    if (q.failed() || a.x.rows == 0 || a.x.cols == 0)
        return;
    NormTask task{a, tiles_of(a.x.rows, a.x.cols), M(), nullptr, nullptr};
    if (a.training)
        q.launch(batch_norm_kernel, Grid{blocks(a.x.cols, kAcross)}, kThreads, task);
    else
        launch_tiles(q, batch_norm_known_kernel, task);
}

__global__ void batch_norm_gradient_kernel(const NormTask *task) {
    const NormTask t = *task;
    const BatchNorm<float> &a = t.a;
    int64_t c = int64_t(blockIdx.x) * kAcross + threadIdx.x % kAcross, first = threadIdx.x / kAcross;
    bool inside = c < a.x.cols;
    int64_t rows = inside ? a.x.rows : 0;
    float mean = inside ? a.mean[c] : 0.0f, inverse = inside ? a.inverse[c] : 0.0f, n = float(a.x.rows);
    float sum = 0, product = 0; // of dy and of dy times the normalised input
    for (int64_t r = first; r < rows; r += kDown) {
        float d = t.dy.at(r, c);
        sum += d;
        product += d * ((a.x.at(r, c) - mean) * inverse);
    }
    sum = sum_down(sum), product = sum_down(product);
    if (first == 0 && c < padded(a.x.cols))
        t.gamma_gradient[c] = product, t.beta_gradient[c] = sum;
    float scale = inside ? a.gamma[c] * inverse : 0.0f;
    for (int64_t r = first; r < rows; r += kDown) {
        float normal = (a.x.at(r, c) - mean) * inverse;
        float through = a.training ? (sum + normal * product) / n : 0.0f; // the batch's moments
        t.dy.at(r, c) = scale * (t.dy.at(r, c) - through);
    }
}
void batch_norm_gradient(void *self, const BatchNorm<float> &a, const M &dy, float *gamma_gradient,
                         float *beta_gradient) {
    Queue &q = queue_of(self);
    if (!q.failed() && a.x.cols > 0)
        q.launch(batch_norm_gradient_kernel, Grid{blocks(a.x.cols, kAcross)}, kThreads,
                 NormTask{a, Tiles(), dy, gamma_gradient, beta_gradient});
}

} // namespace

void add_cuda_elementwise(Backend<float> &table) {
    table.activate = activate;
    table.activation_gradient = activation_gradient;
    table.softmax = softmax;
    table.softmax_gradient = softmax_gradient;
    table.batch_norm = batch_norm;
    table.batch_norm_gradient = batch_norm_gradient;
    table.add = add;
}

} // namespace aesop
