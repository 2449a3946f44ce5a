// Model files on the disk: cases G7 (what is no model file), D4 and D5 (nothing is lost when saving fails)
// and D7 (names) of the reliability suite.
#include "check.h"
#include "core/atomic_file.h"
#include "core/sha256.h"
#include "model_fixture.h"

#ifndef AESOP_STANDARD_FILES

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>

// The program's own versions of three system calls take precedence over libc's, so that they can fail on
// purpose. Each counts down and fails at 0; writes can also be cut short.
namespace {
int fail_fsync = -1, fail_close = -1, fail_rename = -1, fail_write = -1;
bool short_writes = false;
bool fails_now(int &countdown) {
    return countdown >= 0 && countdown-- == 0;
}
} // namespace

extern "C" {
int fsync(int file) {
    if (fails_now(fail_fsync)) {
        errno = EIO;
        return -1;
    }
    return static_cast<int>(syscall(SYS_fsync, file));
}
int close(int file) {
    const bool fails = fails_now(fail_close);
    const int result = static_cast<int>(syscall(SYS_close, file));
    if (fails)
        errno = EIO;
    return fails ? -1 : result;
}
int rename(const char *from, const char *to) noexcept {
    if (fails_now(fail_rename)) {
        errno = EXDEV;
        return -1;
    }
    return static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
ssize_t write(int file, const void *data, size_t size) {
    if (fails_now(fail_write)) {
        errno = ENOSPC;
        return -1;
    }
    static int calls = 0;
    if (short_writes && ++calls % 3 == 0) {
        errno = EINTR;
        return -1;
    }
    return syscall(SYS_write, file, data, short_writes && size > 7 ? 7 : size);
}
}
#endif

using fixture::Bytes;
using fixture::small_model;

namespace {

// A directory that is empty at first and gone in the end.
class Scratch {
  public:
    Scratch() {
        const char *parent = std::getenv("TMPDIR");
        std::string pattern = std::string(parent != nullptr ? parent : "/tmp") + "/aesop-test-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr)
            throw check::Failure{"no temporary directory"};
        path_ = pattern;
    }
    ~Scratch() {
        ::chmod(path_.c_str(), 0700);
        for (const auto &name : names())
            if (::unlink((path_ + "/" + name).c_str()) != 0)
                ::rmdir((path_ + "/" + name).c_str());
        ::rmdir(path_.c_str());
    }
    Scratch(const Scratch &) = delete;
    Scratch &operator=(const Scratch &) = delete;

    std::string operator/(const std::string &name) const { return path_ + "/" + name; }
    std::vector<std::string> names() const {
        std::vector<std::string> found;
        DIR *directory = ::opendir(path_.c_str());
        if (directory == nullptr)
            return found;
        while (const dirent *entry = ::readdir(directory))
            if (std::string(entry->d_name) != "." && std::string(entry->d_name) != "..")
                found.push_back(entry->d_name);
        ::closedir(directory);
        return found;
    }

  private:
    std::string path_;
};

std::string content(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
}
void put(const std::string &path, const std::string &text) {
    std::ofstream out(path, std::ios::binary);
    out << text;
}

// The kind of error from reading a path, which must come within a second.
std::string read_kind(const std::string &path) {
    const auto start = std::chrono::steady_clock::now();
    const std::string kind = check::thrown_kind([&] { aesop::read_model_file(path); });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    CHECK(took.count() < 1);
    return kind;
}

// Another user's view, where the tests run as root, whom no permission stops.
class Unprivileged {
  public:
    Unprivileged() : was_root_(::geteuid() == 0) {
        if (was_root_ && ::seteuid(65534) != 0)
            throw check::Failure{"seteuid failed"};
    }
    ~Unprivileged() {
        if (was_root_ && ::seteuid(0) != 0)
            std::abort();
    }

  private:
    bool was_root_;
};

aesop::ModelFile other_model() {
    auto model = small_model(20);
    model.metadata.emplace_back("which", "other");
    return model;
}

// Saving over `path` must fail with "io" and leave the old bytes and nothing else in the directory.
void check_save_fails(const Scratch &scratch, const std::string &path, const std::string &op) {
    const std::string before = content(path);
    const auto files = scratch.names().size();
    try {
        aesop::write_model_file(path, other_model());
        check::fail(__FILE__, __LINE__, "saving did not fail");
    } catch (const aesop::Error &error) {
        CHECK_EQUAL(error.kind, "io");
        CHECK_EQUAL(std::get<std::string>(*error.field("path")), path);
        CHECK_EQUAL(std::get<std::string>(*error.field("op")), op);
        CHECK(std::get<double>(*error.field("errno")) > 0);
    }
    CHECK(content(path) == before);
    CHECK_EQUAL(scratch.names().size(), files);
}

} // namespace

TEST("D1: saved, loaded and saved again: the same bytes") {
    const Scratch scratch;
    aesop::write_model_file(scratch / "a", small_model());
    const auto loaded = aesop::read_model_file(scratch / "a");
    CHECK(loaded.tensors == small_model().tensors);
    aesop::write_model_file(scratch / "b", loaded);
    aesop::write_model_file(scratch / "a", other_model());
    aesop::write_model_file(scratch / "a", loaded);
    const Bytes bytes = fixture::to_bytes(small_model());
    CHECK(content(scratch / "b") == std::string(bytes.begin(), bytes.end()));
    CHECK(content(scratch / "a") == content(scratch / "b"));
    CHECK_EQUAL(scratch.names().size(), 2u);
}

TEST("D7: names of all sorts") {
    const Scratch scratch;
    for (const std::string &name :
         {std::string("with space"), std::string("\xc3\xa9-\xe6\xbc\xa2.aesop"), std::string(250, 'n'),
          std::string(255, 'n'), std::string("%s%n"), std::string("~")}) {
        aesop::write_model_file(scratch / name, small_model());
        CHECK_EQUAL(aesop::read_model_file(scratch / name).tensors.size(), small_model().tensors.size());
    }
    CHECK_EQUAL(scratch.names().size(), 6u);
    CHECK_THROWS_KIND(aesop::write_model_file(scratch / std::string(256, 'n'), small_model()), "io");
    CHECK_THROWS_KIND(aesop::write_model_file(scratch / "no such directory/x", small_model()), "io");
    CHECK_THROWS_KIND(aesop::write_model_file(scratch / "", small_model()), "io");
    CHECK_THROWS_KIND(aesop::write_model_file("", small_model()), "io");
    CHECK_THROWS_KIND(aesop::read_model_file(""), "io");
    CHECK_EQUAL(scratch.names().size(), 6u);
}

TEST("D7: a relative path") {
    const Scratch scratch;
    const int before = ::open(".", O_RDONLY | O_DIRECTORY);
    CHECK(before >= 0 && ::chdir((scratch / "").c_str()) == 0);
    const std::string written = check::thrown_kind([] { aesop::write_model_file("model", small_model()); });
    const std::string read = check::thrown_kind([] { aesop::read_model_file("model"); });
    CHECK(::fchdir(before) == 0);
    ::close(before);
    CHECK_EQUAL(written, "(nothing)");
    CHECK_EQUAL(read, "(nothing)");
}

TEST("D7: a symbolic link stays one, and a private file stays private") {
    const Scratch scratch;
    aesop::write_model_file(scratch / "target", small_model());
    CHECK(::chmod((scratch / "target").c_str(), 0600) == 0);
    CHECK(::symlink("target", (scratch / "link").c_str()) == 0);
    aesop::write_model_file(scratch / "link", other_model());
    struct stat info {};
    CHECK(::lstat((scratch / "link").c_str(), &info) == 0 && S_ISLNK(info.st_mode));
    CHECK(::stat((scratch / "target").c_str(), &info) == 0);
    CHECK_EQUAL(info.st_mode & 0777, 0600u);
    CHECK(aesop::read_model_file(scratch / "target").find_metadata("which") != nullptr);
    // A link that leads nowhere is replaced.
    CHECK(::symlink("nothing", (scratch / "lost").c_str()) == 0);
    aesop::write_model_file(scratch / "lost", small_model());
    CHECK(::lstat((scratch / "lost").c_str(), &info) == 0 && S_ISREG(info.st_mode));
}

TEST("G7: files that are no regular files") {
    const Scratch scratch;
    CHECK_EQUAL(read_kind(scratch / "missing"), "io");
    CHECK_EQUAL(read_kind(scratch / ""), "io");
    CHECK_EQUAL(read_kind("/dev/zero"), "io");
    CHECK_EQUAL(read_kind("/dev/null"), "io");
    CHECK(::mkfifo((scratch / "pipe").c_str(), 0600) == 0);
    CHECK_EQUAL(read_kind(scratch / "pipe"), "io");
    CHECK(::symlink("loop", (scratch / "loop").c_str()) == 0);
    CHECK_EQUAL(read_kind(scratch / "loop"), "io");
    CHECK(::symlink("pipe", (scratch / "to-pipe").c_str()) == 0);
    CHECK_EQUAL(read_kind(scratch / "to-pipe"), "io");

    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = scratch / "socket";
    CHECK(name.size() < sizeof address.sun_path);
    std::copy(name.begin(), name.end(), address.sun_path);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const bool bound = ::bind(socket, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0;
    const std::string kind = bound ? read_kind(name) : "io";
    ::close(socket);
    CHECK_EQUAL(kind, "io");

    for (const char *target : {"pipe", "loop", "to-pipe", "socket", ""})
        CHECK_THROWS_KIND(aesop::write_model_file(scratch / target, small_model()), "io");
    CHECK_EQUAL(scratch.names().size(), 3u + bound);
}

TEST("G7: files that are something else") {
    const Scratch scratch;
    const std::string zeros(100, '\0');
    const std::string texts[] = {"",
                                 "x",
                                 "1234567",
                                 "12345678",
                                 "just a text, and a longer one",
                                 "\x1f\x8b\x08" + zeros,
                                 "BZh91AY" + zeros,
                                 "\xfd"
                                 "7zXZ" +
                                     zeros,
                                 "X\n" + zeros,
                                 "A\n3\n262658\n",
                                 "RDX3\nX\n" + zeros,
                                 "PK\x03\x04" + zeros,
                                 "\x89HDF\r\n\x1a\n" + zeros,
                                 "\x80\x04\x95" + zeros,
                                 zeros,
                                 "{\"a\":1}   ",
                                 "<!DOCTYPE html>",
                                 "%PDF-1.7\n" + zeros};
    for (const std::string &text : texts) {
        put(scratch / "file", text);
        const std::string kind = read_kind(scratch / "file");
        if (kind.rfind("format_", 0) != 0)
            check::fail(__FILE__, __LINE__, aesop::Error("", text.substr(0, 8)).what() + (": " + kind));
    }
    try {
        put(scratch / "file", "\x1f\x8b\x08" + zeros);
        aesop::read_model_file(scratch / "file");
    } catch (const aesop::Error &error) {
        CHECK(std::strstr(error.what(), "saveRDS") != nullptr);
        CHECK(std::strstr(error.what(), (scratch / "file").c_str()) != nullptr);
        CHECK_EQUAL(std::get<std::string>(*error.field("path")), scratch / "file");
        CHECK(error.field("reason") != nullptr);
    }
}

TEST("G7: a file that shrinks while it is read") {
    const Scratch scratch;
    aesop::write_model_file(scratch / "file", small_model());
    const auto size = static_cast<off_t>(content(scratch / "file").size());
    for (const off_t shorter : {off_t{0}, off_t{7}, off_t{100}, size - 1}) {
        aesop::write_model_file(scratch / "file", small_model());
        const auto source = aesop::open_file_source(scratch / "file");
        CHECK(::truncate((scratch / "file").c_str(), shorter) == 0);
        CHECK_THROWS_KIND(aesop::parse_model_file(*source), "io");
    }
}

TEST("G7: a file without permission to read") {
    const Scratch scratch;
    aesop::write_model_file(scratch / "file", small_model());
    CHECK(::chmod((scratch / "file").c_str(), 0) == 0 && ::chmod((scratch / "").c_str(), 0755) == 0);
    const Unprivileged user;
    CHECK_EQUAL(read_kind(scratch / "file"), "io");
}

TEST("D5: a directory and a file that are read-only") {
    const Scratch scratch;
    aesop::write_model_file(scratch / "file", small_model());
    CHECK(::chmod((scratch / "file").c_str(), 0644) == 0 && ::chmod((scratch / "").c_str(), 0555) == 0);
    {
        const Unprivileged user;
        check_save_fails(scratch, scratch / "file", "open");
        CHECK_THROWS_KIND(aesop::write_model_file(scratch / "new", small_model()), "io");
    }
    CHECK(::chmod((scratch / "").c_str(), 0777) == 0 && ::chmod((scratch / "file").c_str(), 0444) == 0);
    const Unprivileged user;
    check_save_fails(scratch, scratch / "file", "open");
}

TEST("D5: the file size limit, with the signal that comes with it") {
    const Scratch scratch;
    aesop::write_model_file(scratch / "file", small_model());
    rlimit before{};
    CHECK(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const auto full = fixture::to_bytes(other_model()).size();
    struct sigaction handler {};
    CHECK(::sigaction(SIGXFSZ, nullptr, &handler) == 0 && handler.sa_handler == SIG_DFL);
    std::string why;
    for (const rlim_t limit : {rlim_t{0}, rlim_t{1}, rlim_t{1000}, static_cast<rlim_t>(full - 1)}) {
        rlimit small{limit, before.rlim_max};
        CHECK(::setrlimit(RLIMIT_FSIZE, &small) == 0);
        try {
            check_save_fails(scratch, scratch / "file", "write");
        } catch (const check::Failure &failure) {
            why = failure.why;
        }
        CHECK(::setrlimit(RLIMIT_FSIZE, &before) == 0); // first, as it holds for the output of the tests, too
        CHECK_EQUAL(why, "");
    }
    CHECK(::sigaction(SIGXFSZ, nullptr, &handler) == 0 && handler.sa_handler == SIG_DFL);
    aesop::write_model_file(scratch / "file", other_model());
}

TEST("D5: a full device") {
    const int full = ::open("/dev/full", O_WRONLY);
    if (full < 0)
        SKIP("there is no /dev/full");
    const std::string kind = check::thrown_kind([&] { aesop::write_fully(full, "data", 4, "/dev/full"); });
    ::close(full);
    CHECK_EQUAL(kind, "io");
    // As a target it is refused, not replaced by a file.
    CHECK_THROWS_KIND(aesop::write_model_file("/dev/full", small_model()), "io");
    struct stat info {};
    CHECK(::stat("/dev/full", &info) == 0 && S_ISCHR(info.st_mode));
}

#ifdef __linux__

TEST("D5: each write, fsync, close and rename that fails") {
    const Scratch scratch;
    aesop::write_model_file(scratch / "file", small_model());
    const int writes = static_cast<int>(1 + other_model().tensors.size());
    for (int i = 0; i < writes; ++i) {
        fail_write = i;
        check_save_fails(scratch, scratch / "file", "write");
        CHECK_EQUAL(fail_write, -1);
    }
    fail_fsync = 0;
    check_save_fails(scratch, scratch / "file", "fsync");
    fail_close = 0;
    check_save_fails(scratch, scratch / "file", "close");
    fail_rename = 0;
    check_save_fails(scratch, scratch / "file", "rename");

    // The directory's fsync comes after the rename: the new file is there, complete, and the caller is told.
    fail_fsync = 1;
    CHECK_THROWS_KIND(aesop::write_model_file(scratch / "file", other_model()), "io");
    CHECK_EQUAL(fail_fsync, -1);
    CHECK(aesop::read_model_file(scratch / "file").find_metadata("which") != nullptr);
    CHECK_EQUAL(scratch.names().size(), 1u);
}

TEST("D5: short writes and interrupted calls are continued") {
    const Scratch scratch;
    short_writes = true;
    const std::string kind =
        check::thrown_kind([&] { aesop::write_model_file(scratch / "file", small_model()); });
    short_writes = false;
    CHECK_EQUAL(kind, "(nothing)");
    const Bytes bytes = fixture::to_bytes(small_model());
    CHECK(content(scratch / "file") == std::string(bytes.begin(), bytes.end()));
}

#endif

TEST("D4: killed while saving, the old or the new model is there") {
    const Scratch scratch;
    const std::string path = scratch / "file";
    aesop::write_model_file(path, small_model());
    const Bytes one = fixture::to_bytes(small_model()), two = fixture::to_bytes(other_model());
    for (int trial = 0; trial < 20; ++trial) {
        const pid_t child = ::fork();
        if (child == 0)
            for (;;) {
                aesop::write_model_file(path, other_model());
                aesop::write_model_file(path, small_model());
            }
        CHECK(child > 0);
        ::usleep(static_cast<useconds_t>(3000 + 1700 * trial));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        const std::string found = content(path);
        CHECK(found == std::string(one.begin(), one.end()) || found == std::string(two.begin(), two.end()));
        CHECK(scratch.names().size() <= 2);
    }
    aesop::write_model_file(path, small_model());
    CHECK_EQUAL(scratch.names().size(), 1u); // what the killed ones left is gone
}

TEST("E8: a second process that saves to the same path gives up") {
    const Scratch scratch;
    aesop::write_model_file(scratch / "file", small_model());
    // What a save in progress looks like: its temporary file, locked.
    aesop::Sha256 hash;
    hash.update("file", 4);
    const std::string temporary = scratch / (".aesop-" + hash.finish().substr(0, 16) + ".tmp");
    const int other = ::open(temporary.c_str(), O_WRONLY | O_CREAT, 0600);
    CHECK(other >= 0 && ::flock(other, LOCK_EX | LOCK_NB) == 0);
    put(temporary, "half");
    const std::string kind =
        check::thrown_kind([&] { aesop::write_model_file(scratch / "file", other_model()); });
    CHECK_EQUAL(kind, "io");
    CHECK_EQUAL(content(temporary), "half");
    CHECK(aesop::read_model_file(scratch / "file").find_metadata("which") == nullptr);
    // Its owner is gone: the next save clears up.
    ::close(other);
    aesop::write_model_file(scratch / "file", other_model());
    CHECK(aesop::read_model_file(scratch / "file").find_metadata("which") != nullptr);
    CHECK_EQUAL(scratch.names().size(), 1u);
}

TEST("D5: the temporary file's name taken by something else") {
    const Scratch scratch;
    aesop::write_model_file(scratch / "file", small_model());
    put(scratch / "victim", "not to be touched");
    aesop::Sha256 hash;
    hash.update("file", 4);
    const std::string temporary = scratch / (".aesop-" + hash.finish().substr(0, 16) + ".tmp");
    CHECK(::symlink("victim", temporary.c_str()) == 0);
    check_save_fails(scratch, scratch / "file", "open");
    CHECK_EQUAL(content(scratch / "victim"), "not to be touched");
    CHECK(::unlink(temporary.c_str()) == 0 && ::mkdir(temporary.c_str(), 0700) == 0);
    check_save_fails(scratch, scratch / "file", "open");
    CHECK(::rmdir(temporary.c_str()) == 0);
}

#endif
