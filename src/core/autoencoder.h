// The whole network: encoder, bottleneck, decoder, loss and penalties.
#pragma once
#include "decoder.h"
#include "minibatch.h"
#include "optimizer.h"

namespace aesop {

struct ParameterShape {
    std::string name;
    int64_t rows, cols; // inputs x units; 1 x n for vectors
};

// Names and shapes of all parameters that a model of this configuration has, in order.
std::vector<ParameterShape> parameter_shapes(const Config &config, int64_t n_features);

template <class Real>
class Autoencoder {
  public:
    // config must be resolved().
    Autoencoder(const Config &config, int64_t n_features, const Backend<Real> &backend);

    void initialize(Key seed);
    // Sets the output bias to the log of the mean counts, where a count model starts best.
    void set_log_means(const std::vector<double> &means);

    // One training step: forward, backward, update. Returns the loss with its penalties.
    double train_step(Minibatch<Real> &batch, Key seed, uint32_t epoch, Optimizer<Real> &optimizer);
    // The loss, and every gradient left in the parameters' gradient memory, penalties included.
    double gradients(Minibatch<Real> &batch, Key seed, uint32_t epoch, bool training);
    // Loss without noise and dropout. sample_loss, if not null: one value per row, without penalties.
    double evaluate(Minibatch<Real> &batch, double *sample_loss = nullptr);

    Matrix<Real> encode(Minibatch<Real> &batch);   // rows x latent
    Matrix<Real> decode(const Matrix<Real> &code); // rows x features, output activation applied
    double weight_penalty() const;

    ParameterSet<Real> &parameters() { return parameters_; }
    const Config &config() const { return config_; }
    int64_t features() const { return n_features_; }

  private:
    Pass<Real> pass(const Minibatch<Real> &batch, Key seed, uint32_t epoch, bool training) const;
    // Forward to the loss; leaves d loss / d z in z_ if gradient. Returns the mean loss of the rows.
    double forward(const Pass<Real> &pass, Minibatch<Real> &batch, bool gradient);
    void backward(const Pass<Real> &pass, GradientSink<Real> &sink);
    double activity(int64_t rows) const; // the penalty on the code, of the last forward pass
    const Real *log_theta();

    const Config config_;
    const int64_t n_features_;
    const Backend<Real> &backend_;
    const Loss loss_;
    const Activation output_;
    ParameterSet<Real> parameters_;
    Encoder<Real> encoder_;
    Decoder<Real> decoder_;
    Parameter<Real> *log_theta_ = nullptr; // negative binomial: log dispersion, per feature or one
    Buffer<Real> dcode_memory_, theta_memory_, theta_gradient_, output_memory_;
    Matrix<Real> code_, z_;
    std::vector<double> sample_loss_;
};

} // namespace aesop
