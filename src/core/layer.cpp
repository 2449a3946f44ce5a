#include "layer.h"

namespace aesop {
namespace {

template <class Real>
void copy(const Backend<Real> &b, const Matrix<Real> &from, const Matrix<Real> &to) {
    b.activate(b.self, Activation::linear, Real(0), from, to);
}

} // namespace

template <class Real>
Projection<Real>::Projection(std::vector<WeightUse<Real>> weights, Parameter<Real> *bias, Activation f,
                             double slope, const Backend<Real> &backend)
    : weights_(std::move(weights)), bias_(bias), activation_(f), slope_(Real(slope)), output_(backend),
      input_memory_(backend) {}

// Every factor but the first adds to the sum so far; the last one brings bias and activation.
template <class Real>
void Projection<Real>::products(const Pass<Real> &pass, Activation f, const Matrix<Real> &y) {
    const Backend<Real> &b = pass.backend;
    for (size_t i = 0; i < weights_.size(); i++) {
        bool last = i + 1 == weights_.size();
        const Real *bias = last && bias_ ? bias_->value.data : nullptr;
        Activation g = last ? f : Activation::linear;
        const Weights<Real> &w = weights_[i].weight->value;
        if (weights_[i].transposed)
            b.multiply_transposed(b.self, xs_[i].dense, w, bias, g, slope_, i > 0, y);
        else
            b.multiply(b.self, xs_[i], w, bias, g, slope_, i > 0, y);
    }
}

template <class Real>
Matrix<Real> Projection<Real>::forward(const Pass<Real> &pass, const std::vector<Operand<Real>> &xs) {
    const Backend<Real> &b = pass.backend;
    xs_ = xs;
    y_ = output_.matrix(pass.rows, units());
    if (activation_ == Activation::softmax) {
        products(pass, Activation::linear, y_);
        b.softmax(b.self, y_);
    } else if (needs_input(activation_)) {
        z_ = input_memory_.matrix(pass.rows, units());
        products(pass, Activation::linear, z_);
        b.activate(b.self, activation_, slope_, z_, y_);
    } else {
        products(pass, activation_, y_);
    }
    return y_;
}

template <class Real>
void Projection<Real>::backward(const Pass<Real> &pass, const Matrix<Real> &dy,
                                const std::vector<Matrix<Real>> &dxs, bool accumulate,
                                GradientSink<Real> &sink) {
    const Backend<Real> &b = pass.backend;
    if (activation_ == Activation::softmax)
        b.softmax_gradient(b.self, y_, dy);
    else if (activation_ != Activation::linear)
        b.activation_gradient(b.self, activation_, slope_, z_, y_, dy);
    for (size_t i = 0; i < weights_.size(); i++) {
        if (!dxs[i].data)
            continue;
        const Weights<Real> &w = weights_[i].weight->value;
        if (weights_[i].transposed)
            b.multiply(b.self, dy, w, nullptr, Activation::linear, Real(0), accumulate, dxs[i]);
        else
            b.multiply_transposed(b.self, dy, w, nullptr, Activation::linear, Real(0), accumulate, dxs[i]);
    }
    if (bias_) {
        b.column_sums(b.self, dy, bias_->gradient().data);
        sink.take(*bias_, bias_->gradient().data);
    }
    // Transposed: y = x W', so dW = dy' x.
    for (size_t i = 0; i < weights_.size(); i++)
        contribute(*weights_[i].weight,
                   weights_[i].transposed ? Product<Real>{dy, xs_[i].dense} : Product<Real>{xs_[i], dy},
                   sink);
}

template <class Real>
DenseLayer<Real>::DenseLayer(WeightUse<Real> weight, Parameter<Real> *covariate_weight, Parameter<Real> *bias,
                             Activation f, double slope, const Backend<Real> &backend)
    : takes_covariates_(covariate_weight != nullptr),
      projection_(covariate_weight ? std::vector<WeightUse<Real>>{weight, {covariate_weight}}
                                   : std::vector<WeightUse<Real>>{weight},
                  bias, f, slope, backend) {}

template <class Real>
Matrix<Real> DenseLayer<Real>::forward(const Pass<Real> &pass, const Operand<Real> &x) {
    if (takes_covariates_)
        return projection_.forward(pass, {x, pass.covariates});
    return projection_.forward(pass, {x});
}

template <class Real>
void DenseLayer<Real>::backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                                GradientSink<Real> &sink) {
    projection_.backward(pass, dy, {dx, Matrix<Real>()}, false, sink);
}

template <class Real>
BatchNormLayer<Real>::BatchNormLayer(ParameterSet<Real> &parameters, const std::string &prefix, int64_t units,
                                     double momentum, double epsilon, bool scale)
    : gamma_(scale ? &parameters.add(prefix + ".gamma", Parameter<Real>::bias, 1, units) : nullptr),
      beta_(parameters.add(prefix + ".beta", Parameter<Real>::bias, 1, units)),
      running_mean_(parameters.add(prefix + ".running_mean", Parameter<Real>::state, 1, units)),
      running_variance_(parameters.add(prefix + ".running_variance", Parameter<Real>::state, 1, units)),
      output_(parameters.backend()), mean_(parameters.backend()), inverse_(parameters.backend()),
      ones_(parameters.backend()), gamma_gradient_(parameters.backend()) {
    if (gamma_)
        parameters.fill(*gamma_, 1);
    parameters.fill(running_variance_, 1);
    arguments_ = {};
    arguments_.momentum = Real(momentum);
    arguments_.epsilon = Real(epsilon);
    if (gamma_)
        return;
    std::vector<Real> ones(size_t(padded(units)), Real(1));
    const Backend<Real> &b = parameters.backend();
    b.upload(b.self, ones_.values(padded(units)), ones.data(), int64_t(ones.size() * sizeof(Real)));
}

template <class Real>
Matrix<Real> BatchNormLayer<Real>::forward(const Pass<Real> &pass, const Operand<Real> &x) {
    BatchNorm<Real> &a = arguments_;
    a.x = x.dense;
    a.y = output_.matrix(pass.rows, units());
    a.gamma = gamma_ ? gamma_->value.data : ones_.values(padded(units()));
    a.beta = beta_.value.data;
    a.mean = mean_.values(padded(units())), a.inverse = inverse_.values(padded(units()));
    a.running_mean = running_mean_.value.data, a.running_variance = running_variance_.value.data;
    a.training = pass.training && !beta_.frozen;
    pass.backend.batch_norm(pass.backend.self, a);
    return a.y;
}

template <class Real>
void BatchNormLayer<Real>::backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                                    GradientSink<Real> &sink) {
    const Backend<Real> &b = pass.backend;
    Real *by_gamma = gamma_ ? gamma_->gradient().data : gamma_gradient_.values(padded(units()));
    b.batch_norm_gradient(b.self, arguments_, dy, by_gamma, beta_.gradient().data);
    if (gamma_)
        sink.take(*gamma_, by_gamma);
    sink.take(beta_, beta_.gradient().data);
    if (dx.data)
        copy(b, dy, dx);
}

template <class Real>
Matrix<Real> ActivationLayer<Real>::forward(const Pass<Real> &pass, const Operand<Real> &x) {
    z_ = x.dense;
    y_ = output_.matrix(pass.rows, units_);
    const Backend<Real> &b = pass.backend;
    if (activation_ == Activation::softmax) {
        copy(b, z_, y_);
        b.softmax(b.self, y_);
    } else
        b.activate(b.self, activation_, slope_, z_, y_);
    return y_;
}
template <class Real>
void ActivationLayer<Real>::backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                                     GradientSink<Real> &) {
    const Backend<Real> &b = pass.backend;
    if (activation_ == Activation::softmax)
        b.softmax_gradient(b.self, y_, dy);
    else
        b.activation_gradient(b.self, activation_, slope_, z_, y_, dy);
    if (dx.data)
        copy(b, dy, dx);
}

template <class Real>
void DropoutLayer<Real>::drop(const Pass<Real> &pass, const Matrix<Real> &x) const {
    DrawKey key{pass.seed, pass.epoch, purpose_};
    if (pass.training)
        pass.backend.dropout(pass.backend.self, key, pass.sample_ids, p_, x);
}
template <class Real>
Matrix<Real> DropoutLayer<Real>::forward(const Pass<Real> &pass, const Operand<Real> &x) {
    if (!pass.training)
        return x.dense;
    Matrix<Real> y = output_.matrix(pass.rows, units_);
    copy(pass.backend, x.dense, y);
    drop(pass, y);
    return y;
}
template <class Real>
void DropoutLayer<Real>::backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                                  GradientSink<Real> &) {
    drop(pass, dy);
    if (dx.data)
        copy(pass.backend, dy, dx);
}

template <class Real>
void LayerStack<Real>::add(std::unique_ptr<Layer<Real>> layer) {
    layers_.push_back(std::move(layer));
    gradients_.push_back(std::make_unique<Buffer<Real>>(backend_));
}
template <class Real>
Matrix<Real> LayerStack<Real>::forward(const Pass<Real> &pass, const Operand<Real> &x) {
    Matrix<Real> y = layers_.front()->forward(pass, x);
    for (size_t i = 1; i < layers_.size(); i++)
        y = layers_[i]->forward(pass, y);
    return y;
}
template <class Real>
void LayerStack<Real>::backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                                GradientSink<Real> &sink) {
    Matrix<Real> d = dy;
    for (size_t i = layers_.size(); i-- > 0;) {
        Matrix<Real> below = i ? gradients_[i - 1]->matrix(pass.rows, layers_[i - 1]->units()) : dx;
        layers_[i]->backward(pass, d, below, sink);
        d = below;
    }
}

template class Projection<float>;
template class Projection<double>;
template class DenseLayer<float>;
template class DenseLayer<double>;
template class BatchNormLayer<float>;
template class BatchNormLayer<double>;
template class ActivationLayer<float>;
template class ActivationLayer<double>;
template class DropoutLayer<float>;
template class DropoutLayer<double>;
template class LayerStack<float>;
template class LayerStack<double>;

} // namespace aesop
