#include "model_schema.h"

#include "autoencoder.h"
#include "config_json.h"
#include "error.h"
#include "text.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace aesop {

namespace {

constexpr int64_t kHistoryColumns = 5; // epoch, loss, val_loss, learning_rate, seconds

[[noreturn]] void disagree(const char *reason, const std::string &message) {
    throw Error("format_schema", message + " [" + reason + "]").with("reason", reason);
}

Json metadata_json(const ModelFile &model, const char *key, Json::Type type) {
    const std::string *text = model.find_metadata(key);
    if (text == nullptr)
        disagree("metadata_missing", std::string("the metadata lack '") + key + "'");
    Json json;
    try {
        json = parse_json(*text);
    } catch (const Error &error) {
        Error named(error.kind, std::string("metadata '") + key + "': " + error.what());
        named.fields = error.fields;
        throw named;
    }
    if (json.type() != type)
        disagree("metadata_type", std::string("the metadata '") + key + "' are " + json.type_name());
    return json;
}

Config read_config(const ModelFile &model) {
    try {
        return config_from_json(metadata_json(model, "config", Json::Type::object));
    } catch (const Error &error) {
        if (error.kind == "format_schema")
            throw;
        // A setting out of range is the caller's mistake elsewhere, here it is the file's.
        disagree("config", std::string("the settings are not valid: ") + error.what());
    }
}

int64_t count_features(const ModelFile &model) {
    const Json json = metadata_json(model, "features", Json::Type::array);
    const Json::Array &features = json.array();
    std::vector<std::string_view> names;
    names.reserve(features.size());
    for (const Json &feature : features) {
        if (feature.type() != Json::Type::string || feature.string().empty())
            disagree("features", "feature name " + std::to_string(names.size() + 1) + " is no text");
        names.push_back(feature.string());
    }
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end())
        disagree("features", "the feature name '" + printable(*twice) + "' is there twice");
    if (names.empty())
        disagree("features", "there are no feature names");
    return static_cast<int64_t>(names.size());
}

// Ticks off the tensors that belong to a model; what is left does not.
class Tensors {
  public:
    explicit Tensors(const ModelFile &model) : model_(model) {}

    const FileTensor *find(const std::string &name) {
        const FileTensor *tensor = model_.find_tensor(name);
        known_.insert(tensor);
        return tensor;
    }
    const FileTensor &need(const std::string &name) {
        const FileTensor *tensor = find(name);
        if (tensor == nullptr)
            disagree("tensor_missing", "the tensor '" + name + "' is missing");
        return *tensor;
    }
    static void check(const FileTensor &tensor, DType dtype, const std::vector<int64_t> &shape) {
        if (tensor.dtype != dtype)
            disagree("dtype", "the tensor '" + tensor.name + "' should be " + dtype_name(dtype) + ", not " +
                                  dtype_name(tensor.dtype));
        if (tensor.shape != shape)
            disagree("shape", "the tensor '" + tensor.name + "' should be " + text(shape) + ", not " +
                                  text(tensor.shape));
    }
    void refuse_others() const {
        for (const FileTensor &tensor : model_.tensors)
            if (known_.count(&tensor) == 0)
                disagree("tensor_unknown",
                         "there is no place for the tensor '" + printable(tensor.name) + "'");
    }

  private:
    static std::string text(const std::vector<int64_t> &shape) {
        std::string out;
        for (const int64_t size : shape)
            out += (out.empty() ? "" : " x ") + std::to_string(size);
        return out;
    }

    const ModelFile &model_;
    std::set<const FileTensor *> known_;
};

// Before the shapes are made: making those of a layer can take memory in proportion to its size, which a few
// bytes of settings must not claim. A layer of n units has a tensor with a dimension n, and so n values.
void check_layer_sizes(const ModelFile &model, const Config &config, int64_t n_features) {
    int64_t largest = 0;
    for (const FileTensor &tensor : model.tensors)
        for (const int64_t size : tensor.shape)
            largest = std::max(largest, size);
    std::vector<int64_t> layers = {config.latent, int64_t(config.covariates.size())};
    const auto add = [&](const std::vector<int> &more) {
        layers.insert(layers.end(), more.begin(), more.end());
    };
    for (const AssayConfig &assay : config.resolved_assays(n_features)) {
        add(assay.hidden);
        add(assay.decoder_hidden);
    }
    for (const LayerSpec &layer : config.layers)
        layers.push_back(layer.units);
    if (!config.layers.empty()) {
        const std::vector<int> &shape = config.input_shape;
        const auto plan = plan_layers(config.layers, {shape[0], shape[1], shape[2]}, "layers");
        layers.push_back(plan.back().output.size());
    }
    for (const int64_t units : layers)
        if (units > largest)
            disagree("config", "the settings ask for a layer of " + std::to_string(units) +
                                   " units, which is not there");
}

void check_parameters(const Config &config, int64_t n_features, Tensors &tensors) {
    for (const ParameterShape &parameter : parameter_shapes(config, n_features)) {
        const FileTensor &tensor = tensors.need(parameter.name);
        const bool vector = parameter.rows == 1 && tensor.shape.size() == 1;
        Tensors::check(tensor, DType::F32,
                       vector ? std::vector<int64_t>{parameter.cols}
                              : std::vector<int64_t>{parameter.rows, parameter.cols});
    }
}

void check_transform(const ModelFile &model, const Config &config, int64_t n_features, Tensors &tensors) {
    const Json transform = metadata_json(model, "transform", Json::Type::object);
    const std::vector<AssayConfig> assays = config.resolved_assays(n_features);
    const Json *target = transform.find("size_factor_target");
    bool centred = false, scaled = false;
    for (std::size_t i = 0; i < assays.size(); i++) {
        centred = centred || assays[i].scale != "none";
        scaled = scaled || assays[i].scale == "standard" || assays[i].scale == "minmax";
        if (!assays[i].needs_size_factors())
            continue;
        const Json *own = target;
        if (target != nullptr && target->type() == Json::Type::array)
            own = i < target->array().size() ? &target->array()[i] : nullptr;
        if (own == nullptr || own->type() != Json::Type::number || !(own->number() > 0))
            disagree("transform", "the settings need a positive 'size_factor_target' in 'transform'");
    }
    const auto expect = [&](const char *name, bool needed) {
        const FileTensor *tensor = tensors.find(name);
        if (needed != (tensor != nullptr))
            disagree("transform",
                     std::string("the tensor '") + name + "' and the setting 'scale' do not agree");
        if (tensor != nullptr)
            Tensors::check(*tensor, DType::F64, {n_features});
    };
    expect("transform.center", centred);
    expect("transform.scale", scaled);
    const bool bounds = model.find_tensor("transform.lower") != nullptr;
    expect("transform.lower", bounds);
    expect("transform.upper", bounds);
}

} // namespace

void check_schema(const ModelFile &model) {
    const Config config = read_config(model);
    const int64_t n_features = count_features(model);
    const Json info = metadata_json(model, "info", Json::Type::object);
    if (const Json *n = info.find("n_features"))
        if (n->type() != Json::Type::number || n->number() != static_cast<double>(n_features))
            disagree("features", "there are " + std::to_string(n_features) +
                                     " feature names, but 'info' tells another number");

    Tensors tensors(model);
    try {
        check_layer_sizes(model, config, n_features);
        check_parameters(config, n_features, tensors);
    } catch (const Error &error) {
        if (error.kind == "format_schema")
            throw;
        disagree("config", std::string("the settings do not fit the features: ") + error.what());
    }
    check_transform(model, config, n_features, tensors);
    if (const FileTensor *history = tensors.find("history"))
        Tensors::check(*history, DType::F64,
                       {history->shape.empty() ? 0 : history->shape.front(), kHistoryColumns});
    tensors.refuse_others();
}

void check_tensor_values(const ModelFile &model) {
    const std::string_view variance = ".running_variance";
    for (const FileTensor &tensor : model.tensors) {
        const std::string_view name = tensor.name;
        const bool is_scale = name == "transform.scale";
        const bool is_variance =
            name.size() > variance.size() && name.substr(name.size() - variance.size()) == variance;
        if (!is_scale && !is_variance)
            continue;
        for (const double value : tensor_values(tensor))
            if (!(is_scale ? value > 0 : value >= 0))
                disagree("value", "the tensor '" + printable(name) + "' holds a value that is not positive");
    }
}

ModelFile load_model_file(const std::string &path) {
    ModelFile model = read_model_file(path, check_schema);
    try {
        check_tensor_values(model);
    } catch (Error &error) {
        throw Error(error.kind, "cannot load '" + path + "': " + error.what())
            .with("reason", "value")
            .with("path", path);
    }
    return model;
}

void save_model_file(const std::string &path, const ModelFile &model) {
    check_schema(model);
    check_tensor_values(model);
    write_model_file(path, model);
}

} // namespace aesop
