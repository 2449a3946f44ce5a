// Single pieces of the engine, for tests and for those who build their own methods.
#include "core/reference.h"
#include "core/schedule.h"
#include "core/trainer.h"
#include "cpu/backend_cpu.h"
#include "cpu/dispatch.h"
#include "r_convert.h"
#include "r_device.h"
#include "r_source.h"
#include <numeric>

using namespace aesop;

namespace {

template <class Real>
Rcpp::List gradients_on(const Backend<Real> &backend, const Rcpp::List &model, const Rcpp::List &source,
                        const Rcpp::List &options) {
    Config config = config_from_list(Rcpp::List(element(model, "config"))).resolved();
    RDataset source_data = dataset_from_list(source, config);
    const Dataset &data = source_data.data;
    Autoencoder<Real> network(config, data.features(), backend);
    apply_preparations(source_data, network.assays(), Rcpp::List(element(model, "transform")));
    weights_from_list(Rcpp::List(element(model, "weights")), network.parameters());
    Minibatch<Real> batch(config, data, backend);
    std::vector<int64_t> ids(static_cast<size_t>(data.samples()));
    std::iota(ids.begin(), ids.end(), 0);
    batch.load(ids.data(), int64_t(ids.size()));
    double loss =
        network.gradients(batch, key_from_r(options), uint32_t(Rcpp::as<double>(element(options, "epoch"))),
                          Rcpp::as<bool>(element(options, "training")));
    ParameterSet<Real> &parameters = network.parameters();
    std::vector<std::vector<double>> values;
    for (auto &p : parameters.all()) {
        values.emplace_back();
        if (p->kind != Parameter<Real>::state)
            values.back() = parameters.get_gradient(*p);
    }
    return Rcpp::List::create(Rcpp::_["loss"] = loss,
                              Rcpp::_["gradients"] = weights_to_list(parameters, values));
}

} // namespace

// Loss and gradients of one minibatch that holds all samples of `source`.
// options: precision ("double" or "float"), backend ("reference" or "cpu"), num_threads, seed, epoch (from
// 0), training (noise, dropout and batch statistics on).
// [[Rcpp::export(rng = false)]]
Rcpp::List loss_and_gradient(const Rcpp::List &model, const Rcpp::List &source, const Rcpp::List &options) {
    return guarded([&] {
        if (Rcpp::as<std::string>(element(options, "precision")) == "double")
            return gradients_on(reference_backend<double>(), model, source, options);
        if (Rcpp::as<std::string>(element(options, "backend")) == "reference")
            return gradients_on(reference_backend<float>(), model, source, options);
        Device backend(options);
        return gradients_on(backend.table(), model, source, options);
    });
}

// Corrupts x (features x samples) as epoch `epoch` of a fit with this seed does.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix apply_noise(const Rcpp::NumericMatrix &x, const Rcpp::List &config,
                                const Rcpp::List &control) {
    return guarded([&] {
        Config settings = config_from_list(config);
        NoiseRule rule{noise_from_name(settings.noise), settings.noise_amount, settings.noise_low,
                       settings.noise_high};
        Rcpp::NumericMatrix in = x, out = Rcpp::clone(x);
        std::vector<uint32_t> ids(static_cast<size_t>(x.ncol()));
        std::iota(ids.begin(), ids.end(), 0u);
        // A sample is a column here, a row there.
        Matrix<double> from{in.begin(), x.ncol(), x.nrow(), x.nrow()}, to = from;
        to.data = out.begin();
        uint32_t epoch = uint32_t(Rcpp::as<double>(element(control, "epoch")));
        DrawKey key{key_from_r(control), epoch, kNoise};
        const Backend<double> &b = reference_backend<double>();
        if (rule.kind == NoiseKind::thinning)
            b.thin(b.self, key, ids.data(), rule.amount, from, to);
        else
            b.corrupt(b.self, rule, key, ids.data(), from, to);
        return out;
    });
}

// One step of an optimiser on plain vectors. state: list(first, second), empty at the start.
// [[Rcpp::export(rng = false)]]
Rcpp::List optimizer_step(const Rcpp::List &config, const Rcpp::NumericVector &weights,
                          const Rcpp::NumericVector &gradient, const Rcpp::List &state, double step) {
    return guarded([&] {
        if (gradient.size() != weights.size())
            throw Error("input_dim", "`gradient` and `weights` differ in length.")
                .with("arg", "gradient")
                .with("expected", double(weights.size()))
                .with("got", double(gradient.size()));
        Config settings = config_from_list(config);
        const Backend<double> &b = reference_backend<double>();
        ParameterSet<double> parameters(b);
        Parameter<double> &p = parameters.add("w", Parameter<double>::weights, 1, weights.size());
        parameters.set(p, weights.begin());
        Optimizer<double> optimizer(settings, b);
        optimizer.set_step(int64_t(step) - 1);
        optimizer.begin_step(settings.learning_rate);
        double *memory[2] = {p.first_memory.values(p.shape.size()), p.second_memory.values(p.shape.size())};
        const char *names[2] = {"first", "second"};
        for (int k = 0; k < 2; k++) {
            SEXP given = element(state, names[k]);
            if (Rf_isNull(given))
                continue;
            if (TYPEOF(given) != REALSXP || Rf_xlength(given) != weights.size())
                throw Error("input_dim", "`state` does not fit `weights`.").with("arg", "state");
            std::copy(REAL(given), REAL(given) + weights.size(), memory[k]);
        }
        std::vector<double> padded_gradient(gradient.begin(), gradient.end());
        padded_gradient.resize(size_t(p.shape.size()));
        optimizer.take(p, padded_gradient.data());
        auto values = [&](const double *from) { return Rcpp::NumericVector(from, from + weights.size()); };
        return Rcpp::List::create(Rcpp::_["weights"] = values(p.value.data),
                                  Rcpp::_["state"] =
                                      Rcpp::List::create(Rcpp::_["first"] = values(memory[0]),
                                                         Rcpp::_["second"] = values(memory[1])));
    });
}

// The learning rate of every step of a fit (reduce-on-plateau: without any plateau).
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector learning_rates(const Rcpp::List &config, double steps_per_epoch) {
    return guarded([&] {
        Config settings = config_from_list(config);
        LearningRate rate(settings, int64_t(steps_per_epoch));
        Rcpp::NumericVector out(R_xlen_t(settings.epochs * steps_per_epoch));
        for (R_xlen_t s = 0; s < out.size(); s++)
            out[s] = rate.at(int64_t(double(s) / steps_per_epoch), s);
        return out;
    });
}

// The momentum of every step of a fit with a one-cycle schedule that moves it, else -1.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector schedule_momenta(const Rcpp::List &config, double steps_per_epoch) {
    return guarded([&] {
        Config settings = config_from_list(config);
        LearningRate rate(settings, int64_t(steps_per_epoch));
        Rcpp::NumericVector out(R_xlen_t(settings.epochs * steps_per_epoch));
        for (R_xlen_t s = 0; s < out.size(); s++)
            out[s] = rate.momentum(s);
        return out;
    });
}

// The order in which an epoch visits n samples, 1-based.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector sample_order(double n, const Rcpp::List &control) {
    return guarded([&] {
        std::vector<int64_t> ids(static_cast<size_t>(n));
        std::iota(ids.begin(), ids.end(), 1);
        uint32_t epoch = uint32_t(Rcpp::as<double>(element(control, "epoch")));
        std::vector<int64_t> order = epoch_order(ids, key_from_r(control), epoch, kShuffle);
        return Rcpp::NumericVector(order.begin(), order.end());
    });
}

// [[Rcpp::export(rng = false)]]
void set_cpu_target_name(const std::string &name) {
    guarded([&] { set_cpu_target(name); });
}

// [[Rcpp::export(rng = false)]]
std::vector<std::string> cpu_target_names() {
    return cpu_targets();
}

// -log likelihood of counts and its derivatives by the log mean and by log theta, element by element.
// kind: "poisson", or "nb" or "zinb" (log_theta is then one value per element). control$zero_logit: for
// "zinb", one value per element; the result has its derivative too.
// [[Rcpp::export(rng = false)]]
Rcpp::List count_losses(const std::string &kind, const Rcpp::NumericVector &log_mean,
                        const Rcpp::NumericVector &log_theta, const Rcpp::NumericVector &count,
                        const std::string &precision, const Rcpp::List &control) {
    return guarded([&] {
        R_xlen_t n = count.size();
        Rcpp::NumericVector loss(n), slope(n), dispersion_slope(n), zero_logit(n);
        if (kind == "zinb")
            zero_logit = Rcpp::clone(Rcpp::as<Rcpp::NumericVector>(element(control, "zero_logit")));
        auto compute = [&](auto real, const auto &backend) {
            using Real = decltype(real);
            for (R_xlen_t i = 0; i < n; i++) { // one element at a time: a matrix of one row and one column
                alignas(64) Real z[kLane] = {Real(log_mean[i])}, t[kLane] = {Real(count[i])};
                bool dispersed = kind != "poisson";
                alignas(64) Real theta[kLane] = {dispersed ? Real(log_theta[i]) : Real(0)},
                                 gradient[kLane] = {}, logit[kLane] = {Real(zero_logit[i])};
                double sample_loss = 0;
                LossArguments<Real> a{};
                a.kind = loss_from_name(kind), a.activation = Activation::exp, a.weight = 1;
                a.z = {z, 1, 1, kLane}, a.target = {t, 1, 1, kLane};
                if (dispersed)
                    a.log_theta = theta, a.log_theta_gradient = gradient;
                if (kind == "zinb")
                    a.zero_logit = {logit, 1, 1, kLane};
                a.sample_loss = &sample_loss, a.share = 1, a.gradient = true;
                backend.loss(backend.self, a);
                loss[i] = sample_loss, slope[i] = double(z[0]), dispersion_slope[i] = double(gradient[0]);
                zero_logit[i] = double(logit[0]);
            }
        };
        if (precision == "double")
            compute(double(), reference_backend<double>());
        else {
            CpuBackend backend(threads_from_r(control));
            compute(float(), backend.table());
        }
        return Rcpp::List::create(Rcpp::_["loss"] = loss, Rcpp::_["slope"] = slope,
                                  Rcpp::_["dispersion_slope"] = dispersion_slope,
                                  Rcpp::_["logit_slope"] = zero_logit);
    });
}
