// Layers on images: a row is one sample's image as [height][width][channels] (Window in backend.h).
#pragma once
#include "config.h"
#include "layer.h"
#include "layer_plan.h"

namespace aesop {

// The same layers applied to every window of an image: positions x units of those layers. A convolution when
// they begin with a product; with windows of one cell, layers that work by channel (batch normalisation).
template <class Real>
class WindowLayer : public Layer<Real> {
  public:
    WindowLayer(const Window &window, const Backend<Real> &backend)
        : window_(window), stack_(backend), patches_(backend), output_(backend), dy_(backend),
          dpatches_(backend) {}
    LayerStack<Real> &stack() { return stack_; } // on rows that are windows; no dropout, its draws go by row
    Matrix<Real> forward(const Pass<Real> &pass, const Operand<Real> &x) override;
    void backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                  GradientSink<Real> &sink) override;
    int64_t units() const override { return window_.positions() * stack_.units(); }

  private:
    Window window_;
    LayerStack<Real> stack_;
    Buffer<Real> patches_, output_, dy_, dpatches_;
};

// The transpose of a convolution: each position of x puts a patch, the product of its channels and the
// weights (channels x patch_size), onto the image of the window; patches that overlap are added. tied: the
// weights (patch_size x channels) are those of a convolution and used transposed.
template <class Real>
class TransposedConvolutionLayer : public Layer<Real> {
  public:
    TransposedConvolutionLayer(const Window &window, Parameter<Real> &weight, bool tied,
                               Parameter<Real> *bias, const Backend<Real> &backend)
        : window_(window), product_(weight, tied, nullptr, Activation::linear, 0, backend),
          channels_(tied ? weight.shape.units : weight.shape.inputs), bias_(bias), x_(backend),
          output_(backend), dpatches_(backend), dx_(backend), column_sums_(backend), cells_(backend) {}
    Matrix<Real> forward(const Pass<Real> &pass, const Operand<Real> &x) override;
    void backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                  GradientSink<Real> &sink) override;
    int64_t units() const override { return window_.image_size(); }

  private:
    Window window_;
    DenseLayer<Real> product_;
    int64_t channels_; // of x
    Parameter<Real> *bias_;
    Buffer<Real> x_, output_, dpatches_, dx_, column_sums_, cells_;
};

template <class Real>
class PoolLayer : public Layer<Real> {
  public:
    PoolLayer(Pooling kind, const Window &window, const Backend<Real> &backend)
        : kind_(kind), window_(window), output_(backend) {}
    Matrix<Real> forward(const Pass<Real> &pass, const Operand<Real> &x) override;
    void backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                  GradientSink<Real> &sink) override;
    int64_t units() const override { return window_.positions() * window_.channels; }

  private:
    Pooling kind_;
    Window window_;
    Buffer<Real> output_;
    Matrix<Real> x_, y_;
};

template <class Real>
class UpsampleLayer : public Layer<Real> {
  public:
    UpsampleLayer(const Window &window, const Backend<Real> &backend) : window_(window), output_(backend) {}
    Matrix<Real> forward(const Pass<Real> &pass, const Operand<Real> &x) override;
    void backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                  GradientSink<Real> &sink) override;
    int64_t units() const override { return window_.image_size(); }

  private:
    Window window_;
    Buffer<Real> output_;
};

// Adds the layers of one entry of a plan: product, batch normalisation by channel and activation as the
// configuration asks, then dropout. linear: an output layer, without those three. Flatten adds nothing.
// tied: the weights of the layer that this one mirrors. Returns the weights, null where there are none.
template <class Real>
Parameter<Real> *add_planned(LayerStack<Real> &stack, const Config &config, const LayerPlan &plan,
                             const std::string &name, bool linear, uint32_t dropout_index,
                             ParameterSet<Real> &parameters, Parameter<Real> *tied = nullptr);

} // namespace aesop
