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
    : backend_(parameters.backend()), parameters_(parameters), features_(assay.features),
      loss_(loss_from_name(assay.loss)), output_(output_activation(assay)),
      softmax_(assay.output_activation == "softmax"), mean_(assay.loss_reduction == "mean"),
      weight_(assay.weight), delta_(Real(config.huber_delta)), slope_(Real(config.leaky_slope)),
      zero_ridge_(Real(config.zero_ridge)), theta_memory_(backend_), theta_gradient_(backend_),
      copy_memory_(backend_), mean_memory_(backend_), dispersion_memory_(backend_), zero_memory_(backend_) {
    bool has_theta = loss_ == Loss::negative_binomial || loss_ == Loss::zero_inflated;
    if (has_theta && assay.dispersion != "entry")
        log_theta_ =
            &parameters.add(parameter_prefix(assay, "dispersion") + "log_theta", Parameter<Real>::bias, 1,
                            assay.dispersion == "constant" ? 1 : features_);
}

// One value per feature: the parameter itself, or the constant repeated.
template <class Real>
const Real *Objective<Real>::log_theta() {
    if (!log_theta_ || log_theta_->shape.units == features_)
        return log_theta_ ? log_theta_->value.data : nullptr;
    std::vector<Real> repeated(size_t(padded(features_)), Real(parameters_.get(*log_theta_)[0]));
    Real *p = theta_memory_.values(padded(features_));
    backend_.upload(backend_.self, p, repeated.data(), int64_t(repeated.size()));
    return p;
}

template <class Real>
void Objective<Real>::forward(const Pass<Real> &pass, DecoderOutput<Real> &out, const AssayBatch<Real> &batch,
                              bool gradient, std::vector<double> &sample_loss) {
    if (softmax_) { // its layer needs the output that the loss overwrites
        Matrix<Real> copy = copy_memory_.matrix(pass.rows, features_);
        backend_.activate(backend_.self, Activation::linear, Real(0), out.z, copy);
        out.z = copy;
    }
    double share = weight_ / (mean_ ? batch.features_present() : 1.0);
    row_loss_.resize(size_t(pass.rows));
    LossArguments<Real> a{};
    a.kind = loss_, a.activation = output_;
    a.delta = delta_, a.slope = slope_;
    a.weight = Real(share / double(pass.rows));
    a.z = out.z, a.target = batch.target();
    a.feature_weight = batch.feature_weight();
    a.log_size_factor = batch.log_size_factor();
    a.log_theta = log_theta();
    if (log_theta_ && gradient)
        a.log_theta_gradient = theta_gradient_.values(padded(features_));
    a.dispersion = out.dispersion, a.zero_logit = out.zero_logit, a.zero_ridge = zero_ridge_;
    a.sample_loss = row_loss_.data();
    a.gradient = gradient;
    backend_.loss(backend_.self, a);
    for (size_t r = 0; r < row_loss_.size(); r++)
        sample_loss[r] += share * row_loss_[r];
}

template <class Real>
void Objective<Real>::backward(GradientSink<Real> &sink) {
    if (!log_theta_)
        return;
    Real *gradient = log_theta_->gradient().data;
    const Real *by_feature = theta_gradient_.values(padded(features_));
    if (log_theta_->shape.units == features_) {
        backend_.upload(backend_.self, gradient, by_feature, padded(features_));
    } else {
        std::vector<Real> values(static_cast<size_t>(features_));
        backend_.download(backend_.self, values.data(), by_feature, features_);
        double sum = 0;
        for (Real v : values)
            sum += double(v);
        Real total = Real(sum);
        backend_.upload(backend_.self, gradient, &total, 1);
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
