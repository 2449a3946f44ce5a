// configure compiles this to see whether nvcc and the compiler of the host agree.
#include <cstdint>
#include <cuda_bf16.h>
#include <cuda_runtime.h>
#include <memory>
#include <mma.h>
#include <vector>

struct Arguments {
    const float *x;
    float *y;
    int64_t n;
};

__global__ void twice(const Arguments *a) {
    int64_t i = int64_t(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i < a->n)
        a->y[i] = 2 * a->x[i];
}

extern "C" int cuda_test() {
    auto sizes = std::make_unique<std::vector<int>>(3, 1);
    void *pointer = nullptr, *parameters[] = {&pointer};
    return int(cudaLaunchKernel(reinterpret_cast<const void *>(twice), dim3(unsigned(sizes->size())),
                                dim3(32), parameters, 0, nullptr));
}
