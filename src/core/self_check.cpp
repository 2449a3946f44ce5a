#include "self_check.h"
#include "reference.h"
#include "trainer.h"
#include <algorithm>
#include <cmath>
#include <cstdio>

namespace aesop {
namespace {

constexpr Key kSeed{1, 2};

// Numbers in (0, 1), or counts with many zeros that are stored as sparse.
class Simulated : public BatchSource {
  public:
    explicit Simulated(bool counts) : counts_(counts) {
        for (uint32_t j = 0; j < kSamples; j++) {
            start_.push_back(int64_t(value_.size()));
            for (uint32_t i = 0; i < kFeatures; i++) {
                double u = uniform(philox4x32(i, j, 0, 0, kSeed.low, kSeed.high).w[0]);
                double value = counts ? std::floor(0.1 / (1 - u)) : 0.5 * u + 0.05 * double(j % 5 + i % 3);
                if (counts && value == 0)
                    continue;
                index_.push_back(int32_t(i));
                value_.push_back(value);
            }
        }
        start_.push_back(int64_t(value_.size()));
    }
    int64_t features() const override { return kFeatures; }
    int64_t samples() const override { return kSamples; }
    bool sparse() const override { return counts_; }
    void prepare(const int64_t *, int64_t) override {}
    Column column(int64_t j) const override {
        int64_t from = start_[size_t(j)], n = start_[size_t(j) + 1] - from;
        return {value_.data() + from, nullptr, counts_ ? index_.data() + from : nullptr, n};
    }

  private:
    static constexpr uint32_t kSamples = 70, kFeatures = 90;
    bool counts_;
    std::vector<int64_t> start_;
    std::vector<int32_t> index_;
    std::vector<double> value_;
};

// Between them: sparse and dense input, noise, several layers and panels of weights, normalisation, a
// bottleneck that is drawn, losses of counts and of proportions, validation, two optimisers.
Config network_of(bool counts) {
    Config c;
    c.epochs = 4, c.batch_size = 16, c.patience = 0, c.scale = "none";
    if (counts) {
        c.hidden = {20}, c.latent = 8, c.batch_norm = true, c.noise = "masking", c.noise_amount = 0.2;
        c.loss = "zinb", c.normalize = "log", c.optimizer = "rmsprop", c.validation = 0.2;
    } else {
        c.hidden = {}, c.latent = 70, c.variational = true, c.loss = "bce", c.validation = 0;
    }
    return c.resolved();
}

template <class Real>
TrainingResult train(const Config &config, Simulated &source, const Backend<Real> &backend) {
    Autoencoder<Real> network(config, source.features(), backend);
    Dataset data;
    data.assays.resize(1);
    AssayData &assay = data.assays[0];
    assay.source = &source;
    std::vector<double> means;
    assay.preparation = fit_preparation(source, network.assays()[0], {}, assay.size_factors, means);
    network.initialize(kSeed);
    Monitor monitor;
    return Trainer<Real>(network, data, kSeed, monitor).run();
}

// What is wrong with the number that an epoch has found; "" if it is the right one.
std::string compare(const char *what, size_t epoch, double found, double right, double tolerance) {
    if (std::isnan(right) || std::fabs(found - right) <= tolerance * std::fabs(right))
        return "";
    char text[160];
    std::snprintf(text, sizeof text,
                  "it computes wrong numbers: in a self-check the %s of epoch %d was %.6g in place of %.6g",
                  what, int(epoch) + 1, found, right);
    return text;
}

std::string compare(const TrainingResult &found, const TrainingResult &right, double tolerance) {
    for (size_t i = 0; i < right.history.size(); i++) {
        const EpochRecord &r = right.history[i];
        EpochRecord f = i < found.history.size() ? found.history[i] : EpochRecord();
        std::string wrong = compare("loss", i, f.loss, r.loss, tolerance);
        if (wrong.empty())
            wrong = compare("validation loss", i, f.val_loss, r.val_loss, tolerance);
        if (!wrong.empty())
            return wrong;
    }
    return "";
}

} // namespace

double loss_tolerance(const Backend<float> &device) {
    return std::max(1e-3, 2 * device.rounding);
}

std::string self_check(const Backend<float> &device) {
    for (bool counts : {true, false}) {
        Simulated source(counts);
        Config config = network_of(counts);
        TrainingResult found = train(config, source, device);
        if (found.device_error)
            throw *found.device_error;
        TrainingResult right = train(config, source, reference_backend<double>());
        std::string wrong = compare(found, right, loss_tolerance(device));
        if (!wrong.empty())
            return wrong;
    }
    return "";
}

} // namespace aesop
