#include "r_source.h"
#include "core/disk_copy.h"
#include "core/error.h"
#include "r_convert.h"
#include <algorithm>
#include <map>
#include <set>

namespace aesop {
namespace {

// Where the values of a matrix are: dense, real or integer, or sparse by columns.
struct Values {
    int64_t rows = 0, cols = 0;
    const double *real = nullptr;
    const int32_t *integer = nullptr;
    const int32_t *start = nullptr;
    const int32_t *index = nullptr;

    bool sparse() const { return start != nullptr; }
    Column column(int64_t j) const {
        if (start)
            return {real + start[j], nullptr, index + start[j], start[j + 1] - start[j]};
        return {real ? real + j * rows : nullptr, integer ? integer + j * rows : nullptr, nullptr, rows};
    }
};

Values sparse_values(SEXP x) {
    Values v;
    SEXP dim = R_do_slot(x, Rf_install("Dim")), p = R_do_slot(x, Rf_install("p"));
    SEXP i = R_do_slot(x, Rf_install("i")), values = R_do_slot(x, Rf_install("x"));
    auto broken = [](const std::string &why) {
        return Error("input_value", "`x` is an invalid dgCMatrix: " + why +
                                        ". Make it anew, for example with as(as.matrix(x), \"dgCMatrix\").")
            .with("arg", "x");
    };
    if (TYPEOF(dim) != INTSXP || Rf_xlength(dim) != 2 || INTEGER(dim)[0] < 0 || INTEGER(dim)[1] < 0)
        throw broken("its dimensions are not two non-negative integers");
    v.rows = INTEGER(dim)[0], v.cols = INTEGER(dim)[1];
    if (TYPEOF(p) != INTSXP || Rf_xlength(p) != v.cols + 1 || INTEGER(p)[0] != 0)
        throw broken("slot p does not have one entry more than there are columns");
    if (TYPEOF(i) != INTSXP || TYPEOF(values) != REALSXP || Rf_xlength(i) != Rf_xlength(values) ||
        INTEGER(p)[v.cols] != Rf_xlength(values))
        throw broken("slots p, i and x disagree on the number of values");
    v.start = INTEGER(p), v.index = INTEGER(i), v.real = REAL(values);
    for (int64_t j = 0; j < v.cols; j++) {
        if (v.start[j + 1] < v.start[j])
            throw broken("slot p decreases");
        for (int64_t k = v.start[j]; k < v.start[j + 1]; k++)
            if (v.index[k] < 0 || v.index[k] >= v.rows || (k > v.start[j] && v.index[k] <= v.index[k - 1]))
                throw broken("slot i is out of range or not ascending within a column");
    }
    return v;
}

// Of an R matrix, dense or dgCMatrix, checked before any of it is used.
Values values_of(SEXP x) {
    if (Rf_isS4(x) && Rf_inherits(x, "dgCMatrix"))
        return sparse_values(x);
    if (!Rf_isMatrix(x) || (TYPEOF(x) != REALSXP && TYPEOF(x) != INTSXP && TYPEOF(x) != LGLSXP))
        throw Error("input_type", "`x` must be a numeric matrix or a dgCMatrix here.").with("arg", "x");
    Values v;
    v.rows = Rf_nrows(x), v.cols = Rf_ncols(x);
    if (TYPEOF(x) == REALSXP)
        v.real = REAL(x);
    else
        v.integer = TYPEOF(x) == INTSXP ? INTEGER(x) : LOGICAL(x);
    return v;
}

class NamedSource : public BatchSource {
  public:
    explicit NamedSource(const Rcpp::List &source)
        : feature_names_(element(source, "feature_names")), sample_names_(element(source, "sample_names")) {}
    std::string feature_name(int64_t i) const override {
        return name(feature_names_, i, BatchSource::feature_name(i));
    }
    std::string sample_name(int64_t j) const override {
        return name(sample_names_, j, BatchSource::sample_name(j));
    }

  private:
    static std::string name(SEXP names, int64_t i, const std::string &otherwise) {
        if (TYPEOF(names) != STRSXP || i >= Rf_xlength(names) || STRING_ELT(names, i) == NA_STRING)
            return otherwise;
        return Rf_translateCharUTF8(STRING_ELT(names, i));
    }
    Rcpp::RObject feature_names_, sample_names_;
};

class MatrixSource : public NamedSource {
  public:
    explicit MatrixSource(const Rcpp::List &source)
        : NamedSource(source), object_(element(source, "x")), values_(values_of(object_)) {}
    int64_t features() const override { return values_.rows; }
    int64_t samples() const override { return values_.cols; }
    bool sparse() const override { return values_.sparse(); }
    void prepare(const int64_t *, int64_t) override {}
    Column column(int64_t sample) const override { return values_.column(sample); }

  private:
    Rcpp::RObject object_; // kept from the garbage collector
    Values values_;
};

// Blocks of samples that an R function reads; only those of the last prepare() are held.
class StreamSource : public NamedSource {
  public:
    explicit StreamSource(const Rcpp::List &source)
        : NamedSource(source), read_(Rcpp::as<Rcpp::Function>(element(source, "read"))),
          features_(int64_t(Rcpp::as<double>(element(source, "n_features")))),
          samples_(int64_t(Rcpp::as<double>(element(source, "n_samples")))),
          size_(int64_t(Rcpp::as<double>(element(source, "block")))),
          sparse_(Rcpp::as<bool>(element(source, "sparse"))) {}
    int64_t features() const override { return features_; }
    int64_t samples() const override { return samples_; }
    bool sparse() const override { return sparse_; }
    bool streamed() const override { return true; }

    void prepare(const int64_t *samples, int64_t n) override {
        std::set<int64_t> needed;
        for (int64_t k = 0; k < n; k++)
            needed.insert(samples[k] / size_);
        for (auto b = blocks_.begin(); b != blocks_.end();)
            b = needed.count(b->first) ? std::next(b) : blocks_.erase(b);
        for (int64_t b : needed)
            if (!blocks_.count(b))
                load(b);
    }
    Column column(int64_t sample) const override {
        int64_t block = sample / size_;
        return blocks_.at(block).values.column(sample - block * size_);
    }

  private:
    struct Block {
        Rcpp::RObject object; // kept from the garbage collector
        Values values;
    };
    void load(int64_t block) {
        int64_t from = block * size_, to = std::min(samples_, from + size_);
        Rcpp::checkUserInterrupt();
        Rcpp::RObject object = read_(double(from + 1), double(to));
        Values values = values_of(object);
        if (values.rows != features_ || values.cols != to - from || values.sparse() != sparse_)
            throw Error("io", "`x` changed while it was read: a block has other dimensions than before.")
                .with("op", "read");
        blocks_[block] = Block{object, values};
    }
    Rcpp::Function read_;
    int64_t features_, samples_, size_; // size_: samples of a block
    bool sparse_;
    std::map<int64_t, Block> blocks_;
};

std::unique_ptr<BatchSource> source_from_list(const Rcpp::List &source) {
    std::unique_ptr<BatchSource> s;
    if (Rcpp::as<std::string>(element(source, "kind")) == "stream")
        s = std::make_unique<StreamSource>(source);
    else
        s = std::make_unique<MatrixSource>(source);
    if (s->features() == 0 || s->samples() == 0)
        throw Error("input_dim", "`x` has " + std::to_string(s->features()) + " features and " +
                                     std::to_string(s->samples()) +
                                     " samples; at least one of each is needed.")
            .with("arg", "x")
            .with("expected", 1)
            .with("got", 0);
    return s;
}

// R checks the design for its user; here only what would read beyond its memory.
void read_design(SEXP x, const Config &config, Dataset &data) {
    data.covariates = int64_t(config.covariates.size());
    if (data.covariates == 0)
        return;
    bool fits = Rf_isMatrix(x) && TYPEOF(x) == REALSXP && Rf_nrows(x) == data.samples() &&
                Rf_ncols(x) == data.covariates;
    if (!fits)
        throw Error("design", "The model needs a design of " + std::to_string(data.samples()) +
                                  " samples and " + std::to_string(data.covariates) + " columns.")
            .with("arg", "design");
    data.design.resize(size_t(data.samples() * data.covariates));
    for (int64_t r = 0; r < data.samples(); r++)
        for (int64_t c = 0; c < data.covariates; c++)
            data.design[size_t(r * data.covariates + c)] = REAL(x)[c * data.samples() + r];
}

} // namespace

RDataset dataset_from_list(const Rcpp::List &source, const Config &config) {
    RDataset out;
    std::vector<Rcpp::List> assays;
    if (Rf_isNull(element(source, "assays")))
        assays.push_back(source);
    else
        for (SEXP one : Rcpp::List(element(source, "assays")))
            assays.push_back(Rcpp::List(one));
    size_t wanted = config.multimodal() ? config.assays.size() : 1;
    if (assays.size() != wanted)
        throw Error("input_type", "`x` has " + std::to_string(assays.size()) +
                                      " assays; these settings are for " + std::to_string(wanted) + ".")
            .with("arg", "x");
    for (const Rcpp::List &one : assays) {
        out.sources.push_back(source_from_list(one));
        out.copy_paths.push_back(
            Rf_isNull(element(one, "copy")) ? std::string() : Rcpp::as<std::string>(element(one, "copy")));
        AssayData data;
        data.source = out.sources.back().get();
        data.feature_weight = numbers(one, "feature_weight");
        out.data.assays.push_back(data);
        out.given_size_factors.push_back(numbers(one, "size_factors"));
        if (data.source->samples() != out.data.samples())
            throw Error("input_dim", "The assays have different numbers of samples.").with("arg", "x");
        if (!data.feature_weight.empty() && int64_t(data.feature_weight.size()) != data.source->features())
            throw Error("input_dim", "There must be one weight per feature.").with("arg", "x");
    }
    read_design(element(source, "design"), config, out.data);
    return out;
}

void copy_to_disk(RDataset &data) {
    for (size_t i = 0; i < data.data.assays.size(); i++) {
        BatchSource *&source = data.data.assays[i].source;
        if (!source->streamed())
            continue;
        data.sources.push_back(std::make_unique<DiskCopy>(*source, data.copy_paths[i]));
        source = data.sources.back().get();
    }
}

} // namespace aesop
