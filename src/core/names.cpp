#include "names.h"
#include "error.h"

namespace aesop {

size_t choice(const char *setting, const std::string &word, const std::vector<const char *> &allowed) {
    std::string list;
    for (size_t i = 0; i < allowed.size(); i++) {
        if (word == allowed[i])
            return i;
        list += (i ? ", \"" : "\"") + std::string(allowed[i]) + "\"";
    }
    throw Error("param",
                "`" + std::string(setting) + "` is \"" + word.substr(0, 60) + "\"; use one of " + list + ".")
        .with("arg", setting)
        .with("value", word)
        .with("allowed", list);
}

Activation activation_from_name(const std::string &word, const char *setting) {
    return Activation(choice(setting, word,
                             {"linear", "relu", "leaky_relu", "elu", "gelu", "selu", "tanh", "sigmoid",
                              "softplus", "exp", "softmax"}));
}
Loss loss_from_name(const std::string &word) {
    return Loss(choice(
        "loss", word,
        {"mse", "half_sse", "mae", "huber", "correntropy", "log_cosh", "bce", "poisson", "nb", "zinb"}));
}
OptimizerKind optimizer_from_name(const std::string &word) {
    return OptimizerKind(
        choice("optimizer", word, {"sgd", "rmsprop", "adagrad", "adadelta", "adam", "adamw"}));
}
NoiseKind noise_from_name(const std::string &word) {
    return NoiseKind(choice(
        "noise", word, {"none", "masking", "gaussian", "salt_pepper", "ones", "cauchy", "swap", "thinning"}));
}
Schedule schedule_from_name(const std::string &word) {
    return Schedule(
        choice("schedule", word, {"constant", "step", "exponential", "cosine", "one_cycle", "plateau"}));
}
Initialization initialization_from_name(const std::string &word) {
    return Initialization(choice(
        "initialization", word,
        {"gaussian", "uniform", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "orthogonal"}));
}

} // namespace aesop
