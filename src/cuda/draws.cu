// Noise, dropout, thinning and the variational bottleneck. The words of a draw serve four columns, which one
// thread takes together.
#include "../core/binomial.h"
#include "elements.h"
#include "operations.h"

namespace aesop {
namespace {

using M = Matrix<float>;
constexpr int kGroup = 4; // columns of a draw

Tiles group_tiles(const M &x) {
    return tiles_of(x.rows, (x.cols + kGroup - 1) / kGroup);
}

// f(column, place of its word) for the columns of a group.
template <class F>
__device__ void each_of_group(int64_t group, int64_t cols, F &&f) {
    for (int j = 0; j < kGroup; j++)
        if (group * kGroup + j < cols)
            f(group * kGroup + j, j);
}

struct DropoutTask {
    Tiles tiles;
    DrawKey key;
    const uint32_t *ids;
    uint64_t limit; // words below it are hits
    float factor;   // of what is kept
    M x;
};

__global__ void dropout_kernel(const DropoutTask *task) {
    const DropoutTask a = *task;
    int64_t r, group;
    if (!place(a.tiles, blockIdx.x, r, group))
        return;
    Words words = draw(a.key, a.ids[r], uint32_t(group));
    each_of_group(group, a.x.cols,
                  [&](int64_t c, int j) { a.x.at(r, c) *= words.w[j] >= a.limit ? a.factor : 0.0f; });
}
void dropout(void *self, const DrawKey &key, const uint32_t *ids, double p, const M &x) {
    Queue &q = queue_of(self);
    if (!q.failed())
        launch_tiles(
            q, dropout_kernel,
            DropoutTask{group_tiles(x), key, q.to_device(ids, x.rows), threshold(p), float(1 / (1 - p)), x});
}

struct CorruptTask {
    Tiles tiles;
    DrawKey key, second; // of the two words of each element
    const uint32_t *ids;
    uint64_t limit;
    float amount, low, high;
    M x, y;
};

// One element from its words.
template <NoiseKind K>
__device__ float corrupted(const CorruptTask &a, uint32_t word, uint32_t word2, int64_t r, int64_t c) {
    float v = a.x.at(r, c);
    bool hit = word < a.limit;
    if constexpr (K == NoiseKind::masking)
        return hit ? 0.0f : v;
    else if constexpr (K == NoiseKind::gaussian)
        return v + a.amount * float(normal(word, word2));
    else if constexpr (K == NoiseKind::salt_pepper)
        return !hit ? v : word2 >> 31 ? a.high : a.low;
    else if constexpr (K == NoiseKind::ones)
        return hit ? a.high : v;
    else if constexpr (K == NoiseKind::cauchy)
        return v + a.amount * float(cauchy(word));
    else if constexpr (K == NoiseKind::swap) { // with any of the other samples, equally likely
        int64_t rows = a.x.rows;
        return hit && rows > 1 ? a.x.at((r + 1 + word2 % uint32_t(rows - 1)) % rows, c) : v;
    } else
        return v;
}

template <NoiseKind K>
__global__ void corrupt_kernel(const CorruptTask *task) {
    constexpr bool kTwo = K == NoiseKind::gaussian || K == NoiseKind::salt_pepper || K == NoiseKind::swap;
    const CorruptTask a = *task;
    int64_t r, group;
    if (!place(a.tiles, blockIdx.x, r, group))
        return;
    Words words{}, words2{};
    if (K != NoiseKind::none)
        words = draw(a.key, a.ids[r], uint32_t(group));
    if (kTwo)
        words2 = draw(a.second, a.ids[r], uint32_t(group));
    each_of_group(group, a.x.cols,
                  [&](int64_t c, int j) { a.y.at(r, c) = corrupted<K>(a, words.w[j], words2.w[j], r, c); });
}

template <class F>
void with_noise(NoiseKind kind, F &&f) {
    switch (kind) {
    case NoiseKind::masking:
        return f(corrupt_kernel<NoiseKind::masking>);
    case NoiseKind::gaussian:
        return f(corrupt_kernel<NoiseKind::gaussian>);
    case NoiseKind::salt_pepper:
        return f(corrupt_kernel<NoiseKind::salt_pepper>);
    case NoiseKind::ones:
        return f(corrupt_kernel<NoiseKind::ones>);
    case NoiseKind::cauchy:
        return f(corrupt_kernel<NoiseKind::cauchy>);
    case NoiseKind::swap:
        return f(corrupt_kernel<NoiseKind::swap>);
    case NoiseKind::none:
    case NoiseKind::thinning: // not of this operation
        return f(corrupt_kernel<NoiseKind::none>);
    }
}
void corrupt(void *self, const NoiseRule &rule, const DrawKey &key, const uint32_t *ids, const M &x,
             const M &y) {
    Queue &q = queue_of(self);
    if (q.failed() || x.rows == 0)
        return;
    DrawKey second = key;
    second.purpose = kNoiseKind;
    CorruptTask task{group_tiles(x),
                     key,
                     second,
                     q.to_device(ids, x.rows),
                     threshold(rule.amount),
                     float(rule.amount),
                     float(rule.low),
                     float(rule.high),
                     x,
                     y};
    with_noise(rule.kind, [&](auto kernel) { launch_tiles(q, kernel, task); });
}

struct ThinTask {
    Tiles tiles;
    DrawKey key;
    const uint32_t *ids;
    double p;
    M x, y;
};

__global__ void thin_kernel(const ThinTask *task) {
    const ThinTask a = *task;
    int64_t r, c;
    if (place(a.tiles, blockIdx.x, r, c))
        a.y.at(r, c) = thinned(a.key, a.ids[r], uint32_t(c), a.x.at(r, c), a.p);
}
void thin(void *self, const DrawKey &key, const uint32_t *ids, double p, const M &x, const M &y) {
    Queue &q = queue_of(self);
    if (!q.failed())
        launch_tiles(q, thin_kernel,
                     ThinTask{tiles_of(x.rows, x.cols), key, q.to_device(ids, x.rows), p, x, y});
}

struct StoredTask {
    DrawKey key;
    const uint32_t *ids;
    const int64_t *start;
    const int32_t *index;
    float *values;
    unsigned parts;
    double p;
    uint64_t limit;
    float factor;
};

__global__ void thin_sparse_kernel(const StoredTask *task) {
    const StoredTask a = *task;
    each_stored(a.start, a.parts, [&](int64_t r, int64_t k) {
        a.values[k] = thinned(a.key, a.ids[r], uint32_t(a.index[k]), a.values[k], a.p);
    });
}
__global__ void mask_sparse_kernel(const StoredTask *task) {
    const StoredTask a = *task;
    each_stored(a.start, a.parts, [&](int64_t r, int64_t k) {
        uint32_t c = uint32_t(a.index[k]);
        Words words = draw(a.key, a.ids[r], c / kGroup);
        uint32_t even = c & 2 ? words.w[2] : words.w[0], odd = c & 2 ? words.w[3] : words.w[1];
        a.values[k] *= (c & 1 ? odd : even) >= a.limit ? a.factor : 0.0f;
    });
}
void over_stored(void *self, void (*kernel)(const StoredTask *), const DrawKey &key, const uint32_t *ids,
                 double p, float factor, const SparseMatrix<float> &x, float *values) {
    Queue &q = queue_of(self);
    if (q.failed() || x.rows == 0)
        return;
    unsigned parts = stored_parts(x.cols);
    StoredTask task{key, q.to_device(ids, x.rows), x.start, x.index, values, parts, p, threshold(p), factor};
    q.launch(kernel, Grid{unsigned(x.rows) * parts}, kThreads, task);
}
void thin_sparse(void *self, const DrawKey &key, const uint32_t *ids, double p, const SparseMatrix<float> &x,
                 float *values) {
    over_stored(self, thin_sparse_kernel, key, ids, p, 1, x, values);
}
void mask_sparse(void *self, const DrawKey &key, const uint32_t *ids, double p, bool rescale,
                 const SparseMatrix<float> &x, float *values) {
    over_stored(self, mask_sparse_kernel, key, ids, p, rescale ? float(1 / (1 - p)) : 1.0f, x, values);
}

struct SampleTask {
    Tiles tiles;
    DrawKey key;
    const uint32_t *ids;
    M mean, log_variance;
    M z;          // of the sample; of its gradient: by z
    float weight; // of the divergence
    M dmean, dlog_variance;
};

// f(row, column, e) with e standard normal.
template <class F>
__device__ void each_normal(const SampleTask &a, F &&f) {
    int64_t r, group;
    if (!place(a.tiles, blockIdx.x, r, group))
        return;
    Words words = draw(a.key, a.ids[r], uint32_t(group));
    Words words2 = draw(part_of(a.key, 1), a.ids[r], uint32_t(group));
    each_of_group(group, a.z.cols,
                  [&](int64_t c, int j) { f(r, c, float(normal(words.w[j], words2.w[j]))); });
}

__global__ void sample_normal_kernel(const SampleTask *task) {
    const SampleTask a = *task;
    each_normal(a, [&](int64_t r, int64_t c, float e) {
        float v = clamp_log_variance(a.log_variance.at(r, c));
        a.z.at(r, c) = a.mean.at(r, c) + exp_of(0.5f * v) * e;
    });
}
void sample_normal(void *self, const DrawKey &key, const uint32_t *ids, const M &mean, const M &log_variance,
                   const M &z) {
    Queue &q = queue_of(self);
    if (!q.failed())
        launch_tiles(
            q, sample_normal_kernel,
            SampleTask{group_tiles(z), key, q.to_device(ids, z.rows), mean, log_variance, z, 0, M(), M()});
}

__global__ void sample_normal_gradient_kernel(const SampleTask *task) {
    const SampleTask a = *task;
    each_normal(a, [&](int64_t r, int64_t c, float e) {
        float raw = a.log_variance.at(r, c), v = clamp_log_variance(raw), g = a.z.at(r, c);
        float by_v = 0.5f * (g * exp_of(0.5f * v) * e + a.weight * (exp_of(v) - 1.0f));
        a.dmean.at(r, c) = g + a.weight * a.mean.at(r, c);
        a.dlog_variance.at(r, c) = v == raw ? by_v : 0.0f;
    });
}
void sample_normal_gradient(void *self, const DrawKey &key, const uint32_t *ids, const M &mean,
                            const M &log_variance, const M &dz, float weight, const M &dmean,
                            const M &dlog_variance) {
    Queue &q = queue_of(self);
    if (!q.failed())
        launch_tiles(q, sample_normal_gradient_kernel,
                     SampleTask{group_tiles(dz), key, q.to_device(ids, dz.rows), mean, log_variance, dz,
                                weight, dmean, dlog_variance});
}

struct DivergenceTask {
    Tiles tiles;
    TileSum sum;
    M mean, log_variance;
};

__global__ void divergence_kernel(const DivergenceTask *task) {
    const DivergenceTask a = *task;
    sum_tiles(a.tiles, a.sum, [&](int64_t r, int64_t c) {
        return double(normal_divergence(a.mean.at(r, c), clamp_log_variance(a.log_variance.at(r, c))));
    });
}
void divergence(void *self, const M &mean, const M &log_variance, const Sum &s) {
    Queue &q = queue_of(self);
    Tiles tiles = tiles_of(mean.rows, mean.cols);
    unsigned n = sum_blocks(tiles);
    if (!q.failed() && n > 0 && s.value)
        q.launch(divergence_kernel, Grid{n}, kThreads,
                 DivergenceTask{tiles, tile_sum(q, n, s.value, s.factor), mean, log_variance});
}

} // namespace

void add_cuda_draws(Backend<float> &table) {
    table.dropout = dropout;
    table.corrupt = corrupt;
    table.thin = thin;
    table.thin_sparse = thin_sparse;
    table.mask_sparse = mask_sparse;
    table.sample_normal = sample_normal;
    table.sample_normal_gradient = sample_normal_gradient;
    table.divergence = divergence;
}

} // namespace aesop
