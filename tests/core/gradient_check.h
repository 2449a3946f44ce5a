// Backpropagation against central differences, in double on the plain reference. h = 1e-5 max(1, |w|); the
// largest error must stay below 1e-6 of the largest gradient.
#pragma once
#include "check.h"
#include "core/autoencoder.h"
#include "core/reference.h"
#include "memory_source.h"
#include <algorithm>
#include <memory>

namespace gradient_check {

using namespace aesop;

struct Setting {
    std::string name;
    Config config;
};

inline Config small() {
    Config c;
    c.hidden = {6, 5};
    c.latent = 3;
    c.activation = "tanh";
    c.scale = "none";
    c.initialization = "gaussian";
    c.initialization_scale = 0.5;
    return c;
}

// missing: a feature without weight in the loss; 0: none.
// Largest error of any gradient element, relative to the largest gradient.
inline double gradient_error(Config config, int missing = 0) {
    config = config.resolved();
    for (AssayConfig &a : config.assays)
        if (a.count_loss())
            a.normalize = "log";
    if (config.assays.empty() && is_count(loss_from_name(config.loss)))
        config.normalize = "log";
    int64_t n_features = 0;
    std::vector<AssayConfig> assays = config.assays;
    for (const AssayConfig &a : assays)
        n_features += a.features;
    if (assays.empty())
        n_features = config.input_shape.empty()
                         ? 9
                         : config.input_shape[0] * config.input_shape[1] * config.input_shape[2];
    const Backend<double> &backend = reference_backend<double>();
    Autoencoder<double> network(config, n_features, backend);
    Key seed{7, 9};
    network.initialize(seed);
    std::vector<std::unique_ptr<MemorySource>> sources;
    Dataset data;
    for (size_t i = 0; i < network.assays().size(); i++) {
        const AssayConfig &a = network.assays()[i];
        sources.push_back(std::make_unique<MemorySource>(
            a.count_loss() ? test_counts(7, a.features, 5) : test_values(7, a.features, 5 + unsigned(i)),
            false));
        AssayData part;
        part.source = sources.back().get();
        std::vector<double> means;
        part.preparation = fit_preparation(*part.source, a, {}, part.size_factors, means);
        if (missing > 0) {
            part.feature_weight.assign(size_t(a.features), 1.0);
            part.feature_weight[size_t(missing)] = 0;
        }
        data.assays.push_back(part);
        if (a.count_loss())
            network.set_log_means(i, means);
    }
    data.covariates = int64_t(config.covariates.size());
    for (int64_t k = 0; k < 7 * data.covariates; k++)
        data.design.push_back(double((k * 5) % 7) / 3 - 1);
    // Biases away from zero, so that no unit starts on a kink and none is untested.
    uint32_t i = 0;
    for (auto &p : network.parameters().all())
        if (p->kind == Parameter<double>::bias) {
            std::vector<double> v = network.parameters().get(*p);
            for (double &x : v)
                x += 0.3 * (uniform(philox4x32(i++, 0, 0, 9, 1, 1).w[0]) - 0.5);
            network.parameters().set(*p, v.data());
        }
    Minibatch<double> batch(config, data, backend);
    std::vector<int64_t> ids = {0, 1, 2, 3, 4, 5, 6};
    batch.load(ids.data(), 7);

    network.gradients(batch, seed, 1, true);
    std::vector<std::vector<double>> gradients;
    for (auto &p : network.parameters().all())
        gradients.push_back(network.parameters().get_gradient(*p));
    double worst = 0, largest = 0;
    for (size_t k = 0; k < gradients.size(); k++) {
        Parameter<double> &p = *network.parameters().all()[k];
        if (p.kind == Parameter<double>::state)
            continue;
        std::vector<double> w = network.parameters().get(p);
        for (size_t e = 0; e < w.size(); e++) {
            double kept = w[e], h = 1e-5 * std::max(1.0, std::abs(kept));
            w[e] = kept + h;
            network.parameters().set(p, w.data());
            double up = network.gradients(batch, seed, 1, true);
            w[e] = kept - h;
            network.parameters().set(p, w.data());
            double down = network.gradients(batch, seed, 1, true);
            w[e] = kept;
            network.parameters().set(p, w.data());
            worst = std::max(worst, std::abs((up - down) / (2 * h) - gradients[k][e]));
            largest = std::max(largest, std::abs(gradients[k][e]));
        }
    }
    return largest > 0 ? worst / largest : 1;
}

inline void check_all(const std::vector<Setting> &settings) {
    for (const Setting &s : settings) {
        double error = gradient_error(s.config);
        if (!(error <= 1e-6))
            check::fail(__FILE__, __LINE__, s.name + ": relative error " + check::show(error));
    }
}

} // namespace gradient_check
