// Products of rounded factors: those of the reference on factors that were rounded before, and whole fits.
#include "core/kernel_data.h"
#include "core/self_check.h"
#include "cuda/backend_cuda.h"
#include <array>
#include <cstring>

using namespace kernel_test;

namespace {

const Backend<double> &reference = reference_backend<double>();

// x with `bits` bits behind the point, to nearest; ties to even, or away from zero.
double rounded(double x, int bits, bool even) {
    int exponent;
    double fraction = std::frexp(x, &exponent), scaled = std::ldexp(fraction, bits + 1);
    return std::ldexp(even ? std::nearbyint(scaled) : std::round(scaled), exponent - bits - 1);
}

struct Case {
    Precision precision;
    int bits;
    bool even;
    double round(double x) const { return rounded(x, bits, even); }
};
const Case kCases[] = {{Precision::tf32, 10, false}, {Precision::bf16, 7, true}};

void round_all(std::vector<double> &x, const Case &c) {
    for (double &v : x)
        v = c.round(v);
}

} // namespace

TEST("precision: products of rounded factors") {
    for (const Case &c : kCases) {
        CudaBackend cuda(0, true, c.precision);
        const Backend<float> &b = cuda.table();
        Rng rng(43);
        UpdateRule rule; // w - gradient
        rule.kind = OptimizerKind::sgd, rule.learning_rate = 1;
        for (int64_t rows : {0, 1, 17, 50, 257})
            for (auto [inputs, units] :
                 {std::array<int, 2>{1, 1}, {16, 17}, {0, 3}, {63, 65}, {600, 15}, {15, 600}}) {
                Pair x(rows, inputs), y(rows, units), back(rows, inputs), bias(1, units);
                x.random_sparse(rng, 0.5), bias.random(rng);
                WeightPair w(inputs, units), dw(inputs, units);
                w.random(rng);
                Stored<float> stored(x.f);
                Pair sparse = y, first = y;
                b.multiply(b.self, x.f, w.f, bias.f.data, Activation::linear, 0, false, y.f);
                b.multiply(b.self, stored.m, w.f, bias.f.data, Activation::linear, 0, false, sparse.f);
                CHECK(same_bits(y.f_, sparse.f_) && padding_is_zero(y.f));
                if (rows > 1) { // a row has the bits of a row alone
                    Matrix<float> one = x.f, to = first.f;
                    one.rows = to.rows = 1;
                    b.multiply(b.self, one, w.f, bias.f.data, Activation::linear, 0, false, to);
                    CHECK(!std::memcmp(first.f.data, y.f.data, size_t(units) * sizeof(float)));
                }
                Pair dy = y;
                dy.random(rng);
                b.multiply_transposed(b.self, dy.f, w.f, nullptr, Activation::linear, 0, false, back.f);
                Product<float> products[] = {{stored.m, dy.f}, {x.f, dy.f}};
                b.weight_gradient(b.self, products, 2, dw.f);
                WeightPair updated = w;
                b.update_weights(b.self, products, 2, updated.f, {}, rule);

                round_all(x.d_, c), round_all(dy.d_, c), round_all(w.d_, c);
                reference.multiply(nullptr, x.d, w.d, bias.d.data, Activation::linear, 0, false, y.d);
                reference.multiply_transposed(nullptr, dy.d, w.d, nullptr, Activation::linear, 0, false,
                                              back.d);
                Product<double> precise[] = {{x.d, dy.d}, {x.d, dy.d}};
                reference.weight_gradient(nullptr, precise, 2, dw.d);
                reference.update_weights(nullptr, precise, 2, updated.d, {}, rule);
                std::string what = std::to_string(c.bits) + " bits, " + std::to_string(rows) + " x " +
                                   std::to_string(inputs) + " x " + std::to_string(units);
                CHECK_CLOSE(difference(y.f, y.d).of_largest(), 1e-5, "multiply " + what);
                CHECK_CLOSE(difference(back.f, back.d).of_largest(), 1e-5, "transposed " + what);
                CHECK_CLOSE(difference(dw.f_, dw.d_).of_largest(), 1e-5, "gradient " + what);
                CHECK_CLOSE(difference(updated.f_, updated.d_).of_largest(), 1e-5, "update " + what);
            }
        CHECK(b.failure(b.self) == nullptr);
    }
}

TEST("precision: losses within what rounding leaves") {
    CudaBackend precise(0, false);
    CHECK_EQUAL(loss_tolerance(precise.table()), 1e-3);
    for (const Case &c : kCases) {
        CudaBackend cuda(0, false, c.precision);
        CHECK_EQUAL(cuda.table().rounding, std::ldexp(1, -c.bits - 1));
        CHECK_EQUAL(self_check(cuda.table()), "");
    }
}
