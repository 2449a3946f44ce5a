// Plans of image layers, and their backward passes against central differences in double on the plain
// reference: h = 1e-5 max(1, |w|), errors below 1e-6 of the largest gradient.
#include "core/image_layer.h"
#include "core/initialization.h"
#include "kernel_data.h"
#include <algorithm>

using namespace kernel_test;

namespace {

LayerSpec layer(const std::string &kind, int units, std::vector<int> kernel = {},
                std::vector<int> stride = {}, const std::string &padding = "valid",
                const std::string &activation = "") {
    return {kind, units, kernel, stride, padding, activation};
}
LayerSpec pool(const std::string &kind, std::vector<int> kernel, std::vector<int> stride = {},
               const std::string &padding = "valid") {
    return layer(kind, 0, kernel, stride, padding);
}

bool same(const ImageShape &a, const ImageShape &b) {
    return a.height == b.height && a.width == b.width && a.channels == b.channels;
}

// A network from a plan with random parameters and inputs; its "loss" is a fixed random weighting of its
// outputs, so that every output counts.
class Network {
  public:
    Network(const Config &config, const std::vector<LayerPlan> &plan, int64_t rows, bool last_linear)
        : backend_(reference_backend<double>()), parameters_(backend_), stack_(backend_), x_memory_(backend_),
          dx_memory_(backend_), dy_memory_(backend_), rng_(5) {
        for (size_t i = 0; i < plan.size(); i++)
            add_planned(stack_, config, plan[i], "layer." + std::to_string(i + 1),
                        last_linear && i + 1 == plan.size(), uint32_t(i), parameters_);
        for (auto &p : parameters_.all())
            if (p->kind != Parameter<double>::state)
                parameters_.set(*p, numbers(p->shape.inputs * p->shape.units, 0.7).data());
        for (int64_t r = 0; r < rows; r++)
            ids_.push_back(uint32_t(3 * r));
        x_ = x_memory_.matrix(rows, plan.front().input.size());
        dx_ = dx_memory_.matrix(rows, x_.cols);
        dy_ = dy_memory_.matrix(rows, plan.back().output.size());
        fill(x_), weighting_ = numbers(rows * dy_.cols, 1);
    }
    int64_t units() const { return stack_.units(); }

    // Largest error of a gradient element by parameters and input, relative to the largest gradient.
    double gradient_error() {
        StoredGradients<double> sink(backend_);
        loss();
        for (int64_t r = 0; r < dy_.rows; r++)
            for (int64_t c = 0; c < dy_.cols; c++)
                dy_.at(r, c) = weighting_[size_t(r * dy_.cols + c)];
        stack_.backward(pass(), dy_, dx_, sink);
        double worst = 0, largest = 0;
        auto compare = [&](double gradient, double found) {
            worst = std::max(worst, std::abs(found - gradient));
            largest = std::max(largest, std::abs(gradient));
        };
        for (int64_t r = 0; r < x_.rows; r++)
            for (int64_t c = 0; c < x_.cols; c++)
                compare(dx_.at(r, c), slope(x_.at(r, c), [] {}));
        for (auto &p : parameters_.all()) {
            if (p->kind == Parameter<double>::state)
                continue;
            std::vector<double> w = parameters_.get(*p), g = parameters_.get_gradient(*p);
            for (size_t i = 0; i < w.size(); i++)
                compare(g[i], slope(w[i], [&] { parameters_.set(*p, w.data()); }));
        }
        return largest > 0 ? worst / largest : 1;
    }

  private:
    Pass<double> pass() const { return {backend_, x_.rows, true, ids_.data(), Key{1, 2}, 1}; }
    double loss() {
        Matrix<double> y = stack_.forward(pass(), x_);
        CHECK_EQUAL(y.cols, dy_.cols);
        double sum = 0;
        for (int64_t r = 0; r < y.rows; r++)
            for (int64_t c = 0; c < y.cols; c++)
                sum += weighting_[size_t(r * y.cols + c)] * y.at(r, c);
        return sum;
    }
    template <class F>
    double slope(double &value, F &&changed) {
        double kept = value, h = 1e-5 * std::max(1.0, std::abs(kept)), up, down;
        value = kept + h, changed(), up = loss();
        value = kept - h, changed(), down = loss();
        value = kept, changed();
        return (up - down) / (2 * h);
    }
    std::vector<double> numbers(int64_t n, double width) {
        std::uniform_real_distribution<double> d(-width, width);
        std::vector<double> v(static_cast<size_t>(n));
        for (double &x : v)
            x = d(rng_);
        return v;
    }
    void fill(const Matrix<double> &m) {
        for (int64_t r = 0; r < m.rows; r++) {
            std::vector<double> v = numbers(m.cols, 1);
            std::copy(v.begin(), v.end(), m.row(r));
        }
    }

    const Backend<double> &backend_;
    ParameterSet<double> parameters_;
    LayerStack<double> stack_;
    Buffer<double> x_memory_, dx_memory_, dy_memory_;
    Matrix<double> x_, dx_, dy_;
    std::vector<double> weighting_;
    std::vector<uint32_t> ids_;
    std::mt19937 rng_;
};

void check_network(const std::string &name, Config config, const std::vector<LayerPlan> &plan,
                   bool last_linear) {
    for (int variant = 0; variant < 3; variant++) {
        config.batch_norm = variant == 1, config.dropout = variant == 2 ? 0.3 : 0;
        Network network(config, plan, 4, last_linear);
        CHECK_EQUAL(network.units(), plan.back().output.size());
        double error = network.gradient_error();
        if (!(error <= 1e-6))
            check::fail(__FILE__, __LINE__,
                        name + ", variant " + std::to_string(variant) + ": error " + check::show(error));
    }
}
void check_layers(const std::string &name, const std::vector<LayerSpec> &layers, ImageShape input,
                  const std::string &activation = "tanh") {
    Config config;
    config.activation = activation;
    check_network(name, config, plan_layers(layers, input, "layers"), false);
}

std::string plan_error(const std::vector<LayerSpec> &layers, ImageShape input) {
    try {
        plan_layers(layers, input, "layers");
    } catch (const Error &e) {
        CHECK_EQUAL(e.kind, std::string("param"));
        CHECK_EQUAL(std::get<std::string>(*e.field("arg")), std::string("layers"));
        CHECK(e.field("value") && e.field("allowed"));
        return e.what();
    }
    return "(nothing)";
}

} // namespace

TEST("image layers: gradients of each kind") {
    for (const char *kind : {"conv", "conv_transpose"})
        for (const char *padding : {"valid", "same"})
            for (int stride : {1, 2, 3}) {
                std::string name = std::string(kind) + " " + padding + " " + std::to_string(stride);
                check_layers(name, {layer(kind, 2, {3, 2}, {stride}, padding)}, {5, 4, 3});
                check_layers(name + " 1-D", {layer(kind, 3, {4}, {stride}, padding)}, {1, 9, 2});
            }
    for (const char *kind : {"max_pool", "mean_pool"})
        for (const char *padding : {"valid", "same"})
            for (int stride : {1, 2, 3}) {
                std::string name = std::string(kind) + " " + padding + " " + std::to_string(stride);
                check_layers(name, {pool(kind, {2, 3}, {stride}, padding)}, {5, 7, 3});
                check_layers(name + " 1-D", {pool(kind, {3}, {stride}, padding)}, {1, 10, 2});
            }
    check_layers("upsample", {pool("upsample", {2, 3})}, {3, 2, 3});
    check_layers("dense", {layer("dense", 4)}, {2, 2, 3});
}

TEST("image layers: gradients with every activation") {
    for (const char *f :
         {"linear", "relu", "leaky_relu", "elu", "gelu", "selu", "tanh", "sigmoid", "softplus", "softmax"}) {
        check_layers(std::string("conv ") + f, {layer("conv", 3, {2}, {1}, "same")}, {4, 3, 2}, f);
        check_layers(std::string("conv_transpose ") + f, {layer("conv_transpose", 3, {3}, {2})}, {2, 3, 2},
                     f);
    }
}

TEST("image layers: gradients of an encoder and its mirrored decoder") {
    for (const char *padding : {"valid", "same"})
        for (bool one_dimensional : {false, true}) {
            std::vector<LayerSpec> layers = {
                layer("conv", 3, {3}, {1}, padding), pool("max_pool", {2}, {}, padding),
                layer("conv", 4, {2}, {2}, padding, "sigmoid"), layer("flatten", 0),
                layer("dense", 3, {}, {}, "valid", "linear")};
            ImageShape input = one_dimensional ? ImageShape{1, 11, 2} : ImageShape{7, 8, 1};
            std::vector<LayerPlan> plan = plan_layers(layers, input, "layers"), decoder = mirrored_plan(plan);
            plan.insert(plan.end(), decoder.begin(), decoder.end());
            CHECK(same(plan.back().output, input));
            Config config;
            config.activation = "softplus";
            check_network(std::string("mirrored, ") + padding, config, plan, true);
        }
}

TEST("image layers: tied weights of a convolution and its transpose") {
    Config config;
    config.activation = "tanh";
    const Backend<double> &b = reference_backend<double>();
    auto encoder = plan_layers({layer("conv", 3, {3}, {2}, "same")}, {5, 6, 2}, "layers");
    auto decoder = mirrored_plan(encoder);
    ParameterSet<double> parameters(b);
    LayerStack<double> stack(b);
    Parameter<double> *w = add_planned(stack, config, encoder[0], "encoder.1", false, 0, parameters);
    w->uses = 2;
    CHECK(add_planned(stack, config, decoder[0], "decoder.1", true, 0, parameters, w) == w);
    CHECK_EQUAL(parameters.all().size(), size_t(3)); // weights, and two biases
    initialize(parameters, *w, config, Key{3, 4}, 0);
    Buffer<double> x_memory(b), dy_memory(b);
    Matrix<double> x = x_memory.matrix(3, 60), dy = dy_memory.matrix(3, 60);
    for (int64_t i = 0; i < 180; i++)
        x.at(i / 60, i % 60) = std::sin(double(i));
    Pass<double> pass{b, 3, true, nullptr, Key{1, 2}, 1};
    auto loss = [&](const Matrix<double> &y) {
        double sum = 0;
        for (int64_t i = 0; i < 180; i++)
            sum += std::cos(double(i)) * y.at(i / 60, i % 60);
        return sum;
    };
    loss(stack.forward(pass, x));
    for (int64_t i = 0; i < 180; i++)
        dy.at(i / 60, i % 60) = std::cos(double(i));
    StoredGradients<double> sink(b);
    stack.backward(pass, dy, Matrix<double>(), sink);
    std::vector<double> values = parameters.get(*w), gradient = parameters.get_gradient(*w);
    for (size_t i = 0; i < values.size(); i++) {
        double kept = values[i];
        values[i] = kept + 1e-5, parameters.set(*w, values.data());
        double up = loss(stack.forward(pass, x));
        values[i] = kept - 1e-5, parameters.set(*w, values.data());
        double down = loss(stack.forward(pass, x));
        values[i] = kept, parameters.set(*w, values.data());
        CHECK_NEAR((up - down) / 2e-5, gradient[i], 1e-7);
    }
}

// Outputs and gradients of a convolutional network and its mirrored decoder on any backend.
template <class Real>
std::vector<double> outputs_and_gradients(const Backend<Real> &b) {
    Config config;
    config.batch_norm = true, config.dropout = 0.2;
    auto plan = plan_layers({layer("conv", 9, {3}, {2}, "same"), pool("max_pool", {2}),
                             layer("conv", 20, {2}, {1}, "same"), layer("dense", 5)},
                            {15, 14, 3}, "layers");
    auto decoder = mirrored_plan(plan);
    plan.insert(plan.end(), decoder.begin(), decoder.end());
    ParameterSet<Real> parameters(b);
    LayerStack<Real> stack(b);
    for (size_t i = 0; i < plan.size(); i++) {
        Parameter<Real> *w = add_planned(stack, config, plan[i], std::to_string(i), i + 1 == plan.size(),
                                         uint32_t(i), parameters);
        if (w)
            initialize(parameters, *w, config, Key{1, 2}, uint32_t(i));
    }
    constexpr int64_t rows = 7, cols = 15 * 14 * 3;
    Buffer<Real> x_memory(b), dy_memory(b);
    Matrix<Real> x = x_memory.matrix(rows, cols), dy = dy_memory.matrix(rows, cols);
    for (int64_t i = 0; i < rows * cols; i++) {
        x.at(i / cols, i % cols) = float(std::sin(double(i)));
        dy.at(i / cols, i % cols) = float(std::cos(double(i)));
    }
    std::vector<uint32_t> ids = {0, 1, 2, 3, 4, 5, 6};
    Pass<Real> pass{b, rows, true, ids.data(), Key{1, 2}, 1};
    Matrix<Real> y = stack.forward(pass, x);
    std::vector<double> all;
    for (int64_t r = 0; r < rows; r++)
        all.insert(all.end(), y.row(r), y.row(r) + cols);
    StoredGradients<Real> sink(b);
    stack.backward(pass, dy, Matrix<Real>(), sink);
    for (auto &p : parameters.all())
        if (p->kind != Parameter<Real>::state)
            for (double g : parameters.get_gradient(*p))
                all.push_back(g);
    return all;
}

TEST("image layers: a network on the CPU agrees with the reference, with any number of threads") {
    std::vector<double> expected = outputs_and_gradients(reference_backend<double>());
    for (const std::string &target : cpu_targets()) {
        CpuBackend one(1, target), three(3, target);
        std::vector<double> found = outputs_and_gradients(one.table());
        CHECK(found == outputs_and_gradients(three.table()));
        Difference d;
        for (size_t i = 0; i < found.size(); i++)
            d.add(found[i], expected[i]);
        CHECK_CLOSE(d.of_norm(), 1e-5, target);
    }
}

TEST("layer plan: shapes as in TensorFlow") {
    auto shapes = [](const LayerSpec &spec, ImageShape input) {
        return plan_layers({spec}, input, "layers")[0];
    };
    LayerPlan p = shapes(layer("conv", 8, {3}, {2}, "same"), {28, 27, 1});
    CHECK(same(p.output, {14, 14, 8}));
    CHECK_EQUAL(p.window.pad_top, 0); // one cell in all, at the end
    CHECK_EQUAL(p.window.pad_left, 1);
    CHECK(same(shapes(layer("conv", 8, {3, 5}), {28, 27, 2}).output, {26, 23, 8}));
    CHECK(same(shapes(layer("conv", 8, {5}), {1, 27, 2}).output, {1, 23, 8}));
    CHECK(same(shapes(pool("max_pool", {2}), {7, 8, 3}).output, {3, 4, 3}));
    CHECK(same(shapes(pool("mean_pool", {2}, {}, "same"), {7, 8, 3}).output, {4, 4, 3}));
    CHECK(same(shapes(layer("conv_transpose", 4, {3}, {2}, "same"), {7, 8, 3}).output, {14, 16, 4}));
    CHECK(same(shapes(layer("conv_transpose", 4, {3}, {2}), {7, 8, 3}).output, {15, 17, 4}));
    CHECK(same(shapes(layer("conv_transpose", 4, {1}, {2}), {7, 8, 3}).output, {14, 16, 4}));
    CHECK(same(shapes(pool("upsample", {2, 3}), {7, 8, 3}).output, {14, 24, 3}));
    CHECK(same(shapes(layer("flatten", 0), {7, 8, 3}).output, {1, 1, 168}));
    CHECK(same(shapes(layer("dense", 5), {7, 8, 3}).output, {1, 1, 5}));
}

TEST("layer plan: a mirrored decoder") {
    auto plan = plan_layers({layer("conv", 8, {3}, {2}, "same", "elu"), pool("max_pool", {2}),
                             layer("conv_transpose", 4, {3}, {2}, "same"), pool("upsample", {2}),
                             layer("flatten", 0), layer("dense", 6, {}, {}, "valid", "tanh")},
                            {27, 29, 2}, "layers");
    auto decoder = mirrored_plan(plan);
    std::vector<LayerPlan::Kind> kinds;
    std::vector<std::string> activations;
    for (const LayerPlan &p : decoder)
        kinds.push_back(p.kind), activations.push_back(p.activation);
    CHECK((kinds == std::vector<LayerPlan::Kind>{LayerPlan::dense, LayerPlan::mean_pool, LayerPlan::conv,
                                                 LayerPlan::upsample, LayerPlan::conv_transpose}));
    CHECK((activations == std::vector<std::string>{"", "", "elu", "", "linear"}));
    CHECK(same(decoder[0].input, {1, 1, 6}));
    CHECK_EQUAL(decoder[0].output.size(), plan[3].output.size());
    for (size_t i = 1; i < decoder.size(); i++) {
        CHECK(same(decoder[i].input, plan[4 - i].output));
        CHECK(same(decoder[i].output, plan[4 - i].input));
    }
}

TEST("layer plan: initialisation counts inputs and outputs as Keras") {
    Config config;
    const Backend<double> &b = reference_backend<double>();
    ParameterSet<double> parameters(b);
    LayerStack<double> stack(b);
    auto plan =
        plan_layers({layer("conv", 5, {3, 2}), layer("conv_transpose", 7, {4, 3})}, {9, 9, 2}, "layers");
    Parameter<double> *conv = add_planned(stack, config, plan[0], "a", false, 0, parameters);
    Parameter<double> *transposed = add_planned(stack, config, plan[1], "b", false, 0, parameters);
    CHECK_EQUAL(conv->shape.inputs, 12), CHECK_EQUAL(conv->shape.units, 5);
    CHECK_EQUAL(conv->fan_in, 12), CHECK_EQUAL(conv->fan_out, 30);
    CHECK_EQUAL(transposed->shape.inputs, 5), CHECK_EQUAL(transposed->shape.units, 84);
    CHECK_EQUAL(transposed->fan_in, 84), CHECK_EQUAL(transposed->fan_out, 60);
    initialize(parameters, *conv, config, Key{1, 2}, 0);
    double top = 0;
    for (double v : parameters.get(*conv))
        top = std::max(top, std::abs(v));
    CHECK(top < std::sqrt(6.0 / 42) && top > 0.9 * std::sqrt(6.0 / 42));
}

TEST("layer plan: what does not fit is named") {
    CHECK_EQUAL(plan_error({layer("conv", 4, {3}), layer("conv", 4, {5, 2})}, {6, 6, 1}),
                std::string("`layers`: layer 2 (conv) has a kernel of 5 x 2; it must be at most its input, "
                            "4 x 4 (height x width)."));
    CHECK_EQUAL(
        plan_error({layer("flatten", 0), pool("max_pool", {2})}, {6, 6, 1}),
        std::string("`layers`: layer 2 (max_pool) has no image to work on: its input is 36 values; it "
                    "must be placed before the first dense or flatten layer."));
    auto fails = [](const LayerSpec &spec) { return plan_error({spec}, {6, 6, 1}) != "(nothing)"; };
    CHECK(fails(layer("convolution", 4, {3})));
    CHECK(fails(layer("conv", 0, {3})));
    CHECK(fails(layer("dense", -1)));
    CHECK(fails(layer("conv", 4)));
    CHECK(fails(layer("conv", 4, {1, 2, 3})));
    CHECK(fails(layer("conv", 4, {0})));
    CHECK(fails(layer("conv", 4, {3}, {0})));
    CHECK(fails(layer("conv", 4, {3}, {1}, "full")));
    CHECK(fails(pool("max_pool", {7})));
    CHECK(fails(pool("upsample", {2}, {1})));
    CHECK(fails(pool("upsample", {1000000})));
    CHECK(fails(layer("conv_transpose", 10000000, {2147483647}, {2147483647})));
    CHECK(fails(layer("conv", 4, {2147483647}, {1}, "same")));
    CHECK_THROWS_KIND(plan_layers({layer("conv", 4, {3}, {1}, "same", "nonsense")}, {6, 6, 1}, "layers"),
                      "param");
    CHECK(!fails(pool("max_pool", {7}, {}, "same")));
}
