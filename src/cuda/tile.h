// What the kernels of products and gradients share. A block of 256 threads, 16 x 16, computes a tile of 64
// columns; each thread has four columns of some rows in registers. The terms of the sums come to shared
// memory 32 at a time, the next ones while the present ones are summed up.
#pragma once
#include "../core/tensor.h"
#include "queue.h"
#include <algorithm>

namespace aesop {

constexpr int kTile = 64; // columns: a panel of W, or as many inputs
constexpr int kStep = 32; // terms of a sum

struct alignas(16) Four { // moved as a whole
    float v[4];
};
// Says to the compiler that p is to device memory, not to shared memory, as it cannot know of arguments.
template <class T>
__device__ inline T *global(T *p) {
#ifdef __CUDA_ARCH__
    __builtin_assume(__isGlobal(p));
#endif
    return p;
}
__device__ inline Four load_four(const float *p, bool there) {
    return there ? *reinterpret_cast<const Four *>(global(p)) : Four{};
}
__device__ inline void store_four(float *p, const Four &x) {
    *reinterpret_cast<Four *>(global(p)) = x;
}

// Panel of weights, `width` values for each input.
struct Panel {
    int64_t offset;
    int width;
};
__device__ inline Panel panel_of(int64_t p, int64_t inputs, int64_t padded_units) {
    int64_t left = padded_units - p * kPanel;
    return {p * kPanel * inputs, left < kPanel ? int(left) : kPanel};
}

// A sum of `steps` steps in n parts of `size` steps, at most `wanted` of them but one at least; each part is
// summed up for itself, then the parts.
struct Parts {
    int64_t steps, size;
    unsigned n;
    Parts(int64_t steps_, int64_t wanted) : steps(steps_) {
        wanted = std::max<int64_t>(wanted, 1);
        size = std::max<int64_t>((steps + wanted - 1) / wanted, 1);
        n = std::max(blocks(steps, size), 1u);
    }
};

// Adds up what the blocks of one tile have summed, in the order of the parts, in the last of the blocks to
// come here: true there, false in the others. partial: parts x N x threads.
template <int N>
__device__ inline bool join_parts(Four (&sum)[N], unsigned part, unsigned parts, Four *partial,
                                  unsigned *counter) {
    __shared__ bool last;
    Four *own = global(partial) + threadIdx.x;
    for (int i = 0; i < N; i++)
        own[(part * N + i) * kThreads] = sum[i];
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
        last = atomicAdd(counter, 1u) + 1 == parts;
        if (last)
            *counter = 0;
    }
    __syncthreads();
    if (!last)
        return false;
    __threadfence();
    for (int i = 0; i < N; i++)
        sum[i] = Four{};
#pragma unroll(16 / N) // reads ahead
    for (unsigned q = 0; q < parts; q++)
        for (int i = 0; i < N; i++) {
            Four more = own[(q * N + i) * kThreads];
            for (int j = 0; j < 4; j++)
                sum[i].v[j] += more.v[j];
        }
    return true;
}

// The rows of an operand: x itself, or those of a sparse x written out. The products of a sparse operand are
// so those of the dense one, with their bits.
Matrix<float> dense_rows(Queue &q, const Operand<float> &x);

} // namespace aesop
