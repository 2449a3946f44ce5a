// From the code to the pre-activations of one assay's output units; the objective applies the output
// activation, so that pairs such as sigmoid and cross-entropy stay finite.
#pragma once
#include "encoder.h"

namespace aesop {

// Rows x features each, or no data: dispersion and zero_logit only where the loss has such a head.
template <class Real>
struct DecoderOutput {
    Matrix<Real> z, dispersion, zero_logit;
};

template <class Real>
class Decoder {
  public:
    // tied: the encoder's weight matrices, used transposed in reverse order; empty for free weights.
    // plan: of a convolutional encoder, to be mirrored, else empty.
    Decoder(const Config &config, const AssayConfig &assay, uint32_t index,
            const std::vector<Parameter<Real> *> &tied, const std::vector<LayerPlan> &plan,
            ParameterSet<Real> &parameters);
    DecoderOutput<Real> forward(const Pass<Real> &pass, const Matrix<Real> &code);
    // Takes the gradients by forward()'s result; dcode is written, or added to if accumulate.
    void backward(const Pass<Real> &pass, const DecoderOutput<Real> &gradient, const Matrix<Real> &dcode,
                  bool accumulate, GradientSink<Real> &sink);
    // Of the mean's head, one per feature; null in a convolutional model.
    Parameter<Real> *output_bias() const { return output_bias_; }

  private:
    void add_dense_layers(const Config &config, const AssayConfig &assay, uint32_t index,
                          const std::vector<Parameter<Real> *> &tied, ParameterSet<Real> &parameters);
    void add_planned_layers(const Config &config, const AssayConfig &assay,
                            const std::vector<LayerPlan> &encoder, ParameterSet<Real> &parameters);
    std::vector<Operand<Real>> head_inputs(const Pass<Real> &pass, const Matrix<Real> &x) const;

    const int64_t latent_;
    bool heads_take_covariates_ = false;
    LayerStack<Real> stack_;
    std::vector<std::unique_ptr<Projection<Real>>> heads_; // mean, [dispersion], [zero]; none if planned
    bool has_dispersion_ = false, has_zero_ = false;
    Parameter<Real> *output_bias_ = nullptr;
    Buffer<Real> last_memory_, code_memory_;
};

} // namespace aesop
