#include "bottleneck.h"
#include "names.h"

namespace aesop {
namespace {

// Covariates enter here only where no hidden layer took them.
bool takes_covariates(const Config &config, const std::vector<AssayConfig> &assays) {
    bool hidden = !config.layers.empty();
    for (const AssayConfig &a : assays)
        hidden = hidden || !a.hidden.empty();
    return config.conditions_encoder() && !hidden;
}

} // namespace

template <class Real>
std::unique_ptr<typename Bottleneck<Real>::Head>
Bottleneck<Real>::make_head(const Config &config, const std::vector<AssayConfig> &assays,
                            const std::vector<std::unique_ptr<Encoder<Real>>> &encoders, bool variance,
                            ParameterSet<Real> &parameters) const {
    size_t depth = config.layers.empty() ? assays[0].hidden.size() : config.layers.size();
    std::string name = variance              ? "log_variance"
                       : config.multimodal() ? "code"
                                             : "encoder." + std::to_string(depth + 1);
    std::vector<WeightUse<Real>> weights;
    for (size_t i = 0; i < encoders.size(); i++) {
        std::string own = assays[i].name.empty() ? name : name + "." + assays[i].name;
        weights.push_back({&parameters.add(own + ".weight", Parameter<Real>::weights, encoders[i]->units(),
                                           config.latent)});
    }
    if (takes_covariates_)
        weights.push_back({covariate_weight(true, config, name, config.latent, parameters)});
    Parameter<Real> *bias = config.latent_bias
                                ? &parameters.add(name + ".bias", Parameter<Real>::bias, 1, config.latent)
                                : nullptr;
    const Backend<Real> &b = parameters.backend();
    Activation f = activation_from_name(config.latent_activation, "latent_activation");
    bool plain = !config.latent_batch_norm;
    auto head = std::make_unique<Head>(weights, bias, plain ? f : Activation::linear, config.leaky_slope, b);
    if (!plain)
        add_activation(head->after, config, f, true, name, config.latent, parameters);
    return head;
}

template <class Real>
Bottleneck<Real>::Bottleneck(const Config &config, const std::vector<AssayConfig> &assays,
                             const std::vector<std::unique_ptr<Encoder<Real>>> &encoders,
                             ParameterSet<Real> &parameters)
    : latent_(config.latent), variational_(config.variational),
      takes_covariates_(takes_covariates(config, assays)),
      mean_(make_head(config, assays, encoders, false, parameters)), sample_memory_(parameters.backend()),
      dmean_memory_(parameters.backend()), dvariance_memory_(parameters.backend()) {
    if (variational_)
        log_variance_ = make_head(config, assays, encoders, true, parameters);
}

template <class Real>
Matrix<Real> Bottleneck<Real>::run(Head &head, const Pass<Real> &pass, const std::vector<Operand<Real>> &xs) {
    Matrix<Real> y = head.projection.forward(pass, xs);
    return head.after.empty() ? y : head.after.forward(pass, y);
}

template <class Real>
void Bottleneck<Real>::run_back(Head &head, const Pass<Real> &pass, const Matrix<Real> &dy,
                                const std::vector<Matrix<Real>> &dxs, bool accumulate,
                                GradientSink<Real> &sink) {
    if (head.after.empty()) {
        head.projection.backward(pass, dy, dxs, accumulate, sink);
        return;
    }
    Matrix<Real> d = head.gradient.matrix(pass.rows, latent_);
    head.after.backward(pass, dy, d, sink);
    head.projection.backward(pass, d, dxs, accumulate, sink);
}

template <class Real>
Matrix<Real> Bottleneck<Real>::forward(const Pass<Real> &pass, const std::vector<Operand<Real>> &inputs) {
    std::vector<Operand<Real>> xs = inputs;
    if (takes_covariates_)
        xs.push_back(pass.covariates);
    mean_value_ = run(*mean_, pass, xs);
    if (!variational_)
        return mean_value_;
    variance_value_ = run(*log_variance_, pass, xs);
    if (!pass.training)
        return mean_value_;
    Matrix<Real> z = sample_memory_.matrix(pass.rows, latent_);
    pass.backend.sample_normal(pass.backend.self, DrawKey{pass.seed, pass.epoch, kSample}, pass.sample_ids,
                               mean_value_, variance_value_, z);
    return z;
}

template <class Real>
void Bottleneck<Real>::backward_mean(const Pass<Real> &pass, const Matrix<Real> &dcode,
                                     const std::vector<Matrix<Real>> &inputs, GradientSink<Real> &sink) {
    std::vector<Matrix<Real>> dxs = inputs;
    if (takes_covariates_)
        dxs.push_back(Matrix<Real>());
    run_back(*mean_, pass, dcode, dxs, false, sink);
}

template <class Real>
void Bottleneck<Real>::backward(const Pass<Real> &pass, const Matrix<Real> &dcode, double divergence_weight,
                                const std::vector<Matrix<Real>> &inputs, GradientSink<Real> &sink) {
    if (!variational_) {
        backward_mean(pass, dcode, inputs, sink);
        return;
    }
    std::vector<Matrix<Real>> dxs = inputs;
    if (takes_covariates_)
        dxs.push_back(Matrix<Real>());
    Matrix<Real> dmean = dmean_memory_.matrix(pass.rows, latent_);
    Matrix<Real> dvariance = dvariance_memory_.matrix(pass.rows, latent_);
    pass.backend.sample_normal_gradient(pass.backend.self, DrawKey{pass.seed, pass.epoch, kSample},
                                        pass.sample_ids, mean_value_, variance_value_, dcode,
                                        Real(divergence_weight / double(pass.rows)), dmean, dvariance);
    run_back(*mean_, pass, dmean, dxs, false, sink);
    run_back(*log_variance_, pass, dvariance, dxs, true, sink);
}

template <class Real>
void Bottleneck<Real>::divergence(const Pass<Real> &pass, const Sum &sum) const {
    if (variational_)
        pass.backend.divergence(pass.backend.self, mean_value_, variance_value_, sum);
}

template class Bottleneck<float>;
template class Bottleneck<double>;

} // namespace aesop
