// Launches in order, and the graphs of lists that come again.
#pragma once
#include "device.h"
#include <list>
#include <vector>

namespace aesop {

struct Launch {
    const void *kernel;
    unsigned x, y, z, threads;
    int64_t arguments; // where they begin in the device's memory for arguments
    bool operator==(const Launch &o) const {
        return kernel == o.kernel && x == o.x && y == o.y && z == o.z && threads == o.threads &&
               arguments == o.arguments;
    }
};
using LaunchList = std::vector<Launch>;

// Runs lists. One that was seen before is recorded as a graph, which costs the host one call instead of one
// for each launch; the graphs of the lists seen last are kept.
class ListRunner {
  public:
    ListRunner(Device &device, bool graphs) : device_(device), graphs_(graphs) {}
    ~ListRunner() { forget(); }
    void run(const LaunchList &list, char *arguments);
    // Gives back the memory of the graphs.
    void forget();

  private:
    struct Entry {
        uint64_t hash;
        LaunchList list;
        cudaGraphExec_t graph; // null: seen once, or cannot be made
        bool tried;
    };
    bool launch(const LaunchList &list, char *arguments);
    void record(Entry &entry, char *arguments);
    void drop(Entry &entry);

    Device &device_;
    const bool graphs_;
    std::list<Entry> entries_; // the one used last first
};

} // namespace aesop
