#include "sample_store.h"
#include <algorithm>
#include <numeric>

namespace aesop {
namespace {

// Values of the samples that are prepared and copied at a time: what the host holds of a source on disk, and
// what the device sets aside for data on their way.
constexpr int64_t kValuesAtOnce = 4000000;

// f(first, n) for ranges of prepared samples.
template <class F>
void each_range(BatchSource &source, F &&f) {
    int64_t most = std::max<int64_t>(16, kValuesAtOnce / std::max<int64_t>(1, source.features()));
    std::vector<int64_t> ids(size_t(std::min(most, source.samples())));
    for (int64_t first = 0; first < source.samples(); first += most) {
        int64_t n = std::min(most, source.samples() - first);
        std::iota(ids.begin(), ids.end(), first);
        source.prepare(ids.data(), n);
        f(first, n);
    }
}

std::vector<int64_t> starts(BatchSource &source) {
    std::vector<int64_t> start{0};
    each_range(source, [&](int64_t first, int64_t n) {
        for (int64_t j = first; j < first + n; j++)
            start.push_back(start.back() + source.column(j).size);
    });
    return start;
}

} // namespace

template <class Real>
bool SampleStore<Real>::fits(BatchSource &source, const Backend<Real> &backend) {
    int64_t room = backend.room_for_samples(backend.self), bytes = sizeof(Real);
    if (room <= 0)
        return false;
    if (source.sparse())
        bytes = int64_t(sizeof(Real) + sizeof(int32_t)) * starts(source).back() + 8 * source.samples();
    else
        bytes *= source.samples() * leading_dimension(source.features());
    return bytes <= room;
}

template <class Real>
SampleStore<Real>::SampleStore(BatchSource &source, const Backend<Real> &backend)
    : backend_(backend), sparse_(source.sparse()), samples_(source.samples()), features_(source.features()),
      device_start_(backend), index_(backend), value_(backend) {
    if (sparse_)
        read_sparse(source);
    else
        read_dense(source);
}

template <class Real>
void SampleStore<Real>::read_dense(BatchSource &source) {
    int64_t ld = leading_dimension(features_);
    Real *to = value_.get(samples_ * ld);
    std::vector<Column> columns;
    each_range(source, [&](int64_t first, int64_t n) {
        columns.clear();
        for (int64_t j = first; j < first + n; j++)
            columns.push_back(source.column(j));
        backend_.gather(backend_.self, columns.data(), Matrix<Real>{to + first * ld, n, features_, ld});
    });
}

template <class Real>
void SampleStore<Real>::read_sparse(BatchSource &source) {
    start_ = starts(source);
    device_start_.set(start_.data(), int64_t(start_.size()));
    int32_t *index = index_.get(start_.back());
    Real *value = value_.get(start_.back());
    std::vector<int32_t> some_index;
    std::vector<Real> some;
    each_range(source, [&](int64_t first, int64_t n) {
        some_index.clear(), some.clear();
        for (int64_t j = first; j < first + n; j++) {
            Column c = source.column(j);
            some_index.insert(some_index.end(), c.index, c.index + c.size);
            for (int64_t k = 0; k < c.size; k++)
                some.push_back(Real(c.value(k)));
        }
        int64_t at = start_[size_t(first)], size = int64_t(some.size());
        backend_.upload(backend_.self, index + at, some_index.data(), size * int64_t(sizeof(int32_t)));
        backend_.upload(backend_.self, value + at, some.data(), size * int64_t(sizeof(Real)));
    });
}

template <class Real>
void SampleStore<Real>::take(const uint32_t *samples, const Matrix<Real> &x) const {
    Operand<Real> all = Matrix<Real>{value_.data(), samples_, features_, leading_dimension(features_)};
    if (sparse_)
        all = SparseMatrix<Real>{device_start_.data(), index_.data(), value_.data(), samples_, features_};
    backend_.take(backend_.self, all, samples, x);
}

template <class Real>
void SampleStore<Real>::take_sparse(const uint32_t *samples, int64_t rows, const int64_t *x_start,
                                    int64_t *start, int32_t *index, Real *value) const {
    SparseMatrix<Real> all{device_start_.data(), index_.data(), value_.data(), samples_, features_};
    backend_.take_sparse(backend_.self, all, samples, rows, x_start, start, index, value);
}

template class SampleStore<float>;
template class SampleStore<double>;

} // namespace aesop
