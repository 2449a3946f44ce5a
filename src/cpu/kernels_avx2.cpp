// The kernels for AVX2 with FMA. No compiler flag: the pragma stays on to the end of the file,
// because templates are instantiated there; all headers with shared inline functions come before it.
#include "kernels.h"

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

namespace aesop {
namespace AESOP_ISA {
#include "kernels-inl.h"
} // namespace AESOP_ISA
const Kernels *avx2_kernels() {
    return &avx2::table;
}
} // namespace aesop

#ifdef __clang__
#pragma clang attribute pop
#endif

#else
namespace aesop {
const Kernels *avx2_kernels() {
    return nullptr;
}
} // namespace aesop
#endif
