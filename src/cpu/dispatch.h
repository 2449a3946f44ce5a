// Which instruction set the kernels use: the best one that this processor has, unless the environment
// variable AESOP_CPU (read once) or set_cpu_target() names another. Backends made afterwards use it.
#pragma once
#include "kernels.h"
#include <string>
#include <vector>

namespace aesop {

const Kernels &cpu_kernels(); // the chosen ones
const Kernels &
cpu_kernels(const std::string &);             // by name; Error("param") where unknown or not supported here
std::vector<std::string> cpu_targets();       // what this processor can run, best last
std::string cpu_target();                     // the chosen one
void set_cpu_target(const std::string &name); // "auto" for the best

} // namespace aesop
