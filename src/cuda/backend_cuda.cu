#include "backend_cuda.h"
#include "operations.h"
#include "precision.h"

namespace aesop {

namespace {

constexpr int kStepsAhead = 64;

Queue &queue(void *self) {
    return *static_cast<Queue *>(self);
}

} // namespace

CudaBackend::CudaBackend(int device, bool at_once, Precision precision) : queue_(device, at_once, precision) {
    table_.version = kBackendVersion;
    table_.name = "cuda";
    table_.self = &queue_;
    with_precision(precision, [&](auto p) { table_.rounding = decltype(p)::kRounding; });
    table_.steps_ahead = kStepsAhead;
    table_.failure = [](void *self) { return queue(self).failure(); };
    table_.recover = [](void *self) { queue(self).recover(); };
    table_.room_for_samples = [](void *self) { return queue(self).room_for_samples(); };
    table_.allocate = [](void *self, int64_t bytes) { return queue(self).allocate(bytes); };
    table_.release = [](void *self, void *p) { queue(self).release(p); };
    table_.upload = [](void *self, void *to, const void *from, int64_t n) {
        queue(self).upload(to, from, n);
    };
    table_.download = [](void *self, void *to, const void *from, int64_t n) {
        queue(self).download(to, from, n);
    };
    table_.copy = [](void *self, void *to, const void *from, int64_t n) { queue_of(self).copy(to, from, n); };
    table_.step_done = [](void *self) { queue(self).step_done(); };
    add_cuda_products(table_);
    add_cuda_gradients(table_);
    add_cuda_convolution(table_);
    add_cuda_elementwise(table_);
    add_cuda_loss(table_);
    add_cuda_draws(table_);
    add_cuda_gather(table_);
    add_cuda_penalties(table_);
}

// A kernel that copies a number there and back: fails where there is no code for the device's architecture.
const DeviceFailure *CudaBackend::probe() {
    const double number = 42;
    double back = 0;
    void *p = queue_.allocate(int64_t(sizeof number));
    queue_.upload(p, &number, int64_t(sizeof number));
    queue_.download(&back, p, int64_t(sizeof back));
    queue_.release(p);
    static const DeviceFailure wrong{DeviceFailure::lost, "the GPU does not give back what it was given"};
    return queue_.failed() ? queue_.failure() : back == number ? nullptr : &wrong;
}

} // namespace aesop
