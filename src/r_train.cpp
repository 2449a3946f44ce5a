#include "core/reference.h"
#include "core/trainer.h"
#include "r_convert.h"
#include "r_device.h"
#include "r_monitor.h"
#include "r_source.h"
#include <unistd.h>

using namespace aesop;

namespace {

// Weights, their moments and two snapshots, against the memory of the machine.
void check_memory(const Config &config, int64_t n_features) {
    double values = 0;
    for (const ParameterShape &p : parameter_shapes(config, n_features))
        values += double(p.rows) * double(p.cols);
    double bytes = values * 4 * 5, machine = double(sysconf(_SC_PHYS_PAGES)) * double(sysconf(_SC_PAGESIZE));
    if (bytes < machine)
        return;
    throw Error("memory", "This network has " + std::to_string(int64_t(values)) +
                              " parameters; training needs about " +
                              std::to_string(int64_t(bytes / 1073741824)) +
                              " GiB, more than this machine has. Use "
                              "smaller `hidden` layers or fewer features.")
        .with("bytes", bytes)
        .with("what", "weights and optimiser state");
}

Rcpp::List history_to_list(const std::vector<EpochRecord> &history) {
    std::vector<double> epoch, loss, val_loss, rate, seconds;
    for (const EpochRecord &r : history) {
        epoch.push_back(double(r.epoch)), loss.push_back(r.loss);
        val_loss.push_back(std::isnan(r.val_loss) ? NA_REAL : r.val_loss);
        rate.push_back(r.learning_rate), seconds.push_back(r.seconds);
    }
    return Rcpp::List::create(Rcpp::_["epoch"] = epoch, Rcpp::_["loss"] = loss,
                              Rcpp::_["val_loss"] = val_loss, Rcpp::_["learning_rate"] = rate,
                              Rcpp::_["seconds"] = seconds);
}

// Parameters named in control$freeze keep their values.
template <class Real>
void freeze(ParameterSet<Real> &parameters, SEXP names) {
    if (Rf_isNull(names))
        return;
    for (const std::string &name : Rcpp::as<std::vector<std::string>>(names))
        if (Parameter<Real> *p = parameters.find(name))
            p->frozen = true;
}

// control: weights and transform of a fitted model to start from, or NULL.
template <class Real>
Rcpp::List train_on(const Backend<Real> &backend, RDataset &data, const Config &config,
                    const Rcpp::List &control) {
    Key seed = key_from_r(control);
    SEXP weights = element(control, "weights"), transform = element(control, "transform");
    auto start = [&] {
        auto network = std::make_unique<Autoencoder<Real>>(config.resolved(), data.data.features(), backend);
        if (Rf_isNull(weights))
            start_network(*network, data, seed);
        else {
            if (Rf_isNull(transform))
                fit_preparations(data, network->assays());
            else
                apply_preparations(data, network->assays(), Rcpp::List(transform));
            weights_from_list(Rcpp::List(weights), network->parameters());
        }
        freeze(network->parameters(), element(control, "freeze"));
        return network;
    };
    RMonitor monitor(element(control, "progress"));
    SEXP path = element(control, "checkpoint");
    std::unique_ptr<Checkpoint> checkpoint;
    if (!Rf_isNull(path))
        checkpoint = std::make_unique<Checkpoint>(Rcpp::as<std::string>(path));
    std::unique_ptr<Autoencoder<Real>> network;
    TrainingResult result = train_in_memory(network, start, data.data, seed, monitor, checkpoint.get());
    std::vector<double> validation(result.validation.begin(), result.validation.end());
    for (double &v : validation)
        v += 1;
    double n = 0;
    for (auto &p : network->parameters().all())
        n += double(p->shape.inputs * p->shape.units);
    Rcpp::List out = Rcpp::List::create(
        Rcpp::_["weights"] = weights_to_list(network->parameters(), result.weights),
        Rcpp::_["transform"] = preparations_to_list(data.data),
        Rcpp::_["history"] = history_to_list(result.history), Rcpp::_["status"] = result.status,
        Rcpp::_["best_epoch"] = double(result.best_epoch), Rcpp::_["messages"] = result.messages,
        Rcpp::_["validation"] = validation, Rcpp::_["n_parameters"] = n,
        Rcpp::_["learning_rate_final"] =
            result.history.empty() ? network->config().learning_rate : result.history.back().learning_rate);
    if (result.checkpoint_error)
        out["checkpoint_error"] = result.checkpoint_error->what();
    if (result.device_error)
        raise(*result.device_error, Rcpp::List::create(Rcpp::_["result"] = out));
    if (result.status == "not_finite")
        raise(Error("numeric",
                    "Training gave numbers that are not finite (epoch " +
                        std::to_string(result.failure_epoch) + ", step " +
                        std::to_string(result.failure_step) + ", quantity: " + result.failure +
                        "), even with a smaller learning rate. Use a lower `learning_rate`, or "
                        "`clip_norm`; look for extreme values in `x` and scale it. The last good model is "
                        "in the condition's field `model`.")
                  .with("epoch", double(result.failure_epoch))
                  .with("step", double(result.failure_step))
                  .with("quantity", result.failure),
              Rcpp::List::create(Rcpp::_["result"] = out));
    return out;
}

} // namespace

// [[Rcpp::export(rng = false)]]
Rcpp::List autoencoder_defaults() {
    return config_to_list(Config());
}

// [[Rcpp::export(rng = false)]]
Rcpp::List validate_config(const Rcpp::List &config) {
    return guarded([&] { return config_to_list(config_from_list(config)); });
}

// Names and shapes of the parameters: list of c(inputs, units, trained = 1 or 0).
// [[Rcpp::export(rng = false)]]
Rcpp::List config_shapes(const Rcpp::List &config, double n_features) {
    return guarded([&] {
        Rcpp::List out;
        for (const ParameterShape &p : parameter_shapes(config_from_list(config), int64_t(n_features)))
            out.push_back(Rcpp::NumericVector::create(double(p.rows), double(p.cols), double(p.trained)),
                          p.name);
        return out;
    });
}

// NULL if there is no file; its seed, the epochs done, and whether the fit is finished.
// [[Rcpp::export(rng = false)]]
SEXP checkpoint_state(const std::string &path) {
    return guarded([&]() -> SEXP {
        Checkpoint file(path);
        if (!file.found())
            return R_NilValue;
        Key seed = file.seed();
        return Rcpp::List::create(Rcpp::_["seed"] = double(seed.low) + 4294967296.0 * double(seed.high),
                                  Rcpp::_["epoch"] = double(file.progress().epoch),
                                  Rcpp::_["finished"] = file.progress().finished);
    });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List train_autoencoder(const Rcpp::List &source, const Rcpp::List &config, const Rcpp::List &control) {
    return guarded([&] {
        Config settings = config_from_list(config);
        RDataset data = dataset_from_list(source, settings);
        check_memory(settings, data.data.features());
        if (settings.epochs > 0)
            copy_to_disk(data);
        SEXP precision = element(control, "precision");
        if (!Rf_isNull(precision) && Rcpp::as<std::string>(precision) == "double")
            return train_on(reference_backend<double>(), data, settings, control);
        ComputeDevice backend(control);
        return train_on(backend.table(), data, settings, control);
    });
}
