#include "atomic_file.h"

#include "sha256.h"

#include <algorithm>

#ifdef AESOP_STANDARD_FILES
#include <filesystem>
#include <fstream>
#else
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#endif

namespace aesop {

namespace {

// The temporary file's name has the same length whatever the target's, which may be as long as the file
// system allows; and it is always the same for a target, so the next save clears what a killed one left.
std::string temporary_name(const std::string &base_name) {
    Sha256 hash;
    hash.update(base_name.data(), base_name.size());
    return ".aesop-" + hash.finish().substr(0, 16) + ".tmp";
}

} // namespace

#ifdef AESOP_STANDARD_FILES

void replace_file(const std::string &path, const ByteRanges &content) {
    namespace fs = std::filesystem;
    const fs::path target = fs::u8path(path);
    std::error_code code;
    const auto status = fs::status(target, code);
    if (fs::exists(status) && !fs::is_regular_file(status))
        throw not_a_regular_file("write", path, fs::is_directory(status) ? "a directory" : "a device");
    fs::path temporary = target;
    temporary.replace_filename(temporary_name(target.filename().u8string()));

    const auto fail = [&](const char *op, std::error_code why) {
        std::error_code ignored;
        fs::remove(temporary, ignored);
        throw file_error("write", path, op, why ? why : std::make_error_code(std::errc::io_error));
    };
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    if (!out)
        fail("open", {});
    for (const auto &range : content)
        out.write(static_cast<const char *>(range.first), static_cast<std::streamsize>(range.second));
    if (!out.flush())
        fail("write", {});
    out.close();
    if (!out)
        fail("close", {});
    fs::rename(temporary, target, code);
    if (code)
        fail("rename", code);
}

#else

namespace {

// Beyond a file size limit the system would end the process with this signal; ignored, write() returns EFBIG.
class IgnoreFileSizeSignal {
  public:
    IgnoreFileSizeSignal() {
        struct sigaction ignore {};
        ignore.sa_handler = SIG_IGN;
        sigemptyset(&ignore.sa_mask);
        changed_ = ::sigaction(SIGXFSZ, &ignore, &before_) == 0;
    }
    ~IgnoreFileSizeSignal() {
        if (changed_)
            ::sigaction(SIGXFSZ, &before_, nullptr);
    }
    IgnoreFileSizeSignal(const IgnoreFileSizeSignal &) = delete;
    IgnoreFileSizeSignal &operator=(const IgnoreFileSizeSignal &) = delete;

  private:
    struct sigaction before_ {};
    bool changed_ = false;
};

// An error of fsync() that means "this file system has no such thing" and not "your data are lost".
bool sync_unsupported(int code) {
    return code == EINVAL || code == ENOTSUP || code == ENOSYS;
}

class TemporaryFile {
  public:
    // Two processes that save to one path must not write into one temporary file: the second gives up.
    TemporaryFile(std::string name, const std::string &path) : name_(std::move(name)), path_(path) {
        for (int attempt = 0; attempt < 100; ++attempt) {
            file_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
            if (file_ < 0)
                fail("open");
            // Where locks do not exist (some network file systems) there is only the check below.
            if (::flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
                ::close(file_);
                throw Error("io", "cannot write '" + path_ + "': another process is saving to this path")
                    .with("path", path_)
                    .with("op", "lock")
                    .with("errno", EWOULDBLOCK);
            }
            struct stat opened {
            }, named{};
            if (::fstat(file_, &opened) == 0 && ::lstat(name_.c_str(), &named) == 0 &&
                opened.st_ino == named.st_ino && opened.st_dev == named.st_dev)
                break;
            ::close(file_); // renamed or removed by its owner between open() and flock(): try again
            file_ = -1;
        }
        if (file_ < 0)
            throw file_error("write", path_, "open", EBUSY);
        remove_ = true;
        struct stat info {};
        if (::fstat(file_, &info) != 0 || !S_ISREG(info.st_mode) || ::ftruncate(file_, 0) != 0) {
            const int code = errno;
            close_and_remove();
            throw file_error("write", path_, "truncate", code);
        }
    }
    ~TemporaryFile() { close_and_remove(); }
    TemporaryFile(const TemporaryFile &) = delete;
    TemporaryFile &operator=(const TemporaryFile &) = delete;

    int file() const { return file_; }

    void move_to(const std::string &target) {
        if (::fsync(file_) != 0 && !sync_unsupported(errno))
            fail("fsync");
        // Network file systems report some errors on closing. Closing a duplicate brings them out now, while
        // the original keeps the lock until the file has its final name.
        const int duplicate = ::dup(file_);
        if (duplicate < 0 || ::close(duplicate) != 0)
            fail("close");
        if (::rename(name_.c_str(), target.c_str()) != 0)
            fail("rename");
        remove_ = false;
    }

  private:
    [[noreturn]] void fail(const char *op) const { throw file_error("write", path_, op, errno); }

    void close_and_remove() {
        if (remove_)
            ::unlink(name_.c_str());
        if (file_ >= 0)
            ::close(file_);
        remove_ = false;
        file_ = -1;
    }

    std::string name_;
    const std::string &path_;
    int file_ = -1;
    bool remove_ = false;
};

// The rename is durable only once the directory is on the disk. A directory that may be written but not read
// cannot be opened; then the system's own flushing has to do.
void sync_directory(const std::string &directory, const std::string &path) {
    const int file = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
        return;
    const int code = ::fsync(file) != 0 && !sync_unsupported(errno) ? errno : 0;
    ::close(file);
    if (code != 0)
        throw file_error("write", path, "fsync of the directory", code);
}

// Where the new content goes: behind a symbolic link, as the link is to stay one.
std::string follow_link(const std::string &path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode))
        return path;
    char *resolved = ::realpath(path.c_str(), nullptr);
    if (resolved == nullptr && errno == ENOENT)
        return path; // leads nowhere: the file takes the link's place
    if (resolved == nullptr)
        throw file_error("write", path, "open", errno);
    const std::string target = resolved;
    std::free(resolved);
    return target;
}

} // namespace

void write_fully(int file, const void *data, std::size_t size, const std::string &path) {
    constexpr std::size_t kLargestWrite = std::size_t{1} << 26;
    const char *at = static_cast<const char *>(data);
    while (size > 0) {
        const ssize_t written = ::write(file, at, std::min(size, kLargestWrite));
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            throw file_error("write", path, "write", written < 0 ? errno : ENOSPC);
        at += written;
        size -= static_cast<std::size_t>(written);
    }
}

void replace_file(const std::string &path, const ByteRanges &content) {
    const IgnoreFileSizeSignal ignore;
    const std::string target = follow_link(path);
    const auto slash = target.find_last_of('/');
    const std::string directory = slash == std::string::npos ? "." : target.substr(0, slash + 1);
    const std::string base_name = slash == std::string::npos ? target : target.substr(slash + 1);

    struct stat old {};
    const bool exists = ::stat(target.c_str(), &old) == 0;
    if (!exists && errno != ENOENT)
        throw file_error("write", path, "open", errno);
    if (exists && !S_ISREG(old.st_mode))
        throw not_a_regular_file("write", path, file_type_name(old.st_mode));
    if (base_name.empty())
        throw file_error("write", path, "open", path.empty() ? ENOENT : EISDIR);
    // A rename would get past the protection of a file that is read-only.
    if (exists && ::faccessat(AT_FDCWD, target.c_str(), W_OK, AT_EACCESS) != 0)
        throw file_error("write", path, "open", errno);

    TemporaryFile temporary(directory + "/" + temporary_name(base_name), path);
    if (exists) // keeps a private file private; a file system that knows no modes may refuse
        static_cast<void>(::fchmod(temporary.file(), old.st_mode & 0777));
    for (const auto &range : content)
        write_fully(temporary.file(), range.first, range.second, path);
    temporary.move_to(target);
    sync_directory(directory, path);
}

#endif

} // namespace aesop
