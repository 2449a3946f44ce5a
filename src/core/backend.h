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
// - padding (columns beyond cols up to the padded width, units beyond units) may be read and is kept zero.
#pragma once
#include "column.h"
#include "loss.h"
#include "philox.h"
#include "tensor.h"
#include "update.h"

namespace aesop {

constexpr int kBackendVersion = 1;

enum class NoiseKind : int { none, masking, gaussian, salt_pepper };

struct NoiseRule {
    NoiseKind kind = NoiseKind::none;
    double amount = 0, low = 0, high = 1;
};

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
    Real delta, slope;           // of huber, of leaky_relu
    Real weight;                 // factor of every slope written (1 / batch, 1 / (batch * features))
    Matrix<Real> z;              // in: pre-activation; out: d loss / d z * weight, if gradient
    Matrix<Real> target;         // batch x features
    const Real *log_size_factor; // per sample, counts only; null: 0
    const Real *log_theta;       // negative binomial: per feature
    Real *log_theta_gradient;    // out, per feature: sum over the batch, ascending, times weight; or null
    double *sample_loss;         // out: sum over the features of each sample
    bool gradient;
};

template <class Real>
struct Backend {
    int version;
    const char *name;
    void *self; // first argument of every operation

    // Memory of the device: 64-byte aligned, zeroed.
    Real *(*allocate)(void *, int64_t n);
    void (*release)(void *, Real *);
    void (*upload)(void *, Real *to, const Real *from, int64_t n);
    void (*download)(void *, Real *to, const Real *from, int64_t n);

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
    // x *= keep / (1 - p), keep drawn by (sample_ids[row], column): the same call on the gradient undoes it.
    void (*dropout)(void *, const DrawKey &key, const uint32_t *sample_ids, double p, const Matrix<Real> &x);
    // Corrupts x in place, drawn by (sample_ids[row], column).
    void (*corrupt)(void *, const NoiseRule &rule, const DrawKey &key, const uint32_t *sample_ids,
                    const Matrix<Real> &x);
    // Masking on the stored values of a sparse batch: the draws of the dense one.
    void (*mask_sparse)(void *, const DrawKey &key, const uint32_t *sample_ids, double p, bool rescale,
                        const SparseMatrix<Real> &x, Real *values);
    // x.rows samples of the host, as the rows of x.
    void (*gather)(void *, const Column *columns, const Matrix<Real> &x);
    // Raw values to network input, in place. size_factor: one per row, or null.
    void (*transform)(void *, const InputTransform<Real> &t, const Real *size_factor, const Matrix<Real> &x);
    // The same on stored values only; for transforms that keep zero at zero (no center, no clamp).
    void (*transform_sparse)(void *, const InputTransform<Real> &t, const Real *size_factor,
                             const SparseMatrix<Real> &x, Real *values);

    // Loss of every sample, and its gradient by the pre-activations.
    void (*loss)(void *, const LossArguments<Real> &a);

    double (*squared_norm)(void *, const Real *x, int64_t n);                  // fixed order of summation
    double (*penalty)(void *, const Real *w, int64_t n, double l1, double l2); // l1 sum|w| + l2 sum w^2
    // g += the gradient of that penalty: l1 sign(w) + 2 l2 w.
    void (*add_penalty_gradient)(void *, Real *g, const Real *w, int64_t n, double l1, double l2);
    // Sum of |h|; dh += factor * sign(h), unless dh.data is null.
    double (*activity_l1)(void *, const Matrix<Real> &h, Real factor, const Matrix<Real> &dh);
};

} // namespace aesop
