// Activations, optimiser steps, batch normalisation, input transforms and sums: one pass over a block each.

// Calls f with the activation as a compile-time constant (as with_activation of the core, but inlined here).
template <Activation A>
struct Tag {
    static constexpr Activation value = A;
};
template <class F>
AESOP_FORCE void with_each_activation(Activation a, F &&f) {
    switch (a) {
    case Activation::linear:
        f(Tag<Activation::linear>());
        break;
    case Activation::relu:
        f(Tag<Activation::relu>());
        break;
    case Activation::leaky_relu:
        f(Tag<Activation::leaky_relu>());
        break;
    case Activation::elu:
        f(Tag<Activation::elu>());
        break;
    case Activation::gelu:
        f(Tag<Activation::gelu>());
        break;
    case Activation::selu:
        f(Tag<Activation::selu>());
        break;
    case Activation::tanh:
        f(Tag<Activation::tanh>());
        break;
    case Activation::sigmoid:
        f(Tag<Activation::sigmoid>());
        break;
    case Activation::softplus:
        f(Tag<Activation::softplus>());
        break;
    case Activation::exp:
        f(Tag<Activation::exp>());
        break;
    case Activation::softmax:
        break; // an operation of its own
    }
}

void activate_block(Activation f, float slope, const Block &z, const Block &y) {
    with_each_activation(f, [&](auto tag) AESOP_LAMBDA {
        Vec s = broadcast(slope);
        for (int64_t r = 0; r < z.rows; r++) {
            const float *from = z.data + r * z.ld;
            float *to = y.data + r * y.ld;
            each_vector(z.cols, [&](int64_t c, auto part) AESOP_LAMBDA {
                part.store(to + c, activate<tag.value>(part.load(from + c), s));
            });
        }
    });
}

// In two passes, both in the first-level cache: adding up, then the activation.
void finish(Activation f, float slope, const Block &z, bool accumulate, const float *bias, const Block &y) {
    if (accumulate || bias || z.data != y.data)
        for (int64_t r = 0; r < y.rows; r++) {
            const float *from = z.data + r * z.ld;
            float *to = y.data + r * y.ld;
            each_vector(y.cols, [&](int64_t c, auto part) AESOP_LAMBDA {
                Vec v = part.load(from + c);
                if (accumulate)
                    v = part.load(to + c) + v;
                if (bias)
                    v = v + part.load(bias + c);
                part.store(to + c, v);
            });
        }
    if (f != Activation::linear)
        activate_block(f, slope, y, y);
}

void activation_gradient(Activation f, float slope, const Block &z, const Block &y, const Block &dy) {
    with_each_activation(f, [&](auto tag) AESOP_LAMBDA {
        Vec s = broadcast(slope);
        for (int64_t r = 0; r < y.rows; r++) {
            const float *in = z.data ? z.data + r * z.ld : nullptr, *out = y.data + r * y.ld;
            float *g = dy.data + r * dy.ld;
            each_vector(y.cols, [&](int64_t c, auto part) AESOP_LAMBDA {
                Vec zc = in ? part.load(in + c) : Vec(0);
                part.store(g + c, part.load(g + c) * activation_slope<tag.value>(zc, part.load(out + c), s));
            });
        }
    });
}

void add_block(float factor, const Block &x, const Block &y) {
    Vec f = broadcast(factor);
    for (int64_t r = 0; r < y.rows; r++) {
        const float *from = x.data + r * x.ld;
        float *to = y.data + r * y.ld;
        each_vector(y.cols, [&](int64_t c, auto part) AESOP_LAMBDA {
            part.store(to + c, part.load(to + c) + f * part.load(from + c));
        });
    }
}

void softmax(const Block &y) {
    for (int64_t r = 0; r < y.rows; r++) {
        float *row = y.data + r * y.ld;
        Vec top = broadcast(row[0]), sum = Vec(0);
        each_vector(y.cols, [&](int64_t c, auto part) AESOP_LAMBDA {
            Vec x = part.load(row + c);
            top = max_of(top, select(part.keep(Vec(1)) > Vec(0), x, top));
        });
        top = broadcast(max_lane(top));
        each_vector(y.cols, [&](int64_t c, auto part) AESOP_LAMBDA {
            Vec e = part.keep(exp_of(part.load(row + c) - top));
            sum = sum + e;
            part.store(row + c, e);
        });
        Vec factor = Vec(1) / broadcast(sum_lanes(sum));
        each_vector(y.cols, [&](int64_t c, auto part)
                                AESOP_LAMBDA { part.store(row + c, part.load(row + c) * factor); });
    }
}

void softmax_gradient(const Block &y, const Block &dy) {
    for (int64_t r = 0; r < y.rows; r++) {
        const float *p = y.data + r * y.ld;
        float *g = dy.data + r * dy.ld;
        Vec sum = Vec(0);
        each_vector(y.cols, [&](int64_t c, auto part)
                                AESOP_LAMBDA { sum = fma_of(part.load(p + c), part.load(g + c), sum); });
        Vec total = broadcast(sum_lanes(sum));
        each_vector(y.cols, [&](int64_t c, auto part) AESOP_LAMBDA {
            part.store(g + c, part.load(p + c) * (part.load(g + c) - total));
        });
    }
}

void column_sums(const Block &x, float *sums) {
    int64_t c = 0;
    for (; c + 4 * kLanes <= x.cols; c += 4 * kLanes) { // rows are far apart: use more of each one touched
        Vec sum[4] = {Vec(0), Vec(0), Vec(0), Vec(0)};
        for (int64_t r = 0; r < x.rows; r++)
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++)
                sum[j] = sum[j] + load(x.data + r * x.ld + c + j * kLanes);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++)
            store(sums + c + j * kLanes, sum[j]);
    }
    each_vector(x.cols - c, [&](int64_t rest, auto part) AESOP_LAMBDA {
        Vec sum = Vec(0);
        for (int64_t r = 0; r < x.rows; r++)
            sum = sum + part.load(x.data + r * x.ld + c + rest);
        part.store(sums + c + rest, sum);
    });
}

void batch_norm(const BatchNorm<float> &a, int64_t begin, int64_t end) {
    int64_t rows = a.x.rows;
    Vec n = broadcast(float(rows)), kept = broadcast(a.momentum), fresh = broadcast(1 - a.momentum);
    each_vector(end - begin, [&](int64_t offset, auto part) AESOP_LAMBDA {
        int64_t c = begin + offset;
        const float *x = a.x.data + c;
        float *y = a.y.data + c;
        Vec mean = part.load(a.running_mean + c), variance = part.load(a.running_variance + c);
        if (a.training) {
            Vec sum = Vec(0), squares = Vec(0);
            for (int64_t r = 0; r < rows; r++)
                sum = sum + part.load(x + r * a.x.ld);
            Vec batch_mean = sum / n;
            for (int64_t r = 0; r < rows; r++) {
                Vec d = part.load(x + r * a.x.ld) - batch_mean;
                squares = fma_of(d, d, squares);
            }
            Vec batch_variance = squares / n;
            part.store(a.running_mean + c, kept * mean + fresh * batch_mean);
            part.store(a.running_variance + c, kept * variance + fresh * batch_variance);
            mean = batch_mean, variance = batch_variance;
        }
        Vec inverse = Vec(1) / sqrt_of(variance + broadcast(a.epsilon));
        part.store(a.mean + c, mean);
        part.store(a.inverse + c, inverse);
        Vec gamma = part.load(a.gamma + c), beta = part.load(a.beta + c);
        for (int64_t r = 0; r < rows; r++) {
            Vec normal = (part.load(x + r * a.x.ld) - mean) * inverse;
            part.store(y + r * a.y.ld, fma_of(normal, gamma, beta));
        }
    });
}

void batch_norm_gradient(const BatchNorm<float> &a, const Matrix<float> &dy, float *gamma_gradient,
                         float *beta_gradient, int64_t begin, int64_t end) {
    int64_t rows = a.x.rows;
    Vec n = broadcast(float(rows));
    each_vector(end - begin, [&](int64_t offset, auto part) AESOP_LAMBDA {
        int64_t c = begin + offset;
        const float *x = a.x.data + c;
        float *g = dy.data + c;
        Vec mean = part.load(a.mean + c), inverse = part.load(a.inverse + c), sum = Vec(0), product = Vec(0);
        for (int64_t r = 0; r < rows; r++) { // sums of dy and of dy times the normalised input
            Vec d = part.load(g + r * dy.ld);
            sum = sum + d;
            product = fma_of(d, (part.load(x + r * a.x.ld) - mean) * inverse, product);
        }
        part.store(gamma_gradient + c, product);
        part.store(beta_gradient + c, sum);
        Vec scale = part.load(a.gamma + c) * inverse;
        for (int64_t r = 0; r < rows; r++) {
            Vec normal = (part.load(x + r * a.x.ld) - mean) * inverse;
            Vec through = a.training ? (sum + normal * product) / n : Vec(0); // the batch's moments
            part.store(g + r * dy.ld, scale * (part.load(g + r * dy.ld) - through));
        }
    });
}

// Half vectors of double fill a register each. All rows go forward together: memory that is read in several
// places at a time comes faster (5 rows of 5,000 numbers in two thirds of the time).
template <int Rows>
void narrow_together(const double *const *from, float *to, int64_t ld, int64_t n) {
    constexpr int kHalf = kLanes / 2;
    typedef double Wide __attribute__((vector_size(8 * kHalf), aligned(8), may_alias));
    typedef float Narrow __attribute__((vector_size(4 * kHalf), aligned(4), may_alias));
    const double *row[Rows];
    for (int r = 0; r < Rows; r++)
        row[r] = from[r];
    int64_t i = 0;
    for (; i + kHalf <= n; i += kHalf)
#pragma GCC unroll 8
        for (int r = 0; r < Rows; r++)
            *reinterpret_cast<Narrow *>(to + r * ld + i) =
                __builtin_convertvector(*reinterpret_cast<const Wide *>(row[r] + i), Narrow);
    for (; i < n; i++)
        for (int r = 0; r < Rows; r++)
            to[r * ld + i] = float(row[r][i]);
}

void narrow(int64_t rows, const double *const *from, float *to, int64_t ld, int64_t n) {
    if (rows == kNarrowRows)
        return narrow_together<kNarrowRows>(from, to, ld, n);
    for (int64_t r = 0; r < rows; r++)
        narrow_together<1>(from + r, to + r * ld, ld, n);
}

AESOP_FORCE Vec transformed(bool log, bool clamp, Vec v, Vec size_factor, Vec center, Vec scale) {
    v = v / size_factor;
    if (log)
        v = log1p_of(v);
    v = (v - center) * scale; // with center 0 and scale 1 where the transform has none: nothing changes
    return clamp ? min_of(max_of(v, Vec(0)), Vec(1)) : v;
}

void transform(const InputTransform<float> &t, const float *size_factor, const Block &x) {
    const InputTransform<float> rule = t; // a copy of our own: the stores below cannot change it
    for (int64_t r = 0; r < x.rows; r++) {
        float *row = x.data + r * x.ld;
        Vec factor = size_factor ? broadcast(size_factor[r]) : Vec(1);
        each_vector(x.cols, [&](int64_t c, auto part) AESOP_LAMBDA {
            Vec center = rule.center ? part.load(rule.center + c) : Vec(0);
            Vec scale = rule.scale ? part.load(rule.scale + c) : Vec(1);
            part.store(row + c, transformed(rule.log, rule.clamp, part.load(row + c), factor, center, scale));
        });
    }
}

// The same on stored values: features from `index`. Zero stays zero, or sparse operands make no sense.
void transform_values(const InputTransform<float> &t, float size_factor, const int32_t *index, float *values,
                      int64_t n) {
    const InputTransform<float> rule = t;
    Vec factor = broadcast(size_factor);
    each_vector(n, [&](int64_t k, auto part) AESOP_LAMBDA {
        float center[kLanes] = {}, scale[kLanes];
        int count = n - k < kLanes ? int(n - k) : kLanes;
        for (int i = 0; i < kLanes; i++)
            scale[i] = 1;
        for (int i = 0; i < count; i++) {
            if (rule.center)
                center[i] = rule.center[index[k + i]];
            if (rule.scale)
                scale[i] = rule.scale[index[k + i]];
        }
        part.store(values + k, transformed(rule.log, rule.clamp, part.load(values + k), factor, load(center),
                                           load(scale)));
    });
}
