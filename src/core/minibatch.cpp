#include "minibatch.h"

namespace aesop {

template <class Real>
Minibatch<Real>::Minibatch(const Config &config, const Dataset &data, const Backend<Real> &backend)
    : data_(data), backend_(backend), covariate_memory_(backend) {
    std::vector<AssayConfig> assays = config.resolved_assays(data.features());
    for (size_t i = 0; i < assays.size(); i++)
        parts_.push_back(
            std::make_unique<AssayBatch<Real>>(config, assays[i], uint32_t(i), data.assays[i], backend));
}

template <class Real>
void Minibatch<Real>::keep_samples() {
    for (auto &part : parts_)
        part->keep_samples();
}

template <class Real>
void Minibatch<Real>::load(const int64_t *samples, int64_t n) {
    ids_.assign(samples, samples + n);
    for (auto &part : parts_)
        part->load(samples, ids_);
    if (data_.covariates == 0)
        return;
    covariates_ = covariate_memory_.matrix(n, data_.covariates);
    std::vector<Real> host(size_t(n * covariates_.ld));
    for (int64_t r = 0; r < n; r++)
        for (int64_t c = 0; c < data_.covariates; c++)
            host[size_t(r * covariates_.ld + c)] =
                Real(data_.design[size_t(samples[r] * data_.covariates + c)]);
    backend_.upload(backend_.self, covariates_.data, host.data(), int64_t(host.size() * sizeof(Real)));
}

template class Minibatch<float>;
template class Minibatch<double>;

} // namespace aesop
