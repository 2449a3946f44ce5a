// Text helpers that do not depend on the locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aesop {

// A name from a file or a user as it may appear in a message: printable ASCII stays, every other byte, the
// quote and the backslash are escaped, and at most `limit` characters are shown. So a message can carry
// neither a terminal's escape sequences nor a megabyte.
std::string printable(std::string_view text, std::size_t limit = 64);

// Well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF.
bool valid_utf8(std::string_view text);

// Reads the whole of `text` as a decimal number; false if it is none or a double cannot hold it.
bool parse_number(std::string_view text, double &value);

// The shortest text that reads back as exactly `value`, which must be finite. Whole numbers up to 2^53 are
// written without exponent, larger ones always with, as an integer that long would claim digits it has not.
std::string format_number(double value);

// The largest integer up to which doubles hold every one: 2^53.
constexpr double kLargestExactInteger = 9007199254740992.0;

} // namespace aesop
