#include "json.h"

#include "error.h"
#include "text.h"

#include <cmath>

namespace aesop {

namespace {

const char *const kTypeNames[] = {"null", "a logical value", "a number", "a string", "an array", "an object"};

[[noreturn]] void wrong_type(Json::Type expected, const Json &found) {
    throw Error("format_schema", std::string("expected ") + kTypeNames[static_cast<int>(expected)] +
                                     ", found " + found.type_name())
        .with("reason", "json_type");
}

class Writer {
  public:
    std::string out;

    void value(const Json &json) {
        switch (json.type()) {
        case Json::Type::null:
            out += "null";
            break;
        case Json::Type::boolean:
            out += json.boolean() ? "true" : "false";
            break;
        case Json::Type::number:
            if (!std::isfinite(json.number()))
                throw Error("numeric", "JSON cannot hold a value that is not finite")
                    .with("quantity", "number");
            out += format_number(json.number());
            break;
        case Json::Type::string:
            string(json.string());
            break;
        case Json::Type::array:
            sequence('[', json.array(), ']', [this](const Json &item) { value(item); });
            break;
        case Json::Type::object:
            sequence('{', json.object(), '}', [this](const Json::Object::value_type &member) {
                string(member.first);
                out += ':';
                value(member.second);
            });
            break;
        }
    }

  private:
    template <class Items, class Write>
    void sequence(char open, const Items &items, char close, Write write) {
        out += open;
        bool first = true;
        for (const auto &item : items) {
            if (!first)
                out += ',';
            first = false;
            write(item);
        }
        out += close;
    }

    void string(const std::string &text) {
        static const char digits[] = "0123456789abcdef";
        if (!valid_utf8(text) || text.find('\0') != std::string::npos)
            throw Error("format_schema", "a text is not valid UTF-8 or holds a NUL character: '" +
                                             printable(text) + "'; convert it with enc2utf8()")
                .with("reason", "json_utf8");
        out += '"';
        for (const char c : text) {
            if (c == '"' || c == '\\')
                (out += '\\') += c;
            else if (static_cast<unsigned char>(c) < 0x20)
                ((out += "\\u00") += digits[c >> 4]) += digits[c & 15];
            else
                out += c;
        }
        out += '"';
    }
};

} // namespace

Json Json::decimal(double value, bool integer) {
    Json json;
    json.value_ = Decimal{value, integer};
    return json;
}

const char *Json::type_name() const {
    return kTypeNames[value_.index()];
}

bool Json::boolean() const {
    if (type() != Type::boolean)
        wrong_type(Type::boolean, *this);
    return std::get<bool>(value_);
}

double Json::number() const {
    if (type() != Type::number)
        wrong_type(Type::number, *this);
    return std::get<Decimal>(value_).value;
}

const std::string &Json::string() const {
    if (type() != Type::string)
        wrong_type(Type::string, *this);
    return std::get<std::string>(value_);
}

const Json::Array &Json::array() const {
    if (type() != Type::array)
        wrong_type(Type::array, *this);
    return std::get<Array>(value_);
}

const Json::Object &Json::object() const {
    if (type() != Type::object)
        wrong_type(Type::object, *this);
    return std::get<Object>(value_);
}

std::string &Json::string() {
    return const_cast<std::string &>(std::as_const(*this).string());
}
Json::Array &Json::array() {
    return const_cast<Array &>(std::as_const(*this).array());
}
Json::Object &Json::object() {
    return const_cast<Object &>(std::as_const(*this).object());
}

uint64_t Json::size() const {
    const double value = number();
    if (!std::get<Decimal>(value_).integer || std::signbit(value))
        throw Error("format_schema", "expected an unsigned integer").with("reason", "json_type");
    return static_cast<uint64_t>(value); // at most 2^53, as the parser saw to
}

int64_t Json::integer(int64_t lowest, int64_t highest) const {
    const double value = number();
    if (!(value >= static_cast<double>(lowest) && value <= static_cast<double>(highest)) ||
        value != std::floor(value))
        throw Error("format_schema", "expected a whole number from " + std::to_string(lowest) + " to " +
                                         std::to_string(highest) + ", found " + format_number(value))
            .with("reason", "json_type");
    return static_cast<int64_t>(value);
}

const Json *Json::find(std::string_view key) const {
    for (const auto &member : object())
        if (member.first == key)
            return &member.second;
    return nullptr;
}

const Json &Json::at(std::string_view key) const {
    const Json *found = find(key);
    if (found == nullptr)
        throw Error("format_schema", "the entry '" + printable(key) + "' is missing")
            .with("reason", "json_missing");
    return *found;
}

std::string write_json(const Json &value) {
    Writer writer;
    writer.value(value);
    return std::move(writer.out);
}

} // namespace aesop
