// The trainable numbers of a network, on the device, and what becomes of their gradients.
#pragma once
#include "device_memory.h"
#include <memory>
#include <string>
#include <vector>

namespace aesop {

template <class Real>
struct Parameter {
    enum Kind { weights, bias, state }; // state: running statistics, kept but not trained

    Parameter(std::string name, Kind kind, int64_t inputs, int64_t units, const Backend<Real> &backend);

    std::string name;
    Kind kind;
    PanelShape shape;        // vectors are 1 x n, so their memory is n values in order
    int64_t fan_in, fan_out; // for initialisation; inputs and units, but for kernels of an image
    bool frozen = false;     // keeps its value in training
    int uses = 1;            // layers that contribute to the gradient: 2 for tied weights
    std::vector<Product<Real>> pending;
    Buffer<Real> value_memory, gradient_memory, first_memory, second_memory;
    Weights<Real> value;

    Weights<Real> gradient() { return {gradient_memory.values(shape.size()), shape}; }
    bool penalised() const { return kind == weights; }
};

// All parameters of a network, in a fixed order, with access from the host.
template <class Real>
class ParameterSet {
  public:
    explicit ParameterSet(const Backend<Real> &backend) : backend_(backend) {}
    Parameter<Real> &add(const std::string &name, typename Parameter<Real>::Kind kind, int64_t inputs,
                         int64_t units);
    const std::vector<std::unique_ptr<Parameter<Real>>> &all() const { return all_; }
    Parameter<Real> *find(const std::string &name) const; // null where there is none
    const Backend<Real> &backend() const { return backend_; }

    // Logical values, inputs x units, column-major as in R.
    std::vector<double> get(const Parameter<Real> &p) const;
    std::vector<double> get_gradient(Parameter<Real> &p) const;
    void set(Parameter<Real> &p, const double *column_major);
    void fill(Parameter<Real> &p, double value);

    void reset_moments();
    // In the layout of the device; empty where there are none. memory: of the parameter's first or second.
    std::vector<Real> moments(const Parameter<Real> &p, Buffer<Real> &memory) const;
    bool finite() const;

    // The same of values in the layout of the device, but on the host.
    static std::vector<double> unpack(const std::vector<Real> &host, const PanelShape &shape);

  private:
    std::vector<double> download(const Weights<Real> &w) const;
    const Backend<Real> &backend_;
    std::vector<std::unique_ptr<Parameter<Real>>> all_;
};

// The values of all parameters at one moment, on the device.
template <class Real>
class Snapshot {
  public:
    explicit Snapshot(ParameterSet<Real> &parameters) : parameters_(parameters) {}
    void take();
    void take(const Snapshot &from);
    void restore() const;
    // One array per parameter, in the layout of the device.
    std::vector<std::vector<Real>> to_host() const;

  private:
    using Memory = DeviceArray<Real, Real>;
    Real *memory(size_t i);
    ParameterSet<Real> &parameters_;
    std::vector<std::unique_ptr<Memory>> values_;
};

// Takes each parameter's gradient as soon as backward has it: stored for checks and clipping by norm, or
// used at once by an optimiser, so that it never reaches memory.
template <class Real>
class GradientSink {
  public:
    virtual ~GradientSink() = default;
    virtual void take(Parameter<Real> &p, const Product<Real> *products, int n) = 0;
    virtual void take(Parameter<Real> &p, const Real *gradient) = 0;
};

// Adds one layer's share; hands over to the sink when all users of the weights have contributed.
template <class Real>
void contribute(Parameter<Real> &p, const Product<Real> &product, GradientSink<Real> &sink) {
    p.pending.push_back(product);
    if (int(p.pending.size()) < p.uses)
        return;
    sink.take(p, p.pending.data(), int(p.pending.size()));
    p.pending.clear();
}

// Leaves every gradient in the parameter's gradient memory.
template <class Real>
class StoredGradients : public GradientSink<Real> {
  public:
    explicit StoredGradients(const Backend<Real> &backend) : backend_(backend) {}
    void take(Parameter<Real> &p, const Product<Real> *products, int n) override {
        backend_.weight_gradient(backend_.self, products, n, p.gradient());
    }
    void take(Parameter<Real> &, const Real *) override {} // vectors are computed where they are kept

  private:
    const Backend<Real> &backend_;
};

} // namespace aesop
