// Where a fit stands after an epoch, and the file that keeps it. A fit that goes on from there gives the bits
// of one that never stopped: random numbers have no state (philox.h), and the rest is here.
//
// The file is of the kind of model_file.h, with these metadata:
//     "fit"        what the fit is made of, to refuse another one: settings, seed, data, first weights
//     "progress"   the numbers of Progress
// and for each parameter of the network the tensors "value.", "first." and "second." (moments of the
// optimiser, where there are any), "good." and "best." before its name, in the layout of the device;
// "history" as in a model.
#pragma once
#include "dataset.h"
#include "json.h"
#include "model_file.h"
#include "monitor.h"
#include "schedule.h"

namespace aesop {

struct Progress {
    int64_t epoch = 0, step = 0, optimizer_step = 0; // done
    int64_t good_epoch = 0, best_epoch = 0, since_best = 0, halvings = 0;
    int64_t parts = 1;        // of a minibatch, see Trainer
    double good_loss, best_loss; // infinite before the first epoch
    LearningRate::State rate;
    bool finished = false;
    std::string status = "completed";
    std::vector<std::string> messages;
    std::vector<EpochRecord> history;
    Progress();
};

// What a fit is made of. weights: the first ones, of all parameters; frozen: names of those that keep them.
Json describe_fit(const Config &config, const Dataset &data, Key seed,
                  const std::vector<std::vector<double>> &weights, const std::vector<std::string> &frozen);

class Checkpoint {
  public:
    // Reads the file if there is one. Error("checkpoint"), and those of read_model_file(), if it is none.
    explicit Checkpoint(std::string path);
    bool found() const { return !fit_.is_null(); }
    // Of what was found.
    Key seed() const;
    const Progress &progress() const { return progress_; }
    bool has(const std::string &tensor) const { return file_.find_tensor(tensor) != nullptr; }
    std::vector<double> values(const std::string &tensor, int64_t n) const;
    // Error("checkpoint") with the field "differs" unless it is of this fit.
    void require(const Json &fit) const;

    // Replaces the file.
    void write(const Json &fit, const Progress &progress, std::vector<FileTensor> tensors) const;

  private:
    void read();
    std::string path_;
    ModelFile file_;
    Json fit_;
    Progress progress_;
};

} // namespace aesop
