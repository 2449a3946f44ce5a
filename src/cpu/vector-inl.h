// The vector type of one instruction set: kLanes floats, the operators, loads and stores, masks.
// Included inside aesop::<isa>, after AESOP_LANES and, on x86, one of AESOP_AVX512, AESOP_AVX2, AESOP_SSE2
// are defined. Everything here is forced inline: a shared inline symbol compiled for AVX-512 could become
// the one copy that an older processor gets.

#define AESOP_FORCE inline __attribute__((always_inline))

constexpr int kLanes = AESOP_LANES;

typedef float FloatLanes __attribute__((vector_size(4 * AESOP_LANES)));
typedef int32_t IntLanes __attribute__((vector_size(4 * AESOP_LANES)));
typedef uint32_t UintLanes __attribute__((vector_size(4 * AESOP_LANES)));

struct Vec {
    FloatLanes v;
    AESOP_FORCE Vec() {}
    AESOP_FORCE Vec(FloatLanes x) : v(x) {}
    explicit AESOP_FORCE Vec(double x) : v(float(x) - FloatLanes{}) {}
};

AESOP_FORCE Vec operator+(Vec a, Vec b) {
    return a.v + b.v;
}
AESOP_FORCE Vec operator-(Vec a, Vec b) {
    return a.v - b.v;
}
AESOP_FORCE Vec operator*(Vec a, Vec b) {
    return a.v * b.v;
}
AESOP_FORCE Vec operator/(Vec a, Vec b) {
    return a.v / b.v;
}
AESOP_FORCE Vec operator-(Vec a) {
    return -a.v;
}

// Through a type of any alignment, rather than memcpy to a local: the sanitizers compile that 20 times
// slower.
typedef float AnyLanes __attribute__((vector_size(4 * AESOP_LANES), aligned(4), may_alias));
AESOP_FORCE Vec load(const float *p) {
    return (FloatLanes) * reinterpret_cast<const AnyLanes *>(p);
}
AESOP_FORCE void store(float *p, Vec x) {
    *reinterpret_cast<AnyLanes *>(p) = x.v;
}
AESOP_FORCE Vec broadcast(float x) {
    return x - FloatLanes{};
} // x - 0 is x, also for -0
AESOP_FORCE UintLanes broadcast_word(uint32_t x) {
    return UintLanes{} + x;
}
AESOP_FORCE IntLanes as_int(Vec x) {
    return (IntLanes)x.v;
}
AESOP_FORCE Vec as_float(IntLanes x) {
    return (FloatLanes)x;
}
AESOP_FORCE IntLanes lane_numbers() {
    IntLanes r = {};
    for (int i = 0; i < kLanes; i++)
        r[i] = i;
    return r;
}

#if defined(AESOP_AVX512)

// The forms with a mask of all lanes: in gcc 12 the plain ones warn of an uninitialised operand of their own.
constexpr __mmask16 kAll = 0xFFFF;
constexpr __mmask8 kAll64 = 0xFF; // lanes of 64 bits

struct Mask {
    __mmask16 m;
};
AESOP_FORCE Mask operator>(Vec a, Vec b) {
    return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_GT_OQ)};
}
AESOP_FORCE Mask operator<(Vec a, Vec b) {
    return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)};
}
AESOP_FORCE Mask operator==(Vec a, Vec b) {
    return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)};
}
AESOP_FORCE Mask below(UintLanes a, UintLanes b) {
    return {_mm512_cmplt_epu32_mask((__m512i)a, (__m512i)b)};
}
AESOP_FORCE Mask operator&(Mask a, Mask b) {
    return {__mmask16(a.m & b.m)};
}
AESOP_FORCE Mask operator!(Mask a) {
    return {__mmask16(~a.m)};
}
AESOP_FORCE uint32_t mask_bits(Mask a) {
    return a.m;
}
AESOP_FORCE Mask first_lanes(int n) {
    return {__mmask16((1u << n) - 1)};
}
AESOP_FORCE Vec select(Mask m, Vec a, Vec b) {
    return _mm512_mask_blend_ps(m.m, b.v, a.v);
}
AESOP_FORCE Vec fma_of(Vec a, Vec b, Vec c) {
    return _mm512_fmadd_ps(a.v, b.v, c.v);
}
AESOP_FORCE Vec sqrt_of(Vec a) {
    return _mm512_maskz_sqrt_ps(kAll, a.v);
}
// As in scalar_math.h, the second operand is the result where one of them is not a number.
AESOP_FORCE Vec max_of(Vec a, Vec b) {
    return _mm512_maskz_max_ps(kAll, a.v, b.v);
}
AESOP_FORCE Vec min_of(Vec a, Vec b) {
    return _mm512_maskz_min_ps(kAll, a.v, b.v);
}
AESOP_FORCE Vec round_of(Vec a) {
    return _mm512_maskz_roundscale_ps(kAll, a.v, 0);
}
AESOP_FORCE Vec scale_by_power(Vec a, Vec n) {
    return _mm512_maskz_scalef_ps(kAll, a.v, n.v);
} // a 2^n
AESOP_FORCE Vec from_int(IntLanes a) {
    return _mm512_maskz_cvtepi32_ps(kAll, (__m512i)a);
}
AESOP_FORCE IntLanes to_int(Vec a) {
    return (IntLanes)_mm512_maskz_cvtps_epi32(kAll, a.v);
}
AESOP_FORCE Vec load_first(const float *p, int n) {
    return _mm512_maskz_loadu_ps(first_lanes(n).m, p);
}
AESOP_FORCE void store_first(float *p, Vec x, int n) {
    _mm512_mask_storeu_ps(p, first_lanes(n).m, x.v);
}

// Low and high words of the products of 32-bit lanes.
AESOP_FORCE void multiply_words(UintLanes a, uint32_t factor, UintLanes &low, UintLanes &high) {
    __m512i f = _mm512_set1_epi32(int(factor)), x = (__m512i)a;
    __m512i even = _mm512_maskz_mul_epu32(kAll64, x, f),
            odd = _mm512_maskz_mul_epu32(kAll64, _mm512_maskz_srli_epi64(kAll64, x, 32), f);
    low = (UintLanes)_mm512_mask_blend_epi32(0xAAAA, even, _mm512_maskz_slli_epi64(kAll64, odd, 32));
    high = (UintLanes)_mm512_mask_blend_epi32(0xAAAA, _mm512_maskz_srli_epi64(kAll64, even, 32), odd);
}
// In every 128-bit part: lane i of the four inputs becomes output i (a 4 x 4 transpose).
AESOP_FORCE void interleave(UintLanes (&w)[4]) {
    __m512i a = _mm512_maskz_unpacklo_epi32(kAll, (__m512i)w[0], (__m512i)w[1]);
    __m512i b = _mm512_maskz_unpackhi_epi32(kAll, (__m512i)w[0], (__m512i)w[1]);
    __m512i c = _mm512_maskz_unpacklo_epi32(kAll, (__m512i)w[2], (__m512i)w[3]);
    __m512i d = _mm512_maskz_unpackhi_epi32(kAll, (__m512i)w[2], (__m512i)w[3]);
    w[0] = (UintLanes)_mm512_maskz_unpacklo_epi64(kAll64, a, c);
    w[1] = (UintLanes)_mm512_maskz_unpackhi_epi64(kAll64, a, c);
    w[2] = (UintLanes)_mm512_maskz_unpacklo_epi64(kAll64, b, d);
    w[3] = (UintLanes)_mm512_maskz_unpackhi_epi64(kAll64, b, d);
}

#elif defined(AESOP_AVX2)

struct Mask {
    __m256 m;
};
AESOP_FORCE Mask operator>(Vec a, Vec b) {
    return {_mm256_cmp_ps(a.v, b.v, _CMP_GT_OQ)};
}
AESOP_FORCE Mask operator<(Vec a, Vec b) {
    return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)};
}
AESOP_FORCE Mask operator==(Vec a, Vec b) {
    return {_mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ)};
}
AESOP_FORCE Mask below(UintLanes a, UintLanes b) {
    __m256i flip = _mm256_set1_epi32(int(0x80000000u)); // signed comparison of shifted ranges
    return {
        (__m256)_mm256_cmpgt_epi32(_mm256_xor_si256((__m256i)b, flip), _mm256_xor_si256((__m256i)a, flip))};
}
AESOP_FORCE Mask operator&(Mask a, Mask b) {
    return {_mm256_and_ps(a.m, b.m)};
}
AESOP_FORCE Mask operator!(Mask a) {
    return {(__m256) ~(__m256i)a.m};
}
AESOP_FORCE uint32_t mask_bits(Mask a) {
    return uint32_t(_mm256_movemask_ps(a.m));
}
AESOP_FORCE Mask first_lanes(int n) {
    return {(__m256)_mm256_cmpgt_epi32(_mm256_set1_epi32(n), (__m256i)lane_numbers())};
}
AESOP_FORCE Vec select(Mask m, Vec a, Vec b) {
    return _mm256_blendv_ps(b.v, a.v, m.m);
}
AESOP_FORCE Vec fma_of(Vec a, Vec b, Vec c) {
    return _mm256_fmadd_ps(a.v, b.v, c.v);
}
AESOP_FORCE Vec sqrt_of(Vec a) {
    return _mm256_sqrt_ps(a.v);
}
AESOP_FORCE Vec max_of(Vec a, Vec b) {
    return _mm256_max_ps(a.v, b.v);
}
AESOP_FORCE Vec min_of(Vec a, Vec b) {
    return _mm256_min_ps(a.v, b.v);
}
AESOP_FORCE Vec round_of(Vec a) {
    return _mm256_round_ps(a.v, 8);
}
AESOP_FORCE Vec from_int(IntLanes a) {
    return _mm256_cvtepi32_ps((__m256i)a);
}
AESOP_FORCE IntLanes to_int(Vec a) {
    return (IntLanes)_mm256_cvtps_epi32(a.v);
}
AESOP_FORCE Vec load_first(const float *p, int n) {
    return _mm256_maskload_ps(p, (__m256i)first_lanes(n).m);
}
AESOP_FORCE void store_first(float *p, Vec x, int n) {
    _mm256_maskstore_ps(p, (__m256i)first_lanes(n).m, x.v);
}
AESOP_FORCE void multiply_words(UintLanes a, uint32_t factor, UintLanes &low, UintLanes &high) {
    __m256i f = _mm256_set1_epi32(int(factor)), x = (__m256i)a;
    __m256i even = _mm256_mul_epu32(x, f), odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), f);
    low = (UintLanes)_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA);
    high = (UintLanes)_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
}
AESOP_FORCE void interleave(UintLanes (&w)[4]) {
    __m256i a = _mm256_unpacklo_epi32((__m256i)w[0], (__m256i)w[1]);
    __m256i b = _mm256_unpackhi_epi32((__m256i)w[0], (__m256i)w[1]);
    __m256i c = _mm256_unpacklo_epi32((__m256i)w[2], (__m256i)w[3]);
    __m256i d = _mm256_unpackhi_epi32((__m256i)w[2], (__m256i)w[3]);
    w[0] = (UintLanes)_mm256_unpacklo_epi64(a, c);
    w[1] = (UintLanes)_mm256_unpackhi_epi64(a, c);
    w[2] = (UintLanes)_mm256_unpacklo_epi64(b, d);
    w[3] = (UintLanes)_mm256_unpackhi_epi64(b, d);
}

#else // four lanes of any processor; SSE2 where that is certain to be there

struct Mask {
    IntLanes m;
};
AESOP_FORCE Mask operator>(Vec a, Vec b) {
    return {(IntLanes)(a.v > b.v)};
}
AESOP_FORCE Mask operator<(Vec a, Vec b) {
    return {(IntLanes)(a.v < b.v)};
}
AESOP_FORCE Mask operator==(Vec a, Vec b) {
    return {(IntLanes)(a.v == b.v)};
}
AESOP_FORCE Mask below(UintLanes a, UintLanes b) {
    return {(IntLanes)(a < b)};
}
AESOP_FORCE Mask operator&(Mask a, Mask b) {
    return {a.m & b.m};
}
AESOP_FORCE Mask operator!(Mask a) {
    return {~a.m};
}
AESOP_FORCE Mask first_lanes(int n) {
    return {(IntLanes)(lane_numbers() < IntLanes{} + n)};
}
AESOP_FORCE Vec select(Mask m, Vec a, Vec b) {
    return as_float((m.m & as_int(a)) | (~m.m & as_int(b)));
}
AESOP_FORCE Vec fma_of(Vec a, Vec b, Vec c) {
    return a.v * b.v + c.v;
}
AESOP_FORCE Vec max_of(Vec a, Vec b) {
    return select(a > b, a, b);
}
AESOP_FORCE Vec min_of(Vec a, Vec b) {
    return select(a < b, a, b);
}
AESOP_FORCE Vec round_of(Vec a) { // to the nearest integer, for |a| < 2^22
    return (a.v + 12582912.0f) - 12582912.0f;
}
AESOP_FORCE Vec from_int(IntLanes a) {
    return __builtin_convertvector(a, FloatLanes);
}
AESOP_FORCE IntLanes to_int(Vec a) {
    return __builtin_convertvector(a.v, IntLanes);
} // of a rounded value
AESOP_FORCE Vec load_first(const float *p, int n) {
    float part[kLanes] = {};
    for (int i = 0; i < n; i++)
        part[i] = p[i];
    return load(part);
}
AESOP_FORCE void store_first(float *p, Vec x, int n) {
    for (int i = 0; i < n; i++)
        p[i] = x.v[i];
}
#ifdef AESOP_SSE2
AESOP_FORCE uint32_t mask_bits(Mask a) {
    return uint32_t(_mm_movemask_ps((__m128)a.m));
}
AESOP_FORCE Vec sqrt_of(Vec a) {
    return _mm_sqrt_ps(a.v);
}
AESOP_FORCE void multiply_words(UintLanes a, uint32_t factor, UintLanes &low, UintLanes &high) {
    __m128i f = _mm_set1_epi32(int(factor)), x = (__m128i)a, half = _mm_set1_epi64x(0xFFFFFFFFll);
    __m128i even = _mm_mul_epu32(x, f), odd = _mm_mul_epu32(_mm_srli_epi64(x, 32), f);
    low = (UintLanes)_mm_or_si128(_mm_and_si128(even, half), _mm_slli_epi64(odd, 32));
    high = (UintLanes)_mm_or_si128(_mm_srli_epi64(even, 32), _mm_andnot_si128(half, odd));
}
AESOP_FORCE void interleave(UintLanes (&w)[4]) {
    __m128i a = _mm_unpacklo_epi32((__m128i)w[0], (__m128i)w[1]);
    __m128i b = _mm_unpackhi_epi32((__m128i)w[0], (__m128i)w[1]);
    __m128i c = _mm_unpacklo_epi32((__m128i)w[2], (__m128i)w[3]);
    __m128i d = _mm_unpackhi_epi32((__m128i)w[2], (__m128i)w[3]);
    w[0] = (UintLanes)_mm_unpacklo_epi64(a, c);
    w[1] = (UintLanes)_mm_unpackhi_epi64(a, c);
    w[2] = (UintLanes)_mm_unpacklo_epi64(b, d);
    w[3] = (UintLanes)_mm_unpackhi_epi64(b, d);
}
#else
AESOP_FORCE uint32_t mask_bits(Mask a) {
    uint32_t bits = 0;
    for (int i = 0; i < kLanes; i++)
        bits |= uint32_t(a.m[i] & 1) << i;
    return bits;
}
AESOP_FORCE Vec sqrt_of(Vec a) {
    for (int i = 0; i < kLanes; i++)
        a.v[i] = __builtin_sqrtf(a.v[i]);
    return a;
}
AESOP_FORCE void multiply_words(UintLanes a, uint32_t factor, UintLanes &low, UintLanes &high) {
    for (int i = 0; i < kLanes; i++) {
        uint64_t product = uint64_t(a[i]) * factor;
        low[i] = uint32_t(product), high[i] = uint32_t(product >> 32);
    }
}
AESOP_FORCE void interleave(UintLanes (&w)[4]) {
    UintLanes r[4] = {w[0], w[1], w[2], w[3]};
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            w[i][j] = r[j][i];
}
#endif

#endif

#ifndef AESOP_AVX512
// a 2^n for whole n in [-152, 152], in two steps so that neither power overflows.
AESOP_FORCE Vec scale_by_power(Vec a, Vec n) {
    IntLanes k = to_int(n), half = k >> 1;
    Vec p = as_float((half + 127) << 23), q = as_float((k - half + 127) << 23);
    return a * p * q;
}
#endif

// The first half of a vector.
typedef float HalfLanes __attribute__((vector_size(2 * AESOP_LANES)));
typedef float AnyHalf __attribute__((vector_size(2 * AESOP_LANES), aligned(4), may_alias));
struct HalfVec {
    HalfLanes v;
};
AESOP_FORCE HalfVec load_half(const float *p) {
    return {(HalfLanes) * reinterpret_cast<const AnyHalf *>(p)};
}
AESOP_FORCE void store_half(float *p, HalfVec x) {
    *reinterpret_cast<AnyHalf *>(p) = x.v;
}
AESOP_FORCE HalfVec first_half(Vec a) {
    return load_half(reinterpret_cast<const float *>(&a.v)); // no instruction: the register's first half
}
AESOP_FORCE HalfVec fma_of(HalfVec a, HalfVec b, HalfVec c) {
#ifdef AESOP_AVX512
    return {_mm256_fmadd_ps(a.v, b.v, c.v)};
#else
    return {a.v * b.v + c.v};
#endif
}

AESOP_FORCE Vec abs_of(Vec a) {
    return as_float(as_int(a) & 0x7FFFFFFF);
}
AESOP_FORCE Vec sign_of(Vec a) {
    return select(a > Vec(0), Vec(1), select(a < Vec(0), Vec(-1), Vec(0)));
}
AESOP_FORCE Vec with_sign(Vec a, Vec sign) { // a >= 0
    return as_float(as_int(a) | (as_int(sign) & int32_t(0x80000000u)));
}

// Lanes added in pairs, always in this order.
AESOP_FORCE float sum_lanes(Vec a) {
    float part[kLanes];
    store(part, a);
    for (int n = kLanes / 2; n >= 1; n /= 2)
        for (int i = 0; i < n; i++)
            part[i] += part[i + n];
    return part[0];
}
AESOP_FORCE double sum_lanes_double(Vec a) {
    float part[kLanes];
    double sum[kLanes];
    store(part, a);
    for (int i = 0; i < kLanes; i++)
        sum[i] = part[i];
    for (int n = kLanes / 2; n >= 1; n /= 2)
        for (int i = 0; i < n; i++)
            sum[i] += sum[i + n];
    return sum[0];
}
AESOP_FORCE float max_lane(Vec a) {
    float part[kLanes], top;
    store(part, a);
    top = part[0];
    for (int i = 1; i < kLanes; i++)
        top = part[i] > top ? part[i] : top;
    return top;
}

template <int N>
struct Number {
    static constexpr int value = N;
};

// Calls f(column, part) for a row of n values, vector by vector. part.load and part.store move whole
// vectors, or at the end of the row only the values that are there: the same arithmetic for every value,
// and whatever stands behind the row (zeros, by the backend's rules) stays as it is.
struct WholeVector {
    AESOP_FORCE Vec load(const float *p) const { return AESOP_ISA::load(p); }
    AESOP_FORCE void store(float *p, Vec x) const { AESOP_ISA::store(p, x); }
    AESOP_FORCE Vec keep(Vec x) const { return x; }
};
struct PartVector {
    int n;
    AESOP_FORCE Vec load(const float *p) const { return load_first(p, n); }
    AESOP_FORCE void store(float *p, Vec x) const { store_first(p, x, n); }
    AESOP_FORCE Vec keep(Vec x) const { return select(first_lanes(n), x, Vec(0)); }
};
template <class F>
AESOP_FORCE void each_vector(int64_t n, F &&f) {
    int64_t c = 0;
    for (; c + kLanes <= n; c += kLanes)
        f(c, WholeVector{});
    if (c < n)
        f(c, PartVector{int(n - c)});
}
