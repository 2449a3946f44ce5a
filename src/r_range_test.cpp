#include "core/schedule.h"
#include "core/trainer.h"
#include "r_convert.h"
#include "r_device.h"
#include "r_monitor.h"
#include "r_source.h"
#include <algorithm>
#include <cmath>

using namespace aesop;

namespace {

// Losses above this multiple of the lowest one end the test (Smith 2017 stops where the loss "explodes").
constexpr double kExploded = 4;

struct RangeTest {
    double from, to;
    int64_t steps, window;

    // Rises by the same factor at each step, from `from` to `to`.
    double rate(int64_t step) const {
        return from * std::pow(to / from, double(step) / double(std::max<int64_t>(1, steps - 1)));
    }
    // Whether the mean of the last `window` losses is far above the lowest such mean so far.
    bool exploded(const std::vector<double> &loss, double &lowest) const {
        if (!std::isfinite(loss.back()))
            return true;
        if (int64_t(loss.size()) < window)
            return false;
        double sum = 0;
        for (size_t i = loss.size() - size_t(window); i < loss.size(); i++)
            sum += loss[i];
        double mean = sum / double(window);
        lowest = std::min(lowest, mean);
        return lowest > 0 && mean > kExploded * lowest;
    }
};

} // namespace

// Trains for some steps while the learning rate rises, and reports the loss of each minibatch before its
// update. options: from, to, steps, window. The samples held out for validation are not used.
// [[Rcpp::export(rng = false)]]
Rcpp::List learning_rate_range(const Rcpp::List &source, const Rcpp::List &config, const Rcpp::List &options,
                               const Rcpp::List &control) {
    return guarded([&] {
        Config settings = config_from_list(config).resolved();
        RDataset source_data = dataset_from_list(source, settings);
        copy_to_disk(source_data);
        const Dataset &data = source_data.data;
        Key seed = key_from_r(control);
        auto number = [&](const char *name) { return Rcpp::as<double>(element(options, name)); };
        RangeTest test{number("from"), number("to"), int64_t(number("steps")), int64_t(number("window"))};

        Device backend(control);
        Autoencoder<float> network(settings, data.features(), backend.table());
        start_network(network, source_data, seed);
        Minibatch<float> batch(network.config(), data, backend.table());
        Optimizer<float> optimizer(network.config(), backend.table());
        std::vector<int64_t> ids = split_samples(data.samples(), settings, seed).training;
        int64_t n = int64_t(ids.size()), size = std::min<int64_t>(settings.batch_size, n);

        RMonitor monitor(R_NilValue);
        DeviceArray<double, float> numbers(backend.table());
        std::vector<double> rates, losses;
        double lowest = INFINITY;
        bool exploded = false;
        for (int64_t step = 0, from = n, epoch = -1; step < test.steps && !exploded; step++, from += size) {
            if (from + size > n) { // whole minibatches only, whose losses are alike
                from = 0;
                ids = epoch_order(split_samples(data.samples(), settings, seed).training, seed,
                                  uint32_t(++epoch), kShuffle);
            }
            batch.load(ids.data() + from, size);
            rates.push_back(test.rate(step));
            optimizer.begin_step(rates.back());
            double loss[2] = {0, 0};
            double *step_numbers = numbers.set(loss, 2);
            network.train_step(batch, seed, uint32_t(epoch), optimizer, {step_numbers, step_numbers + 1});
            numbers.read(loss, 0, 1);
            losses.push_back(loss[0]);
            exploded = test.exploded(losses, lowest);
            if (monitor.should_stop())
                break;
        }
        return Rcpp::List::create(Rcpp::_["rate"] = rates, Rcpp::_["loss"] = losses,
                                  Rcpp::_["exploded"] = exploded);
    });
}
