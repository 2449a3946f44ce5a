#include "byte_source.h"

#include "error.h"
#include "file_error.h"

#include <algorithm>
#include <cstring>

#ifdef AESOP_STANDARD_FILES
#include <filesystem>
#include <fstream>
#else
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace aesop {

void BytesInMemory::read(uint64_t offset, std::size_t n, unsigned char *to) {
    if (offset > size_ || n > size_ - offset)
        throw Error("io", "read beyond the end of the data").with("op", "read");
    if (n > 0)
        std::memcpy(to, data_ + offset, n);
}

namespace {

// No single request of more than this: some systems refuse or cut those of 2 GiB.
constexpr std::size_t kLargestRead = std::size_t{1} << 26;

[[noreturn]] void shrunk(const std::string &path) {
    throw Error("io", "cannot read '" + path + "': it became shorter while it was read")
        .with("path", path)
        .with("op", "read");
}

#ifdef AESOP_STANDARD_FILES

class FileSource : public ByteSource {
  public:
    explicit FileSource(const std::string &path) : path_(path) {
        const auto name = std::filesystem::u8path(path);
        std::error_code code;
        const auto status = std::filesystem::status(name, code);
        if (code)
            throw file_error("read", path, "open", code);
        if (!std::filesystem::is_regular_file(status))
            throw not_a_regular_file("read", path,
                                     std::filesystem::is_directory(status) ? "a directory" : "a device");
        size_ = std::filesystem::file_size(name, code);
        in_.open(name, std::ios::binary);
        if (code || !in_)
            throw file_error("read", path, "open",
                             code ? code : std::make_error_code(std::errc::permission_denied));
    }
    uint64_t size() const override { return size_; }
    void read(uint64_t offset, std::size_t n, unsigned char *to) override {
        in_.seekg(static_cast<std::streamoff>(offset));
        in_.read(reinterpret_cast<char *>(to), static_cast<std::streamsize>(n));
        if (!in_)
            shrunk(path_);
    }

  private:
    std::string path_;
    std::ifstream in_;
    uint64_t size_ = 0;
};

#else

class FileSource : public ByteSource {
  public:
    explicit FileSource(const std::string &path) : path_(path) {
        // Looked at before it is opened, as opening some devices has effects; and again after, as another
        // file may have taken the name. O_NONBLOCK: opening a pipe does not wait for a writer.
        struct stat info {};
        if (::stat(path.c_str(), &info) != 0)
            throw file_error("read", path, "open", errno);
        refuse_special(info);
        file_ = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (file_ < 0)
            throw file_error("read", path, "open", errno);
        try {
            if (::fstat(file_, &info) != 0)
                throw file_error("read", path, "stat", errno);
            refuse_special(info);
        } catch (...) {
            ::close(file_);
            throw;
        }
        size_ = static_cast<uint64_t>(info.st_size);
    }
    ~FileSource() override { ::close(file_); }
    FileSource(const FileSource &) = delete;
    FileSource &operator=(const FileSource &) = delete;

    uint64_t size() const override { return size_; }
    void read(uint64_t offset, std::size_t n, unsigned char *to) override {
        while (n > 0) {
            const ssize_t got = ::pread(file_, to, std::min(n, kLargestRead), static_cast<off_t>(offset));
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                throw file_error("read", path_, "read", errno);
            if (got == 0)
                shrunk(path_);
            const auto part = static_cast<std::size_t>(got);
            to += part, n -= part, offset += part;
        }
    }

  private:
    void refuse_special(const struct stat &info) const {
        if (!S_ISREG(info.st_mode))
            throw not_a_regular_file("read", path_, file_type_name(info.st_mode));
    }

    std::string path_;
    int file_ = -1;
    uint64_t size_ = 0;
};

#endif

} // namespace

std::unique_ptr<ByteSource> open_file_source(const std::string &path) {
    return std::make_unique<FileSource>(path);
}

} // namespace aesop
