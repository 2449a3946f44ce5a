#include "check.h"
#include "core/json.h"
#include "core/text.h"

#include <clocale>
#include <cmath>
#include <cstring>
#include <limits>
#include <locale>
#include <string>

using aesop::Json;
using aesop::parse_json;
using aesop::write_json;

namespace {

std::string rewritten(const std::string &text) {
    return write_json(parse_json(text));
}
std::string repeated(const std::string &piece, int times) {
    std::string out;
    for (int i = 0; i < times; ++i)
        out += piece;
    return out;
}
const char *const kSchema = "format_schema";

} // namespace

TEST("json: values of every type, read and written") {
    const std::string text = R"({"a":[1,2.5,-3,true,false,null],"b":{"c":"text"},"d":[],"e":{}})";
    CHECK_EQUAL(rewritten(text), text);
    CHECK_EQUAL(rewritten(" \t\r\n{ \"a\" : [ 1 , 2 ] } \n"), "{\"a\":[1,2]}");
    CHECK_EQUAL(rewritten("\"x\""), "\"x\"");
    CHECK_EQUAL(rewritten("-0"), "-0");
    const Json json = parse_json(text);
    CHECK_EQUAL(json.at("a").array().size(), 6u);
    CHECK_EQUAL(json.at("a").array()[1].number(), 2.5);
    CHECK_EQUAL(json.at("b").at("c").string(), "text");
    CHECK(json.find("z") == nullptr);
    CHECK_THROWS_KIND(json.at("z"), kSchema);
}

TEST("json: strings and their escapes") {
    CHECK_EQUAL(parse_json(R"("\"\\\/\b\f\n\r\t")").string(), "\"\\/\b\f\n\r\t");
    CHECK_EQUAL(parse_json(R"("\u0041\u00e9\u6f22\ud83d\ude00")").string(),
                "A\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80");
    CHECK_EQUAL(parse_json("\"\xc3\xa9\xe6\xbc\xa2\"").string(), "\xc3\xa9\xe6\xbc\xa2");
    CHECK_EQUAL(write_json(Json("a\"b\\c\n\x1f\xc3\xa9")), "\"a\\\"b\\\\c\\u000a\\u001f\xc3\xa9\"");
    for (const char *bad :
         {R"("\x41")", R"("\u12")", R"("\u12g4")", R"("\)", R"(")", R"("\")", "\"a\nb\"", "\"\x01\""})
        CHECK_THROWS_KIND(parse_json(bad), kSchema);
}

TEST("json: refuses unpaired surrogates, NUL, a byte order mark and invalid UTF-8") {
    for (const char *bad :
         {R"("\ud800")", R"("\udc00")", R"("\ud800\ud800")", R"("\ud800x")", R"("\udc00\ud800")",
          R"("\u0000")", "\xef\xbb\xbf{}", "\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"",
          "\"\xf4\x90\x80\x80\"", "\"\xe6\xbc\"", "\"\x80\"", "\"\xf8\x88\x80\x80\x80\""})
        CHECK_THROWS_KIND(parse_json(bad), kSchema);
    CHECK_THROWS_KIND(parse_json(std::string("\"a\0b\"", 5)), kSchema);
    CHECK_THROWS_KIND(parse_json(std::string("{}\0", 3)), kSchema);
    CHECK_THROWS_KIND(parse_json(std::string("[1\0]", 4)), kSchema);
    CHECK_THROWS_KIND(write_json(Json(std::string("a\0b", 3))), kSchema);
    CHECK_THROWS_KIND(write_json(Json("\xff")), kSchema);
}

TEST("json: refuses what is no JSON") {
    for (const char *bad : {"",           " ",
                            "{",          "}",
                            "[",          "]",
                            "{\"a\"}",    "{\"a\":}",
                            "{\"a\":1,}", "{,}",
                            "{a:1}",      "{'a':1}",
                            "[1,]",       "[,1]",
                            "[1 2]",      "[1]]",
                            "{} {}",      "1 2",
                            "nul",        "nulll",
                            "True",       "NaN",
                            "Infinity",   "-Infinity",
                            "-",          "+1",
                            ".5",         "1.",
                            "1e",         "1e+",
                            "01",         "-01",
                            "0x10",       "1_000",
                            "/* no */ 1", "1 // no",
                            "# no\n1",    "{\"a\":1 \"b\":2}"})
        CHECK_THROWS_KIND(parse_json(bad), kSchema);
}

TEST("json: refuses duplicate keys, at any depth and however written") {
    for (const char *bad :
         {R"({"a":1,"a":2})", R"({"a":1,"b":2,"\u0061":3})", R"([{"x":{"k":1,"k":1}}])", R"({"":1,"":2})"})
        CHECK_THROWS_KIND(parse_json(bad), kSchema);
    CHECK_EQUAL(rewritten(R"({"a":{"a":1},"A":2})"), R"({"a":{"a":1},"A":2})");
}

TEST("json: depth is limited, without running out of stack") {
    CHECK_EQUAL(rewritten(repeated("[", 8) + repeated("]", 8)), repeated("[", 8) + repeated("]", 8));
    CHECK_THROWS_KIND(parse_json(repeated("[", 9) + repeated("]", 9)), kSchema);
    for (const int depth : {10000, 1000000}) {
        CHECK_THROWS_KIND(parse_json(repeated("[", depth)), kSchema);
        CHECK_THROWS_KIND(parse_json(repeated("{\"a\":", depth)), kSchema);
    }
}

TEST("json: sizes of strings, keys and the number of values are limited") {
    const std::string longest(8u << 20, 'x');
    CHECK_EQUAL(parse_json("\"" + longest + "\"").string().size(), longest.size());
    CHECK_THROWS_KIND(parse_json("\"" + longest + "x\""), kSchema);
    CHECK_THROWS_KIND(parse_json("\"" + longest + longest + "\""), kSchema);
    CHECK_THROWS_KIND(parse_json("\"" + longest + "\\u00e9\""), kSchema);
    CHECK(parse_json("{\"" + std::string(256, 'k') + "\":1}").find(std::string(256, 'k')) != nullptr);
    CHECK_THROWS_KIND(parse_json("{\"" + std::string(257, 'k') + "\":1}"), kSchema);
    CHECK_THROWS_KIND(parse_json("[" + repeated("0,", 1 << 20) + "0]"), kSchema);
    aesop::JsonLimits few;
    few.values = 3;
    CHECK_EQUAL(parse_json("[1,2]", few).array().size(), 2u);
    CHECK_THROWS_KIND(parse_json("[1,2,3]", few), kSchema);
}

TEST("json: many strings take linear time") {
    std::string text = "[";
    for (int i = 0; i < 500000; ++i)
        text += "\"gene\",";
    CHECK_EQUAL(parse_json(text + "0]").array().size(), 500001u);
}

TEST("json: numbers that a double cannot hold, and integers beyond 2^53, are refused") {
    for (const char *bad :
         {"1e999", "-1e999", "9007199254740993", "-9007199254740993", "18446744073709551616"})
        CHECK_THROWS_KIND(parse_json(bad), kSchema);
    CHECK_THROWS_KIND(parse_json(std::string(400, '9')), kSchema);
    CHECK_THROWS_KIND(parse_json("1e" + std::string(400, '9')), kSchema);
    CHECK_EQUAL(parse_json("9007199254740992").number(), 9007199254740992.0);
    CHECK_EQUAL(parse_json("1e3").number(), 1000.0);
}

TEST("json: sizes are plain unsigned integers, settings may be written in any way") {
    CHECK_EQUAL(parse_json("12").size(), 12u);
    CHECK_EQUAL(parse_json("9007199254740992").size(), 9007199254740992u);
    for (const char *bad : {"-1", "-0", "1.0", "1e2", "\"1\"", "null", "true", "[1]"})
        CHECK_THROWS_KIND(parse_json(bad).size(), kSchema);
    CHECK_EQUAL(parse_json("1e2").integer(0, 100), 100);
    CHECK_EQUAL(parse_json("-3.0").integer(-3, 100), -3);
    for (const char *bad : {"101", "-1", "1.5", "1e300", "\"1\"", "true"})
        CHECK_THROWS_KIND(parse_json(bad).integer(0, 100), kSchema);
}

TEST("json: asking for another type is an error") {
    for (const char *text : {"null", "true", "1", "\"x\"", "[]", "{}"}) {
        const Json json = parse_json(text);
        int answers = 0;
        answers += check::thrown_kind([&] { json.boolean(); }) == "(nothing)";
        answers += check::thrown_kind([&] { json.number(); }) == "(nothing)";
        answers += check::thrown_kind([&] { json.string(); }) == "(nothing)";
        answers += check::thrown_kind([&] { json.array(); }) == "(nothing)";
        answers += check::thrown_kind([&] { json.object(); }) == "(nothing)";
        CHECK_EQUAL(answers, json.is_null() ? 0 : 1);
    }
}

TEST("json: every double is read back exactly") {
    const double special[] = {0.0,
                              -0.0,
                              1.0,
                              0.1,
                              1.0 / 3,
                              1e-5,
                              123456.789,
                              1e15,
                              1e16,
                              9007199254740991.0,
                              9007199254740992.0,
                              9007199254740994.0,
                              123456789012345680.0,
                              -1e17,
                              1e21,
                              1e300,
                              std::numeric_limits<double>::max(),
                              std::numeric_limits<double>::min(),
                              std::numeric_limits<double>::denorm_min(),
                              2.2250738585072011e-308,
                              5e-320};
    for (const double value : special) {
        const std::string text = write_json(Json(value));
        const double back = parse_json(text).number();
        CHECK_EQUAL(std::memcmp(&back, &value, sizeof value), 0);
        CHECK_EQUAL(rewritten(text), text);
    }
    uint64_t bits = 88172645463325252u; // xorshift: any well-mixed sequence will do
    for (int i = 0; i < 20000; ++i) {
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        double value = 0;
        std::memcpy(&value, &bits, sizeof value);
        if (!std::isfinite(value))
            continue;
        const double back = parse_json(write_json(Json(value))).number();
        CHECK_EQUAL(std::memcmp(&back, &value, sizeof value), 0);
    }
    CHECK_THROWS_KIND(write_json(Json(std::numeric_limits<double>::infinity())), "numeric");
    CHECK_THROWS_KIND(write_json(Json(std::nan(""))), "numeric");
}

TEST("json: the shortest notation") {
    CHECK_EQUAL(write_json(Json(0.1)), "0.1");
    CHECK_EQUAL(write_json(Json(1e-3)), "0.001");
    CHECK_EQUAL(write_json(Json(100)), "100");
    CHECK_EQUAL(write_json(Json(1e-8)), "1e-08");
    CHECK_EQUAL(write_json(Json(int64_t{9007199254740992})), "9007199254740992");
}

namespace {

// Numbers as the Germans write them.
struct Commas : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
};

} // namespace

TEST("json: numbers do not depend on C++'s locale") {
    const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Commas));
    const std::string written = write_json(parse_json("[1234.5,1234567]"));
    std::locale::global(before);
    CHECK_EQUAL(written, "[1234.5,1234567]");
}

TEST("json: numbers do not depend on C's locale") {
    const std::string before = std::setlocale(LC_ALL, nullptr);
    bool found = false;
    for (const char *name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"})
        found = found || std::setlocale(LC_ALL, name) != nullptr;
    if (!found)
        SKIP("no locale with a decimal comma is installed");
    const std::string written = write_json(Json(1234.5));
    const double back = parse_json("1234.5").number();
    std::setlocale(LC_ALL, before.c_str());
    CHECK_EQUAL(written, "1234.5");
    CHECK_EQUAL(back, 1234.5);
}

TEST("json: errors say where, and do not show the text") {
    try {
        parse_json("{\"\x1b[31mred\\u001b\":1,\"\x1b[31mred\\u001b\":1}");
        CHECK(false);
    } catch (const aesop::Error &error) {
        CHECK(std::strchr(error.what(), '\x1b') == nullptr);
        CHECK(error.field("offset") != nullptr);
        CHECK(error.field("reason") != nullptr);
    }
    try {
        parse_json("{\"a\\u001b[31m\":1,\"a\\u001b[31m\":1}");
        CHECK(false);
    } catch (const aesop::Error &error) {
        CHECK(std::strchr(error.what(), '\x1b') == nullptr);
        CHECK(std::strstr(error.what(), "a\\x1b[31m") != nullptr);
    }
}

TEST("printable: escapes and truncates") {
    CHECK_EQUAL(aesop::printable("gene_1"), "gene_1");
    CHECK_EQUAL(aesop::printable("a\x1b[0m\"'\\\xc3\xa9"), "a\\x1b[0m\\\"\\'\\\\\\xc3\\xa9");
    CHECK_EQUAL(aesop::printable(std::string(1000, 'x'), 10), "xxxxxxxxxx...");
    CHECK_EQUAL(aesop::printable("\xff\xff\xff", 8), "\\xff\\xff...");
}
