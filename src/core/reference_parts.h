// The parts of the plain implementation that stand in files of their own: each fills its operations.
#pragma once
#include "backend.h"

namespace aesop {

template <class Real>
void add_reference_draws(Backend<Real> &table);
template <class Real>
void add_reference_losses(Backend<Real> &table);

} // namespace aesop
