#include "r_convert.h"
#include <cmath>

namespace aesop {

[[noreturn]] void raise(const Error &error, const Rcpp::List &extra) {
    std::vector<std::string> names;
    Rcpp::List fields(R_xlen_t(error.fields.size()) + extra.size());
    R_xlen_t i = 0;
    for (const auto &field : error.fields) {
        names.push_back(field.first);
        if (const double *number = std::get_if<double>(&field.second))
            fields[i++] = *number;
        else
            fields[i++] = std::get<std::string>(field.second);
    }
    for (R_xlen_t k = 0; k < extra.size(); k++) {
        names.push_back(Rcpp::as<std::vector<std::string>>(extra.names())[size_t(k)]);
        fields[i++] = extra[k];
    }
    fields.names() = Rcpp::wrap(names);
    Rcpp::Function raise_condition = Rcpp::Environment::namespace_env("aesop")[".raise"];
    raise_condition(error.kind, std::string(error.what()), fields);
    throw Rcpp::exception("unreachable"); // .raise() never returns
}

namespace {

[[noreturn]] void wrong_type(const char *name, const char *wanted) {
    throw Error("param", "`" + std::string(name) + "` must be " + wanted + ".")
        .with("arg", name)
        .with("value", "another type")
        .with("allowed", wanted);
}

double number(const char *name, SEXP x) {
    if ((TYPEOF(x) != REALSXP && TYPEOF(x) != INTSXP) || Rf_xlength(x) != 1 || Rf_inherits(x, "factor"))
        wrong_type(name, "one number");
    double v = Rf_asReal(x);
    if (ISNAN(v))
        wrong_type(name, "one number, not NA");
    return v;
}
int whole(const char *name, double v) {
    if (v != std::floor(v) || std::abs(v) > 2e9)
        wrong_type(name, "a whole number");
    return int(v);
}

void read(const char *name, SEXP x, double &out) {
    out = number(name, x);
}
void read(const char *name, SEXP x, int &out) {
    out = whole(name, number(name, x));
}
void read(const char *name, SEXP x, bool &out) {
    if (TYPEOF(x) != LGLSXP || Rf_xlength(x) != 1 || LOGICAL(x)[0] == NA_LOGICAL)
        wrong_type(name, "TRUE or FALSE");
    out = LOGICAL(x)[0];
}
void read(const char *name, SEXP x, std::string &out) {
    if (TYPEOF(x) != STRSXP || Rf_xlength(x) != 1 || STRING_ELT(x, 0) == NA_STRING)
        wrong_type(name, "one string");
    out = Rcpp::as<std::string>(x);
}
void read(const char *name, SEXP x, std::vector<int> &out) {
    if (TYPEOF(x) != REALSXP && TYPEOF(x) != INTSXP)
        wrong_type(name, "a vector of whole numbers");
    out.clear();
    for (double v : Rcpp::as<std::vector<double>>(x)) {
        if (std::isnan(v))
            wrong_type(name, "a vector of whole numbers, without NA");
        out.push_back(whole(name, v));
    }
}

} // namespace

Config config_from_list(const Rcpp::List &settings) {
    Config config;
    if (settings.size() == 0)
        return config;
    std::vector<std::string> names = Rcpp::as<std::vector<std::string>>(settings.names());
    std::vector<bool> used(names.size());
    visit_config(config, [&](const char *name, auto &field) {
        for (size_t i = 0; i < names.size(); i++)
            if (names[i] == name) {
                read(name, settings[R_xlen_t(i)], field);
                used[i] = true;
            }
    });
    for (size_t i = 0; i < names.size(); i++)
        if (!used[i])
            throw Error("param",
                        "There is no setting `" + names[i] + "`; autoencoderDefaults() lists them all.")
                .with("arg", names[i])
                .with("value", "given")
                .with("allowed", "names(autoencoderDefaults())");
    config.validate();
    return config;
}

Rcpp::List config_to_list(const Config &config) {
    Rcpp::List out;
    visit_config(config,
                 [&](const char *name, const auto &field) { out.push_back(Rcpp::wrap(field), name); });
    return out;
}

Key key_from_r(const Rcpp::List &control) {
    Rcpp::NumericVector seed = element(control, "seed");
    if (seed.size() < 1 || seed.size() > 2)
        throw Error("param", "`seed` must be one or two numbers.").with("arg", "seed");
    return {uint32_t(int64_t(seed[0])), seed.size() > 1 ? uint32_t(int64_t(seed[1])) : 0};
}
int threads_from_r(const Rcpp::List &control) {
    SEXP n = element(control, "num_threads");
    return Rf_isNull(n) ? 1 : Rf_asInteger(n);
}

Preparation preparation_from_list(const Rcpp::List &transform, const Config &config) {
    auto values = [&](const char *name) {
        SEXP x = element(transform, name);
        return Rf_isNull(x) ? std::vector<double>() : Rcpp::as<std::vector<double>>(x);
    };
    Preparation p;
    p.log = config.normalize == "log";
    p.clamp = config.scale == "minmax";
    p.center = values("center");
    p.scale = values("scale");
    std::vector<double> target = values("size_factor_target");
    p.size_factor_target = target.empty() ? 0 : target[0];
    return p;
}
Rcpp::List preparation_to_list(const Preparation &p) {
    auto values = [](const std::vector<double> &v) { return v.empty() ? R_NilValue : SEXP(Rcpp::wrap(v)); };
    return Rcpp::List::create(Rcpp::_["size_factor_target"] =
                                  p.uses_size_factors() ? SEXP(Rcpp::wrap(p.size_factor_target)) : R_NilValue,
                              Rcpp::_["center"] = values(p.center), Rcpp::_["scale"] = values(p.scale));
}

template <class Real>
Rcpp::List weights_to_list(ParameterSet<Real> &parameters, bool gradients) {
    Rcpp::List out;
    for (auto &p : parameters.all()) {
        if (gradients && p->kind == Parameter<Real>::state)
            continue;
        Rcpp::NumericVector values = Rcpp::wrap(gradients ? parameters.get_gradient(*p) : parameters.get(*p));
        if (p->kind == Parameter<Real>::weights)
            values.attr("dim") = Rcpp::IntegerVector::create(int(p->shape.inputs), int(p->shape.units));
        out.push_back(values, p->name);
    }
    return out;
}

template <class Real>
void weights_from_list(const Rcpp::List &weights, ParameterSet<Real> &parameters) {
    auto broken = [](const std::string &name, const std::string &why) {
        return Error("format_schema", "The model's weights do not fit its settings: `" + name + "` " + why +
                                          ". Train again, or load the model from its file.")
            .with("reason", name);
    };
    if (size_t(weights.size()) != parameters.all().size())
        throw broken("weights", "has " + std::to_string(weights.size()) + " elements instead of " +
                                    std::to_string(parameters.all().size()));
    for (auto &p : parameters.all()) {
        SEXP x = element(weights, p->name.c_str());
        if (TYPEOF(x) != REALSXP)
            throw broken(p->name, "is missing or not numeric");
        bool matrix = p->kind == Parameter<Real>::weights;
        bool fits = Rf_xlength(x) == p->shape.inputs * p->shape.units;
        if (matrix)
            fits = fits && Rf_isMatrix(x) && Rf_nrows(x) == p->shape.inputs;
        if (!fits)
            throw broken(p->name, "has the wrong size");
        for (R_xlen_t i = 0; i < Rf_xlength(x); i++)
            if (!std::isfinite(REAL(x)[i]))
                throw Error("numeric", "The model's weights `" + p->name + "` are not finite.")
                    .with("quantity", p->name);
        parameters.set(*p, REAL(x));
    }
}

template Rcpp::List weights_to_list(ParameterSet<float> &, bool);
template Rcpp::List weights_to_list(ParameterSet<double> &, bool);
template void weights_from_list(const Rcpp::List &, ParameterSet<float> &);
template void weights_from_list(const Rcpp::List &, ParameterSet<double> &);

} // namespace aesop
