#include "encoder.h"
#include "names.h"

namespace aesop {

template <class Real>
void add_hidden(LayerStack<Real> &stack, const Config &config, Parameter<Real> &weight, bool transposed,
                const std::string &name, int64_t units, uint32_t dropout_index,
                ParameterSet<Real> &parameters) {
    const Backend<Real> &b = parameters.backend();
    Activation f = activation_from_name(config.activation, "activation");
    if (config.batch_norm) { // its beta takes the place of the bias
        stack.add(std::make_unique<DenseLayer<Real>>(weight, transposed, nullptr, Activation::linear, 0, b));
        stack.add(std::make_unique<BatchNormLayer<Real>>(parameters, name, units, config.batch_norm_momentum,
                                                         config.batch_norm_epsilon));
        stack.add(std::make_unique<ActivationLayer<Real>>(f, config.leaky_slope, units, b));
    } else {
        Parameter<Real> &bias = parameters.add(name + ".bias", Parameter<Real>::bias, 1, units);
        stack.add(std::make_unique<DenseLayer<Real>>(weight, transposed, &bias, f, config.leaky_slope, b));
    }
    if (config.dropout > 0)
        stack.add(std::make_unique<DropoutLayer<Real>>(config.dropout, kDropout + dropout_index, units, b));
}

template <class Real>
Encoder<Real>::Encoder(const Config &config, int64_t n_features, ParameterSet<Real> &parameters)
    : stack_(parameters.backend()) {
    int64_t inputs = n_features;
    std::string name;
    auto weight = [&](size_t i, int64_t units) -> Parameter<Real> & {
        name = "encoder." + std::to_string(i + 1);
        weights_.push_back(&parameters.add(name + ".weight", Parameter<Real>::weights, inputs, units));
        inputs = units;
        return *weights_.back();
    };
    size_t i = 0;
    for (int units : config.hidden) {
        Parameter<Real> &w = weight(i, units);
        add_hidden(stack_, config, w, false, name, units, uint32_t(i), parameters);
        i++;
    }
    Parameter<Real> &w = weight(i, config.latent);
    Parameter<Real> &bias = parameters.add(name + ".bias", Parameter<Real>::bias, 1, config.latent);
    stack_.add(std::make_unique<DenseLayer<Real>>(
        w, false, &bias, activation_from_name(config.latent_activation, "latent_activation"),
        config.leaky_slope, parameters.backend()));
}

template class Encoder<float>;
template class Encoder<double>;
template void add_hidden(LayerStack<float> &, const Config &, Parameter<float> &, bool, const std::string &,
                         int64_t, uint32_t, ParameterSet<float> &);
template void add_hidden(LayerStack<double> &, const Config &, Parameter<double> &, bool, const std::string &,
                         int64_t, uint32_t, ParameterSet<double> &);

} // namespace aesop
