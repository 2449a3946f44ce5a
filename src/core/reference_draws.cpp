// Operations that draw random numbers: noise, thinning, dropout and the variational bottleneck.
#include "binomial.h"
#include "reference_parts.h"

namespace aesop {
namespace {

template <class Real>
struct Draws {
    using M = Matrix<Real>;

    static void dropout(void *, const DrawKey &key, const uint32_t *ids, double p, const M &x) {
        Real factor = Real(1 / (1 - p));
        for (int64_t b = 0; b < x.rows; b++)
            for (int64_t c = 0; c < x.cols; c++)
                x.at(b, c) *= draw_word(key, ids[b], uint32_t(c)) >= threshold(p) ? factor : Real(0);
    }
    static void mask_sparse(void *, const DrawKey &key, const uint32_t *ids, double p, bool rescale,
                            const SparseMatrix<Real> &x, Real *values) {
        Real factor = rescale ? Real(1 / (1 - p)) : Real(1);
        for (int64_t b = 0; b < x.rows; b++)
            for (int64_t k = x.start[b]; k < x.start[b + 1]; k++)
                values[k] *= draw_word(key, ids[b], uint32_t(x.index[k])) >= threshold(p) ? factor : Real(0);
    }

    static void corrupt(void *, const NoiseRule &rule, const DrawKey &key, const uint32_t *ids, const M &x,
                        const M &y) {
        DrawKey second = key;
        second.purpose = kNoiseKind;
        for (int64_t b = 0; b < x.rows; b++)
            for (int64_t c = 0; c < x.cols; c++) {
                uint32_t a = draw_word(key, ids[b], uint32_t(c));
                uint32_t a2 = draw_word(second, ids[b], uint32_t(c));
                y.at(b, c) = corrupted(rule, a, a2, x, b, c);
            }
    }
    static Real corrupted(const NoiseRule &rule, uint32_t a, uint32_t a2, const M &x, int64_t b, int64_t c) {
        Real v = x.at(b, c);
        bool hit = a < threshold(rule.amount);
        switch (rule.kind) {
        case NoiseKind::masking:
            return hit ? Real(0) : v;
        case NoiseKind::gaussian:
            return v + Real(rule.amount) * Real(normal(a, a2));
        case NoiseKind::salt_pepper:
            return !hit ? v : a2 >> 31 ? Real(rule.high) : Real(rule.low);
        case NoiseKind::ones:
            return hit ? Real(rule.high) : v;
        case NoiseKind::cauchy:
            return v + Real(rule.amount) * Real(cauchy(a));
        case NoiseKind::swap: // with any of the other samples, equally likely
            return hit && x.rows > 1 ? x.at((b + 1 + a2 % (x.rows - 1)) % x.rows, c) : v;
        default:
            return v;
        }
    }

    static void thin(void *, const DrawKey &key, const uint32_t *ids, double p, const M &x, const M &y) {
        for (int64_t b = 0; b < x.rows; b++)
            for (int64_t c = 0; c < x.cols; c++)
                y.at(b, c) = thinned(key, ids[b], uint32_t(c), x.at(b, c), p);
    }
    static void thin_sparse(void *, const DrawKey &key, const uint32_t *ids, double p,
                            const SparseMatrix<Real> &x, Real *values) {
        for (int64_t b = 0; b < x.rows; b++)
            for (int64_t k = x.start[b]; k < x.start[b + 1]; k++)
                values[k] = thinned(key, ids[b], uint32_t(x.index[k]), values[k], p);
    }

    // e of z = mean + exp(log_variance / 2) e.
    static Real standard_normal(const DrawKey &key, uint32_t id, int64_t c) {
        return Real(normal(draw_word(key, id, uint32_t(c)), draw_word(part_of(key, 1), id, uint32_t(c))));
    }
    static void sample_normal(void *, const DrawKey &key, const uint32_t *ids, const M &mean,
                              const M &log_variance, const M &z) {
        for (int64_t b = 0; b < z.rows; b++)
            for (int64_t c = 0; c < z.cols; c++) {
                Real v = clamp_log_variance(log_variance.at(b, c));
                z.at(b, c) = mean.at(b, c) + std::exp(v / 2) * standard_normal(key, ids[b], c);
            }
    }
    static void sample_normal_gradient(void *, const DrawKey &key, const uint32_t *ids, const M &mean,
                                       const M &log_variance, const M &dz, Real weight, const M &dmean,
                                       const M &dlog_variance) {
        for (int64_t b = 0; b < dz.rows; b++)
            for (int64_t c = 0; c < dz.cols; c++) {
                Real raw = log_variance.at(b, c), v = clamp_log_variance(raw), g = dz.at(b, c);
                Real by_v = g * std::exp(v / 2) * standard_normal(key, ids[b], c) / 2 +
                            weight * (std::exp(v) - 1) / 2;
                dmean.at(b, c) = g + weight * mean.at(b, c);
                dlog_variance.at(b, c) = v == raw ? by_v : Real(0);
            }
    }
    static void divergence(void *, const M &mean, const M &log_variance, const Sum &to) {
        double sum = 0;
        for (int64_t b = 0; b < mean.rows; b++)
            for (int64_t c = 0; c < mean.cols; c++)
                sum += double(normal_divergence(mean.at(b, c), clamp_log_variance(log_variance.at(b, c))));
        add_to(to, sum);
    }
};

} // namespace

template <class Real>
void add_reference_draws(Backend<Real> &t) {
    using D = Draws<Real>;
    t.dropout = D::dropout;
    t.mask_sparse = D::mask_sparse;
    t.corrupt = D::corrupt;
    t.thin = D::thin;
    t.thin_sparse = D::thin_sparse;
    t.sample_normal = D::sample_normal;
    t.sample_normal_gradient = D::sample_normal_gradient;
    t.divergence = D::divergence;
}

template void add_reference_draws<float>(Backend<float> &);
template void add_reference_draws<double>(Backend<double> &);

} // namespace aesop
