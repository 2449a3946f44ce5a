#include "error.h"
#include "json.h"
#include "text.h"

#include <algorithm>
#include <cmath>

namespace aesop {

namespace {

class Parser {
  public:
    Parser(std::string_view text, const JsonLimits &limits) : text_(text), limits_(limits) {}

    Json parse() {
        if (text_.substr(0, 3) == "\xef\xbb\xbf")
            fail("starts with a byte order mark", "json_bom");
        if (!valid_utf8(text_))
            fail("is not valid UTF-8", "json_utf8");
        Json result = value(0);
        skip_space();
        if (at_ < text_.size())
            fail("goes on after its end", "json_syntax");
        return result;
    }

  private:
    [[noreturn]] void fail(const std::string &what, const char *reason) const {
        throw Error("format_schema", "the JSON text " + what + " (byte " + std::to_string(at_) + ")")
            .with("reason", reason)
            .with("offset", at_);
    }

    bool at_end() const { return at_ >= text_.size(); }
    char peek() const {
        return at_end() ? '\0' : text_[at_];
    } // a NUL is valid nowhere, so it may mean the end

    void skip_space() {
        while (!at_end() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r'))
            ++at_;
    }

    // `depth` is at most limits_.depth, so the recursion is bounded.
    Json value(int depth) {
        if (++values_ > limits_.values)
            fail("holds more than " + std::to_string(limits_.values) + " values", "json_values");
        skip_space();
        switch (peek()) {
        case '{':
            return object(deeper(depth));
        case '[':
            return array(deeper(depth));
        case '"':
            return Json(string(limits_.string, "string"));
        case 't':
            return word("true", Json(true));
        case 'f':
            return word("false", Json(false));
        case 'n':
            return word("null", Json());
        default:
            return number();
        }
    }

    int deeper(int depth) const {
        if (depth >= limits_.depth)
            fail("is nested more than " + std::to_string(limits_.depth) + " levels deep", "json_depth");
        return depth + 1;
    }

    Json word(std::string_view letters, Json meaning) {
        if (text_.substr(at_, letters.size()) != letters)
            fail("has an unknown word", "json_syntax");
        at_ += letters.size();
        return meaning;
    }

    bool digit() const { return peek() >= '0' && peek() <= '9'; }
    void digits() {
        if (!digit())
            fail("has a malformed value", "json_syntax");
        while (digit())
            ++at_;
    }

    Json number() {
        const std::size_t start = at_;
        bool integer = true;
        if (peek() == '-')
            ++at_;
        if (peek() == '0') { // no leading zeros: 0 stands alone
            ++at_;
            if (digit())
                fail("has a number with a leading zero", "json_syntax");
        } else {
            digits();
        }
        if (peek() == '.') {
            integer = false;
            ++at_;
            digits();
        }
        if (peek() == 'e' || peek() == 'E') {
            integer = false;
            ++at_;
            if (peek() == '+' || peek() == '-')
                ++at_;
            digits();
        }
        double result = 0;
        if (!parse_number(text_.substr(start, at_ - start), result))
            fail("has a number that double precision cannot hold", "json_number");
        // 2^53 + 1 becomes 2^53 as a double, so the largest one is compared as text.
        const std::string_view written = text_.substr(start, at_ - start);
        const std::string_view magnitude = written.substr(written.front() == '-' ? 1 : 0);
        if (integer && (std::fabs(result) > kLargestExactInteger ||
                        (std::fabs(result) == kLargestExactInteger && magnitude != "9007199254740992")))
            fail("has an integer beyond 2^53", "json_number");
        return Json::decimal(result, integer);
    }

    Json array(int depth) {
        Json::Array items;
        ++at_;
        skip_space();
        if (peek() == ']') {
            ++at_;
            return Json(std::move(items));
        }
        for (;;) {
            items.push_back(value(depth));
            skip_space();
            const char next = peek();
            if (next != ',' && next != ']')
                fail("lacks a comma or a closing bracket", "json_syntax");
            ++at_;
            if (next == ']')
                return Json(std::move(items));
        }
    }

    Json object(int depth) {
        Json::Object members;
        ++at_;
        skip_space();
        if (peek() == '}') {
            ++at_;
            return Json(std::move(members));
        }
        for (;;) {
            skip_space();
            if (peek() != '"')
                fail("lacks a key", "json_syntax");
            std::string key = string(limits_.key, "key");
            skip_space();
            if (peek() != ':')
                fail("lacks a colon after a key", "json_syntax");
            ++at_;
            members.emplace_back(std::move(key), value(depth));
            skip_space();
            const char next = peek();
            if (next != ',' && next != '}')
                fail("lacks a comma or a closing brace", "json_syntax");
            ++at_;
            if (next == '}')
                break;
        }
        refuse_duplicates(members);
        return Json(std::move(members));
    }

    // Sorting, not hashing: n log n whatever the keys are.
    void refuse_duplicates(const Json::Object &members) const {
        std::vector<std::string_view> keys;
        keys.reserve(members.size());
        for (const auto &member : members)
            keys.push_back(member.first);
        std::sort(keys.begin(), keys.end());
        const auto twice = std::adjacent_find(keys.begin(), keys.end());
        if (twice != keys.end())
            fail("has the key '" + printable(*twice) + "' twice", "json_duplicate");
    }

    std::string string(std::size_t limit, const char *what) {
        const std::size_t start = ++at_;
        while (!at_end() && peek() != '"') {
            if (static_cast<unsigned char>(peek()) < 0x20)
                fail(std::string("has a control character in a ") + what, "json_control");
            at_ += peek() == '\\' ? 2 : 1;
        }
        if (at_end())
            fail(std::string("ends inside a ") + what, "json_syntax");
        const std::size_t end = at_;
        std::string result;
        result.reserve(std::min(end - start, limit)); // escapes only shrink
        at_ = start;
        for (;;) {
            const std::string_view rest = text_.substr(at_, end - at_);
            const std::string_view plain = rest.substr(0, rest.find('\\'));
            if (result.size() + plain.size() > limit)
                fail(std::string("has a ") + what + " longer than " + std::to_string(limit) + " bytes",
                     "json_string");
            result += plain;
            at_ += plain.size();
            if (at_ == end)
                break;
            escape(result);
        }
        ++at_;
        return result;
    }

    void escape(std::string &out) {
        ++at_;
        const char letter = peek();
        ++at_;
        switch (letter) {
        case '"':
        case '\\':
        case '/':
            out += letter;
            return;
        case 'b':
            out += '\b';
            return;
        case 'f':
            out += '\f';
            return;
        case 'n':
            out += '\n';
            return;
        case 'r':
            out += '\r';
            return;
        case 't':
            out += '\t';
            return;
        case 'u':
            break;
        default:
            fail("has an unknown escape in a string", "json_escape");
        }
        uint32_t code = four_digits();
        if (code == 0)
            fail("has a NUL character in a string", "json_nul");
        if (code >= 0xdc00 && code <= 0xdfff)
            fail("has an unpaired surrogate", "json_surrogate");
        if (code >= 0xd800 && code <= 0xdbff) {
            if (text_.substr(at_, 2) != "\\u")
                fail("has an unpaired surrogate", "json_surrogate");
            at_ += 2;
            const uint32_t low = four_digits();
            if (low < 0xdc00 || low > 0xdfff)
                fail("has an unpaired surrogate", "json_surrogate");
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        append_utf8(out, code);
    }

    uint32_t four_digits() {
        uint32_t code = 0;
        for (int i = 0; i < 4; ++i, ++at_) {
            const char c = peek();
            uint32_t nibble = 0;
            if (c >= '0' && c <= '9')
                nibble = static_cast<uint32_t>(c - '0');
            else if (c >= 'a' && c <= 'f')
                nibble = static_cast<uint32_t>(c - 'a') + 10;
            else if (c >= 'A' && c <= 'F')
                nibble = static_cast<uint32_t>(c - 'A') + 10;
            else
                fail("has a malformed \\u escape", "json_escape");
            code = code * 16 + nibble;
        }
        return code;
    }

    static void append_utf8(std::string &out, uint32_t code) {
        const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
        if (code < 0x80)
            out += static_cast<char>(code);
        else if (code < 0x800)
            (out += static_cast<char>(0xc0 | (code >> 6))) += tail(0);
        else if (code < 0x10000)
            ((out += static_cast<char>(0xe0 | (code >> 12))) += tail(6)) += tail(0);
        else
            (((out += static_cast<char>(0xf0 | (code >> 18))) += tail(12)) += tail(6)) += tail(0);
    }

    std::string_view text_;
    const JsonLimits &limits_;
    std::size_t at_ = 0;
    std::size_t values_ = 0;
};

} // namespace

Json parse_json(std::string_view text, const JsonLimits &limits) {
    return Parser(text, limits).parse();
}

} // namespace aesop
