// One epoch of the workloads W1 and W4 at one thread on 500 simulated samples, without R: for counting
// instructions (instructions.sh), which do not depend on what else the machine does.
#include "core/trainer.h"
#include "cpu/backend_cpu.h"
#include <cmath>
#include <cstdio>
#include <cstring>

using namespace aesop;

namespace {

constexpr int64_t kSamples = 500;

double draw(int64_t feature, int64_t sample) {
    return uniform(philox4x32(uint32_t(feature), uint32_t(sample), 1, 0, 1, 2).w[0]);
}

// W1: values in (0, 1). W4: counts, 7 % of them positive, stored sparsely.
class Simulated : public BatchSource {
  public:
    Simulated(int64_t features, bool counts) : features_(features), counts_(counts) {
        for (int64_t s = 0; s < kSamples; s++) {
            start_.push_back(int64_t(value_.size()));
            for (int64_t f = 0; f < features; f++) {
                double u = draw(f, s), count = u < 0.93 ? 0 : std::floor(1 - std::log((1 - u) / 0.07));
                if (counts && count == 0)
                    continue;
                value_.push_back(counts ? count : u);
                index_.push_back(int32_t(f));
            }
        }
        start_.push_back(int64_t(value_.size()));
    }
    int64_t features() const override { return features_; }
    int64_t samples() const override { return kSamples; }
    bool sparse() const override { return counts_; }
    void prepare(const int64_t *, int64_t) override {}
    Column column(int64_t j) const override {
        int64_t from = start_[size_t(j)], n = start_[size_t(j) + 1] - from;
        return {value_.data() + from, nullptr, counts_ ? index_.data() + from : nullptr, n};
    }

  private:
    int64_t features_;
    bool counts_;
    std::vector<int64_t> start_;
    std::vector<int32_t> index_;
    std::vector<double> value_;
};

Config textbook() {
    Config c;
    c.hidden = {}, c.latent = 100, c.latent_activation = "relu", c.output_activation = "sigmoid";
    c.batch_size = 50;
    return c;
}
Config dca() {
    Config c;
    c.hidden = {64}, c.latent = 32, c.batch_norm = true, c.batch_norm_scale = false;
    c.preactivation_code = true, c.loss = "zinb", c.dispersion = "entry", c.normalize = "log";
    c.optimizer = "rmsprop", c.epsilon = 1e-7, c.batch_size = 32;
    return c;
}

} // namespace

int main(int, char **argv) {
    bool counts = std::strcmp(argv[1], "W4") == 0;
    Config config = counts ? dca() : textbook();
    config.epochs = 1, config.validation = 0, config.patience = 0, config.scale = "none";
    Simulated source(counts ? 2000 : 5000, counts);
    Dataset data;
    data.assays.resize(1);
    data.assays[0].source = &source;
    std::vector<double> means;
    CpuBackend backend(1);
    Autoencoder<float> network(config.resolved(), source.features(), backend.table());
    data.assays[0].preparation =
        fit_preparation(source, network.assays()[0], {}, data.assays[0].size_factors, means);
    network.initialize(Key{1, 2});
    Monitor monitor;
    Trainer<float> trainer(network, data, Key{1, 2}, monitor);
    std::printf("%s loss %.6g\n", argv[1], trainer.run().history.at(0).loss);
}
