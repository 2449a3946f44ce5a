// The vector functions of each instruction set, for test_vector_math.cpp.
#pragma once
#include "core/backend.h"

enum class VectorFunction {
    exp,
    log,
    log1p,
    log1p_fraction,
    tanh,
    erf,
    cos_turns,
    stirling,
    digamma,
    deviance
};
// y[i] = f(a[i], b[i]); n a multiple of 16. Null where the compiler cannot make them.
using VectorProbe = void (*)(VectorFunction which, const float *a, const float *b, float *y, int64_t n);

VectorProbe baseline_probe();
VectorProbe avx2_probe();
VectorProbe avx512_probe();
