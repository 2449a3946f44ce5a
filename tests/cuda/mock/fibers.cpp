#include "fibers.h"
#include "cuda_runtime.h"
#include <memory>
#include <ucontext.h>
#include <vector>

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace {

constexpr size_t kStack = 64 * 1024;

struct Fiber {
    ucontext_t context;
    std::unique_ptr<char[]> stack{new char[kStack]};
    bool done = false;
    uint3 index;
};

ucontext_t scheduler;
std::vector<std::unique_ptr<Fiber>> fibers;
Fiber *running = nullptr;
mock::Kernel kernel;
const void *kernel_arguments;

void run_thread() {
    kernel(kernel_arguments);
    running->done = true;
}

void resume(Fiber &f) {
    running = &f;
    threadIdx = f.index;
    swapcontext(&scheduler, &f.context);
}

void run_block() {
    unsigned threads = blockDim.x * blockDim.y * blockDim.z;
    while (fibers.size() < threads)
        fibers.push_back(std::make_unique<Fiber>());
    for (unsigned t = 0; t < threads; t++) {
        Fiber &f = *fibers[t];
        f.done = false;
        f.index = {t % blockDim.x, t / blockDim.x % blockDim.y, t / blockDim.x / blockDim.y};
        getcontext(&f.context);
        f.context.uc_stack.ss_sp = f.stack.get();
        f.context.uc_stack.ss_size = kStack;
        f.context.uc_link = &scheduler;
        makecontext(&f.context, run_thread, 0);
    }
    // Every other round in the opposite order: code that counts on the order of its threads comes to light.
    bool any = true, forward = true;
    for (; any; forward = !forward) {
        any = false;
        for (unsigned i = 0; i < threads; i++) {
            Fiber &f = *fibers[forward ? i : threads - 1 - i];
            if (!f.done) {
                resume(f);
                any = true;
            }
        }
    }
}

} // namespace

void __syncthreads() {
    swapcontext(&running->context, &scheduler);
}

void mock::run(Kernel k, const void *arguments, dim3 grid, dim3 block) {
    kernel = k, kernel_arguments = arguments;
    gridDim = grid, blockDim = block;
    for (unsigned z = 0; z < grid.z; z++)
        for (unsigned y = 0; y < grid.y; y++)
            for (unsigned x = 0; x < grid.x; x++) {
                blockIdx = {x, y, z};
                run_block();
            }
}
