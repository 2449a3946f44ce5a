// A device with memory of its own that runs ahead of the host: the fit is that of the processor, and what it
// fails at is told, not lost.
#include "check.h"
#include "core/trainer.h"
#include "cpu/backend_cpu.h"
#include "memory_source.h"
#include <cstring>
#include <map>

using namespace aesop;

namespace {

// The processor's operations, behind a table that behaves as that of another device.
struct OtherDevice {
    CpuBackend cpu{2};
    Backend<float> table = cpu.table();
    std::map<void *, std::unique_ptr<char[]>> blocks;
    DeviceFailure reason{DeviceFailure::lost, "the device is gone"};
    bool failed = false;
    int64_t room = 0, allocations = 0, out_at = -1;       // out_at: the allocation that fails
    int64_t limit = int64_t(1) << 40, used = 0, most = 0; // bytes
    std::map<void *, int64_t> sizes;
    int64_t downloads = 0, lost_at = -1;
    bool gathers_few = false; // more rows than a minibatch's are too many at once
    bool step_waits = false, asked_in_between = false;

    static OtherDevice *current; // operations get the processor's `self`

    explicit OtherDevice(int steps_ahead) {
        current = this;
        table.name = "other";
        table.steps_ahead = steps_ahead;
        table.step_done = [](void *) { current->step_waits = true; };
        table.room_for_samples = [](void *) {
            current->asked_in_between |= current->step_waits;
            return current->room;
        };
        table.gather = [](void *self, const Column *columns, const Matrix<float> &x) {
            if (current->gathers_few && x.rows > 8) {
                current->failed = true;
                current->reason.kind = DeviceFailure::out_of_memory;
            }
            if (!current->failed)
                current->cpu.table().gather(self, columns, x);
        };
        table.failure = [](void *) -> const DeviceFailure * {
            return current->failed ? &current->reason : nullptr;
        };
        table.recover = [](void *) { current->failed = false; };
        table.allocate = [](void *, int64_t bytes) -> void * {
            if (current->failed || current->allocations++ == current->out_at ||
                current->used + bytes > current->limit) {
                current->failed = true;
                current->reason.kind = DeviceFailure::out_of_memory;
                return nullptr;
            }
            std::unique_ptr<char[]> block(new char[size_t(bytes) + 64]());
            void *p = block.get();
            size_t space = size_t(bytes) + 64;
            std::align(64, size_t(bytes), p, space);
            current->blocks[p] = std::move(block);
            current->used += current->sizes[p] = bytes;
            current->most = std::max(current->most, current->used);
            return p;
        };
        table.release = [](void *, void *p) {
            current->blocks.erase(p);
            current->used -= current->sizes[p];
            current->sizes[p] = 0;
        };
        table.upload = table.copy = [](void *, void *to, const void *from, int64_t bytes) {
            std::memcpy(to, from, size_t(bytes));
        };
        table.download = [](void *, void *to, const void *from, int64_t bytes) {
            current->step_waits = false;
            if (current->downloads++ == current->lost_at)
                current->failed = true;
            if (!current->failed)
                std::memcpy(to, from, size_t(bytes));
            else
                std::memset(to, 0xff, size_t(bytes)); // not a number
        };
    }
    ~OtherDevice() { current = nullptr; }
};
OtherDevice *OtherDevice::current = nullptr;

struct Fit {
    TrainingResult result;
    explicit Fit(const Backend<float> &backend, const Config &config, MemorySource &source) {
        Dataset data;
        for (const AssayConfig &a : config.resolved().resolved_assays(source.features())) {
            AssayData part;
            part.source = &source;
            std::vector<double> means;
            part.preparation = fit_preparation(source, a, {}, part.size_factors, means);
            data.assays.push_back(part);
        }
        auto start = [&] {
            auto network =
                std::make_unique<Autoencoder<float>>(config.resolved(), source.features(), backend);
            network->initialize({1, 2});
            return network;
        };
        Monitor monitor;
        std::unique_ptr<Autoencoder<float>> network;
        result = train_in_memory(network, start, data, {3, 4}, monitor);
    }
};

Config small(const std::string &loss) {
    Config c;
    c.hidden = {9}, c.latent = 3, c.epochs = 4, c.batch_size = 8, c.validation = 0.2, c.patience = 2;
    c.loss = loss;
    if (loss == "zinb" || loss == "nb") {
        c.output_activation = "exp", c.normalize = "log", c.scale = "none", c.batch_norm = true;
        c.noise = "thinning", c.noise_amount = 0.3, c.input_dropout = 0.1;
    } else {
        c.clip_norm = 0.05, c.l2 = 1e-3, c.activity_l1 = 1e-3;
    }
    return c;
}

void check_same(const TrainingResult &a, const TrainingResult &b) {
    CHECK_EQUAL(a.status, b.status);
    CHECK_EQUAL(a.best_epoch, b.best_epoch);
    CHECK_EQUAL(a.history.size(), b.history.size());
    for (size_t i = 0; i < a.history.size() && i < b.history.size(); i++) {
        CHECK_EQUAL(a.history[i].loss, b.history[i].loss);
        CHECK_EQUAL(a.history[i].val_loss, b.history[i].val_loss);
        CHECK_EQUAL(a.history[i].learning_rate, b.history[i].learning_rate);
    }
    CHECK(a.weights == b.weights);
    CHECK(a.messages == b.messages);
    CHECK_EQUAL(a.failure_epoch, b.failure_epoch);
    CHECK_EQUAL(a.failure_step, b.failure_step);
}

} // namespace

TEST("device: samples that stay there and steps ahead give the same fit") {
    for (const char *loss : {"mse", "nb", "zinb"})
        for (bool sparse : {false, true})
            for (int steps_ahead : {2, 100}) {
                Config c = small(loss);
                auto values = std::string(loss) == "mse" ? test_values(50, 30, 3) : test_counts(50, 30, 3);
                for (auto &sample : values) // few enough values for sparse rows
                    for (size_t k = 0; k < sample.size(); k++)
                        sample[k] = k % 7 ? 0 : sample[k];
                MemorySource source(values, sparse);
                CpuBackend cpu(2);
                Fit plain(cpu.table(), c, source);
                OtherDevice device(steps_ahead);
                device.room = 1 << 20;
                Fit kept(device.table, c, source);
                device.room = 0;
                Fit streamed(device.table, c, source);
                check_same(kept.result, plain.result);
                check_same(streamed.result, plain.result);
                CHECK_EQUAL(device.blocks.size(), size_t(0));
            }
}

TEST("device: a loss that is not finite is found some steps later, with the same end") {
    Config c = small("mse");
    c.clip_norm = 0, c.optimizer = "sgd", c.learning_rate = 1e18, c.activation = "linear";
    c.latent_activation = "linear", c.epochs = 6;
    MemorySource source(test_values(50, 30, 3), false);
    CpuBackend cpu(1);
    Fit plain(cpu.table(), c, source);
    CHECK(!plain.result.messages.empty());
    OtherDevice device(100);
    Fit other(device.table, c, source);
    check_same(other.result, plain.result);
}

TEST("device: samples for which there is no room after all come from the host, and no step is lost") {
    Config c = small("mse");
    MemorySource source(test_values(50, 30, 3), false);
    CpuBackend cpu(2);
    Fit plain(cpu.table(), c, source);
    OtherDevice device(100);
    device.room = 1 << 20, device.gathers_few = true;
    Fit fit(device.table, c, source);
    check_same(fit.result, plain.result);
    CHECK(!device.failed);
    CHECK(!device.asked_in_between); // what fails while room is made is forgotten
}

TEST("device: more values than can be counted in bytes are too many") {
    CpuBackend cpu(1);
    DeviceArray<float, float> values(cpu.table());
    std::string kind;
    try {
        values.get(int64_t(1) << 62);
    } catch (const Error &e) {
        kind = e.kind;
    }
    CHECK_EQUAL(kind, "memory");
}

TEST("device: without enough memory the fit ends with an error, and leaves nothing behind") {
    Config c = small("zinb");
    MemorySource source(test_counts(40, 20, 3), true);
    bool all = false;
    for (int64_t n = 0; n < 400 && !all; n++) {
        OtherDevice device(100);
        device.room = 1 << 20, device.out_at = n;
        try {
            Fit fit(device.table, c, source);
            // Either the initial weights come back, or samples could do without their memory.
            if (fit.result.status == "device_failed") {
                CHECK_EQUAL(fit.result.device_error->kind, "device");
                CHECK(std::get<std::string>(*fit.result.device_error->field("code")) == "out_of_memory");
                CHECK(!fit.result.weights.empty());
            } else {
                CHECK_EQUAL(fit.result.status, "completed");
                CHECK(!device.failed);
            }
            all = device.allocations <= n;
        } catch (const Error &e) {
            CHECK_EQUAL(e.kind, "device");
        }
        CHECK_EQUAL(device.blocks.size(), size_t(0));
    }
    CHECK(all);
}

TEST("device: a minibatch that does not fit is computed in parts, up to rounding") {
    Config c = small("mse");
    c.hidden = {}, c.latent = 2, c.batch_size = 64, c.shuffle = false, c.dropout = 0.1, c.contractive = 0.01;
    c.noise = "masking", c.noise_amount = 0.2;
    MemorySource source(test_values(300, 200, 3), false);
    CpuBackend cpu(1);
    Fit plain(cpu.table(), c, source);
    OtherDevice whole(100);
    Fit(whole.table, c, source);
    int fits_in_parts = 0;
    for (double share : {0.95, 0.8, 0.65}) {
        OtherDevice device(100);
        device.limit = int64_t(share * double(whole.most));
        Fit parts(device.table, c, source);
        CHECK_EQUAL(device.used, 0);
        if (parts.result.status != "completed")
            break;
        CHECK(parts.result.messages.back().find("parts") != std::string::npos);
        fits_in_parts++;
        for (size_t i = 0; i < plain.result.history.size(); i++)
            CHECK_NEAR(parts.result.history[i].loss, plain.result.history[i].loss,
                       1e-5 * plain.result.history[i].loss);
        for (size_t k = 0; k < plain.result.weights.size(); k++)
            for (size_t i = 0; i < plain.result.weights[k].size(); i++)
                CHECK_NEAR(parts.result.weights[k][i], plain.result.weights[k][i], 2e-4);
    }
    CHECK(fits_in_parts > 0);
    c.batch_norm = true, c.hidden = {3}; // its statistics are those of the whole minibatch
    OtherDevice device(100);
    device.limit = whole.most / 2;
    Fit refused(device.table, c, source);
    CHECK_EQUAL(refused.result.status, "device_failed");
}

TEST("device: one that is lost leaves the last weights that the host has") {
    Config c = small("mse");
    c.patience = 0, c.validation = 0;
    MemorySource source(test_values(50, 30, 3), false);
    for (int64_t n = 0; n < 60; n++) {
        OtherDevice device(100);
        device.lost_at = n;
        try {
            Fit fit(device.table, c, source);
            if (fit.result.status == "completed")
                break;
            CHECK_EQUAL(fit.result.status, "device_failed");
            CHECK(std::get<double>(*fit.result.device_error->field("sticky")) == 1);
            CHECK_EQUAL(fit.result.best_epoch, 0); // the only weights that were asked for within a second
            for (const auto &values : fit.result.weights)
                for (double v : values)
                    CHECK(std::isfinite(v));
        } catch (const Error &e) {
            CHECK_EQUAL(e.kind, "device");
        }
        CHECK_EQUAL(device.blocks.size(), size_t(0));
        CHECK(n < 59);
    }
}
