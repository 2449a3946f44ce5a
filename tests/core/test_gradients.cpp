// Gradients of every activation, loss, layer, penalty and corruption.
#include "gradient_check.h"

using namespace aesop;
using namespace gradient_check;

namespace {

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
        for (const char *l :
             {"mse", "half_sse", "mae", "huber", "correntropy", "log_cosh", "bce", "poisson", "nb", "zinb"})
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
            for (const char *noise : {"masking", "gaussian", "salt_pepper", "ones", "cauchy", "swap"}) {
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
