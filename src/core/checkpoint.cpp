#include "checkpoint.h"
#include "config_json.h"
#include "error.h"
#include "sha256.h"
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <limits>

namespace aesop {
namespace {

constexpr int64_t kSamplesHashed = 64;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

void hash_text(Sha256 &hash, const std::string &text) {
    hash.update(text.c_str(), text.size() + 1);
}
void hash_values(Sha256 &hash, const std::vector<double> &values) {
    hash.update(values.data(), values.size() * sizeof(double));
}

// Of all names, in their order.
std::string hash_of_names(const Dataset &data) {
    Sha256 hash;
    for (const AssayData &a : data.assays)
        for (int64_t i = 0; i < a.source->features(); i++)
            hash_text(hash, a.source->feature_name(i));
    BatchSource &first = *data.assays[0].source;
    for (int64_t j = 0; j < first.samples(); j++)
        hash_text(hash, first.sample_name(j));
    return hash.finish();
}

// Of some samples in full, evenly spaced; covariates, size factors and missing features of all.
std::string hash_of_values(const Dataset &data) {
    Sha256 hash;
    int64_t n = data.samples(), some = std::min(n, kSamplesHashed);
    for (const AssayData &a : data.assays) {
        std::vector<double> dense(static_cast<size_t>(a.source->features()));
        for (int64_t k = 0; k < some; k++) {
            int64_t j = some > 1 ? k * (n - 1) / (some - 1) : 0;
            a.source->prepare(&j, 1);
            write_row(a.source->column(j), dense.data(), int64_t(dense.size()));
            hash_values(hash, dense);
        }
        hash_values(hash, a.size_factors);
        hash_values(hash, a.feature_weight);
    }
    hash_values(hash, data.design);
    return hash.finish();
}

// f(name, number) for all of them.
template <class P, class F>
void each_number(P &p, F &&f) {
    f("epoch", p.epoch), f("step", p.step), f("optimizer_step", p.optimizer_step);
    f("good_epoch", p.good_epoch), f("best_epoch", p.best_epoch), f("since_best", p.since_best);
    f("halvings", p.halvings), f("parts", p.parts);
    f("good_loss", p.good_loss), f("best_loss", p.best_loss);
    f("rate_factor", p.rate.factor), f("rate_plateau", p.rate.plateau), f("rate_best", p.rate.best);
    f("rate_since_best", p.rate.since_best);
}

Json progress_to_json(const Progress &p) {
    Json::Object members;
    each_number(p, [&](const char *name, const auto &value) { // infinite: null
        members.emplace_back(name, std::isfinite(double(value)) ? Json(value) : Json());
    });
    members.emplace_back("finished", p.finished);
    members.emplace_back("status", p.status);
    members.emplace_back("messages", Json::Array(p.messages.begin(), p.messages.end()));
    return Json(std::move(members));
}

void number_from_json(const Json &json, int64_t &value) {
    value = json.integer(0, int64_t{1} << 53);
}
void number_from_json(const Json &json, double &value) {
    value = json.is_null() ? kInfinity : json.number();
}

Progress progress_from_json(const Json &json) {
    Progress p;
    each_number(p, [&](const char *name, auto &value) { number_from_json(json.at(name), value); });
    p.finished = json.at("finished").boolean();
    p.status = json.at("status").string();
    for (const Json &message : json.at("messages").array())
        p.messages.push_back(message.string());
    return p;
}

constexpr int64_t kHistoryColumns = 5;

std::vector<double> history_to_values(const std::vector<EpochRecord> &history) {
    std::vector<double> values;
    for (const EpochRecord &r : history)
        values.insert(values.end(), {double(r.epoch), r.loss, r.val_loss, r.learning_rate, r.seconds});
    return values;
}
std::vector<EpochRecord> history_from_values(const std::vector<double> &values) {
    std::vector<EpochRecord> history;
    for (size_t i = 0; i + kHistoryColumns <= values.size(); i += kHistoryColumns)
        history.push_back(
            {int64_t(values[i]), values[i + 1], values[i + 2], values[i + 3], values[i + 4]});
    return history;
}

Error no_checkpoint(const std::string &path, const std::string &why) {
    return Error("checkpoint",
                 "'" + path + "' is no checkpoint of a fit (" + why + "); give another file, or remove it")
        .with("path", path);
}

// Errors of the file name the argument that gave it.
template <class F>
void of_argument(F &&f) {
    try {
        f();
    } catch (const Error &e) {
        Error named(e.kind, std::string("`checkpoint`: ") + e.what());
        named.fields = e.fields;
        throw named.with("arg", "checkpoint");
    }
}

} // namespace

Progress::Progress() : good_loss(kInfinity), best_loss(kInfinity) {}

Json describe_fit(const Config &config, const Dataset &data, Key seed,
                  const std::vector<std::vector<double>> &weights, const std::vector<std::string> &frozen) {
    Json settings = config_to_json(config);
    Json::Object fit;
    for (auto &member : settings.object())
        if (member.first != "max_seconds") // of a session
            fit.push_back(std::move(member));
    fit.emplace_back("seed", Json::Array{seed.low, seed.high});
    fit.emplace_back("samples", data.samples());
    fit.emplace_back("features", data.features());
    fit.emplace_back("names", hash_of_names(data));
    fit.emplace_back("values", hash_of_values(data));
    Sha256 hash;
    for (const std::vector<double> &w : weights)
        hash_values(hash, w);
    fit.emplace_back("first weights", hash.finish());
    fit.emplace_back("freeze", Json::Array(frozen.begin(), frozen.end()));
    return Json(std::move(fit));
}

Checkpoint::Checkpoint(std::string path) : path_(std::move(path)) {
    of_argument([&] { read(); });
}

void Checkpoint::read() {
    if (std::FILE *there = std::fopen(path_.c_str(), "rb"))
        std::fclose(there);
    else if (errno == ENOENT)
        return;
    file_ = read_model_file(path_);
    const std::string *fit = file_.find_metadata("fit"), *progress = file_.find_metadata("progress");
    if (!fit || !progress)
        throw no_checkpoint(path_, "it is a model");
    try {
        fit_ = parse_json(*fit);
        progress_ = progress_from_json(parse_json(*progress));
        const FileTensor *history = file_.find_tensor("history");
        if (history)
            progress_.history = history_from_values(tensor_values(*history));
        seed();
    } catch (const Error &e) {
        throw no_checkpoint(path_, e.what());
    }
}

Key Checkpoint::seed() const {
    const Json::Array &words = fit_.at("seed").array();
    auto word = [&](size_t i) {
        return uint32_t(words.at(i).integer(0, std::numeric_limits<uint32_t>::max()));
    };
    return {word(0), word(1)};
}

std::vector<double> Checkpoint::values(const std::string &tensor, int64_t n) const {
    const FileTensor *found = file_.find_tensor(tensor);
    if (!found || found->count() != n)
        throw no_checkpoint(path_, "'" + tensor + "' does not have " + std::to_string(n) + " values");
    return tensor_values(*found);
}

void Checkpoint::require(const Json &fit) const {
    std::string differs;
    auto differ = [&](const std::string &name) { differs += (differs.empty() ? "" : ", ") + name; };
    for (const auto &member : fit.object()) {
        const Json *other = fit_.find(member.first);
        if (!other || *other != member.second)
            differ(member.first);
    }
    for (const auto &member : fit_.object())
        if (!fit.find(member.first))
            differ(member.first);
    if (!differs.empty())
        throw Error("checkpoint", "the checkpoint '" + path_ + "' is of another fit, which differs in: " +
                                      differs +
                                      ". Give the same data and settings to go on with it, or another file")
            .with("path", path_)
            .with("differs", differs);
}

void Checkpoint::write(const Json &fit, const Progress &progress, std::vector<FileTensor> tensors) const {
    ModelFile file;
    file.metadata = {{"fit", write_json(fit)}, {"progress", write_json(progress_to_json(progress))}};
    file.tensors = std::move(tensors);
    if (!progress.history.empty())
        file.tensors.push_back(make_tensor("history", DType::F64,
                                           {int64_t(progress.history.size()), kHistoryColumns},
                                           history_to_values(progress.history).data()));
    of_argument([&] { write_model_file(path_, file); });
}

} // namespace aesop
