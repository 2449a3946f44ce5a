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
    // What only the device knows, in its memory; may be null.
    const double *loss = nullptr;        // of the step: where it is not finite, nothing is updated
    const double *square_norm = nullptr; // of all gradients together, for clip_norm
    double clip_norm = 0;                // 0: off
};

// The rule with what the device knows filled in; whether anything is to be updated at all.
struct KnownRule {
    UpdateRule rule;
    bool update;
};
AESOP_INLINE KnownRule known(UpdateRule r) {
    bool update = !r.loss || (*r.loss - *r.loss == 0);
    if (r.clip_norm > 0) {
        double norm = std::sqrt(*r.square_norm);
        r.gradient_scale = norm > r.clip_norm ? r.clip_norm / norm : 1;
    }
    return {r, update};
}

#include "update-inl.h"

template <OptimizerKind K>
struct OptimizerTag {
    static constexpr OptimizerKind value = K;
};
template <class F>
AESOP_INLINE void with_optimizer(OptimizerKind k, F &&f) {
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
