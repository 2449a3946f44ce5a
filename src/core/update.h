// The rule of one optimiser step, as plain numbers, and its formulas for float and double (update-inl.h).
#pragma once
#include "scalar_math.h"

namespace aesop {

enum class OptimizerKind : int { sgd, rmsprop, adagrad, adadelta, adam, adamw };

// Everything an update needs besides weight, gradient and moments; made anew for each step and parameter.
struct UpdateRule {
    OptimizerKind kind = OptimizerKind::adam;
    double learning_rate = 0, momentum = 0, rho = 0, beta1 = 0, beta2 = 0, epsilon = 0;
    double weight_decay = 0;   // adamw; 0 for biases
    double step_size = 0;      // adam: learning_rate / (1 - beta1^t)
    double root_scale = 1;     // adam: 1 / sqrt(1 - beta2^t)
    double l1 = 0, l2 = 0;     // penalties; 0 for biases
    double clip_value = 0;     // 0: off
    double gradient_scale = 1; // from clipping by norm
    bool nesterov = false;
};

#include "update-inl.h"

template <OptimizerKind K>
struct OptimizerTag {
    static constexpr OptimizerKind value = K;
};
template <class F>
void with_optimizer(OptimizerKind k, F &&f) {
    switch (k) {
    case OptimizerKind::sgd:
        f(OptimizerTag<OptimizerKind::sgd>());
        break;
    case OptimizerKind::rmsprop:
        f(OptimizerTag<OptimizerKind::rmsprop>());
        break;
    case OptimizerKind::adagrad:
        f(OptimizerTag<OptimizerKind::adagrad>());
        break;
    case OptimizerKind::adadelta:
        f(OptimizerTag<OptimizerKind::adadelta>());
        break;
    case OptimizerKind::adam:
        f(OptimizerTag<OptimizerKind::adam>());
        break;
    case OptimizerKind::adamw:
        f(OptimizerTag<OptimizerKind::adamw>());
        break;
    }
}

} // namespace aesop
