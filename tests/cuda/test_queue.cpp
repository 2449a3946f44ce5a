// Order, arguments and memory of the queue of kernels; on a GPU as well as on its stand-in.
#include "cuda/tile.h"
#include "queue_kernels.h"
#include <algorithm>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>
#ifdef AESOP_EMULATED
#include "mock/mock.h"
#endif

using namespace queue_test;
using aesop::DeviceFailure;

TEST("queue: launches run in order, at once or together") {
    for (bool at_once : {false, true}) {
        Queue q(0, at_once);
        CHECK(!q.failed());
        Work w(q, 1000);
        for (int i = 0; i < 40; i++)
            w.step(i, 10);
        CHECK(w.right());
        CHECK(!q.failed());
    }
}

TEST("queue: arguments and staged data of many steps, whatever their sizes") {
    Queue q(0, false);
    Work a(q, 300), b(q, 77);
    for (int i = 0; i < 1000; i++) {
        a.step(i, 1 + i * 37 % 5000);
        b.step(i + 1, 1 + i * 11 % 60);
        if (i % 97 == 0)
            CHECK(a.right());
        if (i % 89 == 0)
            q.flush();
        if (i % 83 == 0)
            q.wait();
    }
    CHECK(a.right());
    CHECK(b.right());
}

TEST("queue: lists that come again are replayed with new arguments") {
    Queue q(0, false);
    Work w(q, 500);
#ifdef AESOP_EMULATED
    const mock::Counts before = mock::counts;
#endif
    for (int i = 0; i < 80; i++) // ten flushes
        w.step(i, 5 + i / 8);
    CHECK(w.right());
#ifdef AESOP_EMULATED
    CHECK_EQUAL(mock::counts.captures - before.captures, 1);
    CHECK_EQUAL(mock::counts.graphs - before.graphs, 9);
    CHECK_EQUAL(mock::counts.kernels - before.kernels, 160);
#endif
    for (int i = 0; i < 400; i++) { // 200 different lists, and then the first kind again
        w.step(i, 5);
        if (i % 2 == 0)
            for (int k = 0; k <= i / 2; k += 20)
                add_total(q, w.y(), 1 + i / 2, q.scratch<int64_t>(1));
        else
            q.flush();
    }
    CHECK(w.right());
    for (int i = 0; i < 40; i++)
        w.step(i, 5);
    CHECK(w.right());
}

TEST("queue: more staged data, arguments and scratch in one operation than there is room for") {
    for (bool at_once : {false, true}) {
        Queue q(0, at_once);
        constexpr int64_t n = 3000;
        auto *y = static_cast<int64_t *>(q.allocate(n * 8));
        std::vector<int64_t> expected(n, 0), found(n);
        for (int round = 0; round < 4; round++) {
            q.begin_operation();
            auto late = q.stage<int64_t>(n); // filled after other launches
            for (int i = 0; i < (at_once ? 50 : 20000); i++) {
                std::vector<int64_t> x(n, i % 7);
                q.launch(step, Grid{1}, 64, Step{q.to_device(x.data(), i % 50 ? 1 : n), 1, y, 64, 1});
                for (int64_t k = 0; k < 64; k++)
                    expected[size_t(k)] += i % 7;
            }
            for (int64_t k = 0; k < n; k++)
                late.host[k] = k + round;
            auto *one = q.scratch<int64_t>(n << round * 3), *other = q.scratch<int64_t>(n << round * 3);
            CHECK(one != other);
            q.copy(one, late.device, n * 8);
            q.copy(other, y, n * 8);
            q.launch(step, Grid{aesop::blocks(n, 256)}, 256, Step{one, n, y, n, 1});
            q.launch(step, Grid{aesop::blocks(n, 256)}, 256, Step{other, n, y, n, 1});
            for (int64_t k = 0; k < n; k++)
                expected[size_t(k)] = 2 * expected[size_t(k)] + k + round;
        }
        q.download(found.data(), y, n * 8);
        CHECK(found == expected);
        q.release(y);
        CHECK(!q.failed());
    }
}

TEST("queue: uploads, copies and downloads keep the order, and memory begins with zeros") {
    Queue q(0, false);
    for (int64_t n : {1, 15, 16, 1000, 16384, 16385, 300001}) {
        std::vector<float> a(static_cast<size_t>(n)), b(a), c(a);
        for (size_t i = 0; i < a.size(); i++)
            a[i] = float(i);
        auto *p = static_cast<float *>(q.allocate(n * 4)), *r = static_cast<float *>(q.allocate(n * 4 + 4));
        q.download(b.data(), p, n * 4);
        CHECK(b == c);
        q.upload(p, a.data(), n * 4);
        q.copy(r + 1, p, n * 4); // not aligned
        q.upload(p, c.data(), n * 4);
        q.copy(r, r + 1, 4);
        a[0] = -1; // read already
        q.download(b.data(), r + 1, n * 4);
        a[0] = 0;
        CHECK(a == b);
        q.download(b.data(), p, n * 4);
        CHECK(b == c);
        q.release(p);
        q.release(r);
    }
    void *nothing = q.allocate(0);
    CHECK(nothing != nullptr);
    q.release(nothing);
    q.release(nullptr);
    q.upload(nullptr, nullptr, 0);
    q.copy(nullptr, nullptr, 0);
    CHECK(!q.failed());
    CHECK(q.room_for_samples() > 0);
}

TEST("queue: a forked process cannot use it, and leaves the parent's alone") {
#ifndef AESOP_EMULATED
    SKIP("the child has not got the tests' memory; cuda-driver checks it");
#endif
    Queue q(0, false);
    Work w(q, 100);
    w.step(1, 10);
    pid_t child = fork();
    if (child == 0) {
#ifdef AESOP_EMULATED
        const int64_t calls = mock::counts.calls;
#endif
        q.begin_operation();
        bool right = q.failed() && q.failure()->kind == DeviceFailure::forked &&
                     std::strstr(q.failure()->message, "forked") && !q.allocate(10);
        auto staged = q.stage<int>(10);
        staged.host[9] = 1;
        q.launch(step, Grid{1}, 64, Step{});
        q.flush();
        q.wait();
        q.recover();
        q.release(w.y());
        right = right && q.failed() && !staged.device;
#ifdef AESOP_EMULATED
        right = right && mock::counts.calls == calls;
#endif
        _exit(right ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    w.step(2, 10);
    CHECK(w.right());
    CHECK(!q.failure());
}

TEST("queue: sums have as many parts as wanted at most, and one where none are") {
    for (int64_t steps : {0, 1, 2, 7, 8, 100})
        for (int64_t wanted : {0, 1, 3, 8}) {
            aesop::Parts parts(steps, wanted);
            CHECK(parts.n >= 1 && parts.n <= std::max<int64_t>(wanted, 1));
            CHECK(parts.size * parts.n >= steps);
        }
}
