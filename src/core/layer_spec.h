// One layer of a convolutional encoder, as the user gives it.
#pragma once
#include <string>
#include <vector>

namespace aesop {

struct LayerSpec {
    std::string kind;              // dense, conv, conv_transpose, max_pool, mean_pool, upsample, flatten
    int units = 0;                 // of a dense layer; filters of a convolution
    std::vector<int> kernel;       // height and width, or one number for both (the width of sequences)
    std::vector<int> stride;       // the same; default 1, of pools the kernel
    std::string padding = "valid"; // valid, same
    std::string activation;        // empty: the model's
};

template <class L, class F>
void visit_layer(L &l, F &&f) {
    f("kind", l.kind), f("units", l.units), f("kernel", l.kernel), f("stride", l.stride);
    f("padding", l.padding), f("activation", l.activation);
}

} // namespace aesop
