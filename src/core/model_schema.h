// What an aesop model consists of, and that its parts agree: settings, feature names, the preparation of the
// input, and one tensor for each parameter that a network of these settings has.
//
//     metadata   "config"     JSON object of Config's fields
//                "features"   JSON array of the feature names, all different
//                "transform"  JSON object; "size_factor_target" where the settings need size factors
//                "info"       JSON object, for R; "n_features" must agree where it is given
//                others are ignored
//     tensors    "encoder.1.weight" ...       F32, inputs x units; vectors (biases): n or 1 x n
//                "transform.center"           F64, n_features; unless scale is "none"
//                "transform.scale"            F64, n_features; where scale is "standard" or "minmax"
//                "transform.lower", ".upper"  F64, n_features; optional
//                "history"                    F64, n_epochs x 5; left out where there are no epochs
//                others are refused
#pragma once

#include "model_file.h"

#include <string>

namespace aesop {

// Error("format_schema") unless metadata and the tensors' names, types and shapes agree. Takes a model
// whose tensors have no data yet, too.
void check_schema(const ModelFile &model);

// Error("format_schema") for finite values that no training leaves behind: scales that are not positive,
// negative variances.
void check_tensor_values(const ModelFile &model);

// A model file with all checks, the schema before memory is taken for the data.
ModelFile load_model_file(const std::string &path);
// Only what load_model_file() would accept is written.
void save_model_file(const std::string &path, const ModelFile &model);

} // namespace aesop
