#include "text.h"

#include <charconv>
#include <cmath>
#include <locale>
#include <sstream>

namespace aesop {

std::string printable(std::string_view text, std::size_t limit) {
    static const char digits[] = "0123456789abcdef";
    std::string shown;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        std::string piece(1, c);
        if (byte < 0x20 || byte > 0x7e)
            piece = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
        else if (c == '\\' || c == '\'' || c == '"')
            piece = {'\\', c};
        if (shown.size() + piece.size() > limit)
            return shown + "...";
        shown += piece;
    }
    return shown;
}

bool valid_utf8(std::string_view text) {
    const auto *at = reinterpret_cast<const unsigned char *>(text.data());
    const auto *const end = at + text.size();
    while (at < end) {
        const unsigned char lead = *at++;
        if (lead < 0x80)
            continue;
        // The second byte's range excludes overlong forms, surrogates and values above U+10FFFF.
        unsigned char lowest = 0x80, highest = 0xbf;
        int more = 0;
        if (lead >= 0xc2 && lead <= 0xdf) {
            more = 1;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            more = 2;
            if (lead == 0xe0)
                lowest = 0xa0;
            if (lead == 0xed)
                highest = 0x9f;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            more = 3;
            if (lead == 0xf0)
                lowest = 0x90;
            if (lead == 0xf4)
                highest = 0x8f;
        } else {
            return false;
        }
        for (; more > 0; --more) {
            if (at == end || *at < lowest || *at > highest)
                return false;
            ++at;
            lowest = 0x80;
            highest = 0xbf;
        }
    }
    return true;
}

// Some standard libraries have these functions for integers only (libc++, and libstdc++ before 11); they
// get streams with the classic locale, which are slower and agree in every digit.
#if defined(__cpp_lib_to_chars) && !defined(AESOP_NO_TO_CHARS)

bool parse_number(std::string_view text, double &value) {
    const char *const end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    return result.ec == std::errc() && result.ptr == end && std::isfinite(value);
}

std::string format_number(double value) {
    char buffer[64];
    const bool large = std::fabs(value) > kLargestExactInteger;
    const auto result =
        large ? std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific)
              : std::to_chars(buffer, buffer + sizeof buffer, value);
    return std::string(buffer, result.ptr);
}

#else

bool parse_number(std::string_view text, double &value) {
    // A stream would skip white space and accept a plus sign and hexadecimal digits.
    if (text.empty() || text.size() > 2000 ||
        text.find_first_not_of("0123456789+-.eE") != std::string_view::npos || text.front() == '+')
        return false;
    std::istringstream in{std::string(text)};
    in.imbue(std::locale::classic());
    in >> value;
    return !in.fail() && in.peek() == std::istringstream::traits_type::eof() && std::isfinite(value);
}

std::string format_number(double value) {
    for (int digits = 15;; ++digits) {
        std::ostringstream out;
        out.imbue(std::locale::classic());
        if (std::fabs(value) > kLargestExactInteger) {
            out.precision(digits - 1);
            out << std::scientific;
        } else {
            out.precision(digits);
        }
        out << value;
        double back = 0;
        if (digits == 17 || (parse_number(out.str(), back) && back == value))
            return out.str();
    }
}

#endif

} // namespace aesop
