#include "fibers.h"
#include "cuda_runtime.h"
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>
#ifndef __x86_64__
#include <ucontext.h>
#endif

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace {

constexpr size_t kStack = 64 * 1024;

void run_thread();

// Where a fiber goes on: ucontext asks the system twice a switch, which takes most of the time of a kernel,
// so that the usual processor has its own switch.
#ifdef __x86_64__
// Saves the registers that a call keeps on the stack, the stack's address to *from, and goes on at `to`.
extern "C" void mock_switch(void **from, void *to);
asm(R"(
    .text
    .type mock_switch, @function
mock_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size mock_switch, .-mock_switch
)");
struct Context {
    void *stack_pointer = nullptr;
    void start(char *stack) {
        void **top = reinterpret_cast<void **>(reinterpret_cast<uintptr_t>(stack + kStack) / 16 * 16) - 8;
        for (int i = 0; i < 6; i++)
            top[i] = nullptr;
        top[6] = reinterpret_cast<void *>(run_thread);
        stack_pointer = top;
    }
    void leave_for(Context &to) { mock_switch(&stack_pointer, to.stack_pointer); }
};
#else
struct Context {
    ucontext_t context;
    void start(char *stack) {
        getcontext(&context);
        context.uc_stack.ss_sp = stack;
        context.uc_stack.ss_size = kStack;
        makecontext(&context, run_thread, 0);
    }
    void leave_for(Context &to) { swapcontext(&context, &to.context); }
};
#endif

struct Fiber {
    Context context;
    std::unique_ptr<char[]> stack{new char[kStack]};
    bool done = false;
    uint3 index;
};

Context scheduler;
std::vector<std::unique_ptr<Fiber>> &all_fibers() { // never destroyed: kernels may run until the end
    static auto &all = *new std::vector<std::unique_ptr<Fiber>>();
    return all;
}
Fiber *running = nullptr;
mock::Kernel kernel;
const void *kernel_arguments;

void run_thread() {
    kernel(kernel_arguments);
    running->done = true;
    running->context.leave_for(scheduler);
}

void resume(Fiber &f) {
    running = &f;
    threadIdx = f.index;
    scheduler.leave_for(f.context);
}

void run_block() {
    unsigned threads = blockDim.x * blockDim.y * blockDim.z;
    auto &fibers = all_fibers();
    while (fibers.size() < threads)
        fibers.push_back(std::make_unique<Fiber>());
    for (unsigned t = 0; t < threads; t++) {
        Fiber &f = *fibers[t];
        f.done = false;
        f.index = {t % blockDim.x, t / blockDim.x % blockDim.y, t / blockDim.x / blockDim.y};
        f.context.start(f.stack.get());
    }
    // Every other round in the opposite order: code that counts on the order of its threads comes to light.
    // All of them wait at a barrier, or are done: a barrier that some threads do not reach is an error.
    unsigned waiting = threads;
    for (bool forward = true; waiting > 0; forward = !forward) {
        unsigned reached = 0;
        for (unsigned i = 0; i < threads; i++) {
            Fiber &f = *fibers[forward ? i : threads - 1 - i];
            if (!f.done) {
                resume(f);
                reached += !f.done;
            }
        }
        if (reached != 0 && reached != threads)
            std::abort();
        waiting = reached;
    }
}

} // namespace

void __syncthreads() {
    running->context.leave_for(scheduler);
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
