// Puts the CUDA backend under the tests of tests/core, every launch waited for. On a GPU the tests' own
// memory comes from a region that the device reaches.
#include "core/kernel_data.h"
#include "cuda/backend_cuda.h"

#ifndef AESOP_EMULATED
#include <cstdlib>
#include <mutex>
#include <new>

namespace {

// Powers of two from a region of pinned memory; what is given back is used again.
constexpr size_t kRegion = size_t(4) << 30;
char *region = nullptr;
size_t taken = 0;
void *free_lists[40];
std::mutex busy;

int order(size_t n) {
    int k = 6;
    while ((size_t(1) << k) < n + 64)
        k++;
    return k;
}

bool open_region() {
    void *p = nullptr;
    if (cudaMallocHost(&p, kRegion) != cudaSuccess)
        return false;
    region = static_cast<char *>(p);
    return true;
}

} // namespace

void *operator new(size_t n) {
    if (!region) {
        if (void *p = std::malloc(n ? n : 1))
            return p;
        throw std::bad_alloc();
    }
    const int k = order(n);
    std::lock_guard<std::mutex> lock(busy);
    void *p = free_lists[k];
    if (p) {
        free_lists[k] = *static_cast<void **>(p);
        return p;
    }
    if (taken + (size_t(1) << k) > kRegion)
        throw std::bad_alloc();
    char *piece = region + taken;
    taken += size_t(1) << k;
    *reinterpret_cast<int *>(piece) = k;
    return piece + 64;
}
void operator delete(void *p) noexcept {
    char *c = static_cast<char *>(p);
    if (!region || c < region || c >= region + kRegion) {
        std::free(p);
        return;
    }
    std::lock_guard<std::mutex> lock(busy);
    const int k = *reinterpret_cast<int *>(c - 64);
    *static_cast<void **>(p) = free_lists[k];
    free_lists[k] = p;
}
void operator delete(void *p, size_t) noexcept {
    operator delete(p);
}
#endif

namespace {

struct UnderTest {
    std::unique_ptr<aesop::CudaBackend> backend;
    UnderTest() {
#ifndef AESOP_EMULATED
        open_region();
#endif
        backend = std::make_unique<aesop::CudaBackend>(0, true);
        kernel_test::other_backends().push_back(&backend->table());
    }
} under_test;

} // namespace
