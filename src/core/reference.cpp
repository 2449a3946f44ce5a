#include "reference.h"
#include "reference_parts.h"
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <vector>

namespace aesop {
namespace {

template <class Real>
struct Reference {
    using M = Matrix<Real>;
    using W = Weights<Real>;

    static const DeviceFailure *failure(void *) { return nullptr; }
    static void nothing(void *) {}
    static int64_t no_room(void *) { return 0; }
    static void *allocate(void *, int64_t bytes) {
        size_t size = (size_t(bytes) + 63) / 64 * 64 + 64;
        void *p = std::aligned_alloc(64, size);
        if (p)
            std::memset(p, 0, size);
        return p;
    }
    static void release(void *, void *p) { std::free(p); }
    static void copy(void *, void *to, const void *from, int64_t bytes) {
        std::memcpy(to, from, size_t(bytes));
    }

    // Calls f(column, value) for the stored values of a row of either kind of operand, ascending.
    template <class F>
    static void each(const Operand<Real> &x, int64_t row, F &&f) {
        if (!x.is_sparse)
            for (int64_t c = 0; c < x.dense.cols; c++)
                f(c, x.dense.at(row, c));
        else
            for (int64_t k = x.sparse.start[row]; k < x.sparse.start[row + 1]; k++)
                f(int64_t(x.sparse.index[k]), x.sparse.value[k]);
    }

    static void finish(Activation f, Real slope, const M &y) { activate(nullptr, f, slope, y, y); }

    static void multiply(void *, const Operand<Real> &x, const W &w, const Real *bias, Activation f,
                         Real slope, bool accumulate, const M &y) {
        for (int64_t b = 0; b < y.rows; b++) {
            if (!accumulate)
                std::fill(y.row(b), y.row(b) + y.cols, Real(0));
            each(x, b, [&](int64_t i, Real v) {
                for (int64_t o = 0; o < y.cols; o++)
                    y.at(b, o) += v * w.at(i, o);
            });
            if (bias)
                for (int64_t o = 0; o < y.cols; o++)
                    y.at(b, o) += bias[o];
        }
        finish(f, slope, y);
    }
    static void multiply_transposed(void *, const M &y, const W &w, const Real *bias, Activation f,
                                    Real slope, bool accumulate, const M &x) {
        for (int64_t b = 0; b < x.rows; b++)
            for (int64_t i = 0; i < x.cols; i++) {
                Real s = accumulate ? x.at(b, i) : Real(0);
                for (int64_t o = 0; o < y.cols; o++)
                    s += y.at(b, o) * w.at(i, o);
                x.at(b, i) = s + (bias ? bias[i] : Real(0));
            }
        finish(f, slope, x);
    }
    static void weight_gradient(void *, const Product<Real> *products, int n, const W &dw) {
        std::fill(dw.data, dw.data + dw.shape.size(), Real(0));
        for (int k = 0; k < n; k++)
            for (int64_t b = 0; b < products[k].dy.rows; b++)
                each(products[k].x, b, [&](int64_t i, Real v) {
                    for (int64_t o = 0; o < dw.shape.units; o++)
                        dw.at(i, o) += v * products[k].dy.at(b, o);
                });
    }
    static void update_weights(void *self, const Product<Real> *products, int n, const W &w,
                               const Moments<Real> &moments, const UpdateRule &rule) {
        std::vector<Real> g(size_t(w.shape.size()));
        weight_gradient(self, products, n, W{g.data(), w.shape});
        update_values(self, g.data(), w.data, moments, w.shape.size(), rule);
    }
    static void update_values(void *, const Real *g, Real *w, const Moments<Real> &moments, int64_t n,
                              const UpdateRule &given) {
        auto [rule, update] = known(given);
        if (!update)
            return;
        with_optimizer(given.kind, [&, &rule = rule](auto kind) {
            Real none = 0;
            for (int64_t i = 0; i < n; i++)
                update_weight<kind.value>(rule, g[i], w[i], moments.first ? moments.first[i] : none,
                                          moments.second ? moments.second[i] : none);
        });
    }
    static void column_sums(void *, const M &x, Real *sums) {
        std::fill(sums, sums + padded(x.cols), Real(0));
        for (int64_t b = 0; b < x.rows; b++)
            for (int64_t c = 0; c < x.cols; c++)
                sums[c] += x.at(b, c);
    }

    static void activate(void *, Activation f, Real slope, const M &z, const M &y) {
        with_activation(f, [&](auto tag) {
            for (int64_t b = 0; b < z.rows; b++)
                for (int64_t c = 0; c < z.cols; c++)
                    y.at(b, c) = aesop::activate<tag.value>(z.at(b, c), slope);
        });
    }
    static void activation_gradient(void *, Activation f, Real slope, const M &z, const M &y, const M &dy) {
        with_activation(f, [&](auto tag) {
            for (int64_t b = 0; b < y.rows; b++)
                for (int64_t c = 0; c < y.cols; c++)
                    dy.at(b, c) *=
                        activation_slope<tag.value>(z.data ? z.at(b, c) : Real(0), y.at(b, c), slope);
        });
    }
    static void softmax(void *, const M &y) {
        for (int64_t b = 0; b < y.rows; b++) {
            Real top = *std::max_element(y.row(b), y.row(b) + y.cols), sum = 0;
            for (int64_t c = 0; c < y.cols; c++)
                sum += y.at(b, c) = std::exp(y.at(b, c) - top);
            for (int64_t c = 0; c < y.cols; c++)
                y.at(b, c) /= sum;
        }
    }
    static void softmax_gradient(void *, const M &y, const M &dy) { // dz = y (dy - sum y dy)
        for (int64_t b = 0; b < y.rows; b++) {
            Real sum = 0;
            for (int64_t c = 0; c < y.cols; c++)
                sum += y.at(b, c) * dy.at(b, c);
            for (int64_t c = 0; c < y.cols; c++)
                dy.at(b, c) = y.at(b, c) * (dy.at(b, c) - sum);
        }
    }

    // Ioffe and Szegedy 2015; the batch variance is the biased one, as in Keras.
    static void batch_norm(void *, const BatchNorm<Real> &a) {
        int64_t n = a.x.rows;
        for (int64_t c = 0; c < a.x.cols; c++) {
            Real mean = a.running_mean[c], variance = a.running_variance[c];
            if (a.training) {
                mean = variance = 0;
                for (int64_t b = 0; b < n; b++)
                    mean += a.x.at(b, c);
                mean /= Real(n);
                for (int64_t b = 0; b < n; b++)
                    variance += (a.x.at(b, c) - mean) * (a.x.at(b, c) - mean);
                variance /= Real(n);
                a.running_mean[c] = a.momentum * a.running_mean[c] + (1 - a.momentum) * mean;
                a.running_variance[c] = a.momentum * a.running_variance[c] + (1 - a.momentum) * variance;
            }
            a.mean[c] = mean;
            a.inverse[c] = 1 / std::sqrt(variance + a.epsilon);
            for (int64_t b = 0; b < n; b++)
                a.y.at(b, c) = (a.x.at(b, c) - mean) * a.inverse[c] * a.gamma[c] + a.beta[c];
        }
    }
    static void batch_norm_gradient(void *, const BatchNorm<Real> &a, const M &dy, Real *gamma_gradient,
                                    Real *beta_gradient) {
        int64_t n = a.x.rows;
        for (int64_t c = 0; c < a.x.cols; c++) {
            Real sum = 0, product = 0; // sums of dy and of dy times the normalised input
            for (int64_t b = 0; b < n; b++) {
                sum += dy.at(b, c);
                product += dy.at(b, c) * (a.x.at(b, c) - a.mean[c]) * a.inverse[c];
            }
            gamma_gradient[c] = product;
            beta_gradient[c] = sum;
            for (int64_t b = 0; b < n; b++) {
                Real normal = (a.x.at(b, c) - a.mean[c]) * a.inverse[c];
                Real through =
                    a.training ? (sum + normal * product) / Real(n) : Real(0); // the batch's moments
                dy.at(b, c) = a.gamma[c] * a.inverse[c] * (dy.at(b, c) - through);
            }
        }
    }

    static void gather(void *, const Column *columns, const M &x) {
        for (int64_t b = 0; b < x.rows; b++)
            write_row(columns[b], x.row(b), x.cols);
    }
    static void gather_sparse(void *, const Column *columns, int64_t rows, int64_t *start, int32_t *index,
                              Real *value) {
        int64_t at = start[0] = 0;
        for (int64_t r = 0; r < rows; r++) {
            for (int64_t k = 0; k < columns[r].size; k++, at++)
                index[at] = columns[r].index[k], value[at] = Real(columns[r].value(k));
            start[r + 1] = at;
        }
    }
    static void take(void *, const Operand<Real> &from, const uint32_t *samples, const M &x) {
        for (int64_t r = 0; r < x.rows; r++) {
            std::fill(x.row(r), x.row(r) + x.cols, Real(0));
            each(from, samples[r], [&](int64_t c, Real v) { x.at(r, c) = v; });
        }
    }
    static void take_sparse(void *, const SparseMatrix<Real> &from, const uint32_t *samples, int64_t rows,
                            const int64_t *x_start, int64_t *start, int32_t *index, Real *value) {
        std::copy(x_start, x_start + rows + 1, start);
        for (int64_t r = 0; r < rows; r++) {
            int64_t first = from.start[samples[r]], n = x_start[r + 1] - x_start[r];
            std::copy(from.index + first, from.index + first + n, index + x_start[r]);
            std::copy(from.value + first, from.value + first + n, value + x_start[r]);
        }
    }
    static Real transformed(const InputTransform<Real> &t, Real size_factor, int64_t c, Real v) {
        v = v / size_factor;
        if (t.log)
            v = std::log1p(v);
        if (t.center)
            v -= t.center[c];
        if (t.scale)
            v *= t.scale[c];
        return t.clamp ? std::min(std::max(v, Real(0)), Real(1)) : v;
    }
    static void transform(void *, const InputTransform<Real> &t, const Real *size_factor, const M &x) {
        for (int64_t b = 0; b < x.rows; b++)
            for (int64_t c = 0; c < x.cols; c++)
                x.at(b, c) = transformed(t, size_factor ? size_factor[b] : Real(1), c, x.at(b, c));
    }
    static void transform_sparse(void *, const InputTransform<Real> &t, const Real *size_factor,
                                 const SparseMatrix<Real> &x, Real *values) {
        for (int64_t b = 0; b < x.rows; b++)
            for (int64_t k = x.start[b]; k < x.start[b + 1]; k++)
                values[k] = transformed(t, size_factor ? size_factor[b] : Real(1), x.index[k], values[k]);
    }

    static void sum(void *, const double *x, int64_t n, const Sum &to) {
        add_to(to, std::accumulate(x, x + n, 0.0));
    }
    static void squared_norm(void *, const Real *x, int64_t n, const Sum &to) {
        double s = 0;
        for (int64_t i = 0; i < n; i++)
            s += double(x[i]) * double(x[i]);
        add_to(to, s);
    }
    static void penalty(void *, const Real *w, int64_t n, double l1, double l2, const Sum &to) {
        double s = 0;
        for (int64_t i = 0; i < n; i++)
            s += l1 * std::abs(double(w[i])) + l2 * double(w[i]) * double(w[i]);
        add_to(to, s);
    }
    static Real sign(Real x) { return x > 0 ? Real(1) : x < 0 ? Real(-1) : Real(0); }
    static void add_penalty_gradient(void *, Real *g, const Real *w, int64_t n, double l1, double l2) {
        for (int64_t i = 0; i < n; i++)
            g[i] += Real(l1) * sign(w[i]) + Real(2 * l2) * w[i];
    }
    static void activity_l1(void *, const M &h, Real factor, const M &dh, const Sum &to) {
        double sum = 0;
        for (int64_t b = 0; b < h.rows; b++)
            for (int64_t c = 0; c < h.cols; c++) {
                sum += std::abs(double(h.at(b, c)));
                if (dh.data)
                    dh.at(b, c) += factor * sign(h.at(b, c));
            }
        add_to(to, sum);
    }
    static void add(void *, Real factor, const M &x, const M &y) {
        for (int64_t r = 0; r < x.rows; r++)
            for (int64_t c = 0; c < x.cols; c++)
                y.at(r, c) += factor * x.at(r, c);
    }
};

template <class Real>
Backend<Real> make_table() {
    using R = Reference<Real>;
    Backend<Real> t{};
    t.version = kBackendVersion;
    t.name = "reference";
    t.steps_ahead = 1;
    t.failure = R::failure;
    t.recover = t.step_done = R::nothing;
    t.room_for_samples = R::no_room;
    t.allocate = R::allocate;
    t.release = R::release;
    t.upload = t.download = t.copy = R::copy;
    t.multiply = R::multiply;
    t.multiply_transposed = R::multiply_transposed;
    t.weight_gradient = R::weight_gradient;
    t.update_weights = R::update_weights;
    t.update_values = R::update_values;
    t.column_sums = R::column_sums;
    t.activate = R::activate;
    t.activation_gradient = R::activation_gradient;
    t.softmax = R::softmax;
    t.softmax_gradient = R::softmax_gradient;
    t.batch_norm = R::batch_norm;
    t.batch_norm_gradient = R::batch_norm_gradient;
    t.gather = R::gather;
    t.gather_sparse = R::gather_sparse;
    t.take = R::take;
    t.take_sparse = R::take_sparse;
    t.transform = R::transform;
    t.transform_sparse = R::transform_sparse;
    t.sum = R::sum;
    t.squared_norm = R::squared_norm;
    t.penalty = R::penalty;
    t.add_penalty_gradient = R::add_penalty_gradient;
    t.activity_l1 = R::activity_l1;
    t.add = R::add;
    add_reference_draws(t);
    add_reference_losses(t);
    add_reference_convolution(t);
    return t;
}

} // namespace

template <class Real>
const Backend<Real> &reference_backend() {
    static const Backend<Real> table = make_table<Real>();
    return table;
}

template const Backend<float> &reference_backend<float>();
template const Backend<double> &reference_backend<double>();

} // namespace aesop
