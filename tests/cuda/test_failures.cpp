// Failures that only the stand-in for CUDA can be asked for.
#ifdef AESOP_EMULATED
#include "cuda/plugin.h"
#include "mock/mock.h"
#include "queue_kernels.h"
#include <cstring>
#include <memory>

using namespace queue_test;
using aesop::DeviceFailure;

namespace {

// Uses memory of every kind; true if all of it went right.
bool work_of_every_kind(Queue &q) {
    std::vector<std::unique_ptr<Work>> all;
    for (int k = 0; k < 12 && !q.failed(); k++)
        all.push_back(std::make_unique<Work>(q, 100 << k / 2));
    if (q.failed())
        return false;
    for (int i = 0; i < 10; i++)
        for (auto &w : all)
            w->step(i, 1 + (i << i));
    std::vector<float> large(100000, 1.0f);
    auto *p = static_cast<float *>(q.allocate(400000));
    if (p)
        q.upload(p, large.data(), 400000);
    q.begin_operation();
    for (int i = 0; i < 5; i++)
        q.scratch<double>(50000 << i);
    auto staged = q.stage<char>(5 << 20);
    std::memset(staged.host, 1, 5 << 20); // goes nowhere after a failure
    bool right = !q.failed();
    for (auto &w : all)
        right = w->right() && right;
    q.release(p);
    return right;
}

} // namespace

TEST("failures: no memory at any allocation, and none of it is lost") {
    int failures = 0;
    for (int n = 1; n <= 50; n++) {
        const mock::Counts before = mock::counts;
        {
            mock::fail_allocation(n);
            auto q = std::make_unique<Queue>(0, false);
            if (!work_of_every_kind(*q)) {
                failures++;
                CHECK(q->failed());
                CHECK(q->failure()->kind == DeviceFailure::out_of_memory);
                CHECK(std::strstr(q->failure()->message, "out of memory") != nullptr);
                CHECK(q->allocate(10) == nullptr);
                q->recover();
                CHECK(!q->failure());
            }
            mock::fail_allocation(0);
            CHECK(work_of_every_kind(*q));
        }
        CHECK_EQUAL(mock::counts.allocated, before.allocated);
        CHECK_EQUAL(mock::counts.allocated_objects, before.allocated_objects);
    }
    CHECK_EQUAL(failures, 0); // one failure at a time is mended by a second try
    mock::set_allocation_limit(1);
    for (int n = 1; n <= 50; n++) {
        const mock::Counts before = mock::counts;
        {
            Queue q(0, false);
            mock::set_allocation_limit(n);
            if (!work_of_every_kind(q)) {
                failures++;
                CHECK(q.failure()->kind == DeviceFailure::out_of_memory);
                mock::set_allocation_limit(-1);
                q.recover();
            }
            CHECK(work_of_every_kind(q));
            mock::set_allocation_limit(-1);
        }
        CHECK_EQUAL(mock::counts.allocated, before.allocated);
        CHECK_EQUAL(mock::counts.allocated_objects, before.allocated_objects);
    }
    CHECK(failures > 30);
}

TEST("failures: a queue that cannot be made says so") {
    for (int n = 1; n <= 2; n++) { // the device, and its stream
        mock::lose_device(n);
        {
            Queue q(0, false);
            CHECK(q.failed());
            CHECK(q.failure() && q.failure()->kind == DeviceFailure::lost);
        }
        mock::lose_device(0);
    }
}

TEST("failures: after the loss of the device it is not called again, not by destructors either") {
    int64_t last = 0;
    for (int n = 1; last == 0; n += n < 100 ? 1 : 37) {
        {
            auto q = std::make_unique<Queue>(0, false);
            mock::lose_device(n);
            bool right = work_of_every_kind(*q);
            if (right)
                last = n; // that many calls were not made
            else {
                CHECK(q->failed());
                CHECK(q->failure()->kind == DeviceFailure::lost);
                CHECK(std::strstr(q->failure()->message, "illegal memory access") != nullptr);
                const int64_t calls = mock::counts.calls;
                q->recover();
                CHECK(q->failed());
                CHECK(!work_of_every_kind(*q));
                CHECK(q->room_for_samples() == 0);
                q.reset();
                CHECK_EQUAL(mock::counts.calls, calls);
            }
        }
        mock::lose_device(0);
    }
    CHECK(last > 100);
}

TEST("failures: devices of the plugin, without one, and with a driver of old") {
    aesop_cuda_device devices[2];
    char text[100] = "";
    CHECK_EQUAL(aesop_cuda_version(), aesop::kBackendVersion);
    CHECK_EQUAL(aesop_cuda_devices(devices, 2, text, sizeof text), 1);
    CHECK_EQUAL(std::string(devices[0].name), "emulated");
    CHECK_EQUAL(std::string(devices[0].reason), "");
    CHECK_EQUAL(devices[0].total_memory, int64_t(1) << 30);
    CHECK_EQUAL(devices[0].major, 9);
    CHECK(devices[0].driver >= devices[0].runtime);

    const void *table = nullptr;
    CHECK_EQUAL(aesop_cuda_open(0, AESOP_CUDA_FLOAT32, &table, text, sizeof text), int(AESOP_CUDA_OPENED));
    CHECK_EQUAL(static_cast<const aesop::Backend<float> *>(table)->version, aesop::kBackendVersion);
    aesop_cuda_close(table);
    aesop_cuda_close(nullptr);
    CHECK_EQUAL(aesop_cuda_open(3, AESOP_CUDA_FLOAT32, &table, text, sizeof text), int(AESOP_CUDA_UNUSABLE));
    CHECK(table == nullptr);
    CHECK(std::strstr(text, "invalid device") != nullptr);

    for (auto [machine, why] : {std::pair<mock::Machine, const char *>{mock::Machine::no_device, "no CUDA"},
                                {mock::Machine::old_driver, "driver version is insufficient"}}) {
        mock::set_machine(machine);
        CHECK_EQUAL(aesop_cuda_devices(devices, 2, text, sizeof text), 0);
        CHECK(std::strstr(text, why) != nullptr);
        text[0] = 0;
        CHECK_EQUAL(aesop_cuda_open(0, AESOP_CUDA_FLOAT32, &table, text, sizeof text),
                    int(AESOP_CUDA_UNUSABLE));
        CHECK(std::strstr(text, why) != nullptr);
        mock::set_machine(mock::Machine::usual);
    }
    mock::set_machine(mock::Machine::old_device);
    CHECK_EQUAL(aesop_cuda_open(0, AESOP_CUDA_TF32, &table, text, sizeof text), int(AESOP_CUDA_UNUSABLE));
    CHECK(std::strstr(text, "float32 only") != nullptr);
    CHECK_EQUAL(aesop_cuda_open(0, AESOP_CUDA_FLOAT32, &table, text, sizeof text), int(AESOP_CUDA_OPENED));
    aesop_cuda_close(table);
    mock::set_machine(mock::Machine::usual);
    mock::fail_allocation(1);
    CHECK_EQUAL(aesop_cuda_open(0, AESOP_CUDA_FLOAT32, &table, text, sizeof text), int(AESOP_CUDA_OPENED));
    aesop_cuda_close(table);
    mock::set_allocation_limit(1);
    CHECK_EQUAL(aesop_cuda_open(0, AESOP_CUDA_FLOAT32, &table, text, sizeof text), int(AESOP_CUDA_MEMORY));
    mock::set_allocation_limit(-1);
}
#endif
