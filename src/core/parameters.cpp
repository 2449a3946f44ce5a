#include "parameters.h"
#include <algorithm>
#include <cmath>

namespace aesop {

template <class Real>
Parameter<Real>::Parameter(std::string name_, Kind kind_, int64_t inputs, int64_t units,
                           const Backend<Real> &backend)
    : name(std::move(name_)), kind(kind_), shape{inputs, units}, fan_in(inputs), fan_out(units),
      value_memory(backend), gradient_memory(backend), first_memory(backend),
      second_memory(backend), value{value_memory.values(shape.size()), shape} {}

template <class Real>
Parameter<Real> &ParameterSet<Real>::add(const std::string &name, typename Parameter<Real>::Kind kind,
                                         int64_t inputs, int64_t units) {
    all_.push_back(std::make_unique<Parameter<Real>>(name, kind, inputs, units, backend_));
    return *all_.back();
}

template <class Real>
Parameter<Real> *ParameterSet<Real>::find(const std::string &name) const {
    for (auto &p : all_)
        if (p->name == name)
            return p.get();
    return nullptr;
}

template <class Real>
std::vector<double> ParameterSet<Real>::unpack(const Weights<Real> &w) const {
    std::vector<Real> host(size_t(w.shape.size()));
    backend_.download(backend_.self, host.data(), w.data, w.shape.size());
    std::vector<double> out(size_t(w.shape.inputs * w.shape.units));
    for (int64_t o = 0; o < w.shape.units; o++)
        for (int64_t i = 0; i < w.shape.inputs; i++)
            out[size_t(o * w.shape.inputs + i)] = double(host[size_t(w.shape.index(i, o))]);
    return out;
}
template <class Real>
std::vector<double> ParameterSet<Real>::get(const Parameter<Real> &p) const {
    return unpack(p.value);
}
template <class Real>
std::vector<double> ParameterSet<Real>::get_gradient(Parameter<Real> &p) const {
    return unpack(p.gradient());
}

template <class Real>
void ParameterSet<Real>::set(Parameter<Real> &p, const double *values) {
    std::vector<Real> host(size_t(p.shape.size()));
    for (int64_t o = 0; o < p.shape.units; o++)
        for (int64_t i = 0; i < p.shape.inputs; i++)
            host[size_t(p.shape.index(i, o))] = Real(values[o * p.shape.inputs + i]);
    backend_.upload(backend_.self, p.value.data, host.data(), p.shape.size());
}
template <class Real>
void ParameterSet<Real>::fill(Parameter<Real> &p, double value) {
    std::vector<double> values(size_t(p.shape.inputs * p.shape.units), value);
    set(p, values.data());
}

template <class Real>
typename ParameterSet<Real>::Snapshot ParameterSet<Real>::snapshot() const {
    Snapshot s;
    for (auto &p : all_) {
        s.emplace_back(size_t(p->shape.size()));
        backend_.download(backend_.self, s.back().data(), p->value.data, p->shape.size());
    }
    return s;
}
template <class Real>
void ParameterSet<Real>::restore(const Snapshot &s) {
    for (size_t i = 0; i < all_.size(); i++)
        backend_.upload(backend_.self, all_[i]->value.data, s[i].data(), all_[i]->shape.size());
}
template <class Real>
void ParameterSet<Real>::reset_moments() {
    for (auto &p : all_) {
        std::vector<Real> zeros(size_t(p->shape.size()));
        backend_.upload(backend_.self, p->first_memory.values(p->shape.size()), zeros.data(),
                        p->shape.size());
        backend_.upload(backend_.self, p->second_memory.values(p->shape.size()), zeros.data(),
                        p->shape.size());
        p->pending.clear();
    }
}
template <class Real>
bool ParameterSet<Real>::finite() const {
    for (auto &p : all_)
        if (!std::isfinite(backend_.squared_norm(backend_.self, p->value.data, p->shape.size())))
            return false;
    return true;
}

template struct Parameter<float>;
template struct Parameter<double>;
template class ParameterSet<float>;
template class ParameterSet<double>;

} // namespace aesop
