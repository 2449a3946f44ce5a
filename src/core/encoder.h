// From the network's input to the code: hidden layers, each product -> [batch-norm] -> activation ->
// [dropout], then the bottleneck.
#pragma once
#include "config.h"
#include "layer.h"

namespace aesop {

template <class Real>
class Encoder {
  public:
    Encoder(const Config &config, int64_t n_features, ParameterSet<Real> &parameters);
    Matrix<Real> forward(const Pass<Real> &pass, const Operand<Real> &x) { return stack_.forward(pass, x); }
    void backward(const Pass<Real> &pass, const Matrix<Real> &dcode, GradientSink<Real> &sink) {
        stack_.backward(pass, dcode, Matrix<Real>(), sink);
    }
    // Weight matrices in order, for a decoder that ties to them.
    const std::vector<Parameter<Real> *> &weights() const { return weights_; }

  private:
    LayerStack<Real> stack_;
    std::vector<Parameter<Real> *> weights_;
};

// Adds one hidden layer with its batch-norm and dropout; name: "encoder.1", "decoder.2", ...
template <class Real>
void add_hidden(LayerStack<Real> &stack, const Config &config, Parameter<Real> &weight, bool transposed,
                const std::string &name, int64_t units, uint32_t dropout_index,
                ParameterSet<Real> &parameters);

} // namespace aesop
