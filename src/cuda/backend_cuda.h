// The operations of core/backend.h on a GPU.
#pragma once
#include "queue.h"

namespace aesop {

class CudaBackend {
  public:
    CudaBackend(int device, bool at_once, Precision precision = Precision::float32); // as of a Queue
    CudaBackend(const CudaBackend &) = delete;
    CudaBackend &operator=(const CudaBackend &) = delete;
    const Backend<float> &table() const { return table_; }
    // Null if the device computes what it should, else why not.
    const DeviceFailure *probe();

  private:
    Queue queue_;
    Backend<float> table_{};
};

} // namespace aesop
