// Matrices of a warp, as of CUDA's <mma.h>. The first thread of a warp has all of a matrix and does the work
// of all; those of the other threads are not used.
#pragma once
#include "cuda_bf16.h"
#include "cuda_runtime.h"
#include <cstddef>
#include <type_traits>

namespace nvcuda {
namespace wmma {

namespace precision {
struct tf32 {};
} // namespace precision
inline float __float_to_tf32(float x) { // to nearest, ties away from zero
    uint32_t u;
    std::memcpy(&u, &x, sizeof u);
    if ((u & 0x7f800000) != 0x7f800000)
        u += 0x1000;
    u &= 0xffffe000;
    std::memcpy(&x, &u, sizeof x);
    return x;
}

struct matrix_a;
struct matrix_b;
struct accumulator;
struct row_major;
struct col_major;
enum layout_t { mem_row_major, mem_col_major };

template <class T>
struct Element {
    using Type = T;
};
template <>
struct Element<precision::tf32> {
    using Type = float;
};
inline float number(float x) {
    return x;
}
inline float number(__nv_bfloat16 x) {
    return __bfloat162float(x);
}
inline bool first_of_warp() {
    return threadIdx.x % 32 == 0;
}

template <class Use, int M, int N, int K, class T, class Layout = void>
struct fragment {
    static constexpr int num_elements = M * N; // K is not above M and N
    float x[num_elements];
};

template <class Use, int M, int N, int K, class T, class Layout>
void fill_fragment(fragment<Use, M, N, K, T, Layout> &f, float value) {
    for (float &x : f.x)
        x = value;
}

// As the device does, asks for addresses and distances of whole 32 and 16 bytes.
inline void require_aligned(const void *p, size_t distance) {
    if (reinterpret_cast<uintptr_t>(p) % 32 != 0 || distance % 16 != 0)
        __builtin_trap();
}

template <int Rows, int Columns, bool Turned, class Value>
void load(float *x, const Value *p, unsigned ld) {
    require_aligned(p, ld * sizeof(Value));
    if (first_of_warp())
        for (int i = 0; i < Rows; i++)
            for (int j = 0; j < Columns; j++)
                x[i * Columns + j] =
                    number(Turned ? p[j * ld + unsigned(i)] : p[unsigned(i) * ld + unsigned(j)]);
}
template <int M, int N, int K, class T, class Layout>
void load_matrix_sync(fragment<matrix_a, M, N, K, T, Layout> &f, const typename Element<T>::Type *p,
                      unsigned ld) {
    load<M, K, std::is_same<Layout, col_major>::value>(f.x, p, ld);
}
template <int M, int N, int K, class T, class Layout>
void load_matrix_sync(fragment<matrix_b, M, N, K, T, Layout> &f, const typename Element<T>::Type *p,
                      unsigned ld) {
    load<K, N, std::is_same<Layout, col_major>::value>(f.x, p, ld);
}

template <int M, int N, int K, class T, class Left, class Right>
void mma_sync(fragment<accumulator, M, N, K, float> &to, const fragment<matrix_a, M, N, K, T, Left> &a,
              const fragment<matrix_b, M, N, K, T, Right> &b,
              const fragment<accumulator, M, N, K, float> &c) {
    if (first_of_warp())
        for (int i = 0; i < M; i++)
            for (int j = 0; j < N; j++) {
                float sum = c.x[i * N + j];
                for (int k = 0; k < K; k++)
                    sum += a.x[i * K + k] * b.x[k * N + j];
                to.x[i * N + j] = sum;
            }
}

template <int M, int N, int K>
void store_matrix_sync(float *p, const fragment<accumulator, M, N, K, float> &f, unsigned ld,
                       layout_t layout) {
    require_aligned(p, ld * sizeof(float));
    if (first_of_warp())
        for (int i = 0; i < M; i++)
            for (int j = 0; j < N; j++)
                p[layout == mem_row_major ? unsigned(i) * ld + unsigned(j) : unsigned(j) * ld + unsigned(i)] =
                    f.x[i * N + j];
}

} // namespace wmma
} // namespace nvcuda
