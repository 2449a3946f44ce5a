// Losses per element, for float and double; formulas in loss-inl.h (see activation.h).
#pragma once
#include "activation.h"

namespace aesop {

enum class Loss : int {
    mse,
    half_sse,
    mae,
    huber,
    correntropy, // 1 - exp(-r^2 / (2 delta^2)) (Liu, Pokharel and Principe 2007)
    log_cosh,
    bce,
    poisson,
    negative_binomial,
    zero_inflated // negative binomial
};

// Dispersions are used within these limits.
constexpr double kThetaMin = 1e-4, kThetaMax = 1e6;
constexpr double kLogThetaMin = -9.2103403719761836, kLogThetaMax = 13.815510557964274;

#include "loss-inl.h"

inline bool is_count(Loss l) {
    return l >= Loss::poisson;
}

template <Loss L>
struct LossTag {
    static constexpr Loss value = L;
};
template <class F>
void with_loss(Loss l, F &&f) { // the losses of a residual or a probability
    switch (l) {
    case Loss::mse:
        f(LossTag<Loss::mse>());
        break;
    case Loss::half_sse:
        f(LossTag<Loss::half_sse>());
        break;
    case Loss::mae:
        f(LossTag<Loss::mae>());
        break;
    case Loss::huber:
        f(LossTag<Loss::huber>());
        break;
    case Loss::bce:
        f(LossTag<Loss::bce>());
        break;
    case Loss::correntropy:
        f(LossTag<Loss::correntropy>());
        break;
    case Loss::log_cosh:
        f(LossTag<Loss::log_cosh>());
        break;
    case Loss::poisson:
    case Loss::negative_binomial:
    case Loss::zero_inflated:
        break; // counts have their own operation
    }
}

} // namespace aesop
