// Every setting of an autoencoder and of its training, each with its default: the one place for defaults.
// R lists, JSON headers and the defaults shown to users are all made from visit_config().
#pragma once
#include "layer_spec.h"
#include <cstdint>
#include <string>
#include <vector>

namespace aesop {

// The names of the losses on counts.
inline bool is_count_loss(const std::string &loss) {
    return loss == "poisson" || loss == "nb" || loss == "zinb";
}

// What one assay has of its own: all of it in a model of several assays (Config::assays); the assay of any
// other model is made from Config's fields of the same names.
struct AssayConfig {
    std::string name;
    int features = 0;
    std::vector<int> hidden, decoder_hidden; // of its own encoder and decoder; the code is joint
    std::string loss = "mse", loss_reduction = "auto", output_activation = "auto", dispersion = "feature";
    double weight = 1.0; // of its loss
    std::string normalize = "none", scale = "center";

    bool count_loss() const { return is_count_loss(loss); }
    bool needs_size_factors() const { return normalize == "log" || count_loss(); }
};

template <class A, class F>
void visit_assay(A &a, F &&f) {
    f("name", a.name), f("features", a.features), f("hidden", a.hidden);
    f("decoder_hidden", a.decoder_hidden), f("loss", a.loss), f("loss_reduction", a.loss_reduction);
    f("output_activation", a.output_activation), f("dispersion", a.dispersion), f("weight", a.weight);
    f("normalize", a.normalize), f("scale", a.scale);
}

struct Config {
    // architecture
    std::vector<int> hidden = {128};      // encoder layers between input and code
    int latent = 10;                      // size of the code (bottleneck)
    std::vector<int> decoder_hidden = {}; // used when decoder_mirrored is false
    bool decoder_mirrored = true;         // decoder layers are the encoder's, reversed
    bool tied = false;                    // decoder weights are the encoder's, transposed
    std::vector<int> input_shape = {};    // of images and sequences: height, width, channels; empty: features
    std::vector<LayerSpec> layers = {};   // of the encoder in place of hidden; the decoder mirrors them
    std::vector<AssayConfig> assays = {}; // of a multimodal model, in the order of its features
    std::vector<std::string> covariates = {}; // columns of the design matrix
    std::string condition = "both";           // where they enter: encoder, decoder, both
    std::string activation = "relu";          // hidden layers
    std::string latent_activation = "linear";
    std::string output_activation = "auto"; // auto: linear; sigmoid for bce; exp for count losses
    double leaky_slope = 0.01;              // slope of leaky_relu below zero
    bool batch_norm = false;                // between a hidden layer's product and its activation
    double batch_norm_momentum = 0.99;      // share of the running statistics kept at each step
    double batch_norm_epsilon = 1e-3;
    bool batch_norm_scale = true;    // false: no trained factor, only a shift
    bool batch_norm_last = false;    // after the activation in place of before it
    bool latent_batch_norm = false;  // of the code, before its activation
    bool latent_bias = true;         // of the code
    bool preactivation_code = false; // the decoder begins with the code's batch-norm and activation
    double dropout = 0.0;            // of hidden units; kept ones are scaled by 1 / (1 - dropout)
    double input_dropout = 0.0;      // the same on the input

    // variational bottleneck
    bool variational = false;
    double beta = 1.0;      // weight of the divergence from the standard normal prior
    double kl_warmup = 0.0; // that weight rises by kl_warmup * beta an epoch, from 0 in the first; 0: at once

    // initialisation of the weights
    std::string initialization = "glorot_uniform";
    double initialization_scale = 1.0; // factor; standard deviation for gaussian, half-width for uniform

    // corruption of the input during training
    std::string noise = "none"; // none, masking, ones, gaussian, cauchy, salt_pepper, swap, thinning
    double noise_amount = 0.0;  // probability; standard deviation for gaussian, scale for cauchy
    double noise_low = 0.0;     // salt-and-pepper values on the model's input scale
    double noise_high = 1.0;    // also the value of ones

    // loss and penalties
    std::string loss = "mse"; // mse, half_sse, mae, huber, correntropy, log_cosh, bce, poisson, nb, zinb
    std::string loss_reduction = "auto"; // over the features of a sample: mean, sum; auto: sum for half_sse
    double huber_delta = 1.0;            // also the width of correntropy
    std::string dispersion = "feature";  // nb, zinb: constant, feature, entry (per feature and sample)
    double zero_ridge = 0.0;             // zinb: zero_ridge * pi^2, mean over the features of a sample
    double l1 = 0.0;                     // l1 * sum |w| over all weight matrices
    double l2 = 0.0;                     // l2 * sum w^2
    double activity_l1 = 0.0;            // activity_l1 * sum |code|, mean over samples
    double sparsity = 0.0;               // weight of KL(sparsity_target || mean code), summed over the codes
    double sparsity_target = 0.05;
    double contractive = 0.0; // weight of the squared Jacobian norm of the code, mean over samples

    // optimiser
    std::string optimizer = "adam"; // sgd, rmsprop, adagrad, adadelta, adam, adamw
    double learning_rate = 1e-3;
    double momentum = 0.0; // sgd
    bool nesterov = false; // sgd
    double rho = 0.9;      // rmsprop, adadelta
    double beta1 = 0.9;    // adam, adamw
    double beta2 = 0.999;
    double epsilon = 1e-8;
    double weight_decay = 0.01; // adamw
    double clip_value = 0.0;    // 0: no clipping of single gradient elements
    double clip_norm = 0.0;     // 0: no clipping of the gradient's norm over all parameters

    // learning-rate schedule
    std::string schedule = "constant"; // constant, step, exponential, cosine, one_cycle, plateau
    int schedule_every = 30;           // step: epochs between reductions; plateau: patience
    double schedule_factor = 0.1;      // step, exponential (per epoch), plateau
    double schedule_minimum = 0.0;     // lowest rate of cosine and plateau
    double one_cycle_fraction = 0.3;   // share of steps with a rising rate
    double one_cycle_divisor = 25.0;   // first rate = learning_rate / divisor
    double one_cycle_final = 1e4;      // last rate = first rate / final
    bool one_cycle_momentum = false;   // momentum (beta1) moves against the rate, between these two
    double one_cycle_momentum_low = 0.85;
    double one_cycle_momentum_high = 0.95;
    int warmup_epochs = 0; // linear rise from 0

    // training
    int epochs = 100;
    int batch_size = 64;
    bool shuffle = true;
    bool drop_last = false;                  // leave out an incomplete last minibatch
    double validation = 0.1;                 // share of the samples held out
    std::string validation_split = "random"; // random, last (as Keras: no shuffling before the split)
    int patience = 15;        // early stopping after so many epochs without improvement; 0: off
    double min_delta = 0.0;   // smallest improvement that counts
    double max_seconds = 0.0; // 0: no limit

    // preparation of the input, kept in the model and applied to new data
    std::string normalize = "none"; // none, log: log1p(count / size factor)
    std::string scale = "center";   // none, center, standard, minmax (training range, new data clamped)

    // Throws Error("param") naming the first field that is out of range.
    void validate() const;
    // Replaces "auto" entries by what they stand for.
    Config resolved() const;
    // The assays with all "auto" replaced: `assays`, or the only one, made of the fields above.
    // n_features: of all of them together; throws Error("features") where they do not add up.
    std::vector<AssayConfig> resolved_assays(int64_t n_features) const;
    bool multimodal() const { return !assays.empty(); }
    bool conditions_encoder() const { return !covariates.empty() && condition != "decoder"; }
    bool conditions_decoder() const { return !covariates.empty() && condition != "encoder"; }
    // Weight of the divergence in an epoch that counts from 0.
    double divergence_weight(int64_t epoch) const;
    bool warming_up(int64_t epoch) const { return variational && divergence_weight(epoch) < beta; }
};

// Calls f(name, field) for every field of a (const) Config, in the order above.
template <class C, class F>
void visit_config(C &c, F &&f) {
    f("hidden", c.hidden), f("latent", c.latent), f("decoder_hidden", c.decoder_hidden);
    f("decoder_mirrored", c.decoder_mirrored), f("tied", c.tied), f("activation", c.activation);
    f("latent_activation", c.latent_activation), f("output_activation", c.output_activation);
    f("input_shape", c.input_shape), f("layers", c.layers), f("assays", c.assays);
    f("covariates", c.covariates), f("condition", c.condition);
    f("leaky_slope", c.leaky_slope), f("batch_norm", c.batch_norm);
    f("batch_norm_momentum", c.batch_norm_momentum), f("batch_norm_epsilon", c.batch_norm_epsilon);
    f("batch_norm_scale", c.batch_norm_scale), f("batch_norm_last", c.batch_norm_last);
    f("latent_batch_norm", c.latent_batch_norm), f("latent_bias", c.latent_bias);
    f("preactivation_code", c.preactivation_code), f("variational", c.variational), f("beta", c.beta);
    f("kl_warmup", c.kl_warmup);
    f("dropout", c.dropout), f("input_dropout", c.input_dropout);
    f("initialization", c.initialization), f("initialization_scale", c.initialization_scale);
    f("noise", c.noise), f("noise_amount", c.noise_amount), f("noise_low", c.noise_low);
    f("noise_high", c.noise_high), f("loss", c.loss), f("loss_reduction", c.loss_reduction);
    f("huber_delta", c.huber_delta), f("dispersion", c.dispersion);
    f("zero_ridge", c.zero_ridge), f("l1", c.l1), f("l2", c.l2), f("activity_l1", c.activity_l1);
    f("sparsity", c.sparsity), f("sparsity_target", c.sparsity_target), f("contractive", c.contractive);
    f("optimizer", c.optimizer), f("learning_rate", c.learning_rate), f("momentum", c.momentum);
    f("nesterov", c.nesterov), f("rho", c.rho), f("beta1", c.beta1), f("beta2", c.beta2);
    f("epsilon", c.epsilon), f("weight_decay", c.weight_decay);
    f("clip_value", c.clip_value), f("clip_norm", c.clip_norm);
    f("schedule", c.schedule), f("schedule_every", c.schedule_every);
    f("schedule_factor", c.schedule_factor), f("schedule_minimum", c.schedule_minimum);
    f("one_cycle_fraction", c.one_cycle_fraction), f("one_cycle_divisor", c.one_cycle_divisor);
    f("one_cycle_final", c.one_cycle_final), f("one_cycle_momentum", c.one_cycle_momentum);
    f("one_cycle_momentum_low", c.one_cycle_momentum_low);
    f("one_cycle_momentum_high", c.one_cycle_momentum_high), f("warmup_epochs", c.warmup_epochs);
    f("epochs", c.epochs), f("batch_size", c.batch_size), f("shuffle", c.shuffle);
    f("drop_last", c.drop_last), f("validation", c.validation), f("validation_split", c.validation_split);
    f("patience", c.patience), f("min_delta", c.min_delta), f("max_seconds", c.max_seconds);
    f("normalize", c.normalize), f("scale", c.scale);
}

} // namespace aesop
