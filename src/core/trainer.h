// Epochs: order of the samples, validation, learning rate, early stopping, and the guard that keeps
// non-finite numbers out of a model.
#pragma once
#include "autoencoder.h"
#include "checkpoint.h"

namespace aesop {

struct TrainingResult {
    // completed, early_stopped, interrupted, time_limit, not_finite, device_failed
    std::string status = "completed";
    std::vector<std::vector<double>> weights; // of all parameters in order, each column-major as in R
    std::vector<EpochRecord> history;
    int64_t best_epoch = 0;            // of the weights that are kept; 0: the initial ones
    std::vector<int64_t> validation;   // samples held out, ascending
    std::vector<std::string> messages; // choices and events that the user should know
    std::string failure;               // status not_finite: what was not finite, and where
    int64_t failure_epoch = 0, failure_step = 0;
    std::shared_ptr<Error> device_error; // status device_failed; weights are then those last saved
    bool needs_parts = false;            // ... for want of memory in the first step: smaller parts may do
    std::shared_ptr<Error> checkpoint_error; // why the checkpoint could not be written; the fit went on
};

// Positions of the samples that are trained on, and of those held out for validation.
struct Split {
    std::vector<int64_t> training, validation;
};
Split split_samples(int64_t n, const Config &config, Key seed);

template <class Real>
class Trainer {
  public:
    // parts: a step computes its minibatch in so many parts, where it does not fit into the device's memory.
    // checkpoint: to go on from, if there was one, and to write; or null.
    Trainer(Autoencoder<Real> &network, const Dataset &data, Key seed, Monitor &monitor, int64_t parts = 1,
            Checkpoint *checkpoint = nullptr);
    TrainingResult run();

  private:
    void run_epochs();
    void begin();
    void go_on();
    void save();
    void write_checkpoint();
    enum class EpochEnd { done, stopped, not_finite };
    EpochEnd train_epoch(int64_t epoch, double &loss);
    void train_step(const int64_t *samples, int64_t rows, uint32_t epoch, const StepNumbers &numbers);
    bool losses_finite(int64_t steps, int64_t epoch);
    double validation_loss(int64_t epoch);
    bool keep_going(int64_t epoch, double val_loss);
    bool roll_back();
    bool time_is_up() const;

    Autoencoder<Real> &network_;
    const Config &config_;
    const Dataset &data_;
    Key seed_;
    Monitor &monitor_;
    const int64_t parts_;
    Split split_;
    Minibatch<Real> batch_;
    Optimizer<Real> optimizer_;
    LearningRate rate_;
    TrainingResult result_;
    Snapshot<Real> current_, good_, best_; // after the last epoch; to go back to; to keep
    DeviceArray<double, Real> numbers_;    // losses of the epoch's steps, then squares of gradient norms
    std::vector<double> losses_;           // those that have been asked for
    Progress at_;
    bool first_step_ = true; // of this run
    double start_ = 0;
    // A failing device takes its memory with it: the host keeps the weights of an epoch's end, asked for
    // once a second at most.
    std::vector<std::vector<Real>> saved_;
    double saved_at_ = 0;
    int64_t saved_epoch_ = 0;
    Checkpoint *checkpoint_;
    Json fit_;
    double written_at_ = 0, write_seconds_ = 0;
};

// Trains the network that start() makes; anew with the minibatches in twice as many parts as long as the
// device has too little memory for them. network: the trained one. start() returns a std::unique_ptr.
template <class Real, class Start>
TrainingResult train_in_memory(std::unique_ptr<Autoencoder<Real>> &network, Start &&start,
                               const Dataset &data, Key seed, Monitor &monitor,
                               Checkpoint *checkpoint = nullptr) {
    for (int64_t parts = checkpoint ? checkpoint->progress().parts : 1;; parts *= 2) {
        network = start();
        const Backend<Real> &backend = network->parameters().backend();
        TrainingResult result = Trainer<Real>(*network, data, seed, monitor, parts, checkpoint).run();
        bool smaller = result.needs_parts && network->splits() && 2 * parts <= network->config().batch_size;
        if (!smaller) {
            if (parts > 1)
                result.messages.push_back(
                    "The device has too little memory for a minibatch: each was computed "
                    "in " +
                    std::to_string(parts) + " parts.");
            return result;
        }
        network.reset(); // its memory first
        backend.recover(backend.self);
    }
}

} // namespace aesop
