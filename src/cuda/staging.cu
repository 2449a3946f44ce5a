#include "staging.h"
#include <algorithm>

namespace aesop {

void *MemorySource::allocate(Memory kind, int64_t bytes, bool needed) {
    void *p = device_.allocate(kind, bytes);
    if (!p && needed && device_.usable()) {
        spare_();
        p = device_.usable() ? device_.allocate(kind, bytes) : nullptr;
    }
    if (!p && needed && device_.usable())
        device_.out_of_memory(bytes);
    return p;
}

void MemorySource::release_retired() {
    std::vector<Retired> now;
    now.swap(retired_);
    for (const Retired &r : now)
        device_.release(r.kind, r.memory);
}

Staging::~Staging() {
    for (Block &b : blocks_) {
        device().release(Memory::host, b.host);
        if (b.copied && device().usable())
            device().check(cudaEventDestroy(b.copied), "releasing an event");
    }
    for (const Part &p : parts_) {
        device().release(Memory::host, p.host);
        device().release(Memory::device, p.device);
    }
    device().release(Memory::device, device_memory_);
}

// Makes a block ready to be filled from its beginning.
bool Staging::prepare(Block &b) {
    if (!device_memory_)
        device_memory_ = static_cast<char *>(memory_.allocate(Memory::device, capacity_, true));
    if (!device_memory_)
        return false;
    if (b.pending && !device().check(cudaEventSynchronize(b.copied), "waiting for a copy"))
        return false;
    b.pending = false;
    if (b.capacity < capacity_) {
        memory_.retire(Memory::host, b.host);
        b.capacity = 0;
        b.host = static_cast<char *>(memory_.allocate(Memory::host, capacity_, true));
        b.capacity = b.host ? capacity_ : 0;
    }
    if (!b.copied && b.host &&
        !device().check(cudaEventCreateWithFlags(&b.copied, cudaEventDisableTiming), "making an event"))
        return false;
    return b.host && b.copied;
}

// In the middle of an operation: what was taken stays where it is until rewind().
bool Staging::grow(int64_t bytes) {
    int64_t capacity = std::max(2 * capacity_, 2 * bytes);
    char *to = static_cast<char *>(memory_.allocate(Memory::device, capacity, true));
    if (!to)
        return false;
    char *host = static_cast<char *>(memory_.allocate(Memory::host, capacity, true));
    if (!host) {
        device().release(Memory::device, to);
        return false;
    }
    Block &b = blocks_[current_];
    parts_.push_back({b.host, device_memory_, used_});
    b.host = host, b.capacity = capacity, b.pending = false;
    device_memory_ = to, capacity_ = capacity;
    used_ = sent_ = mark_ = 0;
    return true;
}

Staging::Piece Staging::take(int64_t bytes) {
    bytes = std::max<int64_t>(bytes + kAlign - 1, kAlign) / kAlign * kAlign;
    Block &b = blocks_[current_];
    if (used_ == 0 && parts_.empty()) {
        if (bytes > capacity_ && !device_memory_)
            capacity_ = 2 * bytes;
        if (!prepare(b))
            return {};
    }
    if (!fits(bytes) && !grow(bytes))
        return {};
    Piece p{b.host + used_, device_memory_ + used_, used_};
    used_ += bytes;
    return p;
}

bool Staging::copy(char *to, const char *from, int64_t bytes) {
    return device().check(cudaMemcpyAsync(to, from, size_t(bytes), cudaMemcpyHostToDevice, device().stream()),
                          "copying to the GPU");
}

bool Staging::send() {
    for (const Part &p : parts_)
        if (!copy(p.device, p.host, p.used))
            return false;
    Block &b = blocks_[current_];
    if (used_ > sent_) {
        if (!copy(device_memory_ + sent_, b.host + sent_, used_ - sent_) ||
            !device().check(cudaEventRecord(b.copied, device().stream()), "recording an event"))
            return false;
        b.pending = true;
    }
    sent_ = mark_;
    return true;
}

void Staging::rewind() {
    if (used_ == 0 && parts_.empty())
        return;
    for (const Part &p : parts_) {
        memory_.retire(Memory::host, p.host);
        memory_.retire(Memory::device, p.device);
    }
    parts_.clear();
    // Another time this much fits without a flush on the way, if there is memory for it.
    if (used_ > capacity_ / 2 && 2 * capacity_ <= limit_) {
        if (void *more = memory_.allocate(Memory::device, 2 * capacity_, false)) {
            memory_.retire(Memory::device, device_memory_);
            device_memory_ = static_cast<char *>(more);
            capacity_ *= 2;
        } else
            limit_ = 0;
    }
    current_ = (current_ + 1) % kBlocks;
    used_ = sent_ = mark_ = 0;
}

} // namespace aesop
