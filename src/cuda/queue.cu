#include "launch_list.h"
#include "queue.h"
#include "staging.h"
#include <algorithm>
#include <new>

namespace aesop {

namespace {

constexpr int kStepsPerFlush = 8;
constexpr int64_t kArguments = int64_t(1) << 20;
constexpr int64_t kStaged = int64_t(1) << 20, kStagedLimit = int64_t(32) << 20;
constexpr int64_t kSmallUpload = 1 << 16; // goes with the launches
constexpr int64_t kCopyThreads = 256, kCopyBlocks = 1024;

struct CopyArguments {
    const char *from;
    char *to;
    int64_t bytes;
};

// Sixteen bytes a thread and round, and the last ones by the first threads.
__global__ void copy_bytes(const CopyArguments *a) {
    int64_t first = int64_t(blockIdx.x) * blockDim.x + threadIdx.x, all = int64_t(gridDim.x) * blockDim.x;
    int64_t words = 0;
    if ((reinterpret_cast<uintptr_t>(a->from) | reinterpret_cast<uintptr_t>(a->to)) % 16 == 0) {
        words = a->bytes / 16;
        const uint4 *from = reinterpret_cast<const uint4 *>(a->from);
        uint4 *to = reinterpret_cast<uint4 *>(a->to);
        for (int64_t i = first; i < words; i += all)
            to[i] = from[i];
    }
    for (int64_t i = words * 16 + first; i < a->bytes; i += all)
        a->to[i] = a->from[i];
}

// Pieces of device memory for one operation after the other.
class Pool {
  public:
    Pool(MemorySource &memory, bool zeroed) : memory_(memory), zeroed_(zeroed) {}
    ~Pool() {
        for (const Chunk &c : chunks_)
            memory_.device().release(Memory::device, c.memory);
    }
    void *take(int64_t bytes) {
        bytes = std::max<int64_t>(bytes + kAlign - 1, kAlign) / kAlign * kAlign;
        if ((chunks_.empty() || used_ + bytes > chunks_.back().capacity) && !add(bytes))
            return nullptr;
        void *p = chunks_.back().memory + used_;
        used_ += bytes;
        taken_ += bytes;
        return p;
    }
    void begin() {
        if (chunks_.size() > 1) { // one that holds all, when it is asked for
            for (const Chunk &c : chunks_)
                memory_.retire(Memory::device, c.memory);
            chunks_.clear();
            wanted_ = std::max(wanted_, 2 * taken_);
        }
        used_ = taken_ = 0;
    }

  private:
    static constexpr int64_t kAlign = 256, kLeast = 1 << 16;
    struct Chunk {
        char *memory;
        int64_t capacity;
    };
    bool add(int64_t bytes) {
        int64_t capacity = std::max(std::max(kLeast, wanted_), bytes);
        void *p = memory_.allocate(Memory::device, capacity, false);
        if (!p)
            p = memory_.allocate(Memory::device, capacity = bytes, true);
        if (!p)
            return false;
        Device &d = memory_.device();
        if (zeroed_ && !d.check(cudaMemsetAsync(p, 0, size_t(capacity), d.stream()), "clearing memory")) {
            d.release(Memory::device, p);
            return false;
        }
        chunks_.push_back({static_cast<char *>(p), capacity});
        used_ = 0;
        return true;
    }

    MemorySource &memory_;
    const bool zeroed_;
    std::vector<Chunk> chunks_;
    int64_t used_ = 0, taken_ = 0, wanted_ = 0;
};

} // namespace

struct Queue::State {
    Device device;
    MemorySource memory;
    ListRunner runner;
    Staging arguments, staged;
    Pool scratch, counters;
    const bool at_once;
    LaunchList list;
    int steps = 0;
    std::vector<std::unique_ptr<char[]>> discarded; // written to after a failure, read by nobody

    State(int index, bool at_once_, bool &failed)
        : device(index, failed), memory(device, [this] { spare(); }), runner(device, !at_once_),
          arguments(memory, kArguments, 0), staged(memory, kStaged, kStagedLimit), scratch(memory, false),
          counters(memory, true), at_once(at_once_) {}
    ~State() {
        if (device.usable() && device.stream())
            settle();
    }

    // Gives the device what was asked for. In the middle of an operation the rest of it can follow.
    void start() {
        steps = 0;
        if (list.empty() || !device.usable())
            return;
        if (device.select() && arguments.send() && staged.send())
            runner.run(list, arguments.device_memory());
        arguments.rewind();
        list.clear();
    }
    // Between operations.
    void start_all() {
        start();
        staged.rewind();
    }
    // Nothing is running or to be run after this, and nothing retired is left.
    void settle() {
        start();
        if (device.usable() && device.wait())
            memory.release_retired();
    }
    void spare() {
        settle();
        runner.forget();
    }
    bool ready() { return device.usable() && !device.failure(); }
};

Queue::Queue(int device, bool at_once, Precision precision)
    : precision_(precision), state_(new State(device, at_once, failed_)) {}
Queue::~Queue() = default;

const DeviceFailure *Queue::failure() {
    state_->device.usable();
    return state_->device.failure();
}

void Queue::recover() {
    state_->device.recover();
    state_->discarded.clear();
}

int64_t Queue::room_for_samples() {
    return state_->device.free_memory() / 4 * 3;
}

void Queue::begin_operation() {
    State &s = *state_;
    if (!s.ready())
        return;
    if (s.staged.half_full())
        s.start_all();
    s.staged.mark();
    s.scratch.begin();
    s.counters.begin();
}

void Queue::append(const void *kernel, Grid grid, int threads, const void *arguments, size_t bytes) {
    State &s = *state_;
    if (!s.ready())
        return;
    if (!s.arguments.fits(int64_t(bytes) + Staging::kAlign))
        s.start();
    Staging::Piece p = s.arguments.take(int64_t(bytes));
    if (!p.host)
        return;
    std::memcpy(p.host, arguments, bytes);
    s.list.push_back({kernel, grid.x, grid.y, grid.z, unsigned(threads), p.offset});
    if (s.at_once)
        s.settle();
}

Staged<void> Queue::stage_bytes(int64_t bytes) {
    State &s = *state_;
    if (s.ready()) {
        Staging::Piece p = s.staged.take(bytes);
        if (p.host)
            return {p.host, p.device};
    }
    s.discarded.emplace_back(new (std::nothrow) char[size_t(std::max<int64_t>(bytes, 1))]);
    return {s.discarded.back().get(), nullptr};
}

void *Queue::scratch_bytes(int64_t bytes) {
    return state_->ready() ? state_->scratch.take(bytes) : nullptr;
}

unsigned *Queue::counters(int64_t n) {
    void *p = state_->ready() ? state_->counters.take(n * int64_t(sizeof(unsigned))) : nullptr;
    return static_cast<unsigned *>(p);
}

void Queue::flush() {
    if (state_->ready())
        state_->start_all();
}

void Queue::wait() {
    if (!state_->ready())
        return;
    state_->start_all();
    if (state_->ready())
        state_->settle();
}

void Queue::step_done() {
    if (++state_->steps >= kStepsPerFlush)
        flush();
}

void *Queue::allocate(int64_t bytes) {
    State &s = *state_;
    if (!s.ready())
        return nullptr;
    void *p = s.memory.allocate(Memory::device, bytes, true);
    if (p && bytes > 0 &&
        !s.device.check(cudaMemsetAsync(p, 0, size_t(bytes), s.device.stream()), "clearing memory")) {
        s.device.release(Memory::device, p);
        p = nullptr;
    }
    return p;
}

void Queue::release(void *p) {
    State &s = *state_;
    if (!p || !s.device.usable())
        return;
    s.settle();
    s.device.release(Memory::device, p);
}

void Queue::upload(void *to, const void *from, int64_t bytes) {
    begin_operation();
    State &s = *state_;
    if (bytes <= 0 || !s.ready())
        return;
    if (bytes <= kSmallUpload) {
        copy(to, to_device(static_cast<const char *>(from), bytes), bytes);
        return;
    }
    s.start_all();
    if (s.ready() &&
        s.device.check(cudaMemcpyAsync(to, from, size_t(bytes), cudaMemcpyHostToDevice, s.device.stream()),
                       "copying to the GPU"))
        s.device.wait();
}

void Queue::download(void *to, const void *from, int64_t bytes) {
    begin_operation();
    State &s = *state_;
    if (bytes <= 0 || !s.ready())
        return;
    s.start_all();
    if (s.ready() &&
        s.device.check(cudaMemcpyAsync(to, from, size_t(bytes), cudaMemcpyDeviceToHost, s.device.stream()),
                       "copying from the GPU"))
        s.settle();
}

void Queue::copy(void *to, const void *from, int64_t bytes) {
    if (bytes <= 0 || !state_->ready())
        return;
    CopyArguments a{static_cast<const char *>(from), static_cast<char *>(to), bytes};
    int64_t n = (bytes / 16 + kCopyThreads) / kCopyThreads;
    launch(copy_bytes, Grid{unsigned(std::min(n, kCopyBlocks))}, int(kCopyThreads), a);
}

} // namespace aesop
