// What the operations of the CUDA backend are written with: a queue of kernels, and the memory they share.
// Kernels take one pointer to a struct of arguments in device memory, so that the launches of a step are the
// same ones in every step, and can be replayed as a graph while their arguments change. So that they are the
// same ones, grids should depend on shapes only, not on the number of stored values of a sparse batch.
#pragma once
#include "../core/backend.h"
#include <cstdint>
#include <cstring>
#include <cuda_runtime.h>
#include <memory>
#include <string>
#include <type_traits>

namespace aesop {

enum class Precision : int { float32, tf32, bf16 }; // of the factors of products: precision.h

constexpr int kThreads = 256; // of a block, for kernels without a reason for another number

struct Grid {
    unsigned x = 1, y = 1, z = 1;
};

// Host memory that reaches the device with the launches that follow. 64-byte aligned.
template <class T>
struct Staged {
    T *host;   // to be filled before the operation returns, and before the kernel that reads it is launched
    T *device; // for the arguments of kernels of this operation
};

class Queue {
  public:
    // at_once: every launch is waited for; for tests.
    Queue(int device, bool at_once, Precision precision = Precision::float32);
    ~Queue();
    Queue(const Queue &) = delete;
    Queue &operator=(const Queue &) = delete;

    // After a failure operations must do nothing. What fails in the middle of one makes the pointers to the
    // device below null (those to the host can still be written to) and its launches do nothing.
    bool failed() const { return failed_; }
    Precision precision() const { return precision_; }
    // An operation begins: memory that earlier ones staged and their scratch may be used again.
    void begin_operation();

    // kernel<<<grid, threads>>>(arguments), in the order of the calls. Pointers in them are to device memory.
    template <class Arguments>
    void launch(void (*kernel)(const Arguments *), Grid grid, int threads, const Arguments &arguments) {
        static_assert(std::is_trivially_copyable<Arguments>::value, "arguments are copied to the device");
        append(reinterpret_cast<const void *>(kernel), grid, threads, &arguments, sizeof arguments);
    }
    template <class T>
    Staged<T> stage(int64_t n) {
        Staged<void> s = stage_bytes(n * int64_t(sizeof(T)));
        return {static_cast<T *>(s.host), static_cast<T *>(s.device)};
    }
    // Device address of a copy of n values of the host; null for null.
    template <class T>
    const T *to_device(const T *host, int64_t n) {
        if (!host)
            return nullptr;
        Staged<T> s = stage<T>(n);
        if (s.host && n > 0)
            std::memcpy(static_cast<void *>(s.host), host, size_t(n) * sizeof(T));
        return s.device;
    }
    // Device memory for the partial results of one operation, 256-byte aligned; another piece for each call.
    // The next operation may get the same.
    template <class T>
    T *scratch(int64_t n) {
        return static_cast<T *>(scratch_bytes(n * int64_t(sizeof(T))));
    }
    // A counter for kernels whose last block joins what the others left: zero when a kernel begins, and left
    // at zero by its last block. n of them, in device memory; others for each call of one operation.
    unsigned *counters(int64_t n);

    // Starts what was asked for; wait() also waits until it is done.
    void flush();
    void wait();
    // As in the table of operations (core/backend.h). Null, and nothing else, where all is well.
    const DeviceFailure *failure();
    void recover();
    int64_t room_for_samples();
    void *allocate(int64_t bytes);
    void release(void *p);
    void upload(void *to, const void *from, int64_t bytes);
    void download(void *to, const void *from, int64_t bytes);
    void copy(void *to, const void *from, int64_t bytes);
    void step_done();

  private:
    struct State;
    void append(const void *kernel, Grid grid, int threads, const void *arguments, size_t bytes);
    Staged<void> stage_bytes(int64_t bytes);
    void *scratch_bytes(int64_t bytes);

    const Precision precision_;
    bool failed_ = false; // the state refers to it from its making to its end
    std::unique_ptr<State> state_;
};

// What every operation begins with. One that calls another one uses none of its own staged memory, scratch
// and counters after that.
inline Queue &queue_of(void *self) {
    Queue &queue = *static_cast<Queue *>(self);
    queue.begin_operation();
    return queue;
}
inline unsigned blocks(int64_t n, int64_t of) {
    return unsigned((n + of - 1) / of);
}

} // namespace aesop
