// The workloads of bench/workloads.R on the processor and on the plugin of the CUDA backend: whether they
// agree, whether a second run has the bits of the first, and how long an epoch takes.
//
//     cuda-driver PLUGIN [--small] [--threads N] [--epochs N] [--precision tf32|bf16] [W1 ...]
//
// --small: tiny sizes, for the stand-in of the runtime. Exit status 0 if all agree.
#include "core/self_check.h"
#include "core/trainer.h"
#include "cpu/backend_cpu.h"
#include "cuda/plugin.h"
#include "driver_data.h"
#include <chrono>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

using namespace aesop;

namespace {

struct Workload {
    std::string name;
    Config config;
    int64_t features, samples;
    bool counts, processor_too;
};

Config base(int epochs) {
    Config c;
    c.hidden = {}, c.scale = "none", c.patience = 0, c.validation = 0, c.epochs = epochs;
    return c;
}

std::vector<Workload> workloads(bool small, int epochs) {
    std::vector<Workload> all;
    Config c = base(epochs);
    c.latent = 100, c.latent_activation = "relu", c.output_activation = "sigmoid", c.batch_size = 50;
    c.validation = 0.2, c.validation_split = "last";
    all.push_back({"W1", c, 5000, 9413, false, true});
    c = base(epochs);
    c.latent = 50, c.tied = true, c.latent_activation = "sigmoid", c.loss = "bce", c.loss_reduction = "sum";
    c.noise = "masking", c.noise_amount = 0.1, c.optimizer = "sgd", c.learning_rate = 0.01, c.batch_size = 10;
    all.push_back({"W2", c, 5549, 950, false, true});
    c = base(epochs);
    c.latent = 100, c.variational = true, c.latent_activation = "relu", c.latent_batch_norm = true;
    c.kl_warmup = 1, c.loss = "bce", c.loss_reduction = "sum", c.learning_rate = 5e-4, c.batch_size = 50;
    all.push_back({"W3", c, 5000, 9413, false, true});
    c = base(epochs);
    c.hidden = {64}, c.latent = 32, c.batch_norm = true, c.batch_norm_scale = false;
    c.preactivation_code = true, c.loss = "zinb", c.dispersion = "entry", c.normalize = "log";
    c.optimizer = "rmsprop", c.epsilon = 1e-7, c.batch_size = 32;
    all.push_back({"W4", c, 2000, 10000, true, true});
    c.batch_size = 128;
    all.push_back({"W4b", c, 2000, 10000, true, true});
    Workload large{"1.3M", c, 2000, 1300000, true, small};
    large.config.epochs = small ? epochs : 1;
    c = base(epochs);
    c.hidden = {512, 128}, c.latent = 32, c.latent_activation = "relu", c.batch_size = 128;
    all.push_back({"W5", c, 2000, 50000, false, true});
    all.push_back(large);
    if (small)
        for (Workload &w : all) {
            w.features = 30 + w.features / 100, w.samples = 60 + std::min<int64_t>(w.samples, 20000) / 500;
            w.config.batch_size = 10, w.config.latent = std::min(w.config.latent, 7);
            for (int &h : w.config.hidden)
                h = 5 + h / 20;
        }
    return all;
}

struct Fit {
    std::vector<double> losses, seconds;
    std::vector<std::vector<float>> weights;
    double all_seconds = 0;
    std::string status;
    bool same(const Fit &o) const {
        if (losses != o.losses || weights.size() != o.weights.size())
            return false;
        for (size_t i = 0; i < weights.size(); i++)
            if (weights[i].size() != o.weights[i].size() ||
                std::memcmp(weights[i].data(), o.weights[i].data(), weights[i].size() * sizeof(float)) != 0)
                return false;
        return true;
    }
    double milliseconds() const { // the first epoch warms up, unless it is the only one
        std::vector<double> s(seconds.begin() + (seconds.size() > 1), seconds.end());
        std::sort(s.begin(), s.end());
        return 1000 * s[s.size() / 2];
    }
};

Fit fit(const Config &config, BatchSource &source, const Backend<float> &backend) {
    const auto begin = std::chrono::steady_clock::now();
    Key seed{12, 34};
    Autoencoder<float> network(config.resolved(), source.features(), backend);
    network.initialize(seed);
    Dataset data;
    AssayData part;
    part.source = &source;
    std::vector<double> means;
    part.preparation = fit_preparation(source, network.assays()[0], {}, part.size_factors, means);
    data.assays.push_back(part);
    if (network.assays()[0].count_loss())
        network.set_log_means(0, means);
    Monitor monitor;
    Trainer<float> trainer(network, data, seed, monitor);
    TrainingResult result = trainer.run();
    Fit f;
    f.status = result.status;
    for (const EpochRecord &e : result.history)
        f.losses.push_back(e.loss), f.seconds.push_back(e.seconds);
    for (auto &p : network.parameters().all()) {
        const auto values = network.parameters().get(*p);
        f.weights.emplace_back(values.begin(), values.end());
    }
    f.all_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return f;
}

struct Plugin {
    void *library;
    const void *table = nullptr;
    aesop_cuda_devices_function *devices = nullptr;
    aesop_cuda_open_function *open = nullptr;
    aesop_cuda_close_function *close = nullptr;

    Plugin(const char *path, int precision) : library(dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
        if (!library)
            throw std::runtime_error(dlerror());
        auto version = find<aesop_cuda_version_function>("aesop_cuda_version");
        devices = find<aesop_cuda_devices_function>("aesop_cuda_devices");
        open = find<aesop_cuda_open_function>("aesop_cuda_open");
        close = find<aesop_cuda_close_function>("aesop_cuda_close");
        if (version() != kBackendVersion)
            throw std::runtime_error("the plugin is of another version");
        char text[256] = "";
        aesop_cuda_device found[8];
        const int n = devices(found, 8, text, sizeof text);
        if (n == 0)
            std::printf("no device: %s\n", text);
        for (int i = 0; i < n && i < 8; i++)
            std::printf("device %d: %s, %.1f of %.1f GiB free, compute capability %d.%d, driver %d, "
                        "runtime %d%s%s\n",
                        i, found[i].name, double(found[i].free_memory) / 1073741824,
                        double(found[i].total_memory) / 1073741824, found[i].major, found[i].minor,
                        found[i].driver, found[i].runtime, *found[i].reason ? ": " : "", found[i].reason);
        if (open(0, precision, &table, text, sizeof text) != AESOP_CUDA_OPENED)
            throw std::runtime_error(text);
    }
    ~Plugin() { close(table); }
    // A child that was forked off has to be told that it cannot use the device.
    bool refuses_child() const {
        const pid_t child = fork();
        if (child == 0) {
            char text[256] = "";
            const void *other = nullptr;
            aesop_cuda_device found;
            const DeviceFailure *failure = backend().failure(backend().self);
            const bool refused = failure && failure->kind == DeviceFailure::forked &&
                                 devices(&found, 1, text, sizeof text) == 0 &&
                                 open(0, AESOP_CUDA_FLOAT32, &other, text, sizeof text) == AESOP_CUDA_FORKED;
            _exit(refused ? 0 : 1);
        }
        int status = 1;
        waitpid(child, &status, 0);
        return status == 0;
    }
    const Backend<float> &backend() const { return *static_cast<const Backend<float> *>(table); }

  private:
    template <class F>
    F *find(const char *name) {
        void *f = dlsym(library, name);
        if (!f)
            throw std::runtime_error(dlerror());
        return reinterpret_cast<F *>(f);
    }
};

std::string number(const char *format, double v) {
    char text[32];
    std::snprintf(text, sizeof text, format, v);
    return text;
}

bool run(const Workload &w, const Backend<float> &cpu, const Backend<float> &cuda) {
    std::unique_ptr<BatchSource> source;
    if (w.counts)
        source = driver::counts_like(w.features, w.samples);
    else
        source = driver::expression_like(w.features, w.samples);
    Fit b = fit(w.config, *source, cuda);
    Config one = w.config;
    one.epochs = 1;
    Fit c = fit(one, *source, cuda), d = w.config.epochs == 1 ? b : fit(one, *source, cuda);
    const bool same = c.same(d), finished = b.status == "completed";
    bool agree = true;
    std::string cpu_loss, error, cpu_time;
    if (w.processor_too) {
        Fit a = fit(w.config, *source, cpu);
        const double e = std::fabs(a.losses[0] - b.losses[0]) / std::fabs(a.losses[0]);
        agree = e <= loss_tolerance(cuda);
        cpu_loss = number("%.6g", a.losses[0]), error = number("%.1e", e);
        cpu_time = number("%.2f", a.milliseconds());
    }
    std::printf("%-5s %12.6g %12s %10s %10s %10.2f %9.2f %9s%s%s%s\n", w.name.c_str(), b.losses[0],
                cpu_loss.c_str(), error.c_str(), cpu_time.c_str(), b.milliseconds(), b.all_seconds,
                same ? "same" : "DIFFER", agree ? "" : " LOSSES DIFFER", finished ? "" : " ",
                finished ? "" : b.status.c_str());
    std::fflush(stdout);
    return same && agree && finished;
}

} // namespace

int main(int argc, char **argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: cuda-driver PLUGIN [--small] [--threads N] [--epochs N] "
                             "[--precision tf32|bf16] [W1 ...]\n");
        return 2;
    }
    bool small = false;
    std::string precision = "float32";
    int threads = int(std::max(1u, std::thread::hardware_concurrency())), epochs = 4;
    std::vector<std::string> wanted;
    for (int i = 2; i < argc; i++) {
        const std::string a = argv[i];
        if (a == "--small")
            small = true, epochs = 2;
        else if (a == "--threads" && i + 1 < argc)
            threads = std::atoi(argv[++i]);
        else if (a == "--epochs" && i + 1 < argc)
            epochs = std::atoi(argv[++i]);
        else if (a == "--precision" && i + 1 < argc)
            precision = argv[++i];
        else
            wanted.push_back(a);
    }
    int passed = 0, failed = 0;
    try {
        Plugin plugin(argv[1], precision == "tf32"   ? AESOP_CUDA_TF32
                               : precision == "bf16" ? AESOP_CUDA_BF16
                                                     : AESOP_CUDA_FLOAT32);
        if (!plugin.refuses_child()) {
            std::printf("a forked process is not refused\n");
            failed++;
        }
        CpuBackend cpu(threads);
        std::printf("%d threads of the processor (%s); %s on the GPU\n", threads, cpu.table().name,
                    precision.c_str());
        std::printf("%-5s %12s %12s %10s %10s %10s %9s %9s\n", "", "loss, cuda", "loss, cpu", "error",
                    "cpu ms", "cuda ms", "fit s", "two runs");
        for (const Workload &w : workloads(small, epochs))
            if (wanted.empty() || std::find(wanted.begin(), wanted.end(), w.name) != wanted.end())
                (run(w, cpu.table(), plugin.backend()) ? passed : failed)++;
    } catch (const std::exception &e) {
        std::printf("%s\n", e.what());
        failed++;
    }
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0;
}
