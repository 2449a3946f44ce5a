#include "r_source.h"
#include "core/error.h"
#include "r_convert.h"
#include <algorithm>
#include <map>
#include <set>

namespace aesop {
namespace {

// One R matrix, dense or dgCMatrix, checked before any of it is used.
class Block {
  public:
    explicit Block(SEXP x) : object_(x) {
        if (Rf_isMatrix(x) && (TYPEOF(x) == REALSXP || TYPEOF(x) == INTSXP || TYPEOF(x) == LGLSXP)) {
            rows_ = Rf_nrows(x), cols_ = Rf_ncols(x);
            if (TYPEOF(x) == REALSXP)
                real_ = REAL(x);
            else
                integer_ = TYPEOF(x) == INTSXP ? INTEGER(x) : LOGICAL(x);
        } else if (Rf_isS4(x) && Rf_inherits(x, "dgCMatrix")) {
            open_sparse(x);
        } else {
            throw Error("input_type", "`x` must be a numeric matrix or a dgCMatrix here.").with("arg", "x");
        }
    }
    int64_t rows() const { return rows_; }
    int64_t cols() const { return cols_; }
    bool sparse() const { return start_ != nullptr; }
    Column column(int64_t j) const {
        if (start_)
            return {real_ + start_[j], nullptr, index_ + start_[j], start_[j + 1] - start_[j]};
        return {real_ ? real_ + j * rows_ : nullptr, integer_ ? integer_ + j * rows_ : nullptr, nullptr,
                rows_};
    }

  private:
    void open_sparse(SEXP x) {
        SEXP dim = R_do_slot(x, Rf_install("Dim")), p = R_do_slot(x, Rf_install("p"));
        SEXP i = R_do_slot(x, Rf_install("i")), values = R_do_slot(x, Rf_install("x"));
        auto broken = [](const std::string &why) {
            return Error("input_value", "`x` is an invalid dgCMatrix: " + why +
                                            ". Make it anew, for example with "
                                            "as(as.matrix(x), \"dgCMatrix\").")
                .with("arg", "x");
        };
        if (TYPEOF(dim) != INTSXP || Rf_xlength(dim) != 2 || INTEGER(dim)[0] < 0 || INTEGER(dim)[1] < 0)
            throw broken("its dimensions are not two non-negative integers");
        rows_ = INTEGER(dim)[0], cols_ = INTEGER(dim)[1];
        if (TYPEOF(p) != INTSXP || Rf_xlength(p) != cols_ + 1 || INTEGER(p)[0] != 0)
            throw broken("slot p does not have one entry more than there are columns");
        if (TYPEOF(i) != INTSXP || TYPEOF(values) != REALSXP || Rf_xlength(i) != Rf_xlength(values) ||
            INTEGER(p)[cols_] != Rf_xlength(values))
            throw broken("slots p, i and x disagree on the number of values");
        start_ = INTEGER(p), index_ = INTEGER(i), real_ = REAL(values);
        for (int64_t j = 0; j < cols_; j++) {
            if (start_[j + 1] < start_[j])
                throw broken("slot p decreases");
            for (int64_t k = start_[j]; k < start_[j + 1]; k++)
                if (index_[k] < 0 || index_[k] >= rows_ || (k > start_[j] && index_[k] <= index_[k - 1]))
                    throw broken("slot i is out of range or not ascending within a column");
        }
    }
    Rcpp::RObject object_; // kept from the garbage collector
    int64_t rows_ = 0, cols_ = 0;
    const double *real_ = nullptr;
    const int *integer_ = nullptr;
    const int *start_ = nullptr;
    const int *index_ = nullptr;
};

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
    explicit MatrixSource(const Rcpp::List &source) : NamedSource(source), block_(element(source, "x")) {}
    int64_t features() const override { return block_.rows(); }
    int64_t samples() const override { return block_.cols(); }
    bool sparse() const override { return block_.sparse(); }
    void prepare(const int64_t *, int64_t) override {}
    Column column(int64_t sample) const override { return block_.column(sample); }

  private:
    Block block_;
};

// Blocks of a sixteenth of the window, read by an R function on the main thread and kept while they are
// needed; at most about two windows are held at once.
class StreamSource : public NamedSource {
  public:
    explicit StreamSource(const Rcpp::List &source)
        : NamedSource(source), read_(Rcpp::as<Rcpp::Function>(element(source, "read"))),
          features_(int64_t(Rcpp::as<double>(element(source, "n_features")))),
          samples_(int64_t(Rcpp::as<double>(element(source, "n_samples")))),
          window_(std::max<int64_t>(16, int64_t(Rcpp::as<double>(element(source, "window"))))),
          size_(window_ / 16) {}
    int64_t features() const override { return features_; }
    int64_t samples() const override { return samples_; }
    bool sparse() const override { return sparse_; }
    int64_t window() const override { return std::min(window_, samples_); }

    void prepare(const int64_t *samples, int64_t n) override {
        clock_++;
        std::set<int64_t> needed; // ascending, so that neighbours are found
        for (int64_t k = 0; k < n; k++)
            needed.insert(samples[k] / size_);
        for (auto b = needed.begin(); b != needed.end();) {
            int64_t first = *b, last = first;
            bool kept = blocks_.count(first) > 0;
            while (++b != needed.end() && *b == last + 1 && last - first < 15 &&
                   (blocks_.count(*b) > 0) == kept)
                last = *b;
            if (!kept)
                load(first, last);
            for (int64_t i = first; i <= last; i++)
                blocks_.at(i).used = clock_;
        }
        while (int64_t(blocks_.size()) > kMostBlocks) { // the oldest that this minibatch does not need
            auto oldest = std::min_element(blocks_.begin(), blocks_.end(), [](const auto &a, const auto &b) {
                return a.second.used < b.second.used;
            });
            if (oldest->second.used == clock_)
                break;
            blocks_.erase(oldest);
        }
    }
    Column column(int64_t sample) const override {
        const Kept &kept = blocks_.at(sample / size_);
        return kept.read->column(sample - kept.first);
    }

  private:
    static constexpr int64_t kMostBlocks = 28;
    struct Kept {
        std::shared_ptr<Block> read; // neighbours that were read together share it
        int64_t first;               // its first sample
        int64_t used;
    };
    // Neighbouring blocks in one go: each call of the R function costs about as much as many samples.
    void load(int64_t first, int64_t last) {
        int64_t from = first * size_, to = std::min(samples_, (last + 1) * size_);
        auto block = std::make_shared<Block>(read_(double(from + 1), double(to)));
        if (block->rows() != features_ || block->cols() != to - from)
            throw Error("io", "`x` changed while it was read: a block has other dimensions than before.")
                .with("op", "read");
        sparse_ = block->sparse();
        for (int64_t b = first; b <= last; b++)
            blocks_[b] = Kept{block, from, clock_};
    }
    Rcpp::Function read_;
    int64_t features_, samples_, window_, size_, clock_ = 0;
    bool sparse_ = false;
    std::map<int64_t, Kept> blocks_;
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

} // namespace aesop
