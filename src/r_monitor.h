// The core's monitor in an R session: interrupts are polled and progress is reported on the main thread.
#pragma once
#include "core/monitor.h"
#include <Rcpp.h>
#include <chrono>

namespace aesop {

class RMonitor : public Monitor {
  public:
    explicit RMonitor(SEXP progress) : progress_(progress) {}

    // True once the user has pressed Ctrl-C; asks R at most twenty times a second.
    bool should_stop() override {
        auto now = std::chrono::steady_clock::now();
        if (!interrupted_ && now - last_ > std::chrono::milliseconds(50)) {
            last_ = now;
            interrupted_ = R_ToplevelExec([](void *) { R_CheckUserInterrupt(); }, nullptr) == FALSE;
        }
        return interrupted_;
    }
    void epoch_done(const EpochRecord &r) override {
        if (Rf_isNull(progress_))
            return;
        Rcpp::Function report(static_cast<SEXP>(progress_));
        report(Rcpp::List::create(
            Rcpp::_["epoch"] = double(r.epoch), Rcpp::_["loss"] = r.loss, Rcpp::_["val_loss"] = r.val_loss,
            Rcpp::_["learning_rate"] = r.learning_rate, Rcpp::_["seconds"] = r.seconds));
    }

  private:
    Rcpp::RObject progress_;
    bool interrupted_ = false;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

} // namespace aesop
