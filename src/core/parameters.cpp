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
std::vector<double> ParameterSet<Real>::unpack(const std::vector<Real> &host, const PanelShape &shape) {
    std::vector<double> out(size_t(shape.inputs * shape.units));
    for (int64_t o = 0; o < shape.units; o++)
        for (int64_t i = 0; i < shape.inputs; i++)
            out[size_t(o * shape.inputs + i)] = double(host[size_t(shape.index(i, o))]);
    return out;
}
template <class Real>
std::vector<double> ParameterSet<Real>::download(const Weights<Real> &w) const {
    std::vector<Real> host(size_t(w.shape.size()));
    backend_.download(backend_.self, host.data(), w.data, w.shape.size() * int64_t(sizeof(Real)));
    check_device(backend_);
    return unpack(host, w.shape);
}
template <class Real>
std::vector<double> ParameterSet<Real>::get(const Parameter<Real> &p) const {
    return download(p.value);
}
template <class Real>
std::vector<double> ParameterSet<Real>::get_gradient(Parameter<Real> &p) const {
    return download(p.gradient());
}

template <class Real>
void ParameterSet<Real>::set(Parameter<Real> &p, const double *values) {
    std::vector<Real> host(size_t(p.shape.size()));
    for (int64_t o = 0; o < p.shape.units; o++)
        for (int64_t i = 0; i < p.shape.inputs; i++)
            host[size_t(p.shape.index(i, o))] = Real(values[o * p.shape.inputs + i]);
    backend_.upload(backend_.self, p.value.data, host.data(), p.shape.size() * int64_t(sizeof(Real)));
}
template <class Real>
void ParameterSet<Real>::fill(Parameter<Real> &p, double value) {
    std::vector<double> values(size_t(p.shape.inputs * p.shape.units), value);
    set(p, values.data());
}

template <class Real>
void ParameterSet<Real>::reset_moments() {
    for (auto &p : all_) {
        std::vector<Real> zeros(size_t(p->shape.size()));
        for (Buffer<Real> *memory : {&p->first_memory, &p->second_memory})
            if (!memory->empty()) // new memory is zero
                backend_.upload(backend_.self, memory->values(p->shape.size()), zeros.data(),
                                p->shape.size() * int64_t(sizeof(Real)));
        p->pending.clear();
    }
}
template <class Real>
std::vector<Real> ParameterSet<Real>::moments(const Parameter<Real> &p, Buffer<Real> &memory) const {
    std::vector<Real> host(size_t(memory.empty() ? 0 : p.shape.size()));
    if (!host.empty())
        backend_.download(backend_.self, host.data(), memory.values(p.shape.size()),
                          int64_t(host.size() * sizeof(Real)));
    check_device(backend_);
    return host;
}
template <class Real>
bool ParameterSet<Real>::finite() const {
    DeviceArray<double, Real> sum(backend_);
    double zero = 0, square;
    sum.set(&zero, 1);
    for (auto &p : all_)
        backend_.squared_norm(backend_.self, p->value.data, p->shape.size(), Sum{sum.data()});
    sum.read(&square, 0, 1);
    return std::isfinite(square);
}

template <class Real>
Real *Snapshot<Real>::memory(size_t i) {
    const Parameter<Real> &p = *parameters_.all()[i];
    if (values_.size() <= i)
        values_.push_back(std::make_unique<Memory>(parameters_.backend()));
    return values_[i]->get(p.shape.size());
}
template <class Real>
void Snapshot<Real>::take() {
    const Backend<Real> &b = parameters_.backend();
    for (size_t i = 0; i < parameters_.all().size(); i++) {
        const Parameter<Real> &p = *parameters_.all()[i];
        b.copy(b.self, memory(i), p.value.data, p.shape.size() * int64_t(sizeof(Real)));
    }
}
template <class Real>
void Snapshot<Real>::take(const Snapshot &from) {
    const Backend<Real> &b = parameters_.backend();
    for (size_t i = 0; i < parameters_.all().size(); i++)
        b.copy(b.self, memory(i), from.values_[i]->data(),
               parameters_.all()[i]->shape.size() * int64_t(sizeof(Real)));
}
template <class Real>
void Snapshot<Real>::restore() const {
    const Backend<Real> &b = parameters_.backend();
    for (size_t i = 0; i < parameters_.all().size(); i++) {
        const Parameter<Real> &p = *parameters_.all()[i];
        b.copy(b.self, p.value.data, values_[i]->data(), p.shape.size() * int64_t(sizeof(Real)));
    }
}
template <class Real>
std::vector<std::vector<Real>> Snapshot<Real>::to_host() const {
    std::vector<std::vector<Real>> out;
    for (size_t i = 0; i < parameters_.all().size(); i++) {
        out.emplace_back(size_t(parameters_.all()[i]->shape.size()));
        values_[i]->read(out.back().data(), 0, int64_t(out.back().size()));
    }
    return out;
}

template struct Parameter<float>;
template struct Parameter<double>;
template class ParameterSet<float>;
template class ParameterSet<double>;
template class Snapshot<float>;
template class Snapshot<double>;

} // namespace aesop
