// The shapes of a network of dense layers and image layers, worked out before anything is allocated.
#pragma once
#include "backend.h"
#include "layer_spec.h"

namespace aesop {

struct ImageShape {
    int64_t height = 1, width = 1, channels = 1;
    int64_t size() const { return height * width * channels; }
};

struct LayerPlan {
    enum Kind { dense, conv, conv_transpose, max_pool, mean_pool, upsample, flatten };
    Kind kind;
    ImageShape input, output; // without an image, 1 x 1 x values
    Window window;            // slides over the larger of the two; unused by dense and flatten
    std::string activation;   // empty: that of the configuration
    bool weighted() const { return kind == dense || kind == conv || kind == conv_transpose; }
};

// Padding as in TensorFlow: an odd number of cells has its extra one at the end. A dense layer flattens an
// image by itself; flatten may stand before it. Throws Error("param") naming the layer that does not fit.
std::vector<LayerPlan> plan_layers(const std::vector<LayerSpec> &layers, ImageShape input,
                                   const char *setting);

// The decoder of an encoder, in reverse order, each layer giving back exactly the shape its counterpart
// took: a convolution becomes a transposed one with the same window and the reverse, a pool an upsampling,
// an upsampling a mean pool, a dense layer a dense one, flatten nothing. A layer computes anew what the
// weighted layer before its counterpart had put out, so it has that layer's activation; the last one with
// weights has none before it and is linear, as the loss applies the output activation. The layer of the code
// is to be the encoder's last.
std::vector<LayerPlan> mirrored_plan(const std::vector<LayerPlan> &encoder);

} // namespace aesop
