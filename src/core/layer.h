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

// y = f(x W + b), or with the transposed weights of another layer (tied): y = f(x W' + b).
template <class Real>
class DenseLayer : public Layer<Real> {
  public:
    DenseLayer(Parameter<Real> &weight, bool transposed, Parameter<Real> *bias, Activation f, double slope,
               const Backend<Real> &backend);
    Matrix<Real> forward(const Pass<Real> &pass, const Operand<Real> &x) override;
    void backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                  GradientSink<Real> &sink) override;
    int64_t units() const override { return transposed_ ? weight_.shape.inputs : weight_.shape.units; }

  private:
    void product(const Pass<Real> &pass, const Operand<Real> &x, Activation f, const Matrix<Real> &y);
    Parameter<Real> &weight_;
    bool transposed_;
    Parameter<Real> *bias_;
    Activation activation_;
    Real slope_;
    Buffer<Real> output_, input_memory_; // input_memory_: pre-activation, where the activation needs it
    Operand<Real> x_;
    Matrix<Real> y_, z_;
};

// Normalises each unit over the minibatch (running statistics at prediction), then gamma x + beta.
template <class Real>
class BatchNormLayer : public Layer<Real> {
  public:
    BatchNormLayer(ParameterSet<Real> &parameters, const std::string &prefix, int64_t units, double momentum,
                   double epsilon);
    Matrix<Real> forward(const Pass<Real> &pass, const Operand<Real> &x) override;
    void backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                  GradientSink<Real> &sink) override;
    int64_t units() const override { return gamma_.shape.units; }

  private:
    Parameter<Real> &gamma_, &beta_, &running_mean_, &running_variance_;
    Buffer<Real> output_, mean_, inverse_;
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
    int64_t units() const { return layers_.back()->units(); }

  private:
    const Backend<Real> &backend_;
    std::vector<std::unique_ptr<Layer<Real>>> layers_;
    std::vector<std::unique_ptr<Buffer<Real>>> gradients_; // by the output of layer i
};

} // namespace aesop
