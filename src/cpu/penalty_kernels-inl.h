// Penalties made of activations, with their gradients.

// Adds the value of every lane, squared or as it is.
AESOP_FORCE void add_squares(DoubleSum &sum, Vec x) {
    float value[kLanes];
    store(value, x);
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; i++)
        sum.lane[i] += double(value[i]) * double(value[i]);
}
AESOP_FORCE void add_values(DoubleSum &sum, Vec x) {
    float value[kLanes];
    store(value, x);
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; i++)
        sum.lane[i] += double(value[i]);
}

double divergence(const Block &mean, const Block &log_variance) {
    DoubleSum sum;
    for (int64_t r = 0; r < mean.rows; r++) {
        const float *m = mean.data + r * mean.ld, *v = log_variance.data + r * log_variance.ld;
        each_vector(mean.cols, [&](int64_t c, auto part) AESOP_LAMBDA {
            Vec term = normal_divergence(part.load(m + c), clamp_log_variance(part.load(v + c)));
            add_values(sum, part.keep(term));
        });
    }
    return sum.total();
}

void square_columns(const float *w, int64_t inputs, int64_t width, float *sums) {
    for (int64_t j = 0; j < width; j += kLanes) {
        Vec sum = Vec(0);
        for (int64_t i = 0; i < inputs; i++) {
            Vec x = load(w + i * width + j);
            sum = fma_of(x, x, sum);
        }
        store(sums + j, sum);
    }
}

void add_scaled(float factor, const float *scale, const float *w, int64_t inputs, int64_t width, float *to) {
    Vec f = broadcast(factor);
    for (int64_t i = 0; i < inputs; i++)
        for (int64_t j = 0; j < width; j += kLanes) {
            int64_t at = i * width + j;
            store(to + at, fma_of(f * load(scale + j), load(w + at), load(to + at)));
        }
}

void slope_squares(Activation f, float slope, const Block &y, const float *weights, float factor,
                   const Block &dy, float *sums) {
    with_each_activation(f, [&](auto tag) AESOP_LAMBDA {
        Vec leaky = broadcast(slope), two = broadcast(2 * factor);
        each_vector(y.cols, [&](int64_t c, auto part) AESOP_LAMBDA {
            Vec sum = Vec(0), scale = two * part.load(weights + c);
            for (int64_t r = 0; r < y.rows; r++) {
                Vec out = part.load(y.data + r * y.ld + c);
                Vec s = activation_slope<tag.value>(Vec(0), out, leaky);
                sum = fma_of(s, s, sum);
                if (dy.data) {
                    float *g = dy.data + r * dy.ld + c;
                    part.store(g, fma_of(scale, activation_curvature<tag.value>(out), part.load(g)));
                }
            }
            part.store(sums + c, sum);
        });
    });
}
