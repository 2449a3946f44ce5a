// bfloat16: the upper half of a float.
#pragma once
#include <cstdint>
#include <cstring>

struct __nv_bfloat16 {
    uint16_t bits;
};
inline __nv_bfloat16 __float2bfloat16(float x) { // to nearest, ties to even
    uint32_t u;
    std::memcpy(&u, &x, sizeof u);
    if (x != x)
        return {0x7fff};
    return {uint16_t((u + 0x7fff + (u >> 16 & 1)) >> 16)};
}
inline float __bfloat162float(__nv_bfloat16 x) {
    uint32_t u = uint32_t(x.bits) << 16;
    float f;
    std::memcpy(&f, &u, sizeof f);
    return f;
}
