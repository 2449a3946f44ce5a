// The vector functions for AVX2, as src/cpu/kernels_avx2.cpp compiles them; tested in test_vector_math.cpp.
#include "vector_math.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#define AESOP_AVX2
#define AESOP_LANES 8
#define AESOP_ISA avx2

namespace vector_test {
namespace AESOP_ISA {
using namespace aesop;
#include "vector_math_probe.h"
} // namespace AESOP_ISA
} // namespace vector_test
VectorProbe avx2_probe() {
    return vector_test::avx2::probe;
}

#ifdef __clang__
#pragma clang attribute pop
#endif

#else
VectorProbe avx2_probe() {
    return nullptr;
}
#endif
