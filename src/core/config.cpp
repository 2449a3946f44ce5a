#include "config.h"
#include "error.h"
#include "names.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

namespace aesop {
namespace {

std::string shown(double x) {
    std::ostringstream out;
    out.imbue(std::locale::classic());
    out << x;
    return out.str();
}

[[noreturn]] void out_of_range(const char *setting, double value, const std::string &allowed) {
    throw Error("param",
                "`" + std::string(setting) + "` is " + shown(value) + "; it must be " + allowed + ".")
        .with("arg", setting)
        .with("value", value)
        .with("allowed", allowed);
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// low <= x <= high, or strictly inside where `open` says so.
void range(const char *setting, double x, double low, double high, bool open_low = false,
           bool open_high = false) {
    bool inside = std::isfinite(x) && (open_low ? x > low : x >= low) && (open_high ? x < high : x <= high);
    if (inside)
        return;
    std::string text = open_low ? "above " + shown(low) : "at least " + shown(low);
    if (high != kInfinity)
        text += (open_high ? " and below " : " and at most ") + shown(high);
    out_of_range(setting, x, text);
}

void sizes(const char *setting, const std::vector<int> &layers) {
    if (layers.size() > 64)
        out_of_range(setting, double(layers.size()), "at most 64 layers");
    for (int n : layers)
        range(setting, n, 1, 1e7);
}

} // namespace

std::vector<int> Config::decoder_layers() const {
    if (!decoder_mirrored)
        return decoder_hidden;
    return std::vector<int>(hidden.rbegin(), hidden.rend());
}

Config Config::resolved() const {
    Config c = *this;
    if (c.output_activation == "auto")
        c.output_activation = c.count_loss() ? "exp" : c.loss == "bce" ? "sigmoid" : "linear";
    if (c.loss_reduction == "auto")
        c.loss_reduction = c.loss == "half_sse" ? "sum" : "mean";
    return c;
}

void Config::validate() const {
    sizes("hidden", hidden);
    sizes("decoder_hidden", decoder_hidden);
    range("latent", latent, 1, 1e6);
    activation_from_name(activation, "activation");
    activation_from_name(latent_activation, "latent_activation");
    if (output_activation != "auto")
        activation_from_name(output_activation, "output_activation");
    if (count_loss() && output_activation != "auto" && output_activation != "exp")
        throw Error("param", "`output_activation` is \"" + output_activation + "\"; the loss \"" + loss +
                                 "\" needs \"exp\": the output unit is the log of the expected count.")
            .with("arg", "output_activation")
            .with("value", output_activation)
            .with("allowed", "\"auto\", \"exp\"");
    if (tied && !decoder_mirrored)
        throw Error("param",
                    "`decoder_hidden` is given and `tied` is TRUE; tied weights need a mirrored decoder: "
                    "leave out `decoder_hidden`.")
            .with("arg", "decoder_hidden")
            .with("value", "given")
            .with("allowed", "NULL when tied = TRUE");
    range("leaky_slope", leaky_slope, 0, 1);
    range("batch_norm_momentum", batch_norm_momentum, 0, 1, false, true);
    range("batch_norm_epsilon", batch_norm_epsilon, 0, 1, true);
    range("dropout", dropout, 0, 1, false, true);
    range("input_dropout", input_dropout, 0, 1, false, true);
    initialization_from_name(initialization);
    range("initialization_scale", initialization_scale, 0, 1e6, true);
    NoiseKind kind = noise_from_name(noise);
    range("noise_amount", noise_amount, 0, kind == NoiseKind::gaussian ? kInfinity : 1);
    range("noise_low", noise_low, -kInfinity, kInfinity);
    range("noise_high", noise_high, -kInfinity, kInfinity);
    loss_from_name(loss);
    choice("loss_reduction", loss_reduction, {"auto", "mean", "sum"});
    range("huber_delta", huber_delta, 0, kInfinity, true);
    choice("dispersion", dispersion, {"feature", "constant"});
    range("l1", l1, 0, kInfinity);
    range("l2", l2, 0, kInfinity);
    range("activity_l1", activity_l1, 0, kInfinity);
    optimizer_from_name(optimizer);
    range("learning_rate", learning_rate, 0, 1e9, true);
    range("momentum", momentum, 0, 1, false, true);
    range("rho", rho, 0, 1, false, true);
    range("beta1", beta1, 0, 1, false, true);
    range("beta2", beta2, 0, 1, false, true);
    range("epsilon", epsilon, 0, 1, true);
    range("weight_decay", weight_decay, 0, kInfinity);
    range("clip_value", clip_value, 0, kInfinity);
    range("clip_norm", clip_norm, 0, kInfinity);
    schedule_from_name(schedule);
    range("schedule_every", schedule_every, 1, 1e9);
    range("schedule_factor", schedule_factor, 0, 1, true);
    range("schedule_minimum", schedule_minimum, 0, kInfinity);
    range("one_cycle_fraction", one_cycle_fraction, 0, 1, true, true);
    range("one_cycle_divisor", one_cycle_divisor, 1, kInfinity);
    range("one_cycle_final", one_cycle_final, 1, kInfinity);
    range("warmup_epochs", warmup_epochs, 0, 1e9);
    range("epochs", epochs, 0, 1e9);
    range("batch_size", batch_size, 1, 1e6);
    range("validation", validation, 0, 1, false, true);
    choice("validation_split", validation_split, {"random", "last"});
    range("patience", patience, 0, 1e9);
    range("min_delta", min_delta, 0, kInfinity);
    range("max_seconds", max_seconds, 0, kInfinity);
    choice("normalize", normalize, {"none", "log"});
    choice("scale", scale, {"none", "center", "standard", "minmax"});
}

} // namespace aesop
