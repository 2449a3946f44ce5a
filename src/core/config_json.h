// Settings as a JSON object, one member per field of Config, under the field's name.
#pragma once

#include "config.h"
#include "json.h"

namespace aesop {

Json config_to_json(const Config &config);

// Fields that are not there keep their defaults (files of earlier releases know fewer).
// Error("format_schema") for an unknown name or a value of the wrong type; then what Config::validate()
// throws.
Config config_from_json(const Json &json);

} // namespace aesop
