// The plain implementation of the backend's operations: one loop per formula, no blocking, no threads.
// In double it is the reference for gradient checks; every fast kernel is compared with it.
#pragma once
#include "backend.h"

namespace aesop {

template <class Real>
const Backend<Real> &reference_backend();

// Its part for images (reference_convolution.cpp).
template <class Real>
void add_reference_convolution(Backend<Real> &table);

} // namespace aesop
