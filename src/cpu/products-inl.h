// Products. The register block is kRowBlock x kBlockVectors accumulators: 6 x 4 vectors of 16 (24 of 32
// registers), 6 x 2 of 8 or 4 (12 of 16). Measured on one Zen 4 core: 115 of 118 GFLOP/s. Columns come in
// eights: with 16 lanes the last eight are half a vector, which takes half the time where vectors of 16 are
// computed in two halves (Zen 4: 100 units, 64 + 40 columns in place of 64 + 48, 7% faster).

constexpr int kBlockVectors = kLanes == 16 ? 4 : 2;

// What a product fetches into the cache while it computes: memory that will be read next, some bytes of it at
// every step of a row block's sum. For product(): one stream.
struct Stream {
    const char *next;
    int64_t step, depth; // bytes per step; steps per row block
    AESOP_FORCE Stream rows(int64_t r) const { return {next + r / 6 * depth * step, step, depth}; }
    AESOP_FORCE void fetch() {
        __builtin_prefetch(next, 0, 2);
        next += step;
    }
};
// Weights and moments that the optimiser needs once the gradient is there. Every step of a row block's sum
// asks for one more piece of the block's own weights; without this, updates wait for memory 20% of the time.
// And for a line of what later blocks read: a is walked down its columns, which no processor foresees (up to
// 7% less time for updates where others fill the third-level cache too).
struct Streams {
    const char *w, *first, *second, *later;
    int64_t row_bytes, depth; // of one input; steps of the sum
    int64_t later_step;
    int64_t at = 0, step = 0;
    AESOP_FORCE Streams rows(int64_t r, int64_t n = 6) const {
        Streams s = *this;
        s.at = r * row_bytes, s.step = n * row_bytes / depth;
        s.later += r / n * 32;
        return s;
    }
    AESOP_FORCE void fetch() {
        __builtin_prefetch(w + at);
        __builtin_prefetch(first + at);
        __builtin_prefetch(second + at);
        __builtin_prefetch(later, 0, 2);
        later += later_step;
        at += step;
    }
};

// The chains of Rows x Vectors vectors, and of half a vector more. Loops over accumulators must be unrolled,
// or gcc keeps them in memory.
template <int Rows, int Vectors, bool Half, class Ahead>
AESOP_FORCE void product_block(int64_t depth, const float *a, int64_t a_row, int64_t a_step, const float *b,
                               int64_t b_step, float *c, int64_t c_step, bool accumulate, Ahead ahead) {
    constexpr int kTail = Vectors * kLanes;
    Vec sum[Rows][Vectors];
    HalfVec tail[Rows];
    if (accumulate) {
#pragma GCC unroll 8
        for (int r = 0; r < Rows; r++) {
#pragma GCC unroll 8
            for (int j = 0; j < Vectors; j++)
                sum[r][j] = load(c + r * c_step + j * kLanes);
            if (Half)
                tail[r] = load_half(c + r * c_step + kTail);
        }
    } else {
#pragma GCC unroll 8
        for (int r = 0; r < Rows; r++) {
#pragma GCC unroll 8
            for (int j = 0; j < Vectors; j++)
                sum[r][j] = Vec(0);
            tail[r] = {HalfLanes{}};
        }
    }
    for (int64_t k = 0; k < depth; k++) {
        ahead.fetch();
        Vec right[Vectors];
#pragma GCC unroll 8
        for (int j = 0; j < Vectors; j++)
            right[j] = load(b + j * kLanes);
        HalfVec right_tail = Half ? load_half(b + kTail) : HalfVec{HalfLanes{}};
#pragma GCC unroll 8
        for (int r = 0; r < Rows; r++) {
            Vec left = broadcast(a[r * a_row]);
#pragma GCC unroll 8
            for (int j = 0; j < Vectors; j++)
                sum[r][j] = fma_of(left, right[j], sum[r][j]);
            if (Half)
                tail[r] = fma_of(first_half(left), right_tail, tail[r]);
        }
        a += a_step;
        b += b_step;
    }
#pragma GCC unroll 8
    for (int r = 0; r < Rows; r++) {
#pragma GCC unroll 8
        for (int j = 0; j < Vectors; j++)
            store(c + r * c_step + j * kLanes, sum[r][j]);
        if (Half)
            store_half(c + r * c_step + kTail, tail[r]);
    }
}

// All rows of these columns, with row blocks of 6, then 4, 2, 1.
template <int Vectors, bool Half, class Ahead>
AESOP_FORCE void product_columns(int64_t rows, int64_t depth, const float *a, int64_t a_row, int64_t a_step,
                                 const float *b, int64_t b_step, float *c, int64_t c_step, bool accumulate,
                                 Ahead ahead) {
    int64_t r = 0;
    auto block = [&](auto count) AESOP_LAMBDA {
        constexpr int Rows = decltype(count)::value;
        product_block<Rows, Vectors, Half>(depth, a + r * a_row, a_row, a_step, b, b_step, c + r * c_step,
                                           c_step, accumulate, ahead.rows(r));
        r += Rows;
    };
    while (r + 6 <= rows)
        block(Number<6>());
    if (rows - r >= 4)
        block(Number<4>());
    if (rows - r >= 2)
        block(Number<2>());
    if (rows - r == 1)
        block(Number<1>());
}

template <class Ahead>
AESOP_FORCE void product_panel(int64_t rows, int64_t depth, const float *a, int64_t a_row, int64_t a_step,
                               const float *b, int64_t b_step, int width, float *c, int64_t c_step,
                               bool accumulate, Ahead ahead) {
    int j = 0;
    auto columns = [&](auto vectors, auto half) AESOP_LAMBDA {
        product_columns<decltype(vectors)::value, decltype(half)::value != 0>(
            rows, depth, a, a_row, a_step, b + j, b_step, c + j, c_step, accumulate, ahead);
    };
    for (; j + kBlockVectors * kLanes <= width; j += kBlockVectors * kLanes)
        columns(Number<kBlockVectors>(), Number<0>());
    int rest = (width - j) / 8; // eights
    if constexpr (kLanes == 16) {
        if (rest == 7)
            columns(Number<3>(), Number<1>());
        else if (rest == 6)
            columns(Number<3>(), Number<0>());
        else if (rest == 5)
            columns(Number<2>(), Number<1>());
        else if (rest == 4)
            columns(Number<2>(), Number<0>());
        else if (rest == 3)
            columns(Number<1>(), Number<1>());
        else if (rest > 0)
            columns(Number<1>(), Number<0>());
    } else {
        if (rest > 0)
            columns(Number<8 / kLanes>(), Number<0>());
    }
}

void product(int64_t rows, int64_t depth, const float *a, int64_t a_row, int64_t a_step, const float *b,
             int64_t b_step, int width, float *c, int64_t c_step, bool accumulate, const float *ahead,
             int64_t ahead_size) {
    constexpr int64_t kDepth = 128; // of b at a time: 128 x 64 floats are 32 KB, the first-level cache
    int64_t k = 0;
    do { // also once for depth 0, which writes zeros
        int64_t n = depth - k < kDepth ? depth - k : kDepth;
        int64_t steps = (rows + 5) / 6 * n;
        Stream stream{reinterpret_cast<const char *>(ahead), steps ? ahead_size * 4 / steps : 0, n};
        product_panel(rows, n, a + k * a_step, a_row, a_step, b + k * b_step, b_step, width, c, c_step,
                      accumulate || k > 0, stream);
        k += n;
    } while (k < depth);
}

// c = a' b, with the panel's weights and moments fetched meanwhile.
void gradient_product(int64_t inputs, int64_t depth, const float *a, int64_t a_step, const float *b,
                      int width, int columns, float *c, bool accumulate, const float *w, const float *first,
                      const float *second, const float *later, int64_t later_step) {
    auto bytes = [](const float *p) { return reinterpret_cast<const char *>(p); };
    Streams streams{bytes(w),      bytes(first ? first : w), bytes(second ? second : w),
                    bytes(later),  int64_t(width) * 4,       depth > 0 ? depth : 1,
                    later_step * 4};
    product_panel(inputs, depth, a, 1, a_step, b, width, columns, c, width, accumulate, streams);
}

template <int Vectors>
AESOP_FORCE void sparse_columns(const SparseRows &x, const float *b, int64_t b_step, float *c, int64_t c_step,
                                bool accumulate) {
    for (int64_t r = 0; r < x.rows; r++, c += c_step) {
        Vec sum[Vectors];
#pragma GCC unroll 8
        for (int j = 0; j < Vectors; j++)
            sum[j] = accumulate ? load(c + j * kLanes) : Vec(0);
        for (int64_t k = x.begin[r * x.step], end = x.end[r * x.step]; k < end; k++) {
            const float *right = b + int64_t(x.index[k] - x.first) * b_step;
            Vec left = broadcast(x.value[k]);
#pragma GCC unroll 8
            for (int j = 0; j < Vectors; j++)
                sum[j] = fma_of(left, load(right + j * kLanes), sum[j]);
        }
#pragma GCC unroll 8
        for (int j = 0; j < Vectors; j++)
            store(c + j * kLanes, sum[j]);
    }
}

void sparse_product(const SparseRows &rows, const float *b, int64_t b_step, int width, float *c,
                    int64_t c_step, bool accumulate) {
    constexpr int kVectors = kLanes == 4 ? 8 : 64 / kLanes; // a whole panel where registers allow
    const SparseRows x = rows;
    int j = 0;
    for (; j + kVectors * kLanes <= width; j += kVectors * kLanes)
        sparse_columns<kVectors>(x, b + j, b_step, c + j, c_step, accumulate);
    if (kLanes == 16 && width - j == 48)
        sparse_columns<3>(x, b + j, b_step, c + j, c_step, accumulate), j += 48;
    for (; j < width; j += 16)
        sparse_columns<16 / kLanes>(x, b + j, b_step, c + j, c_step, accumulate);
}

void join(int n_parts, int64_t stride, const float *parts, float *to, int64_t n) {
    each_vector(n, [&](int64_t i, auto part) {
        Vec sum = part.load(parts + i);
        for (int p = 1; p < n_parts; p++)
            sum = sum + part.load(parts + p * stride + i);
        part.store(to + i, sum);
    });
}

#if defined(AESOP_AVX512)

// A 16 x 16 block in registers: pairs, quadruples, then 128-bit quarters change places.
AESOP_FORCE void transpose_block(const float *from, int64_t from_ld, int rows, float *to, int64_t to_ld) {
    __m512 r[16], t[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++)
        r[i] = i < rows ? _mm512_loadu_ps(from + i * from_ld) : _mm512_setzero_ps();
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        t[2 * i] = _mm512_maskz_unpacklo_ps(kAll, r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm512_maskz_unpackhi_ps(kAll, r[2 * i], r[2 * i + 1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
#pragma GCC unroll 2
        for (int h = 0; h < 2; h++) {
            __m512d a = _mm512_castps_pd(t[4 * i + h]), b = _mm512_castps_pd(t[4 * i + 2 + h]);
            r[4 * i + 2 * h] = _mm512_castpd_ps(_mm512_maskz_unpacklo_pd(kAll64, a, b));
            r[4 * i + 2 * h + 1] = _mm512_castpd_ps(_mm512_maskz_unpackhi_pd(kAll64, a, b));
        }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_maskz_shuffle_f32x4(kAll, r[i], r[4 + i], 0x88);
        t[4 + i] = _mm512_maskz_shuffle_f32x4(kAll, r[i], r[4 + i], 0xDD);
        t[8 + i] = _mm512_maskz_shuffle_f32x4(kAll, r[8 + i], r[12 + i], 0x88);
        t[12 + i] = _mm512_maskz_shuffle_f32x4(kAll, r[8 + i], r[12 + i], 0xDD);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        _mm512_storeu_ps(to + i * to_ld, _mm512_maskz_shuffle_f32x4(kAll, t[i], t[8 + i], 0x88));
        _mm512_storeu_ps(to + (8 + i) * to_ld, _mm512_maskz_shuffle_f32x4(kAll, t[i], t[8 + i], 0xDD));
        _mm512_storeu_ps(to + (4 + i) * to_ld, _mm512_maskz_shuffle_f32x4(kAll, t[4 + i], t[12 + i], 0x88));
        _mm512_storeu_ps(to + (12 + i) * to_ld, _mm512_maskz_shuffle_f32x4(kAll, t[4 + i], t[12 + i], 0xDD));
    }
}

#elif defined(AESOP_AVX2) || defined(AESOP_SSE2)

// The same with 4 x 4 blocks of SSE.
AESOP_FORCE void transpose_block(const float *from, int64_t from_ld, int rows, float *to, int64_t to_ld) {
    for (int i = 0; i < 16; i += 4)
        for (int j = 0; j < 16; j += 4) {
            __m128 r[4];
#pragma GCC unroll 4
            for (int k = 0; k < 4; k++)
                r[k] = i + k < rows ? _mm_loadu_ps(from + (i + k) * from_ld + j) : _mm_setzero_ps();
            __m128 a = _mm_unpacklo_ps(r[0], r[1]), b = _mm_unpackhi_ps(r[0], r[1]);
            __m128 c = _mm_unpacklo_ps(r[2], r[3]), d = _mm_unpackhi_ps(r[2], r[3]);
            _mm_storeu_ps(to + j * to_ld + i, _mm_movelh_ps(a, c));
            _mm_storeu_ps(to + (j + 1) * to_ld + i, _mm_movehl_ps(c, a));
            _mm_storeu_ps(to + (j + 2) * to_ld + i, _mm_movelh_ps(b, d));
            _mm_storeu_ps(to + (j + 3) * to_ld + i, _mm_movehl_ps(d, b));
        }
}

#else

AESOP_FORCE void transpose_block(const float *from, int64_t from_ld, int rows, float *to, int64_t to_ld) {
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < 16; j++)
            to[j * to_ld + i] = i < rows ? from[i * from_ld + j] : 0.0f;
}

#endif

void transpose(int64_t rows, int64_t cols, const float *from, int64_t from_ld, float *to, int64_t to_ld) {
    for (int64_t i = 0; i < rows; i += 16)
        for (int64_t j = 0; j < cols; j += 16) {
            const float *block = from + i * from_ld + j;
            if (i + 16 <= rows)
                transpose_block(block, from_ld, 16, to + j * to_ld + i, to_ld);
            else
                transpose_block(block, from_ld, int(rows - i), to + j * to_ld + i, to_ld);
        }
}
