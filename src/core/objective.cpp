#include "objective.h"
#include "names.h"
#include <cmath>

namespace aesop {
namespace {

Activation output_activation(const AssayConfig &assay) {
    Activation f = activation_from_name(assay.output_activation, "output_activation");
    return f == Activation::softmax ? Activation::linear : f; // softmax is the decoder's own last step
}

} // namespace

template <class Real>
Objective<Real>::Objective(const Config &config, const AssayConfig &assay, ParameterSet<Real> &parameters)
    : backend_(parameters.backend()), features_(assay.features), loss_(loss_from_name(assay.loss)),
      output_(output_activation(assay)), softmax_(assay.output_activation == "softmax"),
      mean_(assay.loss_reduction == "mean"), weight_(assay.weight), delta_(Real(config.huber_delta)),
      slope_(Real(config.leaky_slope)), zero_ridge_(Real(config.zero_ridge)), theta_memory_(backend_),
      theta_gradient_(backend_), copy_memory_(backend_), mean_memory_(backend_), dispersion_memory_(backend_),
      zero_memory_(backend_), ones_(backend_) {
    bool has_theta = loss_ == Loss::negative_binomial || loss_ == Loss::zero_inflated;
    if (has_theta && assay.dispersion != "entry")
        log_theta_ =
            &parameters.add(parameter_prefix(assay, "dispersion") + "log_theta", Parameter<Real>::bias, 1,
                            assay.dispersion == "constant" ? 1 : features_);
}

// A product with it repeats one value for all features; the transposed product adds up over them.
template <class Real>
Weights<Real> Objective<Real>::ones() {
    if (!ones_.data()) {
        std::vector<Real> host(size_t(padded(features_)));
        std::fill(host.begin(), host.begin() + features_, Real(1));
        ones_.set(host.data(), int64_t(host.size()));
    }
    return {ones_.data(), {1, features_}};
}

// One value per feature: the parameter itself, or the constant repeated.
template <class Real>
const Real *Objective<Real>::log_theta() {
    if (!one_dispersion())
        return log_theta_ ? log_theta_->value.data : nullptr;
    Matrix<Real> constant{log_theta_->value.data, 1, 1, leading_dimension(1)};
    Matrix<Real> repeated = theta_memory_.matrix(1, features_);
    backend_.multiply(backend_.self, constant, ones(), nullptr, Activation::linear, Real(0), false, repeated);
    return repeated.data;
}

template <class Real>
void Objective<Real>::forward(const Pass<Real> &pass, DecoderOutput<Real> &out, const AssayBatch<Real> &batch,
                              bool gradient, double *sample_loss, bool accumulate) {
    if (softmax_) { // its layer needs the output that the loss overwrites
        Matrix<Real> copy = copy_memory_.matrix(pass.rows, features_);
        backend_.activate(backend_.self, Activation::linear, Real(0), out.z, copy);
        out.z = copy;
    }
    LossArguments<Real> a{};
    a.share = weight_ / (mean_ ? batch.features_present() : 1.0);
    a.kind = loss_, a.activation = output_;
    a.delta = delta_, a.slope = slope_;
    a.weight = Real(a.share / double(pass.rows));
    a.z = out.z, a.target = batch.target();
    a.feature_weight = batch.feature_weight();
    a.log_size_factor = batch.log_size_factor();
    a.log_theta = log_theta();
    if (log_theta_ && gradient)
        a.log_theta_gradient =
            one_dispersion() ? theta_gradient_.values(features_) : log_theta_->gradient().data;
    a.dispersion = out.dispersion, a.zero_logit = out.zero_logit, a.zero_ridge = zero_ridge_;
    a.sample_loss = sample_loss, a.accumulate = accumulate;
    a.gradient = gradient;
    backend_.loss(backend_.self, a);
}

template <class Real>
void Objective<Real>::backward(GradientSink<Real> &sink) {
    if (!log_theta_)
        return;
    Real *gradient = log_theta_->gradient().data;
    if (one_dispersion()) {
        Matrix<Real> by_feature = theta_gradient_.matrix(1, features_);
        Matrix<Real> sum{gradient, 1, 1, leading_dimension(1)};
        backend_.multiply_transposed(backend_.self, by_feature, ones(), nullptr, Activation::linear, Real(0),
                                     false, sum);
    }
    sink.take(*log_theta_, gradient);
}

template <class Real>
Reconstruction<Real> Objective<Real>::reconstruct(const Pass<Real> &pass, const DecoderOutput<Real> &out) {
    auto apply = [&](Activation f, const Matrix<Real> &z, Buffer<Real> &memory) {
        if (!z.data)
            return Matrix<Real>();
        Matrix<Real> y = memory.matrix(pass.rows, features_);
        backend_.activate(backend_.self, f, slope_, z, y);
        return y;
    };
    return {apply(output_, out.z, mean_memory_),
            apply(Activation::softplus, out.dispersion, dispersion_memory_),
            apply(Activation::sigmoid, out.zero_logit, zero_memory_)};
}

template class Objective<float>;
template class Objective<double>;

} // namespace aesop
