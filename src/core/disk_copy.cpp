#include "disk_copy.h"
#include "assay_batch.h"
#include "error.h"
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace aesop {
namespace {

constexpr int64_t kFirst = 100; // samples that decide whether all are stored as sparse ones

Error io_error(const char *what, const char *op, const std::string &path) {
    return Error("io", std::string("Could not ") + what + " the temporary copy of `x` (" + path +
                           "): " + std::strerror(errno) +
                           ". It takes as much room as `x` in memory; the environment variable TMPDIR says "
                           "where R makes it.")
        .with("path", path)
        .with("op", op)
        .with("errno", double(errno));
}

int64_t non_zeros(const Column &c) {
    int64_t n = 0;
    for (int64_t k = 0; k < c.size; k++)
        n += c.real ? c.real[k] != 0 : c.integer[k] != 0;
    return n;
}

} // namespace

DiskCopy::DiskCopy(BatchSource &from, const std::string &path) : from_(from), path_(path) {
    if (!file_.open(path, std::ios::in | std::ios::out | std::ios::trunc | std::ios::binary))
        throw io_error("make", "open", path);
    try {
        choose_layout();
        start_.push_back(0);
        each_sample(from, [&](int64_t, const Column &c) { write(c); });
        if (file_.pubsync() != 0)
            throw io_error("write", "write", path);
    } catch (...) {
        file_.close();
        std::remove(path.c_str());
        throw;
    }
    place_.assign(size_t(from.samples()), 0);
}

DiskCopy::~DiskCopy() {
    file_.close();
    std::remove(path_.c_str());
}

void DiskCopy::choose_layout() {
    std::vector<int64_t> first(size_t(std::min(kFirst, from_.samples())));
    for (size_t i = 0; i < first.size(); i++)
        first[i] = int64_t(i);
    from_.prepare(first.data(), int64_t(first.size()));
    double stored = 0;
    for (int64_t s : first)
        stored += double(non_zeros(from_.column(s)));
    sparse_ = from_.sparse() || stored < kSparseShare * double(first.size()) * double(from_.features());
    integer_ = !sparse_ && !from_.column(0).real;
}

// int32 numbers behind the doubles, padded to whole doubles.
void DiskCopy::append(const int32_t *from, size_t n) {
    size_t before = buffer_.size();
    buffer_.resize(before + (n + 1) / 2);
    std::memcpy(buffer_.data() + before, from, n * sizeof(int32_t));
}

void DiskCopy::write(const Column &c) {
    buffer_.clear();
    if (sparse_) {
        index_.clear();
        for (int64_t k = 0; k < c.size; k++) {
            double v = c.value(k);
            if (v == 0)
                continue;
            buffer_.push_back(v);
            index_.push_back(c.index ? c.index[k] : int32_t(k));
        }
        append(index_.data(), index_.size());
    } else if (c.real) {
        buffer_.assign(c.real, c.real + c.size);
    } else {
        append(c.integer, size_t(c.size));
    }
    auto n = std::streamsize(buffer_.size() * sizeof(double));
    if (file_.sputn(reinterpret_cast<const char *>(buffer_.data()), n) != n)
        throw io_error("write", "write", path_);
    start_.push_back(start_.back() + n);
}

void DiskCopy::prepare(const int64_t *samples, int64_t n) {
    int64_t size = 0;
    for (int64_t k = 0; k < n; k++) {
        place_[size_t(samples[k])] = size;
        size += bytes(samples[k]) / int64_t(sizeof(double));
    }
    buffer_.resize(size_t(size));
    for (int64_t k = 0; k < n; k++) {
        auto length = std::streamsize(bytes(samples[k]));
        char *to = reinterpret_cast<char *>(buffer_.data() + place_[size_t(samples[k])]);
        if (file_.pubseekpos(start_[size_t(samples[k])]) < 0 || file_.sgetn(to, length) != length)
            throw io_error("read", "read", path_);
    }
}

Column DiskCopy::column(int64_t sample) const {
    const double *row = buffer_.data() + place_[size_t(sample)];
    if (integer_)
        return {nullptr, reinterpret_cast<const int32_t *>(row), nullptr, features()};
    if (!sparse_)
        return {row, nullptr, nullptr, features()};
    int64_t stored =
        bytes(sample) / int64_t(sizeof(double)) * 2 / 3; // n doubles and (n + 1) / 2 for the indices
    return {row, nullptr, reinterpret_cast<const int32_t *>(row + stored), stored};
}

} // namespace aesop
