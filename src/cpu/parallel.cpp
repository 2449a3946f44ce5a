#include "parallel.h"
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#ifdef AESOP_STD_THREADS
#include <thread>
#else
#include <RcppParallel/TBB.h>
#endif
#ifndef _WIN32
#include <pthread.h>
#endif
#ifdef __SSE__
#include <xmmintrin.h>
#endif

namespace aesop {
namespace {

constexpr auto kSpin = std::chrono::microseconds(40);
constexpr int64_t kMaxShards = 0xFFFFFFFE;

// Denormals to zero in this scope. x86: default mode with FTZ and DAZ; AArch64: FZ.
class FloatMode {
  public:
#if defined(__SSE__)
    FloatMode() : saved_(_mm_getcsr()) {
        _mm_setcsr(0x9FC0);
    }
    ~FloatMode() {
        _mm_setcsr(saved_);
    }

  private:
    unsigned saved_;
#elif defined(__aarch64__)
    FloatMode() {
        __asm__ volatile("mrs %0, fpcr" : "=r"(saved_));
        __asm__ volatile("msr fpcr, %0" : : "r"(uint64_t(1) << 24));
    }
    ~FloatMode() {
        __asm__ volatile("msr fpcr, %0" : : "r"(saved_));
    }

  private:
    uint64_t saved_;
#else
    FloatMode() {}
    ~FloatMode() {}
#endif
};

inline void relax() {
#if defined(__SSE__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// In a forked child (parallel::mclapply) the parent's threads do not exist: every team is the caller alone.
std::atomic<bool> forked_child{false};
#ifndef _WIN32
[[maybe_unused]] const int fork_watch =
    pthread_atfork(nullptr, nullptr, [] { forked_child.store(true, std::memory_order_relaxed); });
#endif

} // namespace

// Every participant has a range of the shards, always the same one, so that the data of a range stays in the
// cache of one core from operation to operation; done with it, it helps with the others'.
//
// ticket of a range: generation << 32 | next shard to be claimed. Claiming is one compare-and-swap; the job's
// fields are read between the load and the swap, so a swap that succeeds proves they belong to that
// generation. Before the fields change, tickets without shards (next = 2^32 - 1) close the old generation.
struct Team::State {
    struct alignas(64) Range {
        std::atomic<uint64_t> ticket{0xFFFFFFFF};
    };
    explicit State(int n) : threads(uint32_t(n)), ranges(static_cast<size_t>(n)) {}

    const uint32_t threads;
    std::vector<Range> ranges;
    alignas(64) std::atomic<uint64_t> generation{0}; // of the newest job
    std::atomic<uint32_t> shards{0};
    std::atomic<Body> body{nullptr};
    std::atomic<void *> context{nullptr};
    alignas(64) std::atomic<uint32_t> finished{0};
    alignas(64) std::atomic<int> parked{0};
    std::atomic<bool> stop{false};
    std::mutex mutex; // of wake, and of the two fields of the exception
    std::condition_variable wake;
    std::exception_ptr exception;
    uint32_t failed_shard = 0;

    uint32_t range_begin(uint32_t n, uint32_t range) const { return uint32_t(uint64_t(n) * range / threads); }

#ifdef AESOP_STD_THREADS
    std::vector<std::thread> workers;
    void start(int n) {
        for (int i = 1; i <= n; i++)
            workers.emplace_back([this, i] { work_until_stopped(i); });
    }
    void join() {
        for (std::thread &t : workers)
            t.join();
    }
    void abandon() {
        for (std::thread &t : workers)
            t.detach();
    }
#else
    // The limit lets TBB have more threads than cores; RcppParallel may hold a lower one, and TBB prints a
    // warning when an arena asks for more than it allows. Loops that TBB never started, having no thread for
    // them, are run by the one that waits in join().
    std::unique_ptr<tbb::global_control> limit;
    tbb::task_arena arena;
    tbb::task_group group;
    void start(int n) {
        using Control = tbb::global_control;
        limit = std::make_unique<Control>(Control::max_allowed_parallelism, size_t(n) + 1);
        n = std::min(n, int(Control::active_value(Control::max_allowed_parallelism)) - 1);
        arena.initialize(n + 1, 1);
        arena.execute([&] {
            for (int i = 1; i <= n; i++)
                group.run([this, i] { work_until_stopped(i); });
        });
    }
    void join() {
        arena.execute([&] { group.wait(); });
    }
    void abandon() {}
#endif

    void run_shard(Body call, void *argument, uint32_t shard, int worker) {
        try {
            call(argument, shard, worker);
        } catch (...) {
            std::lock_guard<std::mutex> lock(mutex);
            if (!exception || shard < failed_shard) {
                exception = std::current_exception();
                failed_shard = shard;
            }
        }
    }

    // Runs what is left of the current job: the worker's own range first.
    void work(uint32_t worker) {
        uint32_t done = 0;
        for (uint32_t i = 0; i < threads; i++) {
            uint32_t range = (worker + i) % threads;
            std::atomic<uint64_t> &ticket = ranges[range].ticket;
            uint64_t now = ticket.load(std::memory_order_acquire);
            for (;;) {
                uint32_t end = range_begin(shards.load(std::memory_order_acquire), range + 1);
                Body call = body.load(std::memory_order_acquire);
                void *argument = context.load(std::memory_order_acquire);
                if (uint32_t(now) >= end)
                    break;
                if (ticket.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel,
                                                 std::memory_order_acquire)) {
                    run_shard(call, argument, uint32_t(now), int(worker));
                    done++;
                    now = ticket.load(std::memory_order_acquire);
                }
            }
        }
        if (done)
            finished.fetch_add(done, std::memory_order_release);
    }

    void work_until_stopped(int worker) {
        FloatMode mode;
        while (!stop.load(std::memory_order_acquire)) {
            uint64_t seen = generation.load(std::memory_order_acquire);
            work(uint32_t(worker));
            if (!spin(seen))
                park(seen);
        }
    }

    // True as soon as there may be something new.
    bool spin(uint64_t seen) const {
        auto end = std::chrono::steady_clock::now() + kSpin;
        do {
            for (int i = 0; i < 16; i++) {
                if (generation.load(std::memory_order_acquire) != seen ||
                    stop.load(std::memory_order_relaxed))
                    return true;
                relax();
            }
        } while (std::chrono::steady_clock::now() < end);
        return false;
    }

    // `parked` and `generation` are sequentially consistent: either publish() sees this worker parked, or the
    // worker sees the new generation before it sleeps.
    void park(uint64_t seen) {
        std::unique_lock<std::mutex> lock(mutex);
        parked.fetch_add(1);
        wake.wait(lock, [&] { return generation.load() != seen || stop.load(); });
        parked.fetch_sub(1);
    }

    void publish(uint32_t n, Body call, void *argument) {
        uint64_t next = generation.load(std::memory_order_relaxed) + 1;
        for (Range &r : ranges)
            r.ticket.store(next << 32 | 0xFFFFFFFF, std::memory_order_release);
        shards.store(n, std::memory_order_release);
        body.store(call, std::memory_order_release);
        context.store(argument, std::memory_order_release);
        finished.store(0, std::memory_order_release);
        for (uint32_t i = 0; i < threads; i++)
            ranges[i].ticket.store((next + 1) << 32 | range_begin(n, i), std::memory_order_release);
        generation.store(next + 1);
        if (parked.load() > 0) {
            std::lock_guard<std::mutex> lock(mutex);
            wake.notify_all();
        }
    }

    // Claimed shards of others. A worker may have lost its core: give ours away after a while.
    void wait_finished(uint32_t n) const {
        for (int i = 0; finished.load(std::memory_order_acquire) != n; i++) {
            if (i < 2000)
                relax();
            else
                std::this_thread::yield();
        }
    }
};

Team::Team(int num_threads) : threads_(std::max(1, num_threads)) {
    if (threads_ == 1 || forked_child.load()) {
        threads_ = 1;
        return;
    }
    state_ = std::make_unique<State>(threads_);
    state_->start(threads_ - 1);
}

Team::~Team() {
    if (!state_)
        return;
    if (forked_child.load()) { // the threads, and whoever held the lock, are not there: leave all as it is
        state_->abandon();
        state_.release();
        return;
    }
    {
        std::lock_guard<std::mutex> lock(state_->mutex);
        state_->stop.store(true);
    }
    state_->wake.notify_all();
    state_->join();
}

void Team::run_job(int64_t n_shards, Body body, void *context) {
    FloatMode mode;
    if (!state_ || n_shards <= 1 || n_shards > kMaxShards || forked_child.load(std::memory_order_relaxed)) {
        for (int64_t shard = 0; shard < n_shards; shard++)
            body(context, shard, 0);
        return;
    }
    uint32_t n = uint32_t(n_shards);
    state_->publish(n, body, context);
    state_->work(0);
    state_->wait_finished(n);
    if (state_->exception) {
        std::exception_ptr thrown = state_->exception;
        state_->exception = nullptr;
        std::rethrow_exception(thrown);
    }
}

} // namespace aesop
