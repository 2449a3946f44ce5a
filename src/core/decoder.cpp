#include "decoder.h"
#include "names.h"

namespace aesop {

template <class Real>
Decoder<Real>::Decoder(const Config &config, int64_t n_features, const std::vector<Parameter<Real> *> &tied,
                       ParameterSet<Real> &parameters)
    : stack_(parameters.backend()) {
    int64_t inputs = config.latent;
    std::string name;
    size_t i = 0;
    auto weight = [&](int64_t units) -> Parameter<Real> & {
        name = "decoder." + std::to_string(i + 1);
        if (!tied.empty()) {
            Parameter<Real> &shared = *tied[tied.size() - 1 - i];
            shared.uses = 2;
            return shared;
        }
        return parameters.add(name + ".weight", Parameter<Real>::weights, inputs, units);
    };
    for (int units : config.decoder_layers()) {
        Parameter<Real> &w = weight(units);
        add_hidden(stack_, config, w, !tied.empty(), name, units, 32 + uint32_t(i), parameters);
        inputs = units;
        i++;
    }
    Parameter<Real> &w = weight(n_features);
    output_bias_ = &parameters.add(name + ".bias", Parameter<Real>::bias, 1, n_features);
    bool softmax = config.output_activation == "softmax"; // a row at a time, so a layer's and not the loss's
    stack_.add(std::make_unique<DenseLayer<Real>>(w, !tied.empty(), output_bias_,
                                                  softmax ? Activation::softmax : Activation::linear, 0,
                                                  parameters.backend()));
}

template class Decoder<float>;
template class Decoder<double>;

} // namespace aesop
