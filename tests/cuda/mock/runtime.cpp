#include "fibers.h"
#include "mock.h"
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

using Work = std::function<void()>;

struct MockStream {
    std::vector<Work> work; // asked for and not done
    std::vector<Work> *capture = nullptr;
    uint64_t asked = 0, done = 0;
};
struct MockEvent {
    MockStream *stream = nullptr;
    uint64_t after = 0; // how much of the stream's work it waits for
};
struct MockGraph {
    std::vector<Work> work;
};
struct MockGraphExec {
    std::vector<Work> work;
};

namespace mock {
Counts counts;
}

namespace {

using mock::counts;

int64_t allocations_until_failure = 0, calls_until_loss = 0, most_allocated = -1;
bool lost = false, spoiled = false;
mock::Machine machine = mock::Machine::usual;
cudaError_t last_error = cudaSuccess;

// A piece of memory that ends where a page begins that nobody may touch.
struct Piece {
    char *mapped;
    size_t bytes;
    bool host;
};
// Made when they are first asked for, and never destroyed: before and after everything that uses them.
std::map<char *, Piece> &pieces() {
    static auto &all = *new std::map<char *, Piece>();
    return all;
}
std::vector<MockStream *> &streams() {
    static auto &all = *new std::vector<MockStream *>();
    return all;
}

constexpr size_t kAlign = 64;

cudaError_t failing(cudaError_t e) {
    return last_error = e;
}

// What every call begins with.
cudaError_t begin() {
    counts.calls++;
    if (calls_until_loss > 0 && --calls_until_loss == 0)
        lost = true;
    if (lost)
        return failing(cudaErrorIllegalAddress);
    if (machine == mock::Machine::old_driver)
        return failing(cudaErrorInsufficientDriver);
    if (machine == mock::Machine::no_device)
        return failing(cudaErrorNoDevice);
    return cudaSuccess;
}
#define BEGIN                                                                                                \
    if (cudaError_t e_ = begin())                                                                            \
    return e_

bool no_memory() {
    return (allocations_until_failure > 0 && --allocations_until_failure == 0) ||
           (most_allocated >= 0 && counts.allocated >= most_allocated);
}

void work_until(MockStream *s, uint64_t last) {
    size_t n = size_t(last - s->done);
    if (last <= s->done)
        return;
    std::vector<Work> now(s->work.begin(), s->work.begin() + std::ptrdiff_t(n));
    s->work.erase(s->work.begin(), s->work.begin() + std::ptrdiff_t(n));
    s->done = last;
    for (Work &w : now)
        w();
}
void ask(MockStream *s, Work w) {
    if (s->capture) {
        s->capture->push_back(std::move(w));
        return;
    }
    s->work.push_back(std::move(w));
    s->asked++;
}

bool is_ours(const void *p) { // memory of the device, or of the host that the device can reach
    char *c = static_cast<char *>(const_cast<void *>(p));
    auto after = pieces().upper_bound(c);
    if (after == pieces().begin())
        return false;
    --after;
    return c < after->first + after->second.bytes;
}

cudaError_t allocate(void **p, size_t bytes, bool host) {
    BEGIN;
    *p = nullptr;
    counts.allocations++;
    if (no_memory())
        return failing(cudaErrorMemoryAllocation);
    if (bytes == 0)
        return cudaSuccess;
    const size_t page = size_t(sysconf(_SC_PAGESIZE));
    const size_t used = (bytes + kAlign - 1) / kAlign * kAlign, pages = (used + page - 1) / page * page;
    void *m = mmap(nullptr, pages + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED)
        return failing(cudaErrorMemoryAllocation);
    char *mapped = static_cast<char *>(m), *start = mapped + pages - used;
    mprotect(mapped + pages, page, PROT_NONE);
    std::memset(start, 0xFF, used); // not a number, whatever is read
    pieces()[start] = {mapped, bytes, host};
    counts.allocated++;
    *p = start;
    return cudaSuccess;
}

cudaError_t release(void *p, bool host) {
    BEGIN;
    if (!p)
        return cudaSuccess;
    for (MockStream *s : streams()) // as cudaFree does
        work_until(s, s->asked);
    auto at = pieces().find(static_cast<char *>(p));
    if (at == pieces().end() || at->second.host != host)
        return failing(cudaErrorInvalidValue);
    const size_t page = size_t(sysconf(_SC_PAGESIZE)), bytes = at->second.bytes;
    const size_t used = (bytes + kAlign - 1) / kAlign * kAlign, pages = (used + page - 1) / page * page;
    for (size_t i = bytes; i < used; i++)
        if (at->first[i] != char(0xFF))
            std::abort(); // something was written beyond the end
    munmap(at->second.mapped, pages + page);
    pieces().erase(at);
    counts.allocated--;
    return cudaSuccess;
}

} // namespace

void mock::fail_allocation(int64_t n) {
    allocations_until_failure = n;
}
void mock::set_allocation_limit(int64_t n) {
    most_allocated = n < 0 ? -1 : counts.allocated + n;
}
void mock::lose_device(int64_t n) {
    calls_until_loss = n, lost = false, last_error = cudaSuccess;
}
void mock::spoil_copies(bool wrong) {
    spoiled = wrong;
}
void mock::set_machine(Machine m) {
    machine = m;
}

const char *cudaGetErrorString(cudaError_t e) {
    switch (e) {
    case cudaSuccess:
        return "no error";
    case cudaErrorMemoryAllocation:
        return "out of memory";
    case cudaErrorInsufficientDriver:
        return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorNoDevice:
        return "no CUDA-capable device is detected";
    case cudaErrorInvalidDevice:
        return "invalid device ordinal";
    case cudaErrorIllegalAddress:
        return "an illegal memory access was encountered";
    default:
        return "another error";
    }
}
cudaError_t cudaGetLastError() {
    counts.calls++;
    cudaError_t e = last_error;
    last_error = cudaSuccess;
    return lost ? cudaErrorIllegalAddress : e;
}
cudaError_t cudaDriverGetVersion(int *version) {
    counts.calls++;
    *version = machine == mock::Machine::no_device ? 0 : machine == mock::Machine::old_driver ? 10020 : 13000;
    return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int *version) {
    counts.calls++;
    *version = 13000;
    return cudaSuccess;
}
cudaError_t cudaGetDeviceCount(int *n) {
    *n = 0;
    BEGIN;
    *n = 1;
    return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp *p, int device) {
    BEGIN;
    if (device != 0)
        return failing(cudaErrorInvalidDevice);
    *p = {"emulated", size_t(1) << 30, machine == mock::Machine::old_device ? 7 : 9, 0};
    return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
    BEGIN;
    return device == 0 ? cudaSuccess : failing(cudaErrorInvalidDevice);
}
cudaError_t cudaMemGetInfo(size_t *free, size_t *total) {
    BEGIN;
    *free = size_t(1) << 29, *total = size_t(1) << 30;
    return cudaSuccess;
}

cudaError_t cudaMalloc(void **p, size_t bytes) {
    return allocate(p, bytes, false);
}
cudaError_t cudaFree(void *p) {
    return release(p, false);
}
cudaError_t cudaMallocHost(void **p, size_t bytes) {
    return allocate(p, bytes, true);
}
cudaError_t cudaFreeHost(void *p) {
    return release(p, true);
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t s) {
    BEGIN;
    if (s->capture)
        return failing(cudaErrorInvalidValue);
    if (kind == cudaMemcpyHostToDevice && !is_ours(from)) { // pageable memory is read at once
        std::vector<char> bytes_now(static_cast<const char *>(from), static_cast<const char *>(from) + bytes);
        ask(s, [to, bytes_now] { std::memcpy(to, bytes_now.data(), bytes_now.size()); });
        return cudaSuccess;
    }
    bool wrong = spoiled && kind == cudaMemcpyDeviceToHost && bytes > sizeof(double);
    ask(s, [=] {
        std::memmove(to, from, bytes);
        if (wrong)
            std::memset(to, 0, sizeof(double));
    });
    if (kind == cudaMemcpyDeviceToHost && !is_ours(to))
        work_until(s, s->asked);
    return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t s) {
    BEGIN;
    ask(s, [=] { std::memset(to, value, bytes); });
    return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *s, unsigned) {
    BEGIN;
    streams().push_back(*s = new MockStream());
    counts.allocated_objects++;
    return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t s) {
    BEGIN;
    work_until(s, s->asked);
    for (size_t i = 0; i < streams().size(); i++)
        if (streams()[i] == s)
            streams().erase(streams().begin() + std::ptrdiff_t(i--));
    delete s;
    counts.allocated_objects--;
    return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t s) {
    BEGIN;
    work_until(s, s->asked);
    return cudaSuccess;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *e, unsigned) {
    BEGIN;
    *e = new MockEvent();
    counts.allocated_objects++;
    return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t e) {
    BEGIN;
    delete e;
    counts.allocated_objects--;
    return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t s) {
    BEGIN;
    e->stream = s, e->after = s->asked;
    return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t e) {
    BEGIN;
    if (e->stream)
        work_until(e->stream, e->after);
    return cudaSuccess;
}

cudaError_t cudaLaunchKernel(const void *kernel, dim3 grid, dim3 block, void **arguments, size_t,
                             cudaStream_t s) {
    BEGIN;
    const void *argument = *static_cast<void **>(arguments[0]);
    if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 0x7FFFFFFFu || grid.y > 65535 ||
        grid.z > 65535 || block.x == 0 || block.x * block.y * block.z > 1024)
        return failing(cudaErrorInvalidValue);
    ask(s, [=] {
        counts.kernels++;
        mock::run(reinterpret_cast<mock::Kernel>(const_cast<void *>(kernel)), argument, grid, block);
    });
    return cudaSuccess;
}
cudaError_t cudaStreamBeginCapture(cudaStream_t s, cudaStreamCaptureMode) {
    BEGIN;
    counts.captures++;
    s->capture = new std::vector<Work>();
    return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t s, cudaGraph_t *g) {
    BEGIN;
    if (!s->capture)
        return failing(cudaErrorInvalidValue);
    *g = new MockGraph{std::move(*s->capture)};
    delete s->capture;
    s->capture = nullptr;
    counts.allocated_objects++;
    return cudaSuccess;
}
cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t *e, cudaGraph_t g, unsigned long long) {
    BEGIN;
    *e = nullptr;
    counts.allocations++;
    if (no_memory())
        return failing(cudaErrorMemoryAllocation);
    *e = new MockGraphExec{g->work};
    counts.allocated_objects++;
    return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t g) {
    BEGIN;
    delete g;
    counts.allocated_objects--;
    return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t e) {
    BEGIN;
    delete e;
    counts.allocated_objects--;
    return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t e, cudaStream_t s) {
    BEGIN;
    counts.graphs++;
    for (const Work &w : e->work)
        ask(s, w);
    return cudaSuccess;
}
