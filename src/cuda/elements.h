// How kernels share the elements of a matrix, and how their threads join sums: always in an order that
// depends on the shape alone.
#pragma once
#include "queue.h"

namespace aesop {

// A tile is kThreads elements, 2^shift columns of some rows: whole lines of memory for wide matrices, many
// rows for narrow ones.
struct Tiles {
    int64_t rows = 0, cols = 0;
    unsigned across = 0, count = 0; // tiles in a row of tiles, and in all
    int shift = 0;
};

inline Tiles tiles_of(int64_t rows, int64_t cols) {
    Tiles t;
    t.rows = rows, t.cols = cols;
    for (t.shift = 4; t.shift < 8 && (int64_t(1) << t.shift) < cols; t.shift++)
        ;
    t.across = blocks(cols, int64_t(1) << t.shift);
    t.count = t.across * blocks(rows, kThreads >> t.shift);
    return t;
}
static_assert(kThreads == 256, "2^8");

// The element of this thread in a tile; whether there is one.
__device__ inline bool place(const Tiles &t, unsigned tile, int64_t &r, int64_t &c) {
    unsigned down = tile / t.across;
    c = (int64_t(tile - down * t.across) << t.shift) + (threadIdx.x & ((1u << t.shift) - 1));
    r = int64_t(down) * (kThreads >> t.shift) + (threadIdx.x >> t.shift);
    return r < t.rows && c < t.cols;
}

// kernel on every element, one thread each.
template <class Arguments>
void launch_tiles(Queue &q, void (*kernel)(const Arguments *), const Arguments &a) {
    if (a.tiles.count > 0)
        q.launch(kernel, Grid{a.tiles.count}, kThreads, a);
}

// The sum of a number of each thread, known to all of them.
__device__ inline double sum_block(double mine) {
    __shared__ double part[kThreads];
    __syncthreads(); // the sum before this one has been read
    part[threadIdx.x] = mine;
    __syncthreads();
    for (unsigned half = kThreads / 2; half > 0; half /= 2) {
        if (threadIdx.x < half)
            part[threadIdx.x] += part[threadIdx.x + half];
        __syncthreads();
    }
    return part[0];
}

// For sums down the columns a block is kAcross columns times kDown threads, which take the rows in turns.
constexpr int kAcross = 32, kDown = kThreads / kAcross;

// The sum of a number of each thread of this one's column, from the first to the last.
template <class T>
__device__ T sum_down(T mine) {
    __shared__ T part[kThreads];
    __syncthreads();
    part[threadIdx.x] = mine;
    __syncthreads();
    T sum = part[threadIdx.x % kAcross];
    for (int i = 1; i < kDown; i++)
        sum += part[i * kAcross + threadIdx.x % kAcross];
    return sum;
}

// The sum of a number of each thread of this one's kAcross neighbours, which begin at a multiple of kAcross.
__device__ inline double sum_across(double mine) {
    __shared__ double part[kThreads];
    unsigned lane = threadIdx.x % kAcross;
    __syncthreads();
    part[threadIdx.x] = mine;
    __syncthreads();
    for (unsigned half = kAcross / 2; half > 0; half /= 2) {
        if (lane < half)
            part[threadIdx.x] += part[threadIdx.x + half];
        __syncthreads();
    }
    return part[threadIdx.x - lane];
}

// Whether this block is the last of `of` that come here with this counter; it sees all that the others wrote
// before, where it reads with fresh(). For all threads of a block.
__device__ inline bool is_last_block(unsigned *counter, unsigned of) {
    __shared__ bool last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
        last = atomicAdd(counter, 1u) + 1 == of;
        if (last)
            *counter = 0;
    }
    __syncthreads();
    if (last)
        __threadfence();
    return last;
}
template <class T>
__device__ T fresh(const T *p) {
    return *static_cast<const volatile T *>(p);
}

// Stored values of sparse rows: a row is shared by some blocks, their number by what it may hold.
inline unsigned stored_parts(int64_t cols) {
    unsigned parts = blocks(cols, 1024);
    return parts < 1 ? 1 : parts > 16 ? 16 : parts;
}
// f(row, k) for the places k of the stored values of the rows, in a grid of parts blocks each.
template <class F>
__device__ void each_stored(const int64_t *start, unsigned parts, F &&f) {
    int64_t row = blockIdx.x / parts, part = blockIdx.x % parts, end = start[row + 1];
    for (int64_t k = start[row] + part * kThreads + threadIdx.x; k < end; k += int64_t(parts) * kThreads)
        f(row, k);
}

// One number from all elements of a matrix: each block adds up its tiles, the last block what they found.
constexpr unsigned kSumBlocks = 512;

struct TileSum {
    double *parts;
    unsigned *counter;
    double *value; // null: not wanted
    double factor;
};

inline unsigned sum_blocks(const Tiles &t) {
    return t.count < kSumBlocks ? t.count : kSumBlocks;
}
inline TileSum tile_sum(Queue &q, unsigned blocks, double *value, double factor) {
    return {q.scratch<double>(blocks), q.counters(1), value, factor};
}

// *value += factor * the sum of what n blocks left; by all threads of the last one.
__device__ inline void join_sum(const double *parts, unsigned n, double *value, double factor) {
    double sum = 0;
    for (unsigned i = threadIdx.x; i < n; i += kThreads)
        sum += fresh(parts + i);
    sum = sum_block(sum);
    if (threadIdx.x == 0)
        *value += factor * sum;
}

// *value += factor * the sum of the threads' numbers. Called once by all threads of all blocks.
__device__ inline void finish_sum(const TileSum &s, double mine) {
    if (!s.value)
        return;
    double sum = sum_block(mine);
    if (threadIdx.x == 0)
        s.parts[blockIdx.x] = sum;
    if (is_last_block(s.counter, gridDim.x))
        join_sum(s.parts, gridDim.x, s.value, s.factor);
}

// f(row, column) of every element, added up.
template <class F>
__device__ void sum_tiles(const Tiles &t, const TileSum &s, F &&f) {
    double sum = 0;
    for (unsigned tile = blockIdx.x; tile < t.count; tile += gridDim.x) {
        int64_t r, c;
        if (place(t, tile, r, c))
            sum += f(r, c);
    }
    finish_sum(s, sum);
}

} // namespace aesop
