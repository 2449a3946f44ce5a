// Small kernels and a piece of work that uses everything a queue offers.
#pragma once
#include "core/check.h"
#include "cuda/queue.h"
#include <vector>

namespace queue_test {

using aesop::Grid;
using aesop::Queue;

struct Step { // y = factor * y + x[i % n_x]
    const int64_t *x;
    int64_t n_x;
    int64_t *y;
    int64_t n, factor;
};
static __global__ void step(const Step *a) {
    int64_t i = int64_t(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i < a->n)
        a->y[i] = a->factor * a->y[i] + a->x[i % a->n_x];
}

struct Total { // by the last block, from the sums of all
    const int64_t *x;
    int64_t n;
    int64_t *parts, *total;
    unsigned *counter;
};
constexpr int kTotalThreads = 64;
static __global__ void total(const Total *a) {
    __shared__ int64_t sums[kTotalThreads];
    __shared__ bool last;
    int64_t i = int64_t(blockIdx.x) * blockDim.x + threadIdx.x;
    sums[threadIdx.x] = i < a->n ? a->x[i] : 0;
    __syncthreads();
    if (threadIdx.x == 0) {
        int64_t sum = 0;
        for (int k = 0; k < kTotalThreads; k++)
            sum += sums[k];
        a->parts[blockIdx.x] = sum;
        __threadfence();
        last = atomicAdd(a->counter, 1) + 1 == gridDim.x;
        if (last) {
            int64_t all = 0;
            for (unsigned k = 0; k < gridDim.x; k++)
                all += a->parts[k];
            *a->total = all;
            *a->counter = 0;
        }
    }
}

// As operations are written.
inline void add_step(Queue &q, const std::vector<int64_t> &x, int64_t *y, int64_t n, int64_t factor) {
    q.begin_operation();
    if (q.failed())
        return;
    const int64_t *there = q.to_device(x.data(), int64_t(x.size()));
    q.launch(step, Grid{aesop::blocks(n, 256)}, 256, Step{there, int64_t(x.size()), y, n, factor});
}
inline void add_total(Queue &q, const int64_t *x, int64_t n, int64_t *to) {
    q.begin_operation();
    if (q.failed())
        return;
    unsigned grid = aesop::blocks(n, kTotalThreads);
    int64_t *parts = q.scratch<int64_t>(grid);
    q.launch(total, Grid{grid}, kTotalThreads, Total{x, n, parts, to, q.counters(1)});
}

// The same steps on the host and by a queue: values of one array, and their total after every step.
class Work {
  public:
    Work(Queue &queue, int64_t n)
        : queue_(queue), n_(n), values_(size_t(n), 0),
          y_(static_cast<int64_t *>(queue.allocate(n * int64_t(sizeof(int64_t))))),
          total_(static_cast<int64_t *>(queue.allocate(sizeof(int64_t)))) {}
    ~Work() {
        queue_.release(y_);
        queue_.release(total_);
    }
    Work(const Work &) = delete;
    Work &operator=(const Work &) = delete;

    void step(int64_t seed, int64_t n_x) {
        std::vector<int64_t> x(static_cast<size_t>(n_x));
        for (int64_t i = 0; i < n_x; i++)
            x[size_t(i)] = (seed * 7919 + i * 31) % 1000;
        int64_t factor = seed % 3 - 1;
        add_step(queue_, x, y_, n_, factor);
        add_total(queue_, y_, n_, total_);
        queue_.step_done();
        for (int64_t i = 0; i < n_; i++)
            values_[size_t(i)] = factor * values_[size_t(i)] + x[size_t(i % n_x)];
    }
    // Of the values or of their total; false after a failure.
    bool right() {
        std::vector<int64_t> found(static_cast<size_t>(n_));
        int64_t total = 0, expected = 0;
        queue_.download(found.data(), y_, n_ * int64_t(sizeof(int64_t)));
        queue_.download(&total, total_, sizeof total);
        for (int64_t v : values_)
            expected += v;
        return !queue_.failed() && found == values_ && total == expected;
    }
    int64_t *y() const { return y_; }

  private:
    Queue &queue_;
    int64_t n_;
    std::vector<int64_t> values_;
    int64_t *y_, *total_;
};

} // namespace queue_test
