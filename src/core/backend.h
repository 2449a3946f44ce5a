// The table of operations that a device offers: everything the network computes goes through it, and
// nothing above it knows which device runs. A table of C function pointers with plain arguments, so that a
// separately compiled plugin can fill it; float on CPU and GPU, float and double in the plain reference
// (reference.h), against which every other table is tested.
//
// Rules for an implementation:
// - bit-identical for any number of threads: work is cut into shards that depend on the shapes only, partial
//   sums are joined in shard order;
// - an output row depends on its own input row only, and is accumulated in an order that does not depend on
//   the number of rows: encoding one sample or thousands gives the same bits;
// - a sparse operand gives the bits of the dense one: each sum runs over ascending indices, one accumulator
//   per output, and skipping a zero term leaves it unchanged;
// - padding (columns beyond cols up to the padded width, units beyond units) may be read and is kept zero;
// - operations may run later than the call, in the order of the calls: pointers are to memory of the device,
//   but for those said to be the host's, which are read before the call returns. Only download() waits.
// - an operation that fails says so in failure(), and from then on none does anything.
#pragma once
#include "column.h"
#include "loss.h"
#include "philox.h"
#include "tensor.h"
#include "update.h"

namespace aesop {

constexpr int kBackendVersion = 3;

// swap: the value of the same feature in another sample of the minibatch; thinning: a binomial sample of a
// count, drawn before the count is prepared.
enum class NoiseKind : int { none, masking, gaussian, salt_pepper, ones, cauchy, swap, thinning };

struct NoiseRule {
    NoiseKind kind = NoiseKind::none;
    double amount = 0, low = 0, high = 1;
};

// Why a device computes no more.
struct DeviceFailure {
    enum Kind : int {
        out_of_memory, // nothing is lost: memory can be released, and work go on after recover()
        lost,          // the device cannot be used again in this process
        forked         // this process is a fork of the one that opened the device
    };
    Kind kind;
    const char *message;
};

// Where a number that an operation computes is added: *value += factor * number. Null: it is not wanted.
struct Sum {
    double *value = nullptr; // on the device
    double factor = 1;
};
AESOP_INLINE Sum times(const Sum &s, double factor) {
    return {s.value, s.factor * factor};
}
AESOP_INLINE void add_to(const Sum &s, double number) {
    if (s.value)
        *s.value += s.factor * number;
}

// x [batch x inputs] and the gradient dy [batch x units] of one use of a weight matrix: dW += x' dy.
template <class Real>
struct Product {
    Operand<Real> x;
    Matrix<Real> dy;
};

// Optimiser state in the layout of its weights; null where the optimiser has none.
template <class Real>
struct Moments {
    Real *first = nullptr, *second = nullptr;
};

// How raw values become the network's input: v = x / size factor, log1p, (v - center) * scale, clamped.
// Null pointers skip a part. center and scale have one value per feature.
template <class Real>
struct InputTransform {
    bool log = false;
    const Real *center = nullptr, *scale = nullptr;
    bool clamp = false; // to [0, 1], for minmax scaling
};

template <class Real>
struct BatchNorm { // x, y: batch x units; per unit: gamma, beta, mean, inverse (of sd)
    Matrix<Real> x, y;
    const Real *gamma, *beta;
    Real *mean, *inverse;                  // written when training, read otherwise
    Real *running_mean, *running_variance; // updated when training, source of mean and inverse otherwise
    Real momentum, epsilon;
    bool training;
};

template <class Real>
struct LossArguments {
    Loss kind;
    Activation activation;       // of the output units; counts use exp
    Real delta, slope;           // of huber, correntropy (its width); of leaky_relu
    Real weight;                 // factor of every slope written (1 / batch, 1 / (batch * features))
    Matrix<Real> z;              // in: pre-activation; out: d loss / d z * weight, if gradient
    Matrix<Real> target;         // batch x features
    const Real *feature_weight;  // factor of the loss of each feature, 0 for one that is missing; null: 1
    const Real *log_size_factor; // per sample, of the host, counts only; null: 0
    const Real *log_theta;       // nb, zinb with one dispersion per feature
    Real *log_theta_gradient;    // out, per feature: sum over the batch, ascending, times weight; or null
    // Heads of the decoder, used if their data are not null. In: pre-activations; out: their gradients.
    Matrix<Real> dispersion; // nb, zinb: theta = softplus, within its limits, per sample and feature
    Matrix<Real> zero_logit; // zinb: the logit of the probability pi of a technical zero
    Real zero_ridge;         // zinb: zero_ridge * pi^2 is added to each element's loss
    double *sample_loss;     // out, of each sample: share times the sum over the features
    double share;
    bool accumulate; // it is added to what is there
    bool gradient;
};

// Windows that slide over an image. A row of a matrix holds one image as [height][width][channels]; a
// window's positions are ordered by row, then column. Cells outside the image are zero. One-dimensional
// data are images of height 1.
struct Window {
    int64_t height, width, channels;     // of the image
    int64_t kernel_height, kernel_width; // of the window
    int64_t stride_height, stride_width; // between positions
    int64_t pad_top, pad_left;           // cells of the first window outside the image
    int64_t out_height, out_width;       // positions
    int64_t positions() const { return out_height * out_width; }
    int64_t image_size() const { return height * width * channels; }
    int64_t patch_size() const { return kernel_height * kernel_width * channels; }
};

enum class Pooling : int { maximum, mean };

template <class Real>
struct Backend {
    int version;
    const char *name;
    void *self; // first argument of every operation

    // Largest relative error by which the factors of products are rounded; 0 where they are used as they are.
    double rounding;
    // Steps of training that the host may prepare before it asks how they went: 1 where operations are done
    // when their calls return.
    int steps_ahead;
    // Null as long as all went well.
    const DeviceFailure *(*failure)(void *);
    // Forgets a failure for want of memory.
    void (*recover)(void *);
    // Bytes of the device that samples may take, to stay there for a whole fit; 0 where it is the host's
    // memory.
    int64_t (*room_for_samples)(void *);

    // Memory of the device: 64-byte aligned, zeroed. Null where there is not enough.
    void *(*allocate)(void *, int64_t bytes);
    void (*release)(void *, void *);
    void (*upload)(void *, void *to, const void *from, int64_t bytes); // from the host
    void (*download)(void *, void *to, const void *from, int64_t bytes);
    void (*copy)(void *, void *to, const void *from, int64_t bytes); // within the device
    // Marks the end of a step of training: a good moment to start what has been asked for.
    void (*step_done)(void *);

    // y = f([y +] x W + bias). x: batch x inputs, W: inputs x units, y: batch x units. bias may be null and
    // has padded(units) values. accumulate: start from y. f must not be softmax.
    void (*multiply)(void *, const Operand<Real> &x, const Weights<Real> &w, const Real *bias, Activation f,
                     Real slope, bool accumulate, const Matrix<Real> &y);
    // x = f([x +] y W' + bias), the product with the transposed weights: backward data, and tied decoders.
    void (*multiply_transposed)(void *, const Matrix<Real> &y, const Weights<Real> &w, const Real *bias,
                                Activation f, Real slope, bool accumulate, const Matrix<Real> &x);
    // dW = sum over products of x' dy, overwritten.
    void (*weight_gradient)(void *, const Product<Real> *products, int n, const Weights<Real> &dw);
    // The same gradient, used at once by the optimiser and never stored.
    void (*update_weights)(void *, const Product<Real> *products, int n, const Weights<Real> &w,
                           const Moments<Real> &moments, const UpdateRule &rule);
    // One optimiser step on n values whose gradient is in memory.
    void (*update_values)(void *, const Real *gradient, Real *w, const Moments<Real> &moments, int64_t n,
                          const UpdateRule &rule);
    // sums[c] = sum over rows of x, ascending (bias gradients); padded(cols) values are written.
    void (*column_sums)(void *, const Matrix<Real> &x, Real *sums);

    void (*activate)(void *, Activation f, Real slope, const Matrix<Real> &z, const Matrix<Real> &y);
    // dy becomes dz = dy f'(z); z is read only where needs_input(f).
    void (*activation_gradient)(void *, Activation f, Real slope, const Matrix<Real> &z,
                                const Matrix<Real> &y, const Matrix<Real> &dy);
    void (*softmax)(void *, const Matrix<Real> &y);                                  // in place, by row
    void (*softmax_gradient)(void *, const Matrix<Real> &y, const Matrix<Real> &dy); // dy becomes dz
    void (*batch_norm)(void *, const BatchNorm<Real> &a);
    // dy becomes dx; the gradients of gamma and beta are written (padded(units) values).
    void (*batch_norm_gradient)(void *, const BatchNorm<Real> &a, const Matrix<Real> &dy,
                                Real *gamma_gradient, Real *beta_gradient);
    // Here and below sample_ids, one per row, are the host's.
    // x *= keep / (1 - p), keep drawn by (sample_ids[row], column): the same call on the gradient undoes it.
    void (*dropout)(void *, const DrawKey &key, const uint32_t *sample_ids, double p, const Matrix<Real> &x);
    // y = x, corrupted: drawn by (sample_ids[row], column). All kinds but thinning. x and y may be the same,
    // except for swap.
    void (*corrupt)(void *, const NoiseRule &rule, const DrawKey &key, const uint32_t *sample_ids,
                    const Matrix<Real> &x, const Matrix<Real> &y);
    // y = a binomial sample of the counts x, each count kept with probability 1 - p; as binomial.h draws it.
    void (*thin)(void *, const DrawKey &key, const uint32_t *sample_ids, double p, const Matrix<Real> &x,
                 const Matrix<Real> &y);
    // The same on stored values only, with the draws of the dense one.
    void (*thin_sparse)(void *, const DrawKey &key, const uint32_t *sample_ids, double p,
                        const SparseMatrix<Real> &x, Real *values);
    // Masking on the stored values of a sparse batch: the draws of the dense one.
    void (*mask_sparse)(void *, const DrawKey &key, const uint32_t *sample_ids, double p, bool rescale,
                        const SparseMatrix<Real> &x, Real *values);
    // x.rows samples of the host, as the rows of x. columns and what they point to are the host's.
    void (*gather)(void *, const Column *columns, const Matrix<Real> &x);
    // The same for sparse samples: start (rows + 1 values, from 0), index and value are written.
    void (*gather_sparse)(void *, const Column *columns, int64_t rows, int64_t *start, int32_t *index,
                          Real *value);
    // Samples that are on the device already, by their numbers (of the host): row r of x is row samples[r] of
    // `from`.
    void (*take)(void *, const Operand<Real> &from, const uint32_t *samples, const Matrix<Real> &x);
    // The same of sparse ones, kept sparse. x_start: rows + 1 values, of the host.
    void (*take_sparse)(void *, const SparseMatrix<Real> &from, const uint32_t *samples, int64_t rows,
                        const int64_t *x_start, int64_t *start, int32_t *index, Real *value);
    // Raw values to network input, in place. size_factor: one per row, of the host, or null.
    void (*transform)(void *, const InputTransform<Real> &t, const Real *size_factor, const Matrix<Real> &x);
    // The same on stored values only; for transforms that keep zero at zero (no center, no clamp).
    void (*transform_sparse)(void *, const InputTransform<Real> &t, const Real *size_factor,
                             const SparseMatrix<Real> &x, Real *values);

    // Loss of every sample, and its gradient by the pre-activations.
    void (*loss)(void *, const LossArguments<Real> &a);

    void (*sum)(void *, const double *x, int64_t n, const Sum &s); // of n numbers, in a fixed order
    void (*squared_norm)(void *, const Real *x, int64_t n, const Sum &s);
    // l1 sum|w| + l2 sum w^2.
    void (*penalty)(void *, const Real *w, int64_t n, double l1, double l2, const Sum &s);
    // g += the gradient of that penalty: l1 sign(w) + 2 l2 w.
    void (*add_penalty_gradient)(void *, Real *g, const Real *w, int64_t n, double l1, double l2);
    // Sum of |h|; dh += factor * sign(h), unless dh.data is null.
    void (*activity_l1)(void *, const Matrix<Real> &h, Real factor, const Matrix<Real> &dh, const Sum &s);
    // Sum over the units of KL(rho || mean of the unit over the batch), means kept 1e-6 away from 0 and 1;
    // dh += factor * its gradient (0 where the mean is not within these limits), unless dh.data is null.
    void (*sparsity)(void *, const Matrix<Real> &h, Real rho, Real factor, const Matrix<Real> &dh,
                     const Sum &s);
    // Squared Frobenius norm of the Jacobian d f(x W + b) / d x, summed over the batch (Rifai et al. 2011):
    // P = sum over rows n and units j of f'(y_nj)^2 sum_i W_ij^2, f' from the outputs y (f must not need its
    // input). The two parts of its gradient are added where dy.data and dw.data
    // are not null:
    // dy: factor * 2 f''(y_nj) sum_i W_ij^2, which times f' is factor * dP / dz_nj (so that dy goes through
    //     activation_gradient together with what comes from the layers above);
    // dw: factor * dP / dW_ij with f' held fixed, factor * 2 W_ij sum_n f'(y_nj)^2.
    void (*contraction)(void *, Activation f, Real slope, const Matrix<Real> &y, const Weights<Real> &w,
                        Real factor, const Matrix<Real> &dy, const Weights<Real> &dw, const Sum &s);
    // y += factor * x.
    void (*add)(void *, Real factor, const Matrix<Real> &x, const Matrix<Real> &y);

    // The variational bottleneck (Kingma and Welling 2014). z = mean + exp(log_variance / 2) e, e standard
    // normal, drawn by (sample_ids[row], column); log_variance is used within [-30, 20].
    void (*sample_normal)(void *, const DrawKey &key, const uint32_t *sample_ids, const Matrix<Real> &mean,
                          const Matrix<Real> &log_variance, const Matrix<Real> &z);
    // From dz = d loss / d z: the gradients by mean and log_variance (written) of the loss plus weight times
    // the divergence below.
    void (*sample_normal_gradient)(void *, const DrawKey &key, const uint32_t *sample_ids,
                                   const Matrix<Real> &mean, const Matrix<Real> &log_variance,
                                   const Matrix<Real> &dz, Real weight, const Matrix<Real> &dmean,
                                   const Matrix<Real> &dlog_variance);
    // KL(N(mean, exp(log_variance)) || N(0, 1)), summed over batch and units.
    void (*divergence)(void *, const Matrix<Real> &mean, const Matrix<Real> &log_variance, const Sum &s);

    // Convolution is a dense product on patches. p: (batch * positions) x patch_size from x: batch x
    // image_size, a patch ordered [kernel row][kernel column][channel].
    void (*patches)(void *, const Window &w, const Matrix<Real> &x, const Matrix<Real> &p);
    // Its transpose: each cell of x is the sum of its places in p, in the order of p, from bias[channel]
    // (null: 0).
    void (*patches_transposed)(void *, const Window &w, const Matrix<Real> &p, const Real *bias,
                               const Matrix<Real> &x);
    // The same values in rows of another length: from.rows * from.cols = to.rows * to.cols.
    void (*regroup)(void *, const Matrix<Real> &from, const Matrix<Real> &to);
    // y: batch x positions * channels. Cells outside the image do not count. Of equal maxima the first.
    void (*pool)(void *, Pooling kind, const Window &w, const Matrix<Real> &x, const Matrix<Real> &y);
    void (*pool_gradient)(void *, Pooling kind, const Window &w, const Matrix<Real> &x, const Matrix<Real> &y,
                          const Matrix<Real> &dy, const Matrix<Real> &dx);
    // Each cell of x (positions of w, stride = kernel) repeated over its window of y (the image of w); cells
    // of y beyond the last window are that one's.
    void (*upsample)(void *, const Window &w, const Matrix<Real> &x, const Matrix<Real> &y);
    void (*upsample_gradient)(void *, const Window &w, const Matrix<Real> &dy, const Matrix<Real> &dx);
};

} // namespace aesop
