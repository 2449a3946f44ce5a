#include "config_json.h"

#include "error.h"
#include "text.h"

#include <limits>

namespace aesop {

namespace {

constexpr std::size_t kMostLayers = 1024;

Json to_json(bool value) {
    return Json(value);
}
Json to_json(int value) {
    return Json(value);
}
Json to_json(double value) {
    return Json(value);
}
Json to_json(const std::string &value) {
    return Json(value);
}
Json to_json(const std::vector<int> &values) {
    return Json(Json::Array(values.begin(), values.end()));
}

void from_json(const Json &json, bool &value) {
    value = json.boolean();
}
void from_json(const Json &json, double &value) {
    value = json.number();
}
void from_json(const Json &json, int &value) {
    value = static_cast<int>(json.integer(std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
}
void from_json(const Json &json, std::vector<int> &values) {
    const Json::Array &items = json.array();
    if (items.size() > kMostLayers)
        throw Error("format_schema", "more than " + std::to_string(kMostLayers) + " layers");
    values.assign(items.size(), 0);
    for (std::size_t i = 0; i < items.size(); ++i)
        from_json(items[i], values[i]);
}
// Words only, as validate() shows an unknown one to the user as it is.
void from_json(const Json &json, std::string &value) {
    value = json.string();
    if (value.size() > 64 ||
        value.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos)
        throw Error("format_schema", "'" + printable(value) + "' is no name of an option");
}

} // namespace

Json config_to_json(const Config &config) {
    Json::Object members;
    visit_config(config,
                 [&](const char *name, const auto &field) { members.emplace_back(name, to_json(field)); });
    return Json(std::move(members));
}

Config config_from_json(const Json &json) {
    Config config;
    std::size_t known = 0;
    visit_config(config, [&](const char *name, auto &field) {
        const Json *value = json.find(name);
        if (value == nullptr)
            return;
        ++known;
        try {
            from_json(*value, field);
        } catch (const Error &error) {
            throw Error("format_schema", std::string("the setting '") + name + "': " + error.what())
                .with("reason", "config")
                .with("arg", name);
        }
    });
    if (known != json.object().size()) {
        for (const auto &member : json.object()) {
            bool found = false;
            visit_config(config,
                         [&](const char *name, const auto &) { found = found || member.first == name; });
            if (!found)
                throw Error("format_schema", "unknown setting '" + printable(member.first) + "'")
                    .with("reason", "config");
        }
    }
    config.validate();
    return config;
}

} // namespace aesop
