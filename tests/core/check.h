// A test framework of one page for the C++ tests.
//
//     TEST("json: rejects a byte order mark") {
//         CHECK(a == b);
//         CHECK_EQUAL(found, expected);             // shows both values when they differ
//         CHECK_NEAR(found, expected, 1e-6);        // absolute difference; NaN never passes
//         CHECK_THROWS_KIND(parse(text), "format_schema");
//         if (!possible_here) SKIP("why");          // counted and printed
//     }
//
// Each check throws, so a test ends at its first failure; use them on the test's own thread only.
#pragma once

#include "core/error.h"

#include <cmath>
#include <exception>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace check {

struct Failure {
    std::string why;
};
struct Skip {
    std::string why;
};
struct Test {
    std::string name;
    void (*body)();
};

inline std::vector<Test> &tests() {
    static std::vector<Test> all; // built on first use: registration runs before main, in any order
    return all;
}

inline bool add(const char *name, void (*body)()) {
    tests().push_back({name, body});
    return true;
}

[[noreturn]] inline void fail(const char *file, int line, const std::string &why) {
    std::string name = file;
    const auto slash = name.find_last_of('/');
    if (slash != std::string::npos)
        name = name.substr(slash + 1);
    throw Failure{name + ":" + std::to_string(line) + ": " + why};
}

template <class Value>
std::string show(const Value &value) {
    std::ostringstream out;
    out.precision(17);
    out << value;
    return out.str();
}

// A function, so that a reference into a temporary stays valid while the two are compared.
template <class Found, class Expected>
void equal(const Found &found, const Expected &expected, const char *what, const char *file, int line) {
    if (!(found == expected))
        fail(file, line, std::string(what) + " is " + show(found) + ", not " + show(expected));
}

// The kind of the aesop::Error that `body` throws; a text in parentheses when it does anything else.
template <class Body>
std::string thrown_kind(Body &&body) {
    try {
        std::forward<Body>(body)();
    } catch (const aesop::Error &error) {
        return error.kind;
    } catch (const std::exception &error) {
        return std::string("(another exception: ") + error.what() + ")";
    }
    return "(nothing)";
}

} // namespace check

#define CHECK_JOIN_(a, b) a##b
#define CHECK_NAME_(a, b) CHECK_JOIN_(a, b)

#define TEST(name)                                                                                           \
    static void CHECK_NAME_(test_body_, __LINE__)();                                                         \
    [[maybe_unused]] static const bool CHECK_NAME_(test_added_, __LINE__) =                                  \
        check::add(name, CHECK_NAME_(test_body_, __LINE__));                                                 \
    static void CHECK_NAME_(test_body_, __LINE__)()

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            check::fail(__FILE__, __LINE__, "not true: " #condition);                                        \
    } while (false)

#define CHECK_EQUAL(found, expected) check::equal(found, expected, #found, __FILE__, __LINE__)

#define CHECK_NEAR(found, expected, tolerance)                                                               \
    do {                                                                                                     \
        const double check_found = static_cast<double>(found);                                               \
        const double check_expected = static_cast<double>(expected);                                         \
        if (!(std::fabs(check_found - check_expected) <= (tolerance)))                                       \
            check::fail(__FILE__, __LINE__,                                                                  \
                        #found " is " + check::show(check_found) + ", not within " +                         \
                            check::show(tolerance) + " of " + check::show(check_expected));                  \
    } while (false)

#define CHECK_THROWS_KIND(expression, expected_kind)                                                         \
    do {                                                                                                     \
        const std::string check_kind = check::thrown_kind([&] { static_cast<void>(expression); });           \
        if (check_kind != (expected_kind))                                                                   \
            check::fail(__FILE__, __LINE__,                                                                  \
                        #expression " threw " + check_kind + ", not " + std::string(expected_kind));         \
    } while (false)

#define SKIP(reason)                                                                                         \
    throw check::Skip {                                                                                      \
        reason                                                                                               \
    }
