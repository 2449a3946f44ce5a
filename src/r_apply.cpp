#include "core/autoencoder.h"
#include "r_convert.h"
#include "r_device.h"
#include "r_source.h"
#include <cmath>
#include <numeric>

using namespace aesop;

namespace {

// A fitted model on a device, rebuilt from R's list for the length of one call.
struct Fitted {
    Config config;
    ComputeDevice backend;
    Autoencoder<float> network;
    std::vector<Preparation> preparations;

    Fitted(const Rcpp::List &model, const Rcpp::List &control)
        : config(config_from_list(Rcpp::List(element(model, "config"))).resolved()), backend(control),
          network(config, int64_t(Rcpp::as<double>(element(model, "n_features"))), backend.table()),
          preparations(preparations_from_list(Rcpp::List(element(model, "transform")), network.assays())) {
        weights_from_list(Rcpp::List(element(model, "weights")), network.parameters());
    }
    int64_t latent() const { return config.latent; }

    // From the output's scale to that of the data given: undo scaling, log and size factor.
    double on_input_scale(size_t assay, double y, int64_t feature, double size_factor) const {
        const Preparation &p = preparations[assay];
        if (network.assays()[assay].count_loss())
            return y * size_factor;
        if (!p.scale.empty())
            y /= p.scale[size_t(feature)];
        if (!p.center.empty())
            y += p.center[size_t(feature)];
        return p.log ? std::expm1(y) * size_factor : y;
    }
};

// Calls f(batch, first sample) for all samples in order. The number of rows does not change any result.
template <class F>
void each_batch(Fitted &model, const Dataset &data, F &&f) {
    Minibatch<float> batch(model.config, data, model.backend.table());
    int64_t rows = std::min<int64_t>(256, std::max<int64_t>(16, 4000000 / data.features()));
    std::vector<int64_t> ids;
    for (int64_t from = 0; from < data.samples(); from += rows) {
        ids.resize(size_t(std::min(rows, data.samples() - from)));
        std::iota(ids.begin(), ids.end(), from);
        batch.load(ids.data(), int64_t(ids.size()));
        f(batch, from);
        Rcpp::checkUserInterrupt();
    }
}

Rcpp::NumericMatrix codes(Fitted &model, const Dataset &data) {
    Rcpp::NumericMatrix out(int(data.samples()), int(model.latent()));
    each_batch(model, data, [&](Minibatch<float> &batch, int64_t from) {
        HostMatrix<float> code(model.backend.table(), model.network.encode(batch));
        for (int64_t r = 0; r < code.rows; r++)
            for (int64_t k = 0; k < code.cols; k++)
                out(int(from + r), int(k)) = double(code.at(r, k));
    });
    return out;
}

// What the decoder says of every feature: the reconstruction on the scale of the data, the mean for a size
// factor of 1, or what a head of a count loss gives (NA for assays without it).
enum class Output { reconstruction, mean, dispersion, zero_probability };

// parts: of one batch; size_factor(assay, row); to(row): a column of the result.
template <class SizeFactor, class Column>
void write_output(const Fitted &model, const std::vector<Reconstruction<float>> &parts, Output what,
                  SizeFactor &&size_factor, Column &&column) {
    int64_t first = 0;
    for (size_t i = 0; i < parts.size(); i++) {
        const Reconstruction<float> &p = parts[i];
        HostMatrix<float> y(model.backend.table(), what == Output::dispersion         ? p.dispersion
                                                   : what == Output::zero_probability ? p.zero_probability
                                                                                      : p.mean);
        int64_t features = p.mean.cols;
        for (int64_t r = 0; r < p.mean.rows; r++) {
            double *to = column(r) + first;
            double factor = what == Output::reconstruction ? size_factor(i, r) : 1;
            for (int64_t c = 0; c < features; c++) {
                if (y.rows == 0)
                    to[c] = NA_REAL;
                else if (what == Output::reconstruction || what == Output::mean)
                    to[c] = model.on_input_scale(i, double(y.at(r, c)), c, factor);
                else
                    to[c] = double(y.at(r, c));
            }
        }
        first += features;
    }
}

Rcpp::NumericMatrix output(Fitted &model, const Dataset &data, Output what) {
    Rcpp::NumericMatrix out(int(data.features()), int(data.samples()));
    each_batch(model, data, [&](Minibatch<float> &batch, int64_t from) {
        write_output(
            model, model.network.decode(model.network.encode(batch), batch.covariates()), what,
            [&](size_t i, int64_t r) { return batch.assay(i).size_factor(r); },
            [&](int64_t r) { return &out[R_xlen_t(from + r) * R_xlen_t(out.nrow())]; });
    });
    return out;
}

// Mean loss of every sample.
Rcpp::List errors(Fitted &model, const Dataset &data) {
    std::vector<double> sample(static_cast<size_t>(data.samples()));
    each_batch(model, data, [&](Minibatch<float> &batch, int64_t from) {
        model.network.loss(batch, sample.data() + from);
    });
    return Rcpp::List::create(Rcpp::_["sample"] = sample);
}

// Calls f(row, column, value) for the stored values of sparse rows.
template <class F>
void each_stored(const Backend<float> &backend, const SparseMatrix<float> &x, F &&f) {
    std::vector<int64_t> start(size_t(x.rows + 1));
    auto read = [&](auto &to, const void *from) {
        backend.download(backend.self, to.data(), from, int64_t(to.size() * sizeof(to[0])));
    };
    read(start, x.start);
    check_device(backend);
    std::vector<int32_t> index(size_t(start.back()));
    std::vector<float> value(size_t(start.back()));
    read(index, x.index), read(value, x.value);
    check_device(backend);
    for (int64_t r = 0; r < x.rows; r++)
        for (int64_t k = start[size_t(r)]; k < start[size_t(r) + 1]; k++)
            f(r, int64_t(index[size_t(k)]), value[size_t(k)]);
}

// Calls f(row, feature, value) for the network's input, features of all assays together; zeros of sparse rows
// are left out.
template <class F>
void each_input(Fitted &model, Minibatch<float> &batch, F &&f) {
    Pass<float> pass{model.backend.table(), batch.rows(), false, nullptr, Key(), 0};
    int64_t first = 0;
    for (size_t i = 0; i < batch.assays(); i++) {
        Operand<float> x = batch.assay(i).input(pass);
        if (x.is_sparse)
            each_stored(pass.backend, x.sparse,
                        [&](int64_t r, int64_t c, float v) { f(r, first + c, double(v)); });
        else {
            HostMatrix<float> values(pass.backend, x.dense);
            for (int64_t r = 0; r < values.rows; r++)
                for (int64_t c = 0; c < values.cols; c++)
                    f(r, first + c, double(values.at(r, c)));
        }
        first += x.cols();
    }
}

// What the network sees, features x samples.
Rcpp::NumericMatrix inputs(Fitted &model, const Dataset &data) {
    Rcpp::NumericMatrix out(int(data.features()), int(data.samples()));
    each_batch(model, data, [&](Minibatch<float> &batch, int64_t from) {
        each_input(model, batch, [&](int64_t r, int64_t c, double x) {
            out[R_xlen_t(from + r) * R_xlen_t(out.nrow()) + R_xlen_t(c)] = x;
        });
    });
    return out;
}

// Features x codes: the mean over the samples of d code / d input times how far the input is from its mean,
// without sign.
Rcpp::NumericMatrix attributions(Fitted &model, const Dataset &data) {
    int64_t features = data.features(), latent = model.latent();
    double n = double(data.samples());
    std::vector<double> mean(size_t(features), 0.0), distance;
    each_batch(model, data, [&](Minibatch<float> &batch, int64_t) {
        each_input(model, batch, [&](int64_t, int64_t c, double x) { mean[size_t(c)] += x / n; });
    });
    Rcpp::NumericMatrix out{int(features), int(latent)};
    each_batch(model, data, [&](Minibatch<float> &batch, int64_t) {
        distance.clear();
        for (int64_t r = 0; r < batch.rows(); r++)
            distance.insert(distance.end(), mean.begin(), mean.end());
        each_input(model, batch,
                   [&](int64_t r, int64_t c, double x) { distance[size_t(r * features + c)] -= x; });
        model.network.encode(batch);
        for (int64_t k = 0; k < latent; k++) {
            int64_t first = 0;
            for (const Matrix<float> &gradient : model.network.code_gradients(k)) {
                HostMatrix<float> slope(model.backend.table(), gradient);
                double *to = &out[R_xlen_t(k * features + first)];
                for (int64_t r = 0; r < slope.rows; r++) {
                    const double *by = distance.data() + r * features + first;
                    for (int64_t c = 0; c < slope.cols; c++)
                        to[c] += double(slope.at(r, c)) * std::abs(by[c]) / n;
                }
                first += slope.cols;
            }
            Rcpp::checkUserInterrupt();
        }
    });
    return out;
}

} // namespace

// [[Rcpp::export(rng = false)]]
SEXP apply_autoencoder(const Rcpp::List &model, const Rcpp::List &source, const std::string &what,
                       const Rcpp::List &control) {
    return guarded([&]() -> SEXP {
        Fitted fitted(model, control);
        RDataset source_data = dataset_from_list(source, fitted.config);
        apply_preparations(source_data, fitted.network.assays(), Rcpp::List(element(model, "transform")));
        const Dataset &data = source_data.data;
        size_t kind = choice("what", what,
                             {"code", "error", "attribution", "input", "reconstruction", "mean", "dispersion",
                              "zero_probability"});
        if (kind == 0)
            return codes(fitted, data);
        if (kind == 1)
            return errors(fitted, data);
        if (kind == 2)
            return attributions(fitted, data);
        if (kind == 3)
            return inputs(fitted, data);
        return output(fitted, data, Output(kind - 4));
    });
}

// Codes (samples x latent) to features x samples, for samples of size factor 1. design: samples x covariates
// of a model that has them, else NULL.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix decode_codes(const Rcpp::List &model, const Rcpp::NumericMatrix &codes,
                                 const Rcpp::RObject &design, const Rcpp::List &control) {
    return guarded([&] {
        Fitted fitted(model, control);
        if (codes.ncol() != fitted.latent())
            throw Error("input_dim", "`codes` has " + std::to_string(codes.ncol()) +
                                         " columns; the model's code has " + std::to_string(fitted.latent()) +
                                         " (samples in rows).")
                .with("arg", "codes")
                .with("expected", double(fitted.latent()))
                .with("got", double(codes.ncol()));
        int64_t features = fitted.network.features(), covariates = int64_t(fitted.config.covariates.size());
        if (covariates > 0 && (!Rf_isMatrix(design) || TYPEOF(design) != REALSXP ||
                               Rf_nrows(design) != codes.nrow() || Rf_ncols(design) != covariates))
            throw Error("design", "The model needs a design with one row per code.").with("arg", "design");
        Rcpp::NumericMatrix out(int(features), codes.nrow());
        const Backend<float> &backend = fitted.backend.table();
        Buffer<float> code_memory(backend), design_memory(backend);
        std::vector<float> host;
        for (int from = 0; from < codes.nrow(); from += 256) {
            int rows = std::min(256, codes.nrow() - from);
            auto fill = [&](Buffer<float> &memory, const double *values, int64_t cols, const char *arg) {
                Matrix<float> m = memory.matrix(rows, cols);
                host.assign(size_t(rows * m.ld), 0.0f);
                for (int r = 0; r < rows; r++)
                    for (int64_t c = 0; c < cols; c++) {
                        double v = values[c * codes.nrow() + from + r];
                        if (!std::isfinite(v))
                            throw Error("input_value", "`" + std::string(arg) +
                                                           "` has a missing or infinite value in row " +
                                                           std::to_string(from + r + 1) + ".")
                                .with("arg", arg);
                        host[size_t(r * m.ld + c)] = float(v);
                    }
                backend.upload(backend.self, m.data, host.data(), int64_t(host.size() * sizeof(float)));
                return m;
            };
            Matrix<float> code = fill(code_memory, codes.begin(), fitted.latent(), "codes");
            Matrix<float> extra;
            if (covariates > 0)
                extra = fill(design_memory, REAL(design), covariates, "design");
            write_output(
                fitted, fitted.network.decode(code, extra), Output::reconstruction,
                [](size_t, int64_t) { return 1.0; },
                [&](int64_t r) { return &out[R_xlen_t(from + r) * R_xlen_t(features)]; });
        }
        return out;
    });
}
