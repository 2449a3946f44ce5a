// Activations and their derivatives, for float and double. The formulas stand in activation-inl.h, which
// every instruction set and the CUDA compiler include once more for their own number type.
#pragma once
#include "scalar_math.h"

namespace aesop {

enum class Activation : int {
    linear,
    relu,
    leaky_relu,
    elu,
    gelu,
    selu,
    tanh,
    sigmoid,
    softplus,
    exp,
    softmax
};

#include "activation-inl.h"

// The derivative of these cannot be had from the output alone: the layer keeps its pre-activation.
inline bool needs_input(Activation a) {
    return a == Activation::gelu;
}

// Calls f with the activation as a compile-time constant, so that loops hold no branch.
#define AESOP_ACTIVATION_CASE(A)                                                                             \
    case Activation::A:                                                                                      \
        f(ActivationTag<Activation::A>());                                                                   \
        break;
template <Activation A>
struct ActivationTag {
    static constexpr Activation value = A;
};
template <class F>
void with_activation(Activation a, F &&f) {
    switch (a) {
        AESOP_ACTIVATION_CASE(linear)
        AESOP_ACTIVATION_CASE(relu)
        AESOP_ACTIVATION_CASE(leaky_relu)
        AESOP_ACTIVATION_CASE(elu)
        AESOP_ACTIVATION_CASE(gelu)
        AESOP_ACTIVATION_CASE(selu)
        AESOP_ACTIVATION_CASE(tanh)
        AESOP_ACTIVATION_CASE(sigmoid)
        AESOP_ACTIVATION_CASE(softplus)
        AESOP_ACTIVATION_CASE(exp)
    case Activation::softmax:
        break; // a whole row at a time: the backend's own operation
    }
}
#undef AESOP_ACTIVATION_CASE

} // namespace aesop
