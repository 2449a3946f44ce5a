// Errors of the operating system as Error("io") with path, operation and the system's message.
#pragma once

#include "error.h"

#include <cerrno>
#include <string>
#include <system_error>

// Windows has no POSIX calls: there the standard library does the work (fewer guarantees: no fsync).
#ifdef _WIN32
#ifndef AESOP_STANDARD_FILES
#define AESOP_STANDARD_FILES
#endif
#else
#include <sys/stat.h>
#endif

namespace aesop {

// what: "read" or "write"; op: the system call, as the field "op".
inline Error file_error(const std::string &what, const std::string &path, const std::string &op,
                        const std::error_code &code) {
    return Error("io", "cannot " + what + " '" + path + "': " + op + " failed: " + code.message())
        .with("path", path)
        .with("op", op)
        .with("errno", code.value());
}
inline Error file_error(const std::string &what, const std::string &path, const std::string &op, int code) {
    return file_error(what, path, op, std::error_code(code, std::generic_category()));
}

inline Error not_a_regular_file(const std::string &what, const std::string &path, const std::string &type) {
    return Error("io", "cannot " + what + " '" + path + "': it is " + type + ", not a regular file")
        .with("path", path)
        .with("op", "open")
        .with("errno", type == "a directory" ? EISDIR : EINVAL);
}

#ifndef AESOP_STANDARD_FILES
inline const char *file_type_name(mode_t mode) {
    return S_ISDIR(mode)    ? "a directory"
           : S_ISFIFO(mode) ? "a pipe"
           : S_ISSOCK(mode) ? "a socket"
                            : "a device";
}
#endif

} // namespace aesop
