// Runs the vector functions of one instruction set over arrays; included inside a namespace like the kernels
// (src/cpu/kernels_<isa>.cpp), by one test file per instruction set.
#include "../../src/cpu/formulas-inl.h"

static void probe(VectorFunction which, const float *a, const float *b, float *y, int64_t n) {
    for (int64_t i = 0; i < n; i += kLanes) {
        Vec x = load(a + i), second = load(b + i), r = Vec(0);
        switch (which) {
        case VectorFunction::exp:
            r = exp_of(x);
            break;
        case VectorFunction::log:
            r = log_of(x);
            break;
        case VectorFunction::log1p:
            r = log1p_of(x);
            break;
        case VectorFunction::log1p_fraction:
            r = log1p_fraction_of(x);
            break;
        case VectorFunction::tanh:
            r = tanh_of(x);
            break;
        case VectorFunction::erf:
            r = erf_of(x);
            break;
        case VectorFunction::cos_turns:
            r = cos_turns(x);
            break;
        case VectorFunction::stirling:
            r = stirling_error(x);
            break;
        case VectorFunction::digamma:
            r = digamma_difference(x, second);
            break;
        case VectorFunction::deviance:
            r = deviance_term(x, second);
            break;
        }
        store(y + i, r);
    }
}
