// Models to files and back: R's list as settings, names and notes in JSON, everything numeric as tensors.
#include "core/config_json.h"
#include "core/model_schema.h"
#include "r_convert.h"
#include <cmath>

using namespace aesop;

namespace {

const char *const kHistory[] = {"epoch", "loss", "val_loss", "learning_rate", "seconds"};

Json to_json(SEXP x);

// Atomic vectors: the value itself for length 1, an array otherwise; NA becomes null, inside an array.
template <class Get>
Json vector_to_json(SEXP x, Get &&get) {
    R_xlen_t n = Rf_xlength(x);
    Json::Array values;
    for (R_xlen_t i = 0; i < n; i++)
        values.push_back(get(i));
    if (n == 1 && !values[0].is_null())
        return values[0];
    return Json(std::move(values));
}

Json atomic_to_json(SEXP x) {
    switch (TYPEOF(x)) {
    case LGLSXP:
        return vector_to_json(
            x, [&](R_xlen_t i) { return LOGICAL(x)[i] == NA_LOGICAL ? Json() : Json(LOGICAL(x)[i] != 0); });
    case INTSXP:
        return vector_to_json(
            x, [&](R_xlen_t i) { return INTEGER(x)[i] == NA_INTEGER ? Json() : Json(INTEGER(x)[i]); });
    case REALSXP:
        return vector_to_json(
            x, [&](R_xlen_t i) { return std::isfinite(REAL(x)[i]) ? Json(REAL(x)[i]) : Json(); });
    case STRSXP:
        return vector_to_json(x, [&](R_xlen_t i) {
            return STRING_ELT(x, i) == NA_STRING ? Json()
                                                 : Json(std::string(Rf_translateCharUTF8(STRING_ELT(x, i))));
        });
    default:
        return Json();
    }
}

Json to_json(SEXP x) {
    SEXP names = Rf_getAttrib(x, R_NamesSymbol);
    if (TYPEOF(x) == VECSXP) {
        Json::Object object;
        for (R_xlen_t i = 0; i < Rf_xlength(x); i++)
            object.emplace_back(Rf_translateCharUTF8(STRING_ELT(names, i)), to_json(VECTOR_ELT(x, i)));
        return Json(std::move(object));
    }
    if (Rf_isNull(names))
        return atomic_to_json(x);
    Json::Array labels; // a named vector
    for (R_xlen_t i = 0; i < Rf_xlength(names); i++)
        labels.push_back(Json(Rf_translateCharUTF8(STRING_ELT(names, i))));
    Rcpp::RObject plain = Rf_duplicate(x);
    Rf_setAttrib(plain, R_NamesSymbol, R_NilValue);
    return Json(Json::Object{{"names", Json(std::move(labels))}, {"values", atomic_to_json(plain)}});
}

Rcpp::RObject from_json(const Json &json);

Rcpp::RObject array_from_json(const Json::Array &values) {
    R_xlen_t n = R_xlen_t(values.size());
    bool text = false, logical = false;
    for (const Json &v : values) {
        text = text || v.type() == Json::Type::string;
        logical = logical || v.type() == Json::Type::boolean;
    }
    if (text) {
        Rcpp::CharacterVector out(n);
        for (R_xlen_t i = 0; i < n; i++)
            out[i] = values[size_t(i)].is_null() ? NA_STRING
                                                 : Rf_mkCharCE(values[size_t(i)].string().c_str(), CE_UTF8);
        return out;
    }
    if (logical) {
        Rcpp::LogicalVector out(n);
        for (R_xlen_t i = 0; i < n; i++)
            out[i] = values[size_t(i)].is_null() ? NA_LOGICAL : values[size_t(i)].boolean();
        return out;
    }
    Rcpp::NumericVector out(n);
    for (R_xlen_t i = 0; i < n; i++)
        out[i] = values[size_t(i)].is_null() ? NA_REAL : values[size_t(i)].number();
    return out;
}

Rcpp::RObject from_json(const Json &json) {
    switch (json.type()) {
    case Json::Type::null:
        return R_NilValue;
    case Json::Type::object: {
        if (json.object().size() == 2 && json.find("names") && json.find("values")) {
            const Json &values = *json.find("values");
            Rcpp::RObject out = values.type() == Json::Type::array ? array_from_json(values.array())
                                                                   : array_from_json(Json::Array{values});
            Rcpp::RObject names = array_from_json(json.find("names")->array());
            if (Rf_xlength(names) != Rf_xlength(out))
                throw Error("format_schema", "A named vector has too few names.");
            Rf_setAttrib(out, R_NamesSymbol, names);
            return out;
        }
        Rcpp::List out;
        for (const auto &member : json.object())
            out.push_back(from_json(member.second), member.first);
        return out;
    }
    case Json::Type::array:
        return array_from_json(json.array());
    default:
        return array_from_json(Json::Array{json});
    }
}

// R's column-major values as the rows that a file holds, and back.
FileTensor tensor_from(const std::string &name, DType dtype, SEXP x) {
    Rcpp::NumericVector v(x);
    if (!Rf_isMatrix(x))
        return make_tensor(name, dtype, {int64_t(v.size())}, v.begin());
    int64_t rows = Rf_nrows(x), cols = Rf_ncols(x);
    std::vector<double> by_row(static_cast<size_t>(v.size()));
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < cols; c++)
            by_row[size_t(r * cols + c)] = v[R_xlen_t(c * rows + r)];
    return make_tensor(name, dtype, {rows, cols}, by_row.data());
}
Rcpp::NumericVector vector_from(const FileTensor &tensor, bool matrix) {
    std::vector<double> by_row = tensor_values(tensor);
    Rcpp::NumericVector out(R_xlen_t(by_row.size()));
    if (!matrix) {
        std::copy(by_row.begin(), by_row.end(), out.begin());
        return out;
    }
    int64_t rows = tensor.shape[0], cols = tensor.shape[1];
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < cols; c++)
            out[R_xlen_t(c * rows + r)] = by_row[size_t(r * cols + c)];
    out.attr("dim") = Rcpp::IntegerVector::create(int(rows), int(cols));
    return out;
}

bool is_matrix_name(const std::string &name) {
    return name.size() > 7 && name.substr(name.size() - 7) == ".weight";
}

} // namespace

// metadata: list(config, transform, features, history, info); tensors: the weights by name.
// [[Rcpp::export(rng = false)]]
void write_model_file(const std::string &path, const Rcpp::List &metadata, const Rcpp::List &tensors) {
    guarded([&] {
        ModelFile file;
        Rcpp::List transform(element(metadata, "transform")), history(element(metadata, "history"));
        Json::Object notes;
        for (const char *name : {"size_factor_target"})
            if (!Rf_isNull(element(transform, name)))
                notes.emplace_back(name, to_json(element(transform, name)));
        Json::Array features;
        Rcpp::CharacterVector names = element(metadata, "features");
        for (R_xlen_t i = 0; i < names.size(); i++)
            features.push_back(Json(Rf_translateCharUTF8(STRING_ELT(names, i))));
        file.metadata = {
            {"config", write_json(config_to_json(config_from_list(Rcpp::List(element(metadata, "config")))))},
            {"features", write_json(Json(std::move(features)))},
            {"transform", write_json(Json(std::move(notes)))},
            {"info", write_json(to_json(element(metadata, "info")))}};
        std::vector<std::string> tensor_names = Rcpp::as<std::vector<std::string>>(tensors.names());
        for (R_xlen_t i = 0; i < tensors.size(); i++)
            file.tensors.push_back(tensor_from(tensor_names[size_t(i)], DType::F32, tensors[i]));
        for (const char *name : {"center", "scale"})
            if (!Rf_isNull(element(transform, name)))
                file.tensors.push_back(
                    tensor_from(std::string("transform.") + name, DType::F64, element(transform, name)));
        R_xlen_t epochs = Rf_xlength(element(history, "epoch"));
        if (epochs > 0) {
            Rcpp::NumericMatrix table{int(epochs), 5};
            for (int c = 0; c < 5; c++)
                table.column(c) = Rcpp::NumericVector(element(history, kHistory[c]));
            file.tensors.push_back(tensor_from("history", DType::F64, table));
        }
        save_model_file(path, file);
    });
}

// list(metadata = list(config, transform, features, history, info), tensors = weights by name).
// [[Rcpp::export(rng = false)]]
Rcpp::List read_model_file(const std::string &path) {
    return guarded([&] {
        ModelFile file = load_model_file(path);
        Rcpp::List weights,
            transform = Rcpp::List::create(Rcpp::_["size_factor_target"] = R_NilValue,
                                           Rcpp::_["center"] = R_NilValue, Rcpp::_["scale"] = R_NilValue);
        Rcpp::List history;
        for (int c = 0; c < 5; c++)
            history.push_back(Rcpp::NumericVector(0), kHistory[c]);
        for (const FileTensor &tensor : file.tensors) {
            if (tensor.name == "history") {
                Rcpp::NumericMatrix table(vector_from(tensor, true));
                for (int c = 0; c < 5; c++) {
                    Rcpp::NumericVector column = table.column(c);
                    for (double &v : column)
                        if (std::isnan(v))
                            v = NA_REAL;
                    history[kHistory[c]] = column;
                }
            } else if (tensor.name.compare(0, 10, "transform.") == 0) {
                transform[tensor.name.substr(10)] = vector_from(tensor, false);
            } else
                weights.push_back(vector_from(tensor, is_matrix_name(tensor.name)), tensor.name);
        }
        Json notes = parse_json(*file.find_metadata("transform"));
        if (const Json *target = notes.find("size_factor_target"))
            transform["size_factor_target"] = from_json(*target);
        Rcpp::List metadata = Rcpp::List::create(
            Rcpp::_["config"] = config_to_list(config_from_json(parse_json(*file.find_metadata("config")))),
            Rcpp::_["transform"] = transform,
            Rcpp::_["features"] = array_from_json(parse_json(*file.find_metadata("features")).array()),
            Rcpp::_["history"] = history,
            Rcpp::_["info"] = from_json(parse_json(*file.find_metadata("info"))));
        return Rcpp::List::create(Rcpp::_["metadata"] = metadata, Rcpp::_["tensors"] = weights);
    });
}
