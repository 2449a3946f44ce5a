// Products, gradients and optimiser steps of every instruction set against the plain reference in double.
#include "kernel_data.h"
#include <array>

using namespace kernel_test;

namespace {

const Backend<double> &reference = reference_backend<double>();

std::string shape_name(const char *op, const Backend<float> &cpu, int64_t rows, int64_t inputs,
                       int64_t units) {
    return std::string(op) + " " + cpu.name + " " + std::to_string(rows) + " x " + std::to_string(inputs) +
           " x " + std::to_string(units);
}

struct Case {
    int64_t rows, inputs, units;
    Pair x, bias, y, h; // x: rows x inputs, y: rows x units (also start values), h: rows x inputs for W'
    WeightPair w;
    Case(Rng &rng, int64_t r, int64_t i, int64_t u, double share)
        : rows(r), inputs(i), units(u), x(r, i), bias(2, std::max(i, u)), y(r, u), h(r, i), w(i, u) {
        x.random_sparse(rng, share), bias.random(rng), y.random(rng), h.random(rng);
        double scale =
            1 / std::sqrt(double(std::max<int64_t>(std::max(i, u), 1))); // sums of order 1, as in a network
        w.random(rng, -scale, scale);
        for (int64_t k = u; k < i; k++)
            bias.f.at(0, k) = 0, bias.d.at(0, k) = 0;
    }
};

void check_products(const Backend<float> &cpu, Rng &rng, int64_t rows, int64_t inputs, int64_t units) {
    Case c(rng, rows, inputs, units, 0.3);
    Stored<float> stored(c.x.f);
    for (bool accumulate : {false, true}) {
        Activation f = accumulate ? Activation::tanh : Activation::sigmoid;
        Pair y = c.y, sparse = c.y;
        cpu.multiply(cpu.self, c.x.f, c.w.f, c.bias.f.data, f, 0, accumulate, y.f);
        reference.multiply(nullptr, c.x.d, c.w.d, c.bias.d.data, f, 0, accumulate, y.d);
        CHECK_CLOSE(difference(y.f, y.d).of_largest(), 1e-5,
                    shape_name("multiply", cpu, rows, inputs, units));
        CHECK(padding_is_zero(y.f));
        cpu.multiply(cpu.self, stored.m, c.w.f, c.bias.f.data, f, 0, accumulate, sparse.f);
        CHECK(same_bits(y.f_, sparse.f_));

        Pair x = c.h;
        cpu.multiply_transposed(cpu.self, c.y.f, c.w.f, c.bias.f.row(1), Activation::linear, 0, accumulate,
                                x.f);
        reference.multiply_transposed(nullptr, c.y.d, c.w.d, c.bias.d.row(1), Activation::linear, 0,
                                      accumulate, x.d);
        CHECK_CLOSE(difference(x.f, x.d).of_largest(), 1e-5,
                    shape_name("transposed", cpu, rows, inputs, units));
        CHECK(padding_is_zero(x.f));
    }
}

void check_gradients(const Backend<float> &cpu, Rng &rng, int64_t rows, int64_t inputs, int64_t units) {
    Case c(rng, rows, inputs, units, 0.3), more(rng, size(rng, 1, 9), inputs, units, 0.5);
    Stored<float> stored(c.x.f);
    Product<float> f[2] = {{c.x.f, c.y.f}, {more.x.f, more.y.f}};
    Product<double> d[2] = {{c.x.d, c.y.d}, {more.x.d, more.y.d}};
    for (int n : {1, 2}) {
        WeightPair g(inputs, units), sparse(inputs, units);
        cpu.weight_gradient(cpu.self, f, n, g.f);
        reference.weight_gradient(nullptr, d, n, g.d);
        CHECK_CLOSE(difference(g.f_, g.d_).of_norm(), 1e-5, shape_name("gradient", cpu, rows, inputs, units));
        Product<float> s[2] = {{stored.m, c.y.f}, f[1]};
        cpu.weight_gradient(cpu.self, s, n, sparse.f);
        CHECK(same_bits(g.f_, sparse.f_));

        UpdateRule rule;
        rule.beta1 = 0.9, rule.beta2 = 0.999, rule.epsilon = 1e-8, rule.step_size = 1e-2, rule.root_scale = 3;
        WeightPair w = c.w, first(inputs, units), second(inputs, units);
        first.random(rng), second.random(rng, 0, 1);
        WeightPair w2 = w, first2 = first, second2 = second, w3 = w, first3 = first, second3 = second;
        cpu.update_weights(cpu.self, f, n, w.f, {first.f.data, second.f.data}, rule);
        reference.update_weights(nullptr, d, n, w.d, {first.d.data, second.d.data}, rule);
        CHECK_CLOSE(difference(w.f_, w.d_).of_norm(), 1e-5, shape_name("update", cpu, rows, inputs, units));
        CHECK_CLOSE(difference(second.f_, second.d_).of_norm(), 1e-5, "second moment");
        cpu.update_weights(cpu.self, s, n, w2.f, {first2.f.data, second2.f.data}, rule);
        CHECK(same_bits(w.f_, w2.f_));
        CHECK(same_bits(second.f_, second2.f_));
        cpu.update_values(cpu.self, g.f.data, w3.f.data, {first3.f.data, second3.f.data}, w3.f.shape.size(),
                          rule);
        CHECK(same_bits(w.f_, w3.f_)); // the gradient is the same, stored or not
    }
}

} // namespace

TEST("kernels: products agree with the reference") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(1);
        for (int i = 0; i < 170; i++)
            check_products(cpu, rng, size(rng, 1, 70), size(rng, 1, 70), size(rng, 1, 70));
        for (int i = 0; i < 10; i++) // more panels, more parts, more rows
            check_products(cpu, rng, size(rng, 1, 300), size(rng, 200, 1500), size(rng, 1, 200));
        for (int i = 0; i < 4; i++)
            check_products(cpu, rng, size(rng, 1, 20), size(rng, 1, 200), size(rng, 500, 900));
        for (int64_t n : {16383, 16384, 16385}) {
            check_products(cpu, rng, 3, n, 5);
            check_products(cpu, rng, 3, 5, n);
        }
    });
}

TEST("kernels: gradients and their updates agree with the reference") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(2);
        for (int i = 0; i < 170; i++)
            check_gradients(cpu, rng, size(rng, 1, 70), size(rng, 1, 70), size(rng, 1, 70));
        for (int i = 0; i < 5; i++)
            check_gradients(cpu, rng, size(rng, 1, 300), size(rng, 200, 1500), size(rng, 1, 200));
        for (int64_t n : {16383, 16385}) {
            check_gradients(cpu, rng, 3, n, 5);
            check_gradients(cpu, rng, 3, 5, n);
        }
    });
}

TEST("kernels: empty batches and inputs") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(3);
        for (auto [rows, inputs] : {std::pair<int, int>{0, 7}, {3, 0}, {0, 0}}) {
            Case c(rng, rows, inputs, 5, 0.5);
            Stored<float> stored(c.x.f);
            Pair y(rows, 5);
            cpu.multiply(cpu.self, c.x.f, c.w.f, nullptr, Activation::linear, 0, false, y.f);
            cpu.multiply(cpu.self, stored.m, c.w.f, nullptr, Activation::linear, 0, false, y.f);
            for (float v : y.f_)
                CHECK_EQUAL(v, 0.0f);
            WeightPair g(inputs, 5);
            std::fill(g.f_.begin(), g.f_.begin() + g.f.shape.size(), 7.0f);
            Product<float> p{stored.m, c.y.f};
            cpu.weight_gradient(cpu.self, &p, 1, g.f);
            for (float v : g.f_)
                CHECK_EQUAL(v, 0.0f);
        }
    });
}

TEST("kernels: a row's result does not depend on the other rows") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(4);
        for (auto [inputs, units] : {std::pair<int, int>{1000, 100}, {100, 1000}, {70, 33}}) {
            Case c(rng, 301, inputs, units, 0.4);
            Pair all(301, units), back(301, inputs);
            cpu.multiply(cpu.self, c.x.f, c.w.f, c.bias.f.data, Activation::sigmoid, 0, false, all.f);
            cpu.multiply_transposed(cpu.self, c.y.f, c.w.f, nullptr, Activation::tanh, 0, false, back.f);
            for (auto [first, rows] : {std::pair<int, int>{0, 1}, {300, 1}, {17, 3}, {64, 100}, {5, 131}}) {
                Pair y(rows, units), x(rows, inputs);
                Matrix<float> in = c.x.f, right = c.y.f;
                in.data = c.x.f.row(first), in.rows = rows, right.data = c.y.f.row(first), right.rows = rows;
                cpu.multiply(cpu.self, in, c.w.f, c.bias.f.data, Activation::sigmoid, 0, false, y.f);
                cpu.multiply_transposed(cpu.self, right, c.w.f, nullptr, Activation::tanh, 0, false, x.f);
                for (int64_t r = 0; r < rows; r++) {
                    CHECK(!std::memcmp(y.f.row(r), all.f.row(first + r), size_t(units) * 4));
                    CHECK(!std::memcmp(x.f.row(r), back.f.row(first + r), size_t(inputs) * 4));
                }
            }
        }
    });
}

TEST("kernels: optimisers agree with the reference") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(5);
        for (auto kind : {OptimizerKind::sgd, OptimizerKind::rmsprop, OptimizerKind::adagrad,
                          OptimizerKind::adadelta, OptimizerKind::adam, OptimizerKind::adamw})
            for (int variant = 0; variant < 4; variant++)
                for (int64_t n : {1, 15, 16, 100, 20001}) {
                    UpdateRule rule;
                    rule.kind = kind, rule.learning_rate = 1e-2, rule.rho = 0.9, rule.beta1 = 0.9,
                    rule.beta2 = 0.99;
                    rule.epsilon = 1e-7, rule.weight_decay = 0.1, rule.step_size = 2e-2, rule.root_scale = 2;
                    if (variant & 1)
                        rule.momentum = 0.8, rule.nesterov = true, rule.clip_value = 0.5;
                    if (variant & 2)
                        rule.l1 = 0.1, rule.l2 = 0.05, rule.gradient_scale = 0.7;
                    Pair g(1, n), w(1, n), m(1, n), v(1, n);
                    g.random(rng), w.random(rng), m.random(rng, 0, 1), v.random(rng, 0, 1);
                    float behind = w.f_[size_t(n)] = 3;
                    bool first = kind == OptimizerKind::adam || kind == OptimizerKind::adamw ||
                                 kind == OptimizerKind::adadelta;
                    bool second = kind != OptimizerKind::sgd || rule.momentum > 0;
                    cpu.update_values(cpu.self, g.f.data, w.f.data,
                                      {first ? m.f.data : nullptr, second ? v.f.data : nullptr}, n, rule);
                    reference.update_values(nullptr, g.d.data, w.d.data,
                                            {first ? m.d.data : nullptr, second ? v.d.data : nullptr}, n,
                                            rule);
                    std::string what = std::string(cpu.name) + " kind " + std::to_string(int(kind));
                    CHECK_CLOSE(difference(w.f, w.d).of_largest(), 1e-6, what);
                    CHECK_CLOSE(difference(m.f, m.d).of_largest(), 1e-6, what);
                    CHECK_CLOSE(difference(v.f, v.d).of_largest(), 1e-6, what);
                    CHECK_EQUAL(w.f_[size_t(n)], behind);
                }
    });
}

TEST("kernels: any number of threads gives the same bits") {
    for (const std::string &name : cpu_targets()) {
        std::vector<std::vector<float>> expected;
        for (int threads : {1, 2, 3, 4, 8}) {
            CpuBackend backend(threads, name);
            const Backend<float> &cpu = backend.table();
            Rng rng(6);
            std::vector<std::vector<float>> found;
            for (auto [rows, inputs, units] :
                 {std::array<int, 3>{50, 1500, 100}, {40, 90, 700}, {200, 600, 65}}) {
                Case c(rng, rows, inputs, units, 0.2);
                Stored<float> stored(c.x.f);
                Pair y(rows, units), x(rows, inputs), sums(1, units);
                cpu.multiply(cpu.self, stored.m, c.w.f, c.bias.f.data, Activation::softplus, 0, false, y.f);
                cpu.multiply_transposed(cpu.self, c.y.f, c.w.f, nullptr, Activation::linear, 0, true, x.f);
                cpu.column_sums(cpu.self, c.y.f, sums.f.data);
                WeightPair m(inputs, units), v(inputs, units);
                UpdateRule rule;
                rule.step_size = 0.01, rule.beta1 = 0.9, rule.beta2 = 0.99, rule.epsilon = 1e-8;
                Product<float> p[2] = {{stored.m, c.y.f}, {c.x.f, c.y.f}};
                cpu.update_weights(cpu.self, p, 2, c.w.f, {m.f.data, v.f.data}, rule);
                float norm = float(summed(
                    [&](Sum sum) { cpu.squared_norm(cpu.self, c.w.f.data, c.w.f.shape.size(), sum); }));
                for (auto &part : {y.f_, x.f_, sums.f_, c.w.f_, m.f_, v.f_, std::vector<float>{norm}})
                    found.push_back(part);
            }
            if (expected.empty())
                expected = found;
            for (size_t i = 0; i < found.size(); i++)
                CHECK(same_bits(found[i], expected[i]));
        }
    }
}

TEST("kernels: instruction sets by name") {
    const std::string before = cpu_target();
    for (const std::string &name : cpu_targets()) {
        set_cpu_target(name);
        CHECK_EQUAL(cpu_target(), name);
        CpuBackend backend(1);
        CHECK_EQUAL(std::string(backend.table().name), name);
    }
    set_cpu_target("auto");
    CHECK_EQUAL(cpu_target(), cpu_targets().back());
    CHECK_THROWS_KIND(set_cpu_target("sse9"), "param");
    CHECK_THROWS_KIND(CpuBackend(1, "avx"), "param");
    CHECK_EQUAL(cpu_target(), cpu_targets().back()); // a refused name changes nothing
    set_cpu_target(before);
}
