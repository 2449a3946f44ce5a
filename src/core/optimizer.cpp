#include "optimizer.h"
#include <cmath>

namespace aesop {

template <class Real>
Optimizer<Real>::Optimizer(const Config &config, const Backend<Real> &backend)
    : config_(config), kind_(optimizer_from_name(config.optimizer)), backend_(backend) {}

template <class Real>
UpdateRule Optimizer<Real>::rule(const Parameter<Real> &p) const {
    UpdateRule r;
    r.kind = kind_;
    r.learning_rate = learning_rate_;
    r.momentum = momentum_ < 0 ? config_.momentum : momentum_;
    r.beta1 = momentum_ < 0 ? config_.beta1 : momentum_;
    r.nesterov = config_.nesterov, r.rho = config_.rho;
    r.beta2 = config_.beta2, r.epsilon = config_.epsilon;
    r.step_size = learning_rate_ / (1 - std::pow(r.beta1, double(step_)));
    r.root_scale = 1 / std::sqrt(1 - std::pow(config_.beta2, double(step_)));
    r.clip_value = config_.clip_value;
    r.loss = loss_;
    if (p.penalised())
        r.l1 = config_.l1, r.l2 = config_.l2, r.weight_decay = config_.weight_decay;
    return r;
}

template <class Real>
Moments<Real> Optimizer<Real>::moments(Parameter<Real> &p) const {
    int64_t n = p.shape.size();
    bool second = kind_ != OptimizerKind::sgd || config_.momentum > 0 || config_.one_cycle_momentum;
    bool first =
        kind_ == OptimizerKind::adadelta || kind_ == OptimizerKind::adam || kind_ == OptimizerKind::adamw;
    return {first ? p.first_memory.values(n) : nullptr, second ? p.second_memory.values(n) : nullptr};
}

template <class Real>
void Optimizer<Real>::take(Parameter<Real> &p, const Product<Real> *products, int n) {
    if (p.frozen)
        return;
    backend_.update_weights(backend_.self, products, n, p.value, moments(p), rule(p));
}
template <class Real>
void Optimizer<Real>::take(Parameter<Real> &p, const Real *gradient) {
    if (p.frozen)
        return;
    backend_.update_values(backend_.self, gradient, p.value.data, moments(p), p.shape.size(), rule(p));
}

template <class Real>
void Optimizer<Real>::apply_stored(ParameterSet<Real> &parameters) {
    for (auto &p : parameters.all()) {
        if (p->kind == Parameter<Real>::state || p->frozen)
            continue;
        UpdateRule r = rule(*p);
        r.l1 = r.l2 = 0;
        r.clip_norm = config_.clip_norm, r.square_norm = square_norm_;
        backend_.update_values(backend_.self, p->gradient().data, p->value.data, moments(*p), p->shape.size(),
                               r);
    }
}

template class Optimizer<float>;
template class Optimizer<double>;

} // namespace aesop
