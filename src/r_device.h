// The device that a call from R asks for: the processor, or a GPU through the plugin's functions.
#pragma once
#include "cpu/backend_cpu.h"
#include "cuda/plugin.h"
#include <Rcpp.h>
#include <memory>

namespace aesop {

class ComputeDevice {
  public:
    // control: num_threads; device, NULL or list(number, open, close) (R: .resolveDevice); of a GPU also
    // precision, NULL for "float32".
    explicit ComputeDevice(const Rcpp::List &control);
    ~ComputeDevice();
    ComputeDevice(const ComputeDevice &) = delete;
    ComputeDevice &operator=(const ComputeDevice &) = delete;
    const Backend<float> &table() const { return *table_; }

  private:
    std::unique_ptr<CpuBackend> cpu_;
    const Backend<float> *table_ = nullptr;
    aesop_cuda_close_function *close_ = nullptr;
};

} // namespace aesop
