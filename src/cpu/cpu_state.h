// What the operations of the CPU backend share: kernels, threads and memory that grows on demand and stays.
#pragma once
#include "../core/backend.h"
#include "kernels.h"
#include "parallel.h"
#include <vector>

namespace aesop {

// 64-byte aligned and zeroed; Error("memory") where there is none. Start addresses are staggered: arrays that
// are walked side by side (weights and moments) must not lie a multiple of 4 KB apart, or loads wait for
// unrelated stores and pile up in a few cache sets.
float *allocate_floats(int64_t n);
void release_floats(float *p);

// Memory for partial results; the old contents are lost when it grows.
class Scratch {
  public:
    Scratch() = default;
    Scratch(Scratch &&other) noexcept : data_(other.data_), size_(other.size_) { other.data_ = nullptr; }
    ~Scratch() { release_floats(data_); }
    float *get(int64_t n) {
        if (n > size_) {
            release_floats(data_);
            data_ = nullptr, size_ = 0;
            data_ = allocate_floats(n);
            size_ = n;
        }
        return data_;
    }

  private:
    float *data_ = nullptr;
    int64_t size_ = 0;
};

// A sparse minibatch by columns: the entries of a column in ascending order of their rows.
struct ColumnMajor {
    std::vector<int64_t> start; // columns + 1
    std::vector<int32_t> row;
    std::vector<float> value;
};

struct CpuState {
    CpuState(int num_threads, const Kernels &k)
        : kernels(k), team(num_threads), own(size_t(team.threads())) {}

    const Kernels &kernels;
    Team team;
    Scratch shared;           // partial sums of all shards
    std::vector<Scratch> own; // one per worker, for data that lives within a shard
    std::vector<double> sums;
    std::vector<int64_t> bounds;      // in the rows of a sparse operand
    std::vector<ColumnMajor> columns; // one per product of a gradient

    // Memory of n floats for every worker, before the parallel part.
    void reserve_own(int64_t n) {
        for (Scratch &s : own)
            s.get(n);
    }
    double *reserve_sums(int64_t n) {
        if (int64_t(sums.size()) < n)
            sums.resize(size_t(n));
        return sums.data();
    }
};

inline CpuState &state_of(void *self) {
    return *static_cast<CpuState *>(self);
}
inline int64_t divide_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

// Fills the products of the table (products_cpu.cpp, gradient_cpu.cpp).
void add_products(Backend<float> &table);
void add_gradients(Backend<float> &table);
void add_elementwise(Backend<float> &table);
void add_draws(Backend<float> &table);
void add_penalties(Backend<float> &table);
void add_gather(Backend<float> &table);
void add_convolution(Backend<float> &table);

} // namespace aesop
