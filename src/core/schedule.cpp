#include "schedule.h"
#include <algorithm>
#include <cmath>

namespace aesop {
namespace {

constexpr double kPi = 3.14159265358979323846;

// From `from` at 0 to `to` at 1 along half a cosine.
double cosine(double from, double to, double share) {
    return to + (from - to) / 2 * (1 + std::cos(kPi * share));
}

// Smith and Topin 2019, with the two cosine phases and end points of PyTorch's OneCycleLR: from `first` over
// `top` to `last`.
double one_cycle(const Config &c, int64_t total, int64_t step, double first, double top, double last) {
    double turn = c.one_cycle_fraction * double(total) - 1, end = double(total) - 1;
    double at = double(std::min(step, total - 1));
    if (at < turn)
        return cosine(first, top, at / turn);
    return cosine(top, last, end > turn ? std::max(0.0, at - turn) / (end - turn) : 1);
}

} // namespace

LearningRate::LearningRate(const Config &config, int64_t steps_per_epoch)
    : config_(config), kind_(schedule_from_name(config.schedule)), steps_per_epoch_(steps_per_epoch) {}

int64_t LearningRate::total_steps() const {
    return std::max<int64_t>(1, int64_t(config_.epochs) * steps_per_epoch_);
}

double LearningRate::momentum(int64_t step) const {
    if (kind_ != Schedule::one_cycle || !config_.one_cycle_momentum)
        return -1;
    double low = config_.one_cycle_momentum_low, high = config_.one_cycle_momentum_high;
    return one_cycle(config_, total_steps(), step, high, low, high);
}

double LearningRate::at(int64_t epoch, int64_t step) const {
    const Config &c = config_;
    int64_t total = total_steps();
    double rate = c.learning_rate;
    switch (kind_) {
    case Schedule::constant:
        break;
    case Schedule::step:
        rate *= std::pow(c.schedule_factor, double(epoch / c.schedule_every));
        break;
    case Schedule::exponential:
        rate *= std::pow(c.schedule_factor, double(epoch));
        break;
    case Schedule::cosine:
        rate = cosine(rate, c.schedule_minimum, double(step) / double(total));
        break;
    case Schedule::one_cycle:
        rate = one_cycle(c, total, step, rate / c.one_cycle_divisor, rate,
                         rate / c.one_cycle_divisor / c.one_cycle_final);
        break;
    case Schedule::plateau:
        rate = std::max(rate * state_.plateau, std::min(rate, c.schedule_minimum));
        break;
    }
    int64_t warm = int64_t(c.warmup_epochs) * steps_per_epoch_;
    if (step < warm)
        rate *= double(step + 1) / double(warm);
    return rate * state_.factor;
}

void LearningRate::epoch_done(double loss) {
    if (std::isfinite(loss) && loss < state_.best - config_.min_delta) {
        state_.best = loss;
        state_.since_best = 0;
    } else if (kind_ == Schedule::plateau && ++state_.since_best >= config_.schedule_every) {
        state_.plateau *= config_.schedule_factor;
        state_.since_best = 0;
    }
}

} // namespace aesop
