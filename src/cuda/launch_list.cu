#include "launch_list.h"

namespace aesop {

namespace {

constexpr size_t kRemembered = 64;

uint64_t hash_of(const LaunchList &list) { // FNV-1a, by words
    uint64_t h = 14695981039346656037u;
    auto add = [&](uint64_t v) { h = (h ^ v) * 1099511628211u; };
    for (const Launch &l : list) {
        add(uint64_t(reinterpret_cast<uintptr_t>(l.kernel)));
        add(uint64_t(l.x) << 32 | l.y);
        add(uint64_t(l.z) << 32 | l.threads);
        add(uint64_t(l.arguments));
        h ^= h >> 29;
    }
    return h;
}

} // namespace

bool ListRunner::launch(const LaunchList &list, char *arguments) {
    for (const Launch &l : list) {
        void *pointer = arguments + l.arguments, *parameters[] = {&pointer};
        if (!device_.check(cudaLaunchKernel(l.kernel, dim3(l.x, l.y, l.z), dim3(l.threads), parameters, 0,
                                            device_.stream()),
                           "starting a kernel"))
            return false;
    }
    return true;
}

void ListRunner::record(Entry &entry, char *arguments) {
    entry.tried = true;
    if (!device_.check(cudaStreamBeginCapture(device_.stream(), cudaStreamCaptureModeThreadLocal),
                       "recording a graph"))
        return;
    bool complete = launch(entry.list, arguments);
    if (!device_.usable())
        return;
    cudaGraph_t graph = nullptr;
    if (!device_.check(cudaStreamEndCapture(device_.stream(), &graph), "recording a graph") || !graph)
        return;
    // Without memory for a graph the list runs as it is.
    if (complete && !device_.attempt(cudaGraphInstantiateWithFlags(&entry.graph, graph, 0), "making a graph"))
        entry.graph = nullptr;
    if (device_.usable())
        device_.check(cudaGraphDestroy(graph), "releasing a graph");
}

void ListRunner::drop(Entry &entry) {
    if (entry.graph && device_.usable() && device_.wait()) // it may be running
        device_.check(cudaGraphExecDestroy(entry.graph), "releasing a graph");
    entry.graph = nullptr;
}

void ListRunner::forget() {
    for (Entry &e : entries_)
        drop(e);
    entries_.clear();
}

void ListRunner::run(const LaunchList &list, char *arguments) {
    if (!graphs_) {
        launch(list, arguments);
        return;
    }
    uint64_t hash = hash_of(list);
    auto at = entries_.begin();
    while (at != entries_.end() && !(at->hash == hash && at->list == list))
        ++at;
    if (at == entries_.end()) {
        entries_.push_front({hash, list, nullptr, false});
        if (entries_.size() > kRemembered) {
            drop(entries_.back());
            entries_.pop_back();
        }
    } else {
        entries_.splice(entries_.begin(), entries_, at);
        if (!at->tried)
            record(*at, arguments);
    }
    cudaGraphExec_t graph = entries_.front().graph;
    if (device_.lost() ||
        (graph && device_.attempt(cudaGraphLaunch(graph, device_.stream()), "starting a graph")))
        return;
    if (!device_.lost()) // no graph, or no memory for its start
        launch(list, arguments);
}

} // namespace aesop
