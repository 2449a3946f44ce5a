// Runs a kernel on the host.
#pragma once
#include "cuda_runtime.h"

namespace mock {

// Every kernel takes one pointer to its arguments.
using Kernel = void (*)(const void *);
void run(Kernel kernel, const void *arguments, dim3 grid, dim3 block);

} // namespace mock
