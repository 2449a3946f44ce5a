// What training tells its host, and asks of it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace aesop {

struct EpochRecord {
    int64_t epoch;
    double loss, val_loss, learning_rate, seconds; // val_loss: NaN without validation
};

class Monitor {
  public:
    virtual ~Monitor() = default;
    // Called between steps on the training thread; true asks training to stop after this step.
    virtual bool should_stop() { return false; }
    virtual void epoch_done(const EpochRecord &) {}
};

} // namespace aesop
