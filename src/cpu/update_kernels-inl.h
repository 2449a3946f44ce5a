// Optimiser steps on values in memory, and sums over weights and activations.

// The number type of the optimiser steps. With AVX-512, division and root come from the processor's 14-bit
// estimates and one Newton step (error below 2 units of the last place; Adam takes 3.9 ns per 16 weights on
// Zen 4). Different makes of processor may differ in the last bit of an estimate; AVX2 and baseline divide
// exactly and give the same bits everywhere.
struct StepVec {
    Vec x;
    AESOP_FORCE StepVec(Vec v) : x(v) {}
    explicit AESOP_FORCE StepVec(double v) : x(v) {}
};
AESOP_FORCE StepVec operator+(StepVec a, StepVec b) {
    return a.x + b.x;
}
AESOP_FORCE StepVec operator-(StepVec a, StepVec b) {
    return a.x - b.x;
}
AESOP_FORCE StepVec operator*(StepVec a, StepVec b) {
    return a.x * b.x;
}
AESOP_FORCE Mask operator>(StepVec a, StepVec b) {
    return a.x > b.x;
}
AESOP_FORCE Mask operator<(StepVec a, StepVec b) {
    return a.x < b.x;
}
AESOP_FORCE StepVec select(Mask m, StepVec a, StepVec b) {
    return select(m, a.x, b.x);
}
AESOP_FORCE StepVec max_of(StepVec a, StepVec b) {
    return max_of(a.x, b.x);
}
AESOP_FORCE StepVec min_of(StepVec a, StepVec b) {
    return min_of(a.x, b.x);
}
#ifdef AESOP_AVX512
AESOP_FORCE StepVec operator/(StepVec a, StepVec b) {
    Vec r = _mm512_maskz_rcp14_ps(kAll, b.x.v);
    return a.x * (r * fma_of(-b.x, r, Vec(2)));
}
AESOP_FORCE StepVec sqrt_of(StepVec a) { // roots below 1e-18 come out smaller: far below any epsilon
    Vec r = _mm512_maskz_rsqrt14_ps(kAll, max_of(a.x, Vec(1e-36)).v), s = a.x * r;
    return fma_of(Vec(0.5) * r, fma_of(-s, s, a.x), s);
}
#else
AESOP_FORCE StepVec operator/(StepVec a, StepVec b) {
    return a.x / b.x;
}
AESOP_FORCE StepVec sqrt_of(StepVec a) {
    return sqrt_of(a.x);
}
#endif

// UpdateRule once more, in this namespace: the formulas of the core would otherwise be found twice.
// Plain: no penalties, clipping or gradient factor; the common case does no work for them.
template <bool Plain>
struct StepRule {
    double learning_rate, momentum, rho, beta1, beta2, epsilon, weight_decay, step_size, root_scale;
    double l1, l2, clip_value, gradient_scale;
    bool nesterov;
    AESOP_FORCE explicit StepRule(const UpdateRule &r)
        : learning_rate(r.learning_rate), momentum(r.momentum), rho(r.rho), beta1(r.beta1), beta2(r.beta2),
          epsilon(r.epsilon), weight_decay(r.weight_decay), step_size(r.step_size), root_scale(r.root_scale),
          l1(r.l1), l2(r.l2), clip_value(r.clip_value), gradient_scale(r.gradient_scale),
          nesterov(r.nesterov) {}
};
template <class T>
AESOP_FORCE T full_gradient(const StepRule<true> &, T g, T) {
    return g;
}

template <OptimizerKind K, bool First, bool Second, bool Plain>
AESOP_FORCE void update_all(const UpdateRule &rule, const float *gradient, float *w, float *first,
                            float *second, int64_t n) {
    const StepRule<Plain> r(
        rule); // of our own: the stores below cannot change it, its numbers stay in registers
    each_vector(n, [&](int64_t i, auto part) AESOP_LAMBDA {
        StepVec value = part.load(w + i), m = Vec(0), v = Vec(0);
        if (First)
            m = part.load(first + i);
        if (Second)
            v = part.load(second + i);
        update_weight<K, StepVec>(r, part.load(gradient + i), value, m, v);
        part.store(w + i, value.x);
        if (First)
            part.store(first + i, m.x);
        if (Second)
            part.store(second + i, v.x);
    });
}

template <bool Plain>
void update_by_kind(const UpdateRule &r, const float *g, float *w, float *first, float *second, int64_t n) {
    using Kind = OptimizerKind;
    switch (r.kind) {
    case Kind::sgd:
        if (r.momentum == 0)
            update_all<Kind::sgd, false, false, Plain>(r, g, w, first, second, n);
        else
            update_all<Kind::sgd, false, true, Plain>(r, g, w, first, second, n);
        break;
    case Kind::rmsprop:
        update_all<Kind::rmsprop, false, true, Plain>(r, g, w, first, second, n);
        break;
    case Kind::adagrad:
        update_all<Kind::adagrad, false, true, Plain>(r, g, w, first, second, n);
        break;
    case Kind::adadelta:
        update_all<Kind::adadelta, true, true, Plain>(r, g, w, first, second, n);
        break;
    case Kind::adam:
        update_all<Kind::adam, true, true, Plain>(r, g, w, first, second, n);
        break;
    case Kind::adamw:
        update_all<Kind::adamw, true, true, Plain>(r, g, w, first, second, n);
        break;
    }
}

void update(const UpdateRule &r, const float *g, float *w, float *first, float *second, int64_t n) {
    if (r.gradient_scale == 1 && r.l1 == 0 && r.l2 == 0 && r.clip_value == 0)
        update_by_kind<true>(r, g, w, first, second, n);
    else
        update_by_kind<false>(r, g, w, first, second, n);
}

// kLanes partial sums in double.
struct DoubleSum {
    double lane[kLanes];
    AESOP_FORCE DoubleSum() {
        for (int i = 0; i < kLanes; i++)
            lane[i] = 0;
    }
    AESOP_FORCE double total() {
        for (int n = kLanes / 2; n >= 1; n /= 2)
            for (int i = 0; i < n; i++)
                lane[i] += lane[i + n];
        return lane[0];
    }
};

double squares(const float *x, int64_t n) {
    DoubleSum sum;
    each_vector(n, [&](int64_t i, auto part) AESOP_LAMBDA {
        float value[kLanes];
        store(value, part.load(x + i));
#pragma GCC unroll 16
        for (int j = 0; j < kLanes; j++)
            sum.lane[j] += double(value[j]) * double(value[j]);
    });
    return sum.total();
}

double penalty(const float *w, int64_t n, double l1, double l2) {
    DoubleSum sum;
    each_vector(n, [&](int64_t i, auto part) AESOP_LAMBDA {
        float value[kLanes];
        store(value, part.load(w + i));
#pragma GCC unroll 16
        for (int j = 0; j < kLanes; j++) {
            double x = value[j];
            sum.lane[j] += l1 * __builtin_fabs(x) + l2 * x * x;
        }
    });
    return sum.total();
}

void add_penalty_gradient(float *g, const float *w, int64_t n, double l1, double l2) {
    Vec one = Vec(l1), two = Vec(2 * l2);
    each_vector(n, [&](int64_t i, auto part) AESOP_LAMBDA {
        Vec x = part.load(w + i);
        part.store(g + i, part.load(g + i) + (one * sign_of(x) + two * x));
    });
}

double activity_l1(const Block &h, float factor, float *dh, int64_t dh_ld) {
    DoubleSum sum;
    Vec f = broadcast(factor);
    for (int64_t r = 0; r < h.rows; r++) {
        const float *row = h.data + r * h.ld;
        float *g = dh ? dh + r * dh_ld : nullptr;
        each_vector(h.cols, [&](int64_t c, auto part) AESOP_LAMBDA {
            Vec x = part.load(row + c);
            if (g)
                part.store(g + c, part.load(g + c) + f * sign_of(x));
            float value[kLanes];
            store(value, abs_of(x));
            for (int j = 0; j < kLanes; j++)
                sum.lane[j] += value[j];
        });
    }
    return sum.total();
}
