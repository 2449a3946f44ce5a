// Headers that lie: cases G3 to G6 of the reliability suite. Each must be refused with an error of a
// format kind, and before memory is taken for what the header claims.
#include "allocations.h"
#include "check.h"
#include "core/sha256.h"
#include "model_fixture.h"

#include <limits>

using fixture::Bytes;
using fixture::parse;
using fixture::raw_file;

namespace {

std::string kind_of(const Bytes &bytes) {
    return check::thrown_kind([&] { parse(bytes); });
}

bool refused(const std::string &kind) {
    return kind == "format_schema" || kind == "format_limit";
}

std::string metadata(const std::string &data, const std::string &version = "1") {
    aesop::Sha256 hash;
    hash.update(data.data(), data.size());
    return R"("__metadata__":{"format":"aesop","format_version":")" + version + R"(","sha256":")" +
           hash.finish() + "\"}";
}

std::string tensor(const std::string &name, const std::string &dtype, const std::string &shape,
                   const std::string &offsets) {
    return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" +
           offsets + "}";
}

// A file with correct metadata and the tensors given as text.
Bytes file_of(const std::string &tensors, const std::string &data) {
    return raw_file("{" + metadata(data) + (tensors.empty() ? "" : "," + tensors) + "}", data);
}

std::string zeros(std::size_t n) {
    return std::string(n, '\0');
}

std::size_t bytes_allocated_for(const Bytes &bytes) {
    return allocations::counted([&] { kind_of(bytes); });
}

} // namespace

TEST("model header: a correct one made by hand is accepted") {
    const Bytes bytes =
        file_of(tensor("a", "F32", "[2,3]", "[0,24]") + "," + tensor("b", "U8", "[5]", "[24,29]"), zeros(29));
    const auto model = parse(bytes);
    CHECK_EQUAL(model.tensors.size(), 2u);
    CHECK_EQUAL(model.tensors[1].name, "b");
    CHECK_EQUAL(model.tensors[1].data.size(), 5u);
    CHECK(!allocations::kCounted || bytes_allocated_for(bytes) >= 29);
    CHECK_EQUAL(kind_of(file_of("", "")), "(nothing)");
}

TEST("model header: tensors may be listed in another order than their data") {
    const auto model = parse(file_of(
        tensor("b", "U8", "[5]", "[24,29]") + "," + tensor("a", "F32", "[2,3]", "[0,24]"), zeros(29)));
    CHECK_EQUAL(model.tensors[0].name, "a");
    CHECK_EQUAL(model.tensors[1].name, "b");
}

TEST("G3: impossible header lengths are refused without allocating") {
    Bytes bytes = fixture::to_bytes(fixture::small_model());
    const uint64_t size = bytes.size();
    const uint64_t lengths[] = {0,
                                1,
                                uint64_t{1} << 31,
                                uint64_t{1} << 32,
                                uint64_t{1} << 63,
                                std::numeric_limits<uint64_t>::max(),
                                std::numeric_limits<uint64_t>::max() - 7,
                                size,
                                size + 1,
                                size - 8,
                                size - 7,
                                (uint64_t{16} << 20) + 1,
                                uint64_t{16} << 20};
    for (const uint64_t length : lengths) {
        std::memcpy(bytes.data(), &length, 8);
        const std::string kind = kind_of(bytes);
        CHECK(kind == "format_limit" || kind == "format_truncated" || kind == "format_schema");
        if (length < 2 || length > (uint64_t{16} << 20))
            CHECK_EQUAL(kind, "format_limit");
        else if (length > size - 8)
            CHECK_EQUAL(kind, "format_truncated");
        CHECK(bytes_allocated_for(bytes) <= 4 * size);
    }
}

TEST("G4: impossible shapes are refused without allocating") {
    for (const char *shape : {"[4294967296,4294967296]",
                              "[9223372036854775808]",
                              "[9007199254740993]",
                              "[2147483648]",
                              "[0]",
                              "[0,4]",
                              "[]",
                              "[-1]",
                              "[-0]",
                              "[1.5]",
                              "[2.0]",
                              "[2e0]",
                              "[\"2\"]",
                              "[null]",
                              "[[2]]",
                              "2",
                              "{}",
                              "null",
                              "[1,1,1,1,2]",
                              "[2147483647,2147483647,2147483647,2147483647]",
                              "[65536,65536,65536,65536]",
                              "[2147483647,2147483647,2]",
                              "[1]",
                              "[3]"}) {
        const Bytes bytes = file_of(tensor("a", "F32", shape, "[0,8]"), zeros(8));
        CHECK(refused(kind_of(bytes)));
        CHECK(bytes_allocated_for(bytes) < 1u << 16);
    }
    // A product that is 8 in 64 bits, and one that is 0.
    CHECK(refused(kind_of(file_of(tensor("a", "U8", "[384773,49477,34724,55810]", "[0,8]"), zeros(8)))));
    CHECK(refused(kind_of(file_of(tensor("a", "F32", "[65536,65536,65536,16384]", "[0,0]"), ""))));
    std::string rank100 = "[1";
    for (int i = 1; i < 100; ++i)
        rank100 += ",1";
    CHECK_EQUAL(kind_of(file_of(tensor("a", "F32", rank100 + "]", "[0,4]"), zeros(4))), "format_limit");
}

TEST("G4: offsets that overlap, leave holes, run backwards or beyond the file") {
    const auto two = [](const char *a, const char *b) {
        return kind_of(file_of(tensor("a", "F32", "[2]", a) + "," + tensor("b", "F32", "[2]", b), zeros(16)));
    };
    CHECK_EQUAL(two("[0,8]", "[8,16]"), "(nothing)");
    CHECK(refused(two("[0,8]", "[0,8]")));
    CHECK(refused(two("[0,8]", "[4,12]")));
    CHECK(refused(two("[0,8]", "[9,17]")));
    CHECK(refused(two("[4,12]", "[12,20]")));
    CHECK(refused(two("[8,0]", "[8,16]")));
    CHECK(refused(two("[8,16]", "[16,24]")));
    CHECK(refused(two("[0,16]", "[8,16]")));
    CHECK(refused(two("[0,8]", "[8]")));
    CHECK(refused(two("[0,8]", "[8,16,24]")));
    CHECK(refused(two("[0,8]", "[8.0,16]")));
    CHECK(refused(two("[-8,0]", "[0,8]")));
    CHECK(refused(two("[0,8]", "{}")));
    CHECK_EQUAL(kind_of(file_of(tensor("a", "U8", "[2147483647]", "[0,2147483647]"), zeros(16))),
                "format_truncated");
    CHECK(refused(
        kind_of(file_of(tensor("a", "U8", "[16]", "[9007199254740976,9007199254740992]"), zeros(16)))));
}

TEST("G4: a million tensors, all in the same place") {
    std::string tensors;
    for (int i = 0; i < 180000; ++i) // as many as 16 MiB hold
        tensors += (i ? "," : "") + tensor("t" + std::to_string(i), "F32", "[1]", "[0,4]");
    CHECK(tensors.size() < (16u << 20));
    CHECK(refused(kind_of(file_of(tensors, zeros(4)))));
    tensors.clear();
    for (int i = 0; i <= 4096; ++i) {
        const std::string begin = std::to_string(i), end = std::to_string(i + 1);
        tensors += (i ? "," : "") + tensor("t" + begin, "U8", "[1]", "[" + begin + "," + end + "]");
        if (i == 4095)
            CHECK_EQUAL(parse(file_of(tensors, zeros(4096))).tensors.size(), 4096u);
    }
    CHECK_EQUAL(kind_of(file_of(tensors, zeros(4097))), "format_limit");
}

TEST("G4: bytes before and after (polyglots)") {
    const Bytes good = fixture::to_bytes(fixture::small_model());
    for (const std::string &extra :
         {std::string("PK\x03\x04") + zeros(26), std::string("<html>\n"), std::string("%PDF-1.7\n"),
          std::string("\x1f\x8b\x08"), zeros(1), zeros(8)}) {
        Bytes before(extra.begin(), extra.end()), after = good;
        before.insert(before.end(), good.begin(), good.end());
        after.insert(after.end(), extra.begin(), extra.end());
        CHECK(kind_of(before).rfind("format_", 0) == 0);
        CHECK_EQUAL(kind_of(after), "format_schema");
    }
}

TEST("G4: tensor entries that are incomplete or say more than they should") {
    for (const char *entry :
         {R"("a":1)", R"("a":null)", R"("a":[])", R"("a":{})", R"("a":{"dtype":"U8","shape":[4]})",
          R"("a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"x":1})",
          R"("a":{"dtype":"U8","shape":[4],"offsets":[0,4]})",
          R"("a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]})",
          R"("a":{"dtype":"u8","shape":[4],"data_offsets":[0,4]})",
          R"("a":{"dtype":8,"shape":[4],"data_offsets":[0,4]})",
          R"("":{"dtype":"U8","shape":[4],"data_offsets":[0,4]})"})
        CHECK_EQUAL(kind_of(file_of(entry, zeros(4))), "format_schema");
    CHECK_EQUAL(
        kind_of(file_of("\"" + std::string(257, 'n') + R"(":{"dtype":"U8","shape":[4],"data_offsets":[0,4]})",
                        zeros(4))),
        "format_schema");
}

TEST("G5: headers that are no strict JSON") {
    const std::string meta = metadata("");
    std::string nested;
    for (int i = 0; i < 10000; ++i)
        nested += "{\"a\":";
    for (const std::string &header :
         {std::string("[]"), std::string(" {") + meta + "}", "{" + meta + "} x",
          "{" + meta + "," + meta + "}", "{" + meta + ",}", "{" + meta + ",\"a\":NaN}",
          "{" + meta + ",\"a\":1e999}", "{" + meta + ",\"a\":" + std::string(400, '1') + "}",
          "{" + meta + ",/*c*/\"a\":1}", "{" + meta + ",\"a\":\"\\ud800\"}", "{" + meta + ",\"\xff\":1}",
          "{" + meta + ",\"a\":\"" + std::string(9u << 20, 'x') + "\"}", "{" + meta + "," + nested.substr(1),
          "\xef\xbb\xbf{" + meta + "}", "{" + meta + std::string(1, '\0') + "}",
          "{" + meta + "}" + std::string(1, '\0')})
        CHECK_EQUAL(kind_of(raw_file(header)), "format_schema");
    CHECK_EQUAL(kind_of(raw_file("{" + meta + "}   ")), "(nothing)");
}

TEST("G5: a header of tiny values does not grow in memory") {
    std::string header = "{" + metadata("") + ",\"a\":[0";
    while (header.size() < (16u << 20) - 16)
        header += ",0";
    const Bytes bytes = raw_file(header + "]}");
    CHECK_EQUAL(kind_of(bytes), "format_schema");
    CHECK(bytes_allocated_for(bytes) < 64u << 20);
}

TEST("G6: values that are not finite") {
    const std::string f32[] = {std::string("\0\0\x80\x7f", 4), std::string("\0\0\x80\xff", 4),
                               std::string("\0\0\xc0\x7f", 4), std::string("\x01\0\x80\x7f", 4)};
    for (const std::string &bits : f32) {
        CHECK_EQUAL(kind_of(file_of(tensor("a", "F32", "[2]", "[0,8]"), zeros(4) + bits)), "numeric");
        CHECK_EQUAL(kind_of(file_of(tensor("a", "I32", "[2]", "[0,8]"), zeros(4) + bits)), "(nothing)");
    }
    const std::string infinite("\0\0\0\0\0\0\xf0\x7f", 8), missing("\0\0\0\0\0\0\xf8\x7f", 8);
    CHECK_EQUAL(kind_of(file_of(tensor("a", "F64", "[1]", "[0,8]"), infinite)), "numeric");
    CHECK_EQUAL(kind_of(file_of(tensor("a", "F64", "[1]", "[0,8]"), missing)), "numeric");
    CHECK_EQUAL(kind_of(file_of(tensor("history", "F64", "[1]", "[0,8]"), infinite)), "numeric");
    CHECK_EQUAL(kind_of(file_of(tensor("history", "F64", "[1]", "[0,8]"), missing)), "(nothing)");
}

TEST("model header: what is needed to be an aesop model") {
    const std::string sum = "\"sha256\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"";
    const auto kind = [](const std::string &entries) {
        return kind_of(raw_file("{\"__metadata__\":{" + entries + "}}"));
    };
    CHECK_EQUAL(kind(R"("format":"aesop","format_version":"1",)" + sum), "(nothing)");
    CHECK_EQUAL(kind(R"("format":"aesop","format_version":"1","later":"unknown keys are fine",)" + sum),
                "(nothing)");
    CHECK_EQUAL(kind(R"("format":"pt","format_version":"1",)" + sum), "format_schema");
    CHECK_EQUAL(kind(R"("format_version":"1",)" + sum), "format_schema");
    CHECK_EQUAL(kind(R"("format":"aesop",)" + sum), "format_schema");
    CHECK_EQUAL(kind(R"("format":"aesop","format_version":"1")"), "format_schema");
    CHECK_EQUAL(kind(R"("format":"aesop","format_version":1,)" + sum), "format_schema");
    for (const char *version : {"", "0", "01", "-1", "1.0", "x", " 1", "9999999999"})
        CHECK_EQUAL(kind(std::string(R"("format":"aesop","format_version":")") + version + "\"," + sum),
                    "format_schema");
    for (const char *version : {"2", "10", "999999999"})
        CHECK_EQUAL(kind(std::string(R"("format":"aesop","format_version":")") + version + "\"," + sum),
                    "format_version");
    CHECK_EQUAL(kind(R"("format":"aesop","format_version":"1","sha256":"abc")"), "format_schema");
    CHECK_EQUAL(kind_of(raw_file("{}")), "format_schema");
    CHECK_EQUAL(kind_of(raw_file("{\"__metadata__\":[]}")), "format_schema");
}

TEST("D6: a newer file names the version needed") {
    const std::string header = "{" + metadata("", "7") + "}";
    try {
        parse(raw_file(header));
        CHECK(false);
    } catch (const aesop::Error &error) {
        CHECK_EQUAL(error.kind, "format_version");
        CHECK(std::strstr(error.what(), "version 7") != nullptr);
        CHECK_EQUAL(std::get<double>(*error.field("needed")), 7);
    }
}

TEST("G9: messages show names from the file escaped and cut short") {
    const std::string name = "\\u001b[31m%s%n$(x)" + std::string(200, 'y');
    for (const char *shape : {"[0]", "[3]", "[1,1,1,1,1]", "\"x\""}) {
        try {
            parse(file_of(tensor(name, "U8", shape, "[0,4]"), zeros(4)));
            CHECK(false);
        } catch (const aesop::Error &error) {
            CHECK(std::strchr(error.what(), '\x1b') == nullptr);
            CHECK(std::strlen(error.what()) < 400);
        }
    }
}
