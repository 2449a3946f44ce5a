// Losses with heads of the decoder, feature weights and the losses of a residual that came later: slopes
// against central differences, values against other formulas, and every instruction set against the
// reference.
#include "kernel_data.h"

using namespace kernel_test;

namespace {

const Backend<double> &reference = reference_backend<double>();

// What a loss is made of; each part may be left out.
struct Parts {
    Loss kind;
    Activation activation = Activation::exp;
    bool dispersion = false, zero_logit = false, share = false, factor = false;
    double ridge = 0;
    std::string name() const {
        return "loss " + std::to_string(int(kind)) + " activation " + std::to_string(int(activation)) +
               (dispersion ? " dispersion" : "") + (zero_logit ? " zero logit" : "") +
               (share ? " weights" : "") + (factor ? " factors" : "") + (ridge > 0 ? " ridge" : "");
    }
};

std::vector<Parts> all_parts() {
    std::vector<Parts> all;
    for (int i = 0; i < 4; i++) {
        bool share = i & 1, factor = i & 2;
        all.push_back({Loss::poisson, Activation::exp, false, false, share, factor});
        for (bool dispersion : {false, true}) {
            all.push_back({Loss::negative_binomial, Activation::exp, dispersion, false, share, factor});
            for (double ridge : {0.0, 0.3})
                all.push_back({Loss::zero_inflated, Activation::exp, dispersion, true, share, factor, ridge});
        }
    }
    for (Loss kind : {Loss::correntropy, Loss::log_cosh, Loss::mse, Loss::huber, Loss::bce})
        for (Activation f : {Activation::linear, Activation::sigmoid, Activation::gelu, Activation::softplus})
            for (bool share : {false, true})
                if (kind != Loss::bce || f == Activation::sigmoid)
                    all.push_back({kind, f, false, false, share});
    return all;
}

struct Data {
    Parts parts;
    Pair z, t, dispersion, logit, share, factor, log_theta, by_theta;
    std::vector<double> sums;
    Data(const Parts &p, Rng &rng, int64_t rows, int64_t cols)
        : parts(p), z(rows, cols), t(rows, cols), dispersion(rows, cols), logit(rows, cols), share(1, cols),
          factor(1, rows), log_theta(1, cols), by_theta(1, cols), sums(size_t(rows)) {
        bool count = is_count(p.kind);
        z.random(rng, count ? -4 : -3, count ? 5 : 3);
        t.fill([&](int64_t, int64_t) {
            return !count ? number(rng, 0, 1) : size(rng, 0, 2) ? 0.0 : double(size(rng, 1, 200));
        });
        dispersion.random(rng, -6, 8), logit.random(rng, -6, 6), log_theta.random(rng, -5, 5);
        share.random(rng, 0, 2), factor.random(rng, -1, 1);
    }
    template <class Real, class Select>
    LossArguments<Real> arguments(Select of, bool gradient) {
        LossArguments<Real> a{};
        a.kind = parts.kind, a.activation = parts.activation, a.delta = Real(0.7), a.weight = Real(0.25);
        a.zero_ridge = Real(parts.ridge), a.share = 1, a.sample_loss = sums.data(), a.gradient = gradient;
        a.z = of(z), a.target = of(t);
        if (parts.dispersion)
            a.dispersion = of(dispersion);
        else if (is_count(parts.kind) && parts.kind != Loss::poisson) {
            a.log_theta = of(log_theta).data;
            a.log_theta_gradient = gradient ? of(by_theta).data : nullptr;
        }
        if (parts.zero_logit)
            a.zero_logit = of(logit);
        if (parts.share)
            a.feature_weight = of(share).data;
        if (parts.factor)
            a.log_size_factor = of(factor).data;
        return a;
    }
    LossArguments<float> single(bool gradient) {
        return arguments<float>([](Pair &p) { return p.f; }, gradient);
    }
    LossArguments<double> twice(bool gradient) {
        return arguments<double>([](Pair &p) { return p.d; }, gradient);
    }
    double loss() { // of the whole batch, times its weight
        LossArguments<double> a = twice(false);
        reference.loss(nullptr, a);
        double total = 0;
        for (double s : sums)
            total += s;
        return 0.25 * total;
    }
};

// The largest error of `slopes` as derivatives of the loss by the values of `of`, and the largest slope.
void compare_slopes(Data &data, Pair Data::*of, const Matrix<double> &slopes, Difference &e) {
    Matrix<double> m = (data.*of).d;
    for (int64_t r = 0; r < m.rows; r++)
        for (int64_t c = 0; c < m.cols; c++) {
            double kept = m.at(r, c), h = 1e-5 * std::max(1.0, std::fabs(kept));
            m.at(r, c) = kept + h;
            double up = data.loss();
            m.at(r, c) = kept - h;
            double down = data.loss();
            m.at(r, c) = kept;
            e.add(slopes.at(r, c), (up - down) / (2 * h));
        }
}

} // namespace

TEST("heads: slopes are those of central differences") {
    Rng rng(31);
    for (const Parts &parts : all_parts()) {
        Data data(parts, rng, 4, 7), out = data;
        reference.loss(nullptr, out.twice(true));
        Difference by_z, by_head, by_logit, by_theta;
        compare_slopes(data, &Data::z, out.z.d, by_z);
        CHECK_CLOSE(by_z.of_largest(), 1e-6, parts.name() + ": z");
        if (parts.dispersion) {
            compare_slopes(data, &Data::dispersion, out.dispersion.d, by_head);
            CHECK_CLOSE(by_head.of_largest(), 1e-6, parts.name() + ": dispersion");
        } else if (is_count(parts.kind) && parts.kind != Loss::poisson) {
            compare_slopes(data, &Data::log_theta, out.by_theta.d, by_theta);
            CHECK_CLOSE(by_theta.of_largest(), 1e-6, parts.name() + ": log theta");
        }
        if (parts.zero_logit) {
            compare_slopes(data, &Data::logit, out.logit.d, by_logit);
            CHECK_CLOSE(by_logit.of_largest(), 1e-6, parts.name() + ": zero logit");
        }
    }
}

TEST("heads: counts have the likelihood of the textbook") {
    Rng rng(32);
    for (bool inflated : {false, true})
        for (bool head : {false, true}) {
            Parts parts{inflated ? Loss::zero_inflated : Loss::negative_binomial};
            parts.dispersion = head, parts.zero_logit = inflated;
            for (int i = 0; i < 300; i++) {
                Data data(parts, rng, 1, 1);
                double z = data.z.d.at(0, 0), t = data.t.d.at(0, 0), l = data.logit.d.at(0, 0);
                double d = data.dispersion.d.at(0, 0);
                double theta =
                    head ? std::max(std::log1p(std::exp(d)), 1e-4) : std::exp(data.log_theta.d.at(0, 0));
                double mu = std::exp(z), pi = inflated ? 1 / (1 + std::exp(-l)) : 0;
                double log_p = std::lgamma(t + theta) - std::lgamma(theta) - std::lgamma(t + 1) +
                               theta * std::log(theta / (theta + mu)) + t * std::log(mu / (theta + mu));
                double expected = -std::log((t > 0 ? 0 : pi) + (1 - pi) * std::exp(log_p));
                CHECK_NEAR(4 * data.loss(), expected, 1e-10 * std::max(1.0, expected));
            }
        }
}

TEST("heads: the ridge is ridge pi^2, the slope of the logit that of the posterior") {
    Rng rng(33);
    Parts parts{Loss::zero_inflated};
    parts.dispersion = parts.zero_logit = true;
    Data plain(parts, rng, 3, 40), ridged = plain;
    ridged.parts.ridge = 0.4;
    double expected = 0;
    for (int64_t r = 0; r < 3; r++)
        for (int64_t c = 0; c < 40; c++) {
            double pi = 1 / (1 + std::exp(-plain.logit.d.at(r, c)));
            expected += 0.25 * 0.4 * pi * pi;
        }
    CHECK_NEAR(ridged.loss() - plain.loss(), expected, 1e-12);
    Data out = plain;
    reference.loss(nullptr, out.twice(true));
    for (int64_t c = 0; c < 40; c++) {
        double l = plain.logit.d.at(0, c), pi = 1 / (1 + std::exp(-l)), posterior = 0;
        if (plain.t.d.at(0, c) == 0) {
            double theta = std::max(std::log1p(std::exp(plain.dispersion.d.at(0, c))), 1e-4);
            double nb = std::pow(theta / (theta + std::exp(plain.z.d.at(0, c))), theta);
            posterior = pi / (pi + (1 - pi) * nb);
        }
        CHECK_NEAR(4 * out.logit.d.at(0, c), pi - posterior, 1e-12);
    }
}

TEST("heads: every instruction set agrees with the reference") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(34);
        for (const Parts &parts : all_parts())
            for (int i = 0; i < 4; i++) {
                Data data(parts, rng, size(rng, 1, 50), i ? size(rng, 1, 70) : size(rng, 250, 600));
                Data copy = data;
                std::string what = std::string(cpu.name) + " " + parts.name();
                cpu.loss(cpu.self, data.single(i != 1));
                reference.loss(nullptr, copy.twice(i != 1));
                Difference loss;
                for (size_t r = 0; r < data.sums.size(); r++)
                    loss.add(data.sums[r], copy.sums[r]);
                CHECK_CLOSE(loss.of_largest(), 1e-5, what);
                for (Pair Data::*of : {&Data::z, &Data::dispersion, &Data::logit, &Data::by_theta}) {
                    CHECK_CLOSE(difference((data.*of).f, (copy.*of).d).of_largest(), 1e-4, what);
                    CHECK(padding_is_zero((data.*of).f));
                }
            }
    });
}

TEST("heads: the same bits for any number of threads, and of a row alone") {
    each_team({1, 2, 3}, [](const std::vector<const Backend<float> *> &backends) {
        for (const Parts &parts : all_parts()) {
            Rng rng(35);
            Data start(parts, rng, 70, 300);
            std::vector<std::vector<float>> bits;
            std::vector<double> sums;
            for (const Backend<float> *cpu : backends) {
                Data data = start;
                cpu->loss(cpu->self, data.single(true));
                if (bits.empty())
                    bits = {data.z.f_, data.dispersion.f_, data.logit.f_, data.by_theta.f_}, sums = data.sums;
                CHECK(sums == data.sums);
                CHECK(same_bits(bits[0], data.z.f_) && same_bits(bits[1], data.dispersion.f_));
                CHECK(same_bits(bits[2], data.logit.f_) && same_bits(bits[3], data.by_theta.f_));
            }
            for (int64_t r : {0, 41, 69}) {
                Data data = start;
                LossArguments<float> a = data.single(true);
                for (Matrix<float> *m : {&a.z, &a.target, &a.dispersion, &a.zero_logit})
                    m->data = m->data ? m->row(r) : nullptr, m->rows = 1;
                a.log_size_factor = a.log_size_factor ? a.log_size_factor + r : nullptr;
                backends[1]->loss(backends[1]->self, a);
                CHECK_EQUAL(data.sums[0], sums[size_t(r)]);
                CHECK(!std::memcmp(a.z.data, bits[0].data() + r * a.z.ld, 300 * sizeof(float)));
                CHECK(!std::memcmp(data.logit.f.row(r), bits[2].data() + r * a.z.ld, 300 * sizeof(float)));
            }
        }
    });
}

TEST("heads: feature weights scale loss and slopes, 1 as none, 0 leaves a feature out") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(36);
        for (Parts parts : all_parts()) {
            parts.share = false;
            Data plain(parts, rng, 20, 90), ones = plain, gaps = plain;
            ones.parts.share = gaps.parts.share = true;
            ones.share.fill([](int64_t, int64_t) { return 1; });
            gaps.share.fill([](int64_t, int64_t c) { return c % 3 ? 1 : 0; });
            Data without = gaps;
            for (int64_t r = 0; r < 20; r++) // other values of features without weight
                for (int64_t c = 0; c < 90; c += 3)
                    without.z.f.at(r, c) = 1, without.t.f.at(r, c) = 0, without.logit.f.at(r, c) = 0;
            for (Data *d : {&plain, &ones, &gaps, &without})
                cpu.loss(cpu.self, d->single(true));
            CHECK(plain.sums == ones.sums && gaps.sums == without.sums);
            CHECK(same_bits(plain.z.f_, ones.z.f_) && same_bits(plain.logit.f_, ones.logit.f_));
            for (int64_t r = 0; r < 20; r++)
                for (int64_t c = 0; c < 90; c++) {
                    CHECK_EQUAL(gaps.z.f.at(r, c), c % 3 ? plain.z.f.at(r, c) : 0.0f);
                    if (parts.zero_logit)
                        CHECK_EQUAL(gaps.logit.f.at(r, c), c % 3 ? plain.logit.f.at(r, c) : 0.0f);
                }
        }
    });
}

TEST("heads: small residuals keep their digits in float") {
    each_backend(1, [](const Backend<float> &cpu) {
        for (Loss kind : {Loss::correntropy, Loss::log_cosh})
            for (double r : {1e-6, 1e-4, 0.01, 0.5, 0.999, 1.001, 3.0, 40.0}) {
                Rng rng(37);
                Data data({kind, Activation::linear}, rng, 1, 1);
                data.t.f.at(0, 0) = 0, data.z.f.at(0, 0) = float(-r);
                r = double(float(r));
                double expected = kind == Loss::log_cosh
                                      ? r * r / 2 - r * r * r * r / 12
                                      : -std::expm1(-r * r / (2 * double(0.7f) * double(0.7f)));
                if (kind == Loss::log_cosh && r > 0.1)
                    expected = r + std::log1p(std::exp(-2 * r)) - std::log(2.0);
                cpu.loss(cpu.self, data.single(true));
                CHECK_NEAR(data.sums[0], expected, 2e-6 * expected);
                CHECK(data.z.f.at(0, 0) <= 0);
            }
    });
}

TEST("heads: extremes stay finite") {
    auto finite = [](double x) { return std::isfinite(x) && std::fabs(x) < 1e30; };
    each_backend(1, [&](const Backend<float> &cpu) {
        Rng rng(38);
        for (const Parts &parts : all_parts())
            for (double z : {-80.0, 0.0, 80.0})
                for (double l : {-1e4, -90.0, 0.0, 90.0, 1e4})
                    for (double d : {-1e4, -9.2, 14.0, 999999.0, 1e7}) {
                        Data data(parts, rng, 1, 4);
                        data.z.fill([&](int64_t, int64_t) { return z; });
                        data.logit.fill([&](int64_t, int64_t) { return l; });
                        data.dispersion.fill([&](int64_t, int64_t) { return d; });
                        data.log_theta.fill([&](int64_t, int64_t) { return d; });
                        bool count = is_count(parts.kind);
                        data.t.fill([&](int64_t, int64_t c) {
                            return double(c % 2) * (!count ? 1 : c == 1 ? 1e6 : 1);
                        });
                        Data copy = data;
                        cpu.loss(cpu.self, data.single(true)), reference.loss(nullptr, copy.twice(true));
                        std::string what = std::string(cpu.name) + " " + parts.name() + " z " +
                                           check::show(z) + " l " + check::show(l) + " d " + check::show(d);
                        bool all = finite(data.sums[0]) && finite(copy.sums[0]);
                        for (Pair Data::*of : {&Data::z, &Data::dispersion, &Data::logit, &Data::by_theta})
                            for (int64_t c = 0; c < 4; c++)
                                all = all && finite((data.*of).f.at(0, c)) && finite((copy.*of).d.at(0, c));
                        CHECK_CLOSE(all ? 0 : 1, 0, what);
                        double expected = copy.sums[0];
                        CHECK_NEAR(data.sums[0], expected, 1e-5 * std::max(1.0, std::fabs(expected)));
                    }
    });
}
