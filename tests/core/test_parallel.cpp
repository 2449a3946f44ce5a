// The team of threads: every shard once, whoever comes late, throws, or sleeps.
#include "check.h"
#include "cpu/parallel.h"
#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>
#ifdef __SSE__
#include <xmmintrin.h>
#endif
#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>
#endif

using aesop::Team;

namespace {

void pause_us(int us) {
    std::this_thread::sleep_for(std::chrono::microseconds(us));
}

} // namespace

TEST("parallel: every shard runs once, by a worker with a valid number") {
    for (int threads : {1, 2, 3, 8}) {
        Team team(threads);
        CHECK_EQUAL(team.threads(), threads);
        for (int64_t n : {0, 1, 2, 3, 7, 64, 1000}) {
            std::vector<int> runs(static_cast<size_t>(n), 0), workers(static_cast<size_t>(n), -1);
            team.run(n, [&](int64_t shard, int worker) {
                runs[size_t(shard)]++;
                workers[size_t(shard)] = worker;
            });
            for (size_t i = 0; i < runs.size(); i++) {
                CHECK_EQUAL(runs[i], 1);
                CHECK(workers[i] >= 0 && workers[i] < threads);
            }
        }
    }
}

TEST("parallel: many small jobs, with pauses in which the workers fall asleep") {
    Team team(4);
    int64_t total = 0, expected = 0;
    for (int job = 0; job < 20000; job++) {
        int64_t n = job % 9, parts[9] = {};
        team.run(n, [&](int64_t shard) { parts[shard] = shard + job; });
        for (int64_t i = 0; i < n; i++)
            expected += i + job;
        total += std::accumulate(parts, parts + 9, int64_t(0));
        if (job % 1000 == 0)
            pause_us(300);
    }
    CHECK_EQUAL(total, expected);
}

TEST("parallel: the job ends without workers that have not claimed a shard") {
    // Twice as many threads as cores and more: some workers are off the processor most of the time.
    int threads = int(std::thread::hardware_concurrency()) * 2 + 3;
    Team team(threads);
    std::atomic<int64_t> sum{0};
    for (int job = 0; job < 300; job++)
        team.run(threads * 2, [&](int64_t shard) {
            if (shard % 5 == 0)
                pause_us(20);
            sum += shard;
        });
    CHECK_EQUAL(sum.load(), int64_t(300) * threads * (2 * threads - 1));
}

TEST("parallel: a busy machine slows jobs down but does not stop them") {
    std::atomic<bool> stop{false};
    std::vector<std::thread> others;
    for (unsigned i = 0; i < std::thread::hardware_concurrency(); i++)
        others.emplace_back([&] {
            while (!stop.load(std::memory_order_relaxed)) {
            }
        });
    auto start = std::chrono::steady_clock::now();
    Team team(2);
    std::atomic<int64_t> done{0};
    for (int job = 0; job < 2000; job++)
        team.run(4, [&](int64_t) { done++; });
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    stop = true;
    for (std::thread &t : others)
        t.join();
    CHECK_EQUAL(done.load(), 8000);
    CHECK(seconds < 30); // a barrier of all threads would take a time slice per job
}

TEST("parallel: the exception of the lowest shard is thrown on, and the team goes on working") {
    for (int threads : {1, 2, 4}) {
        Team team(threads);
        for (int round = 0; round < 50; round++) {
            std::string what;
            std::atomic<int> ran{0};
            try {
                team.run(20, [&](int64_t shard) {
                    ran++;
                    if (shard == 5 || shard == 11)
                        throw std::runtime_error("shard " + std::to_string(shard));
                });
            } catch (const std::runtime_error &error) {
                what = error.what();
            }
            CHECK_EQUAL(what, std::string("shard 5"));
            ran = 0;
            team.run(20, [&](int64_t) { ran++; });
            CHECK_EQUAL(ran.load(), 20);
        }
    }
}

TEST("parallel: teams that never work end at once") {
    for (int i = 0; i < 50; i++)
        Team team(4);
    for (int i = 0; i < 20; i++) {
        Team team(4);
        if (i % 2)
            pause_us(200); // asleep by then
    }
}

TEST("parallel: denormals count as zero in shards, and the caller's mode is left alone") {
#ifndef __SSE__
    SKIP("needs SSE");
#else
    unsigned before = _mm_getcsr();
    for (unsigned mode : {0x1F80u, 0x1F80u | 0x2000u}) { // round to nearest, down
        _mm_setcsr(mode);
        for (int threads : {1, 4}) {
            Team team(threads);
            std::vector<unsigned> seen(64, 0);
            std::vector<float> products(64, 1);
            volatile float tiny = 1e-40f;
            team.run(64, [&](int64_t shard) {
                seen[size_t(shard)] = _mm_getcsr() & 0xFFC0;
                products[size_t(shard)] = tiny * 0.5f;
                pause_us(20);
            });
            CHECK_EQUAL(_mm_getcsr(), mode);
            for (size_t i = 0; i < 64; i++) {
                CHECK_EQUAL(seen[i], 0x9FC0u);
                CHECK_EQUAL(products[i], 0.0f);
            }
            try {
                team.run(3, [](int64_t) { throw 1; });
            } catch (int) {
            }
            CHECK_EQUAL(_mm_getcsr(), mode);
        }
    }
    _mm_setcsr(before);
#endif
}

TEST("parallel: a forked child works alone") {
#ifdef _WIN32
    SKIP("no fork");
#else
    Team team(3);
    std::atomic<int> ran{0};
    team.run(50, [&](int64_t) { ran++; });
    pid_t child = fork();
    if (child == 0) {
        std::atomic<int> mine{0};
        team.run(50, [&](int64_t) { mine++; });
        {
            Team own(3);
            own.run(50, [&](int64_t) { mine++; });
            if (own.threads() != 1)
                _exit(2);
        }
        _exit(mine.load() == 100 ? 0 : 1);
    }
    int status = 0;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    team.run(50, [&](int64_t) { ran++; });
    CHECK_EQUAL(ran.load(), 100);
#endif
}
