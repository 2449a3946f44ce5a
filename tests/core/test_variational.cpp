// The variational bottleneck and the penalties of the code: gradients against central differences, every
// instruction set against the reference.
#include "kernel_data.h"

using namespace kernel_test;

namespace {

const Backend<double> &reference = reference_backend<double>();
const Matrix<double> kNone;
const DrawKey kKey{{0x2468ace0u, 0x13579bdfu}, 3, kSample};

// Derivatives of f() by the values of m, against `slopes`.
template <class F>
Difference slope_error(const Matrix<double> &m, const Matrix<double> &slopes, F &&f) {
    Difference e;
    for (int64_t r = 0; r < m.rows; r++)
        for (int64_t c = 0; c < m.cols; c++) {
            double kept = m.at(r, c), h = 1e-5;
            m.at(r, c) = kept + h;
            double up = f();
            m.at(r, c) = kept - h;
            double down = f();
            m.at(r, c) = kept;
            e.add(slopes.at(r, c), (up - down) / (2 * h));
        }
    return e;
}

std::vector<uint32_t> ids_of(Rng &rng, int64_t n) {
    std::vector<uint32_t> ids(static_cast<size_t>(n));
    for (uint32_t &id : ids)
        id = uint32_t(rng());
    return ids;
}

} // namespace

TEST("penalties: the gradient of the contractive penalty is that of central differences") {
    Rng rng(41);
    for (Activation f :
         {Activation::linear, Activation::relu, Activation::leaky_relu, Activation::elu, Activation::selu,
          Activation::tanh, Activation::sigmoid, Activation::softplus, Activation::exp}) {
        Pair x(5, 6), y(5, 70), dy(5, 70);
        WeightPair w(6, 70), dw(6, 70), by_z(6, 70);
        x.random(rng), w.random(rng);
        auto penalty = [&](const Matrix<double> &d, const Weights<double> &dwm) {
            reference.multiply(nullptr, x.d, w.d, nullptr, f, 0.1, false, y.d);
            return summed(
                [&](Sum sum) { reference.contraction(nullptr, f, 0.1, y.d, w.d, 0.5, d, dwm, sum); });
        };
        penalty(dy.d, dw.d);
        reference.activation_gradient(nullptr, f, 0.1, y.d, y.d, dy.d);
        Product<double> product{x.d, dy.d};
        reference.weight_gradient(nullptr, &product, 1, by_z.d);
        Difference e;
        for (int64_t i = 0; i < 6; i++)
            for (int64_t j = 0; j < 70; j++) {
                double kept = w.d.at(i, j), h = 1e-5;
                w.d.at(i, j) = kept + h;
                double up = penalty(kNone, {});
                w.d.at(i, j) = kept - h;
                double down = penalty(kNone, {});
                w.d.at(i, j) = kept;
                e.add(dw.d.at(i, j) + by_z.d.at(i, j), 0.5 * (up - down) / (2 * h));
            }
        CHECK_CLOSE(e.of_largest(), 1e-6, "contraction " + std::to_string(int(f)));
    }
}

TEST("penalties: the contractive penalty is the squared norm of the Jacobian") {
    Rng rng(42);
    Pair x(3, 4), y(3, 5), up(1, 5), down(1, 5);
    WeightPair w(4, 5);
    x.random(rng), w.random(rng);
    reference.multiply(nullptr, x.d, w.d, nullptr, Activation::tanh, 0, false, y.d);
    double expected = 0, h = 1e-5;
    for (int64_t n = 0; n < 3; n++)
        for (int64_t i = 0; i < 4; i++) {
            Matrix<double> row{x.d.row(n), 1, 4, x.d.ld};
            double kept = row.at(0, i);
            row.at(0, i) = kept + h;
            reference.multiply(nullptr, row, w.d, nullptr, Activation::tanh, 0, false, up.d);
            row.at(0, i) = kept - h;
            reference.multiply(nullptr, row, w.d, nullptr, Activation::tanh, 0, false, down.d);
            row.at(0, i) = kept;
            for (int64_t j = 0; j < 5; j++)
                expected += std::pow((up.d.at(0, j) - down.d.at(0, j)) / (2 * h), 2);
        }
    double found = summed(
        [&](Sum sum) { reference.contraction(nullptr, Activation::tanh, 0, y.d, w.d, 0, kNone, {}, sum); });
    CHECK_NEAR(found, expected, 1e-8 * expected);
}

TEST("penalties: the gradient of sparsity is that of central differences") {
    Rng rng(43);
    Pair h(6, 20), dh(6, 20);
    h.random(rng, 0.05, 0.9);
    auto sparsity = [&] {
        return 0.7 * summed([&](Sum sum) { reference.sparsity(nullptr, h.d, 0.1, 0, kNone, sum); });
    };
    for (int64_t r = 0; r < 6; r++) // means outside the limits: no gradient
        h.d.at(r, 3) = -0.2, h.d.at(r, 4) = 1.5;
    reference.sparsity(nullptr, h.d, 0.1, 0.7, dh.d, Sum());
    CHECK_CLOSE(slope_error(h.d, dh.d, sparsity).of_largest(), 1e-6, "sparsity");
    Pair two(2, 2); // means 0.2, 0.7
    two.d.at(0, 0) = 0.3, two.d.at(1, 0) = 0.1, two.d.at(0, 1) = 0.5, two.d.at(1, 1) = 0.9;
    double expected = 0.1 * std::log(0.1 / 0.2) + 0.9 * std::log(0.9 / 0.8) + 0.1 * std::log(0.1 / 0.7) +
                      0.9 * std::log(0.9 / 0.3);
    CHECK_NEAR(summed([&](Sum sum) { reference.sparsity(nullptr, two.d, 0.1, 0, kNone, sum); }), expected,
               1e-14);
}

TEST("variational: gradients of the sample and the divergence are those of central differences") {
    Rng rng(44);
    Pair mean(4, 9), variance(4, 9), z(4, 9), g(4, 9), dmean(4, 9), dvariance(4, 9);
    mean.random(rng, -2, 2), variance.random(rng, -3, 2), g.random(rng);
    variance.d.at(0, 0) = -31, variance.d.at(1, 1) = 21; // outside the limits: no slope
    std::vector<uint32_t> ids = ids_of(rng, 4);
    auto loss = [&] {
        reference.sample_normal(nullptr, kKey, ids.data(), mean.d, variance.d, z.d);
        double sum = 0.3 * summed([&](Sum sum) { reference.divergence(nullptr, mean.d, variance.d, sum); });
        for (int64_t r = 0; r < 4; r++)
            for (int64_t c = 0; c < 9; c++)
                sum += g.d.at(r, c) * z.d.at(r, c);
        return sum;
    };
    reference.sample_normal_gradient(nullptr, kKey, ids.data(), mean.d, variance.d, g.d, 0.3, dmean.d,
                                     dvariance.d);
    CHECK_EQUAL(dvariance.d.at(0, 0), 0.0);
    CHECK_EQUAL(dvariance.d.at(1, 1), 0.0);
    variance.d.at(0, 0) = variance.d.at(1, 1) = 0; // their large terms would cover the other differences
    reference.sample_normal_gradient(nullptr, kKey, ids.data(), mean.d, variance.d, g.d, 0.3, dmean.d,
                                     dvariance.d);
    CHECK_CLOSE(slope_error(mean.d, dmean.d, loss).of_largest(), 1e-6, "by mean");
    CHECK_CLOSE(slope_error(variance.d, dvariance.d, loss).of_largest(), 1e-6, "by log variance");
}

TEST("variational: the divergence is the integral it stands for") {
    for (auto [m, v] : {std::pair<double, double>{0, 0}, {1.5, -2}, {-0.7, 1.3}}) {
        double sd = std::exp(v / 2), sum = 0, step = 1e-3;
        for (double e = -12; e <= 12; e += step) { // log N(x; m, sd) - log N(x; 0, 1) at x = m + sd e
            double x = m + sd * e;
            sum += step * std::exp(-e * e / 2) / std::sqrt(2 * M_PI) * (x * x / 2 - e * e / 2 - v / 2);
        }
        Pair mean(1, 1), variance(1, 1);
        mean.d.at(0, 0) = m, variance.d.at(0, 0) = v;
        CHECK_NEAR(summed([&](Sum sum) { reference.divergence(nullptr, mean.d, variance.d, sum); }), sum,
                   1e-9);
    }
}

TEST("variational: samples are standard normal, their own for each sample and epoch") {
    const int64_t rows = 200, cols = 100;
    Pair zero(rows, cols), z(rows, cols), next(rows, cols);
    std::vector<uint32_t> ids(static_cast<size_t>(rows));
    for (int64_t i = 0; i < rows; i++)
        ids[size_t(i)] = uint32_t(i);
    DrawKey later = kKey, noise = kKey;
    later.epoch++, noise.purpose = kNoise;
    reference.sample_normal(nullptr, kKey, ids.data(), zero.d, zero.d, z.d);
    double n = double(rows * cols);
    for (const DrawKey &other : {kKey, later, noise}) {
        reference.sample_normal(nullptr, other, ids.data(), zero.d, zero.d, next.d);
        double mean = 0, square = 0, fourth = 0, product = 0, neighbours = 0;
        for (int64_t r = 0; r < rows; r++)
            for (int64_t c = 0; c < cols; c++) {
                double e = next.d.at(r, c);
                mean += e / n, square += e * e / n, fourth += e * e * e * e / n;
                product += e * z.d.at(r, c) / n;
                neighbours += e * next.d.at(r, (c + 1) % cols) / n;
            }
        CHECK_NEAR(mean, 0, 3 / std::sqrt(n));
        CHECK_NEAR(square, 1, 3 * std::sqrt(2 / n));
        CHECK_NEAR(fourth, 3, 3 * std::sqrt(96 / n));
        CHECK_NEAR(neighbours, 0, 3 / std::sqrt(n));
        bool same = other.epoch == kKey.epoch && other.purpose == kKey.purpose;
        CHECK_NEAR(product, same ? 1 : 0, 3 * std::sqrt(2 / n));
    }
}

TEST("variational: every instruction set agrees with the reference") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(45);
        for (int i = 0; i < 30; i++) {
            int64_t rows = size(rng, 1, 60), cols = i % 6 ? size(rng, 1, 70) : size(rng, 200, 9000);
            Pair mean(rows, cols), variance(rows, cols), z(rows, cols), dmean(rows, cols),
                dvariance(rows, cols);
            mean.random(rng, -2, 2), variance.random(rng, -3, 2);
            variance.f.at(0, 0) = -200, variance.d.at(0, 0) = -200;
            std::vector<uint32_t> ids = ids_of(rng, rows);
            std::string what = std::string(cpu.name) + " " + std::to_string(i);
            cpu.sample_normal(cpu.self, kKey, ids.data(), mean.f, variance.f, z.f);
            reference.sample_normal(nullptr, kKey, ids.data(), mean.d, variance.d, z.d);
            CHECK_CLOSE(difference(z.f, z.d).of_largest(), 1e-5, what);
            CHECK(padding_is_zero(z.f));
            double expected =
                summed([&](Sum sum) { reference.divergence(nullptr, mean.d, variance.d, sum); });
            CHECK_NEAR(summed([&](Sum sum) { cpu.divergence(cpu.self, mean.f, variance.f, sum); }), expected,
                       1e-5 * expected);
            Pair g(rows, cols);
            g.random(rng);
            cpu.sample_normal_gradient(cpu.self, kKey, ids.data(), mean.f, variance.f, g.f, 0.3f, dmean.f,
                                       dvariance.f);
            reference.sample_normal_gradient(nullptr, kKey, ids.data(), mean.d, variance.d, g.d, 0.3f,
                                             dmean.d, dvariance.d);
            CHECK_CLOSE(difference(dmean.f, dmean.d).of_largest(), 1e-5, what + " by mean");
            CHECK_CLOSE(difference(dvariance.f, dvariance.d).of_largest(), 1e-5, what + " by variance");
            CHECK(padding_is_zero(dmean.f) && padding_is_zero(dvariance.f));

            Matrix<float> in = mean.f, in2 = variance.f; // the last row alone
            in.data = mean.f.row(rows - 1), in2.data = variance.f.row(rows - 1), in.rows = in2.rows = 1;
            Pair one(1, cols);
            cpu.sample_normal(cpu.self, kKey, &ids.back(), in, in2, one.f);
            CHECK(!std::memcmp(one.f.data, z.f.row(rows - 1), size_t(cols) * sizeof(float)));
        }
    });
}

TEST("penalties: every instruction set agrees with the reference") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(46);
        for (int i = 0; i < 36; i++) {
            int64_t rows = size(rng, 1, 60), cols = i % 6 ? size(rng, 1, 150) : size(rng, 200, 3000);
            std::string what = std::string(cpu.name) + " " + std::to_string(i);
            Pair a(rows, cols), b(rows, cols), da(rows, cols);
            a.random(rng, 0.01, 0.99), b.random(rng), da.random(rng);
            for (bool gradient : {false, true}) {
                Matrix<float> none;
                double found = summed(
                    [&](Sum sum) { cpu.sparsity(cpu.self, a.f, 0.1f, 0.2f, gradient ? da.f : none, sum); });
                double expected = summed([&](Sum sum) {
                    reference.sparsity(nullptr, a.d, 0.1f, 0.2f, gradient ? da.d : kNone, sum);
                });
                CHECK_NEAR(found, expected, 1e-5 * std::max(expected, 0.1));
                CHECK_CLOSE(difference(da.f, da.d).of_largest(), 1e-5, what);
                CHECK(padding_is_zero(da.f));
            }
            cpu.add(cpu.self, 0.7f, a.f, b.f), reference.add(nullptr, 0.7f, a.d, b.d);
            CHECK_CLOSE(difference(b.f, b.d).of_largest(), 1e-6, what + " add");
            CHECK(padding_is_zero(b.f));

            Activation f = Activation(i % int(Activation::softmax));
            if (needs_input(f))
                continue;
            int64_t inputs = size(rng, 1, 700);
            Pair y(rows, cols), dy(rows, cols);
            WeightPair w(inputs, cols), dw(inputs, cols);
            w.random(rng), dw.random(rng), dy.random(rng);
            y.random(rng, f == Activation::tanh ? -1 : 0.01, 0.99); // within the range of every activation
            double expected = summed(
                [&](Sum sum) { reference.contraction(nullptr, f, 0.1f, y.d, w.d, 0.3f, dy.d, dw.d, sum); });
            CHECK_NEAR(
                summed([&](Sum sum) { cpu.contraction(cpu.self, f, 0.1f, y.f, w.f, 0.3f, dy.f, dw.f, sum); }),
                expected, 1e-5 * expected);
            CHECK_NEAR(summed([&](Sum sum) {
                           cpu.contraction(cpu.self, f, 0.1f, y.f, w.f, 0, Matrix<float>(), {}, sum);
                       }),
                       expected, 1e-5 * expected);
            CHECK_CLOSE(difference(dy.f, dy.d).of_largest(), 1e-5, what + " contraction by y");
            CHECK_CLOSE(difference(dw.f_, dw.d_).of_largest(), 1e-5, what + " contraction by w");
            CHECK(padding_is_zero(dy.f));
        }
    });
}

TEST("penalties: the same bits for any number of threads") {
    each_team({1, 2, 3}, [](const std::vector<const Backend<float> *> &backends) {
        std::vector<double> sums;
        std::vector<std::vector<float>> bits;
        for (const Backend<float> *backend : backends) {
            const Backend<float> &cpu = *backend;
            Rng rng(47);
            Pair y(130, 333), b(130, 333), dy(130, 333), z(130, 333), g(130, 333), v(130, 333);
            WeightPair w(900, 333), dw(900, 333);
            y.random(rng, 0.01, 0.99), b.random(rng), w.random(rng), v.random(rng);
            std::vector<uint32_t> ids = ids_of(rng, 130);
            std::vector<double> s = {
                summed([&](Sum sum) {
                    cpu.contraction(cpu.self, Activation::sigmoid, 0, y.f, w.f, 0.1f, dy.f, dw.f, sum);
                }),
                summed([&](Sum sum) { cpu.sparsity(cpu.self, y.f, 0.1f, 0.1f, dy.f, sum); }),
                summed([&](Sum sum) { cpu.divergence(cpu.self, b.f, y.f, sum); })};
            cpu.sample_normal(cpu.self, kKey, ids.data(), b.f, y.f, z.f);
            cpu.sample_normal_gradient(cpu.self, kKey, ids.data(), b.f, y.f, z.f, 0.2f, g.f, v.f);
            std::vector<std::vector<float>> all = {dy.f_, dw.f_, z.f_, g.f_, v.f_};
            if (bits.empty())
                sums = s, bits = all;
            CHECK(s == sums);
            for (size_t k = 0; k < all.size(); k++)
                CHECK(same_bits(all[k], bits[k]));
        }
    });
}
