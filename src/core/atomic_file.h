// Replacing a file as a whole: afterwards the path holds either the complete new content or, after any
// failure, exactly what was there before.
#pragma once

#include "file_error.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace aesop {

// Pieces of the content, one after the other; the bytes stay the caller's.
using ByteRanges = std::vector<std::pair<const void *, std::size_t>>;

// Writes to a temporary file in the same directory, flushes it to the disk and renames it. Every step is
// checked: Error("io") with the fields path, op, errno, and the temporary file is gone. A symbolic link is
// followed; a path that is a directory, a pipe or a device is refused.
void replace_file(const std::string &path, const ByteRanges &content);

#ifndef AESOP_STANDARD_FILES
// All of the bytes into an open file, in as many calls as the system needs (path: for the error's message).
void write_fully(int file, const void *data, std::size_t size, const std::string &path);
#endif

} // namespace aesop
