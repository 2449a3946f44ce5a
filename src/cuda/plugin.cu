#include "backend_cuda.h"
#include "plugin.h"
#include <cstdio>
#include <exception>
#include <sys/types.h>
#include <unistd.h>

using namespace aesop;

namespace {

// The table is found again by its address.
struct Opened {
    Backend<float> table;
    CudaBackend backend;
    Opened(int device, Precision precision) : backend(device, false, precision) { table = backend.table(); }
};

static_assert(int(Precision::tf32) == AESOP_CUDA_TF32 && int(Precision::bf16) == AESOP_CUDA_BF16,
              "the same numbers on both sides of the border");
constexpr int kTensorCores = 8; // major compute capability of the first ones for tf32 and bf16

const char kForked[] = "a forked process cannot use the GPU that its parent used";

// The runtime belongs to the process that asked it first.
bool forked() {
    static const pid_t first = getpid();
    return getpid() != first;
}

int say(int what, char *to, int size, const char *text) {
    if (to && size > 0)
        std::snprintf(to, size_t(size), "%s", text);
    return what;
}

int kind_of(const DeviceFailure &f) {
    switch (f.kind) {
    case DeviceFailure::out_of_memory:
        return AESOP_CUDA_MEMORY;
    case DeviceFailure::forked:
        return AESOP_CUDA_FORKED;
    default:
        return AESOP_CUDA_UNUSABLE;
    }
}

void describe(int i, aesop_cuda_device &d) {
    d = aesop_cuda_device{};
    cudaDeviceProp p;
    cudaError_t e = cudaGetDeviceProperties(&p, i);
    if (e == cudaSuccess) {
        say(0, d.name, int(sizeof d.name), p.name);
        d.major = p.major, d.minor = p.minor, d.total_memory = int64_t(p.totalGlobalMem);
        cudaDriverGetVersion(&d.driver);
        cudaRuntimeGetVersion(&d.runtime);
        e = cudaSetDevice(i);
    }
    size_t free = 0, total = 0;
    if (e == cudaSuccess)
        e = cudaMemGetInfo(&free, &total);
    d.free_memory = int64_t(free);
    if (e != cudaSuccess) {
        say(0, d.reason, int(sizeof d.reason), cudaGetErrorString(e));
        return;
    }
    CudaBackend backend(i, false);
    if (const DeviceFailure *f = backend.probe())
        say(0, d.reason, int(sizeof d.reason), f->message);
}

} // namespace

int aesop_cuda_version(void) {
    return kBackendVersion;
}

int aesop_cuda_devices(aesop_cuda_device *devices, int capacity, char *reason, int reason_size) {
    if (forked())
        return say(0, reason, reason_size, kForked);
    try {
        int n = 0;
        cudaError_t e = cudaGetDeviceCount(&n);
        if (e != cudaSuccess || n < 1) {
            cudaGetLastError();
            return say(0, reason, reason_size, cudaGetErrorString(e != cudaSuccess ? e : cudaErrorNoDevice));
        }
        for (int i = 0; i < n && i < capacity; i++)
            describe(i, devices[i]);
        return n;
    } catch (const std::exception &e) {
        return say(0, reason, reason_size, e.what());
    }
}

int aesop_cuda_open(int device, int precision, const void **table, char *message, int message_size) {
    *table = nullptr;
    if (forked())
        return say(AESOP_CUDA_FORKED, message, message_size, kForked);
    try {
        auto opened = std::make_unique<Opened>(device, Precision(precision));
        if (const DeviceFailure *f = opened->backend.probe())
            return say(kind_of(*f), message, message_size, f->message);
        cudaDeviceProp p;
        if (precision != AESOP_CUDA_FLOAT32 &&
            (cudaGetDeviceProperties(&p, device) != cudaSuccess || p.major < kTensorCores))
            return say(AESOP_CUDA_UNUSABLE, message, message_size, "this GPU computes in float32 only");
        *table = &opened.release()->table;
        return AESOP_CUDA_OPENED;
    } catch (const std::exception &e) {
        return say(AESOP_CUDA_MEMORY, message, message_size, e.what());
    }
}

void aesop_cuda_close(const void *table) {
    delete static_cast<Opened *>(const_cast<void *>(table));
}
