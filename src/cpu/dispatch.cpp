#include "dispatch.h"
#include "../core/error.h"
#include <atomic>
#include <cstdlib>

namespace aesop {
namespace {

struct Target {
    const char *name;
    const Kernels *kernels; // null: not in this build
    bool supported;
};

std::vector<Target> all_targets() {
    bool avx2 = false, avx512 = false;
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
#endif
    return {{"baseline", baseline_kernels(), true},
            {"avx2", avx2_kernels(), avx2},
            {"avx512", avx512_kernels(), avx512}};
}

const Kernels &best_kernels() {
    const Kernels *best = nullptr;
    for (const Target &t : all_targets())
        if (t.kernels && t.supported)
            best = t.kernels;
    return *best;
}

std::atomic<const Kernels *> chosen{nullptr};

} // namespace

const Kernels &cpu_kernels(const std::string &name) {
    if (name == "auto")
        return best_kernels();
    bool known = false;
    for (const Target &t : all_targets()) {
        if (name != t.name)
            continue;
        if (t.kernels && t.supported)
            return *t.kernels;
        known = true;
    }
    std::string names;
    for (const std::string &n : cpu_targets())
        names += (names.empty() ? "" : ", ") + n;
    throw Error("param", "CPU target \"" + name + "\" " +
                             (known ? "is not supported by this processor" : "is unknown") +
                             "; use one of: auto, " + names)
        .with("arg", "cpu_target")
        .with("value", name);
}

const Kernels &cpu_kernels() {
    const Kernels *k = chosen.load();
    if (!k) {
        const char *forced = std::getenv("AESOP_CPU");
        k = forced && *forced ? &cpu_kernels(std::string(forced)) : &best_kernels();
        chosen.store(k);
    }
    return *k;
}

std::vector<std::string> cpu_targets() {
    std::vector<std::string> names;
    for (const Target &t : all_targets())
        if (t.kernels && t.supported)
            names.push_back(t.name);
    return names;
}

std::string cpu_target() {
    return cpu_kernels().name;
}
void set_cpu_target(const std::string &name) {
    chosen.store(&cpu_kernels(name));
}

} // namespace aesop
