// The device that a call from R asks for: the processor, or a GPU through the plugin's functions.
#pragma once
#include "cpu/backend_cpu.h"
#include "cuda/plugin.h"
#include <Rcpp.h>
#include <memory>

namespace aesop {

class Device {
  public:
    // control: num_threads, and device, NULL or list(number, open, close) (R: .resolveDevice).
    explicit Device(const Rcpp::List &control);
    ~Device();
    Device(const Device &) = delete;
    Device &operator=(const Device &) = delete;
    const Backend<float> &table() const { return *table_; }

  private:
    std::unique_ptr<CpuBackend> cpu_;
    const Backend<float> *table_ = nullptr;
    aesop_cuda_close_function *close_ = nullptr;
};

} // namespace aesop
