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
    // Adds each row's loss to sample_loss. With gradient, `out` holds the gradients by its pre-activations
    // afterwards (of the loss averaged over the rows).
    void forward(const Pass<Real> &pass, DecoderOutput<Real> &out, const AssayBatch<Real> &batch,
                 bool gradient, std::vector<double> &sample_loss);
    void backward(GradientSink<Real> &sink); // of the dispersion, where it is a parameter
    Reconstruction<Real> reconstruct(const Pass<Real> &pass, const DecoderOutput<Real> &out);

  private:
    const Real *log_theta();
    const Backend<Real> &backend_;
    ParameterSet<Real> &parameters_;
    const int64_t features_;
    const Loss loss_;
    const Activation output_;
    const bool softmax_, mean_;
    const double weight_;
    const Real delta_, slope_, zero_ridge_;
    Parameter<Real> *log_theta_ = nullptr; // log dispersion, per feature or one
    Buffer<Real> theta_memory_, theta_gradient_, copy_memory_, mean_memory_, dispersion_memory_, zero_memory_;
    std::vector<double> row_loss_;
};

} // namespace aesop
