// A small model file to be damaged in all ways.
#pragma once

#include "core/autoencoder.h"
#include "core/byte_source.h"
#include "core/config_json.h"
#include "core/model_file.h"

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

namespace fixture {

using Bytes = std::vector<unsigned char>;

inline aesop::Config small_config() {
    aesop::Config config;
    config.hidden = {4};
    config.latent = 2;
    return config;
}

// Agrees with itself in all parts, as model_schema.h wants it. The weights are no round numbers.
inline aesop::ModelFile model_for(const aesop::Config &config, int n_features) {
    aesop::ModelFile model;
    aesop::Json::Array features;
    for (int i = 1; i <= n_features; ++i)
        features.emplace_back("gene " + std::to_string(i) + " \"\xc3\xa9\"");
    const bool factors = config.resolved_assays(n_features)[0].needs_size_factors();
    model.metadata = {
        {"config", aesop::write_json(aesop::config_to_json(config))},
        {"features", aesop::write_json(features)},
        {"info", "{\"status\":\"completed\",\"n_features\":" + std::to_string(n_features) + "}"},
        {"transform", factors ? "{\"size_factor_target\":1234.5}" : "{}"}};
    const auto add = [&](const std::string &name, aesop::DType dtype, std::vector<int64_t> shape) {
        int64_t count = 1;
        for (const int64_t size : shape)
            count *= size;
        std::vector<double> values(static_cast<std::size_t>(count));
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] =
                static_cast<float>(1.5 + std::sin(1.7 * static_cast<double>(i + model.tensors.size())));
        model.tensors.push_back(aesop::make_tensor(name, dtype, std::move(shape), values.data()));
    };
    for (const auto &parameter : aesop::parameter_shapes(config, n_features)) {
        if (parameter.rows == 1)
            add(parameter.name, aesop::DType::F32, {parameter.cols});
        else
            add(parameter.name, aesop::DType::F32, {parameter.rows, parameter.cols});
    }
    if (config.scale != "none")
        add("transform.center", aesop::DType::F64, {n_features});
    if (config.scale == "standard" || config.scale == "minmax")
        add("transform.scale", aesop::DType::F64, {n_features});
    add("history", aesop::DType::F64, {3, 5});
    return model;
}

inline aesop::ModelFile small_model(int n_features = 6) {
    return model_for(small_config(), n_features);
}

inline Bytes to_bytes(const aesop::ModelFile &model) {
    const std::string header = aesop::model_file_header(model);
    Bytes bytes(header.begin(), header.end());
    for (const auto &tensor : model.tensors)
        bytes.insert(bytes.end(), tensor.data.begin(), tensor.data.end());
    return bytes;
}

inline aesop::ModelFile parse(const Bytes &bytes, aesop::SchemaCheck schema = nullptr) {
    aesop::BytesInMemory source(bytes.data(), bytes.size());
    return aesop::parse_model_file(source, schema);
}

// The header's text and where the data start.
inline std::string header_text(const Bytes &bytes) {
    uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    return std::string(bytes.begin() + 8, bytes.begin() + 8 + static_cast<std::ptrdiff_t>(length));
}

// A file of a header and data, whatever they are.
inline Bytes raw_file(const std::string &header, const std::string &data = "") {
    Bytes bytes;
    for (int i = 0; i < 8; ++i)
        bytes.push_back(static_cast<unsigned char>(static_cast<uint64_t>(header.size()) >> (8 * i)));
    bytes.insert(bytes.end(), header.begin(), header.end());
    bytes.insert(bytes.end(), data.begin(), data.end());
    return bytes;
}

} // namespace fixture
