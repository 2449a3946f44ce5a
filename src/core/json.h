// A small JSON value, a strict reader for text from strangers, and a writer whose output is a function of the
// value alone. Stricter than RFC 8259: duplicate keys, NUL characters, numbers that a double cannot hold and
// integers beyond 2^53 are errors, and size limits hold. All errors are of kind "format_schema".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace aesop {

class Json {
  public:
    using Array = std::vector<Json>;
    using Object = std::vector<std::pair<std::string, Json>>; // in the order of the text

    enum class Type { null, boolean, number, string, array, object };

    Json() = default;
    Json(bool value) : value_(value) {}
    template <class Number, class = std::enable_if_t<std::is_arithmetic_v<Number>>>
    Json(Number value) : value_(Decimal{static_cast<double>(value), std::is_integral_v<Number>}) {}
    Json(std::string value) : value_(std::move(value)) {}
    Json(const char *value) : value_(std::string(value)) {}
    Json(Array value) : value_(std::move(value)) {}
    Json(Object value) : value_(std::move(value)) {}

    // A number as it stood in a text; `integer` when it was written without fraction and exponent.
    static Json decimal(double value, bool integer);

    Type type() const { return static_cast<Type>(value_.index()); }
    const char *type_name() const;
    bool is_null() const { return type() == Type::null; }

    // The content; an Error naming both types when the value is of another type.
    bool boolean() const;
    double number() const;
    const std::string &string() const;
    const Array &array() const;
    const Object &object() const;
    Array &array();
    Object &object();
    std::string &string();

    // A whole number: in an unsigned integer's notation, for sizes and offsets...
    uint64_t size() const;
    // ...or any notation (10, 1e1, -3), for settings; an Error if it is not whole or outside the range.
    int64_t integer(int64_t lowest, int64_t highest) const;

    // The member called `key`; nullptr when there is none.
    const Json *find(std::string_view key) const;
    // The same, an Error when there is none.
    const Json &at(std::string_view key) const;

    bool operator==(const Json &other) const { return value_ == other.value_; }
    bool operator!=(const Json &other) const { return !(*this == other); }

  private:
    struct Decimal {
        double value;
        bool integer;
        bool operator==(const Decimal &other) const { return value == other.value; }
    };
    std::variant<std::monostate, bool, Decimal, std::string, Array, Object> value_;
};

struct JsonLimits {
    int depth = 8;                 // arrays and objects inside each other
    std::size_t string = 8u << 20; // bytes of a string's content
    std::size_t key = 256;         // bytes of a key
    std::size_t values = 1u << 20; // of all kinds together: a value costs 40 bytes, in the text as few as 2
};

// Reads a text that holds exactly one value. Errors carry the fields "reason" and "offset" (bytes).
Json parse_json(std::string_view text, const JsonLimits &limits = {});

// The value's one text: no white space, numbers as short as they can be read back exactly.
std::string write_json(const Json &value);

} // namespace aesop
