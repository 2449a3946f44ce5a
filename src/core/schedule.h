// The learning rate of every step.
#pragma once
#include "config.h"
#include "names.h"
#include <limits>

namespace aesop {

class LearningRate {
  public:
    struct State { // what happened so far
        double factor = 1, plateau = 1, best = std::numeric_limits<double>::infinity();
        int64_t since_best = 0;
    };
    LearningRate(const Config &config, int64_t steps_per_epoch);
    // epoch and step count from 0; step runs over all epochs.
    double at(int64_t epoch, int64_t step) const;
    // Momentum of a step of a one-cycle schedule that moves it, else -1.
    double momentum(int64_t step) const;
    // After each epoch: reduce-on-plateau lowers its factor; loss is the validation loss where there is one.
    void epoch_done(double loss);
    void halve() { state_.factor *= 0.5; }
    const State &state() const { return state_; }
    void set_state(const State &s) { state_ = s; }

  private:
    int64_t total_steps() const;
    Config config_;
    Schedule kind_;
    int64_t steps_per_epoch_;
    State state_;
};

} // namespace aesop
