// What one assay's output is compared with, and by which loss: the output activation, the dispersion of
// counts, the reduction over features and the assay's weight.
#pragma once
#include "decoder.h"
#include "minibatch.h"

namespace aesop {

// Rows x features each: the output activation applied (counts: the mean for a size factor of 1), the
// dispersion theta and the probability of a technical zero, where the loss has such heads.
template <class Real>
struct Reconstruction {
    Matrix<Real> mean, dispersion, zero_probability;
};

template <class Real>
class Objective {
  public:
    Objective(const Config &config, const AssayConfig &assay, ParameterSet<Real> &parameters);
    // Each row's loss goes to sample_loss (on the device), with accumulate it is added to what is there. With
    // gradient, `out` holds the gradients by its pre-activations afterwards (of the loss averaged over the
    // rows).
    void forward(const Pass<Real> &pass, DecoderOutput<Real> &out, const AssayBatch<Real> &batch,
                 bool gradient, double *sample_loss, bool accumulate);
    void backward(GradientSink<Real> &sink); // of the dispersion, where it is a parameter
    Reconstruction<Real> reconstruct(const Pass<Real> &pass, const DecoderOutput<Real> &out);

  private:
    bool one_dispersion() const { return log_theta_ && log_theta_->shape.units != features_; }
    Weights<Real> ones();
    const Real *log_theta();
    const Backend<Real> &backend_;
    const int64_t features_;
    const Loss loss_;
    const Activation output_;
    const bool softmax_, mean_;
    const double weight_;
    const Real delta_, slope_, zero_ridge_;
    Parameter<Real> *log_theta_ = nullptr; // log dispersion, per feature or one
    Buffer<Real> theta_memory_, theta_gradient_, copy_memory_, mean_memory_, dispersion_memory_, zero_memory_;
    DeviceArray<Real, Real> ones_;
};

} // namespace aesop
