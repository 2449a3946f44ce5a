// From the input of one assay to what the bottleneck joins: hidden layers, each product -> [batch-norm] ->
// activation -> [dropout], or the planned layers of a convolutional model. There may be none.
#pragma once
#include "config.h"
#include "layer.h"
#include "layer_plan.h"

namespace aesop {

template <class Real>
class Encoder {
  public:
    // index: of the assay. plan: of a convolutional model, else empty.
    Encoder(const Config &config, const AssayConfig &assay, uint32_t index,
            const std::vector<LayerPlan> &plan, ParameterSet<Real> &parameters);
    Operand<Real> forward(const Pass<Real> &pass, const Operand<Real> &x);
    // dy: by the result of forward(); not to be called where there are no layers. dx: gradient by x, as of
    // Layer.
    void backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                  GradientSink<Real> &sink);
    bool empty() const { return stack_.empty(); }
    int64_t units() const { return units_; }
    // Weight matrices in order, for a decoder that ties to them.
    const std::vector<Parameter<Real> *> &weights() const { return weights_; }

  private:
    int64_t units_;
    LayerStack<Real> stack_;
    std::vector<Parameter<Real> *> weights_;
};

// "rna.encoder.": what the names of an assay's parameters begin with.
inline std::string parameter_prefix(const AssayConfig &assay, const char *part) {
    return (assay.name.empty() ? "" : assay.name + ".") + part + ".";
}

// Weights of the covariates in the layer `name`, or null.
template <class Real>
Parameter<Real> *covariate_weight(bool wanted, const Config &config, const std::string &name, int64_t units,
                                  ParameterSet<Real> &parameters);

// Batch-norm and activation in the order of the settings.
template <class Real>
void add_activation(LayerStack<Real> &stack, const Config &config, Activation f, bool batch_norm,
                    const std::string &name, int64_t units, ParameterSet<Real> &parameters);

// Adds one hidden layer with its batch-norm and dropout; name: "encoder.1", "decoder.2", ...
template <class Real>
void add_hidden(LayerStack<Real> &stack, const Config &config, WeightUse<Real> weight, bool covariates,
                const std::string &name, uint32_t dropout_index, ParameterSet<Real> &parameters);

} // namespace aesop
