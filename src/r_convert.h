// Between R and the core: conversions with checks, and the one place where exceptions become conditions.
#pragma once
#include "core/autoencoder.h"
#include "core/error.h"
#include "r_source.h"
#include <Rcpp.h>
#include <new>

namespace aesop {

// Raises the R condition "aesop_error_<kind>" with the error's fields (R: .raise). Does not return.
[[noreturn]] void raise(const Error &error, const Rcpp::List &extra = Rcpp::List::create());

// Runs the body of an export; every failure of the core leaves as a classed R condition.
template <class F>
auto guarded(F &&body) -> decltype(body()) {
    try {
        return body();
    } catch (const Error &e) {
        raise(e);
    } catch (const std::bad_alloc &) {
        raise(Error("memory", "Not enough memory for this model and data; use fewer or smaller layers, "
                              "fewer features, or a smaller batch_size."));
    }
}

Config config_from_list(const Rcpp::List &settings); // by name; unknown names and wrong types are errors
Rcpp::List config_to_list(const Config &config);
Key key_from_r(const Rcpp::List &control); // control$seed: two numbers below 2^32
int threads_from_r(const Rcpp::List &control);

// transform: list(size_factor_target = one per assay, 0 where there is none; center, scale = of all features,
// NULL where no assay has them). The parts of each assay in turn.
std::vector<Preparation> preparations_from_list(const Rcpp::List &transform,
                                                const std::vector<AssayConfig> &assays);
Rcpp::List preparations_to_list(const Dataset &data);
// Fits each assay's preparation, or applies the given ones (in data already), and finds the size factors.
// Returns the mean count of each feature, by assay.
std::vector<std::vector<double>> fit_preparations(RDataset &data, const std::vector<AssayConfig> &assays);
void apply_preparations(RDataset &data, const std::vector<AssayConfig> &assays, const Rcpp::List &transform);

// An untrained network for these data: preparations fitted, weights drawn.
template <class Real>
void start_network(Autoencoder<Real> &network, RDataset &data, Key seed);

// values: of all parameters in order, column-major; empty ones are left out.
template <class Real>
Rcpp::List weights_to_list(const ParameterSet<Real> &parameters,
                           const std::vector<std::vector<double>> &values);
// Throws Error("format_schema") where names or shapes differ from the network's, "numeric" where not finite.
template <class Real>
void weights_from_list(const Rcpp::List &weights, ParameterSet<Real> &parameters);

// A named element, or R's NULL.
inline SEXP element(const Rcpp::List &list, const char *name) {
    return list.containsElementNamed(name) ? SEXP(list[name]) : R_NilValue;
}

// Its numbers; none for NULL.
inline std::vector<double> numbers(const Rcpp::List &list, const char *name) {
    SEXP x = element(list, name);
    return Rf_isNull(x) ? std::vector<double>() : Rcpp::as<std::vector<double>>(x);
}

} // namespace aesop
