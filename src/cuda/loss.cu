// The loss of every sample and its slopes, in one launch. A block has kRows rows of kThreads columns. What it
// adds up along its rows is joined by the last block of these rows, what it adds up down its columns by the
// last block of these columns: in the order of columns and rows, so that a row's loss depends on no other
// row.
#include "../core/loss.h"
#include "elements.h"
#include "operations.h"

namespace aesop {
namespace {

constexpr int kRows = kDown; // of a block: kAcross threads join the losses of each

template <Loss L>
constexpr bool is_count_kind = L >= Loss::poisson;

struct LossTask {
    LossArguments<float> a;
    unsigned parts, row_blocks;             // blocks along and down
    double *sums;                           // [row][part]
    float *by_theta;                        // [row block][column], and their sums
    unsigned *row_counters, *part_counters; // of row_blocks and of parts
};

struct Element {
    float loss, slope, by_log_theta, by_logit;
};

// f(z) and f'(z) of an activation that is known at run time: kernels for every pair of loss and activation
// would be seventy.
struct Output {
    float y, slope;
};
template <Activation A>
__device__ Output output(float z, float slope) {
    float y = activate<A>(z, slope);
    return {y, activation_slope<A>(z, y, slope)};
}
__device__ Output output_of(Activation f, float z, float slope) {
    switch (f) {
    case Activation::relu:
        return output<Activation::relu>(z, slope);
    case Activation::leaky_relu:
        return output<Activation::leaky_relu>(z, slope);
    case Activation::elu:
        return output<Activation::elu>(z, slope);
    case Activation::gelu:
        return output<Activation::gelu>(z, slope);
    case Activation::selu:
        return output<Activation::selu>(z, slope);
    case Activation::tanh:
        return output<Activation::tanh>(z, slope);
    case Activation::sigmoid:
        return output<Activation::sigmoid>(z, slope);
    case Activation::softplus:
        return output<Activation::softplus>(z, slope);
    case Activation::exp:
        return output<Activation::exp>(z, slope);
    default:
        return output<Activation::linear>(z, slope);
    }
}

template <Loss L>
__device__ Element plain_element(const LossArguments<float> &a, float z, float t) {
    if (L == Loss::bce && a.activation == Activation::sigmoid) {
        LossTerm<float> term = element_loss<L, Activation::sigmoid>(z, t, a.delta, a.slope);
        return {term.loss, term.slope, 0, 0};
    }
    Output out = output_of(a.activation, z, a.slope);
    LossTerm<float> term = element_loss<L, Activation::linear>(out.y, t, a.delta, a.slope);
    return {term.loss, term.slope * out.slope, 0, 0};
}

// z is the log mean of a sample with size factor 1; outside its limits the slope is 0.
template <Loss L, bool Positive>
__device__ Element count_element(const LossArguments<float> &a, int64_t r, int64_t c, float t) {
    float z = a.z.at(r, c), kept = clamp_log_mean(z);
    float log_mean = kept + (a.log_size_factor ? a.log_size_factor[r] : 0.0f);
    Element e{};
    if constexpr (L == Loss::poisson) {
        LossTerm<float> term = Positive ? poisson_loss(log_mean, t, t) : poisson_loss_zero(log_mean);
        e.loss = term.loss, e.slope = term.slope;
    } else {
        Dispersion<float> d;
        if (a.dispersion.data)
            d = dispersion_of(a.dispersion.at(r, c));
        else {
            float raw = a.log_theta[c], inside = max_of(raw, float(kLogThetaMin));
            inside = min_of(inside, float(kLogThetaMax));
            d = {exp_of(inside), raw == inside ? 1.0f : 0.0f};
        }
        CountTerm<float> nb = Positive ? negative_binomial_loss(log_mean, d.theta, t, t)
                                       : negative_binomial_loss_zero(log_mean, d.theta);
        e.loss = nb.loss, e.slope = nb.slope, e.by_log_theta = nb.dispersion_slope;
        if constexpr (L == Loss::zero_inflated) {
            InflatedTerm<float> term = zero_inflated_loss(nb, a.zero_logit.at(r, c), t, a.zero_ridge);
            e = {term.loss, term.slope, term.dispersion_slope, term.logit_slope};
        }
        e.by_log_theta *= d.log_slope;
    }
    if (kept != z)
        e.slope = 0;
    return e;
}

// Writes an element's slopes; its loss and its part of the gradient by log theta are kept for the sums.
__device__ void finish_element(const LossArguments<float> &a, int64_t r, int64_t c, const Element &e,
                               float &loss, float &by_theta) {
    float share = a.feature_weight ? a.feature_weight[c] : 1.0f, weight = a.weight * share;
    loss = e.loss * share;
    by_theta = e.by_log_theta * weight;
    if (!a.gradient)
        return;
    a.z.at(r, c) = e.slope * weight;
    if (a.dispersion.data)
        a.dispersion.at(r, c) = by_theta;
    if (a.zero_logit.data)
        a.zero_logit.at(r, c) = e.by_logit * weight;
}

// The sum of losses[0], losses[1], ... of a row, by its kAcross threads; the row is that of the thread.
__device__ void add_sample_losses(const LossTask &t, int64_t row, unsigned part, const float *losses) {
    const LossArguments<float> &a = t.a;
    unsigned lane = threadIdx.x % kAcross;
    double sum = 0;
    for (unsigned c = lane; c < unsigned(kThreads); c += kAcross)
        sum += double(losses[c]);
    sum = sum_across(sum);
    bool first = lane == 0 && row < a.z.rows;
    if (t.parts > 1) {
        if (first)
            t.sums[row * t.parts + part] = sum;
        if (!is_last_block(t.row_counters + row / kRows, t.parts))
            return;
        sum = 0;
        for (unsigned p = lane; p < t.parts && row < a.z.rows; p += kAcross)
            sum += fresh(t.sums + row * t.parts + p);
        sum = sum_across(sum);
    }
    if (first)
        a.sample_loss[row] = a.share * sum + (a.accumulate ? a.sample_loss[row] : 0);
}

// by_theta: of this thread's column, the values of the block's rows kThreads apart.
__device__ void add_theta_gradients(const LossTask &t, unsigned row_block, unsigned part, int64_t c,
                                    const float *by_theta) {
    int64_t cols = padded(t.a.z.cols);
    float sum = 0;
    for (int i = 0; i < kRows; i++)
        sum += by_theta[i * kThreads];
    if (t.row_blocks > 1) {
        if (c < cols)
            t.by_theta[row_block * cols + c] = sum;
        if (!is_last_block(t.part_counters + part, t.row_blocks))
            return;
        sum = 0;
        for (unsigned b = 0; b < t.row_blocks && c < cols; b++)
            sum += fresh(t.by_theta + b * cols + c);
    }
    if (c < cols)
        t.a.log_theta_gradient[c] = sum;
}

// Counts are mostly zeros, whose terms are cheap; those of the others need gamma functions. The block first
// lists the others, then its threads share the list evenly.
template <Loss L>
__global__ void loss_kernel(const LossTask *task) {
    __shared__ float losses[kRows * kThreads], by_theta[kRows * kThreads];
    __shared__ uint16_t list[kRows * kThreads];
    __shared__ unsigned listed;
    const LossTask &t = *task;
    const LossArguments<float> &a = t.a;
    unsigned row_block = blockIdx.x / t.parts, part = blockIdx.x % t.parts;
    int64_t row = int64_t(row_block) * kRows, column = int64_t(part) * kThreads, c = column + threadIdx.x;
    if (threadIdx.x == 0)
        listed = 0;
    __syncthreads();
    unsigned positive = 0, n_positive = 0; // one bit for each row
    for (int i = 0; i < kRows; i++) {
        int64_t r = row + i;
        int at = i * kThreads + int(threadIdx.x);
        losses[at] = by_theta[at] = 0;
        if (r >= a.z.rows || c >= a.z.cols)
            continue;
        float target = a.target.at(r, c);
        if constexpr (!is_count_kind<L>)
            finish_element(a, r, c, plain_element<L>(a, a.z.at(r, c), target), losses[at], by_theta[at]);
        else if (target > 0)
            positive |= 1u << i, n_positive++;
        else
            finish_element(a, r, c, count_element<L, false>(a, r, c, target), losses[at], by_theta[at]);
    }
    if constexpr (is_count_kind<L>) {
        unsigned next = n_positive > 0 ? atomicAdd(&listed, n_positive) : 0;
        for (int i = 0; i < kRows; i++)
            if (positive >> i & 1)
                list[next++] = uint16_t(i * kThreads + int(threadIdx.x));
        __syncthreads();
        for (unsigned k = threadIdx.x; k < listed; k += kThreads) { // each value goes to its own place
            int at = list[k];
            int64_t r = row + at / kThreads, to = column + at % kThreads;
            Element e = count_element<L, true>(a, r, to, a.target.at(r, to));
            finish_element(a, r, to, e, losses[at], by_theta[at]);
        }
    }
    __syncthreads();
    unsigned mine = threadIdx.x / kAcross;
    add_sample_losses(t, row + mine, part, losses + mine * kThreads);
    if (a.log_theta_gradient)
        add_theta_gradients(t, row_block, part, c, by_theta + threadIdx.x);
}

void loss(void *self, const LossArguments<float> &arguments) {
    Queue &q = queue_of(self);
    if (q.failed())
        return;
    LossTask t{};
    t.a = arguments;
    int64_t rows = t.a.z.rows;
    t.a.log_size_factor = q.to_device(t.a.log_size_factor, rows);
    t.parts = t.a.z.cols > 0 ? blocks(t.a.z.cols, kThreads) : 1;
    t.row_blocks = rows > 0 ? blocks(rows, kRows) : 1;
    if (t.parts > 1) {
        t.sums = q.scratch<double>(rows * t.parts);
        t.row_counters = q.counters(t.row_blocks);
    }
    if (t.row_blocks > 1 && t.a.log_theta_gradient) {
        t.by_theta = q.scratch<float>(t.row_blocks * padded(t.a.z.cols));
        t.part_counters = q.counters(t.parts);
    }
    auto run = [&](void (*kernel)(const LossTask *)) {
        q.launch(kernel, Grid{t.parts * t.row_blocks}, kThreads, t);
    };
    if (t.a.kind == Loss::poisson)
        run(loss_kernel<Loss::poisson>);
    else if (is_count(t.a.kind) && t.a.zero_logit.data)
        run(loss_kernel<Loss::zero_inflated>);
    else if (is_count(t.a.kind))
        run(loss_kernel<Loss::negative_binomial>);
    else
        with_loss(t.a.kind, [&](auto tag) { run(loss_kernel<decltype(tag)::value>); });
}

} // namespace

void add_cuda_loss(Backend<float> &table) {
    table.loss = loss;
}

} // namespace aesop
