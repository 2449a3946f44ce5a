// Activations, losses, noise, normalisation and sums of every instruction set against the plain reference.
#include "kernel_data.h"

using namespace kernel_test;

namespace {

const Backend<double> &reference = reference_backend<double>();
const Activation kActivations[] = {
    Activation::linear, Activation::relu, Activation::leaky_relu, Activation::elu,      Activation::gelu,
    Activation::selu,   Activation::tanh, Activation::sigmoid,    Activation::softplus, Activation::exp};

std::string label(const Backend<float> &cpu, const char *what, int kind) {
    return std::string(cpu.name) + " " + what + " " + std::to_string(kind);
}

std::vector<uint32_t> sample_ids(Rng &rng, int64_t n) {
    std::vector<uint32_t> ids(static_cast<size_t>(n));
    for (uint32_t &id : ids)
        id = uint32_t(rng());
    return ids;
}

} // namespace

TEST("elementwise: activations and their gradients agree with the reference") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(11);
        for (Activation f : kActivations)
            for (int i = 0; i < 6; i++) {
                int64_t rows = size(rng, 1, 30), cols = i == 0 ? 1000 : size(rng, 1, 70);
                Pair z(rows, cols), y(rows, cols), g(rows, cols);
                z.random(rng, -6, 6), g.random(rng);
                cpu.activate(cpu.self, f, 0.1f, z.f, y.f);
                reference.activate(nullptr, f, 0.1f, z.d, y.d);
                CHECK_CLOSE(difference(y.f, y.d).of_largest(), 1e-6, label(cpu, "activation", int(f)));
                CHECK(padding_is_zero(y.f));
                cpu.activation_gradient(cpu.self, f, 0.1f, z.f, y.f, g.f);
                reference.activation_gradient(nullptr, f, 0.1f, z.d, y.d, g.d);
                CHECK_CLOSE(difference(g.f, g.d).of_norm(), 1e-6, label(cpu, "gradient", int(f)));
                CHECK(padding_is_zero(g.f));
            }
    });
}

TEST("elementwise: a value's result does not depend on its place") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(12);
        Pair all(1, 200);
        all.random(rng, -5, 5);
        for (Activation f : kActivations) {
            Pair y(1, 200);
            cpu.activate(cpu.self, f, 0.1f, all.f, y.f);
            for (int64_t c = 0; c < 200; c++) {
                Pair one(1, 1), out(1, 1);
                one.f_[0] = all.f_[size_t(c)];
                cpu.activate(cpu.self, f, 0.1f, one.f, out.f);
                CHECK(!std::memcmp(&out.f_[0], &y.f_[size_t(c)], 4));
            }
        }
    });
}

TEST("elementwise: softmax agrees with the reference") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(13);
        for (int i = 0; i < 20; i++) {
            int64_t rows = size(rng, 1, 30), cols = size(rng, 1, 70);
            Pair y(rows, cols), g(rows, cols);
            y.random(rng, -90, -70), g.random(rng);
            cpu.softmax(cpu.self, y.f), reference.softmax(nullptr, y.d);
            CHECK_CLOSE(difference(y.f, y.d).of_largest(), 1e-6, label(cpu, "softmax", i));
            CHECK(padding_is_zero(y.f));
            cpu.softmax_gradient(cpu.self, y.f, g.f), reference.softmax_gradient(nullptr, y.d, g.d);
            CHECK_CLOSE(difference(g.f, g.d).of_norm(), 5e-6, label(cpu, "softmax gradient", i));
        }
    });
}

TEST("elementwise: batch normalisation agrees with the reference") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(14);
        for (int i = 0; i < 20; i++) {
            int64_t rows = size(rng, 2, 60), cols = size(rng, 1, 150), n = padded(cols);
            Pair x(rows, cols), y(rows, cols), dy(rows, cols), p(6, n), g(2, n);
            x.random(rng, -1, 3), dy.random(rng), p.random(rng, 0.5, 2), g.random(rng);
            BatchNorm<float> f{x.f,        y.f,        p.f.row(0), p.f.row(1), p.f.row(2), p.f.row(3),
                               p.f.row(4), p.f.row(5), 0.9f,       0.001f,     i % 3 != 0};
            BatchNorm<double> d{x.d,        y.d,        p.d.row(0), p.d.row(1), p.d.row(2), p.d.row(3),
                                p.d.row(4), p.d.row(5), 0.9f,       0.001f,     i % 3 != 0};
            cpu.batch_norm(cpu.self, f), reference.batch_norm(nullptr, d);
            CHECK_CLOSE(difference(y.f, y.d).of_largest(), 1e-5, label(cpu, "batch norm", i));
            CHECK(padding_is_zero(y.f));
            Difference kept;
            for (int64_t r = 0; r < 6; r++)
                for (int64_t c = 0; c < cols; c++)
                    kept.add(p.f.at(r, c), p.d.at(r, c));
            CHECK_CLOSE(kept.of_largest(), 1e-5, label(cpu, "batch norm statistics", i));
            cpu.batch_norm_gradient(cpu.self, f, dy.f, g.f.row(0), g.f.row(1));
            reference.batch_norm_gradient(nullptr, d, dy.d, g.d.row(0), g.d.row(1));
            CHECK_CLOSE(difference(dy.f, dy.d).of_norm(), 1e-5, label(cpu, "batch norm gradient", i));
            g.f.cols = g.d.cols = cols;
            CHECK_CLOSE(difference(g.f, g.d).of_norm(), 1e-5, label(cpu, "batch norm parameters", i));
        }
    });
}

namespace {

void check_loss(const Backend<float> &cpu, Rng &rng, Loss kind, Activation f, bool factors, bool gradient) {
    int64_t rows = size(rng, 1, 50), cols = size(rng, 0, 2) ? size(rng, 1, 70) : size(rng, 250, 1100);
    Pair z(rows, cols), t(rows, cols), log_factor(1, rows), log_theta(1, cols), by_theta(1, cols);
    bool count = is_count(kind);
    if (count) {
        z.random(rng, -4, 6);
        z.f.at(0, 0) = 31, z.d.at(0, 0) = 31; // outside the limits: no slope
        t.fill([&](int64_t, int64_t) { return size(rng, 0, 3) ? 0.0 : double(size(rng, 0, 200)); });
        log_factor.random(rng, -1, 1);
        log_theta.random(rng, -5, 8);
        log_theta.f.at(0, 0) = 15, log_theta.d.at(0, 0) = 15;
    } else
        z.random(rng, -4, 4), t.random(rng, 0, 1);
    std::vector<double> sum_f(static_cast<size_t>(rows)), sum_d(static_cast<size_t>(rows));
    bool nb = kind == Loss::negative_binomial;
    auto arguments = [&](auto real, const auto &z, const auto &t, const auto *factor, const auto *theta,
                         auto *theta_gradient, std::vector<double> &sum) {
        LossArguments<decltype(real)> a{};
        a.kind = kind, a.activation = f, a.delta = 0.5f, a.slope = 0.1f, a.weight = 0.25f;
        a.z = z, a.target = t, a.gradient = gradient, a.share = 1, a.sample_loss = sum.data();
        a.log_size_factor = factors ? factor : nullptr;
        a.log_theta = nb ? theta : nullptr;
        a.log_theta_gradient = nb && gradient ? theta_gradient : nullptr;
        return a;
    };
    auto af = arguments(float(), z.f, t.f, log_factor.f.data, log_theta.f.data, by_theta.f.data, sum_f);
    auto ad = arguments(double(), z.d, t.d, log_factor.d.data, log_theta.d.data, by_theta.d.data, sum_d);
    cpu.loss(cpu.self, af), reference.loss(nullptr, ad);
    std::string what = label(cpu, "loss", int(kind)) + " activation " + std::to_string(int(f));
    Difference loss;
    for (size_t r = 0; r < sum_f.size(); r++)
        loss.add(sum_f[r], sum_d[r]);
    CHECK_CLOSE(loss.of_largest(), 2e-6, what);
    CHECK_CLOSE(difference(z.f, z.d).of_norm(), 1e-5, what + " slope");
    CHECK(padding_is_zero(z.f));
    if (nb && gradient)
        CHECK_CLOSE(difference(by_theta.f, by_theta.d).of_norm(), 1e-5, what + " by log theta");
}

} // namespace

TEST("elementwise: losses and their slopes agree with the reference") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(15);
        for (Loss kind : {Loss::mse, Loss::half_sse, Loss::mae, Loss::huber, Loss::bce})
            for (Activation f : kActivations) {
                if (kind == Loss::bce && f != Activation::sigmoid)
                    continue; // others: not probabilities
                for (int i = 0; i < 4; i++)
                    check_loss(cpu, rng, kind, f, false, i > 0);
            }
        for (Loss kind : {Loss::poisson, Loss::negative_binomial})
            for (int i = 0; i < 30; i++)
                check_loss(cpu, rng, kind, Activation::exp, i % 2, i % 5);
    });
}

TEST("elementwise: the loss has the same bits for any number of threads, and of a row alone") {
    each_team({1, 2, 3, 4, 8}, [](const std::vector<const Backend<float> *> &backends) {
        for (Loss kind : {Loss::mse, Loss::bce, Loss::poisson, Loss::negative_binomial}) {
            bool count = is_count(kind), nb = kind == Loss::negative_binomial;
            std::vector<std::vector<float>> slopes, by_theta;
            std::vector<std::vector<double>> sums;
            Rng rng(19);
            Pair z(90, 700), t(90, 700), theta(1, 700);
            z.random(rng, -3, 3), theta.random(rng);
            t.fill([&](int64_t, int64_t) { return count ? double(size(rng, 0, 4)) : number(rng, 0, 1); });
            auto run = [&](const Backend<float> &cpu, Matrix<float> zm, Matrix<float> tm) {
                std::vector<float> g(704);
                std::vector<double> sum(static_cast<size_t>(zm.rows));
                LossArguments<float> a{};
                a.kind = kind, a.activation = Activation::sigmoid, a.delta = 1, a.weight = 0.5f;
                a.z = zm, a.target = tm, a.share = 1, a.sample_loss = sum.data(), a.gradient = true;
                if (nb)
                    a.log_theta = theta.f.data, a.log_theta_gradient = g.data();
                cpu.loss(cpu.self, a);
                sums.push_back(sum), by_theta.push_back(g);
            };
            for (const Backend<float> *cpu : backends) {
                Pair copy = z;
                run(*cpu, copy.f, t.f);
                slopes.push_back(copy.f_);
            }
            for (size_t i = 1; i < sums.size(); i++) {
                CHECK(sums[i] == sums[0]);
                CHECK(same_bits(slopes[i], slopes[0]));
                CHECK(same_bits(by_theta[i], by_theta[0]));
            }
            for (int64_t r : {0, 17, 89}) {
                Pair copy = z;
                Matrix<float> zm = copy.f, tm = t.f;
                zm.data = copy.f.row(r), tm.data = t.f.row(r), zm.rows = tm.rows = 1;
                run(*backends[1], zm, tm);
                CHECK_EQUAL(sums.back()[0], sums[0][size_t(r)]);
                CHECK(!std::memcmp(zm.data, slopes[0].data() + r * zm.ld, 700 * sizeof(float)));
            }
        }
    });
}

TEST("elementwise: noise and dropout draw as the reference does") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(16);
        DrawKey key{{0x12345678u, 0x9abcdef0u}, 7, kNoise};
        for (int i = 0; i < 30; i++) {
            int64_t rows = size(rng, 1, 20), cols = i < 3 ? 1000 + i : size(rng, 1, 150);
            std::vector<uint32_t> ids = sample_ids(rng, rows);
            double p = i % 5 == 0 ? 0.0 : i % 5 == 1 ? 0.999999 : number(rng, 0, 1);
            Pair x(rows, cols);
            x.random(rng);
            Pair dropped = x;
            cpu.dropout(cpu.self, key, ids.data(), p, dropped.f);
            reference.dropout(nullptr, key, ids.data(), p, dropped.d);
            CHECK_CLOSE(difference(dropped.f, dropped.d).of_largest(), 1e-6, label(cpu, "dropout", i));
            for (NoiseKind kind :
                 {NoiseKind::none, NoiseKind::masking, NoiseKind::salt_pepper, NoiseKind::gaussian}) {
                Pair y = x;
                NoiseRule rule{kind, i == 4 ? 1.0 : p, -0.5, 2.5};
                cpu.corrupt(cpu.self, rule, key, ids.data(), y.f, y.f);
                reference.corrupt(nullptr, rule, key, ids.data(), y.d, y.d);
                double tolerance = kind == NoiseKind::gaussian ? 1e-6 : 0;
                CHECK_CLOSE(difference(y.f, y.d).of_largest(), tolerance, label(cpu, "noise", int(kind)));
                CHECK(padding_is_zero(y.f));
            }
            Stored<float> f(x.f);
            Stored<double> d(x.d);
            cpu.mask_sparse(cpu.self, key, ids.data(), p, i % 2, f.m, f.value.data());
            reference.mask_sparse(nullptr, key, ids.data(), p, i % 2, d.m, d.value.data());
            CHECK_CLOSE(difference(f.value, d.value).of_largest(), 1e-6, label(cpu, "mask", i));
        }
    });
}

TEST("elementwise: a gathered row holds the host's numbers in single precision") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(19);
        for (int64_t cols : {1, 3, 4, 7, 8, 9, 15, 16, 17, 33, 70, 16385}) {
            Pair x(2, cols);
            x.random(rng, -3, 3);
            std::vector<double> host(size_t(2 * cols));
            for (double &v : host)
                v = 1e-3 + double(size(rng, -1000000, 1000000)) / 3;
            Column columns[] = {{host.data(), nullptr, nullptr, cols},
                                {host.data() + cols, nullptr, nullptr, cols}};
            cpu.gather(cpu.self, columns, x.f);
            for (int64_t i = 0; i < 2 * cols; i++)
                CHECK_EQUAL(x.f.at(i / cols, i % cols), float(host[size_t(i)]));
            CHECK(padding_is_zero(x.f));
        }
    });
}

TEST("elementwise: transforms agree with the reference, sparse with dense") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(17);
        for (int i = 0; i < 24; i++) {
            int64_t rows = size(rng, 1, 20), cols = size(rng, 1, 150);
            Pair x(rows, cols), center(1, cols), scale(1, cols), factor(1, rows);
            x.fill([&](int64_t, int64_t) { return size(rng, 0, 2) ? 0.0 : double(size(rng, 1, 5000)); });
            center.random(rng), scale.random(rng, 0.1, 3), factor.random(rng, 0.1, 4);
            bool has_factor = i & 1, log = i & 2, has_scale = i & 4, rest = i >= 8;
            InputTransform<float> f{log, rest ? center.f.data : nullptr, has_scale ? scale.f.data : nullptr,
                                    rest};
            InputTransform<double> d{log, rest ? center.d.data : nullptr, has_scale ? scale.d.data : nullptr,
                                     rest};
            Stored<float> stored(x.f);
            cpu.transform(cpu.self, f, has_factor ? factor.f.data : nullptr, x.f);
            reference.transform(nullptr, d, has_factor ? factor.d.data : nullptr, x.d);
            CHECK_CLOSE(difference(x.f, x.d).of_largest(), 1e-6, label(cpu, "transform", i));
            CHECK(padding_is_zero(x.f));
            if (rest)
                continue;
            cpu.transform_sparse(cpu.self, f, has_factor ? factor.f.data : nullptr, stored.m,
                                 stored.value.data());
            for (int64_t r = 0; r < rows; r++)
                for (int64_t k = stored.start[size_t(r)]; k < stored.start[size_t(r) + 1]; k++)
                    CHECK_EQUAL(stored.value[size_t(k)], x.f.at(r, stored.index[size_t(k)]));
        }
    });
}

TEST("elementwise: sums agree with the reference") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(18);
        for (int64_t n : {1, 15, 16, 17, 1000, 16384, 40001}) {
            Pair x(1, n), g(1, n);
            x.random(rng), g.random(rng);
            x.f.at(0, 0) = 0, x.d.at(0, 0) = 0; // no sign
            double norm = summed([&](Sum sum) { reference.squared_norm(nullptr, x.d.data, n, sum); });
            CHECK_NEAR(summed([&](Sum sum) { cpu.squared_norm(cpu.self, x.f.data, n, sum); }), norm,
                       1e-12 * norm);
            double penalty = summed([&](Sum sum) { reference.penalty(nullptr, x.d.data, n, 0.3, 0.2, sum); });
            CHECK_NEAR(summed([&](Sum sum) { cpu.penalty(cpu.self, x.f.data, n, 0.3, 0.2, sum); }), penalty,
                       1e-12 * penalty);
            cpu.add_penalty_gradient(cpu.self, g.f.data, x.f.data, n, 0.3, 0.2);
            reference.add_penalty_gradient(nullptr, g.d.data, x.d.data, n, 0.3, 0.2);
            CHECK_CLOSE(difference(g.f, g.d).of_largest(), 1e-6, label(cpu, "penalty gradient", int(n)));
        }
        for (int i = 0; i < 20; i++) {
            int64_t rows = size(rng, 1, 300), cols = size(rng, 1, 300);
            Pair h(rows, cols), dh(rows, cols), sums(1, cols);
            h.random(rng), dh.random(rng);
            double expected = summed([&](Sum sum) { reference.activity_l1(nullptr, h.d, 0.1f, dh.d, sum); });
            CHECK_NEAR(summed([&](Sum sum) { cpu.activity_l1(cpu.self, h.f, 0.1f, dh.f, sum); }), expected,
                       1e-12 * expected);
            CHECK_NEAR(summed([&](Sum sum) { cpu.activity_l1(cpu.self, h.f, 0.1f, Matrix<float>(), sum); }),
                       expected, 1e-12 * expected);
            CHECK_CLOSE(difference(dh.f, dh.d).of_largest(), 1e-6, label(cpu, "activity", i));
            cpu.column_sums(cpu.self, h.f, sums.f.data), reference.column_sums(nullptr, h.d, sums.d.data);
            CHECK_CLOSE(difference(sums.f, sums.d).of_largest(), 1e-5, label(cpu, "column sums", i));
        }
    });
}

TEST("elementwise: sums are added with their factor, and only where they are wanted") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(20);
        for (int64_t n : {0, 1, 255, 257, 5000, 140000}) {
            Pair x(1, n);
            x.random(rng);
            std::vector<double> numbers(size_t(n), 0.1);
            std::vector<double> value{3}; // not on the stack, which a device may not reach
            double norm = 0, total = 0;
            for (int64_t i = 0; i < n; i++)
                norm += double(x.f.data[i]) * double(x.f.data[i]),
                    total += numbers[size_t(i)] *= double(i + 1);
            cpu.squared_norm(cpu.self, x.f.data, n, {value.data(), 0.5});
            CHECK_NEAR(value[0], 3 + norm / 2, 1e-12 * (3 + norm));
            cpu.sum(cpu.self, numbers.data(), n, {value.data(), -2});
            CHECK_NEAR(value[0], 3 + norm / 2 - 2 * total, 1e-12 * (3 + norm + total));
            Pair dx(1, n);
            cpu.sum(cpu.self, numbers.data(), n, Sum()), cpu.squared_norm(cpu.self, x.f.data, n, Sum());
            cpu.penalty(cpu.self, x.f.data, n, 1, 1, Sum());
            cpu.activity_l1(cpu.self, x.f, 0.5f, dx.f, Sum());
            for (int64_t i = 0; i < n; i++)
                CHECK_EQUAL(dx.f.data[i], x.f.data[i] > 0 ? 0.5f : x.f.data[i] < 0 ? -0.5f : 0.0f);
        }
    });
}

TEST("elementwise: a loss over many features keeps its digits, and its shares are added") {
    each_backend(2, [](const Backend<float> &cpu) {
        const int64_t rows = 9, cols = 20001;
        Rng rng(21);
        Pair z(rows, cols), t(rows, cols);
        z.random(rng, -3, 3);
        t.fill([&](int64_t, int64_t) { return size(rng, 0, 9) ? 0.0 : double(size(rng, 1, 30)); });
        for (Loss kind : {Loss::mse, Loss::poisson}) {
            std::vector<double> sums(size_t(rows), -1), expected = sums;
            LossArguments<float> f{};
            LossArguments<double> d{};
            f.kind = d.kind = kind, f.activation = d.activation = Activation::linear;
            f.z = z.f, f.target = t.f, f.share = 0.25, f.sample_loss = sums.data();
            d.z = z.d, d.target = t.d, d.share = 0.25, d.sample_loss = expected.data();
            cpu.loss(cpu.self, f), reference.loss(nullptr, d);
            for (size_t r = 0; r < sums.size(); r++)
                CHECK_NEAR(sums[r], expected[r], 1e-6 * expected[r]);
            std::vector<double> once = sums;
            f.share = 0.5, f.accumulate = true;
            cpu.loss(cpu.self, f);
            for (size_t r = 0; r < sums.size(); r++)
                CHECK_NEAR(sums[r], 3 * once[r], 1e-14 * sums[r]);
            f.z.cols = f.target.cols = 0, f.accumulate = false; // no features: no loss
            cpu.loss(cpu.self, f);
            CHECK(sums == std::vector<double>(size_t(rows)));
        }
    });
}
