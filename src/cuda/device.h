// One device of the runtime, asked with care: every answer is checked, and after a failure that cannot be
// mended, or in a forked child, nothing is asked any more, not even by destructors.
#pragma once
#include "../core/backend.h"
#include <cuda_runtime.h>
#include <sys/types.h>

namespace aesop {

// Host memory that the device reaches, or memory of the device.
enum class Memory { host, device };

class Device {
  public:
    // failed is kept up to date: whether there was a failure of any kind.
    Device(int index, bool &failed);
    ~Device();
    Device(const Device &) = delete;
    Device &operator=(const Device &) = delete;

    cudaStream_t stream() const { return stream_; }
    const DeviceFailure *failure() const { return failed_ ? &failure_ : nullptr; }
    // Forgets a failure for want of memory.
    void recover();
    // Whether the device may be asked at all; without memory it may.
    bool usable();
    bool lost() const { return failed_ && failure_.kind != DeviceFailure::out_of_memory; }

    // True for a success; anything else is the failure from now on.
    bool check(cudaError_t answer, const char *operation);
    // The same where going without is possible: only a loss is a failure.
    bool attempt(cudaError_t answer, const char *operation);
    bool select(); // makes it the calling thread's device
    bool wait();
    // Null where there is no memory, which is no failure yet.
    void *allocate(Memory kind, int64_t bytes);
    void out_of_memory(int64_t bytes);
    void release(Memory kind, void *p);
    int64_t free_memory();

  private:
    void fail(DeviceFailure::Kind kind, const char *operation, const char *reason);

    int index_;
    pid_t process_;
    cudaStream_t stream_ = nullptr;
    bool &failed_;
    DeviceFailure failure_;
    char message_[256];
};

} // namespace aesop
