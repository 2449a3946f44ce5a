// The optimiser: makes the rule of each step, and applies it to gradients as backward delivers them.
#pragma once
#include "config.h"
#include "names.h"
#include "parameters.h"

namespace aesop {

template <class Real>
class Optimizer : public GradientSink<Real> {
  public:
    Optimizer(const Config &config, const Backend<Real> &backend);
    // Call before each step; steps count from 1. momentum: of sgd, beta1 of adam; below 0 for the setting.
    void begin_step(double learning_rate, double momentum = -1) {
        step_++, learning_rate_ = learning_rate, momentum_ = momentum;
    }
    // Numbers of the step on the device: nothing is updated where the loss is not finite; square_norm is of
    // all gradients, where they are clipped by their norm.
    void set_numbers(const double *loss, const double *square_norm) {
        loss_ = loss, square_norm_ = square_norm;
    }
    void take(Parameter<Real> &p, const Product<Real> *products, int n) override;
    void take(Parameter<Real> &p, const Real *gradient) override;
    // Applies gradients that are in memory and already hold their penalties.
    void apply_stored(ParameterSet<Real> &parameters);

    int64_t step() const { return step_; }
    void set_step(int64_t step) { step_ = step; }

  private:
    UpdateRule rule(const Parameter<Real> &p) const;
    Moments<Real> moments(Parameter<Real> &p) const;
    const Config config_;
    OptimizerKind kind_;
    const Backend<Real> &backend_;
    int64_t step_ = 0;
    double learning_rate_ = 0, momentum_ = -1;
    const double *loss_ = nullptr, *square_norm_ = nullptr;
};

} // namespace aesop
