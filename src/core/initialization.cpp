#include "initialization.h"
#include "names.h"
#include <cmath>

namespace aesop {
namespace {

// Columns (or rows, where there are fewer of them) orthonormal: modified Gram-Schmidt, done twice for
// full precision. w: inputs x units, column-major.
void orthonormalize(std::vector<double> &w, int64_t inputs, int64_t units) {
    bool by_column = inputs >= units;
    int64_t n = by_column ? units : inputs, length = by_column ? inputs : units;
    auto at = [&](int64_t v, int64_t k) -> double & {
        return by_column ? w[size_t(v * inputs + k)] : w[size_t(k * inputs + v)];
    };
    for (int64_t v = 0; v < n; v++)
        for (int repeat = 0; repeat < 2; repeat++) {
            for (int64_t u = 0; u < v; u++) {
                double dot = 0;
                for (int64_t k = 0; k < length; k++)
                    dot += at(u, k) * at(v, k);
                for (int64_t k = 0; k < length; k++)
                    at(v, k) -= dot * at(u, k);
            }
            double norm = 0;
            for (int64_t k = 0; k < length; k++)
                norm += at(v, k) * at(v, k);
            norm = std::sqrt(norm);
            for (int64_t k = 0; k < length; k++)
                at(v, k) /= norm;
        }
}

} // namespace

template <class Real>
void initialize(ParameterSet<Real> &parameters, Parameter<Real> &p, const Config &config, Key seed,
                uint32_t index) {
    double inputs = double(p.fan_in), units = double(p.fan_out), sd = 1, width = 0;
    switch (initialization_from_name(config.initialization)) {
    case Initialization::gaussian:
        break;
    case Initialization::uniform:
        width = 1;
        break;
    case Initialization::glorot_uniform:
        width = std::sqrt(6 / (inputs + units));
        break; // Glorot and Bengio 2010
    case Initialization::glorot_normal:
        sd = std::sqrt(2 / (inputs + units));
        break;
    case Initialization::he_uniform:
        width = std::sqrt(6 / inputs);
        break; // He et al. 2015
    case Initialization::he_normal:
        sd = std::sqrt(2 / inputs);
        break;
    case Initialization::orthogonal:
        break; // Saxe et al. 2014
    }
    DrawKey key{seed, index, kInitialize};
    std::vector<double> values(size_t(p.shape.inputs * p.shape.units));
    for (int64_t o = 0; o < p.shape.units; o++)
        for (int64_t i = 0; i < p.shape.inputs; i++) {
            Words w = draw(key, uint32_t(i), uint32_t(o));
            double x = width > 0 ? width * (2 * uniform(w.w[0]) - 1) : sd * normal(w.w[0], w.w[1]);
            values[size_t(o * p.shape.inputs + i)] = x;
        }
    if (config.initialization == "orthogonal")
        orthonormalize(values, p.shape.inputs, p.shape.units);
    for (double &x : values)
        x *= config.initialization_scale;
    parameters.set(p, values.data());
}

template void initialize(ParameterSet<float> &, Parameter<float> &, const Config &, Key, uint32_t);
template void initialize(ParameterSet<double> &, Parameter<double> &, const Config &, Key, uint32_t);

} // namespace aesop
