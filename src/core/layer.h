// The layers of an encoder or decoder. A layer keeps what its backward pass needs in buffers of its own:
// forward() fills output(), backward() gets d loss / d output (which it may overwrite) and hands parameter
// gradients to the sink.
#pragma once
#include "parameters.h"

namespace aesop {

// What all layers share during one pass over a minibatch.
template <class Real>
struct Pass {
    const Backend<Real> &backend;
    int64_t rows;
    bool training;              // dropout and batch statistics
    const uint32_t *sample_ids; // of the rows, for random draws
    Key seed;
    uint32_t epoch;
    Matrix<Real> covariates = {}; // rows x covariates; null data without any
};

template <class Real>
class Layer {
  public:
    virtual ~Layer() = default;
    virtual Matrix<Real> forward(const Pass<Real> &pass, const Operand<Real> &x) = 0;
    // dx: gradient by the layer's input, written; a null data pointer where nobody needs it.
    virtual void backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                          GradientSink<Real> &sink) = 0;
    virtual int64_t units() const = 0;
};

// One factor of a product: the weights of a layer, or, tied, those of another one transposed.
template <class Real>
struct WeightUse {
    Parameter<Real> *weight;
    bool transposed = false;
    int64_t units() const { return transposed ? weight->shape.inputs : weight->shape.units; }
};

// y = f(x1 W1 + x2 W2 + ... + b): the dense layer's product, of one or several inputs.
template <class Real>
class Projection {
  public:
    // bias may be null.
    Projection(std::vector<WeightUse<Real>> weights, Parameter<Real> *bias, Activation f, double slope,
               const Backend<Real> &backend);
    // One operand for each of the weights.
    Matrix<Real> forward(const Pass<Real> &pass, const std::vector<Operand<Real>> &xs);
    // dxs: gradients by the inputs, written, or added to if accumulate; null data where nobody needs one.
    void backward(const Pass<Real> &pass, const Matrix<Real> &dy, const std::vector<Matrix<Real>> &dxs,
                  bool accumulate, GradientSink<Real> &sink);
    int64_t units() const { return weights_.front().units(); }
    const Weights<Real> &weights(size_t i) const { return weights_[i].weight->value; }
    Parameter<Real> &parameter(size_t i) const { return *weights_[i].weight; }
    Activation activation() const { return activation_; }

  private:
    void products(const Pass<Real> &pass, Activation f, const Matrix<Real> &y);
    std::vector<WeightUse<Real>> weights_;
    Parameter<Real> *bias_;
    Activation activation_;
    Real slope_;
    Buffer<Real> output_, input_memory_; // input_memory_: pre-activation, where the activation needs it
    std::vector<Operand<Real>> xs_;
    Matrix<Real> y_, z_;
};

// A projection of the input, and of the pass's covariates where it has weights for them.
template <class Real>
class DenseLayer : public Layer<Real> {
  public:
    DenseLayer(WeightUse<Real> weight, Parameter<Real> *covariate_weight, Parameter<Real> *bias, Activation f,
               double slope, const Backend<Real> &backend);
    DenseLayer(Parameter<Real> &weight, bool transposed, Parameter<Real> *bias, Activation f, double slope,
               const Backend<Real> &backend)
        : DenseLayer({&weight, transposed}, nullptr, bias, f, slope, backend) {}
    Matrix<Real> forward(const Pass<Real> &pass, const Operand<Real> &x) override;
    void backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                  GradientSink<Real> &sink) override;
    int64_t units() const override { return projection_.units(); }

  private:
    bool takes_covariates_;
    Projection<Real> projection_;
};

// Normalises each unit over the minibatch (running statistics at prediction), then gamma x + beta; without
// scale gamma stays 1. With frozen parameters the running statistics are used in training too.
template <class Real>
class BatchNormLayer : public Layer<Real> {
  public:
    BatchNormLayer(ParameterSet<Real> &parameters, const std::string &prefix, int64_t units, double momentum,
                   double epsilon, bool scale = true);
    Matrix<Real> forward(const Pass<Real> &pass, const Operand<Real> &x) override;
    void backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                  GradientSink<Real> &sink) override;
    int64_t units() const override { return beta_.shape.units; }

  private:
    Parameter<Real> *gamma_; // null without scale
    Parameter<Real> &beta_, &running_mean_, &running_variance_;
    Buffer<Real> output_, mean_, inverse_, ones_, gamma_gradient_;
    BatchNorm<Real> arguments_;
};

// f alone, where something stands between product and activation.
template <class Real>
class ActivationLayer : public Layer<Real> {
  public:
    ActivationLayer(Activation f, double slope, int64_t units, const Backend<Real> &backend)
        : activation_(f), slope_(Real(slope)), units_(units), output_(backend) {}
    Matrix<Real> forward(const Pass<Real> &pass, const Operand<Real> &x) override;
    void backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                  GradientSink<Real> &sink) override;
    int64_t units() const override { return units_; }

  private:
    Activation activation_;
    Real slope_;
    int64_t units_;
    Buffer<Real> output_;
    Matrix<Real> z_, y_;
};

// Inverted dropout (Srivastava et al. 2014): kept units are scaled by 1 / (1 - p); nothing at prediction.
template <class Real>
class DropoutLayer : public Layer<Real> {
  public:
    DropoutLayer(double p, uint32_t purpose, int64_t units, const Backend<Real> &backend)
        : p_(p), purpose_(purpose), units_(units), output_(backend) {}
    Matrix<Real> forward(const Pass<Real> &pass, const Operand<Real> &x) override;
    void backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                  GradientSink<Real> &sink) override;
    int64_t units() const override { return units_; }

  private:
    void drop(const Pass<Real> &pass, const Matrix<Real> &x) const;
    double p_;
    uint32_t purpose_;
    int64_t units_;
    Buffer<Real> output_;
};

// Layers in a row, with the buffers for the gradients between them.
template <class Real>
class LayerStack {
  public:
    explicit LayerStack(const Backend<Real> &backend) : backend_(backend) {}
    void add(std::unique_ptr<Layer<Real>> layer);
    Matrix<Real> forward(const Pass<Real> &pass, const Operand<Real> &x);
    // Returns the gradient by the stack's input in `dx` unless dx.data is null.
    void backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                  GradientSink<Real> &sink);
    bool empty() const { return layers_.empty(); }
    int64_t units() const { return layers_.back()->units(); }

  private:
    const Backend<Real> &backend_;
    std::vector<std::unique_ptr<Layer<Real>>> layers_;
    std::vector<std::unique_ptr<Buffer<Real>>> gradients_; // by the output of layer i
};

} // namespace aesop
