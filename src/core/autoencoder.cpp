#include "autoencoder.h"
#include "error.h"
#include "initialization.h"
#include "reference.h"
#include <cmath>

namespace aesop {
namespace {

// Standard deviation of the perturbation that estimates the Jacobian's norm: small against inputs of about
// unit scale, and large against the rounding of float.
constexpr double kPerturbation = 0.01;

template <class Real>
void copy_rows(const Backend<Real> &b, const Matrix<Real> &from, const Matrix<Real> &to) {
    b.activate(b.self, Activation::linear, Real(0), from, to);
}
template <class Real>
Matrix<Real> rows_of(const Matrix<Real> &m, int64_t from, int64_t n) {
    return {m.row(from), n, m.cols, m.ld};
}

// For gradients by the input, where those of the parameters are of no use.
template <class Real>
class NoGradients : public GradientSink<Real> {
  public:
    void take(Parameter<Real> &, const Product<Real> *, int) override {}
    void take(Parameter<Real> &, const Real *) override {}
};

ImageShape image_shape(const Config &config) {
    return {config.input_shape[0], config.input_shape[1], config.input_shape[2]};
}

} // namespace

// Built on a backend without memory, so that asking for the shapes of a huge network costs nothing.
std::vector<ParameterShape> parameter_shapes(const Config &config, int64_t n_features) {
    Backend<float> shapes_only = reference_backend<float>();
    static char nowhere;
    shapes_only.allocate = [](void *, int64_t) -> void * { return &nowhere; };
    shapes_only.release = [](void *, void *) {};
    shapes_only.upload = [](void *, void *, const void *, int64_t) {};
    Autoencoder<float> network(config.resolved(), n_features, shapes_only);
    std::vector<ParameterShape> shapes;
    for (auto &p : network.parameters().all())
        shapes.push_back({p->name, p->shape.inputs, p->shape.units, p->kind != Parameter<float>::state});
    return shapes;
}

template <class Real>
Autoencoder<Real>::Autoencoder(const Config &config, int64_t n_features, const Backend<Real> &backend)
    : config_(config), assays_(config.resolved_assays(n_features)), n_features_(n_features),
      backend_(backend), parameters_(backend), dcode_memory_(backend), difference_memory_(backend),
      perturbed_covariates_(backend), sample_loss_(backend), loss_(backend) {
    std::vector<LayerPlan> plan;
    if (!config_.layers.empty()) {
        if (image_shape(config_).size() != n_features)
            throw Error("features", "`input_shape` has " + std::to_string(image_shape(config_).size()) +
                                        " values (height x width x channels), the data have " +
                                        std::to_string(n_features) + " features.")
                .with("arg", "input_shape");
        plan = plan_layers(config_.layers, image_shape(config_), "layers");
    }
    for (size_t i = 0; i < assays_.size(); i++)
        encoders_.push_back(
            std::make_unique<Encoder<Real>>(config_, assays_[i], uint32_t(i), plan, parameters_));
    bottleneck_ = std::make_unique<Bottleneck<Real>>(config_, assays_, encoders_, parameters_);
    std::vector<Parameter<Real> *> tied;
    if (config_.tied) {
        tied = encoders_[0]->weights();
        tied.push_back(&bottleneck_->projection().parameter(0));
    }
    for (size_t i = 0; i < assays_.size(); i++)
        decoders_.push_back(
            std::make_unique<Decoder<Real>>(config_, assays_[i], uint32_t(i), tied, plan, parameters_));
    for (const AssayConfig &a : assays_) {
        objectives_.push_back(std::make_unique<Objective<Real>>(config_, a, parameters_));
        end_memory_.push_back(std::make_unique<Buffer<Real>>(backend));
        input_gradient_memory_.push_back(std::make_unique<Buffer<Real>>(backend));
        perturbed_memory_.push_back(std::make_unique<Buffer<Real>>(backend));
    }
    outputs_.resize(assays_.size());
    contraction_ = contraction_kind();
}

// Exact where the code is one layer of the input (Rifai et al. 2011); otherwise estimated: the expectation of
// |h(x + e u) - h(x)|^2 / e^2 over standard normal u is the squared norm of the Jacobian up to O(e^2).
template <class Real>
typename Autoencoder<Real>::Contraction Autoencoder<Real>::contraction_kind() const {
    if (config_.contractive == 0)
        return Contraction::none;
    Activation f = bottleneck_->projection().activation();
    bool one_layer = assays_.size() == 1 && encoders_[0]->empty() && !config_.latent_batch_norm;
    return one_layer && !needs_input(f) && f != Activation::softmax ? Contraction::exact
                                                                    : Contraction::estimated;
}

template <class Real>
void Autoencoder<Real>::initialize(Key seed) {
    uint32_t index = 0;
    for (auto &p : parameters_.all()) {
        if (p->kind == Parameter<Real>::weights)
            aesop::initialize(parameters_, *p, config_, seed, index);
        index++;
    }
}

template <class Real>
void Autoencoder<Real>::set_log_means(size_t assay, const std::vector<double> &means) {
    std::vector<double> bias;
    for (double m : means)
        bias.push_back(std::log(std::max(m, 1e-4)));
    if (decoders_[assay]->output_bias())
        parameters_.set(*decoders_[assay]->output_bias(), bias.data());
}

template <class Real>
Pass<Real> Autoencoder<Real>::pass(const Minibatch<Real> &batch, Key seed, uint32_t epoch,
                                   bool training) const {
    return {backend_, batch.rows(), training, batch.sample_ids().data(), seed, epoch, batch.covariates()};
}

template <class Real>
Matrix<Real> Autoencoder<Real>::code_of(const Pass<Real> &pass, const std::vector<Operand<Real>> &inputs) {
    encoder_pass_.emplace(pass);
    std::vector<Operand<Real>> ends;
    for (size_t i = 0; i < inputs.size(); i++)
        ends.push_back(encoders_[i]->forward(pass, inputs[i]));
    return bottleneck_->forward(pass, ends);
}

// Encodes the rows and, below them, the same rows with Gaussian noise; keeps the difference of their codes.
template <class Real>
Matrix<Real> Autoencoder<Real>::code_with_perturbed(const Pass<Real> &single,
                                                    const std::vector<Operand<Real>> &inputs) {
    int64_t n = single.rows;
    Pass<Real> both = single;
    both.rows = 2 * n;
    perturbed_ids_.assign(single.sample_ids, single.sample_ids + n);
    perturbed_ids_.insert(perturbed_ids_.end(), single.sample_ids, single.sample_ids + n);
    both.sample_ids = perturbed_ids_.data();
    if (single.covariates.data) {
        both.covariates = perturbed_covariates_.matrix(2 * n, single.covariates.cols);
        copy_rows(backend_, single.covariates, rows_of(both.covariates, 0, n));
        copy_rows(backend_, single.covariates, rows_of(both.covariates, n, n));
    }
    NoiseRule rule{NoiseKind::gaussian, kPerturbation};
    std::vector<Operand<Real>> twice;
    for (size_t i = 0; i < inputs.size(); i++) {
        Matrix<Real> x = perturbed_memory_[i]->matrix(2 * n, inputs[i].cols());
        copy_rows(backend_, inputs[i].dense, rows_of(x, 0, n));
        DrawKey key{single.seed, single.epoch, kPerturb + uint32_t(i) * kAssayStride};
        backend_.corrupt(backend_.self, rule, key, single.sample_ids, inputs[i].dense, rows_of(x, n, n));
        twice.push_back(x);
    }
    Matrix<Real> codes = code_of(both, twice), code = rows_of(codes, 0, n);
    difference_ = difference_memory_.matrix(n, config_.latent);
    copy_rows(backend_, rows_of(codes, n, n), difference_);
    backend_.add(backend_.self, Real(-1), code, difference_);
    return code;
}

template <class Real>
void Autoencoder<Real>::forward(const Pass<Real> &pass, Minibatch<Real> &batch, bool gradient,
                                const Sum &loss) {
    std::vector<Operand<Real>> inputs;
    for (size_t i = 0; i < assays_.size(); i++)
        inputs.push_back(batch.assay(i).input(pass));
    code_ =
        contraction_ == Contraction::estimated ? code_with_perturbed(pass, inputs) : code_of(pass, inputs);
    double *sample_loss = sample_loss_.get(pass.rows);
    for (size_t i = 0; i < assays_.size(); i++) {
        outputs_[i] = decoders_[i]->forward(pass, code_);
        objectives_[i]->forward(pass, outputs_[i], batch.assay(i), gradient, sample_loss, i > 0);
    }
    backend_.sum(backend_.self, sample_loss, pass.rows, times(loss, 1 / double(pass.rows)));
    add_code_penalties(pass, loss);
    add_weight_penalty(loss);
}

// Means over the rows of what is asked of the code, from the last forward pass.
template <class Real>
void Autoencoder<Real>::add_code_penalties(const Pass<Real> &pass, const Sum &loss) {
    double share = 1 / double(pass.rows);
    Matrix<Real> none;
    if (config_.activity_l1 > 0)
        backend_.activity_l1(backend_.self, code_, Real(0), none, times(loss, config_.activity_l1 * share));
    if (config_.sparsity > 0)
        backend_.sparsity(backend_.self, code_, Real(config_.sparsity_target), Real(0), none,
                          times(loss, config_.sparsity));
    if (config_.variational)
        bottleneck_->divergence(*encoder_pass_,
                                times(loss, divergence_weight(pass.epoch) / double(encoder_pass_->rows)));
    if (contraction_ == Contraction::estimated) {
        Sum sum = times(loss, config_.contractive * share / (kPerturbation * kPerturbation));
        backend_.squared_norm(backend_.self, difference_.data, difference_.rows * difference_.ld, sum);
    } else if (exact()) {
        const Projection<Real> &p = bottleneck_->projection();
        backend_.contraction(backend_.self, p.activation(), Real(config_.leaky_slope), code_, p.weights(0),
                             Real(0), none, Weights<Real>(), times(loss, config_.contractive * share));
    }
}

// The whole objective is divided by the number of features where the losses are means over them, so that
// beta has the same meaning for both reductions.
template <class Real>
double Autoencoder<Real>::divergence_weight(uint32_t epoch) const {
    double weight = config_.divergence_weight(int64_t(epoch));
    return assays_[0].loss_reduction == "mean" ? weight / double(n_features_) : weight;
}

template <class Real>
void Autoencoder<Real>::add_code_gradients(const Pass<Real> &pass, const Matrix<Real> &dcode) {
    double rows = double(pass.rows);
    if (config_.activity_l1 > 0)
        backend_.activity_l1(backend_.self, code_, Real(config_.activity_l1 / rows), dcode, Sum());
    if (config_.sparsity > 0)
        backend_.sparsity(backend_.self, code_, Real(config_.sparsity_target), Real(config_.sparsity), dcode,
                          Sum());
    if (exact()) {
        const Projection<Real> &p = bottleneck_->projection();
        backend_.contraction(backend_.self, p.activation(), Real(config_.leaky_slope), code_, p.weights(0),
                             Real(config_.contractive / rows), dcode, Weights<Real>(), Sum());
    }
}

template <class Real>
void Autoencoder<Real>::backward(const Pass<Real> &pass, GradientSink<Real> &sink) {
    for (auto &objective : objectives_)
        objective->backward(sink);
    Matrix<Real> all = dcode_memory_.matrix(encoder_pass_->rows, config_.latent);
    Matrix<Real> dcode = rows_of(all, 0, pass.rows);
    for (size_t i = 0; i < decoders_.size(); i++)
        decoders_[i]->backward(pass, outputs_[i], dcode, i > 0, sink);
    add_code_gradients(pass, dcode);
    if (contraction_ == Contraction::estimated) {
        Real factor = Real(2 * config_.contractive / (double(pass.rows) * kPerturbation * kPerturbation));
        Matrix<Real> dperturbed = rows_of(all, pass.rows, pass.rows);
        copy_rows(backend_, difference_, dperturbed);
        backend_.add(backend_.self, factor - 1, difference_, dperturbed);
        backend_.add(backend_.self, -factor, difference_, dcode);
    }
    std::vector<Matrix<Real>> ends;
    for (size_t i = 0; i < encoders_.size(); i++)
        ends.push_back(encoders_[i]->empty()
                           ? Matrix<Real>()
                           : end_memory_[i]->matrix(encoder_pass_->rows, encoders_[i]->units()));
    bottleneck_->backward(*encoder_pass_, all, divergence_weight(pass.epoch), ends, sink);
    for (size_t i = 0; i < encoders_.size(); i++)
        if (!encoders_[i]->empty())
            encoders_[i]->backward(*encoder_pass_, ends[i], Matrix<Real>(), sink);
}

// What penalties add to stored gradients.
template <class Real>
void Autoencoder<Real>::add_weight_gradients(const Pass<Real> &pass) {
    if (exact()) {
        const Projection<Real> &p = bottleneck_->projection();
        backend_.contraction(backend_.self, p.activation(), Real(config_.leaky_slope), code_, p.weights(0),
                             Real(config_.contractive / double(pass.rows)), Matrix<Real>(),
                             p.parameter(0).gradient(), Sum());
    }
    if (config_.l1 == 0 && config_.l2 == 0)
        return;
    for (auto &q : parameters_.all())
        if (q->penalised())
            backend_.add_penalty_gradient(backend_.self, q->gradient().data, q->value.data, q->shape.size(),
                                          config_.l1, config_.l2);
}

template <class Real>
void Autoencoder<Real>::add_weight_penalty(const Sum &loss) const {
    if (config_.l1 == 0 && config_.l2 == 0)
        return;
    for (auto &p : parameters_.all())
        if (p->penalised())
            backend_.penalty(backend_.self, p->value.data, p->shape.size(), config_.l1, config_.l2, loss);
}

template <class Real>
void Autoencoder<Real>::stored_gradients(const Pass<Real> &pass, Minibatch<Real> &batch, const Sum &loss) {
    forward(pass, batch, true, loss);
    StoredGradients<Real> sink(backend_);
    backward(pass, sink);
    add_weight_gradients(pass);
}

template <class Real>
template <class F>
void Autoencoder<Real>::each_trained(F &&f) {
    for (auto &p : parameters_.all())
        if (p->kind != Parameter<Real>::state && !p->frozen)
            f(*p);
}

template <class Real>
void Autoencoder<Real>::apply_stored(Optimizer<Real> &optimizer, const StepNumbers &numbers) {
    each_trained([&](Parameter<Real> &p) {
        backend_.squared_norm(backend_.self, p.gradient().data, p.shape.size(), Sum{numbers.square_norm});
    });
    optimizer.set_numbers(numbers.loss, numbers.square_norm);
    optimizer.apply_stored(parameters_);
    backend_.step_done(backend_.self);
}

template <class Real>
void Autoencoder<Real>::train_step(Minibatch<Real> &batch, Key seed, uint32_t epoch,
                                   Optimizer<Real> &optimizer, const StepNumbers &numbers) {
    Pass<Real> p = pass(batch, seed, epoch, true);
    if (needs_stored_gradients()) {
        stored_gradients(p, batch, Sum{numbers.loss});
        apply_stored(optimizer, numbers);
        return;
    }
    optimizer.set_numbers(numbers.loss, nullptr);
    forward(p, batch, true, Sum{numbers.loss});
    backward(p, optimizer);
    backend_.step_done(backend_.self);
}

// What is a mean over the minibatch, or takes values from other samples, is not the mean of its parts.
template <class Real>
bool Autoencoder<Real>::splits() const {
    return !config_.batch_norm && !config_.latent_batch_norm && config_.sparsity == 0 &&
           config_.noise != "swap";
}

template <class Real>
void Autoencoder<Real>::add_part(Minibatch<Real> &part, Key seed, uint32_t epoch, double share, bool first,
                                 const StepNumbers &numbers) {
    stored_gradients(pass(part, seed, epoch, true), part, Sum{numbers.loss, share});
    size_t next = 0;
    each_trained([&](Parameter<Real> &p) {
        if (part_gradients_.size() <= next)
            part_gradients_.push_back(std::make_unique<Buffer<Real>>(backend_));
        int64_t n = p.shape.size();
        Matrix<Real> sum = part_gradients_[next++]->matrix(1, n), gradient = sum;
        gradient.data = p.gradient().data;
        if (first)
            backend_.copy(backend_.self, sum.data, gradient.data, n * int64_t(sizeof(Real)));
        backend_.add(backend_.self, Real(first ? share - 1 : share), gradient, sum);
    });
}

template <class Real>
void Autoencoder<Real>::finish_parts(Optimizer<Real> &optimizer, const StepNumbers &numbers) {
    size_t next = 0;
    each_trained([&](Parameter<Real> &p) {
        Real *sum = part_gradients_[next++]->values(p.shape.size());
        backend_.copy(backend_.self, p.gradient().data, sum, p.shape.size() * int64_t(sizeof(Real)));
    });
    apply_stored(optimizer, numbers);
}

template <class Real>
double Autoencoder<Real>::gradients(Minibatch<Real> &batch, Key seed, uint32_t epoch, bool training) {
    double loss = 0;
    stored_gradients(pass(batch, seed, epoch, training), batch, Sum{loss_.set(&loss, 1)});
    loss_.read(&loss, 0, 1);
    return loss;
}

template <class Real>
void Autoencoder<Real>::evaluate(Minibatch<Real> &batch, uint32_t epoch, double *loss) {
    forward(pass(batch, Key(), epoch, false), batch, false, Sum{loss});
    backend_.step_done(backend_.self);
}

template <class Real>
double Autoencoder<Real>::loss(Minibatch<Real> &batch, double *sample_loss) {
    double loss = 0;
    evaluate(batch, kLastEpoch, loss_.set(&loss, 1));
    if (sample_loss)
        sample_loss_.read(sample_loss, 0, batch.rows());
    loss_.read(&loss, 0, 1);
    return loss;
}

template <class Real>
Matrix<Real> Autoencoder<Real>::encode(Minibatch<Real> &batch) {
    Pass<Real> p = pass(batch, Key(), kLastEpoch, false);
    std::vector<Operand<Real>> inputs;
    for (size_t i = 0; i < assays_.size(); i++)
        inputs.push_back(batch.assay(i).input(p));
    return code_of(p, inputs);
}

template <class Real>
std::vector<Matrix<Real>> Autoencoder<Real>::code_gradients(int64_t unit) {
    int64_t rows = encoder_pass_->rows;
    Matrix<Real> dcode = dcode_memory_.matrix(rows, config_.latent);
    std::vector<Real> host(size_t(rows * dcode.ld));
    for (int64_t r = 0; r < rows; r++)
        host[size_t(r * dcode.ld + unit)] = Real(1);
    backend_.upload(backend_.self, dcode.data, host.data(), int64_t(host.size() * sizeof(Real)));
    std::vector<Matrix<Real>> inputs, ends;
    for (size_t i = 0; i < encoders_.size(); i++) {
        inputs.push_back(input_gradient_memory_[i]->matrix(rows, assays_[i].features));
        ends.push_back(encoders_[i]->empty() ? inputs[i]
                                             : end_memory_[i]->matrix(rows, encoders_[i]->units()));
    }
    NoGradients<Real> sink;
    bottleneck_->backward_mean(*encoder_pass_, dcode, ends, sink);
    for (size_t i = 0; i < encoders_.size(); i++)
        if (!encoders_[i]->empty())
            encoders_[i]->backward(*encoder_pass_, ends[i], inputs[i], sink);
    for (auto &p : parameters_.all())
        p->pending.clear(); // of weights tied to the decoder, which has no share here
    return inputs;
}

template <class Real>
std::vector<Reconstruction<Real>> Autoencoder<Real>::decode(const Matrix<Real> &code,
                                                            const Matrix<Real> &covariates) {
    Pass<Real> p{backend_, code.rows, false, nullptr, Key(), kLastEpoch, covariates};
    std::vector<Reconstruction<Real>> out;
    for (size_t i = 0; i < assays_.size(); i++)
        out.push_back(objectives_[i]->reconstruct(p, decoders_[i]->forward(p, code)));
    return out;
}

template class Autoencoder<float>;
template class Autoencoder<double>;

} // namespace aesop
