// The whole network: an encoder per assay, the bottleneck that joins them, a decoder and an objective per
// assay, and the penalties.
#pragma once
#include "bottleneck.h"
#include "objective.h"
#include "optimizer.h"
#include <optional>

namespace aesop {

struct ParameterShape {
    std::string name;
    int64_t rows, cols; // inputs x units; 1 x n for vectors
    bool trained;       // false for running statistics
};

// Names and shapes of all parameters that a model of this configuration has, in order.
std::vector<ParameterShape> parameter_shapes(const Config &config, int64_t n_features);

// Numbers of one step on the device, 0 before it.
struct StepNumbers {
    double *loss, *square_norm; // square_norm: of all gradients, where they are clipped by it
};

// An epoch after any warm-up: losses have their final weights.
constexpr uint32_t kLastEpoch = 0xffffffffu;

template <class Real>
class Autoencoder {
  public:
    // config must be resolved(). n_features: of all assays together.
    Autoencoder(const Config &config, int64_t n_features, const Backend<Real> &backend);

    void initialize(Key seed);
    // Sets an assay's output bias to the log of the mean counts, where a count model starts best.
    void set_log_means(size_t assay, const std::vector<double> &means);

    // One training step: forward, backward, update; without an update where the loss is not finite. The loss
    // with its penalties is added to numbers.loss.
    void train_step(Minibatch<Real> &batch, Key seed, uint32_t epoch, Optimizer<Real> &optimizer,
                    const StepNumbers &numbers);
    // The same in parts, for minibatches that do not fit into the memory of the device: add_part() for each,
    // then finish_parts(). share: of the minibatch's rows that the part has. The result is that of one step
    // up to rounding; only if splits().
    bool splits() const;
    void add_part(Minibatch<Real> &part, Key seed, uint32_t epoch, double share, bool first,
                  const StepNumbers &numbers);
    void finish_parts(Optimizer<Real> &optimizer, const StepNumbers &numbers);
    // The loss, and every gradient left in the parameters' gradient memory, penalties included.
    double gradients(Minibatch<Real> &batch, Key seed, uint32_t epoch, bool training);
    // Adds the loss without noise and dropout, weighted as in `epoch`, to *loss on the device.
    void evaluate(Minibatch<Real> &batch, uint32_t epoch, double *loss);
    // The loss; sample_loss, if not null, of the host: one value per row, without penalties.
    double loss(Minibatch<Real> &batch, double *sample_loss = nullptr);

    Matrix<Real> encode(Minibatch<Real> &batch); // rows x latent
    // d code[, unit] / d input of the batch that encode() saw last: one rows x features
    // matrix per assay, valid until the next call.
    std::vector<Matrix<Real>> code_gradients(int64_t unit);
    // covariates: rows x their number; no data for a model without any. One result per assay.
    std::vector<Reconstruction<Real>> decode(const Matrix<Real> &code, const Matrix<Real> &covariates = {});

    ParameterSet<Real> &parameters() { return parameters_; }
    const Config &config() const { return config_; }
    const std::vector<AssayConfig> &assays() const { return assays_; }
    int64_t features() const { return n_features_; }

  private:
    enum class Contraction { none, exact, estimated };
    Contraction contraction_kind() const;
    bool exact() const { return contraction_ == Contraction::exact; }
    Pass<Real> pass(const Minibatch<Real> &batch, Key seed, uint32_t epoch, bool training) const;
    Matrix<Real> code_of(const Pass<Real> &pass, const std::vector<Operand<Real>> &inputs);
    Matrix<Real> code_with_perturbed(const Pass<Real> &pass, const std::vector<Operand<Real>> &inputs);
    // Forward to the loss, which is added to `loss` with its penalties; leaves its gradients in outputs_ if
    // gradient.
    void forward(const Pass<Real> &pass, Minibatch<Real> &batch, bool gradient, const Sum &loss);
    void add_code_penalties(const Pass<Real> &pass, const Sum &loss);
    void add_weight_penalty(const Sum &loss) const;
    void stored_gradients(const Pass<Real> &pass, Minibatch<Real> &batch, const Sum &loss);
    void apply_stored(Optimizer<Real> &optimizer, const StepNumbers &numbers);
    template <class F>
    void each_trained(F &&f);
    double divergence_weight(uint32_t epoch) const;
    void backward(const Pass<Real> &pass, GradientSink<Real> &sink);
    void add_code_gradients(const Pass<Real> &pass, const Matrix<Real> &dcode);
    void add_weight_gradients(const Pass<Real> &pass);
    bool needs_stored_gradients() const { return config_.clip_norm > 0 || exact(); }

    const Config config_;
    const std::vector<AssayConfig> assays_;
    const int64_t n_features_;
    const Backend<Real> &backend_;
    ParameterSet<Real> parameters_;
    std::vector<std::unique_ptr<Encoder<Real>>> encoders_;
    std::unique_ptr<Bottleneck<Real>> bottleneck_;
    std::vector<std::unique_ptr<Decoder<Real>>> decoders_;
    std::vector<std::unique_ptr<Objective<Real>>> objectives_;
    Contraction contraction_;

    Buffer<Real> dcode_memory_, difference_memory_;
    std::vector<std::unique_ptr<Buffer<Real>>> end_memory_; // gradients by the ends of the encoders
    std::vector<std::unique_ptr<Buffer<Real>>> input_gradient_memory_;
    std::vector<std::unique_ptr<Buffer<Real>>> perturbed_memory_;
    Buffer<Real> perturbed_covariates_;
    std::vector<uint32_t> perturbed_ids_;
    std::optional<Pass<Real>>
        encoder_pass_; // of the last forward pass; of twice the rows with a perturbed input
    Matrix<Real> code_, difference_;
    std::vector<DecoderOutput<Real>> outputs_;
    DeviceArray<double, Real> sample_loss_, loss_;              // of each row; of a pass that is waited for
    std::vector<std::unique_ptr<Buffer<Real>>> part_gradients_; // of all parameters, summed over parts
};

} // namespace aesop
