#include "config_json.h"

#include "error.h"
#include "text.h"

#include <limits>

namespace aesop {

namespace {

constexpr std::size_t kMostLayers = 1024;
constexpr std::size_t kLongestName = 1024; // of an assay or a covariate

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
Json to_json(const std::vector<std::string> &values) {
    return Json(Json::Array(values.begin(), values.end()));
}
Json to_json(const LayerSpec &layer);
Json to_json(const AssayConfig &assay);
template <class T>
Json to_json(const std::vector<T> &items) {
    Json::Array array;
    for (const T &item : items)
        array.push_back(to_json(item));
    return Json(std::move(array));
}
Json to_json(const LayerSpec &layer) {
    Json::Object members;
    visit_layer(layer,
                [&](const char *name, const auto &field) { members.emplace_back(name, to_json(field)); });
    return Json(std::move(members));
}
Json to_json(const AssayConfig &assay) {
    Json::Object members;
    visit_assay(assay,
                [&](const char *name, const auto &field) { members.emplace_back(name, to_json(field)); });
    return Json(std::move(members));
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
void name_from_json(const Json &json, std::string &value) {
    value = json.string();
    if (value.size() > kLongestName)
        throw Error("format_schema", "a name is longer than " + std::to_string(kLongestName) + " bytes");
}
void from_json(const Json &json, std::vector<std::string> &values) {
    const Json::Array &items = json.array();
    values.resize(items.size());
    for (std::size_t i = 0; i < items.size(); ++i)
        name_from_json(items[i], values[i]);
}
// The members of an object by the fields of a struct, all of them and no others.
template <class Visit>
void fields_from_json(const Json &json, Visit &&visit) {
    std::size_t known = 0;
    visit([&](const char *name, auto &field) {
        const Json *value = json.find(name);
        if (value == nullptr)
            throw Error("format_schema", std::string("there is no '") + name + "'");
        ++known;
        if constexpr (std::is_same_v<std::decay_t<decltype(field)>, std::string>) {
            if (std::string(name) == "name")
                name_from_json(*value, field);
            else if (!value->string().empty())
                from_json(*value, field);
        } else
            from_json(*value, field);
    });
    if (known != json.object().size())
        throw Error("format_schema", "an object has unknown members");
}
void from_json(const Json &json, LayerSpec &layer) {
    fields_from_json(json, [&](auto &&f) { visit_layer(layer, f); });
}
void from_json(const Json &json, AssayConfig &assay) {
    fields_from_json(json, [&](auto &&f) { visit_assay(assay, f); });
}
template <class T>
void from_json(const Json &json, std::vector<T> &items) {
    const Json::Array &array = json.array();
    if (array.size() > kMostLayers)
        throw Error("format_schema", "more than " + std::to_string(kMostLayers) + " items");
    items.assign(array.size(), T());
    for (std::size_t i = 0; i < array.size(); ++i)
        from_json(array[i], items[i]);
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
