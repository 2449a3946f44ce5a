// Random matrices in float and, with the same values, in double: for comparing a backend with the reference.
#pragma once
#include "check.h"
#include "core/reference.h"
#include "cpu/backend_cpu.h"
#include "cpu/dispatch.h"
#include <cstring>
#include <memory>
#include <random>

namespace kernel_test {

using namespace aesop;
using Rng = std::mt19937;

inline double number(Rng &rng, double low = -1, double high = 1) {
    return float(std::uniform_real_distribution<double>(low, high)(rng));
}
inline int64_t size(Rng &rng, int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(rng);
}

// The same matrix twice; rows as the backend wants them, padding zero.
struct Pair {
    std::vector<float> f_;
    std::vector<double> d_;
    Matrix<float> f;
    Matrix<double> d;
    Pair(int64_t rows = 0, int64_t cols = 0) {
        int64_t ld = leading_dimension(cols);
        f_.assign(size_t(rows * ld + kLane), 0.0f), d_.assign(size_t(rows * ld + kLane), 0.0);
        f = {f_.data(), rows, cols, ld}, d = {d_.data(), rows, cols, ld};
    }
    Pair(const Pair &o) : f_(o.f_), d_(o.d_), f(o.f), d(o.d) { f.data = f_.data(), d.data = d_.data(); }
    Pair &operator=(const Pair &) = delete;
    template <class F>
    Pair &fill(F &&value) {
        for (int64_t r = 0; r < f.rows; r++)
            for (int64_t c = 0; c < f.cols; c++)
                d.at(r, c) = f.at(r, c) = float(value(r, c));
        return *this;
    }
    Pair &random(Rng &rng, double low = -1, double high = 1) {
        return fill([&](int64_t, int64_t) { return number(rng, low, high); });
    }
    // About `share` of the values, the others zero.
    Pair &random_sparse(Rng &rng, double share) {
        return fill([&](int64_t, int64_t) { return number(rng, 0, 1) < share ? number(rng, -2, 2) : 0.0; });
    }
};

// The non-zeros of a matrix, in compressed rows.
template <class Real>
struct Stored {
    std::vector<int64_t> start;
    std::vector<int32_t> index;
    std::vector<Real> value;
    SparseMatrix<Real> m;
    explicit Stored(const Matrix<Real> &x) : start{0} {
        for (int64_t r = 0; r < x.rows; r++) {
            for (int64_t c = 0; c < x.cols; c++)
                if (x.at(r, c) != 0)
                    index.push_back(int32_t(c)), value.push_back(x.at(r, c));
            start.push_back(int64_t(index.size()));
        }
        m = {start.data(), index.data(), value.data(), x.rows, x.cols};
    }
};

// Weights inputs x units twice, padding zero.
struct WeightPair {
    std::vector<float> f_;
    std::vector<double> d_;
    Weights<float> f;
    Weights<double> d;
    WeightPair(int64_t inputs, int64_t units) {
        f.shape = d.shape = PanelShape{inputs, units};
        f_.assign(size_t(f.shape.size() + kLane), 0.0f), d_.assign(size_t(f.shape.size() + kLane), 0.0);
        f.data = f_.data(), d.data = d_.data();
    }
    WeightPair(const WeightPair &o) : f_(o.f_), d_(o.d_), f(o.f), d(o.d) {
        f.data = f_.data(), d.data = d_.data();
    }
    WeightPair &operator=(const WeightPair &) = delete;
    WeightPair &random(Rng &rng, double low = -1, double high = 1) {
        for (int64_t i = 0; i < f.shape.inputs; i++)
            for (int64_t o = 0; o < f.shape.units; o++)
                d.at(i, o) = f.at(i, o) = float(number(rng, low, high));
        return *this;
    }
};

struct Difference {
    double largest = 0, top = 0, squares = 0, norm = 0;
    void add(double found, double expected) {
        double d = found - expected;
        if (!(std::fabs(d) <= 1e300))
            d = 1e300; // not a number, infinite
        largest = std::max(largest, std::fabs(d)), top = std::max(top, std::fabs(expected));
        squares += d * d, norm += expected * expected;
    }
    double of_largest() const { return largest / std::max(top, 1e-30); }
    double of_norm() const { return std::sqrt(squares / std::max(norm, 1e-60)); }
};

inline Difference difference(const Matrix<float> &f, const Matrix<double> &d) {
    Difference e;
    for (int64_t r = 0; r < f.rows; r++)
        for (int64_t c = 0; c < f.cols; c++)
            e.add(f.at(r, c), d.at(r, c));
    return e;
}
inline Difference difference(const std::vector<float> &f, const std::vector<double> &d) {
    Difference e;
    for (size_t i = 0; i < f.size(); i++)
        e.add(f[i], d[i]);
    return e;
}
inline bool padding_is_zero(const Matrix<float> &m) {
    for (int64_t r = 0; r < m.rows; r++)
        for (int64_t c = m.cols; c < padded(m.cols); c++)
            if (m.at(r, c) != 0)
                return false;
    return true;
}
inline bool same_bits(const std::vector<float> &a, const std::vector<float> &b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Backends of other devices, whose tests put them here. Their operations are done when the calls return, and
// their memory is the host's, or that of the tests is theirs too.
inline std::vector<const Backend<float> *> &other_backends() {
    static std::vector<const Backend<float> *> all;
    return all;
}

// f(backends) for every instruction set of this processor, with a backend of each number of threads; or for
// the backends of other devices, where they are one and the same.
template <class F>
void each_team(const std::vector<int> &threads, F &&f) {
    using Tables = std::vector<const Backend<float> *>;
    for (const Backend<float> *b : other_backends()) {
        f(Tables(threads.size(), b));
        if (const DeviceFailure *failure = b->failure(b->self))
            check::fail(__FILE__, __LINE__, failure->message);
    }
    if (!other_backends().empty())
        return;
    for (const std::string &name : cpu_targets()) {
        std::vector<std::unique_ptr<CpuBackend>> team;
        Tables tables;
        for (int n : threads) {
            team.push_back(std::make_unique<CpuBackend>(n, name));
            tables.push_back(&team.back()->table());
        }
        f(tables);
    }
}
// f(backend) for every backend under test.
template <class F>
void each_backend(int threads, F &&f) {
    each_team({threads}, [&](const std::vector<const Backend<float> *> &b) { f(*b[0]); });
}

// The number that an operation adds to a Sum: summed([&](Sum sum) { cpu.penalty(..., sum); }).
template <class F>
double summed(F &&f) {
    auto value = std::make_unique<double>(0); // a device may reach the heap, but not the stack
    f(Sum{value.get()});
    return *value;
}

#define CHECK_CLOSE(error, tolerance, what)                                                                  \
    do {                                                                                                     \
        if (!((error) <= (tolerance)))                                                                       \
            check::fail(__FILE__, __LINE__, std::string(what) + ": error " + check::show(error));            \
    } while (false)

} // namespace kernel_test
