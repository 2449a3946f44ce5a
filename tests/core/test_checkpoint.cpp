// A fit that was stopped after any of its epochs, or within one, and goes on from its checkpoint has the bits
// of one that never stopped.
#include "check.h"
#include "core/trainer.h"
#include "cpu/backend_cpu.h"
#include "memory_source.h"
#include <cstdio>
#include <cstring>
#include <fstream>
#include <unistd.h>

using namespace aesop;

namespace {

struct TemporaryFile {
    std::string path = "/tmp/aesop-checkpoint-" + std::to_string(getpid());
    TemporaryFile() { std::remove(path.c_str()); }
    ~TemporaryFile() { std::remove(path.c_str()); }
    bool exists() const { return std::ifstream(path).good(); }
};

// Stops after so many steps of a run.
struct Stopper : Monitor {
    int64_t left;
    explicit Stopper(int64_t steps) : left(steps) {}
    bool should_stop() override { return --left == 0; }
};

constexpr int64_t kNever = 1 << 30;
const Key kSeed{3, 4};

struct Fit {
    MemorySource source;
    Config config;
    int threads = 2;
    Fit(const Config &c, bool counts)
        : source(counts ? test_counts(57, 23, 1) : test_values(57, 23, 1), counts), config(c) {}

    TrainingResult run(const std::string &path, int64_t stop = kNever, Key seed = kSeed) {
        CpuBackend backend(threads);
        Dataset data;
        data.assays.resize(1);
        data.assays[0].source = &source;
        std::vector<double> means;
        std::unique_ptr<Autoencoder<float>> network;
        auto start = [&] {
            auto n = std::make_unique<Autoencoder<float>>(config.resolved(), source.features(), backend.table());
            data.assays[0].preparation =
                fit_preparation(source, n->assays()[0], {}, data.assays[0].size_factors, means);
            n->initialize(seed);
            return n;
        };
        Stopper monitor(stop);
        if (path.empty())
            return train_in_memory(network, start, data, seed, monitor);
        Checkpoint checkpoint(path);
        return train_in_memory(network, start, data, seed, monitor, &checkpoint);
    }
};

bool same(const TrainingResult &a, const TrainingResult &b) {
    if (a.status != b.status || a.weights != b.weights || a.best_epoch != b.best_epoch ||
        a.messages != b.messages || a.history.size() != b.history.size())
        return false;
    for (size_t i = 0; i < a.history.size(); i++) {
        const EpochRecord &x = a.history[i], &y = b.history[i];
        bool validated = x.val_loss == y.val_loss || (std::isnan(x.val_loss) && std::isnan(y.val_loss));
        if (x.epoch != y.epoch || x.loss != y.loss || !validated || x.learning_rate != y.learning_rate)
            return false;
    }
    return true;
}

Config base() {
    Config c;
    c.hidden = {9}, c.latent = 4, c.epochs = 7, c.batch_size = 10, c.scale = "none", c.patience = 0;
    c.validation = 0;
    return c;
}

// Different parts of what a fit remembers.
std::vector<std::pair<Config, bool>> several() {
    std::vector<std::pair<Config, bool>> all;
    Config c = base();
    c.dropout = 0.2, c.noise = "masking", c.noise_amount = 0.2, c.batch_norm = true, c.validation = 0.2;
    c.patience = 1, c.learning_rate = 0.5, c.validation_split = "random"; // stops early
    all.emplace_back(c, false);
    c = base();
    c.optimizer = "adadelta", c.schedule = "plateau", c.schedule_every = 1, c.min_delta = 100;
    all.emplace_back(c, false);
    c = base();
    c.optimizer = "sgd", c.momentum = 0.9, c.schedule = "one_cycle", c.one_cycle_momentum = true;
    all.emplace_back(c, false);
    c = base();
    c.variational = true, c.kl_warmup = 3, c.optimizer = "adamw", c.clip_norm = 1, c.validation = 0.2,
    c.patience = 3;
    all.emplace_back(c, false);
    c = base();
    c.loss = "zinb", c.normalize = "log", c.optimizer = "rmsprop", c.noise = "thinning", c.noise_amount = 0.3;
    all.emplace_back(c, true);
    c = base();
    c.optimizer = "sgd", c.learning_rate = 0.5, c.loss_reduction = "sum"; // goes back and halves the rate
    all.emplace_back(c, false);
    c.schedule = "one_cycle", c.one_cycle_fraction = 0.6, c.learning_rate = 0.2; // late, to an early epoch
    all.emplace_back(c, false);
    return all;
}

template <class F>
Error error_of(F &&f) {
    try {
        f();
    } catch (const Error &e) {
        return e;
    }
    return Error("none", "no error");
}

} // namespace

TEST("checkpoint: a fit that goes on has the bits of one that never stopped") {
    for (auto &[config, counts] : several()) {
        TrainingResult whole = Fit(config, counts).run("");
        CHECK((whole.status == "early_stopped") == (config.patience == 1));
        CHECK(whole.messages.empty() == (config.optimizer != "sgd" || config.momentum > 0));
        for (int64_t stop : {1, 3, 6, 7, 11, 14, 20, 29}) {
            TemporaryFile file;
            Fit fit(config, counts);
            TrainingResult part = fit.run(file.path, stop);
            CHECK(file.exists());
            fit.threads = 1;
            CHECK(same(fit.run(file.path), whole));
            CHECK(same(fit.run(file.path), whole)); // finished: nothing is trained
            if (part.status == "interrupted")
                CHECK(part.history.size() < whole.history.size());
        }
        TemporaryFile file; // again and again
        TrainingResult last;
        int runs = 0;
        do
            last = Fit(config, counts).run(file.path, 7);
        while (last.status == "interrupted" && ++runs < 40);
        CHECK(same(last, whole));
    }
}

TEST("checkpoint: a fit with other settings, data or seed is refused, and told what differs") {
    TemporaryFile file;
    Fit fit(base(), false);
    fit.run(file.path, 9);
    auto differs = [&](Fit other, Key seed = kSeed) {
        Error e = error_of([&] { other.run(file.path, kNever, seed); });
        CHECK(e.kind == "checkpoint");
        const Error::Value *names = e.field("differs");
        return names ? std::get<std::string>(*names) : "";
    };
    Config c = base();
    c.learning_rate = 0.5, c.epochs = 8;
    std::string names = differs(Fit(c, false));
    CHECK(names == "epochs, learning_rate" || names == "learning_rate, epochs");
    c = base();
    c.latent = 5;
    CHECK(differs(Fit(c, false)).find("latent") != std::string::npos);
    CHECK(differs(Fit(base(), true)).find("values") != std::string::npos);
    CHECK(differs(Fit(base(), false), Key{3, 5}) == "seed, first weights");
    c = base();
    c.max_seconds = 1000; // of a session, not of the fit
    CHECK(Fit(c, false).run(file.path).status == "completed");
}

TEST("checkpoint: what is none is refused, and stays as it was") {
    TemporaryFile file;
    std::string text = "no checkpoint at all, but some text";
    std::ofstream(file.path) << text;
    CHECK(error_of([&] { Fit(base(), false).run(file.path); }).kind.rfind("format_", 0) == 0);
    std::string now;
    std::getline(std::ifstream(file.path), now);
    CHECK(now == text);

    std::remove(file.path.c_str());
    Fit(base(), false).run(file.path, 9);
    std::ifstream whole(file.path, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(whole)), std::istreambuf_iterator<char>());
    for (size_t cut : {bytes.size() / 2, bytes.size() - 1}) {
        std::ofstream(file.path, std::ios::binary) << bytes.substr(0, cut);
        CHECK(error_of([&] { Fit(base(), false).run(file.path); }).kind == "format_truncated");
    }
    size_t at = bytes.find("\\\"halvings\\\":0"); // a number that cannot be
    CHECK(at != std::string::npos);
    bytes.replace(at, 14, "\\\"halvings\\\":x");
    std::ofstream(file.path, std::ios::binary) << bytes;
    CHECK(error_of([&] { Fit(base(), false).run(file.path); }).kind == "checkpoint");
}

TEST("checkpoint: a folder that is not there is an error before the training") {
    Error e = error_of([&] { Fit(base(), false).run("/no/such/folder/checkpoint"); });
    CHECK(e.kind == "io");
}
