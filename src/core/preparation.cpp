#include "preparation.h"
#include "error.h"
#include "text.h"
#include <algorithm>
#include <cmath>

namespace aesop {
namespace {

void check_given(const std::vector<double> &given, const BatchSource &source) {
    if (int64_t(given.size()) != source.samples())
        throw Error("input_dim", "`size_factors` has " + std::to_string(given.size()) + " values for " +
                                     std::to_string(source.samples()) + " samples; give one per sample.")
            .with("arg", "size_factors")
            .with("expected", double(source.samples()))
            .with("got", double(given.size()));
    for (size_t i = 0; i < given.size(); i++)
        if (!(given[i] > 0) || !std::isfinite(given[i]))
            throw Error("input_value", "`size_factors` must be positive and finite; that of sample \"" +
                                           printable(source.sample_name(int64_t(i))) + "\" is not.")
                .with("arg", "size_factors")
                .with("sample", source.sample_name(int64_t(i)));
}

double median_of_positive(std::vector<double> v) {
    v.erase(std::remove_if(v.begin(), v.end(), [](double x) { return !(x > 0); }), v.end());
    if (v.empty())
        return 1;
    size_t mid = v.size() / 2;
    std::nth_element(v.begin(), v.begin() + long(mid), v.end());
    double upper = v[mid];
    if (v.size() % 2)
        return upper;
    return (upper + *std::max_element(v.begin(), v.begin() + long(mid))) / 2;
}

} // namespace

std::vector<double> Preparation::size_factors(const std::vector<double> &totals) const {
    std::vector<double> out(totals.size(), 1.0);
    for (size_t i = 0; i < totals.size(); i++)
        if (totals[i] > 0)
            out[i] = totals[i] / size_factor_target;
    return out;
}

Preparation fit_preparation(BatchSource &source, const AssayConfig &config, const std::vector<double> &given,
                            std::vector<double> &size_factors, std::vector<double> &feature_means) {
    Preparation p;
    std::vector<double> totals;
    check_values(source, config, totals);
    p.log = config.normalize == "log";
    if (config.needs_size_factors()) {
        p.size_factor_target = median_of_positive(totals);
        if (!given.empty())
            check_given(given, source);
        size_factors = given.empty() ? p.size_factors(totals) : given;
    }
    if (config.scale == "none" && !config.count_loss())
        return p;
    Statistics s = feature_statistics(source, config, size_factors);
    feature_means = s.count_mean;
    size_t n = s.mean.size();
    if (config.scale == "center" || config.scale == "standard")
        p.center = s.mean;
    if (config.scale == "standard") {
        p.scale.resize(n);
        for (size_t f = 0; f < n; f++)
            p.scale[f] = s.sd[f] > 0 ? 1 / s.sd[f] : 1;
    }
    if (config.scale == "minmax") {
        p.center = s.minimum;
        p.clamp = true;
        p.scale.resize(n);
        for (size_t f = 0; f < n; f++)
            p.scale[f] = s.maximum[f] > s.minimum[f] ? 1 / (s.maximum[f] - s.minimum[f]) : 1;
    }
    return p;
}

std::vector<double> apply_preparation(BatchSource &source, const AssayConfig &config,
                                      const Preparation &preparation, const std::vector<double> &given) {
    std::vector<double> totals;
    check_values(source, config, totals);
    if (!preparation.uses_size_factors())
        return {};
    if (given.empty())
        return preparation.size_factors(totals);
    check_given(given, source);
    return given;
}

} // namespace aesop
