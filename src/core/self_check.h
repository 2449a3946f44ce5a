// Whether a device computes what it should: small networks are trained on it and on the plain reference in
// double precision.
#pragma once
#include "backend.h"
#include <string>

namespace aesop {

// How far the loss of an epoch may be from that of the reference, as a share of it.
double loss_tolerance(const Backend<float> &device);

// What is wrong; "" if nothing is. Takes some hundredths of a second. An Error if the device fails.
std::string self_check(const Backend<float> &device);

} // namespace aesop
