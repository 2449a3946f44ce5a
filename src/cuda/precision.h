// What the factors of products are rounded to; sums, weights, moments and all else are float32. Tensor cores
// multiply factors of tf32 (10 bits behind the point) or bf16 (7) and add in float32.
#pragma once
#include "tile.h"
#include <cuda_bf16.h>
#include <mma.h>

namespace aesop {

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
#define AESOP_TENSOR_CORES 0 // such a device is opened for float32 only
#else
#define AESOP_TENSOR_CORES 1
#endif

// Of each: the value of a factor; the largest relative error of rounding; how many Fours a row of a tile in
// shared memory has beyond its 32 terms (kRunPad) or 64 columns (kLinePad), so that a warp reads from
// different banks; the terms that a tensor core adds up at once (kDepth).
struct Float32 {
    using Value = float;
    static constexpr double kRounding = 0;
    static constexpr int kRunPad = 1, kLinePad = 0;
    __device__ static float rounded(float x) { return x; }
};
struct Tf32 {
    using Value = float;
    static constexpr double kRounding = 1.0 / 2048;
    static constexpr int kRunPad = 1, kLinePad = 2, kDepth = 8;
#if AESOP_TENSOR_CORES
    using Factor = nvcuda::wmma::precision::tf32;
    __device__ static float rounded(float x) {
        return nvcuda::wmma::__float_to_tf32(x);
    }
#else
    __device__ static float rounded(float x) {
        return x;
    }
#endif
};
struct Bf16 {
    using Value = __nv_bfloat16;
    using Factor = __nv_bfloat16;
    static constexpr double kRounding = 1.0 / 256;
    static constexpr int kRunPad = 2, kLinePad = 2, kDepth = 16;
    __device__ static __nv_bfloat16 rounded(float x) { return __float2bfloat16(x); }
};

template <class P>
struct alignas(4 * sizeof(typename P::Value)) FourFactors {
    typename P::Value v[4];
};
template <class P>
__device__ inline FourFactors<P> rounded(const Four &x) {
    FourFactors<P> y;
    for (int j = 0; j < 4; j++)
        y.v[j] = P::rounded(x.v[j]);
    return y;
}

// f(a value of the precision's type).
template <class F>
void with_precision(Precision p, F &&f) {
    switch (p) {
    case Precision::float32:
        return f(Float32());
    case Precision::tf32:
        return f(Tf32());
    case Precision::bf16:
        return f(Bf16());
    }
}

// Sums of a tile of 16 R rows and 64 columns in the registers of 8 warps: warp w has the columns from
// 16 (w % 4) on of the rows from 16 (w / 4 + 2 i) on. All threads of a block call what is here together.
// LeftTurned, RightTurned: whether a factor lies in shared memory column by column.
#if AESOP_TENSOR_CORES
template <class P, int R, bool LeftTurned, bool RightTurned>
class TensorSums {
    using Value = typename P::Value;
    template <class Use, class... Type>
    using Fragment = nvcuda::wmma::fragment<Use, 16, 16, P::kDepth, Type...>;
    template <bool Turned>
    using Layout = std::conditional_t<Turned, nvcuda::wmma::col_major, nvcuda::wmma::row_major>;

  public:
    __device__ TensorSums() {
        for (int i = 0; i < kTiles; i++) {
            nvcuda::wmma::fill_fragment(part_[i], 0.0f);
            nvcuda::wmma::fill_fragment(sum_[i], 0.0f);
        }
    }
    // part += left right, of 32 terms. ld: values between the rows, or columns, of a factor.
    __device__ void add(const Value *left, int left_ld, const Value *right, int right_ld) {
#pragma unroll
        for (int k = 0; k < kStep; k += P::kDepth) {
            Fragment<nvcuda::wmma::matrix_b, typename P::Factor, Layout<RightTurned>> r;
            nvcuda::wmma::load_matrix_sync(r, right + place<RightTurned>(k, column(), right_ld),
                                           unsigned(right_ld));
            for (int i = 0; i < kTiles && has(i); i++) {
                Fragment<nvcuda::wmma::matrix_a, typename P::Factor, Layout<LeftTurned>> l;
                nvcuda::wmma::load_matrix_sync(l, left + place<LeftTurned>(row(i), k, left_ld),
                                               unsigned(left_ld));
                nvcuda::wmma::mma_sync(part_[i], l, r, part_[i]);
            }
        }
    }
    // sum += part, part = 0.
    __device__ void end_part() {
        for (int i = 0; i < kTiles; i++)
            for (int e = 0; e < part_[i].num_elements; e++)
                sum_[i].x[e] += part_[i].x[e], part_[i].x[e] = 0;
    }
    // The sums as rows of 64 values, in shared memory.
    __device__ void store(float *z) const {
        for (int i = 0; i < kTiles && has(i); i++)
            nvcuda::wmma::store_matrix_sync(z + row(i) * kTile + column(), sum_[i], kTile,
                                            nvcuda::wmma::mem_row_major);
        __syncthreads();
    }

  private:
    static constexpr int kTiles = (R + 1) / 2;
    __device__ static int column() {
        return int(threadIdx.x) / 32 % 4 * 16;
    }
    __device__ static int row(int i) {
        return (int(threadIdx.x) / 128 + 2 * i) * 16;
    }
    __device__ static bool has(int i) {
        return R % 2 == 0 || row(i) < 16 * R;
    }
    template <bool Turned>
    __device__ static int place(int row, int column, int ld) {
        return Turned ? column * ld + row : row * ld + column;
    }
    Fragment<nvcuda::wmma::accumulator, float> part_[kTiles], sum_[kTiles];
};
#else
template <class P, int R, bool LeftTurned, bool RightTurned>
class TensorSums { // never called
  public:
    __device__ void add(const typename P::Value *, int, const typename P::Value *, int) {}
    __device__ void end_part() {}
    __device__ void store(float *) const {}
};
#endif

} // namespace aesop
