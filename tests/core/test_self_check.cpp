// The check of a device before it is used: it finds what computes wrong numbers, and nothing else.
#include "core/self_check.h"
#include "kernel_data.h"
#include <cmath>

using namespace kernel_test;

TEST("self-check: every backend passes") {
    each_backend(2, [](const Backend<float> &b) { CHECK(self_check(b) == ""); });
}

TEST("self-check: one wrong operation is told") {
    static CpuBackend cpu(1);
    static const Backend<float> right = cpu.table();
    auto wrong = [](auto &&change) {
        Backend<float> table = right;
        change(table);
        std::string what = self_check(table);
        CHECK(what.find("self-check") != std::string::npos);
    };
    wrong([](Backend<float> &t) {
        t.multiply = [](void *self, const Operand<float> &x, const Weights<float> &w, const float *bias,
                        Activation f, float slope, bool accumulate, const Matrix<float> &y) {
            right.multiply(self, x, w, bias, f, slope, accumulate, y);
            for (int64_t r = 0; r < y.rows; r++)
                y.at(r, y.cols - 1) = 0;
        };
    });
    wrong([](Backend<float> &t) {
        t.multiply_transposed = [](void *self, const Matrix<float> &y, const Weights<float> &w, const float *,
                                   Activation f, float slope, bool accumulate, const Matrix<float> &x) {
            right.multiply_transposed(self, y, w, nullptr, f, slope, accumulate, x);
            x.at(0, 0) += 1;
        };
    });
    wrong([](Backend<float> &t) {
        t.update_weights = [](void *, const Product<float> *, int, const Weights<float> &,
                              const Moments<float> &, const UpdateRule &) {};
    });
    wrong([](Backend<float> &t) {
        t.sample_normal = [](void *self, const DrawKey &, const uint32_t *, const Matrix<float> &mean,
                             const Matrix<float> &, const Matrix<float> &z) {
            right.activate(self, Activation::linear, 0, mean, z);
        };
    });
    wrong([](Backend<float> &t) { // a loss that is no number
        t.sum = [](void *, const double *, int64_t, const Sum &s) { add_to(s, std::nan("")); };
    });
}
