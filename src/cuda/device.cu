#include "device.h"
#include <cstdio>
#include <unistd.h>

namespace aesop {

Device::Device(int index, bool &failed)
    : index_(index), process_(getpid()), failed_(failed), failure_{DeviceFailure::lost, message_} {
    if (select())
        check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "making a stream");
}

Device::~Device() {
    if (stream_ && usable())
        check(cudaStreamDestroy(stream_), "ending the stream");
}

void Device::fail(DeviceFailure::Kind kind, const char *operation, const char *reason) {
    if (lost())
        return;
    failure_.kind = kind;
    std::snprintf(message_, sizeof message_, "%s%s%s", operation, *reason ? ": " : "", reason);
    failed_ = true;
}

bool Device::usable() {
    if (getpid() != process_)
        fail(DeviceFailure::forked, "a forked process cannot use the GPU that its parent opened", "");
    return !lost();
}

void Device::recover() {
    if (!lost())
        failed_ = false;
}

bool Device::check(cudaError_t answer, const char *operation) {
    if (answer == cudaErrorMemoryAllocation) {
        cudaGetLastError(); // the runtime forgets it too
        fail(DeviceFailure::out_of_memory, operation, cudaGetErrorString(answer));
    } else if (answer != cudaSuccess)
        fail(DeviceFailure::lost, operation, cudaGetErrorString(answer));
    return answer == cudaSuccess;
}

bool Device::attempt(cudaError_t answer, const char *operation) {
    if (answer != cudaErrorMemoryAllocation)
        return check(answer, operation);
    cudaGetLastError();
    return false;
}

bool Device::select() {
    return check(cudaSetDevice(index_), "choosing the device");
}

bool Device::wait() {
    return check(cudaStreamSynchronize(stream_), "waiting for the GPU");
}

void *Device::allocate(Memory kind, int64_t bytes) {
    void *p = nullptr;
    if (!select())
        return nullptr;
    size_t n = size_t(bytes > 0 ? bytes : 1);
    bool made =
        attempt(kind == Memory::host ? cudaMallocHost(&p, n) : cudaMalloc(&p, n), "allocating memory");
    return made ? p : nullptr;
}

void Device::out_of_memory(int64_t bytes) {
    char reason[64];
    std::snprintf(reason, sizeof reason, "there are no %.1f MiB left", double(bytes) / (1 << 20));
    fail(DeviceFailure::out_of_memory, "out of memory", reason);
}

void Device::release(Memory kind, void *p) {
    if (p && usable())
        check(kind == Memory::host ? cudaFreeHost(p) : cudaFree(p), "releasing memory");
}

int64_t Device::free_memory() {
    size_t free = 0, total = 0;
    return usable() && select() && check(cudaMemGetInfo(&free, &total), "asking for free memory")
               ? int64_t(free)
               : 0;
}

} // namespace aesop
