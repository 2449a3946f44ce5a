// A standing team of threads. A step of a small network takes some 80 us, a sleeping thread 50 us to wake:
// so the workers wait for the next job spinning, and sleep only after kSpin without one. Shards of a job are
// claimed one by one; the calling thread works too, and waits for claimed shards only, never for a worker
// that has not come: a busy machine slows a job down but cannot stop it.
//
// While shards run, numbers below the normal range count as zero on every thread (denormals cost up to
// 80 times an addition); the caller's floating-point mode is put back afterwards.
#pragma once
#include <cstdint>
#include <memory>
#include <type_traits>

namespace aesop {

class Team {
  public:
    explicit Team(int num_threads); // with the calling one; at least 1
    ~Team();
    Team(const Team &) = delete;
    Team &operator=(const Team &) = delete;
    int threads() const { return threads_; }

    // Calls f(shard) or f(shard, worker) for every shard, 0 <= worker < threads(), worker 0 being the caller.
    // An exception of the lowest shard that threw is thrown on. Not to be called from a shard.
    template <class F>
    void run(int64_t n_shards, F &&f) {
        using Function = std::remove_reference_t<F>;
        run_job(
            n_shards,
            [](void *context, int64_t shard, int worker) {
                Function &call = *static_cast<Function *>(context);
                if constexpr (std::is_invocable_v<Function &, int64_t, int>)
                    call(shard, worker);
                else
                    (void)worker, call(shard);
            },
            const_cast<void *>(static_cast<const void *>(&f)));
    }

    struct State; // of the running job, shared with the workers

  private:
    using Body = void (*)(void *context, int64_t shard, int worker);
    void run_job(int64_t n_shards, Body body, void *context);
    int threads_;
    std::unique_ptr<State> state_; // null where the team is the caller alone
};

} // namespace aesop
