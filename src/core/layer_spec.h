// One layer as the user asks for it; layer_plan.h works out its shapes.
#pragma once
#include <string>
#include <vector>

namespace aesop {

struct LayerSpec {
    std::string kind;                // dense, conv, conv_transpose, max_pool, mean_pool, upsample, flatten
    int units = 0;                   // of dense; filters of conv and conv_transpose
    std::vector<int> kernel, stride; // (height, width), or one number for both; of 1-D data the width.
                                     // stride: 1 for conv, the kernel for pools unless given
    std::string padding = "valid";   // valid, or same: output = input / stride, rounded up
    std::string activation;          // of dense and conv; empty: that of the configuration
};

} // namespace aesop
