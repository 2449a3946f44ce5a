#include "encoder.h"
#include "image_layer.h"
#include "names.h"

namespace aesop {

template <class Real>
Parameter<Real> *covariate_weight(bool wanted, const Config &config, const std::string &name, int64_t units,
                                  ParameterSet<Real> &parameters) {
    if (!wanted)
        return nullptr;
    return &parameters.add(name + ".covariates.weight", Parameter<Real>::weights,
                           int64_t(config.covariates.size()), units);
}

template <class Real>
void add_activation(LayerStack<Real> &stack, const Config &config, Activation f, bool batch_norm,
                    const std::string &name, int64_t units, ParameterSet<Real> &parameters) {
    const Backend<Real> &b = parameters.backend();
    auto normalise = [&] {
        if (batch_norm)
            stack.add(
                std::make_unique<BatchNormLayer<Real>>(parameters, name, units, config.batch_norm_momentum,
                                                       config.batch_norm_epsilon, config.batch_norm_scale));
    };
    if (!config.batch_norm_last)
        normalise();
    if (f != Activation::linear)
        stack.add(std::make_unique<ActivationLayer<Real>>(f, config.leaky_slope, units, b));
    if (config.batch_norm_last)
        normalise();
}

template <class Real>
void add_hidden(LayerStack<Real> &stack, const Config &config, WeightUse<Real> weight, bool covariates,
                const std::string &name, uint32_t dropout_index, ParameterSet<Real> &parameters) {
    const Backend<Real> &b = parameters.backend();
    int64_t units = weight.units();
    Activation f = activation_from_name(config.activation, "activation");
    Parameter<Real> *extra = covariate_weight(covariates, config, name, units, parameters);
    if (config.batch_norm) { // its beta takes the place of the bias
        stack.add(std::make_unique<DenseLayer<Real>>(weight, extra, nullptr, Activation::linear, 0, b));
        add_activation(stack, config, f, true, name, units, parameters);
    } else {
        Parameter<Real> &bias = parameters.add(name + ".bias", Parameter<Real>::bias, 1, units);
        stack.add(std::make_unique<DenseLayer<Real>>(weight, extra, &bias, f, config.leaky_slope, b));
    }
    if (config.dropout > 0)
        stack.add(std::make_unique<DropoutLayer<Real>>(config.dropout, kDropout + dropout_index, units, b));
}

template <class Real>
Encoder<Real>::Encoder(const Config &config, const AssayConfig &assay, uint32_t index,
                       const std::vector<LayerPlan> &plan, ParameterSet<Real> &parameters)
    : units_(assay.features), stack_(parameters.backend()) {
    std::string prefix = parameter_prefix(assay, "encoder");
    uint32_t dropout_index = index * kAssayStride;
    for (size_t i = 0; i < plan.size(); i++) {
        add_planned(stack_, config, plan[i], prefix + std::to_string(i + 1), false,
                    dropout_index + uint32_t(i), parameters);
        units_ = plan[i].output.size();
    }
    if (!plan.empty())
        return;
    for (size_t i = 0; i < assay.hidden.size(); i++) {
        std::string name = prefix + std::to_string(i + 1);
        weights_.push_back(
            &parameters.add(name + ".weight", Parameter<Real>::weights, units_, assay.hidden[i]));
        add_hidden(stack_, config, {weights_.back()}, i == 0 && config.conditions_encoder(), name,
                   dropout_index + uint32_t(i), parameters);
        units_ = assay.hidden[i];
    }
}

template <class Real>
Operand<Real> Encoder<Real>::forward(const Pass<Real> &pass, const Operand<Real> &x) {
    return stack_.empty() ? x : Operand<Real>(stack_.forward(pass, x));
}
template <class Real>
void Encoder<Real>::backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                             GradientSink<Real> &sink) {
    stack_.backward(pass, dy, dx, sink);
}

#define AESOP_INSTANTIATE(Real)                                                                              \
    template class Encoder<Real>;                                                                            \
    template Parameter<Real> *covariate_weight(bool, const Config &, const std::string &, int64_t,           \
                                               ParameterSet<Real> &);                                        \
    template void add_activation(LayerStack<Real> &, const Config &, Activation, bool, const std::string &,  \
                                 int64_t, ParameterSet<Real> &);                                             \
    template void add_hidden(LayerStack<Real> &, const Config &, WeightUse<Real>, bool, const std::string &, \
                             uint32_t, ParameterSet<Real> &);
AESOP_INSTANTIATE(float)
AESOP_INSTANTIATE(double)
#undef AESOP_INSTANTIATE

} // namespace aesop
