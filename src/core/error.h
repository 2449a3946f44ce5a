// The one exception the core throws. The R layer turns `kind` into the condition class
// "aesop_error_<kind>" and the fields into elements of the condition.
#pragma once

#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace aesop {

struct Error : std::runtime_error {
    using Value = std::variant<std::string, double>;

    // Kinds: input_type, input_value, input_dim, features, param, not_fitted, numeric, io,
    // format_truncated, format_limit, format_schema, format_checksum, format_version, memory, device, fork,
    // checkpoint.
    Error(std::string error_kind, const std::string &message)
        : std::runtime_error(message), kind(std::move(error_kind)) {}

    // throw Error("param", "...").with("arg", "epochs").with("value", 0);
    Error &with(std::string name, std::string value) & {
        fields.emplace_back(std::move(name), Value(std::move(value)));
        return *this;
    }
    Error &&with(std::string name, std::string value) && {
        return std::move(with(std::move(name), std::move(value)));
    }

    template <class Number, class = std::enable_if_t<std::is_arithmetic_v<Number>>>
    Error &with(std::string name, Number value) & {
        fields.emplace_back(std::move(name), Value(static_cast<double>(value)));
        return *this;
    }
    template <class Number, class = std::enable_if_t<std::is_arithmetic_v<Number>>>
    Error &&with(std::string name, Number value) && {
        return std::move(with(std::move(name), value));
    }

    // The field's value, or nullptr where there is none of that name.
    const Value *field(const std::string &name) const {
        for (const auto &entry : fields)
            if (entry.first == name)
                return &entry.second;
        return nullptr;
    }

    std::string kind;
    std::vector<std::pair<std::string, Value>> fields;
};

} // namespace aesop
