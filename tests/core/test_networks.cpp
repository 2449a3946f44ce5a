// Gradients of whole networks: heads of counts, variational and contractive bottlenecks, covariates, several
// assays, convolution, missing features, and their combinations.
#include "gradient_check.h"

using namespace aesop;
using namespace gradient_check;

namespace {

AssayConfig assay(const std::string &name, int features, const std::string &loss, std::vector<int> hidden) {
    AssayConfig a;
    a.name = name, a.features = features, a.loss = loss;
    a.decoder_hidden.assign(hidden.rbegin(), hidden.rend());
    a.hidden = std::move(hidden);
    a.scale = "none";
    return a;
}

Config two_assays() {
    Config c = small();
    c.assays = {assay("rna", 6, "zinb", {5}), assay("protein", 4, "mse", {3})};
    c.assays[0].dispersion = "entry";
    c.assays[1].weight = 0.7;
    return c;
}

LayerSpec layer(const std::string &kind, int units, std::vector<int> kernel, std::vector<int> stride = {},
                const std::string &padding = "valid") {
    LayerSpec l;
    l.kind = kind, l.units = units, l.kernel = std::move(kernel), l.stride = std::move(stride);
    l.padding = padding;
    return l;
}

} // namespace

TEST("networks: heads of counts") {
    std::vector<Setting> settings;
    for (const char *loss : {"nb", "zinb"})
        for (const char *dispersion : {"constant", "feature", "entry"})
            for (bool hidden : {true, false}) {
                Config c = small();
                c.loss = loss, c.dispersion = dispersion;
                if (!hidden)
                    c.hidden = {};
                settings.push_back({std::string(loss) + ", " + dispersion + (hidden ? "" : ", linear"), c});
                c.zero_ridge = 0.4, c.loss_reduction = "sum";
                settings.push_back({std::string(loss) + ", ridge, " + dispersion, c});
            }
    check_all(settings);
}

TEST("networks: variational bottleneck") {
    std::vector<Setting> settings;
    for (bool hidden : {true, false})
        for (const char *reduction : {"mean", "sum"}) {
            Config c = small();
            c.variational = true, c.beta = 0.7, c.loss_reduction = reduction;
            if (!hidden)
                c.hidden = {};
            std::string name = std::string("variational, ") + reduction + (hidden ? "" : ", one layer");
            settings.push_back({name, c});
            c.kl_warmup = 0.25;
            settings.push_back({name + ", warm-up", c});
            c.latent_batch_norm = true, c.latent_activation = "softplus";
            settings.push_back({name + ", batch norm", c});
            c.tied = true;
            settings.push_back({name + ", tied", c});
        }
    check_all(settings);
}

TEST("networks: penalties on the code") {
    std::vector<Setting> settings;
    for (const char *f :
         {"linear", "relu", "leaky_relu", "elu", "selu", "gelu", "tanh", "sigmoid", "softplus"})
        for (bool hidden : {true, false}) {
            Config c = small();
            c.latent_activation = f, c.contractive = 0.3;
            if (!hidden)
                c.hidden = {};
            settings.push_back({std::string("contractive, ") + f + (hidden ? ", deep" : ", one layer"), c});
            c.l2 = 0.1, c.tied = true;
            settings.push_back({std::string("contractive, tied, ") + f, c});
        }
    Config c = small();
    c.latent_activation = "sigmoid", c.sparsity = 0.5, c.sparsity_target = 0.1;
    settings.push_back({"sparsity", c});
    c.contractive = 0.2, c.activity_l1 = 0.1;
    settings.push_back({"sparsity, contraction and activity", c});
    check_all(settings);
}

TEST("networks: batch normalisation in other places") {
    std::vector<Setting> settings;
    for (bool last : {false, true})
        for (bool scale : {false, true})
            for (bool code : {false, true}) {
                Config c = small();
                c.batch_norm = true, c.batch_norm_last = last, c.batch_norm_scale = scale;
                c.latent_batch_norm = true, c.latent_bias = code, c.preactivation_code = code;
                c.latent_activation = code ? "linear" : "tanh";
                settings.push_back({std::string("batch norm ") + (last ? "last" : "first"), c});
            }
    check_all(settings);
}

TEST("networks: covariates") {
    std::vector<Setting> settings;
    for (const char *where : {"encoder", "decoder", "both"})
        for (bool hidden : {true, false}) {
            Config c = small();
            c.covariates = {"batchb", "age"}, c.condition = where;
            if (!hidden)
                c.hidden = {};
            settings.push_back({std::string("covariates, ") + where, c});
            c.loss = "zinb", c.variational = true, c.dispersion = "entry";
            settings.push_back({std::string("covariates, variational zinb, ") + where, c});
            c.variational = false, c.contractive = 0.1;
            settings.push_back({std::string("covariates, contractive, ") + where, c});
        }
    check_all(settings);
}

TEST("networks: several assays") {
    std::vector<Setting> settings;
    Config c = two_assays();
    settings.push_back({"two assays", c});
    c.covariates = {"batchb"}, c.variational = true;
    settings.push_back({"two assays, covariates, variational", c});
    c.dropout = 0.2, c.batch_norm = true, c.noise = "masking", c.noise_amount = 0.2;
    settings.push_back({"two assays, everything", c});
    c = two_assays();
    c.assays[0].hidden = {}, c.assays[0].decoder_hidden = {}, c.covariates = {"age"};
    settings.push_back({"one assay without hidden layers", c});
    c.assays[1].hidden = {}, c.assays[1].decoder_hidden = {};
    settings.push_back({"assays without hidden layers", c});
    c.contractive = 0.2;
    settings.push_back({"contractive assays", c});
    check_all(settings);
}

TEST("networks: convolution") {
    std::vector<Setting> settings;
    Config c = small();
    c.input_shape = {6, 5, 1}, c.hidden = {};
    c.layers = {layer("conv", 3, {3}, {1}, "same"), layer("max_pool", 0, {2}), layer("conv", 2, {2})};
    settings.push_back({"images", c});
    c.batch_norm = true, c.loss = "bce";
    settings.push_back({"images, batch norm", c});
    c.layers.push_back(layer("flatten", 0, {}));
    c.layers.push_back(layer("dense", 4, {}));
    c.variational = true, c.dropout = 0.2;
    settings.push_back({"images, dense, variational", c});
    c = small();
    c.input_shape = {1, 8, 4}, c.hidden = {};
    c.layers = {layer("conv", 3, {3}, {2}, "same"), layer("mean_pool", 0, {2})};
    settings.push_back({"sequences", c});
    c.layers = {layer("mean_pool", 0, {2})};
    settings.push_back({"pools only", c});
    check_all(settings);
}

TEST("networks: a missing feature changes nothing") {
    for (const char *loss : {"mse", "bce", "nb", "zinb"}) {
        Config c = small();
        c.loss = loss;
        CHECK(gradient_error(c, 3) <= 1e-6);
        c.scale = std::string(loss) == "mse" ? "standard" : "none";
        CHECK(gradient_error(c, 3) <= 1e-6);
    }
}
