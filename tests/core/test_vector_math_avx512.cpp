// The vector functions for AVX-512, as src/cpu/kernels_avx512.cpp compiles them; tested in
// test_vector_math.cpp.
#include "vector_math.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))),         \
                             apply_to = function)
#else
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")
#endif

#define AESOP_AVX512
#define AESOP_LANES 16
#define AESOP_ISA avx512

namespace vector_test {
namespace AESOP_ISA {
using namespace aesop;
#include "vector_math_probe.h"
} // namespace AESOP_ISA
} // namespace vector_test
VectorProbe avx512_probe() {
    return vector_test::avx512::probe;
}

#ifdef __clang__
#pragma clang attribute pop
#endif

#else
VectorProbe avx512_probe() {
    return nullptr;
}
#endif
