// First values of weight matrices; biases start at zero.
#pragma once
#include "config.h"
#include "parameters.h"

namespace aesop {

// index: number of the parameter, so that every matrix has its own draws.
template <class Real>
void initialize(ParameterSet<Real> &parameters, Parameter<Real> &p, const Config &config, Key seed,
                uint32_t index);

} // namespace aesop
