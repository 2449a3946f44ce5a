// Settings as JSON, and case G6 of the reliability suite: files that are well formed, but whose parts
// disagree.
#include "allocations.h"
#include "check.h"
#include "core/model_schema.h"
#include "model_fixture.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <unistd.h>

using aesop::Json;
using aesop::ModelFile;
using fixture::small_model;

namespace {

const char *const kSchema = "format_schema";

std::string &metadata(ModelFile &model, const std::string &key) {
    for (auto &entry : model.metadata)
        if (entry.first == key)
            return entry.second;
    throw check::Failure{"no metadata " + key};
}

aesop::FileTensor &tensor(ModelFile &model, const std::string &name) {
    for (auto &one : model.tensors)
        if (one.name == name)
            return one;
    throw check::Failure{"no tensor " + name};
}

void set_shape(aesop::FileTensor &one, std::vector<int64_t> shape) {
    one.shape = std::move(shape);
    one.data.assign(static_cast<std::size_t>(one.count()) * aesop::dtype_size(one.dtype), 0);
}

// The kind of error after a change to the model; the file's own checks must not be what notices it.
std::string kind_after(const std::function<void(ModelFile &)> &change,
                       const aesop::Config &config = fixture::small_config()) {
    ModelFile model = fixture::model_for(config, 6);
    change(model);
    const auto bytes = fixture::to_bytes(model);
    fixture::parse(bytes);
    const std::string kind = check::thrown_kind([&] { fixture::parse(bytes, aesop::check_schema); });
    CHECK_EQUAL(check::thrown_kind([&] { aesop::check_schema(model); }), kind);
    return kind;
}

// The same for a setting that is given another value, as JSON text.
std::string kind_with(const std::string &setting, const std::string &value) {
    return kind_after([&](ModelFile &model) {
        Json json = aesop::parse_json(metadata(model, "config"));
        bool found = false;
        for (auto &member : json.object())
            if (member.first == setting) {
                member.second = aesop::parse_json(value);
                found = true;
            }
        if (!found)
            json.object().emplace_back(setting, aesop::parse_json(value));
        metadata(model, "config") = aesop::write_json(json);
    });
}

} // namespace

TEST("config json: every field there and back") {
    aesop::Config config;
    config.hidden = {512, 128};
    config.decoder_mirrored = false;
    config.decoder_hidden = {};
    config.learning_rate = 1.0 / 3;
    config.loss = "nb";
    config.normalize = "log";
    config.nesterov = true;
    const Json json = aesop::config_to_json(config);
    const aesop::Config back = aesop::config_from_json(aesop::parse_json(aesop::write_json(json)));
    CHECK(aesop::config_to_json(back) == json);
    CHECK(back.hidden == config.hidden && back.decoder_hidden.empty() &&
          back.learning_rate == config.learning_rate);
    std::size_t fields = 0;
    aesop::visit_config(config, [&](const char *, const auto &) { ++fields; });
    CHECK_EQUAL(json.object().size(), fields);
    // What a file does not mention keeps its default.
    CHECK(aesop::config_to_json(aesop::config_from_json(Json(Json::Object{}))) ==
          aesop::config_to_json(aesop::Config()));
}

TEST("config json: unknown names, wrong types, values out of range") {
    const auto kind = [](const std::string &text) {
        return check::thrown_kind([&] { aesop::config_from_json(aesop::parse_json(text)); });
    };
    CHECK_EQUAL(kind(R"({"latent":3})"), "(nothing)");
    CHECK_EQUAL(kind(R"({"latent":3.0,"learning_rate":1})"), "(nothing)");
    for (const char *bad : {R"({"unknown":1})",
                            R"({"latent":"3"})",
                            R"({"latent":2.5})",
                            R"({"latent":null})",
                            R"({"latent":1e300})",
                            R"({"latent":2147483648})",
                            R"({"latent":[3]})",
                            R"({"hidden":128})",
                            R"({"hidden":["a"]})",
                            R"({"hidden":[1.5]})",
                            R"({"tied":1})",
                            R"({"tied":"true"})",
                            R"({"loss":1})",
                            R"({"loss":"\u001b[31m"})",
                            R"({"loss":"a b"})",
                            R"({"learning_rate":"x"})",
                            R"({"learning_rate":true})",
                            "[]",
                            "null",
                            "1"})
        CHECK_EQUAL(kind(bad), kSchema);
    for (const char *bad : {R"({"latent":0})", R"({"loss":"nothing"})", R"({"activation":"system"})",
                            R"({"learning_rate":-1})"})
        CHECK_EQUAL(kind(bad), "param");
}

TEST("schema: models of all architectures are accepted") {
    std::vector<aesop::Config> configs(12, fixture::small_config());
    configs[1].hidden = {};
    configs[2].hidden = {8, 5, 3};
    configs[3].tied = true;
    configs[4].batch_norm = true;
    configs[5].loss = "nb";
    configs[6].loss = "nb";
    configs[6].dispersion = "constant";
    configs[7].decoder_mirrored = false;
    configs[7].decoder_hidden = {7};
    configs[8].scale = "none";
    configs[9].scale = "standard";
    configs[10].scale = "minmax";
    configs[11].normalize = "log";
    for (const auto &config : configs)
        for (const int n_features : {1, 6}) {
            const auto model = fixture::model_for(config, n_features);
            aesop::check_schema(model);
            aesop::check_tensor_values(model);
            const auto loaded = fixture::parse(fixture::to_bytes(model), aesop::check_schema);
            CHECK(loaded.tensors == model.tensors);
        }
}

TEST("schema: what may be there or not") {
    CHECK_EQUAL(kind_after([](ModelFile &) {}), "(nothing)");
    CHECK_EQUAL(kind_after([](ModelFile &m) { m.metadata.emplace_back("later", "x"); }), "(nothing)");
    CHECK_EQUAL(kind_after([](ModelFile &m) { m.tensors.pop_back(); }), "(nothing)"); // the history
    CHECK_EQUAL(kind_after([](ModelFile &m) {
                    set_shape(tensor(m, "encoder.1.bias"), {1, 4});
                }),
                "(nothing)");
    CHECK_EQUAL(
        kind_after([](ModelFile &m) {
            const double values[6] = {};
            m.tensors.push_back(aesop::make_tensor("transform.lower", aesop::DType::F64, {6}, values));
            m.tensors.push_back(aesop::make_tensor("transform.upper", aesop::DType::F64, {6}, values));
        }),
        "(nothing)");
}

TEST("G6: tensors that are missing, too many, or of another type or shape") {
    const std::size_t n = small_model().tensors.size();
    for (std::size_t i = 0; i + 1 < n; ++i) { // all but the history
        CHECK_EQUAL(
            kind_after([&](ModelFile &m) { m.tensors.erase(m.tensors.begin() + static_cast<long>(i)); }),
            kSchema);
        CHECK_EQUAL(kind_after([&](ModelFile &m) { m.tensors[i].name += "x"; }), kSchema);
    }
    for (std::size_t i = 0; i < n; ++i) {
        CHECK_EQUAL(kind_after([&](ModelFile &m) {
                        m.tensors[i].dtype =
                            m.tensors[i].dtype == aesop::DType::F32 ? aesop::DType::I32 : aesop::DType::I64;
                    }),
                    kSchema);
        CHECK_EQUAL(kind_after([&](ModelFile &m) {
                        auto shape = m.tensors[i].shape;
                        ++shape.back();
                        set_shape(m.tensors[i], shape);
                    }),
                    kSchema);
        CHECK_EQUAL(kind_after([&](ModelFile &m) {
                        auto shape = m.tensors[i].shape;
                        shape.push_back(1);
                        set_shape(m.tensors[i], shape);
                    }),
                    kSchema);
    }
    CHECK_EQUAL(kind_after([](ModelFile &m) { std::swap(m.tensors[0].shape[0], m.tensors[0].shape[1]); }),
                kSchema);
    for (const char *name : {"extra", "encoder.3.weight", "transform.scale", "transform.lower",
                             "transform.upper", "dispersion.log_theta"})
        CHECK_EQUAL(kind_after([&](ModelFile &m) {
                        const double values[6] = {};
                        m.tensors.push_back(aesop::make_tensor(name, aesop::DType::F64, {6}, values));
                    }),
                    kSchema);
}

TEST("G6: settings that do not fit the tensors, or are unknown") {
    for (const auto &change :
         std::vector<std::pair<const char *, const char *>>{{"latent", "3"},
                                                            {"latent", "0"},
                                                            {"latent", "1000000"},
                                                            {"hidden", "[]"},
                                                            {"hidden", "[4,4]"},
                                                            {"hidden", "[5]"},
                                                            {"hidden", "[10000000]"},
                                                            {"tied", "true"},
                                                            {"batch_norm", "true"},
                                                            {"loss", "\"nb\""},
                                                            {"loss", "\"poisson\""},
                                                            {"loss", "\"eval\""},
                                                            {"activation", "\"../x\""},
                                                            {"activation", "\"unknown\""},
                                                            {"scale", "\"none\""},
                                                            {"scale", "\"standard\""},
                                                            {"scale", "\"minmax\""},
                                                            {"normalize", "\"log\""},
                                                            {"later_setting", "1"},
                                                            {"decoder_mirrored", "false"},
                                                            {"epochs", "\"many\""},
                                                            {"learning_rate", "-1"}}) {
        const std::string kind = kind_with(change.first, change.second);
        if (kind != kSchema)
            check::fail(__FILE__, __LINE__, std::string(change.first) + " = " + change.second + ": " + kind);
    }
    CHECK_EQUAL(kind_with("epochs", "7"), "(nothing)");
}

TEST("G6: a huge network in the settings costs nothing") {
    std::string layers = "[10000000";
    for (int i = 1; i < 64; ++i)
        layers += ",10000000";
    for (const std::string &hidden : {layers + "]", layers + ",1]"}) {
        auto model = small_model();
        metadata(model, "config") = R"({"latent":2,"batch_norm":true,"hidden":)" + hidden + "}";
        std::string kind;
        const std::size_t bytes =
            allocations::counted([&] { kind = check::thrown_kind([&] { aesop::check_schema(model); }); });
        CHECK_EQUAL(kind, kSchema);
        CHECK(bytes < 1u << 20);
    }
}

TEST("G6: feature names that are too many, too few, double or none") {
    const auto with_features = [](const std::string &text) {
        return kind_after([&](ModelFile &m) { metadata(m, "features") = text; });
    };
    CHECK_EQUAL(with_features(R"(["a","b","c","d","e","f"])"), "(nothing)");
    for (const char *bad :
         {"[]", "{}", "null", "", "[1,2,3,4,5,6]", R"(["a","b","c","d","e"])",
          R"(["a","b","c","d","e","f","g"])", R"(["a","b","c","d","e","a"])", R"(["a","b","c","d","e",""])",
          R"(["a","b","c","d","e",null])", R"(["a","b","c","d","e","\u0000"])"})
        CHECK_EQUAL(with_features(bad), kSchema);
    std::string many = "[\"0\"";
    for (int i = 1; i < 700000; ++i)
        many += ",\"" + std::to_string(i) + "\"";
    CHECK_EQUAL(with_features(many + "]"), kSchema);
}

TEST("G6: metadata that are missing or of another kind") {
    for (const char *key : {"config", "features", "info", "transform"}) {
        CHECK_EQUAL(kind_after([&](ModelFile &m) {
                        m.metadata.erase(std::find_if(m.metadata.begin(), m.metadata.end(),
                                                      [&](const auto &entry) { return entry.first == key; }));
                    }),
                    kSchema);
        for (const char *text : {"", "1", "\"x\"", "null", "{", "[[[[[[[[[[]]]]]]]]]]", "{\"a\":1,\"a\":1}"})
            CHECK_EQUAL(kind_after([&](ModelFile &m) { metadata(m, key) = text; }), kSchema);
    }
    CHECK_EQUAL(kind_after([](ModelFile &m) { metadata(m, "info") = "{\"n_features\":7}"; }), kSchema);
    CHECK_EQUAL(kind_after([](ModelFile &m) { metadata(m, "info") = "{\"n_features\":\"6\"}"; }), kSchema);
    CHECK_EQUAL(kind_after([](ModelFile &m) { metadata(m, "info") = "{}"; }), "(nothing)");
}

TEST("G6: a size factor target where the settings need one") {
    auto config = fixture::small_config();
    for (const bool count : {false, true}) {
        config.normalize = count ? "none" : "log";
        config.loss = count ? "poisson" : "mse";
        CHECK_EQUAL(kind_after([](ModelFile &) {}, config), "(nothing)");
        for (const char *text : {"{}", "{\"size_factor_target\":0}", "{\"size_factor_target\":-1}",
                                 "{\"size_factor_target\":null}", "{\"size_factor_target\":\"1\"}"})
            CHECK_EQUAL(kind_after([&](ModelFile &m) { metadata(m, "transform") = text; }, config), kSchema);
    }
}

TEST("schema: values that no training leaves behind") {
    auto config = fixture::small_config();
    config.scale = "standard";
    config.batch_norm = true;
    for (const char *name : {"transform.scale", "encoder.1.running_variance", "decoder.1.running_variance"}) {
        auto model = fixture::model_for(config, 6);
        aesop::check_tensor_values(model);
        auto &one = tensor(model, name);
        auto values = aesop::tensor_values(one);
        values.back() = -1;
        one = aesop::make_tensor(one.name, one.dtype, one.shape, values.data());
        aesop::check_schema(model);
        CHECK_THROWS_KIND(aesop::check_tensor_values(model), kSchema);
    }
}

TEST("schema: saved and loaded with all checks") {
    char path[] = "/tmp/aesop-schema-XXXXXX";
    const int file = ::mkstemp(path);
    CHECK(file >= 0);
    ::close(file);
    std::remove(path);
    aesop::save_model_file(path, small_model());
    const bool same = aesop::load_model_file(path).tensors == small_model().tensors;
    auto model = small_model();
    model.tensors.erase(model.tensors.begin());
    const std::string saving = check::thrown_kind([&] { aesop::save_model_file(path, model); });
    aesop::write_model_file(path, model);
    const std::string loading = check::thrown_kind([&] { aesop::load_model_file(path); });
    auto config = fixture::small_config();
    config.scale = "standard";
    model = fixture::model_for(config, 6);
    const double scales[] = {1, 1, 1, 1, 1, 0};
    tensor(model, "transform.scale") = aesop::make_tensor("transform.scale", aesop::DType::F64, {6}, scales);
    aesop::write_model_file(path, model);
    const std::string values = check::thrown_kind([&] { aesop::load_model_file(path); });
    std::remove(path);
    CHECK(same);
    CHECK_EQUAL(saving, kSchema);
    CHECK_EQUAL(loading, kSchema);
    CHECK_EQUAL(values, kSchema);
}

TEST("G9: hostile names in settings and features are shown escaped") {
    for (const char *key : {"config", "features"}) {
        auto model = small_model();
        metadata(model, key) =
            std::string(key) == "config" ? R"({"\u001b[31m%n":1})" : R"(["\u001b[31m","\u001b[31m"])";
        try {
            aesop::check_schema(model);
            CHECK(false);
        } catch (const aesop::Error &error) {
            CHECK(std::strchr(error.what(), '\x1b') == nullptr);
            CHECK(std::strstr(error.what(), "\\x1b[31m") != nullptr);
        }
    }
}
