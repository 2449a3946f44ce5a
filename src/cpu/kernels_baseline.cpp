// The kernels for any processor: SSE2 on x86-64, vectors of four floats left to the compiler elsewhere.
#include "kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define AESOP_SSE2
#endif

#define AESOP_LANES 4
#define AESOP_ISA baseline

namespace aesop {
namespace AESOP_ISA {
#include "kernels-inl.h"
} // namespace AESOP_ISA
const Kernels *baseline_kernels() {
    return &baseline::table;
}
} // namespace aesop
