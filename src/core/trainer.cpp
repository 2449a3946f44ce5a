#include "trainer.h"
#include "error.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

namespace aesop {
namespace {

constexpr int kMaxHalvings = 5;
constexpr double kSecondsUnsaved = 1;
constexpr double kWriteShare = 0.05; // of the time, at most, for checkpoints
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int64_t steps_per_epoch(int64_t n, const Config &c) {
    return c.drop_last ? std::max<int64_t>(1, n / c.batch_size) : (n + c.batch_size - 1) / c.batch_size;
}

} // namespace

// Of n samples the first int(n (1 - validation)) are trained on, as Keras counts; "random" permutes first.
Split split_samples(int64_t n, const Config &config, Key seed) {
    std::vector<int64_t> ids(static_cast<size_t>(n));
    std::iota(ids.begin(), ids.end(), 0);
    if (config.validation_split == "random" && config.validation > 0)
        ids = epoch_order(ids, seed, 0, kSplit);
    int64_t n_training = int64_t(double(n) * (1 - config.validation) + 1e-9);
    n_training = std::min(std::max<int64_t>(n_training, 1), n);
    Split s;
    s.training.assign(ids.begin(), ids.begin() + n_training);
    s.validation.assign(ids.begin() + n_training, ids.end());
    std::sort(s.training.begin(), s.training.end());
    std::sort(s.validation.begin(), s.validation.end());
    return s;
}

template <class Real>
Trainer<Real>::Trainer(Autoencoder<Real> &network, const Dataset &data, Key seed, Monitor &monitor,
                       int64_t parts, Checkpoint *checkpoint)
    : network_(network), config_(network.config()), data_(data), seed_(seed), monitor_(monitor),
      parts_(parts), split_(split_samples(data.samples(), config_, seed)),
      batch_(config_, data, network.parameters().backend()),
      optimizer_(config_, network.parameters().backend()),
      rate_(config_, steps_per_epoch(int64_t(split_.training.size()), config_)),
      current_(network.parameters()), good_(network.parameters()), best_(network.parameters()),
      numbers_(network.parameters().backend()), checkpoint_(checkpoint) {
    result_.validation = split_.validation;
}

template <class Real>
TrainingResult Trainer<Real>::run() {
    ParameterSet<Real> &parameters = network_.parameters();
    try {
        run_epochs();
        for (auto &p : parameters.all())
            result_.weights.push_back(parameters.get(*p));
    } catch (const Error &e) {
        if (!parameters.backend().failure(parameters.backend().self) || saved_.empty())
            throw;
        result_.status = "device_failed";
        result_.device_error = std::make_shared<Error>(e);
        result_.needs_parts =
            at_.step <= 1 && result_.history.empty() &&
            parameters.backend().failure(parameters.backend().self)->kind == DeviceFailure::out_of_memory;
        result_.best_epoch = saved_epoch_;
        result_.weights.clear();
        for (size_t i = 0; i < saved_.size(); i++)
            result_.weights.push_back(ParameterSet<Real>::unpack(saved_[i], parameters.all()[i]->shape));
    }
    return result_;
}

// Only where operations run ahead: elsewhere the device's memory is the host's.
template <class Real>
void Trainer<Real>::save() {
    if (network_.parameters().backend().steps_ahead > 1 && now() - saved_at_ > kSecondsUnsaved) {
        saved_ = current_.to_host();
        saved_at_ = now(), saved_epoch_ = at_.epoch;
    }
}

template <class Real>
void Trainer<Real>::begin() {
    current_.take();
    good_.take(current_), best_.take(current_);
    if (!checkpoint_)
        return;
    std::vector<std::string> frozen;
    std::vector<std::vector<double>> weights;
    for (auto &p : network_.parameters().all()) {
        weights.push_back(network_.parameters().get(*p));
        if (p->frozen)
            frozen.push_back(p->name);
    }
    fit_ = describe_fit(config_, data_, seed_, weights, frozen);
    if (checkpoint_->found())
        go_on();
    else
        write_checkpoint(); // that it cannot be is known before the training
}

template <class Real>
void Trainer<Real>::run_epochs() {
    start_ = now();
    begin();
    save();
    while (at_.epoch < config_.epochs && !at_.finished) {
        int64_t epoch = at_.epoch;
        double begin = now(), loss = 0, rate = rate_.at(epoch, at_.step);
        int64_t first_step = at_.step;
        EpochEnd end = train_epoch(epoch, loss);
        double val_loss = end == EpochEnd::done ? validation_loss(epoch) : kNan;
        bool finite = end != EpochEnd::not_finite && network_.parameters().finite() &&
                      (split_.validation.empty() || end != EpochEnd::done || std::isfinite(val_loss));
        if (!finite) {
            at_.step = first_step;
            if (!roll_back())
                break;
            write_checkpoint();
            continue;
        }
        if (end == EpochEnd::stopped) { // the part of an epoch that ran is kept
            result_.status = time_is_up() ? "time_limit" : "interrupted";
            if (split_.validation.empty() || config_.patience == 0)
                result_.best_epoch = epoch;
            break;
        }
        // The loss of an epoch tells about the weights it started from: only the best of those are gone back
        // to.
        if (!(loss >= at_.good_loss)) {
            at_.good_loss = loss;
            good_.take(current_);
            at_.good_epoch = epoch;
        }
        current_.take();
        at_.epoch = epoch + 1;
        save();
        result_.history.push_back({epoch + 1, loss, val_loss, rate, now() - begin});
        monitor_.epoch_done(result_.history.back());
        if (!config_.warming_up(epoch))
            rate_.epoch_done(split_.validation.empty() ? loss : val_loss);
        at_.finished = !keep_going(epoch, val_loss) || at_.epoch == config_.epochs;
        write_checkpoint();
    }
    bool chosen = !split_.validation.empty() && config_.patience > 0 && !result_.history.empty();
    if (chosen)
        best_.restore();
}

// Before the first epoch and at the ends of epochs. Where the first one cannot be written, nothing is
// trained; later ones do not cost the fit.
template <class Real>
void Trainer<Real>::write_checkpoint() {
    double began = now();
    bool due = at_.finished || began - written_at_ > write_seconds_ / kWriteShare;
    if (!checkpoint_ || !due)
        return;
    at_.optimizer_step = optimizer_.step(), at_.rate = rate_.state(), at_.parts = parts_;
    at_.status = result_.status, at_.messages = result_.messages, at_.history = result_.history;
    at_.best_epoch = result_.best_epoch;
    ParameterSet<Real> &parameters = network_.parameters();
    std::vector<FileTensor> tensors;
    auto add = [&](const char *kind, size_t i, const std::vector<Real> &values) {
        std::vector<double> numbers(values.begin(), values.end());
        DType type = sizeof(Real) == sizeof(float) ? DType::F32 : DType::F64;
        if (!numbers.empty())
            tensors.push_back(make_tensor(kind + parameters.all()[i]->name, type, {int64_t(numbers.size())},
                                          numbers.data()));
    };
    std::vector<std::vector<Real>> now_at = current_.to_host(), good = good_.to_host(),
                                   best = best_.to_host();
    try {
        for (size_t i = 0; i < now_at.size(); i++) {
            add("value.", i, now_at[i]), add("good.", i, good[i]), add("best.", i, best[i]);
            Parameter<Real> &p = *parameters.all()[i];
            add("first.", i, parameters.moments(p, p.first_memory));
            add("second.", i, parameters.moments(p, p.second_memory));
        }
        checkpoint_->write(fit_, at_, std::move(tensors));
        result_.checkpoint_error.reset();
    } catch (const Error &e) {
        if (written_at_ == 0 || parameters.backend().failure(parameters.backend().self))
            throw;
        result_.checkpoint_error = std::make_shared<Error>(e);
    }
    written_at_ = now(), write_seconds_ = written_at_ - began;
}

// From the checkpoint that was found.
template <class Real>
void Trainer<Real>::go_on() {
    checkpoint_->require(fit_);
    at_ = checkpoint_->progress();
    result_.status = at_.status, result_.messages = at_.messages, result_.history = at_.history;
    result_.best_epoch = at_.best_epoch;
    rate_.set_state(at_.rate), optimizer_.set_step(at_.optimizer_step);
    ParameterSet<Real> &parameters = network_.parameters();
    auto load = [&](const char *kind, const Parameter<Real> &p, Real *to) {
        std::vector<double> numbers = checkpoint_->values(kind + p.name, p.shape.size());
        std::vector<Real> host(numbers.begin(), numbers.end());
        const Backend<Real> &b = parameters.backend();
        b.upload(b.self, to, host.data(), int64_t(host.size() * sizeof(Real)));
    };
    auto load_all = [&](const char *kind, Snapshot<Real> &snapshot) {
        for (auto &p : parameters.all())
            if (p->shape.size() > 0)
                load(kind, *p, p->value.data);
        snapshot.take();
    };
    load_all("good.", good_), load_all("best.", best_), load_all("value.", current_);
    for (auto &p : parameters.all()) {
        if (checkpoint_->has("first." + p->name))
            load("first.", *p, p->first_memory.values(p->shape.size()));
        if (checkpoint_->has("second." + p->name))
            load("second.", *p, p->second_memory.values(p->shape.size()));
    }
    written_at_ = now();
}

template <class Real>
typename Trainer<Real>::EpochEnd Trainer<Real>::train_epoch(int64_t epoch, double &loss) {
    const Backend<Real> &backend = network_.parameters().backend();
    int64_t n = int64_t(split_.training.size()), size = config_.batch_size;
    std::vector<int64_t> order =
        config_.shuffle ? epoch_order(split_.training, seed_, uint32_t(epoch), kShuffle) : split_.training;
    int64_t steps = steps_per_epoch(n, config_), s = 0;
    std::vector<double> zeros(size_t(2 * steps));
    double *numbers = numbers_.set(zeros.data(), 2 * steps);
    losses_.clear();
    EpochEnd end = EpochEnd::done;
    while (s < steps && end == EpochEnd::done) {
        int64_t from = s * size, rows = std::min(size, n - from);
        optimizer_.begin_step(rate_.at(epoch, at_.step), rate_.momentum(at_.step));
        at_.step++;
        train_step(order.data() + from, rows, uint32_t(epoch), {numbers + s, numbers + steps + s});
        s++;
        if ((first_step_ || s % backend.steps_ahead == 0) && !losses_finite(s, epoch))
            return EpochEnd::not_finite;
        if (first_step_) // done, and the network has the memory it needs: samples may take what is left
            batch_.keep_samples();
        first_step_ = false;
        if (monitor_.should_stop() || time_is_up())
            end = EpochEnd::stopped;
    }
    if (!losses_finite(s, epoch))
        return EpochEnd::not_finite;
    for (int64_t i = 0; i < s; i++)
        loss += losses_[size_t(i)] * double(std::min(size, n - i * size));
    loss /= double(std::max<int64_t>(1, std::min(n, s * size)));
    result_.failure_epoch = epoch + 1, result_.failure_step = steps;
    return end;
}

template <class Real>
void Trainer<Real>::train_step(const int64_t *samples, int64_t rows, uint32_t epoch,
                               const StepNumbers &numbers) {
    if (parts_ == 1) {
        batch_.load(samples, rows);
        network_.train_step(batch_, seed_, epoch, optimizer_, numbers);
        return;
    }
    int64_t size = (rows + parts_ - 1) / parts_;
    for (int64_t from = 0; from < rows; from += size) {
        int64_t n = std::min(size, rows - from);
        batch_.load(samples + from, n);
        network_.add_part(batch_, seed_, epoch, double(n) / double(rows), from == 0, numbers);
    }
    network_.finish_parts(optimizer_, numbers);
}

// Asks for the losses of the epoch's first `steps` steps, where they are not known yet.
template <class Real>
bool Trainer<Real>::losses_finite(int64_t steps, int64_t epoch) {
    size_t known = losses_.size();
    losses_.resize(size_t(steps));
    if (known < losses_.size())
        numbers_.read(losses_.data() + known, int64_t(known), steps - int64_t(known));
    for (size_t i = known; i < losses_.size(); i++)
        if (!std::isfinite(losses_[i])) {
            result_.failure_epoch = epoch + 1, result_.failure_step = int64_t(i) + 1;
            return false;
        }
    return true;
}

template <class Real>
double Trainer<Real>::validation_loss(int64_t epoch) {
    int64_t n = int64_t(split_.validation.size()), size = (config_.batch_size + parts_ - 1) / parts_;
    if (n == 0)
        return kNan;
    std::vector<double> losses(size_t((n + size - 1) / size));
    double *numbers = numbers_.set(losses.data(), int64_t(losses.size())), sum = 0;
    for (size_t i = 0; i < losses.size(); i++) {
        int64_t from = int64_t(i) * size;
        batch_.load(split_.validation.data() + from, std::min(size, n - from));
        network_.evaluate(batch_, uint32_t(epoch), numbers + i);
    }
    numbers_.read(losses.data(), 0, int64_t(losses.size()));
    for (size_t i = 0; i < losses.size(); i++)
        sum += losses[i] * double(std::min(size, n - int64_t(i) * size));
    return sum / double(n);
}

// Early stopping on the validation loss, once the weights of its terms no longer change; a loss that is not
// finite neither resets nor advances the best.
template <class Real>
bool Trainer<Real>::keep_going(int64_t epoch, double val_loss) {
    if (split_.validation.empty() || config_.patience == 0) {
        result_.best_epoch = epoch + 1;
    } else if (config_.warming_up(epoch)) {
        best_.take(current_);
        result_.best_epoch = epoch + 1;
    } else if (std::isfinite(val_loss) && val_loss < at_.best_loss - config_.min_delta) {
        at_.best_loss = val_loss;
        best_.take(current_);
        at_.since_best = 0;
        result_.best_epoch = epoch + 1;
    } else if (++at_.since_best >= config_.patience) {
        result_.status = "early_stopped";
        return false;
    }
    return true;
}

// Back to the last good weights, with half the learning rate; false after too many attempts.
template <class Real>
bool Trainer<Real>::roll_back() {
    good_.restore();
    current_.take(good_);
    network_.parameters().reset_moments();
    optimizer_.set_step(0);
    std::string where =
        "epoch " + std::to_string(result_.failure_epoch) + ", step " + std::to_string(result_.failure_step);
    if (++at_.halvings > kMaxHalvings) {
        result_.status = "not_finite";
        result_.failure = "loss";
        return false;
    }
    rate_.halve();
    result_.messages.push_back("The loss was not finite in " + where +
                               ": went back to the weights of epoch " + std::to_string(at_.good_epoch) +
                               " and halved the learning rate.");
    return true;
}

template <class Real>
bool Trainer<Real>::time_is_up() const {
    return config_.max_seconds > 0 && now() - start_ > config_.max_seconds;
}

template class Trainer<float>;
template class Trainer<double>;

} // namespace aesop
