#include "layer_plan.h"
#include "error.h"
#include "names.h"
#include <algorithm>

namespace aesop {
namespace {

constexpr int64_t kMaxValues = 1000000000; // of a layer, for one sample

struct Extent {
    int64_t height, width;
};

std::string shown(Extent e) {
    return std::to_string(e.height) + " x " + std::to_string(e.width);
}
std::string shown(const ImageShape &s) {
    return shown(Extent{s.height, s.width}) + " x " + std::to_string(s.channels);
}
Extent extent(const ImageShape &s) {
    return {s.height, s.width};
}

// Plans one layer after the other.
class Planner {
  public:
    Planner(ImageShape input, const char *setting)
        : shape_(input), one_dimensional_(input.height == 1), setting_(setting) {}

    LayerPlan next(const LayerSpec &spec) {
        number_++;
        spec_ = &spec;
        LayerPlan plan{};
        plan.kind = kind();
        plan.input = shape_;
        if (plan.weighted())
            plan.activation = activation();
        if (plan.kind == LayerPlan::dense)
            plan.output = {1, 1, units()};
        else if (plan.kind == LayerPlan::flatten)
            plan.output = {1, 1, shape_.size()};
        else
            slide(plan);
        check_size(plan.output);
        shape_ = plan.output;
        has_image_ = plan.kind != LayerPlan::dense && plan.kind != LayerPlan::flatten;
        return plan;
    }

  private:
    // "`layers`: layer 2 (conv) has <what> <value>; <allowed>."
    [[noreturn]] void fail(const std::string &what, const std::string &value,
                           const std::string &allowed) const {
        throw Error("param", "`" + std::string(setting_) + "`: layer " + std::to_string(number_) + " (" +
                                 spec_->kind + ") has " + what + " " + value + "; it must be " + allowed +
                                 ".")
            .with("arg", setting_)
            .with("value", value)
            .with("allowed", allowed);
    }

    LayerPlan::Kind kind() const {
        const std::vector<const char *> words = {"dense",     "conv",     "conv_transpose", "max_pool",
                                                 "mean_pool", "upsample", "flatten"};
        auto found = std::find(words.begin(), words.end(), spec_->kind);
        if (found == words.end()) {
            std::string allowed;
            for (const char *word : words)
                allowed += (allowed.empty() ? "\"" : ", \"") + std::string(word) + "\"";
            fail("the kind", "\"" + spec_->kind + "\"", "one of " + allowed);
        }
        return LayerPlan::Kind(found - words.begin());
    }
    std::string activation() const {
        if (!spec_->activation.empty())
            activation_from_name(spec_->activation, setting_);
        return spec_->activation;
    }
    int64_t units() const {
        if (spec_->units < 1 || spec_->units > 10000000)
            fail(spec_->kind == "dense" ? "units" : "filters", std::to_string(spec_->units),
                 "at least 1 and at most 1e7");
        return spec_->units;
    }
    Extent pair(const char *what, const std::vector<int> &values) const {
        std::string text;
        for (int v : values)
            text += (text.empty() ? "" : ", ") + std::to_string(v);
        if (values.empty() || values.size() > 2)
            fail(what, values.empty() ? "that is not given" : "(" + text + ")",
                 "one number, or two: height and width");
        if (*std::min_element(values.begin(), values.end()) < 1)
            fail(what, text, "at least 1");
        if (values.size() == 2)
            return {values[0], values[1]};
        return {one_dimensional_ ? 1 : values[0], values[0]};
    }

    void slide(LayerPlan &plan) const {
        if (!has_image_)
            fail("no image to work on: its input is", std::to_string(shape_.size()) + " values",
                 "placed before the first dense or flatten layer");
        bool same = spec_->padding == "same";
        if (!same && spec_->padding != "valid")
            fail("the padding", "\"" + spec_->padding + "\"", "\"valid\" or \"same\"");
        Extent kernel = pair("a kernel", spec_->kernel), stride = kernel;
        bool pool = plan.kind == LayerPlan::max_pool || plan.kind == LayerPlan::mean_pool;
        if (!spec_->stride.empty())
            stride = pair("a stride", spec_->stride);
        else if (plan.weighted())
            stride = {1, 1};
        int64_t channels = plan.weighted() ? units() : shape_.channels;
        if (plan.kind == LayerPlan::conv || pool) {
            if (!same && (kernel.height > shape_.height || kernel.width > shape_.width))
                fail("a kernel of", shown(kernel),
                     "at most its input, " + shown(extent(shape_)) + " (height x width)");
            plan.window = window(shape_, kernel, stride, same);
            plan.output = {plan.window.out_height, plan.window.out_width, channels};
        } else { // the window slides over the output; as many positions as the input has
            if (plan.kind == LayerPlan::upsample &&
                (stride.height != kernel.height || stride.width != kernel.width))
                fail("a stride of", shown(stride), "its kernel, " + shown(kernel));
            plan.output = {enlarged(shape_.height, kernel.height, stride.height, same),
                           enlarged(shape_.width, kernel.width, stride.width, same), channels};
            plan.window = window(plan.output, kernel, stride, same);
        }
        check_size({plan.window.kernel_height, plan.window.kernel_width, plan.window.channels});
    }
    static int64_t enlarged(int64_t in, int64_t kernel, int64_t stride, bool same) {
        return in * stride + (same ? 0 : std::max<int64_t>(kernel - stride, 0));
    }
    static Window window(const ImageShape &image, Extent kernel, Extent stride, bool same) {
        Window w{};
        w.height = image.height, w.width = image.width, w.channels = image.channels;
        w.kernel_height = kernel.height, w.kernel_width = kernel.width;
        w.stride_height = stride.height, w.stride_width = stride.width;
        auto axis = [same](int64_t in, int64_t k, int64_t step, int64_t &out, int64_t &pad) {
            out = same ? (in + step - 1) / step : (in - k) / step + 1;
            pad = same ? std::max<int64_t>((out - 1) * step + k - in, 0) / 2 : 0;
        };
        axis(w.height, w.kernel_height, w.stride_height, w.out_height, w.pad_top);
        axis(w.width, w.kernel_width, w.stride_width, w.out_width, w.pad_left);
        return w;
    }
    void check_size(const ImageShape &s) const {
        if (s.height > kMaxValues / s.width || s.height * s.width > kMaxValues / s.channels)
            fail("an output or a window of", shown(s), "at most 1e9 values");
    }

    ImageShape shape_;
    bool one_dimensional_, has_image_ = true;
    const char *setting_;
    int number_ = 0;
    const LayerSpec *spec_ = nullptr;
};

// Steps of the pool that tile the image it was taken from; what its windows left over at the end belongs to
// the last one (see Backend::upsample).
Window tiles(Window w) {
    w.kernel_height = w.stride_height, w.kernel_width = w.stride_width;
    w.pad_top = std::max<int64_t>(w.out_height * w.stride_height - w.height, 0) / 2;
    w.pad_left = std::max<int64_t>(w.out_width * w.stride_width - w.width, 0) / 2;
    return w;
}

LayerPlan::Kind mirrored(LayerPlan::Kind kind) {
    switch (kind) {
    case LayerPlan::conv:
        return LayerPlan::conv_transpose;
    case LayerPlan::conv_transpose:
        return LayerPlan::conv;
    case LayerPlan::max_pool:
    case LayerPlan::mean_pool:
        return LayerPlan::upsample;
    case LayerPlan::upsample:
        return LayerPlan::mean_pool;
    default:
        return kind;
    }
}

} // namespace

std::vector<LayerPlan> plan_layers(const std::vector<LayerSpec> &layers, ImageShape input,
                                   const char *setting) {
    Planner planner(input, setting);
    std::vector<LayerPlan> plans;
    for (const LayerSpec &layer : layers)
        plans.push_back(planner.next(layer));
    return plans;
}

std::vector<LayerPlan> mirrored_plan(const std::vector<LayerPlan> &encoder) {
    std::vector<LayerPlan> decoder;
    for (size_t i = encoder.size(); i-- > 0;) {
        LayerPlan plan = encoder[i];
        if (plan.kind == LayerPlan::flatten)
            continue;
        plan.kind = mirrored(plan.kind);
        std::swap(plan.input, plan.output);
        if (plan.kind == LayerPlan::upsample)
            plan.window = tiles(plan.window);
        if (plan.weighted()) {
            plan.activation = "linear";
            for (size_t k = i; k-- > 0;)
                if (encoder[k].weighted()) {
                    plan.activation = encoder[k].activation;
                    break;
                }
        }
        decoder.push_back(plan);
    }
    return decoder;
}

} // namespace aesop
