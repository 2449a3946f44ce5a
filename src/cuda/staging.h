// Data of the host on their way to the device: blocks that the host fills in turn, and one place on the
// device that takes them one after another, in the order of the stream.
#pragma once
#include "device.h"
#include <functional>
#include <vector>

namespace aesop {

// Memory that launches may still use, to be released after them.
struct Retired {
    Memory kind;
    void *memory;
};

// What memory is asked of. Where it is needed, what can be spared is given back first.
class MemorySource {
  public:
    MemorySource(Device &device, std::function<void()> spare) : device_(device), spare_(std::move(spare)) {}
    // Null where there is none, which is a failure if it is needed.
    void *allocate(Memory kind, int64_t bytes, bool needed);
    void retire(Memory kind, void *p) {
        if (p)
            retired_.push_back({kind, p});
    }
    // After everything was started that uses them, and waited for.
    void release_retired();
    Device &device() { return device_; }

  private:
    Device &device_;
    std::function<void()> spare_;
    std::vector<Retired> retired_;
};

class Staging {
  public:
    static constexpr int64_t kAlign = 64;

    // Begins with `capacity` bytes; grows up to `limit` when that makes flushes rarer, and beyond when one
    // operation needs more.
    Staging(MemorySource &memory, int64_t capacity, int64_t limit)
        : memory_(memory), capacity_(capacity), limit_(limit) {}
    ~Staging();

    struct Piece {
        void *host, *device;
        int64_t offset;
    };
    bool fits(int64_t bytes) const { return used_ + bytes <= capacity_; }
    bool half_full() const { return used_ > capacity_ / 2 || !parts_.empty(); }
    // Null pointers where there is no memory.
    Piece take(int64_t bytes);
    // What is taken from here on may still be filled after the next send().
    void mark() { mark_ = used_; }
    bool send();
    // After send(): all of it may be used again.
    void rewind();
    char *device_memory() const { return device_memory_; }

  private:
    static constexpr int kBlocks = 4;
    struct Block {
        char *host = nullptr;
        int64_t capacity = 0;
        cudaEvent_t copied = nullptr;
        bool pending = false;
    };
    struct Part { // filled to the end since the last rewind()
        char *host, *device;
        int64_t used;
    };
    bool prepare(Block &b);
    bool copy(char *to, const char *from, int64_t bytes);
    bool grow(int64_t bytes);

    Device &device() { return memory_.device(); }

    MemorySource &memory_;
    int64_t capacity_;
    int64_t limit_;
    char *device_memory_ = nullptr;
    Block blocks_[kBlocks];
    int current_ = 0;
    int64_t used_ = 0, sent_ = 0, mark_ = 0;
    std::vector<Part> parts_;
};

} // namespace aesop
