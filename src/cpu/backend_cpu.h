// The operations of core/backend.h on the processor, with one standing team of threads per backend.
#pragma once
#include "../core/backend.h"
#include <memory>
#include <string>

namespace aesop {

struct CpuState;

class CpuBackend {
  public:
    explicit CpuBackend(int num_threads);
    CpuBackend(int num_threads, const std::string &target); // an instruction set by name (dispatch.h)
    ~CpuBackend();
    CpuBackend(const CpuBackend &) = delete;
    CpuBackend &operator=(const CpuBackend &) = delete;
    const Backend<float> &table() const { return table_; }

  private:
    std::unique_ptr<CpuState> state_;
    Backend<float> table_;
};

} // namespace aesop
