// Settings by name: the words users write, and the enumerations the engine works with.
#pragma once
#include "backend.h"
#include <string>
#include <vector>

namespace aesop {

enum class Schedule { constant, step, exponential, cosine, one_cycle, plateau };
enum class Initialization {
    gaussian,
    uniform,
    glorot_uniform,
    glorot_normal,
    he_uniform,
    he_normal,
    orthogonal
};

// Each throws Error("param") naming the setting, the word and what is allowed.
Activation activation_from_name(const std::string &word, const char *setting);
Loss loss_from_name(const std::string &word);
OptimizerKind optimizer_from_name(const std::string &word);
NoiseKind noise_from_name(const std::string &word);
Schedule schedule_from_name(const std::string &word);
Initialization initialization_from_name(const std::string &word);

// Throws unless the word is one of those allowed.
size_t choice(const char *setting, const std::string &word, const std::vector<const char *> &allowed);

} // namespace aesop
