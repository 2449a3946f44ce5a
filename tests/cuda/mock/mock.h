// What tests ask of the stand-in for CUDA: failures, and what was called.
#pragma once
#include "cuda_runtime.h"

namespace mock {

struct Counts {
    int64_t calls = 0;             // of the runtime, all together
    int64_t kernels = 0;           // run
    int64_t graphs = 0;            // launched
    int64_t captures = 0;          // begun
    int64_t allocations = 0;       // tried, of device and host memory
    int64_t allocated = 0;         // pieces of device and host memory that are in use now
    int64_t allocated_objects = 0; // streams, events, graphs
};
extern Counts counts;

// The n-th allocation from now (1: the next one) finds no memory; 0: none.
void fail_allocation(int64_t n);
// At most n pieces more than now can be in use; -1: no limit.
void set_allocation_limit(int64_t n);
// The n-th call from now and all that follow fail, as after a fault of a kernel; 0: none.
void lose_device(int64_t n);
// Whether every copy of more than one number to the host begins with a wrong one.
void spoil_copies(bool wrong);
// As on a machine with a device, with one without tensor cores, without any, and with a driver of old.
enum class Machine { usual, old_device, no_device, old_driver };
void set_machine(Machine m);

} // namespace mock
