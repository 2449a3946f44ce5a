#include "backend_cpu.h"
#include "../core/error.h"
#include "cpu_state.h"
#include "dispatch.h"
#include <atomic>
#include <cstdlib>
#include <cstring>
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace aesop {

// The block that malloc gave stands just before the data.
float *allocate_floats(int64_t n) {
    static std::atomic<unsigned> count{0};
    constexpr size_t kPage = 4096, kHuge = size_t(2) << 20;
    size_t stagger = 64 + (count++ % 12) * (5 * 64);
    size_t bytes = (size_t(n) * sizeof(float) + 63) / 64 * 64 + 64 + stagger;
    size_t align = bytes >= 2 * kHuge ? kHuge : kPage;
    bytes = (bytes + align - 1) / align * align;
    char *base = nullptr;
    if (n >= 0 && uint64_t(n) < uint64_t(1) << 58)
        base = static_cast<char *>(std::aligned_alloc(align, bytes));
    if (!base)
        throw Error("memory",
                    "out of memory: " + std::to_string(double(n) * 4 / 1048576.0) +
                        " MB could not be allocated; use fewer units, a smaller batch_size or fewer features")
            .with("bytes", double(n) * 4);
#ifdef __linux__
    if (align == kHuge)
        madvise(base, bytes, MADV_HUGEPAGE); // fewer TLB misses; only a hint
#endif
    std::memset(base, 0, bytes);
    float *p = reinterpret_cast<float *>(base + stagger);
    std::memcpy(base + stagger - sizeof base, &base, sizeof base);
    return p;
}

void release_floats(float *p) {
    if (!p)
        return;
    char *base;
    std::memcpy(&base, reinterpret_cast<char *>(p) - sizeof base, sizeof base);
    std::free(base);
}

namespace {

float *allocate(void *, int64_t n) {
    return allocate_floats(n);
}
void release(void *, float *p) {
    release_floats(p);
}
void copy(void *, float *to, const float *from, int64_t n) {
    std::memcpy(to, from, size_t(n) * sizeof(float));
}

} // namespace

CpuBackend::CpuBackend(int num_threads) : CpuBackend(num_threads, "") {}

CpuBackend::CpuBackend(int num_threads, const std::string &target)
    : state_(std::make_unique<CpuState>(num_threads, target.empty() ? cpu_kernels() : cpu_kernels(target))),
      table_() {
    table_.version = kBackendVersion;
    table_.name = state_->kernels.name;
    table_.self = state_.get();
    table_.allocate = allocate;
    table_.release = release;
    table_.upload = copy;
    table_.download = copy;
    add_products(table_);
    add_gradients(table_);
    add_elementwise(table_);
    add_draws(table_);
    add_penalties(table_);
    add_gather(table_);
    add_convolution(table_);
}

CpuBackend::~CpuBackend() = default;

} // namespace aesop
