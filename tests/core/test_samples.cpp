// Minibatches from samples of the host, dense or sparse and of any type, and from samples that are on the
// device already: every instruction set against the reference, exactly.
#include "kernel_data.h"

using namespace kernel_test;

namespace {

const Backend<float> &reference = reference_backend<float>();

// The samples of a host in one type, and the columns that describe them.
struct Host {
    std::vector<std::vector<double>> real;
    std::vector<std::vector<int32_t>> integer, index;
    std::vector<Column> columns;
    // About `share` of the features of each sample are stored; 1 and not sparse: all of them.
    Host(Rng &rng, int64_t rows, int64_t cols, bool sparse, bool integers, double share)
        : real(size_t(rows)), integer(size_t(rows)), index(size_t(rows)) {
        for (size_t r = 0; r < size_t(rows); r++) {
            index[r].reserve(1); // its address says that a sample is sparse, also where it is empty
            for (int64_t c = 0; c < cols; c++) {
                if (sparse && number(rng, 0, 1) >= share)
                    continue;
                index[r].push_back(int32_t(c));
                real[r].push_back(double(size(rng, -1000000, 1000000)) / 3);
                integer[r].push_back(size(rng, 0, 9) ? int32_t(size(rng, -5, 20000000)) : kMissingInteger);
            }
            columns.push_back({integers ? nullptr : real[r].data(), integers ? integer[r].data() : nullptr,
                               sparse ? index[r].data() : nullptr, int64_t(index[r].size())});
        }
    }
};

// Sparse rows as an operation writes them; one value more, so that none is empty.
struct Written {
    std::vector<int64_t> start;
    std::vector<int32_t> index;
    std::vector<float> value;
    Written(int64_t rows, int64_t stored)
        : start(size_t(rows + 1), -1), index(size_t(stored + 1), -1), value(size_t(stored + 1), -1.0f) {}
    bool operator==(const Written &o) const {
        return start == o.start && index == o.index && same_bits(value, o.value);
    }
};

std::string label(const Backend<float> &cpu, int i) {
    return std::string(cpu.name) + " " + std::to_string(i);
}
void check_that(bool good, const Backend<float> &cpu, int i, int line) {
    if (!good)
        check::fail(__FILE__, line, label(cpu, i));
}
#define CHECK_HERE(condition) check_that(condition, cpu, i, __LINE__)

std::vector<uint32_t> choice(Rng &rng, int64_t n, int64_t of) { // in any order, some more than once
    std::vector<uint32_t> samples(static_cast<size_t>(n));
    for (uint32_t &s : samples)
        s = uint32_t(size(rng, 0, of - 1));
    return samples;
}

int64_t some_columns(Rng &rng, int i) {
    return i % 8 == 0 ? size(rng, 2000, 4500) : size(rng, 1, 150);
}

} // namespace

TEST("samples: gathered rows are the reference's, dense, sparse and integer; missing ones are not numbers") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(61);
        for (int i = 0; i < 48; i++) {
            int64_t rows = size(rng, 1, 12), cols = some_columns(rng, i / 4);
            Host host(rng, rows, cols, i & 1, i & 2, i % 3 ? 0.2 : 0.0);
            Host other(rng, rows, cols, false, i & 2, 1);
            Pair found(rows, cols), expected(rows, cols);
            found.random(rng); // what was there goes
            cpu.gather(cpu.self, host.columns.data(), found.f);
            reference.gather(nullptr, host.columns.data(), expected.f);
            CHECK_HERE(same_bits(found.f_, expected.f_));
            if (!(i & 1) && (i & 2))
                for (int64_t c = 0; c < cols; c++)
                    CHECK_HERE((host.integer[0][size_t(c)] == kMissingInteger) ==
                               std::isnan(found.f.at(0, c)));
            host.columns[0] = other.columns[0]; // one dense sample among them
            cpu.gather(cpu.self, host.columns.data(), found.f);
            reference.gather(nullptr, host.columns.data(), expected.f);
            CHECK_HERE(same_bits(found.f_, expected.f_));
        }
    });
}

TEST("samples: sparse ones are gathered as they are") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(62);
        for (int i = 0; i < 40; i++) {
            bool many = i == 8; // values
            int64_t rows = many ? 40 : i ? size(rng, 1, 40) : 0, cols = some_columns(rng, i);
            Host host(rng, rows, cols, true, i & 1, many ? 0.9 : i % 5 ? 0.3 : 0.0);
            int64_t stored = 0;
            for (const Column &c : host.columns)
                stored += c.size;
            Written found(rows, stored), expected(rows, stored);
            cpu.gather_sparse(cpu.self, host.columns.data(), rows, found.start.data(), found.index.data(),
                              found.value.data());
            reference.gather_sparse(nullptr, host.columns.data(), rows, expected.start.data(),
                                    expected.index.data(), expected.value.data());
            CHECK_HERE(found == expected);
            CHECK_EQUAL(found.start.back(), stored);
            CHECK_EQUAL(found.index.back(), -1); // nothing is written behind the last one
        }
    });
}

TEST("samples: those on the device are taken by their numbers, dense and sparse") {
    each_backend(2, [](const Backend<float> &cpu) {
        Rng rng(63);
        for (int i = 0; i < 40; i++) {
            int64_t n = size(rng, 1, 60), rows = i ? size(rng, 1, 40) : 0, cols = some_columns(rng, i);
            Pair all(n, cols);
            all.random_sparse(rng, i % 5 ? 0.2 : 0.0);
            Stored<float> stored(all.f);
            stored.value.push_back(0), stored.index.push_back(0); // never empty
            stored.m.value = stored.value.data(), stored.m.index = stored.index.data();
            std::vector<uint32_t> samples = choice(rng, rows, n);
            Pair dense(rows, cols), sparse(rows, cols);
            dense.random(rng), sparse.random(rng); // what was there goes
            cpu.take(cpu.self, all.f, samples.data(), dense.f);
            cpu.take(cpu.self, stored.m, samples.data(), sparse.f);
            CHECK_HERE(padding_is_zero(dense.f) && padding_is_zero(sparse.f));
            std::vector<int64_t> start{0};
            for (int64_t r = 0; r < rows; r++) {
                uint32_t s = samples[size_t(r)];
                start.push_back(start.back() + stored.start[s + 1] - stored.start[s]);
                size_t bytes = size_t(cols) * sizeof(float);
                CHECK_HERE(!std::memcmp(dense.f.row(r), all.f.row(s), bytes));
                CHECK_HERE(!std::memcmp(sparse.f.row(r), all.f.row(s), bytes));
            }
            Written found(rows, start.back()), expected(rows, start.back());
            cpu.take_sparse(cpu.self, stored.m, samples.data(), rows, start.data(), found.start.data(),
                            found.index.data(), found.value.data());
            reference.take_sparse(nullptr, stored.m, samples.data(), rows, start.data(),
                                  expected.start.data(), expected.index.data(), expected.value.data());
            CHECK_HERE(found == expected);
            CHECK_EQUAL(found.index.back(), -1);
            for (int64_t r = 0; r < rows; r++)
                for (int64_t k = found.start[size_t(r)]; k < found.start[size_t(r) + 1]; k++)
                    CHECK_HERE(found.value[size_t(k)] == dense.f.at(r, found.index[size_t(k)]));
        }
    });
}
