// Every setting of an autoencoder and of its training, each with its default: the one place for defaults.
// R lists, JSON headers and the defaults shown to users are all made from visit_config().
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace aesop {

struct Config {
    // architecture
    std::vector<int> hidden = {128};      // encoder layers between input and code
    int latent = 10;                      // size of the code (bottleneck)
    std::vector<int> decoder_hidden = {}; // used when decoder_mirrored is false
    bool decoder_mirrored = true;         // decoder layers are the encoder's, reversed
    bool tied = false;                    // decoder weights are the encoder's, transposed
    std::string activation = "relu";      // hidden layers
    std::string latent_activation = "linear";
    std::string output_activation = "auto"; // auto: linear; sigmoid for bce; exp for count losses
    double leaky_slope = 0.01;              // slope of leaky_relu below zero
    bool batch_norm = false;                // between a hidden layer's product and its activation
    double batch_norm_momentum = 0.99;      // share of the running statistics kept at each step
    double batch_norm_epsilon = 1e-3;
    double dropout = 0.0;       // of hidden units; kept ones are scaled by 1 / (1 - dropout)
    double input_dropout = 0.0; // the same on the input

    // initialisation of the weights
    std::string initialization = "glorot_uniform";
    double initialization_scale = 1.0; // factor; standard deviation for gaussian, half-width for uniform

    // corruption of the input during training
    std::string noise = "none"; // none, masking, gaussian, salt_pepper
    double noise_amount = 0.0;  // probability, or standard deviation for gaussian
    double noise_low = 0.0;     // salt-and-pepper values on the model's input scale
    double noise_high = 1.0;

    // loss and penalties
    std::string loss = "mse";            // mse, half_sse, mae, huber, bce, poisson, nb
    std::string loss_reduction = "auto"; // over the features of a sample: mean, sum; auto: sum for half_sse
    double huber_delta = 1.0;
    std::string dispersion = "feature"; // nb: feature, constant
    double l1 = 0.0;                    // l1 * sum |w| over all weight matrices
    double l2 = 0.0;                    // l2 * sum w^2
    double activity_l1 = 0.0;           // activity_l1 * sum |code|, mean over samples

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
    int warmup_epochs = 0;             // linear rise from 0

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
    // Layer sizes of the decoder between code and output.
    std::vector<int> decoder_layers() const;
    bool count_loss() const { return loss == "poisson" || loss == "nb"; }
};

// Calls f(name, field) for every field of a (const) Config, in the order above.
template <class C, class F>
void visit_config(C &c, F &&f) {
    f("hidden", c.hidden), f("latent", c.latent), f("decoder_hidden", c.decoder_hidden);
    f("decoder_mirrored", c.decoder_mirrored), f("tied", c.tied), f("activation", c.activation);
    f("latent_activation", c.latent_activation), f("output_activation", c.output_activation);
    f("leaky_slope", c.leaky_slope), f("batch_norm", c.batch_norm);
    f("batch_norm_momentum", c.batch_norm_momentum), f("batch_norm_epsilon", c.batch_norm_epsilon);
    f("dropout", c.dropout), f("input_dropout", c.input_dropout);
    f("initialization", c.initialization), f("initialization_scale", c.initialization_scale);
    f("noise", c.noise), f("noise_amount", c.noise_amount), f("noise_low", c.noise_low);
    f("noise_high", c.noise_high), f("loss", c.loss), f("loss_reduction", c.loss_reduction);
    f("huber_delta", c.huber_delta), f("dispersion", c.dispersion);
    f("l1", c.l1), f("l2", c.l2), f("activity_l1", c.activity_l1);
    f("optimizer", c.optimizer), f("learning_rate", c.learning_rate), f("momentum", c.momentum);
    f("nesterov", c.nesterov), f("rho", c.rho), f("beta1", c.beta1), f("beta2", c.beta2);
    f("epsilon", c.epsilon), f("weight_decay", c.weight_decay);
    f("clip_value", c.clip_value), f("clip_norm", c.clip_norm);
    f("schedule", c.schedule), f("schedule_every", c.schedule_every);
    f("schedule_factor", c.schedule_factor), f("schedule_minimum", c.schedule_minimum);
    f("one_cycle_fraction", c.one_cycle_fraction), f("one_cycle_divisor", c.one_cycle_divisor);
    f("one_cycle_final", c.one_cycle_final), f("warmup_epochs", c.warmup_epochs);
    f("epochs", c.epochs), f("batch_size", c.batch_size), f("shuffle", c.shuffle);
    f("drop_last", c.drop_last), f("validation", c.validation), f("validation_split", c.validation_split);
    f("patience", c.patience), f("min_delta", c.min_delta), f("max_seconds", c.max_seconds);
    f("normalize", c.normalize), f("scale", c.scale);
}

} // namespace aesop
