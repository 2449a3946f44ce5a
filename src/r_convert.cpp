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

void read(const char *name, SEXP x, std::vector<std::string> &out) {
    if (TYPEOF(x) != STRSXP && Rf_xlength(x) > 0)
        wrong_type(name, "a character vector");
    out.clear();
    for (R_xlen_t i = 0; i < Rf_xlength(x); i++) {
        if (STRING_ELT(x, i) == NA_STRING)
            wrong_type(name, "a character vector, without NA");
        out.push_back(Rf_translateCharUTF8(STRING_ELT(x, i)));
    }
}

template <class T>
void read(const char *name, SEXP x, std::vector<T> &out); // of layers, of assays

// The fields of a struct from a list by name; `visit` calls back with each of them, `unknown` gets a name
// that none of them has.
template <class Visit, class Unknown>
void read_fields(const Rcpp::List &list, Visit &&visit, Unknown &&unknown) {
    if (list.size() == 0)
        return;
    std::vector<std::string> names = Rcpp::as<std::vector<std::string>>(list.names());
    std::vector<bool> used(names.size());
    visit([&](const char *name, auto &field) {
        for (size_t i = 0; i < names.size(); i++)
            if (names[i] == name) {
                read(name, list[R_xlen_t(i)], field);
                used[i] = true;
            }
    });
    for (size_t i = 0; i < names.size(); i++)
        if (!used[i])
            unknown(names[i]);
}
// The same for an element of the setting `owner`.
template <class Visit>
void read_element(const char *owner, const Rcpp::List &list, Visit &&visit) {
    if (list.size() > 0 && Rf_isNull(Rf_getAttrib(list, R_NamesSymbol)))
        wrong_type(owner, "a list of lists with names");
    read_fields(list, visit, [&](const std::string &name) {
        throw Error("param", "There is no `" + name + "` in an element of `" + owner + "`.")
            .with("arg", owner)
            .with("value", name)
            .with("allowed", "see its help page");
    });
}
void read_item(const char *name, const Rcpp::List &list, LayerSpec &layer) {
    read_element(name, list, [&](auto &&f) { visit_layer(layer, f); });
}
void read_item(const char *name, const Rcpp::List &list, AssayConfig &assay) {
    read_element(name, list, [&](auto &&f) { visit_assay(assay, f); });
}
template <class T>
void read(const char *name, SEXP x, std::vector<T> &out) {
    if (TYPEOF(x) != VECSXP)
        wrong_type(name, "a list");
    out.assign(size_t(Rf_xlength(x)), T());
    for (size_t i = 0; i < out.size(); i++) {
        SEXP item = VECTOR_ELT(x, R_xlen_t(i));
        if (TYPEOF(item) != VECSXP)
            wrong_type(name, "a list of lists");
        read_item(name, Rcpp::List(item), out[i]);
    }
}

template <class T>
SEXP to_r(const T &value) {
    return Rcpp::wrap(value);
}
SEXP to_r(const std::string &value) {
    return Rcpp::CharacterVector::create(Rcpp::String(value, CE_UTF8));
}
SEXP to_r(const std::vector<std::string> &values) {
    Rcpp::CharacterVector out(values.size());
    for (size_t i = 0; i < values.size(); i++)
        out[R_xlen_t(i)] = Rcpp::String(values[i], CE_UTF8);
    return out;
}
template <class T, class Visit>
SEXP items_to_r(const std::vector<T> &items, Visit &&visit) {
    Rcpp::List out;
    for (const T &item : items) {
        Rcpp::List one;
        visit(item, [&](const char *name, const auto &field) { one.push_back(to_r(field), name); });
        out.push_back(one);
    }
    return out;
}
SEXP to_r(const std::vector<LayerSpec> &layers) {
    return items_to_r(layers, [](const LayerSpec &l, auto &&f) { visit_layer(l, f); });
}
SEXP to_r(const std::vector<AssayConfig> &assays) {
    return items_to_r(assays, [](const AssayConfig &a, auto &&f) { visit_assay(a, f); });
}

} // namespace

Config config_from_list(const Rcpp::List &settings) {
    Config config;
    read_fields(
        settings, [&](auto &&f) { visit_config(config, f); },
        [](const std::string &name) {
            throw Error("param", "There is no setting `" + name + "`; autoencoderDefaults() lists them all.")
                .with("arg", name)
                .with("value", "given")
                .with("allowed", "names(autoencoderDefaults())");
        });
    config.validate();
    return config;
}

Rcpp::List config_to_list(const Config &config) {
    Rcpp::List out;
    visit_config(config, [&](const char *name, const auto &field) { out.push_back(to_r(field), name); });
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

std::vector<Preparation> preparations_from_list(const Rcpp::List &transform,
                                                const std::vector<AssayConfig> &assays) {
    std::vector<double> center = numbers(transform, "center"), scale = numbers(transform, "scale"),
                        target = numbers(transform, "size_factor_target");
    std::vector<Preparation> out;
    size_t first = 0;
    for (size_t i = 0; i < assays.size(); i++) {
        const AssayConfig &a = assays[i];
        auto part = [&](const std::vector<double> &all) {
            if (all.size() < first + size_t(a.features))
                throw Error("format_schema", "The model's transform does not fit its features.");
            return std::vector<double>(all.begin() + long(first), all.begin() + long(first) + a.features);
        };
        Preparation p;
        p.log = a.normalize == "log";
        p.clamp = a.scale == "minmax";
        if (a.scale != "none")
            p.center = part(center);
        if (a.scale == "standard" || a.scale == "minmax")
            p.scale = part(scale);
        p.size_factor_target = a.needs_size_factors() && i < target.size() ? target[i] : 0;
        out.push_back(p);
        first += size_t(a.features);
    }
    return out;
}

Rcpp::List preparations_to_list(const Dataset &data) {
    std::vector<double> center, scale, target;
    bool centred = false, scaled = false, sized = false;
    for (const AssayData &a : data.assays) {
        const Preparation &p = a.preparation;
        size_t n = size_t(a.source->features());
        auto append = [n](std::vector<double> &to, const std::vector<double> &from, double otherwise) {
            if (from.empty())
                to.insert(to.end(), n, otherwise);
            else
                to.insert(to.end(), from.begin(), from.end());
        };
        append(center, p.center, 0);
        append(scale, p.scale, 1);
        target.push_back(p.size_factor_target);
        centred = centred || !p.center.empty();
        scaled = scaled || !p.scale.empty();
        sized = sized || p.uses_size_factors();
    }
    auto values = [](bool there, const std::vector<double> &v) {
        return there ? SEXP(Rcpp::wrap(v)) : R_NilValue;
    };
    return Rcpp::List::create(Rcpp::_["size_factor_target"] = values(sized, target),
                              Rcpp::_["center"] = values(centred, center),
                              Rcpp::_["scale"] = values(scaled, scale));
}

std::vector<std::vector<double>> fit_preparations(RDataset &data, const std::vector<AssayConfig> &assays) {
    std::vector<std::vector<double>> means(assays.size());
    for (size_t i = 0; i < assays.size(); i++) {
        AssayData &a = data.data.assays[i];
        a.preparation =
            fit_preparation(*a.source, assays[i], data.given_size_factors[i], a.size_factors, means[i]);
    }
    return means;
}

void apply_preparations(RDataset &data, const std::vector<AssayConfig> &assays, const Rcpp::List &transform) {
    std::vector<Preparation> preparations = preparations_from_list(transform, assays);
    for (size_t i = 0; i < assays.size(); i++) {
        AssayData &a = data.data.assays[i];
        if (a.source->features() != assays[i].features)
            throw Error("features", "`x` has " + std::to_string(a.source->features()) +
                                        " features, the model " + std::to_string(assays[i].features) + ".");
        a.preparation = preparations[i];
        a.size_factors = apply_preparation(*a.source, assays[i], a.preparation, data.given_size_factors[i]);
    }
}

template <class Real>
void start_network(Autoencoder<Real> &network, RDataset &data, Key seed) {
    std::vector<std::vector<double>> means = fit_preparations(data, network.assays());
    network.initialize(seed);
    for (size_t i = 0; i < means.size(); i++)
        if (network.assays()[i].count_loss())
            network.set_log_means(i, means[i]);
}
template void start_network(Autoencoder<float> &, RDataset &, Key);
template void start_network(Autoencoder<double> &, RDataset &, Key);

template <class Real>
Rcpp::List weights_to_list(const ParameterSet<Real> &parameters,
                           const std::vector<std::vector<double>> &values) {
    Rcpp::List out;
    for (size_t i = 0; i < values.size(); i++) {
        if (values[i].empty())
            continue;
        const auto &p = parameters.all()[i];
        Rcpp::NumericVector v = Rcpp::wrap(values[i]);
        if (p->kind == Parameter<Real>::weights)
            v.attr("dim") = Rcpp::IntegerVector::create(int(p->shape.inputs), int(p->shape.units));
        out.push_back(v, p->name);
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

template Rcpp::List weights_to_list(const ParameterSet<float> &, const std::vector<std::vector<double>> &);
template Rcpp::List weights_to_list(const ParameterSet<double> &, const std::vector<std::vector<double>> &);
template void weights_from_list(const Rcpp::List &, ParameterSet<float> &);
template void weights_from_list(const Rcpp::List &, ParameterSet<double> &);

} // namespace aesop
