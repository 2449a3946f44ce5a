// Slopes of the code by the input, which gradient x input is made of, against central differences, in double
// on the plain reference.
#include "gradient_check.h"

using namespace aesop;
using gradient_check::Setting;

namespace {

constexpr int kRows = 5;

LayerSpec layer(const std::string &kind, int units, std::vector<int> kernel) {
    LayerSpec l;
    l.kind = kind, l.units = units, l.kernel = std::move(kernel);
    return l;
}

// A network and what it reads, all of which may be changed between two encodings.
struct Case {
    Config config;
    Autoencoder<double> network;
    std::vector<std::vector<std::vector<double>>> values; // of each assay
    bool sparse;
    std::vector<std::unique_ptr<MemorySource>> sources;
    Dataset data;
    std::unique_ptr<Minibatch<double>> batch;

    Case(const Config &c, int64_t features, bool as_sparse = false)
        : config(c.resolved()), network(config, features, reference_backend<double>()), sparse(as_sparse) {
        network.initialize(Key{7, 9});
        uint32_t i = 0;
        for (auto &p : network.parameters().all())
            if (p->kind != Parameter<double>::weights) {
                std::vector<double> v = network.parameters().get(*p);
                for (double &x : v) // running variances stay positive
                    x += 0.5 * uniform(philox4x32(i++, 0, 0, 9, 1, 1).w[0]);
                network.parameters().set(*p, v.data());
            }
        for (const AssayConfig &a : network.assays())
            values.push_back(test_values(kRows, int(a.features), uint32_t(5 + values.size())));
        for (auto &row : values[0])
            row[1] = 0; // for the sparse operand
    }
    Matrix<double> encode() {
        sources.clear();
        data = {};
        data.covariates = int64_t(config.covariates.size());
        for (int64_t k = 0; k < kRows * data.covariates; k++)
            data.design.push_back(double((k * 5) % 7) / 3 - 1);
        for (auto &v : values) {
            sources.push_back(std::make_unique<MemorySource>(v, sparse));
            data.assays.emplace_back();
            data.assays.back().source = sources.back().get();
        }
        batch = std::make_unique<Minibatch<double>>(config, data, reference_backend<double>());
        std::vector<int64_t> ids = {0, 1, 2, 3, 4};
        batch->load(ids.data(), kRows);
        return network.encode(*batch);
    }
};

// Largest error of a slope, relative to the largest slope. Two rounds, as one must not disturb the next.
double slope_error(const Config &config, int64_t features) {
    Case c(config, features);
    double worst = 0, largest = 0;
    for (int unit : {0, int(config.latent) - 1, 0}) {
        c.encode();
        std::vector<std::vector<double>> slopes;
        for (const Matrix<double> &m : c.network.code_gradients(unit)) {
            slopes.emplace_back();
            for (int64_t r = 0; r < m.rows; r++)
                slopes.back().insert(slopes.back().end(), m.row(r), m.row(r) + m.cols);
        }
        CHECK_EQUAL(slopes.size(), c.values.size());
        for (size_t i = 0; i < slopes.size(); i++)
            for (size_t e = 0; e < slopes[i].size(); e++) {
                size_t cols = c.values[i][0].size(), r = e / cols;
                double &x = c.values[i][r][e % cols], kept = x, h = 1e-5;
                x = kept + h;
                double up = c.encode().at(int64_t(r), unit);
                x = kept - h;
                double down = c.encode().at(int64_t(r), unit);
                x = kept;
                worst = std::max(worst, std::abs((up - down) / (2 * h) - slopes[i][e]));
                largest = std::max(largest, std::abs(slopes[i][e]));
            }
    }
    return largest > 0 ? worst / largest : 1;
}

} // namespace

TEST("code gradients: slopes by the input equal central differences") {
    std::vector<Setting> settings;
    Config c = gradient_check::small();
    settings.push_back({"deep", c});
    c.tied = true, c.dropout = 0.4, c.input_dropout = 0.2, c.noise = "masking", c.noise_amount = 0.3;
    settings.push_back({"tied, with noise and dropout", c});
    c = gradient_check::small();
    c.batch_norm = true, c.latent_batch_norm = true, c.latent_activation = "tanh";
    settings.push_back({"batch norm", c});
    c.batch_norm_last = true, c.activation = "gelu";
    settings.push_back({"batch norm last", c});
    c.variational = true, c.latent_activation = "linear";
    settings.push_back({"variational", c});
    c.latent_activation = "softmax", c.variational = false, c.latent_batch_norm = false;
    settings.push_back({"softmax", c});
    c = gradient_check::small();
    c.covariates = {"batchb", "age"};
    settings.push_back({"covariates", c});
    c.hidden = {}, c.latent_activation = "sigmoid";
    settings.push_back({"one layer", c});
    c = gradient_check::small();
    c.hidden = {}, c.input_shape = {6, 5, 1};
    c.layers = {layer("conv", 3, {3}), layer("max_pool", 0, {2}), layer("flatten", 0, {}),
                layer("dense", 4, {})};
    c.batch_norm = true;
    settings.push_back({"images", c});
    for (const Setting &s : settings) {
        double error = slope_error(s.config, s.config.layers.empty() ? 9 : 30);
        if (!(error <= 1e-7))
            check::fail(__FILE__, __LINE__, s.name + ": relative error " + check::show(error));
    }
    c = gradient_check::small();
    AssayConfig rna, protein;
    rna.name = "rna", rna.features = 7, rna.hidden = {5}, rna.decoder_hidden = {5}, rna.scale = "none";
    protein.name = "adt", protein.features = 4, protein.hidden = {}, protein.decoder_hidden = {};
    protein.scale = "none";
    c.hidden = {}, c.assays = {rna, protein};
    CHECK(slope_error(c, 11) <= 1e-7);
}

TEST("code gradients: sparse rows give the slopes of dense ones, training goes on as before") {
    Config c = gradient_check::small();
    c.tied = true, c.scale = "none";
    Case dense(c, 9), sparse(c, 9, true);
    for (Case *one : {&dense, &sparse})
        for (auto &row : one->values[0])
            for (size_t k = 0; k < row.size(); k++)
                row[k] = k == 4 ? row[k] : 0;
    dense.encode(), sparse.encode();
    Matrix<double> a = dense.network.code_gradients(1)[0], b = sparse.network.code_gradients(1)[0];
    for (int64_t r = 0; r < kRows; r++)
        for (int64_t k = 0; k < 9; k++)
            CHECK_EQUAL(a.at(r, k), b.at(r, k));
    Case other(c, 9);
    other.values = dense.values;
    other.encode();
    other.network.gradients(*other.batch, Key{1, 2}, 1, true);
    dense.network.gradients(*dense.batch, Key{1, 2}, 1, true);
    for (size_t i = 0; i < dense.network.parameters().all().size(); i++) {
        auto &p = dense.network.parameters(), &q = other.network.parameters();
        CHECK(p.get_gradient(*p.all()[i]) == q.get_gradient(*q.all()[i]));
    }
}
