#include "assay_batch.h"
#include "error.h"
#include <cmath>
#include <numeric>

namespace aesop {
namespace {

// One value per feature, padded, on the device; null for none.
template <class Real>
const Real *to_device(const Backend<Real> &backend, const std::vector<double> &from, Real pad,
                      Buffer<Real> &memory) {
    if (from.empty())
        return nullptr;
    std::vector<Real> host(from.begin(), from.end());
    host.resize(size_t(padded(int64_t(from.size()))), pad);
    Real *p = memory.values(int64_t(host.size()));
    backend.upload(backend.self, p, host.data(), int64_t(host.size() * sizeof(Real)));
    return p;
}

// A missing feature enters as 0 after the preparation, whatever its raw value.
std::vector<double> without_missing(std::vector<double> values, const std::vector<double> &feature_weight) {
    for (size_t f = 0; f < values.size() && f < feature_weight.size(); f++)
        if (feature_weight[f] == 0)
            values[f] = 0;
    return values;
}

} // namespace

template <class Real>
AssayBatch<Real>::AssayBatch(const Config &config, const AssayConfig &assay, uint32_t index,
                             const AssayData &data, const Backend<Real> &backend)
    : backend_(backend), source_(*data.source), size_factors_(data.size_factors),
      index_(index), noise_{noise_from_name(config.noise), config.noise_amount, config.noise_low,
                            config.noise_high},
      input_dropout_(config.input_dropout), counts_wanted_(assay.count_loss()),
      dense_only_(!config.layers.empty() || config.contractive > 0),
      keeps_zero_(data.preparation.keeps_zero()), clean_memory_(backend), noisy_memory_(backend),
      count_memory_(backend), center_memory_(backend), scale_memory_(backend), weight_memory_(backend),
      start_(backend), index_of_(backend), raw_value_(backend), value_(backend), noisy_value_(backend) {
    if (noise_.kind == NoiseKind::thinning && !assay.needs_size_factors())
        throw Error("param",
                    "`noise` is \"thinning\", which draws from counts; it needs normalize = \"log\" or "
                    "a loss on counts.")
            .with("arg", "noise")
            .with("value", "thinning")
            .with("allowed", "normalize = \"log\" or a loss on counts");
    const Preparation &p = data.preparation;
    transform_.log = p.log;
    transform_.clamp = p.clamp;
    std::vector<double> scale = p.scale;
    if (!p.center.empty() && scale.empty() && !data.feature_weight.empty())
        scale.assign(p.center.size(), 1.0);
    transform_.center =
        to_device(backend, without_missing(p.center, data.feature_weight), Real(0), center_memory_);
    transform_.scale =
        to_device(backend, without_missing(scale, data.feature_weight), Real(1), scale_memory_);
    features_present_ = data.feature_weight.empty()
                            ? double(source_.features())
                            : std::accumulate(data.feature_weight.begin(), data.feature_weight.end(), 0.0);
    feature_weight_ = to_device(backend, data.feature_weight, Real(0), weight_memory_);
}

template <class Real>
void AssayBatch<Real>::keep_samples() {
    if (store_ || !SampleStore<Real>::fits(source_, backend_))
        return;
    try {
        store_ = std::make_unique<SampleStore<Real>>(source_, backend_);
        check_device(backend_);
    } catch (const Error &) { // no room after all: from the source each time
        store_.reset();
        const DeviceFailure *failure = backend_.failure(backend_.self);
        if (!failure || failure->kind != DeviceFailure::out_of_memory)
            throw;
        backend_.recover(backend_.self);
    }
}

template <class Real>
void AssayBatch<Real>::load(const int64_t *samples, const std::vector<uint32_t> &ids) {
    rows_ = int64_t(ids.size());
    if (!store_)
        source_.prepare(samples, rows_);
    size_factor_.clear(), log_size_factor_.clear();
    if (!size_factors_.empty())
        for (int64_t r = 0; r < rows_; r++)
            size_factor_.push_back(Real(size_factors_[size_t(samples[r])]));
    is_sparse_ = keep_sparse(samples);
    if (counts_wanted_)
        for (Real f : size_factor_)
            log_size_factor_.push_back(std::log(f));
    if (counts_wanted_ || (noise_.kind == NoiseKind::thinning && !is_sparse_))
        counts_ = gather_dense(samples, ids, count_memory_);
    if (is_sparse_)
        load_sparse(samples, ids);
    if (is_sparse_ && counts_wanted_)
        return; // the clean values are not the target
    clean_ = gather_dense(samples, ids, clean_memory_);
    transform(clean_);
}

template <class Real>
int64_t AssayBatch<Real>::stored(int64_t sample) const {
    return store_ ? store_->stored(sample) : source_.column(sample).size;
}

// Sparse rows stay sparse when neither preparation nor noise fills their zeros.
template <class Real>
bool AssayBatch<Real>::keep_sparse(const int64_t *samples) const {
    bool noise_keeps = noise_.kind == NoiseKind::none || noise_.kind == NoiseKind::masking ||
                       noise_.kind == NoiseKind::thinning;
    if (!source_.sparse() || dense_only_ || !keeps_zero_ || !noise_keeps)
        return false;
    int64_t all = 0;
    for (int64_t r = 0; r < rows_; r++)
        all += stored(samples[r]);
    return double(all) < kSparseShare * double(rows_) * double(source_.features());
}

template <class Real>
Matrix<Real> AssayBatch<Real>::gather_dense(const int64_t *samples, const std::vector<uint32_t> &ids,
                                            Buffer<Real> &memory) {
    Matrix<Real> m = memory.matrix(rows_, source_.features());
    if (store_) {
        store_->take(ids.data(), m);
        return m;
    }
    columns_.clear();
    for (int64_t r = 0; r < rows_; r++)
        columns_.push_back(source_.column(samples[r]));
    backend_.gather(backend_.self, columns_.data(), m);
    return m;
}

template <class Real>
void AssayBatch<Real>::transform(const Matrix<Real> &x) {
    backend_.transform(backend_.self, transform_, size_factor_.empty() ? nullptr : size_factor_.data(), x);
}

template <class Real>
SparseMatrix<Real> AssayBatch<Real>::sparse_rows(const DeviceArray<Real, Real> &values) const {
    return {start_.data(), index_of_.data(), values.data(), rows_, source_.features()};
}

template <class Real>
void AssayBatch<Real>::copy(const DeviceArray<Real, Real> &from, DeviceArray<Real, Real> &to) {
    int64_t n = host_start_.back();
    backend_.copy(backend_.self, to.get(n), from.data(), n * int64_t(sizeof(Real)));
}

template <class Real>
void AssayBatch<Real>::load_sparse(const int64_t *samples, const std::vector<uint32_t> &ids) {
    host_start_.assign(1, 0), columns_.clear();
    for (int64_t r = 0; r < rows_; r++)
        host_start_.push_back(host_start_.back() + stored(samples[r]));
    int64_t n = host_start_.back(), *start = start_.get(rows_ + 1);
    if (store_)
        store_->take_sparse(ids.data(), rows_, host_start_.data(), start, index_of_.get(n), value_.get(n));
    else {
        for (int64_t r = 0; r < rows_; r++)
            columns_.push_back(source_.column(samples[r]));
        backend_.gather_sparse(backend_.self, columns_.data(), rows_, start, index_of_.get(n), value_.get(n));
    }
    if (noise_.kind == NoiseKind::thinning)
        copy(value_, raw_value_);
    backend_.transform_sparse(backend_.self, transform_, size_factor_.empty() ? nullptr : size_factor_.data(),
                              sparse_rows(value_), value_.data());
}

// Counts are thinned before they are prepared; the size factors shrink with them.
template <class Real>
Operand<Real> AssayBatch<Real>::thinned(const DrawKey &key, const uint32_t *ids) {
    std::vector<Real> factors(size_factor_);
    for (Real &f : factors)
        f *= Real(1 - noise_.amount);
    const Real *factor = factors.empty() ? nullptr : factors.data();
    if (is_sparse_) {
        copy(raw_value_, noisy_value_);
        SparseMatrix<Real> x = sparse_rows(noisy_value_);
        backend_.thin_sparse(backend_.self, key, ids, noise_.amount, x, noisy_value_.data());
        backend_.transform_sparse(backend_.self, transform_, factor, x, noisy_value_.data());
        return x;
    }
    Matrix<Real> noisy = noisy_memory_.matrix(rows_, source_.features());
    backend_.thin(backend_.self, key, ids, noise_.amount, counts_, noisy);
    backend_.transform(backend_.self, transform_, factor, noisy);
    return noisy;
}

template <class Real>
Operand<Real> AssayBatch<Real>::corrupt_sparse(const Pass<Real> &pass) {
    SparseMatrix<Real> x = sparse_rows(value_);
    if (noise_.kind == NoiseKind::thinning)
        x = thinned(key(pass, kNoise), pass.sample_ids).sparse;
    else
        copy(value_, noisy_value_);
    if (noise_.kind == NoiseKind::masking)
        backend_.mask_sparse(backend_.self, key(pass, kNoise), pass.sample_ids, noise_.amount, false, x,
                             noisy_value_.data());
    if (input_dropout_ > 0)
        backend_.mask_sparse(backend_.self, key(pass, kDropout + 63), pass.sample_ids, input_dropout_, true,
                             x, noisy_value_.data());
    return sparse_rows(noisy_value_);
}

template <class Real>
Operand<Real> AssayBatch<Real>::corrupt_dense(const Pass<Real> &pass) {
    Matrix<Real> noisy = noisy_memory_.matrix(rows_, source_.features());
    if (noise_.kind == NoiseKind::thinning)
        thinned(key(pass, kNoise), pass.sample_ids);
    else if (noise_.kind == NoiseKind::none)
        backend_.activate(backend_.self, Activation::linear, Real(0), clean_, noisy); // a copy
    else
        backend_.corrupt(backend_.self, noise_, key(pass, kNoise), pass.sample_ids, clean_, noisy);
    if (input_dropout_ > 0)
        backend_.dropout(backend_.self, key(pass, kDropout + 63), pass.sample_ids, input_dropout_, noisy);
    return noisy;
}

template <class Real>
Operand<Real> AssayBatch<Real>::input(const Pass<Real> &pass) {
    bool noisy = pass.training && (noise_.kind != NoiseKind::none || input_dropout_ > 0);
    if (is_sparse_)
        return noisy ? corrupt_sparse(pass) : Operand<Real>(sparse_rows(value_));
    return noisy ? corrupt_dense(pass) : Operand<Real>(clean_);
}

template class AssayBatch<float>;
template class AssayBatch<double>;

} // namespace aesop
