#include "image_layer.h"
#include "names.h"

namespace aesop {
namespace {

// The pass of layers whose rows are `positions` windows of every sample; they draw nothing by sample.
template <class Real>
Pass<Real> by_window(const Pass<Real> &pass, int64_t positions) {
    return {pass.backend, pass.rows * positions, pass.training, nullptr, pass.seed, pass.epoch};
}

Window single_cells(const ImageShape &s) {
    return {s.height, s.width, s.channels, 1, 1, 1, 1, 0, 0, s.height, s.width};
}

} // namespace

template <class Real>
Matrix<Real> WindowLayer<Real>::forward(const Pass<Real> &pass, const Operand<Real> &x) {
    const Backend<Real> &b = pass.backend;
    Pass<Real> windows = by_window(pass, window_.positions());
    Matrix<Real> p = patches_.matrix(windows.rows, window_.patch_size());
    b.patches(b.self, window_, x.dense, p);
    Matrix<Real> y = output_.matrix(pass.rows, units());
    b.regroup(b.self, stack_.forward(windows, p), y);
    return y;
}

template <class Real>
void WindowLayer<Real>::backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                                 GradientSink<Real> &sink) {
    const Backend<Real> &b = pass.backend;
    Pass<Real> windows = by_window(pass, window_.positions());
    Matrix<Real> d = dy_.matrix(windows.rows, stack_.units()), dp;
    b.regroup(b.self, dy, d);
    if (dx.data)
        dp = dpatches_.matrix(windows.rows, window_.patch_size());
    stack_.backward(windows, d, dp, sink);
    if (dx.data)
        b.patches_transposed(b.self, window_, dp, nullptr, dx);
}

template <class Real>
Matrix<Real> TransposedConvolutionLayer<Real>::forward(const Pass<Real> &pass, const Operand<Real> &x) {
    const Backend<Real> &b = pass.backend;
    Pass<Real> windows = by_window(pass, window_.positions());
    Matrix<Real> rows = x_.matrix(windows.rows, channels_), y = output_.matrix(pass.rows, units());
    b.regroup(b.self, x.dense, rows);
    b.patches_transposed(b.self, window_, product_.forward(windows, rows),
                         bias_ ? bias_->value.data : nullptr, y);
    return y;
}

template <class Real>
void TransposedConvolutionLayer<Real>::backward(const Pass<Real> &pass, const Matrix<Real> &dy,
                                                const Matrix<Real> &dx, GradientSink<Real> &sink) {
    const Backend<Real> &b = pass.backend;
    Pass<Real> windows = by_window(pass, window_.positions());
    if (bias_) { // over the samples first, then over the cells
        Matrix<Real> sums = column_sums_.matrix(1, units());
        Matrix<Real> cells = cells_.matrix(window_.height * window_.width, window_.channels);
        b.column_sums(b.self, dy, sums.data);
        b.regroup(b.self, sums, cells);
        b.column_sums(b.self, cells, bias_->gradient().data);
        sink.take(*bias_, bias_->gradient().data);
    }
    Matrix<Real> dp = dpatches_.matrix(windows.rows, window_.patch_size()), d;
    b.patches(b.self, window_, dy, dp);
    if (dx.data)
        d = dx_.matrix(windows.rows, channels_);
    product_.backward(windows, dp, d, sink);
    if (dx.data)
        b.regroup(b.self, d, dx);
}

template <class Real>
Matrix<Real> PoolLayer<Real>::forward(const Pass<Real> &pass, const Operand<Real> &x) {
    x_ = x.dense;
    y_ = output_.matrix(pass.rows, units());
    pass.backend.pool(pass.backend.self, kind_, window_, x_, y_);
    return y_;
}
template <class Real>
void PoolLayer<Real>::backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                               GradientSink<Real> &) {
    if (dx.data)
        pass.backend.pool_gradient(pass.backend.self, kind_, window_, x_, y_, dy, dx);
}

template <class Real>
Matrix<Real> UpsampleLayer<Real>::forward(const Pass<Real> &pass, const Operand<Real> &x) {
    Matrix<Real> y = output_.matrix(pass.rows, units());
    pass.backend.upsample(pass.backend.self, window_, x.dense, y);
    return y;
}
template <class Real>
void UpsampleLayer<Real>::backward(const Pass<Real> &pass, const Matrix<Real> &dy, const Matrix<Real> &dx,
                                   GradientSink<Real> &) {
    if (dx.data)
        pass.backend.upsample_gradient(pass.backend.self, window_, dy, dx);
}

namespace {

// One weighted entry of a plan: product, then batch normalisation and activation.
template <class Real>
class WeightedEntry {
  public:
    WeightedEntry(const Config &config, const LayerPlan &plan, const std::string &name, bool linear,
                  ParameterSet<Real> &parameters, Parameter<Real> *tied)
        : config_(config), plan_(plan), name_(name), parameters_(parameters), tied_(tied),
          batch_norm_(config.batch_norm && !linear) {
        if (!linear)
            f_ = activation_from_name(plan.activation.empty() ? config.activation : plan.activation,
                                      "activation");
        weight_ = tied ? tied : &add_weight();
    }
    Parameter<Real> *weight() const { return weight_; }

    void add(LayerStack<Real> &stack) {
        const Backend<Real> &b = parameters_.backend();
        if (plan_.kind == LayerPlan::dense) {
            add_product(stack);
        } else if (plan_.kind == LayerPlan::conv) {
            auto layer = std::make_unique<WindowLayer<Real>>(plan_.window, b);
            add_product(layer->stack());
            stack.add(std::move(layer));
        } else {
            stack.add(
                std::make_unique<TransposedConvolutionLayer<Real>>(plan_.window, *weight_, tied_, bias(), b));
            if (batch_norm_ || f_ == Activation::softmax) { // by channel
                auto layer = std::make_unique<WindowLayer<Real>>(single_cells(plan_.output), b);
                if (batch_norm_)
                    add_batch_norm(layer->stack());
                add_activation(layer->stack(), plan_.output.channels);
                stack.add(std::move(layer));
            } else if (f_ != Activation::linear) {
                add_activation(stack, plan_.output.size());
            }
        }
    }

  private:
    // Numbers of inputs and outputs as Keras counts them: those of one kernel, over all its cells.
    Parameter<Real> &add_weight() {
        const Window &w = plan_.window;
        int64_t cells = w.kernel_height * w.kernel_width, in = plan_.input.channels,
                out = plan_.output.channels;
        auto kind = Parameter<Real>::weights;
        if (plan_.kind == LayerPlan::dense)
            return parameters_.add(name_ + ".weight", kind, plan_.input.size(), plan_.output.size());
        bool transposed = plan_.kind == LayerPlan::conv_transpose;
        Parameter<Real> &p = transposed ? parameters_.add(name_ + ".weight", kind, in, cells * out)
                                        : parameters_.add(name_ + ".weight", kind, cells * in, out);
        p.fan_in = cells * (transposed ? out : in), p.fan_out = cells * (transposed ? in : out);
        return p;
    }
    // Batch normalisation has its beta in place of the bias.
    Parameter<Real> *bias() {
        if (batch_norm_)
            return nullptr;
        return &parameters_.add(name_ + ".bias", Parameter<Real>::bias, 1, channels());
    }
    int64_t channels() const {
        return plan_.kind == LayerPlan::dense ? plan_.output.size() : plan_.output.channels;
    }
    void add_product(LayerStack<Real> &stack) {
        Activation f = batch_norm_ ? Activation::linear : f_;
        stack.add(std::make_unique<DenseLayer<Real>>(*weight_, tied_, bias(), f, config_.leaky_slope,
                                                     parameters_.backend()));
        if (batch_norm_) {
            add_batch_norm(stack);
            add_activation(stack, channels());
        }
    }
    void add_batch_norm(LayerStack<Real> &stack) {
        stack.add(std::make_unique<BatchNormLayer<Real>>(
            parameters_, name_, channels(), config_.batch_norm_momentum, config_.batch_norm_epsilon));
    }
    void add_activation(LayerStack<Real> &stack, int64_t units) {
        stack.add(
            std::make_unique<ActivationLayer<Real>>(f_, config_.leaky_slope, units, parameters_.backend()));
    }

    const Config &config_;
    const LayerPlan &plan_;
    const std::string &name_;
    ParameterSet<Real> &parameters_;
    Parameter<Real> *tied_, *weight_;
    bool batch_norm_;
    Activation f_ = Activation::linear;
};

} // namespace

template <class Real>
Parameter<Real> *add_planned(LayerStack<Real> &stack, const Config &config, const LayerPlan &plan,
                             const std::string &name, bool linear, uint32_t dropout_index,
                             ParameterSet<Real> &parameters, Parameter<Real> *tied) {
    const Backend<Real> &b = parameters.backend();
    switch (plan.kind) {
    case LayerPlan::flatten:
        return nullptr;
    case LayerPlan::max_pool:
    case LayerPlan::mean_pool:
        stack.add(std::make_unique<PoolLayer<Real>>(
            plan.kind == LayerPlan::max_pool ? Pooling::maximum : Pooling::mean, plan.window, b));
        return nullptr;
    case LayerPlan::upsample:
        stack.add(std::make_unique<UpsampleLayer<Real>>(plan.window, b));
        return nullptr;
    default:
        break;
    }
    WeightedEntry<Real> entry(config, plan, name, linear, parameters, tied);
    entry.add(stack);
    if (config.dropout > 0 && !linear)
        stack.add(std::make_unique<DropoutLayer<Real>>(config.dropout, kDropout + dropout_index,
                                                       plan.output.size(), b));
    return entry.weight();
}

template class WindowLayer<float>;
template class WindowLayer<double>;
template class TransposedConvolutionLayer<float>;
template class TransposedConvolutionLayer<double>;
template class PoolLayer<float>;
template class PoolLayer<double>;
template class UpsampleLayer<float>;
template class UpsampleLayer<double>;
template Parameter<float> *add_planned(LayerStack<float> &, const Config &, const LayerPlan &,
                                       const std::string &, bool, uint32_t, ParameterSet<float> &,
                                       Parameter<float> *);
template Parameter<double> *add_planned(LayerStack<double> &, const Config &, const LayerPlan &,
                                        const std::string &, bool, uint32_t, ParameterSet<double> &,
                                        Parameter<double> *);

} // namespace aesop
