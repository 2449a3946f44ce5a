// Where the reader of model files gets its bytes: a file, or memory (tests, fuzzing, raw vectors).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace aesop {

class ByteSource {
  public:
    virtual ~ByteSource() = default;
    virtual uint64_t size() const = 0;
    // Copies the n bytes from `offset` on; the caller stays within size(). Error("io") if they are not there.
    virtual void read(uint64_t offset, std::size_t n, unsigned char *to) = 0;
};

// Does not own the bytes.
class BytesInMemory : public ByteSource {
  public:
    BytesInMemory(const void *data, std::size_t size)
        : data_(static_cast<const unsigned char *>(data)), size_(size) {}
    uint64_t size() const override { return size_; }
    void read(uint64_t offset, std::size_t n, unsigned char *to) override;

  private:
    const unsigned char *data_;
    std::size_t size_;
};

// Opens a regular file for reading. Directories, pipes, sockets and devices are refused without waiting for
// them. The file is read, not mapped: if it shrinks meanwhile that is an Error("io"), not a bus error.
std::unique_ptr<ByteSource> open_file_source(const std::string &path);

} // namespace aesop
