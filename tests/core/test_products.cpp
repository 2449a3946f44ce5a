// Products, gradients and sums of shapes at the borders of tiles, panels and parts, and rules of which a part
// is known to the device only.
#include "kernel_data.h"
#include <array>
#include <limits>
#include <memory>

using namespace kernel_test;

namespace {

const Backend<double> &reference = reference_backend<double>();

std::string name_of(const char *op, const Backend<float> &b, int64_t rows, int64_t inputs, int64_t units,
                    int kind) {
    return std::string(op) + " " + b.name + " " + std::to_string(rows) + " x " + std::to_string(inputs) +
           " x " + std::to_string(units) + " kind " + std::to_string(kind);
}

bool padding_is_zero(const WeightPair &w) {
    std::vector<float> rest = w.f_;
    for (int64_t i = 0; i < w.f.shape.inputs; i++)
        for (int64_t o = 0; o < w.f.shape.units; o++)
            rest[size_t(w.f.shape.index(i, o))] = 0;
    return same_bits(rest, std::vector<float>(rest.size(), 0.0f));
}

struct Optimised { // weights and moments; null where the optimiser has none
    WeightPair w, m, v;
    bool first, second;
    Optimised(Rng &rng, int64_t inputs, int64_t units, const UpdateRule &rule)
        : w(inputs, units), m(inputs, units), v(inputs, units), first(rule.kind >= OptimizerKind::adadelta),
          second(rule.kind != OptimizerKind::sgd || rule.momentum > 0) {
        w.random(rng), m.random(rng, 0, 1), v.random(rng, 0, 1);
    }
    Moments<float> moments() { return {first ? m.f.data : nullptr, second ? v.f.data : nullptr}; }
    Moments<double> precise() { return {first ? m.d.data : nullptr, second ? v.d.data : nullptr}; }
};

UpdateRule rule_of(OptimizerKind kind, int variant) {
    UpdateRule rule;
    rule.kind = kind, rule.learning_rate = 1e-2, rule.rho = 0.9, rule.beta1 = 0.9, rule.beta2 = 0.99;
    rule.epsilon = 1e-7, rule.weight_decay = 0.1, rule.step_size = 2e-2, rule.root_scale = 2;
    if (variant & 1)
        rule.momentum = 0.8, rule.nesterov = true, rule.clip_value = 0.5;
    if (variant & 2)
        rule.l1 = 0.1, rule.l2 = 0.05, rule.gradient_scale = 0.7;
    return rule;
}

} // namespace

TEST("products: borders of tiles, every activation, nothing read behind the weights") {
    each_backend(2, [](const Backend<float> &b) {
        Rng rng(41);
        int pass = 0;
        for (int64_t rows : {0, 1, 16, 17, 50, 256, 257})
            for (auto [inputs, units] :
                 {std::array<int, 2>{1, 1}, {16, 17}, {0, 3}, {63, 65}, {130, 100}, {600, 15}, {15, 600}}) {
                Activation f = Activation(pass % int(Activation::softmax));
                bool accumulate = pass % 3 == 0, shifted = pass % 4 != 0;
                pass++;
                Pair x(rows, inputs), y(rows, units), dy(rows, units), dx(rows, inputs), bias(1, units),
                    back(1, inputs);
                x.random_sparse(rng, 0.5), y.random(rng), dy.random(rng), dx.random(rng);
                bias.random(rng), back.random(rng);
                double scale = 1 / std::sqrt(double(std::max(inputs, units)));
                WeightPair w(inputs, units);
                w.random(rng, -scale, scale);
                std::fill(w.f_.begin() + w.f.shape.size(), w.f_.end(), std::nanf(""));
                Stored<float> stored(x.f);
                Pair sparse = y;
                const float *add = shifted ? bias.f.data : nullptr;
                b.multiply(b.self, x.f, w.f, add, f, 0.2f, accumulate, y.f);
                b.multiply(b.self, stored.m, w.f, add, f, 0.2f, accumulate, sparse.f);
                reference.multiply(nullptr, x.d, w.d, shifted ? bias.d.data : nullptr, f, 0.2, accumulate,
                                   y.d);
                CHECK_CLOSE(difference(y.f, y.d).of_largest(), 1e-5,
                            name_of("multiply", b, rows, inputs, units, int(f)));
                CHECK(same_bits(y.f_, sparse.f_) && kernel_test::padding_is_zero(y.f));
                b.multiply_transposed(b.self, dy.f, w.f, shifted ? back.f.data : nullptr, f, 0.2f, accumulate,
                                      dx.f);
                reference.multiply_transposed(nullptr, dy.d, w.d, shifted ? back.d.data : nullptr, f, 0.2,
                                              accumulate, dx.d);
                CHECK_CLOSE(difference(dx.f, dx.d).of_largest(), 1e-5,
                            name_of("transposed", b, rows, inputs, units, int(f)));
                CHECK(kernel_test::padding_is_zero(dx.f));
            }
    });
}

TEST("products: borders of gradients, every optimiser, padding stays zero") {
    each_backend(2, [](const Backend<float> &b) {
        Rng rng(42);
        int pass = 0;
        for (int64_t rows : {0, 1, 32, 33, 600})
            for (int64_t inputs : {1, 63, 65, 130})
                for (int64_t units : {1, 15, 17, 64, 65, 100}) {
                    UpdateRule rule = rule_of(OptimizerKind(pass % 6), pass / 6 % 4);
                    int n = 1 + pass++ % 2;
                    Pair x(rows, inputs), dy(rows, units), x2(5, inputs), dy2(5, units);
                    x.random_sparse(rng, 0.3), dy.random(rng), x2.random(rng), dy2.random(rng);
                    Stored<float> stored(x.f), stored2(x2.f);
                    Product<float> f[2] = {{x.f, dy.f}, {x2.f, dy2.f}},
                                   s[2] = {{stored.m, dy.f}, {stored2.m, dy2.f}};
                    Product<double> d[2] = {{x.d, dy.d}, {x2.d, dy2.d}};
                    Optimised o(rng, inputs, units, rule), sparse = o;
                    b.update_weights(b.self, f, n, o.w.f, o.moments(), rule);
                    b.update_weights(b.self, s, n, sparse.w.f, sparse.moments(), rule);
                    reference.update_weights(nullptr, d, n, o.w.d, o.precise(), rule);
                    auto close = [&](const WeightPair &found, const WeightPair &other, const char *what) {
                        CHECK_CLOSE(difference(found.f_, found.d_).of_norm(), 1e-5,
                                    name_of(what, b, rows, inputs, units, int(rule.kind)));
                        CHECK(same_bits(found.f_, other.f_) && padding_is_zero(found));
                    };
                    close(o.w, sparse.w, "weights");
                    close(o.m, sparse.m, "first moments");
                    close(o.v, sparse.v, "second moments");
                }
    });
}

TEST("products: what only the device knows of a rule, in every step anew") {
    each_backend(2, [](const Backend<float> &b) {
        Rng rng(43);
        auto known = std::make_unique<std::array<double, 2>>(); // loss, square_norm
        for (double loss : {1.0, std::numeric_limits<double>::infinity(), std::nan("")})
            for (double square_norm : {0.01, 400.0}) {
                *known = {loss, square_norm};
                UpdateRule rule = rule_of(OptimizerKind::sgd, 0);
                rule.loss = known->data(), rule.square_norm = known->data() + 1, rule.clip_norm = 2;
                Pair x(600, 70), dy(600, 33), g(1, 20), v(1, 20);
                x.random(rng), dy.random(rng), g.random(rng), v.random(rng);
                Optimised o(rng, 70, 33, rule);
                WeightPair w = o.w;
                Pair before = v;
                Product<float> f{x.f, dy.f};
                Product<double> d{x.d, dy.d};
                for (int step = 0; step < 2; step++) {
                    b.update_weights(b.self, &f, 1, o.w.f, {}, rule);
                    reference.update_weights(nullptr, &d, 1, o.w.d, {}, rule);
                    b.update_values(b.self, g.f.data, v.f.data, {}, 20, rule);
                    reference.update_values(nullptr, g.d.data, v.d.data, {}, 20, rule);
                    CHECK_CLOSE(difference(o.w.f_, o.w.d_).of_norm(), 1e-5, "weights");
                    CHECK_CLOSE(difference(v.f, v.d).of_norm(), 1e-6, "values");
                }
                CHECK_EQUAL(same_bits(o.w.f_, w.f_), loss != 1.0);
                CHECK_EQUAL(same_bits(v.f_, before.f_), loss != 1.0);
            }
    });
}

TEST("products: sums of columns") {
    each_backend(2, [](const Backend<float> &b) {
        Rng rng(44);
        for (int64_t rows : {0, 1, 7, 8, 9, 50, 511, 512, 513, 5000})
            for (int64_t cols : {0, 1, 15, 16, 17, 31, 33, 64, 100, 130}) {
                Pair x(rows, cols), sums(1, cols);
                x.random(rng);
                std::fill(sums.f_.begin(), sums.f_.end(), 7.0f);
                b.column_sums(b.self, x.f, sums.f.data);
                reference.column_sums(nullptr, x.d, sums.d.data);
                CHECK_CLOSE(difference(sums.f, sums.d).of_largest(), 1e-5,
                            name_of("column sums", b, rows, cols, 0, 0));
                CHECK(kernel_test::padding_is_zero(sums.f));
                CHECK_EQUAL(sums.f_[size_t(padded(cols))], 7.0f);
            }
    });
}
