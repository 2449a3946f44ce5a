#include "backend_cpu.h"
#include "../core/device_memory.h"
#include "../core/reference.h"
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
void *allocate_bytes(int64_t n) {
    static std::atomic<unsigned> count{0};
    constexpr size_t kPage = 4096, kHuge = size_t(2) << 20;
    size_t stagger = 64 + (count++ % 12) * (5 * 64);
    size_t bytes = (size_t(n) + 63) / 64 * 64 + 64 + stagger;
    size_t align = bytes >= 2 * kHuge ? kHuge : kPage;
    bytes = (bytes + align - 1) / align * align;
    char *base = nullptr;
    if (n >= 0 && uint64_t(n) < uint64_t(1) << 60)
        base = static_cast<char *>(std::aligned_alloc(align, bytes));
    if (!base)
        return nullptr;
#ifdef __linux__
    if (align == kHuge)
        madvise(base, bytes, MADV_HUGEPAGE); // fewer TLB misses; only a hint
#endif
    std::memset(base, 0, bytes);
    std::memcpy(base + stagger - sizeof base, &base, sizeof base);
    return base + stagger;
}
void release_bytes(void *p) {
    if (!p)
        return;
    char *base;
    std::memcpy(&base, static_cast<char *>(p) - sizeof base, sizeof base);
    std::free(base);
}

float *allocate_floats(int64_t n) {
    int64_t bytes = n * int64_t(sizeof(float));
    void *p = n < 0 || uint64_t(n) >= uint64_t(1) << 58 ? nullptr : allocate_bytes(bytes);
    if (!p)
        throw device_error(nullptr, bytes);
    return static_cast<float *>(p);
}
void release_floats(float *p) {
    release_bytes(p);
}

namespace {

void *allocate(void *, int64_t bytes) {
    return allocate_bytes(bytes);
}
void release(void *, void *p) {
    release_bytes(p);
}

} // namespace

CpuBackend::CpuBackend(int num_threads) : CpuBackend(num_threads, "") {}

CpuBackend::CpuBackend(int num_threads, const std::string &target)
    : state_(std::make_unique<CpuState>(num_threads, target.empty() ? cpu_kernels() : cpu_kernels(target))),
      table_() {
    table_.version = kBackendVersion;
    table_.name = state_->kernels.name;
    table_.self = state_.get();
    const Backend<float> &host = reference_backend<float>(); // the same memory, and as little can fail
    table_.steps_ahead = host.steps_ahead;
    table_.failure = host.failure;
    table_.recover = host.recover;
    table_.step_done = host.step_done;
    table_.room_for_samples = host.room_for_samples;
    table_.allocate = allocate;
    table_.release = release;
    table_.upload = host.upload, table_.download = host.download, table_.copy = host.copy;
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
