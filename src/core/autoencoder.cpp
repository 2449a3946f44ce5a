#include "autoencoder.h"
#include "initialization.h"
#include "reference.h"
#include <cmath>

namespace aesop {
namespace {

Activation output_activation(const Config &config) {
    Activation f = activation_from_name(config.output_activation, "output_activation");
    return f == Activation::softmax ? Activation::linear : f; // softmax is the decoder's own last step
}

} // namespace

// Built on a backend without memory, so that asking for the shapes of a huge network costs nothing.
std::vector<ParameterShape> parameter_shapes(const Config &config, int64_t n_features) {
    Backend<float> shapes_only = reference_backend<float>();
    shapes_only.allocate = [](void *, int64_t) -> float * { return nullptr; };
    shapes_only.release = [](void *, float *) {};
    shapes_only.upload = [](void *, float *, const float *, int64_t) {};
    Autoencoder<float> network(config.resolved(), n_features, shapes_only);
    std::vector<ParameterShape> shapes;
    for (auto &p : network.parameters().all())
        shapes.push_back({p->name, p->shape.inputs, p->shape.units});
    return shapes;
}

template <class Real>
Autoencoder<Real>::Autoencoder(const Config &config, int64_t n_features, const Backend<Real> &backend)
    : config_(config), n_features_(n_features), backend_(backend), loss_(loss_from_name(config.loss)),
      output_(output_activation(config)), parameters_(backend), encoder_(config, n_features, parameters_),
      decoder_(config, n_features, config.tied ? encoder_.weights() : std::vector<Parameter<Real> *>(),
               parameters_),
      dcode_memory_(backend), theta_memory_(backend), theta_gradient_(backend), output_memory_(backend) {
    if (loss_ == Loss::negative_binomial)
        log_theta_ = &parameters_.add("dispersion.log_theta", Parameter<Real>::bias, 1,
                                      config.dispersion == "constant" ? 1 : n_features);
}

template <class Real>
void Autoencoder<Real>::initialize(Key seed) {
    uint32_t index = 0;
    for (auto &p : parameters_.all()) {
        if (p->kind == Parameter<Real>::weights)
            aesop::initialize(parameters_, *p, config_, seed, index);
        index++;
    }
}

template <class Real>
void Autoencoder<Real>::set_log_means(const std::vector<double> &means) {
    std::vector<double> bias;
    for (double m : means)
        bias.push_back(std::log(std::max(m, 1e-4)));
    parameters_.set(decoder_.output_bias(), bias.data());
}

template <class Real>
Pass<Real> Autoencoder<Real>::pass(const Minibatch<Real> &batch, Key seed, uint32_t epoch,
                                   bool training) const {
    return {backend_, batch.rows(), training, batch.sample_ids(), seed, epoch};
}

// One value per feature: the parameter itself, or the constant repeated.
template <class Real>
const Real *Autoencoder<Real>::log_theta() {
    if (!log_theta_ || log_theta_->shape.units == n_features_)
        return log_theta_ ? log_theta_->value.data : nullptr;
    std::vector<Real> repeated(size_t(padded(n_features_)), Real(parameters_.get(*log_theta_)[0]));
    Real *p = theta_memory_.values(padded(n_features_));
    backend_.upload(backend_.self, p, repeated.data(), int64_t(repeated.size()));
    return p;
}

template <class Real>
double Autoencoder<Real>::forward(const Pass<Real> &pass, Minibatch<Real> &batch, bool gradient) {
    code_ = encoder_.forward(pass, batch.input(pass));
    z_ = decoder_.forward(pass, code_);
    if (config_.output_activation == "softmax") { // its layer needs the output that the loss overwrites
        Matrix<Real> copy = output_memory_.matrix(pass.rows, n_features_);
        backend_.activate(backend_.self, Activation::linear, Real(0), z_, copy);
        z_ = copy;
    }
    sample_loss_.resize(size_t(pass.rows));
    double share = config_.loss_reduction == "mean" ? 1.0 / double(n_features_) : 1.0;
    LossArguments<Real> a{};
    a.kind = loss_, a.activation = output_;
    a.delta = Real(config_.huber_delta), a.slope = Real(config_.leaky_slope);
    a.weight = Real(share / double(pass.rows));
    a.z = z_, a.target = batch.target();
    a.log_size_factor = batch.log_size_factor();
    a.log_theta = log_theta();
    if (log_theta_ && gradient)
        a.log_theta_gradient = theta_gradient_.values(padded(n_features_));
    a.sample_loss = sample_loss_.data();
    a.gradient = gradient;
    backend_.loss(backend_.self, a);
    double sum = 0;
    for (double &l : sample_loss_)
        sum += l *= share;
    return sum / double(pass.rows);
}

template <class Real>
void Autoencoder<Real>::backward(const Pass<Real> &pass, GradientSink<Real> &sink) {
    if (log_theta_) {
        Real *gradient = log_theta_->gradient().data;
        const Real *by_feature = theta_gradient_.values(padded(n_features_));
        if (log_theta_->shape.units == n_features_) {
            backend_.upload(backend_.self, gradient, by_feature, padded(n_features_));
        } else {
            std::vector<Real> values(static_cast<size_t>(n_features_));
            backend_.download(backend_.self, values.data(), by_feature, n_features_);
            double sum = 0;
            for (Real v : values)
                sum += double(v);
            Real total = Real(sum);
            backend_.upload(backend_.self, gradient, &total, 1);
        }
        sink.take(*log_theta_, gradient);
    }
    Matrix<Real> dcode = dcode_memory_.matrix(pass.rows, config_.latent);
    decoder_.backward(pass, z_, dcode, sink);
    if (config_.activity_l1 > 0)
        backend_.activity_l1(backend_.self, code_, Real(config_.activity_l1 / double(pass.rows)), dcode);
    encoder_.backward(pass, dcode, sink);
}

template <class Real>
double Autoencoder<Real>::weight_penalty() const {
    if (config_.l1 == 0 && config_.l2 == 0)
        return 0;
    double sum = 0;
    for (auto &p : parameters_.all())
        if (p->penalised())
            sum += backend_.penalty(backend_.self, p->value.data, p->shape.size(), config_.l1, config_.l2);
    return sum;
}

template <class Real>
double Autoencoder<Real>::train_step(Minibatch<Real> &batch, Key seed, uint32_t epoch,
                                     Optimizer<Real> &optimizer) {
    if (config_.clip_norm > 0) { // the norm of all gradients must be known before the first update
        double loss = gradients(batch, seed, epoch, true), square = 0;
        for (auto &p : parameters_.all())
            if (p->kind != Parameter<Real>::state)
                square += backend_.squared_norm(backend_.self, p->gradient().data, p->shape.size());
        double norm = std::sqrt(square);
        optimizer.apply_stored(parameters_, norm > config_.clip_norm ? config_.clip_norm / norm : 1.0);
        return loss;
    }
    Pass<Real> p = pass(batch, seed, epoch, true);
    double loss = forward(p, batch, true) + activity(p.rows) + weight_penalty();
    if (std::isfinite(loss))
        backward(p, optimizer);
    return loss;
}

template <class Real>
double Autoencoder<Real>::activity(int64_t rows) const {
    if (config_.activity_l1 == 0)
        return 0;
    return config_.activity_l1 * backend_.activity_l1(backend_.self, code_, Real(0), Matrix<Real>()) /
           double(rows);
}

template <class Real>
double Autoencoder<Real>::gradients(Minibatch<Real> &batch, Key seed, uint32_t epoch, bool training) {
    Pass<Real> p = pass(batch, seed, epoch, training);
    double loss = forward(p, batch, true) + activity(p.rows) + weight_penalty();
    StoredGradients<Real> sink(backend_);
    backward(p, sink);
    for (auto &q : parameters_.all())
        if (q->penalised() && (config_.l1 > 0 || config_.l2 > 0))
            backend_.add_penalty_gradient(backend_.self, q->gradient().data, q->value.data, q->shape.size(),
                                          config_.l1, config_.l2);
    return loss;
}

template <class Real>
double Autoencoder<Real>::evaluate(Minibatch<Real> &batch, double *sample_loss) {
    Pass<Real> p = pass(batch, Key(), 0, false);
    double loss = forward(p, batch, false) + activity(p.rows) + weight_penalty();
    if (sample_loss)
        std::copy(sample_loss_.begin(), sample_loss_.end(), sample_loss);
    return loss;
}

template <class Real>
Matrix<Real> Autoencoder<Real>::encode(Minibatch<Real> &batch) {
    Pass<Real> p = pass(batch, Key(), 0, false);
    return encoder_.forward(p, batch.input(p));
}

template <class Real>
Matrix<Real> Autoencoder<Real>::decode(const Matrix<Real> &code) {
    Pass<Real> p{backend_, code.rows, false, nullptr, Key(), 0};
    Matrix<Real> z = decoder_.forward(p, code), y = output_memory_.matrix(code.rows, n_features_);
    backend_.activate(backend_.self, output_, Real(config_.leaky_slope), z, y);
    return y;
}

template class Autoencoder<float>;
template class Autoencoder<double>;

} // namespace aesop
