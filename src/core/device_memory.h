// Memory of the device that computes, and what becomes of its failures.
#pragma once
#include "backend.h"
#include "error.h"
#include <limits>
#include <string>
#include <vector>

namespace aesop {

// The condition for a failure of the device; for want of host memory where the device does not name one.
inline Error device_error(const DeviceFailure *failure, int64_t bytes) {
    std::string size = std::to_string(double(bytes) / 1048576.0) + " MB could not be allocated";
    const char *less = "; use fewer units, a smaller batch_size or fewer features";
    if (!failure)
        return Error("memory", "out of memory: " + size + less).with("bytes", double(bytes));
    if (failure->kind == DeviceFailure::forked)
        return Error("fork", failure->message);
    bool lost = failure->kind == DeviceFailure::lost;
    std::string text = failure->message;
    text += lost ? ". The device cannot be used again in this session: restart R, or use device = \"cpu\"."
                 : std::string(less) + ", or device = \"cpu\".";
    return Error("device", text)
        .with("code", lost ? "lost" : "out_of_memory")
        .with("sticky", double(lost))
        .with("reason", failure->message);
}

// Throws if an operation has failed.
template <class Real>
void check_device(const Backend<Real> &backend) {
    if (const DeviceFailure *failure = backend.failure(backend.self))
        throw device_error(failure, 0);
}

// An array that grows when asked for more and never shrinks; growing loses its values, new memory is zero.
template <class T, class Real>
class DeviceArray {
  public:
    explicit DeviceArray(const Backend<Real> &backend) : backend_(&backend) {}
    ~DeviceArray() { backend_->release(backend_->self, data_); }
    DeviceArray(const DeviceArray &) = delete;
    DeviceArray &operator=(const DeviceArray &) = delete;

    T *get(int64_t n) {
        if (n > size_ || !data_) {
            constexpr int64_t most = std::numeric_limits<int64_t>::max(), size = int64_t(sizeof(T));
            int64_t bytes = n > most / size ? most : n * size; // which no device has
            backend_->release(backend_->self, data_);
            data_ = nullptr, size_ = 0;
            data_ = static_cast<T *>(backend_->allocate(backend_->self, bytes));
            if (!data_)
                throw device_error(backend_->failure(backend_->self), bytes);
            size_ = n;
        }
        return data_;
    }
    T *data() const { return data_; }
    int64_t size() const { return size_; }
    T *set(const T *host, int64_t n) {
        backend_->upload(backend_->self, get(n), host, n * int64_t(sizeof(T)));
        return data_;
    }
    // Waits for what was asked for before; throws where the device has failed.
    void read(T *host, int64_t from, int64_t n) const {
        backend_->download(backend_->self, host, data_ + from, n * int64_t(sizeof(T)));
        check_device(*backend_);
    }

  private:
    const Backend<Real> *backend_;
    T *data_ = nullptr;
    int64_t size_ = 0;
};

// One matrix; grows when asked for more rows.
template <class Real>
class Buffer {
  public:
    explicit Buffer(const Backend<Real> &backend) : memory_(backend) {}
    Matrix<Real> matrix(int64_t rows, int64_t cols) {
        return {memory_.get(rows * leading_dimension(cols)), rows, cols, leading_dimension(cols)};
    }
    Real *values(int64_t n) { return matrix(1, n).data; }
    bool empty() const { return !memory_.data(); }

  private:
    DeviceArray<Real, Real> memory_;
};

// A copy of a matrix of the device on the host; no rows where the matrix has no data.
template <class Real>
class HostMatrix {
  public:
    HostMatrix(const Backend<Real> &backend, const Matrix<Real> &m)
        : values_(size_t(m.data ? m.rows * m.ld : 0)), ld_(m.ld), rows(m.data ? m.rows : 0), cols(m.cols) {
        if (values_.empty())
            return;
        backend.download(backend.self, values_.data(), m.data, int64_t(values_.size() * sizeof(Real)));
        check_device(backend);
    }
    Real at(int64_t r, int64_t c) const { return values_[size_t(r * ld_ + c)]; }

  private:
    std::vector<Real> values_;
    int64_t ld_;

  public:
    const int64_t rows, cols;
};

} // namespace aesop
