// Whole fits on the CUDA backend: bits, graphs, and failures in the middle.
#include "core/check.h"
#include "core/memory_source.h"
#include "core/trainer.h"
#include "cpu/backend_cpu.h"
#include "cuda/backend_cuda.h"
#include <cstring>
#include <memory>
#ifdef AESOP_EMULATED
#include "mock/mock.h"
#endif

using namespace aesop;

namespace {

struct Fit {
    TrainingResult result;
    std::vector<float> weights;
};

Config settings() {
    Config c;
    c.hidden = {9}, c.latent = 3, c.scale = "none", c.patience = 0, c.validation = 0.2, c.epochs = 3;
    c.batch_size = 5;
    return c;
}

// 200 samples: 32 steps an epoch.
Fit fit(const Backend<float> &backend, const Config &config, bool sparse = false) {
    const bool counts = is_count_loss(config.loss);
    MemorySource source(counts ? test_counts(200, 13, 3) : test_values(200, 13, 3), sparse);
    Autoencoder<float> network(config.resolved(), 13, backend);
    Dataset data;
    AssayData part;
    part.source = &source;
    std::vector<double> means;
    part.preparation = fit_preparation(source, network.assays()[0], {}, part.size_factors, means);
    data.assays.push_back(part);
    Key seed{1, 2};
    network.initialize(seed);
    if (counts)
        network.set_log_means(0, means);
    Monitor monitor;
    Trainer<float> trainer(network, data, seed, monitor);
    Fit f;
    f.result = trainer.run();
    for (auto &p : network.parameters().all())
        for (auto v : network.parameters().get(*p))
            f.weights.push_back(float(v));
    return f;
}

std::vector<Config> all_settings() {
    std::vector<Config> all(5, settings());
    all[1].loss = "zinb", all[1].dispersion = "entry", all[1].normalize = "log", all[1].batch_norm = true;
    all[2].variational = true, all[2].tied = true, all[2].clip_norm = 0.1, all[2].dropout = 0.2;
    all[3].noise = "masking", all[3].noise_amount = 0.2, all[3].l1 = 1e-4, all[3].sparsity = 0.1;
    all[3].latent_activation = "sigmoid", all[3].optimizer = "sgd";
    all[4].contractive = 0.1, all[4].latent_activation = "sigmoid", all[4].activity_l1 = 0.01;
    return all;
}

} // namespace

TEST("training: the processor's losses and weights, and the same bits again") {
    CpuBackend cpu(1);
    CudaBackend cuda(0, false);
    for (const Config &c : all_settings())
        for (bool sparse : {false, true}) {
            Fit a = fit(cpu.table(), c, sparse), b = fit(cuda.table(), c, sparse),
                again = fit(cuda.table(), c, sparse);
            CHECK_EQUAL(b.result.status, "completed");
            CHECK_EQUAL(a.weights.size(), b.weights.size());
            for (size_t i = 0; i < a.result.history.size(); i++)
                CHECK_NEAR(b.result.history[i].loss, a.result.history[i].loss,
                           1e-4 * std::fabs(a.result.history[i].loss));
            double square = 0, difference = 0; // single weights without a gradient go where rounding sends them
            for (size_t i = 0; i < a.weights.size(); i++) {
                square += double(a.weights[i]) * a.weights[i];
                difference += std::pow(double(b.weights[i]) - a.weights[i], 2);
            }
            CHECK(difference < 1e-4 * square);
            CHECK(!std::memcmp(b.weights.data(), again.weights.data(), b.weights.size() * sizeof(float)));
        }
}

#ifdef AESOP_EMULATED
TEST("training: steps are replayed as graphs") {
    CudaBackend cuda(0, false);
    for (bool sparse : {false, true}) {
        Config c = settings();
        c.epochs = 10, c.validation = 0;
        const mock::Counts before = mock::counts;
        fit(cuda.table(), c, sparse);
        const int64_t lists = 10 * 40 / 8, graphs = mock::counts.graphs - before.graphs;
        if (graphs < lists * 3 / 4)
            check::fail(__FILE__, __LINE__, "only " + check::show(graphs) + " graphs");
        CHECK(mock::counts.captures - before.captures < 10);
    }
}

TEST("training: no memory at any allocation") {
    int failures = 0;
    const mock::Counts before = mock::counts;
    for (int n = 0; n <= 60; n++) {
        CudaBackend cuda(0, false);
        mock::set_allocation_limit(n);
        const std::string kind = check::thrown_kind([&] { fit(cuda.table(), settings()); });
        mock::set_allocation_limit(-1);
        failures += kind == "device";
        CHECK(kind == "device" || kind == "(nothing)");
        cuda.table().recover(cuda.table().self);
        CHECK_EQUAL(fit(cuda.table(), settings()).result.status, "completed");
    }
    CHECK(failures > 30);
    CHECK_EQUAL(mock::counts.allocated, before.allocated);
    CHECK_EQUAL(mock::counts.allocated_objects, before.allocated_objects);
}

TEST("training: the loss of the device ends the fit, and nothing asks it again") {
    CpuBackend cpu(1);
    int failures = 0;
    for (int n = 1; n < 1500; n += 1 + n / 5) {
        auto cuda = std::make_unique<CudaBackend>(0, false);
        mock::lose_device(n);
        const std::string kind = check::thrown_kind([&] { fit(cuda->table(), settings()); });
        const int64_t calls = mock::counts.calls;
        failures += kind == "device";
        CHECK(kind == "device" || kind == "(nothing)");
        if (kind == "device")
            CHECK_EQUAL(check::thrown_kind([&] { fit(cuda->table(), settings()); }), "device");
        const bool lost = cuda->table().failure(cuda->table().self);
        CHECK(lost || kind == "(nothing)");
        cuda.reset();
        if (lost)
            CHECK_EQUAL(mock::counts.calls, calls);
        mock::lose_device(0);
    }
    CHECK(failures > 10);
    CHECK_EQUAL(fit(cpu.table(), settings()).result.status, "completed");
}
#endif
