// A copy on disk has the values and names of its source, whatever the order they are asked for in.
#include "check.h"
#include "core/disk_copy.h"
#include "memory_source.h"
#include <cmath>
#include <cstdio>

using namespace aesop;

namespace {

std::string file() {
    return "disk_copy_test.samples";
}

bool exists(const std::string &path) {
    std::FILE *f = std::fopen(path.c_str(), "rb");
    if (f)
        std::fclose(f);
    return f != nullptr;
}

std::vector<double> row(const BatchSource &source, int64_t sample) {
    std::vector<double> values(size_t(source.features()), 0.0);
    Column c = source.column(sample);
    for (int64_t k = 0; k < c.size; k++)
        values[size_t(c.index ? c.index[k] : k)] = c.value(k);
    return values;
}

void check_same(MemorySource &source, bool sparse) {
    DiskCopy copy(source, file());
    CHECK(copy.sparse() == sparse);
    CHECK_EQUAL(copy.features(), source.features());
    CHECK_EQUAL(copy.samples(), source.samples());
    CHECK_EQUAL(copy.sample_name(2), source.sample_name(2));
    for (uint32_t round = 0; round < 3; round++) {
        std::vector<int64_t> ids(size_t(source.samples()));
        std::iota(ids.begin(), ids.end(), 0);
        ids = epoch_order(ids, Key{1, 2}, round, kShuffle);
        ids.resize(ids.size() / 2);
        copy.prepare(ids.data(), int64_t(ids.size()));
        for (int64_t s : ids)
            CHECK(row(copy, s) == row(source, s));
    }
}

// One sample of integers, the last one missing.
struct IntegerSource : MemorySource {
    IntegerSource() : MemorySource(test_values(3, 5, 1), false) {}
    Column column(int64_t) const override { return {nullptr, values_, nullptr, 5}; }
    int32_t values_[5] = {3, -1, 70000, 2, kMissingInteger};
};

} // namespace

TEST("disk copy: is the source, in any order") {
    for (int features : {1, 2, 7, 64}) {
        MemorySource dense(test_values(30, features, 3), false), sparse(test_counts(30, features, 4), true);
        check_same(dense, false);
        check_same(sparse, true);
    }
    CHECK(!exists(file()));
}

TEST("disk copy: dense samples of zeros are kept as sparse ones") {
    auto values = test_values(40, 50, 5);
    for (auto &sample : values)
        for (double &x : sample)
            x = x < 0.85 ? 0 : x;
    MemorySource zeros(values, false);
    check_same(zeros, true);
}

TEST("disk copy: keeps integers and missing values") {
    IntegerSource source;
    DiskCopy copy(source, file());
    int64_t ids[2] = {2, 0};
    copy.prepare(ids, 2);
    Column c = copy.column(2);
    CHECK(c.integer && !c.real);
    for (int64_t k = 0; k < 4; k++)
        CHECK_EQUAL(c.value(k), double(source.values_[k]));
    CHECK(std::isnan(c.value(4)));
}

TEST("disk copy: one that cannot be made is an error") {
    MemorySource source(test_values(3, 4, 6), false);
    CHECK_THROWS_KIND(DiskCopy(source, "no/such/folder/x"), "io");
}
