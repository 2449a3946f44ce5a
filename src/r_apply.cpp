#include "core/autoencoder.h"
#include "cpu/backend_cpu.h"
#include "r_convert.h"
#include "r_source.h"
#include <cmath>
#include <numeric>

using namespace aesop;

namespace {

// A fitted model on the CPU, rebuilt from R's list for the length of one call.
struct Fitted {
    Config config;
    Preparation preparation;
    CpuBackend backend;
    Autoencoder<float> network;

    Fitted(const Rcpp::List &model, const Rcpp::List &control)
        : config(config_from_list(Rcpp::List(element(model, "config"))).resolved()),
          preparation(preparation_from_list(Rcpp::List(element(model, "transform")), config)),
          backend(threads_from_r(control)),
          network(config, int64_t(Rcpp::as<double>(element(model, "n_features"))), backend.table()) {
        weights_from_list(Rcpp::List(element(model, "weights")), network.parameters());
    }
    int64_t latent() const { return config.latent; }

    // From the output's scale to that of the data given: undo scaling, log and size factor.
    double on_input_scale(double y, int64_t feature, double size_factor) const {
        if (config.count_loss())
            return y * size_factor;
        if (!preparation.scale.empty())
            y /= preparation.scale[size_t(feature)];
        if (!preparation.center.empty())
            y += preparation.center[size_t(feature)];
        return preparation.log ? std::expm1(y) * size_factor : y;
    }
};

// Calls f(batch, first sample) for all samples in order. The number of rows does not change any result.
template <class F>
void each_batch(Fitted &model, BatchSource &data, const std::vector<double> &size_factors, F &&f) {
    if (data.features() != model.network.features())
        throw Error("features", "`x` has " + std::to_string(data.features()) + " features, the model " +
                                    std::to_string(model.network.features()) + ".");
    Minibatch<float> batch(model.config, model.preparation, data, size_factors, model.backend.table());
    int64_t rows = std::min<int64_t>(256, std::max<int64_t>(16, 4000000 / data.features()));
    rows = std::min(rows, data.window());
    std::vector<int64_t> ids;
    for (int64_t from = 0; from < data.samples(); from += rows) {
        ids.resize(size_t(std::min(rows, data.samples() - from)));
        std::iota(ids.begin(), ids.end(), from);
        batch.load(ids.data(), int64_t(ids.size()));
        f(batch, from);
        Rcpp::checkUserInterrupt();
    }
}

Rcpp::NumericMatrix codes(Fitted &model, BatchSource &data, const std::vector<double> &size_factors) {
    Rcpp::NumericMatrix out(int(data.samples()), int(model.latent()));
    each_batch(model, data, size_factors, [&](Minibatch<float> &batch, int64_t from) {
        Matrix<float> code = model.network.encode(batch);
        for (int64_t r = 0; r < code.rows; r++)
            for (int64_t k = 0; k < code.cols; k++)
                out(int(from + r), int(k)) = double(code.at(r, k));
    });
    return out;
}

Rcpp::NumericMatrix reconstruction(Fitted &model, BatchSource &data,
                                   const std::vector<double> &size_factors) {
    Rcpp::NumericMatrix out(int(data.features()), int(data.samples()));
    each_batch(model, data, size_factors, [&](Minibatch<float> &batch, int64_t from) {
        Matrix<float> y = model.network.decode(model.network.encode(batch));
        for (int64_t r = 0; r < y.rows; r++) {
            double *to = &out[R_xlen_t(from + r) * R_xlen_t(y.cols)];
            for (int64_t c = 0; c < y.cols; c++)
                to[c] = model.on_input_scale(double(y.at(r, c)), c, batch.size_factor(r));
        }
    });
    return out;
}

// Mean loss of every sample.
Rcpp::List errors(Fitted &model, BatchSource &data, const std::vector<double> &size_factors) {
    std::vector<double> sample(static_cast<size_t>(data.samples()));
    each_batch(model, data, size_factors, [&](Minibatch<float> &batch, int64_t from) {
        model.network.evaluate(batch, sample.data() + from);
    });
    return Rcpp::List::create(Rcpp::_["sample"] = sample);
}

} // namespace

// [[Rcpp::export(rng = false)]]
SEXP apply_autoencoder(const Rcpp::List &model, const Rcpp::List &source, const std::string &what,
                       const Rcpp::List &control) {
    return guarded([&]() -> SEXP {
        Fitted fitted(model, control);
        std::unique_ptr<BatchSource> data = source_from_list(source);
        std::vector<double> size_factors =
            apply_preparation(*data, fitted.config, fitted.preparation, size_factors_from_list(source));
        switch (choice("what", what, {"code", "reconstruction", "error"})) {
        case 0:
            return codes(fitted, *data, size_factors);
        case 1:
            return reconstruction(fitted, *data, size_factors);
        default:
            return errors(fitted, *data, size_factors);
        }
    });
}

// Codes (samples x latent) to features x samples, for samples of size factor 1.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix decode_codes(const Rcpp::List &model, const Rcpp::NumericMatrix &codes,
                                 const Rcpp::List &control) {
    return guarded([&] {
        Fitted fitted(model, control);
        if (codes.ncol() != fitted.latent())
            throw Error("input_dim", "`codes` has " + std::to_string(codes.ncol()) +
                                         " columns; the model's code has " + std::to_string(fitted.latent()) +
                                         " (samples in rows).")
                .with("arg", "codes")
                .with("expected", double(fitted.latent()))
                .with("got", double(codes.ncol()));
        int64_t features = fitted.network.features();
        Rcpp::NumericMatrix out(int(features), codes.nrow());
        Buffer<float> memory(fitted.backend.table());
        for (int from = 0; from < codes.nrow(); from += 256) {
            int rows = std::min(256, codes.nrow() - from);
            Matrix<float> code = memory.matrix(256, fitted.latent());
            code.rows = rows;
            for (int r = 0; r < rows; r++)
                for (int k = 0; k < codes.ncol(); k++) {
                    double v = codes(from + r, k);
                    if (!std::isfinite(v))
                        throw Error("input_value", "`codes` has a missing or infinite value in row " +
                                                       std::to_string(from + r + 1) + ".")
                            .with("arg", "codes");
                    code.at(r, k) = float(v);
                }
            Matrix<float> y = fitted.network.decode(code);
            for (int r = 0; r < rows; r++)
                for (int64_t c = 0; c < features; c++)
                    out(int(c), from + r) = fitted.on_input_scale(double(y.at(r, c)), c, 1);
        }
        return out;
    });
}
