// The kernels for AVX-512 (F, VL, DQ, BW). No compiler flag: the pragma stays on to the end of the file,
// because templates are instantiated there; all headers with shared inline functions come before it.
#include "kernels.h"

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

namespace aesop {
namespace AESOP_ISA {
#include "kernels-inl.h"
} // namespace AESOP_ISA
const Kernels *avx512_kernels() {
    return &avx512::table;
}
} // namespace aesop

#ifdef __clang__
#pragma clang attribute pop
#endif

#else
namespace aesop {
const Kernels *avx512_kernels() {
    return nullptr;
}
} // namespace aesop
#endif
