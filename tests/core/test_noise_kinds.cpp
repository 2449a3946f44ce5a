// Kinds of noise beyond masking, Gaussian and salt and pepper, and thinning of counts: laws, rates, every
// instruction set against the reference.
#include "core/binomial.h"
#include "kernel_data.h"

using namespace kernel_test;

namespace {

using Tables = std::vector<const Backend<float> *>;

const Backend<double> &reference = reference_backend<double>();
const DrawKey kKey{{0x12345678u, 0x9abcdef0u}, 7, kNoise};

std::vector<uint32_t> ids_of(int64_t n) {
    std::vector<uint32_t> ids(static_cast<size_t>(n));
    for (size_t i = 0; i < ids.size(); i++)
        ids[i] = uint32_t(i * 7 + 3);
    return ids;
}

// Every value tells its place: row + column / 1024.
Pair places(int64_t rows, int64_t cols) {
    Pair x(rows, cols);
    x.fill([](int64_t r, int64_t c) { return double(r) + double(c) / 1024; });
    return x;
}

Pair counts(Rng &rng, int64_t rows, int64_t cols) {
    Pair x(rows, cols);
    x.fill([&](int64_t, int64_t) {
        int64_t kind = size(rng, 0, 9);
        return double(kind < 6   ? 0
                      : kind < 8 ? size(rng, 1, 6)
                      : kind < 9 ? size(rng, 7, 40)
                                 : size(rng, 41, 9000));
    });
    return x;
}

} // namespace

TEST("noise kinds: ones and swap change the share of values they say") {
    const int64_t rows = 50, cols = 800;
    std::vector<uint32_t> ids = ids_of(rows);
    double n = double(rows * cols);
    for (NoiseKind kind : {NoiseKind::ones, NoiseKind::swap})
        for (double p : {0.0, 0.1, 0.6, 1.0}) {
            Pair x = places(rows, cols), y(rows, cols);
            reference.corrupt(nullptr, {kind, p, -1, 99}, kKey, ids.data(), x.d, y.d);
            double changed = 0;
            std::vector<double> offset(static_cast<size_t>(rows));
            for (int64_t r = 0; r < rows; r++)
                for (int64_t c = 0; c < cols; c++) {
                    if (y.d.at(r, c) == x.d.at(r, c))
                        continue;
                    changed++;
                    if (kind == NoiseKind::ones) {
                        CHECK_EQUAL(y.d.at(r, c), 99.0);
                        continue;
                    }
                    double from = std::floor(y.d.at(r, c)); // the value of its own column in another row
                    CHECK_EQUAL(y.d.at(r, c), x.d.at(int64_t(from), c));
                    offset[size_t((int64_t(from) - r + rows) % rows)]++;
                }
            CHECK_NEAR(changed / n, p, 3 * std::sqrt(p * (1 - p) / n));
            if (kind == NoiseKind::ones || p == 0)
                continue;
            double square = 0, expected = changed / double(rows - 1); // all other rows alike
            for (int64_t k = 1; k < rows; k++)
                square += std::pow(offset[size_t(k)] - expected, 2) / expected;
            CHECK_EQUAL(offset[0], 0.0);
            CHECK(square < 48 + 4 * std::sqrt(2.0 * 48));
        }
}

TEST("noise kinds: a single sample has nobody to swap with") {
    Pair x = places(1, 100), y(1, 100);
    uint32_t id = 5;
    NoiseRule rule{NoiseKind::swap, 1.0, 0, 1};
    reference.corrupt(nullptr, rule, kKey, &id, x.d, y.d);
    CHECK(x.d_ == y.d_);
    each_backend(2, [&](const Backend<float> &cpu) {
        Pair out(1, 100);
        cpu.corrupt(cpu.self, rule, kKey, &id, x.f, out.f);
        CHECK(same_bits(x.f_, out.f_));
    });
}

TEST("noise kinds: Cauchy noise has Cauchy quartiles and is bounded") {
    const int64_t rows = 100, cols = 1000;
    std::vector<uint32_t> ids = ids_of(rows);
    Pair x(rows, cols), y(rows, cols);
    reference.corrupt(nullptr, {NoiseKind::cauchy, 0.5, 0, 1}, kKey, ids.data(), x.d, y.d);
    double n = double(rows * cols);
    for (double q : {-20.0, -1.0, 0.0, 1.0, 20.0}) {
        double below = 0, p = 0.5 + std::atan(q) / M_PI;
        for (int64_t r = 0; r < rows; r++)
            for (int64_t c = 0; c < cols; c++)
                below += y.d.at(r, c) < 0.5 * q;
        CHECK_NEAR(below / n, p, 3 * std::sqrt(p * (1 - p) / n));
    }
    CHECK_NEAR(cauchy(0), -1e4, 0);
    CHECK_NEAR(cauchy(0xFFFFFFFFu), 1e4, 0);
}

TEST("noise kinds: every instruction set agrees with the reference, for any threads and a row alone") {
    each_team({1, 2, 3}, [](const Tables &b) {
        const Backend<float> &one = *b[0], &two = *b[1], &three = *b[2];
        Rng rng(51);
        for (int i = 0; i < 24; i++) {
            int64_t rows = size(rng, 1, 40), cols = i < 3 ? 1000 + i : size(rng, 1, 300);
            std::vector<uint32_t> ids = ids_of(rows);
            Pair x(rows, cols);
            x.random(rng);
            for (NoiseKind kind :
                 {NoiseKind::none, NoiseKind::masking, NoiseKind::gaussian, NoiseKind::salt_pepper,
                  NoiseKind::ones, NoiseKind::cauchy, NoiseKind::swap}) {
                NoiseRule rule{kind, i % 6 == 0 ? 1.0 : i % 6 == 1 ? 0.0 : number(rng, 0, 1), -0.5, 2.5};
                Pair y(rows, cols), again(rows, cols), third(rows, cols);
                one.corrupt(one.self, rule, kKey, ids.data(), x.f, y.f);
                two.corrupt(two.self, rule, kKey, ids.data(), x.f, again.f);
                three.corrupt(three.self, rule, kKey, ids.data(), x.f, third.f);
                reference.corrupt(nullptr, rule, kKey, ids.data(), x.d, y.d);
                CHECK(same_bits(y.f_, again.f_) && same_bits(y.f_, third.f_));
                CHECK(padding_is_zero(y.f));
                std::string what = std::string(one.name) + " noise " + std::to_string(int(kind));
                bool exact = kind != NoiseKind::gaussian && kind != NoiseKind::cauchy;
                for (int64_t r = 0; r < rows; r++)
                    for (int64_t c = 0; c < cols; c++) {
                        double expected = y.d.at(r, c);
                        CHECK_NEAR(y.f.at(r, c), expected,
                                   exact ? 0 : 2e-6 * std::max(1.0, std::fabs(expected)));
                    }
                if (kind == NoiseKind::swap)
                    continue;
                Matrix<float> row{x.f.row(rows - 1), 1, cols, x.f.ld};
                Pair alone(1, cols);
                two.corrupt(two.self, rule, kKey, &ids.back(), row, alone.f);
                CHECK(!std::memcmp(alone.f.data, y.f.row(rows - 1), size_t(cols) * sizeof(float)));
            }
        }
    });
}

TEST("thinning: probabilities are binomial") {
    for (int64_t n : {1, 2, 17, 300, 5000})
        for (double q : {1e-3, 0.2, 0.5, 0.97}) {
            double sum = 0;
            for (int64_t x = 0; x <= n; x++) {
                double log_p = std::lgamma(double(n + 1)) - std::lgamma(double(x + 1)) -
                               std::lgamma(double(n - x + 1)) + double(x) * std::log(q) +
                               double(n - x) * std::log1p(-q);
                double p = binomial_probability(x, n, q);
                CHECK_NEAR(p, std::exp(log_p), 1e-12 + 1e-10 * p);
                sum += p;
            }
            CHECK_NEAR(sum, 1, 1e-11);
        }
}

TEST("thinning: inversion gives every value its share") {
    for (int64_t n : {17, 40})
        for (double q : {0.05, 0.5, 0.9}) {
            const int steps = 200000;
            std::vector<double> share(static_cast<size_t>(n + 1));
            for (int i = 0; i < steps; i++)
                share[size_t(invert_binomial(n, q, (i + 0.5) / steps))] += 1.0 / steps;
            for (int64_t x = 0; x <= n; x++)
                CHECK_NEAR(share[size_t(x)], binomial_probability(x, n, q), 1.01 / steps);
        }
    CHECK_EQUAL(invert_binomial(20, 0, 0.5), 0);
    CHECK_EQUAL(invert_binomial(20, 1, 0.5), 20);
    for (double u : {1e-300, 0.5, 1.0}) // also where rounding leaves no value
        for (int64_t n : {17, 1000000}) {
            int64_t x = invert_binomial(n, 0.3, u);
            CHECK(x >= 0 && x <= n);
        }
}

TEST("thinning: counts follow the binomial distribution") {
    const int draws = 20000;
    for (int64_t n : {1, 2, 5, 16, 17, 40})
        for (double p : {0.1, 0.5, 0.8}) {
            std::vector<double> seen(static_cast<size_t>(n + 1));
            for (int i = 0; i < draws; i++)
                seen[size_t(draw_kept(kKey, uint32_t(i / 100), uint32_t(i % 100), n, p))]++;
            double square = 0, cells = -1, rest_seen = 0, rest = 0;
            for (int64_t x = 0; x <= n; x++) {
                double expected = draws * binomial_probability(x, n, 1 - p);
                if (expected < 5) // rare values share a cell
                    rest += expected, rest_seen += seen[size_t(x)];
                else
                    square += std::pow(seen[size_t(x)] - expected, 2) / expected, cells++;
            }
            if (rest >= 1)
                square += std::pow(rest_seen - rest, 2) / rest, cells++;
            if (!(square < cells + 4 * std::sqrt(2 * cells)))
                check::fail(__FILE__, __LINE__, "n " + std::to_string(n) + ": " + check::show(square));
        }
    for (int64_t n : {16, 100, 100000, 1000000}) {
        double mean = 0, variance = 0, p = 0.3, m = double(n) * 0.7;
        for (int i = 0; i < draws / 4; i++) {
            double d = double(draw_kept(kKey, 9, uint32_t(i), n, p)) - m;
            mean += d * 4 / draws, variance += d * d * 4 / draws;
        }
        double expected = m * 0.3;
        CHECK_NEAR(mean, 0, 3 * std::sqrt(expected * 4 / draws));
        CHECK_NEAR(variance, expected, 3 * expected * std::sqrt(2.0 * 4 / draws) * 1.01);
    }
}

TEST("thinning: sparse is dense, and every instruction set is the reference, exactly") {
    each_team({1, 2, 3}, [](const Tables &b) {
        const Backend<float> &one = *b[0], &three = *b[2];
        Rng rng(52);
        for (int i = 0; i < 12; i++) {
            int64_t rows = size(rng, 1, 30), cols = i ? size(rng, 1, 90) : 2000;
            double p = i == 1 ? 0.0 : i == 2 ? 1.0 : number(rng, 0, 1);
            std::vector<uint32_t> ids = ids_of(rows);
            Pair x = counts(rng, rows, cols), y(rows, cols), third(rows, cols);
            one.thin(one.self, kKey, ids.data(), p, x.f, y.f);
            three.thin(three.self, kKey, ids.data(), p, x.f, third.f);
            reference.thin(nullptr, kKey, ids.data(), p, x.d, y.d);
            CHECK(same_bits(y.f_, third.f_));
            CHECK_EQUAL(difference(y.f, y.d).largest, 0.0);
            CHECK(padding_is_zero(y.f));
            for (int64_t r = 0; r < rows; r++)
                for (int64_t c = 0; c < cols; c++) {
                    CHECK(y.f.at(r, c) >= 0 && y.f.at(r, c) <= x.f.at(r, c));
                    CHECK(p > 0 || y.f.at(r, c) == x.f.at(r, c));
                    CHECK(p < 1 || y.f.at(r, c) == 0);
                }
            Stored<float> stored(x.f);
            Stored<double> exact(x.d);
            three.thin_sparse(three.self, kKey, ids.data(), p, stored.m, stored.value.data());
            reference.thin_sparse(nullptr, kKey, ids.data(), p, exact.m, exact.value.data());
            for (int64_t r = 0; r < rows; r++)
                for (int64_t k = stored.start[size_t(r)]; k < stored.start[size_t(r) + 1]; k++) {
                    CHECK_EQUAL(stored.value[size_t(k)], y.f.at(r, stored.index[size_t(k)]));
                    CHECK_EQUAL(exact.value[size_t(k)], y.d.at(r, stored.index[size_t(k)]));
                }
            Matrix<float> row{x.f.row(rows - 1), 1, cols, x.f.ld};
            Pair alone(1, cols);
            one.thin(one.self, kKey, &ids.back(), p, row, alone.f);
            CHECK(!std::memcmp(alone.f.data, y.f.row(rows - 1), size_t(cols) * sizeof(float)));
        }
    });
}
