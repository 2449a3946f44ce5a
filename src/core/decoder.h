// From the code to the pre-activations of the output units; the loss applies the output activation, so that
// pairs such as sigmoid and cross-entropy stay finite.
#pragma once
#include "encoder.h"

namespace aesop {

template <class Real>
class Decoder {
  public:
    // tied: the encoder's weight matrices, used transposed in reverse order; empty for free weights.
    Decoder(const Config &config, int64_t n_features, const std::vector<Parameter<Real> *> &tied,
            ParameterSet<Real> &parameters);
    Matrix<Real> forward(const Pass<Real> &pass, const Matrix<Real> &code) {
        return stack_.forward(pass, code);
    }
    void backward(const Pass<Real> &pass, const Matrix<Real> &dz, const Matrix<Real> &dcode,
                  GradientSink<Real> &sink) {
        stack_.backward(pass, dz, dcode, sink);
    }
    Parameter<Real> &output_bias() const { return *output_bias_; }

  private:
    LayerStack<Real> stack_;
    Parameter<Real> *output_bias_ = nullptr;
};

} // namespace aesop
