// Largest errors of the vector functions over their ranges, for every instruction set of this processor.
#include "check.h"
#include "cpu/dispatch.h"
#include "vector_math.h"
#include <algorithm>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define AESOP_SSE2
#endif
#define AESOP_LANES 4
#define AESOP_ISA baseline
namespace vector_test {
namespace AESOP_ISA {
using namespace aesop;
#include "vector_math_probe.h"
} // namespace AESOP_ISA
} // namespace vector_test

namespace {

using F = VectorFunction;
constexpr int64_t kSamples = 200000;

struct Target {
    std::string name;
    VectorProbe probe;
};
std::vector<Target> targets() {
    std::vector<Target> found;
    for (const std::string &name : aesop::cpu_targets())
        found.push_back({name, name == "avx512" ? avx512_probe()
                               : name == "avx2" ? avx2_probe()
                                                : vector_test::baseline::probe});
    return found;
}

// Evenly spaced, or evenly in the logarithm.
std::vector<float> between(double low, double high, bool logarithmic = false) {
    std::mt19937 rng(1);
    std::uniform_real_distribution<double> u(0, 1);
    std::vector<float> x(static_cast<size_t>(kSamples));
    for (float &v : x)
        v = float(logarithmic ? low * std::pow(high / low, u(rng)) : low + (high - low) * u(rng));
    x[0] = float(low), x[1] = float(high);
    return x;
}

double unit_in_last_place(double y) {
    float a = std::max(float(std::fabs(y)), std::numeric_limits<float>::min());
    return double(std::nextafter(a, INFINITY)) - double(a);
}

enum class Measure { ulp, absolute, relative, mixed }; // mixed: relative where the value is above 1

void check_errors(F which, Measure measure, double limit, const std::vector<float> &a,
                  const std::vector<float> &b, const std::function<double(double, double)> &truth) {
    for (const Target &t : targets()) {
        std::vector<float> y(a.size());
        t.probe(which, a.data(), b.data(), y.data(), int64_t(a.size()));
        double worst = 0, at = 0;
        for (size_t i = 0; i < a.size(); i++) {
            double expected = truth(a[i], b[i]), error = std::fabs(y[i] - expected);
            if (measure == Measure::ulp)
                error /= unit_in_last_place(expected);
            if (measure == Measure::mixed)
                error /= std::max(std::fabs(expected), 1.0);
            if (measure == Measure::relative)
                error /= std::max(std::fabs(expected), 1e-30);
            if (!(error <= worst))
                worst = error, at = a[i];
        }
        if (!(worst <= limit))
            check::fail(__FILE__, __LINE__,
                        t.name + ": error " + check::show(worst) + " at " + check::show(at) + ", allowed " +
                            check::show(limit));
    }
}
void check_errors(F which, Measure measure, double limit, const std::vector<float> &a,
                  const std::function<double(double)> &truth) {
    check_errors(which, measure, limit, a, a, [&](double x, double) { return truth(x); });
}

} // namespace

TEST("vector math: exp, log, log1p") {
    check_errors(F::exp, Measure::ulp, 1.1, between(-87, 88.7), [](double x) { return std::exp(x); });
    check_errors(F::log, Measure::ulp, 1, between(1.2e-38, 2.9e38, true),
                 [](double x) { return std::log(x); });
    check_errors(F::log, Measure::ulp, 1, between(0.5, 2), [](double x) { return std::log(x); });
    check_errors(F::log1p, Measure::ulp, 1.4, between(1e-30, 1e30, true),
                 [](double x) { return std::log1p(x); });
    check_errors(F::log1p, Measure::ulp, 1.4, between(-0.9999, 1), [](double x) { return std::log1p(x); });
    check_errors(F::log1p_fraction, Measure::ulp, 2, between(1e-30, 1, true),
                 [](double x) { return std::log1p(x); });
    check_errors(F::log1p_fraction, Measure::ulp, 2, between(0, 1), [](double x) { return std::log1p(x); });
}

TEST("vector math: tanh, erf, cos") {
    check_errors(F::tanh, Measure::ulp, 1.4, between(-10, 10), [](double x) { return std::tanh(x); });
    check_errors(F::tanh, Measure::ulp, 1.4, between(1e-30, 1, true), [](double x) { return std::tanh(x); });
    check_errors(F::erf, Measure::ulp, 2, between(-5, 5), [](double x) { return std::erf(x); });
    check_errors(F::erf, Measure::ulp, 2, between(1e-30, 1, true), [](double x) { return std::erf(x); });
    check_errors(F::cos_turns, Measure::absolute, 1e-7, between(0, 0.5),
                 [](double x) { return std::cos(6.283185307179586 * x); });
}

TEST("vector math: special values") {
    const float inf = INFINITY, nan = NAN;
    struct Point {
        F which;
        float x, y;
    };
    for (const Target &t : targets())
        for (Point p :
             {Point{F::exp, 0, 1},     {F::exp, 100, inf},   {F::exp, inf, inf},  {F::exp, -inf, 0},
              {F::exp, nan, nan},      {F::log, 1, 0},       {F::log, 0, -inf},   {F::log, inf, inf},
              {F::log, -1, nan},       {F::log, nan, nan},   {F::log1p, 0, 0},    {F::log1p, -1, -inf},
              {F::log1p, inf, inf},    {F::log1p, nan, nan}, {F::log1p, -2, nan}, {F::tanh, 0, 0},
              {F::tanh, 100, 1},       {F::tanh, -inf, -1},  {F::tanh, nan, nan}, {F::erf, 0, 0},
              {F::erf, -100, -1},      {F::erf, inf, 1},     {F::erf, nan, nan},  {F::cos_turns, 0, 1},
              {F::cos_turns, 0.5f, -1}}) {
            std::vector<float> x(16, p.x), y(16);
            t.probe(p.which, x.data(), x.data(), y.data(), 16);
            for (float found : y) {
                bool same = std::isnan(p.y) ? std::isnan(found) : found == p.y;
                if (!same &&
                    !(p.which == F::exp && p.x == -inf && found < 1e-38f)) // a denormal outside of a team
                    check::fail(__FILE__, __LINE__,
                                t.name + " function " + std::to_string(int(p.which)) + " of " +
                                    check::show(p.x) + " is " + check::show(found));
            }
        }
}

TEST("vector math: the gamma-function terms of the count losses") {
    check_errors(F::stirling, Measure::mixed, 6e-7, between(1e-4, 1e6, true), [](double x) {
        return std::lgamma(x + 1) - (x + 0.5) * std::log(x) + x - 0.9189385332046727;
    });
    auto a = between(1e-4, 1e6, true);
    auto counts = between(1, 1e5, true);
    std::shuffle(counts.begin(), counts.end(), std::mt19937(2));
    check_errors(F::digamma, Measure::relative, 4e-7, a, counts,
                 [](double x, double t) { return aesop::digamma_difference<double>(x, t); });
    check_errors(F::deviance, Measure::relative, 6e-6, a, counts, [](double x, double m) {
        return std::fabs(x - m) < 0.1 * (x + m) ? aesop::deviance_term<double>(x, m)
                                                : x * std::log(x / m) + m - x;
    });
}
