#include "minibatch.h"
#include <cmath>

namespace aesop {

template <class Real>
Minibatch<Real>::Minibatch(const Config &config, const Preparation &preparation, BatchSource &source,
                           const std::vector<double> &size_factors, const Backend<Real> &backend)
    : config_(config), preparation_(preparation), source_(source), size_factors_(size_factors),
      backend_(backend), clean_memory_(backend), noisy_memory_(backend), count_memory_(backend),
      center_memory_(backend), scale_memory_(backend) {
    noise_ = {noise_from_name(config.noise), config.noise_amount, config.noise_low, config.noise_high};
    int64_t n = padded(source.features());
    transform_.log = preparation.log;
    transform_.clamp = preparation.clamp;
    auto to_device = [&](const std::vector<double> &from, Real pad, Buffer<Real> &memory) -> const Real * {
        if (from.empty())
            return nullptr;
        std::vector<Real> host(from.begin(), from.end());
        host.resize(size_t(n), pad);
        Real *p = memory.values(n);
        backend.upload(backend.self, p, host.data(), n);
        return p;
    };
    transform_.center = to_device(preparation.center, 0, center_memory_);
    transform_.scale = to_device(preparation.scale, 1, scale_memory_);
}

template <class Real>
void Minibatch<Real>::load(const int64_t *samples, int64_t n) {
    source_.prepare(samples, n);
    rows_ = n;
    ids_.assign(samples, samples + n);
    size_factor_.clear(), log_size_factor_.clear();
    if (!size_factors_.empty())
        for (int64_t r = 0; r < n; r++)
            size_factor_.push_back(Real(size_factors_[size_t(samples[r])]));
    if (config_.count_loss()) {
        for (Real f : size_factor_)
            log_size_factor_.push_back(std::log(f));
        counts_ = gather_dense(samples, count_memory_);
    }
    is_sparse_ = keep_sparse(samples);
    if (is_sparse_)
        load_sparse(samples);
    if (is_sparse_ && config_.count_loss())
        return; // the clean values are not the target
    clean_ = gather_dense(samples, clean_memory_);
    backend_.transform(backend_.self, transform_, size_factor_.empty() ? nullptr : size_factor_.data(),
                       clean_);
}

// Sparse rows stay sparse when neither preparation nor noise fills their zeros.
template <class Real>
bool Minibatch<Real>::keep_sparse(const int64_t *samples) const {
    bool noise_keeps = noise_.kind == NoiseKind::none || noise_.kind == NoiseKind::masking;
    if (!source_.sparse() || !preparation_.keeps_zero() || !noise_keeps)
        return false;
    int64_t stored = 0;
    for (int64_t r = 0; r < rows_; r++)
        stored += source_.column(samples[r]).size;
    return double(stored) < kSparseShare * double(rows_) * double(source_.features());
}

template <class Real>
Matrix<Real> Minibatch<Real>::gather_dense(const int64_t *samples, Buffer<Real> &memory) {
    Matrix<Real> m = memory.matrix(rows_, source_.features());
    columns_.clear();
    for (int64_t r = 0; r < rows_; r++)
        columns_.push_back(source_.column(samples[r]));
    backend_.gather(backend_.self, columns_.data(), m);
    return m;
}

template <class Real>
void Minibatch<Real>::load_sparse(const int64_t *samples) {
    start_.assign(1, 0);
    index_.clear(), value_.clear();
    for (int64_t r = 0; r < rows_; r++) {
        Column c = source_.column(samples[r]);
        for (int64_t k = 0; k < c.size; k++) {
            index_.push_back(c.index[k]);
            value_.push_back(Real(c.value(k)));
        }
        start_.push_back(int64_t(index_.size()));
    }
    SparseMatrix<Real> x{start_.data(), index_.data(), value_.data(), rows_, source_.features()};
    backend_.transform_sparse(backend_.self, transform_, size_factor_.empty() ? nullptr : size_factor_.data(),
                              x, value_.data());
}

template <class Real>
Operand<Real> Minibatch<Real>::corrupt_sparse(const Pass<Real> &pass) {
    SparseMatrix<Real> x{start_.data(), index_.data(), value_.data(), rows_, source_.features()};
    if (!pass.training || (noise_.kind == NoiseKind::none && config_.input_dropout == 0))
        return x;
    noisy_value_ = value_;
    DrawKey key{pass.seed, pass.epoch, kNoise}, dropout{pass.seed, pass.epoch, kDropout + 63};
    if (noise_.kind == NoiseKind::masking)
        backend_.mask_sparse(backend_.self, key, ids_.data(), noise_.amount, false, x, noisy_value_.data());
    if (config_.input_dropout > 0)
        backend_.mask_sparse(backend_.self, dropout, ids_.data(), config_.input_dropout, true, x,
                             noisy_value_.data());
    x.value = noisy_value_.data();
    return x;
}

template <class Real>
Operand<Real> Minibatch<Real>::input(const Pass<Real> &pass) {
    if (is_sparse_)
        return corrupt_sparse(pass);
    if (!pass.training || (noise_.kind == NoiseKind::none && config_.input_dropout == 0))
        return clean_;
    Matrix<Real> noisy = noisy_memory_.matrix(rows_, source_.features());
    backend_.corrupt(backend_.self, noise_, DrawKey{pass.seed, pass.epoch, kNoise}, ids_.data(), clean_,
                     noisy);
    if (config_.input_dropout > 0)
        backend_.dropout(backend_.self, DrawKey{pass.seed, pass.epoch, kDropout + 63}, ids_.data(),
                         config_.input_dropout, noisy);
    return noisy;
}

template <class Real>
Matrix<Real> Minibatch<Real>::target() {
    return config_.count_loss() ? counts_ : clean_;
}

template class Minibatch<float>;
template class Minibatch<double>;

} // namespace aesop
