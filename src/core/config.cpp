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

// What "auto" stands for, in a model or in one of its assays.
template <class Settings>
void resolve(Settings &s) {
    bool counts = is_count_loss(s.loss);
    if (s.output_activation == "auto")
        s.output_activation = counts ? "exp" : s.loss == "bce" ? "sigmoid" : "linear";
    if (s.loss_reduction == "auto")
        s.loss_reduction = s.loss == "half_sse" ? "sum" : "mean";
}

// A combination that cannot be: `setting` with `value`, and what to do.
[[noreturn]] void refuse(const char *setting, const std::string &value, const std::string &message,
                         const std::string &allowed) {
    throw Error("param", message).with("arg", setting).with("value", value).with("allowed", allowed);
}

// What a model and each of its assays have in common; where: "" or " of assay \"rna\"".
template <class Settings>
void validate_loss(const Settings &s, const std::string &where) {
    loss_from_name(s.loss);
    if (s.output_activation != "auto")
        activation_from_name(s.output_activation, "output_activation");
    bool counts = is_count_loss(s.loss);
    if (counts && s.output_activation != "auto" && s.output_activation != "exp")
        refuse("output_activation", s.output_activation,
               "`output_activation`" + where + " is \"" + s.output_activation + "\"; the loss \"" + s.loss +
                   "\" needs \"exp\": the output unit is the log of the expected count.",
               "\"auto\", \"exp\"");
    choice("loss_reduction", s.loss_reduction, {"auto", "mean", "sum"});
    choice("dispersion", s.dispersion, {"feature", "constant", "entry"});
    choice("normalize", s.normalize, {"none", "log"});
    choice("scale", s.scale, {"none", "center", "standard", "minmax"});
}

void validate_assays(const Config &c) {
    for (size_t i = 0; i < c.assays.size(); i++) {
        const AssayConfig &a = c.assays[i];
        std::string where = " of assay \"" + a.name + "\"";
        sizes("hidden", a.hidden);
        sizes("decoder_hidden", a.decoder_hidden);
        range("features", a.features, 1, 2e9);
        range("weight", a.weight, 0, kInfinity);
        validate_loss(a, where);
        for (size_t k = 0; k < i; k++)
            if (c.assays[k].name == a.name)
                refuse("assays", a.name, "Two assays have the name \"" + a.name + "\".", "unique names");
    }
    if (!c.multimodal())
        return;
    if (c.assays.size() < 2)
        refuse("assays", "1", "A multimodal model has at least two assays.", "two or more");
    if (c.tied || !c.layers.empty())
        refuse("assays", "given",
               "A model of several assays has neither tied weights nor convolutional layers.",
               "tied = FALSE, no layers");
}

// Combinations of architecture that exclude each other.
void validate_architecture(const Config &c) {
    if (c.tied && !c.decoder_mirrored)
        refuse("decoder_hidden", "given",
               "`decoder_hidden` is given and `tied` is TRUE; tied weights need a mirrored decoder: "
               "leave out `decoder_hidden`.",
               "NULL when tied = TRUE");
    if (!c.layers.empty() && (c.tied || !c.decoder_mirrored))
        refuse("layers", "given", "A convolutional model has a mirrored decoder with its own weights.",
               "tied = FALSE and no decoder_hidden");
    if (!c.layers.empty() && c.loss == "zinb")
        refuse("loss", c.loss, "The loss \"zinb\" needs dense layers; `layers` are given.",
               "another loss, or hidden");
    if (!c.layers.empty() && c.loss == "nb" && c.dispersion == "entry")
        refuse("dispersion", c.dispersion, "`dispersion = \"entry\"` needs dense layers; `layers` are given.",
               "\"feature\", \"constant\"");
    bool weighted = c.layers.empty();
    for (const LayerSpec &layer : c.layers)
        weighted = weighted || (layer.kind != "flatten");
    if (!weighted)
        refuse("layers", "flatten", "`layers` holds nothing but flatten.", "a layer that computes something");
    if (c.layers.empty() != c.input_shape.empty())
        refuse("input_shape", c.layers.empty() ? "given" : "not given",
               "`layers` and `input_shape` belong together: give both or none.", "both or none");
    if (!c.input_shape.empty() && c.input_shape.size() != 3)
        refuse("input_shape", std::to_string(c.input_shape.size()) + " numbers",
               "`input_shape` has three numbers: height, width and channels.", "three numbers");
    for (int n : c.input_shape)
        range("input_shape", n, 1, 1e6);
    if (!c.layers.empty() && !c.covariates.empty())
        refuse("design", "given", "A convolutional model takes no covariates.", "no design with layers");
    if (c.sparsity > 0 && c.latent_activation != "sigmoid" && c.latent_activation != "softmax")
        refuse("latent_activation", c.latent_activation,
               "`sparsity` compares mean codes with a probability, so the codes must lie between 0 and 1; "
               "`latent_activation` is \"" +
                   c.latent_activation + "\".",
               "\"sigmoid\"");
}

} // namespace

Config Config::resolved() const {
    Config c = *this;
    resolve(c);
    for (AssayConfig &a : c.assays)
        resolve(a);
    return c;
}

std::vector<AssayConfig> Config::resolved_assays(int64_t n_features) const {
    std::vector<AssayConfig> out = assays;
    if (out.empty()) {
        AssayConfig a;
        a.features = int(n_features);
        if (layers.empty()) {
            a.hidden = hidden;
            a.decoder_hidden =
                decoder_mirrored ? std::vector<int>(hidden.rbegin(), hidden.rend()) : decoder_hidden;
        }
        a.loss = loss, a.loss_reduction = loss_reduction, a.output_activation = output_activation;
        a.dispersion = dispersion, a.normalize = normalize, a.scale = scale;
        out.push_back(a);
    }
    int64_t sum = 0;
    for (AssayConfig &a : out) {
        resolve(a);
        sum += a.features;
    }
    if (sum != n_features)
        throw Error("features", "The assays have " + std::to_string(sum) + " features together, the data " +
                                    std::to_string(n_features) + ".");
    return out;
}

double Config::divergence_weight(int64_t epoch) const {
    return kl_warmup > 0 ? beta * std::min(1.0, kl_warmup * double(epoch)) : beta;
}

void Config::validate() const {
    sizes("hidden", hidden);
    sizes("decoder_hidden", decoder_hidden);
    range("latent", latent, 1, 1e6);
    activation_from_name(activation, "activation");
    activation_from_name(latent_activation, "latent_activation");
    validate_loss(*this, "");
    validate_assays(*this);
    validate_architecture(*this);
    choice("condition", condition, {"encoder", "decoder", "both"});
    range("beta", beta, 0, kInfinity);
    range("kl_warmup", kl_warmup, 0, 1);
    range("leaky_slope", leaky_slope, 0, 1);
    range("batch_norm_momentum", batch_norm_momentum, 0, 1, false, true);
    range("batch_norm_epsilon", batch_norm_epsilon, 0, 1, true);
    range("dropout", dropout, 0, 1, false, true);
    range("input_dropout", input_dropout, 0, 1, false, true);
    initialization_from_name(initialization);
    range("initialization_scale", initialization_scale, 0, 1e6, true);
    NoiseKind kind = noise_from_name(noise);
    bool spread = kind == NoiseKind::gaussian || kind == NoiseKind::cauchy;
    range("noise_amount", noise_amount, 0, spread ? kInfinity : 1, false, kind == NoiseKind::thinning);
    range("noise_low", noise_low, -kInfinity, kInfinity);
    range("noise_high", noise_high, -kInfinity, kInfinity);
    range("huber_delta", huber_delta, 0, kInfinity, true);
    range("zero_ridge", zero_ridge, 0, kInfinity);
    range("l1", l1, 0, kInfinity);
    range("l2", l2, 0, kInfinity);
    range("activity_l1", activity_l1, 0, kInfinity);
    range("sparsity", sparsity, 0, kInfinity);
    range("sparsity_target", sparsity_target, 0, 1, true, true);
    range("contractive", contractive, 0, kInfinity);
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
    range("one_cycle_momentum_low", one_cycle_momentum_low, 0, 1, false, true);
    range("one_cycle_momentum_high", one_cycle_momentum_high, 0, 1, false, true);
    range("warmup_epochs", warmup_epochs, 0, 1e9);
    range("epochs", epochs, 0, 1e9);
    range("batch_size", batch_size, 1, 1e6);
    range("validation", validation, 0, 1, false, true);
    choice("validation_split", validation_split, {"random", "last"});
    range("patience", patience, 0, 1e9);
    range("min_delta", min_delta, 0, kInfinity);
    range("max_seconds", max_seconds, 0, kInfinity);
}

} // namespace aesop
