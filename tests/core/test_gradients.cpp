// Backpropagation against central differences, in double on the plain reference: every activation, loss,
// layer, penalty and corruption. h = 1e-5 max(1, |w|); the largest error must stay below 1e-6 of the largest
// gradient.
#include "check.h"
#include "core/autoencoder.h"
#include "core/reference.h"
#include "memory_source.h"
#include <algorithm>

using namespace aesop;

namespace {

struct Setting {
    std::string name;
    Config config;
};

Config small() {
    Config c;
    c.hidden = {6, 5};
    c.latent = 3;
    c.activation = "tanh";
    c.scale = "none";
    c.initialization = "gaussian";
    c.initialization_scale = 0.5;
    return c;
}

// Largest error of any gradient element, relative to the largest gradient.
double gradient_error(Config config) {
    config = config.resolved();
    bool counts = config.count_loss();
    MemorySource source(counts ? test_counts(7, 9, 5) : test_values(7, 9, 5), false);
    Preparation preparation;
    std::vector<double> size_factors, means;
    if (counts)
        config.normalize = "log";
    preparation = fit_preparation(source, config, {}, size_factors, means);
    const Backend<double> &backend = reference_backend<double>();
    Autoencoder<double> network(config, source.features(), backend);
    Key seed{7, 9};
    network.initialize(seed);
    if (counts)
        network.set_log_means(means);
    // Biases away from zero, so that no unit starts on a kink and none is untested.
    uint32_t i = 0;
    for (auto &p : network.parameters().all())
        if (p->kind == Parameter<double>::bias) {
            std::vector<double> v = network.parameters().get(*p);
            for (double &x : v)
                x += 0.3 * (uniform(philox4x32(i++, 0, 0, 9, 1, 1).w[0]) - 0.5);
            network.parameters().set(*p, v.data());
        }
    Minibatch<double> batch(config, preparation, source, size_factors, backend);
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

void check_all(const std::vector<Setting> &settings) {
    for (const Setting &s : settings) {
        double error = gradient_error(s.config);
        if (!(error <= 1e-6))
            check::fail(__FILE__, __LINE__, s.name + ": relative error " + check::show(error));
    }
}

Config with(Config c, const std::string &activation, const std::string &loss) {
    c.activation = activation;
    c.loss = loss;
    return c;
}

} // namespace

TEST("gradients: every activation with every loss") {
    std::vector<Setting> settings;
    for (const char *f :
         {"linear", "relu", "leaky_relu", "elu", "gelu", "selu", "tanh", "sigmoid", "softplus", "softmax"})
        for (const char *l : {"mse", "half_sse", "mae", "huber", "bce", "poisson", "nb"})
            settings.push_back({std::string(f) + " with " + l, with(small(), f, l)});
    check_all(settings);
}

TEST("gradients: every output activation") {
    std::vector<Setting> settings;
    for (const char *f : {"linear", "relu", "leaky_relu", "elu", "gelu", "selu", "tanh", "sigmoid",
                          "softplus", "exp", "softmax"})
        for (const char *l : {"mse", "half_sse", "bce"}) {
            Config c = with(small(), "tanh", l);
            if (std::string(l) == "bce" && std::string(f) != "sigmoid" && std::string(f) != "softmax")
                continue;
            c.output_activation = f;
            c.latent_activation = f;
            settings.push_back({std::string("output ") + f + " with " + l, c});
        }
    check_all(settings);
}

TEST("gradients: layers, tied weights, penalties and corruption") {
    std::vector<Setting> settings;
    for (bool tied : {false, true})
        for (const char *l : {"mse", "bce", "nb"}) {
            std::string base = std::string(tied ? "tied, " : "free, ") + l;
            Config c = with(small(), "sigmoid", l);
            c.tied = tied;
            settings.push_back({base, c});
            c.batch_norm = true;
            settings.push_back({base + ", batch norm", c});
            c.dropout = 0.3;
            settings.push_back({base + ", batch norm and dropout", c});
            c.batch_norm = false;
            settings.push_back({base + ", dropout", c});
            c.input_dropout = 0.2;
            c.l1 = 0.01, c.l2 = 0.02, c.activity_l1 = 0.03;
            settings.push_back({base + ", penalties", c});
            c.noise_amount = 0.3;
            for (const char *noise : {"masking", "gaussian", "salt_pepper"}) {
                c.noise = noise;
                settings.push_back({base + ", noise " + noise, c});
            }
        }
    Config c = small();
    c.hidden = {};
    settings.push_back({"no hidden layer", c});
    c.hidden = {4};
    c.decoder_mirrored = false;
    c.decoder_hidden = {5, 6, 7};
    settings.push_back({"free decoder", c});
    c.loss = "nb", c.dispersion = "constant";
    settings.push_back({"constant dispersion", c});
    c.loss_reduction = "sum";
    settings.push_back({"sum over features", c});
    check_all(settings);
}
