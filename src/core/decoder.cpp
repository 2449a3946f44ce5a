#include "decoder.h"
#include "image_layer.h"
#include "names.h"

namespace aesop {

template <class Real>
Decoder<Real>::Decoder(const Config &config, const AssayConfig &assay, uint32_t index,
                       const std::vector<Parameter<Real> *> &tied, const std::vector<LayerPlan> &plan,
                       ParameterSet<Real> &parameters)
    : latent_(config.latent), stack_(parameters.backend()), last_memory_(parameters.backend()),
      code_memory_(parameters.backend()) {
    if (config.preactivation_code)
        add_activation(stack_, config, activation_from_name(config.activation, "activation"),
                       config.batch_norm, parameter_prefix(assay, "decoder") + "code", config.latent,
                       parameters);
    if (config.layers.empty())
        add_dense_layers(config, assay, index, tied, parameters);
    else
        add_planned_layers(config, assay, plan, parameters);
}

template <class Real>
void Decoder<Real>::add_dense_layers(const Config &config, const AssayConfig &assay, uint32_t index,
                                     const std::vector<Parameter<Real> *> &tied,
                                     ParameterSet<Real> &parameters) {
    std::string prefix = parameter_prefix(assay, "decoder"), name;
    int64_t inputs = config.latent;
    size_t i = 0;
    auto next_weight = [&](int64_t units) -> WeightUse<Real> {
        name = prefix + std::to_string(i + 1);
        int64_t from = inputs;
        inputs = units;
        if (tied.empty())
            return {&parameters.add(name + ".weight", Parameter<Real>::weights, from, units)};
        Parameter<Real> &shared = *tied[tied.size() - 1 - i];
        shared.uses = 2;
        return {&shared, true};
    };
    for (; i < assay.decoder_hidden.size(); i++) {
        WeightUse<Real> w = next_weight(assay.decoder_hidden[i]);
        add_hidden(stack_, config, w, i == 0 && config.conditions_decoder(), name,
                   32 + uint32_t(i) + index * kAssayStride, parameters);
    }
    heads_take_covariates_ = i == 0 && config.conditions_decoder();
    int64_t last = inputs;
    auto add_head = [&](WeightUse<Real> w, Activation f) {
        std::vector<WeightUse<Real>> weights{w};
        if (heads_take_covariates_)
            weights.push_back({covariate_weight(true, config, name, assay.features, parameters)});
        Parameter<Real> &bias = parameters.add(name + ".bias", Parameter<Real>::bias, 1, assay.features);
        heads_.push_back(
            std::make_unique<Projection<Real>>(weights, &bias, f, config.leaky_slope, parameters.backend()));
        return &bias;
    };
    // Softmax works on a whole row, so it is this layer's and not the loss's.
    output_bias_ = add_head(next_weight(assay.features),
                            assay.output_activation == "softmax" ? Activation::softmax : Activation::linear);
    auto add_count_head = [&](const char *part) {
        name = parameter_prefix(assay, part);
        name.pop_back();
        add_head({&parameters.add(name + ".weight", Parameter<Real>::weights, last, assay.features)},
                 Activation::linear);
        return true;
    };
    if (assay.count_loss() && assay.loss != "poisson" && assay.dispersion == "entry")
        has_dispersion_ = add_count_head("dispersion");
    if (assay.loss == "zinb")
        has_zero_ = add_count_head("zero");
}

template <class Real>
void Decoder<Real>::add_planned_layers(const Config &config, const AssayConfig &assay,
                                       const std::vector<LayerPlan> &encoder,
                                       ParameterSet<Real> &parameters) {
    std::vector<LayerPlan> plan = mirrored_plan(encoder);
    std::string prefix = parameter_prefix(assay, "decoder"), name = prefix + "1";
    int64_t units = encoder.back().output.size();
    Parameter<Real> &w = parameters.add(name + ".weight", Parameter<Real>::weights, config.latent, units);
    size_t last = plan.size(); // the last layer with weights is linear: its activation is the objective's
    while (last > 0 && !plan[last - 1].weighted())
        last--;
    if (last == 0) { // pools only
        Parameter<Real> &bias = parameters.add(name + ".bias", Parameter<Real>::bias, 1, units);
        stack_.add(
            std::make_unique<DenseLayer<Real>>(w, false, &bias, Activation::linear, 0, parameters.backend()));
    } else { // what the encoder's last layer with weights gave
        Config first = config;
        for (const LayerPlan &layer : encoder)
            if (layer.weighted())
                first.activation = layer.activation.empty() ? config.activation : layer.activation;
        add_hidden(stack_, first, {&w}, false, name, 32, parameters);
    }
    for (size_t i = 0; i < plan.size(); i++)
        add_planned(stack_, config, plan[i], prefix + std::to_string(i + 2), i + 1 == last, 33 + uint32_t(i),
                    parameters);
}

template <class Real>
std::vector<Operand<Real>> Decoder<Real>::head_inputs(const Pass<Real> &pass, const Matrix<Real> &x) const {
    if (heads_take_covariates_)
        return {x, pass.covariates};
    return {x};
}

template <class Real>
DecoderOutput<Real> Decoder<Real>::forward(const Pass<Real> &pass, const Matrix<Real> &code) {
    Matrix<Real> last = stack_.empty() ? code : stack_.forward(pass, code);
    DecoderOutput<Real> out;
    if (heads_.empty()) {
        out.z = last;
        return out;
    }
    std::vector<Operand<Real>> xs = head_inputs(pass, last);
    size_t next = 0;
    out.z = heads_[next++]->forward(pass, xs);
    if (has_dispersion_)
        out.dispersion = heads_[next++]->forward(pass, xs);
    if (has_zero_)
        out.zero_logit = heads_[next++]->forward(pass, xs);
    return out;
}

template <class Real>
void Decoder<Real>::backward(const Pass<Real> &pass, const DecoderOutput<Real> &gradient,
                             const Matrix<Real> &dcode, bool accumulate, GradientSink<Real> &sink) {
    Matrix<Real> below = stack_.empty() || !accumulate ? dcode : code_memory_.matrix(pass.rows, latent_);
    Matrix<Real> dlast = gradient.z;
    if (!heads_.empty()) {
        dlast = stack_.empty() ? dcode : last_memory_.matrix(pass.rows, stack_.units());
        std::vector<Matrix<Real>> dxs{dlast, Matrix<Real>()};
        bool add = stack_.empty() && accumulate;
        size_t next = 0;
        heads_[next++]->backward(pass, gradient.z, dxs, add, sink);
        if (has_dispersion_)
            heads_[next++]->backward(pass, gradient.dispersion, dxs, true, sink);
        if (has_zero_)
            heads_[next++]->backward(pass, gradient.zero_logit, dxs, true, sink);
    }
    if (stack_.empty())
        return;
    stack_.backward(pass, dlast, below, sink);
    if (accumulate)
        pass.backend.add(pass.backend.self, Real(1), below, dcode);
}

template class Decoder<float>;
template class Decoder<double>;

} // namespace aesop
