// The code: one product over the ends of all encoders (a joined code of several assays is the product of
// their concatenation), plain or variational.
#pragma once
#include "encoder.h"

namespace aesop {

template <class Real>
class Bottleneck {
  public:
    // encoders: what comes in; name: of the parameters.
    Bottleneck(const Config &config, const std::vector<AssayConfig> &assays,
               const std::vector<std::unique_ptr<Encoder<Real>>> &encoders, ParameterSet<Real> &parameters);
    // rows x latent. Variational: a sample when training, the mean otherwise.
    Matrix<Real> forward(const Pass<Real> &pass, const std::vector<Operand<Real>> &xs);
    // divergence_weight: of the divergence averaged over the rows. dxs: as of Projection.
    void backward(const Pass<Real> &pass, const Matrix<Real> &dcode, double divergence_weight,
                  const std::vector<Matrix<Real>> &dxs, GradientSink<Real> &sink);
    // The same by the mean alone, which is the code where nothing is drawn.
    void backward_mean(const Pass<Real> &pass, const Matrix<Real> &dcode,
                       const std::vector<Matrix<Real>> &dxs, GradientSink<Real> &sink);
    // KL(q || N(0, 1)) of the last forward pass, summed over its rows; nothing if not variational.
    void divergence(const Pass<Real> &pass, const Sum &sum) const;
    // The mean's projection where nothing stands between it and the code.
    const Projection<Real> &projection() const { return mean_->projection; }

  private:
    struct Head {
        Head(std::vector<WeightUse<Real>> weights, Parameter<Real> *bias, Activation f, double slope,
             const Backend<Real> &b)
            : projection(std::move(weights), bias, f, slope, b), after(b), gradient(b) {}
        Projection<Real> projection;
        LayerStack<Real> after; // batch-norm and activation
        Buffer<Real> gradient;
    };
    std::unique_ptr<Head> make_head(const Config &config, const std::vector<AssayConfig> &assays,
                                    const std::vector<std::unique_ptr<Encoder<Real>>> &encoders,
                                    bool variance, ParameterSet<Real> &parameters) const;
    Matrix<Real> run(Head &head, const Pass<Real> &pass, const std::vector<Operand<Real>> &xs);
    void run_back(Head &head, const Pass<Real> &pass, const Matrix<Real> &dy,
                  const std::vector<Matrix<Real>> &dxs, bool accumulate, GradientSink<Real> &sink);

    const int64_t latent_;
    const bool variational_, takes_covariates_;
    std::unique_ptr<Head> mean_, log_variance_;
    Buffer<Real> sample_memory_, dmean_memory_, dvariance_memory_;
    Matrix<Real> mean_value_, variance_value_;
};

} // namespace aesop
