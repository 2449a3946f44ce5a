// Runs every registered test, or those whose name contains one of the arguments.
#include "check.h"

#include <algorithm>
#include <cstdio>

int main(int argc, char **argv) {
    const std::vector<std::string> wanted(argv + 1, argv + argc);
    int passed = 0, failed = 0, skipped = 0;
    for (const auto &test : check::tests()) {
        const bool chosen =
            wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](const std::string &part) {
                return test.name.find(part) != std::string::npos;
            });
        if (!chosen)
            continue;
        std::string why;
        try {
            test.body();
            ++passed;
            std::printf("ok %s\n", test.name.c_str());
            std::fflush(stdout);
            continue;
        } catch (const check::Skip &skip) {
            ++skipped;
            std::printf("skip %s: %s\n", test.name.c_str(), skip.why.c_str());
            std::fflush(stdout);
            continue;
        } catch (const check::Failure &failure) {
            why = failure.why;
        } catch (const aesop::Error &error) {
            why = "unexpected error of kind " + error.kind + ": " + error.what();
        } catch (const std::exception &error) {
            why = std::string("unexpected exception: ") + error.what();
        }
        ++failed;
        std::printf("not ok %s: %s\n", test.name.c_str(), why.c_str());
        std::fflush(stdout);
    }
    if (skipped > 0)
        std::printf("%d skipped\n", skipped);
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0 ? 1 : 0;
}
