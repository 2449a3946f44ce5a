// Random draws, as core/philox.h defines them, kLanes groups of four words at a time.

AESOP_FORCE void philox_lanes(const DrawKey &key, UintLanes group, UintLanes sample, UintLanes (&w)[4]) {
    UintLanes c0 = group, c1 = sample, c2 = broadcast_word(key.epoch), c3 = broadcast_word(key.purpose);
    uint32_t k0 = key.seed.low, k1 = key.seed.high;
    for (int round = 0; round < 10; round++) {
        UintLanes low0, high0, low1, high1;
        multiply_words(c0, 0xD2511F53u, low0, high0);
        multiply_words(c2, 0xCD9E8D57u, low1, high1);
        c0 = high1 ^ c1 ^ broadcast_word(k0);
        c2 = high0 ^ c3 ^ broadcast_word(k1);
        c1 = low1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    w[0] = c0, w[1] = c1, w[2] = c2, w[3] = c3;
}

// The words of elements first ... first + 4 kLanes - 1 of a sample, in order: w[j] holds kLanes of them.
// Lane 4 q + j draws group j kLanes / 4 + q, so that interleave() inside 128-bit parts puts them in place.
AESOP_FORCE void draw_lanes(const DrawKey &key, uint32_t sample, uint32_t first, UintLanes (&w)[4]) {
    UintLanes lane = (UintLanes)lane_numbers();
    UintLanes group = (lane & 3u) * uint32_t(kLanes / 4) + (lane >> 2) + first / 4;
    philox_lanes(key, group, broadcast_word(sample), w);
    interleave(w);
}

// Words below this are hits; all of them where the probability is 1.
struct HitRule {
    UintLanes limit;
    bool always;
    AESOP_FORCE explicit HitRule(double p) {
        uint64_t t = p >= 1 ? uint64_t(1) << 32 : p <= 0 ? 0 : uint64_t(p * 4294967296.0);
        always = t >> 32;
        limit = broadcast_word(uint32_t(t));
    }
    AESOP_FORCE Vec operator()(UintLanes word, Vec hit, Vec miss) const {
        return always ? hit : select(below(word, limit), hit, miss);
    }
};

// Calls f(column, j, part) for every vector of a row, where vector j of the 4 drawn by start(column) is due.
template <class Start, class F>
AESOP_FORCE void each_drawn(int64_t cols, Start &&start, F &&f) {
    for (int64_t c = 0; c < cols; c += 4 * kLanes) {
        start(uint32_t(c));
        for (int j = 0; j < 4; j++) {
            int64_t at = c + j * kLanes;
            if (at + kLanes <= cols)
                f(at, j, WholeVector{});
            else if (at < cols)
                f(at, j, PartVector{int(cols - at)});
        }
    }
}

void dropout(const DrawKey &draw_key, const uint32_t *ids, double p, const Block &x) {
    const DrawKey key = draw_key;
    HitRule dropped(p);
    Vec factor = broadcast(float(1 / (1 - p)));
    for (int64_t r = 0; r < x.rows; r++) {
        float *row = x.data + r * x.ld;
        UintLanes w[4];
        each_drawn(
            x.cols, [&](uint32_t c) AESOP_LAMBDA { draw_lanes(key, ids[r], c, w); },
            [&](int64_t c, int j, auto part)
                AESOP_LAMBDA { part.store(row + c, part.load(row + c) * dropped(w[j], Vec(0), factor)); });
    }
}

// The values of column c on, of the hit lanes each from the row that its word chooses.
AESOP_FORCE Vec swapped(const Block &x, int64_t row, int64_t c, Vec v, Vec hit, UintLanes word) {
    float value[kLanes];
    uint32_t words[kLanes];
    store(value, v);
    __builtin_memcpy(words, &word, sizeof words);
    for (uint32_t bits = mask_bits(hit > Vec(0)); bits; bits &= bits - 1) {
        int i = __builtin_ctz(bits);
        int64_t other = (row + 1 + words[i] % (x.rows - 1)) % x.rows;
        value[i] = x.data[other * x.ld + c + i];
    }
    return load(value);
}

void corrupt(const NoiseRule &noise, const DrawKey &draw_key, const uint32_t *ids, const Block &x,
             int64_t first, const Block &y) {
    const DrawKey key = draw_key;
    DrawKey second = key;
    second.purpose = kNoiseKind;
    HitRule hit(noise.amount);
    Vec low = broadcast(float(noise.low)), high = broadcast(float(noise.high));
    Vec amount = broadcast(float(noise.amount));
    NoiseKind kind = noise.kind;
    bool one = kind == NoiseKind::masking || kind == NoiseKind::ones || kind == NoiseKind::cauchy;
    bool two = kind == NoiseKind::gaussian || kind == NoiseKind::salt_pepper ||
               (kind == NoiseKind::swap && x.rows > 1);
    for (int64_t r = 0; r < y.rows; r++) {
        const float *from = x.data + (first + r) * x.ld;
        float *to = y.data + r * y.ld;
        UintLanes w[4], w2[4];
        each_drawn(
            y.cols,
            [&](uint32_t c) AESOP_LAMBDA {
                if (one || two)
                    draw_lanes(key, ids[r], c, w);
                if (two)
                    draw_lanes(second, ids[r], c, w2);
            },
            [&](int64_t c, int j, auto part) AESOP_LAMBDA {
                Vec v = part.load(from + c);
                if (kind == NoiseKind::masking)
                    v = hit(w[j], Vec(0), v);
                else if (kind == NoiseKind::ones)
                    v = hit(w[j], high, v);
                else if (kind == NoiseKind::salt_pepper)
                    v = hit(w[j], select(below(w2[j], broadcast_word(0x80000000u)), low, high), v);
                else if (kind == NoiseKind::cauchy)
                    v = v + amount * cauchy_of(w[j]);
                else if (kind == NoiseKind::gaussian)
                    v = v + amount * normal_of(w[j], w2[j]);
                else if (two)
                    v = swapped(x, first + r, c, v, part.keep(hit(w[j], Vec(1), Vec(0))), w2[j]);
                part.store(to + c, v);
            });
    }
}

// The columns of the stored values k, k + 1, ... of a row with n of them; 0 behind the last.
AESOP_FORCE UintLanes stored_columns(const int32_t *index, int64_t k, int64_t n) {
    int32_t column[kLanes] = {};
    int count = n - k < kLanes ? int(n - k) : kLanes;
    for (int i = 0; i < count; i++)
        column[i] = index[k + i];
    UintLanes c;
    __builtin_memcpy(&c, column, sizeof c);
    return c;
}

// The draws of stored values: the word of each value's own column.
void mask_values(const DrawKey &draw_key, uint32_t id, double p, float factor, const int32_t *index,
                 float *values, int64_t n) {
    const DrawKey key = draw_key;
    HitRule dropped(p);
    Vec kept = broadcast(factor);
    each_vector(n, [&](int64_t k, auto part) AESOP_LAMBDA {
        UintLanes c = stored_columns(index, k, n), w[4];
        philox_lanes(key, c >> 2, broadcast_word(id), w);
        UintLanes word = w[0];
        for (uint32_t j = 1; j < 4; j++) {
            UintLanes chosen = (UintLanes)((c & 3u) == broadcast_word(j));
            word = (word & ~chosen) | (w[j] & chosen);
        }
        part.store(values + k, part.load(values + k) * dropped(word, Vec(0), kept));
    });
}

// As draw_kept() of core/binomial.h.
void thin_values(const DrawKey &draw_key, uint32_t id, double p, const int32_t *index, float *values,
                 int64_t n) {
    HitRule dropped(p);
    Vec most = Vec(kThinByUnit + 0.5);
    each_vector(n, [&](int64_t k, auto part) AESOP_LAMBDA {
        UintLanes column = stored_columns(index, k, n), w[4];
        Vec x = part.load(values + k), units = round_of(x), kept = Vec(0);
        Mask small = (x > Vec(0)) & (units < most);
        float top = max_lane(select(small, units, Vec(0)));
        DrawKey key = draw_key;
        for (int unit = 0; float(unit) < top; unit += 4) {
            key.purpose += 1u << 24;
            philox_lanes(key, column, broadcast_word(id), w);
            for (int i = 0; i < 4; i++)
                kept = kept + select(Vec(unit + i) < units, dropped(w[i], Vec(0), Vec(1)), Vec(0));
        }
        part.store(values + k, select(small, kept, x));
    });
}

// f(row, column, part, e) with the standard normal numbers e of the variational bottleneck.
template <class F>
AESOP_FORCE void each_normal(const DrawKey &draw_key, const uint32_t *ids, int64_t rows, int64_t cols,
                             F &&f) {
    const DrawKey key = draw_key;
    DrawKey second = key;
    second.purpose += 1u << 24; // part 1 of the stream
    for (int64_t r = 0; r < rows; r++) {
        UintLanes w[4], w2[4];
        each_drawn(
            cols,
            [&](uint32_t c) AESOP_LAMBDA {
                draw_lanes(key, ids[r], c, w);
                draw_lanes(second, ids[r], c, w2);
            },
            [&](int64_t c, int j, auto part) AESOP_LAMBDA { f(r, c, part, normal_of(w[j], w2[j])); });
    }
}

void sample_normal(const DrawKey &key, const uint32_t *ids, const Block &mean, const Block &log_variance,
                   const Block &z) {
    each_normal(key, ids, z.rows, z.cols, [&](int64_t r, int64_t c, auto part, Vec e) AESOP_LAMBDA {
        Vec v = clamp_log_variance(part.load(log_variance.data + r * log_variance.ld + c));
        Vec m = part.load(mean.data + r * mean.ld + c);
        part.store(z.data + r * z.ld + c, m + exp_of(Vec(0.5) * v) * e);
    });
}

void sample_normal_gradient(const DrawKey &key, const uint32_t *ids, const Block &mean,
                            const Block &log_variance, const Block &dz, float weight, const Block &dmean,
                            const Block &dlog_variance) {
    Vec share = broadcast(weight), half = Vec(0.5);
    each_normal(key, ids, dz.rows, dz.cols, [&](int64_t r, int64_t c, auto part, Vec e) AESOP_LAMBDA {
        Vec raw = part.load(log_variance.data + r * log_variance.ld + c), v = clamp_log_variance(raw);
        Vec m = part.load(mean.data + r * mean.ld + c), g = part.load(dz.data + r * dz.ld + c);
        Vec by_v = half * (g * exp_of(half * v) * e + share * (exp_of(v) - Vec(1)));
        part.store(dmean.data + r * dmean.ld + c, g + share * m);
        part.store(dlog_variance.data + r * dlog_variance.ld + c, select(v == raw, by_v, Vec(0)));
    });
}
