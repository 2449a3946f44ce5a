// Losses of the output, and the penalties of the code that depend on activations.
#include "reference_parts.h"

namespace aesop {
namespace {

template <class Real>
struct Losses {
    using M = Matrix<Real>;

    // The loss of one element and its slopes by the pre-activation, log theta and the two heads.
    struct Element {
        Real loss, slope, by_log_theta = 0, by_dispersion = 0, by_logit = 0;
    };

    static void loss(void *, const LossArguments<Real> &a) {
        if (a.log_theta_gradient)
            std::fill(a.log_theta_gradient, a.log_theta_gradient + padded(a.z.cols), Real(0));
        for (int64_t b = 0; b < a.z.rows; b++) {
            double sum = 0;
            for (int64_t c = 0; c < a.z.cols; c++) {
                Element e = is_count(a.kind) ? count_loss(a, b, c) : plain_loss(a, b, c);
                Real share = a.feature_weight ? a.feature_weight[c] : Real(1), weight = a.weight * share;
                sum += double(e.loss * share);
                if (a.log_theta_gradient)
                    a.log_theta_gradient[c] += e.by_log_theta * weight;
                if (!a.gradient)
                    continue;
                a.z.at(b, c) = e.slope * weight;
                if (a.dispersion.data)
                    a.dispersion.at(b, c) = e.by_dispersion * weight;
                if (a.zero_logit.data)
                    a.zero_logit.at(b, c) = e.by_logit * weight;
            }
            a.sample_loss[b] = a.share * sum + (a.accumulate ? a.sample_loss[b] : 0);
        }
    }
    static Element plain_loss(const LossArguments<Real> &a, int64_t b, int64_t c) {
        LossTerm<Real> term{};
        with_loss(a.kind, [&](auto kind) {
            with_activation(a.activation, [&](auto f) {
                term = element_loss<kind.value, f.value>(a.z.at(b, c), a.target.at(b, c), a.delta, a.slope);
            });
        });
        return {term.loss, term.slope};
    }
    // z is the log mean of a sample with size factor 1; outside its limits the slope is 0.
    static Element count_loss(const LossArguments<Real> &a, int64_t b, int64_t c) {
        Real z = a.z.at(b, c), t = a.target.at(b, c), kept = clamp_log_mean(z);
        Real log_mean = kept + (a.log_size_factor ? a.log_size_factor[b] : Real(0));
        Element e{};
        if (a.kind == Loss::poisson) {
            LossTerm<Real> term = t > 0 ? poisson_loss(log_mean, t, t) : poisson_loss_zero(log_mean);
            e.loss = term.loss, e.slope = term.slope;
        } else
            e = dispersed_loss(a, b, c, log_mean, t);
        if (kept != z)
            e.slope = 0;
        return e;
    }
    static Element dispersed_loss(const LossArguments<Real> &a, int64_t b, int64_t c, Real log_mean, Real t) {
        Dispersion<Real> d;
        if (a.dispersion.data)
            d = dispersion_of(a.dispersion.at(b, c));
        else {
            Real raw = a.log_theta[c], kept = std::min(std::max(raw, Real(kLogThetaMin)), Real(kLogThetaMax));
            d = {std::exp(kept), raw == kept ? Real(1) : Real(0)};
        }
        CountTerm<Real> nb = t > 0 ? negative_binomial_loss(log_mean, d.theta, t, t)
                                   : negative_binomial_loss_zero(log_mean, d.theta);
        Element e{nb.loss, nb.slope, nb.dispersion_slope};
        if (a.zero_logit.data) {
            InflatedTerm<Real> term = zero_inflated_loss(nb, a.zero_logit.at(b, c), t, a.zero_ridge);
            e = {term.loss, term.slope, term.dispersion_slope};
            e.by_logit = term.logit_slope;
        }
        e.by_log_theta *= d.log_slope;
        e.by_dispersion = e.by_log_theta;
        return e;
    }

    // Ng 2011, "Sparse autoencoder" (CS294A lecture notes).
    static void sparsity(void *, const M &h, Real rho, Real factor, const M &dh, const Sum &to) {
        double total = 0, p = double(rho);
        for (int64_t c = 0; c < h.cols; c++) {
            double sum = 0;
            for (int64_t b = 0; b < h.rows; b++)
                sum += double(h.at(b, c));
            double mean = sum / double(h.rows), kept = std::min(std::max(mean, 1e-6), 1 - 1e-6);
            total += p * std::log(p / kept) + (1 - p) * std::log((1 - p) / (1 - kept));
            if (!dh.data || kept != mean)
                continue;
            Real slope = Real(double(factor) * ((1 - p) / (1 - kept) - p / kept) / double(h.rows));
            for (int64_t b = 0; b < h.rows; b++)
                dh.at(b, c) += slope;
        }
        add_to(to, total);
    }

    // Rifai et al. 2011, "Contractive auto-encoders".
    static void contraction(void *, Activation f, Real slope, const M &y, const Weights<Real> &w, Real factor,
                            const M &dy, const Weights<Real> &dw, const Sum &to) {
        double total = 0;
        for (int64_t j = 0; j < y.cols; j++) {
            Real weights = 0, slopes = 0; // sums of the squares of the unit's weights and slopes
            for (int64_t i = 0; i < w.shape.inputs; i++)
                weights += w.at(i, j) * w.at(i, j);
            with_activation(f, [&](auto tag) {
                for (int64_t n = 0; n < y.rows; n++) {
                    Real s = activation_slope<tag.value>(Real(0), y.at(n, j), slope);
                    slopes += s * s;
                    if (dy.data)
                        dy.at(n, j) += 2 * factor * activation_curvature<tag.value>(y.at(n, j)) * weights;
                }
            });
            total += double(slopes) * double(weights);
            if (dw.data)
                for (int64_t i = 0; i < w.shape.inputs; i++)
                    dw.at(i, j) += 2 * factor * w.at(i, j) * slopes;
        }
        add_to(to, total);
    }
};

} // namespace

template <class Real>
void add_reference_losses(Backend<Real> &t) {
    using L = Losses<Real>;
    t.loss = L::loss;
    t.sparsity = L::sparsity;
    t.contraction = L::contraction;
}

template void add_reference_losses<float>(Backend<float> &);
template void add_reference_losses<double>(Backend<double> &);

} // namespace aesop
