// One step of every optimiser on one weight, generic in the number type T. g: gradient without penalties;
// m, v: the optimiser's moments. Included like activation-inl.h.

template <class T, class Rule>
AESOP_INLINE T full_gradient(const Rule &r, T g, T w) {
    g = g * T(r.gradient_scale) + T(r.l2 * 2) * w;
    g = g + select(w > T(0), T(r.l1), select(w < T(0), T(-r.l1), T(0)));
    return r.clip_value > 0 ? max_of(min_of(g, T(r.clip_value)), T(-r.clip_value)) : g;
}

template <OptimizerKind K, class T, class Rule>
AESOP_INLINE void update_weight(const Rule &r, T g, T &w, T &m, T &v) {
    T lr = T(r.learning_rate);
    g = full_gradient(r, g, w);
    if constexpr (K == OptimizerKind::sgd) { // v: velocity, as Sutskever et al. 2013 written by PyTorch
        if (r.momentum == 0)
            w = w - lr * g;
        else {
            v = T(r.momentum) * v + g;
            w = w - lr * (r.nesterov ? g + T(r.momentum) * v : v);
        }
    } else if constexpr (K == OptimizerKind::rmsprop) { // Tieleman and Hinton 2012
        v = T(r.rho) * v + T(1 - r.rho) * g * g;
        w = w - lr * g / (sqrt_of(v) + T(r.epsilon));
    } else if constexpr (K == OptimizerKind::adagrad) { // Duchi et al. 2011
        v = v + g * g;
        w = w - lr * g / (sqrt_of(v) + T(r.epsilon));
    } else if constexpr (K == OptimizerKind::adadelta) { // Zeiler 2012; m: squared updates
        v = T(r.rho) * v + T(1 - r.rho) * g * g;
        T u = sqrt_of(m + T(r.epsilon)) / sqrt_of(v + T(r.epsilon)) * g;
        m = T(r.rho) * m + T(1 - r.rho) * u * u;
        w = w - lr * u;
    } else { // adam, Kingma and Ba 2015; adamw, Loshchilov and Hutter 2019: decay apart from the gradient
        if constexpr (K == OptimizerKind::adamw)
            w = w * T(1 - r.learning_rate * r.weight_decay);
        // In their form with the corrections of both moments in the step and in epsilon, and the moments as
        // m + (1 - beta) (g - m): 11 products in place of 14, and products are the limit here.
        m = m + T(1 - r.beta1) * (g - m);
        v = v + T(1 - r.beta2) * (g * g - v);
        w = w - T(r.step_size / r.root_scale) * m / (sqrt_of(v) + T(r.epsilon / r.root_scale));
    }
}
