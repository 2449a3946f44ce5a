// Model files in memory: exactness, and cases G1, G2 and G6 of the reliability suite.
#include "check.h"
#include "core/model_schema.h"
#include "model_fixture.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <new>
#include <random>

using fixture::Bytes;
using fixture::parse;
using fixture::to_bytes;

namespace {

std::string kind_of(const Bytes &bytes) {
    return check::thrown_kind([&] { parse(bytes); });
}

bool same_model(const aesop::ModelFile &a, const aesop::ModelFile &b) {
    return a.metadata == b.metadata && a.tensors == b.tensors;
}

Bytes all_data(const aesop::ModelFile &model) {
    Bytes bytes;
    for (const auto &tensor : model.tensors)
        bytes.insert(bytes.end(), tensor.data.begin(), tensor.data.end());
    return bytes;
}

} // namespace

TEST("model file: written and read back exactly, and the same bytes again") {
    const auto model = fixture::small_model();
    const Bytes bytes = to_bytes(model);
    const auto loaded = parse(bytes);
    CHECK(loaded.tensors == model.tensors);
    CHECK(to_bytes(loaded) == bytes);
    CHECK(same_model(parse(to_bytes(loaded)), loaded));
    CHECK_EQUAL(*loaded.find_metadata("format"), "aesop");
    for (const auto &entry : model.metadata)
        CHECK_EQUAL(*loaded.find_metadata(entry.first), entry.second);
    CHECK(loaded.find_metadata("nothing") == nullptr);
    CHECK(loaded.find_tensor("history")->data == model.tensors.back().data);
    CHECK(loaded.find_tensor("nothing") == nullptr);
    CHECK_EQUAL((bytes.size() - all_data(model).size()) % 8, 0u);
}

TEST("model file: values of every type") {
    const double values[] = {0, 1, 2, 100, 200, 255};
    for (const auto dtype :
         {aesop::DType::F32, aesop::DType::F64, aesop::DType::I32, aesop::DType::I64, aesop::DType::U8}) {
        const auto tensor = aesop::make_tensor("t", dtype, {2, 3}, values);
        CHECK_EQUAL(tensor.data.size(), 6 * aesop::dtype_size(dtype));
        CHECK(aesop::tensor_values(tensor) == std::vector<double>(values, values + 6));
    }
    const double negative[] = {-2147483648.0, 2147483647.0};
    CHECK(aesop::tensor_values(aesop::make_tensor("t", aesop::DType::I32, {2}, negative)) ==
          std::vector<double>(negative, negative + 2));
    const double one = 1;
    CHECK((aesop::make_tensor("t", aesop::DType::F32, {1}, &one).data == Bytes{0, 0, 0x80, 0x3f}));
    CHECK((aesop::make_tensor("t", aesop::DType::I64, {1}, &one).data == Bytes{1, 0, 0, 0, 0, 0, 0, 0}));
    const auto kind = [](aesop::DType dtype, double value) {
        return check::thrown_kind([&] { aesop::make_tensor("t", dtype, {1}, &value); });
    };
    CHECK_EQUAL(kind(aesop::DType::F32, 1e39), "numeric");
    CHECK_EQUAL(kind(aesop::DType::I32, 2147483648.0), "numeric");
    CHECK_EQUAL(kind(aesop::DType::I32, 0.5), "numeric");
    CHECK_EQUAL(kind(aesop::DType::I64, 9223372036854775808.0), "numeric");
    CHECK_EQUAL(kind(aesop::DType::I64, -9223372036854775808.0), "(nothing)");
    CHECK_EQUAL(kind(aesop::DType::U8, -1), "numeric");
    CHECK_EQUAL(kind(aesop::DType::U8, std::nan("")), "numeric");
}

TEST("G1: a file cut at any length") {
    const Bytes bytes = to_bytes(fixture::small_model());
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        const std::string kind =
            kind_of(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n)));
        if (kind != "format_truncated")
            check::fail(__FILE__, __LINE__, "cut at " + std::to_string(n) + ": " + kind);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    CHECK(took.count() < 0.05 * static_cast<double>(bytes.size()));
    CHECK_EQUAL(kind_of(bytes), "(nothing)");
}

namespace {

// What may come of a damaged file: an error, or (damage to the free parts of the metadata) the same tensors.
void check_damaged(const Bytes &damaged, const aesop::ModelFile &model, const std::string &how) {
    try {
        if (!(parse(damaged, aesop::check_schema).tensors == model.tensors))
            check::fail(__FILE__, __LINE__, how + ": accepted with other tensors");
    } catch (const aesop::Error &error) {
        if (error.kind.rfind("format_", 0) != 0)
            check::fail(__FILE__, __LINE__, how + ": " + error.kind);
        for (const char *c = error.what(); *c != '\0'; ++c)
            if (*c < 0x20 || *c > 0x7e)
                check::fail(__FILE__, __LINE__, how + ": the message shows raw bytes");
    }
}

} // namespace

TEST("G2: every byte of the header changed") {
    const auto model = fixture::small_model();
    const Bytes bytes = to_bytes(model), data = all_data(model);
    for (std::size_t i = 0; i < bytes.size() - data.size(); ++i) {
        const unsigned char old = bytes[i];
        for (const int value : {0x00, 0xff, int{'"'}, int{'{'}, old + 1, old - 1}) {
            Bytes damaged = bytes;
            damaged[i] = static_cast<unsigned char>(value);
            check_damaged(damaged, model, "byte " + std::to_string(i) + " = " + std::to_string(value & 0xff));
        }
    }
}

TEST("G2: 20000 random changes of several bytes") {
    const auto model = fixture::small_model();
    const Bytes bytes = to_bytes(model), data = all_data(model);
    const std::size_t data_start = bytes.size() - data.size();
    std::mt19937 random(20261121);
    for (int trial = 0; trial < 20000; ++trial) {
        Bytes damaged = bytes;
        bool in_data_only = true;
        // Half of the trials stay within the data.
        const std::size_t first = trial % 2 == 0 ? data_start : 0;
        for (int flips = 1 + static_cast<int>(random() % 8); flips > 0; --flips) {
            const std::size_t at = first + random() % (bytes.size() - first);
            in_data_only = in_data_only && at >= data_start;
            damaged[at] = static_cast<unsigned char>(damaged[at] ^ (1 + random() % 255));
        }
        if (in_data_only && damaged != bytes)
            CHECK_EQUAL(kind_of(damaged), "format_checksum");
        else
            check_damaged(damaged, model, "trial " + std::to_string(trial));
    }
}

TEST("G6: values that are not finite are not written") {
    const double infinity = std::numeric_limits<double>::infinity();
    for (const double value : {std::nan(""), infinity, -infinity}) {
        for (const auto dtype : {aesop::DType::F32, aesop::DType::F64}) {
            auto model = fixture::small_model();
            const double values[] = {1, value};
            model.tensors.push_back(aesop::make_tensor("extra", dtype, {2}, values));
            CHECK_THROWS_KIND(aesop::model_file_header(model), "numeric");
        }
    }
}

TEST("model file: a history may lack values, and denormal weights are kept") {
    auto model = fixture::small_model();
    const double values[] = {1, 0.5, std::nan(""), 1e-3, 0.1};
    model.tensors.back() = aesop::make_tensor("history", aesop::DType::F64, {1, 5}, values);
    const double tiny[] = {1e-40, -1e-45};
    model.tensors.push_back(aesop::make_tensor("tiny", aesop::DType::F32, {2}, tiny));
    const auto loaded = parse(to_bytes(model));
    CHECK(loaded.tensors == model.tensors);
    CHECK(aesop::tensor_values(loaded.tensors.back())[0] != 0);
}

TEST("model file: what could not be read back is not written") {
    auto model = fixture::small_model();
    model.tensors.push_back(model.tensors.front());
    CHECK_THROWS_KIND(aesop::model_file_header(model), "format_schema"); // a name twice
    model = fixture::small_model();
    model.tensors[0].data.pop_back();
    CHECK_THROWS_KIND(aesop::model_file_header(model), "format_schema");
    model = fixture::small_model();
    model.metadata.emplace_back("long", std::string((8u << 20) + 1, 'x'));
    CHECK_THROWS_KIND(aesop::model_file_header(model), "format_schema");
    model.metadata.back().second.pop_back();
    CHECK_EQUAL(parse(to_bytes(model)).metadata.back().second.size(), 8u << 20);
    model.metadata.emplace_back("long too", std::string(8u << 20, 'x'));
    CHECK_THROWS_KIND(aesop::model_file_header(model), "format_limit");
    model = fixture::small_model();
    model.metadata.emplace_back("bytes", "\xff");
    CHECK_THROWS_KIND(aesop::model_file_header(model), "format_schema");
}

TEST("model file: the schema is checked before memory is taken for the data") {
    static bool empty = false;
    const Bytes bytes = to_bytes(fixture::small_model());
    const auto refuse = [](const aesop::ModelFile &model) {
        empty = true;
        for (const auto &tensor : model.tensors)
            empty = empty && tensor.data.empty() && tensor.data.capacity() == 0 && tensor.count() > 0;
        throw aesop::Error("format_schema", "not liked");
    };
    CHECK_THROWS_KIND(parse(bytes, refuse), "format_schema");
    CHECK(empty);
}

TEST("model file: memory that is not there is an error of its own kind") {
    struct NoMemory : aesop::BytesInMemory {
        using aesop::BytesInMemory::BytesInMemory;
        void read(uint64_t offset, std::size_t n, unsigned char *to) override {
            if (offset > 8)
                throw std::bad_alloc();
            aesop::BytesInMemory::read(offset, n, to);
        }
    };
    const Bytes bytes = to_bytes(fixture::small_model());
    NoMemory source(bytes.data(), bytes.size());
    try {
        aesop::parse_model_file(source);
        CHECK(false);
    } catch (const aesop::Error &error) {
        CHECK_EQUAL(error.kind, "memory");
        CHECK_EQUAL(std::get<double>(*error.field("bytes")), static_cast<double>(bytes.size()));
    }
}
