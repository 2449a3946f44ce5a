#!/bin/sh
# Builds and runs the C++ tests under the address and undefined-behaviour sanitizers.
#
#     tests/core/run.sh [PART-OF-A-TEST-NAME ...]
#     FUZZ=60 tests/core/run.sh      also fuzzes the reader of model files for 60 seconds (needs clang++)
#
# The last line reads "N passed, N failed"; the exit status is 0 when nothing failed.
set -eu
cd "$(dirname "$0")/../.."
build=.build/core-tests
sanitizers="-fsanitize=address,undefined -fno-sanitize-recover=undefined"
mkdir -p "$build"

if ! make -s -j"${JOBS:-2}" -f tests/core/build.make SAN="$sanitizers" >"$build/make.log" 2>&1; then
    cat "$build/make.log"
    echo "not ok build of the C++ tests: see $build/make.log"
    echo "0 passed, 1 failed"
    exit 1
fi
grep -A4 'warning:' "$build/make.log" || true

fuzz_status=0
if [ "${FUZZ:-0}" -gt 0 ] && command -v clang++ >/dev/null 2>&1; then
    fuzz=.build/fuzz
    mkdir -p "$fuzz/corpus"
    make -s -j"${JOBS:-2}" -f tests/core/build.make CXX=clang++ BUILD="$fuzz" TARGET="$fuzz/fuzz_model_file" \
        library="$(echo src/core/*.cpp)" tests=tests/core/fuzz_model_file.cpp \
        SAN="-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined"
    "$fuzz/fuzz_model_file" write-seeds "$fuzz/corpus"
    "$fuzz/fuzz_model_file" -max_total_time="$FUZZ" -malloc_limit_mb=64 -rss_limit_mb=512 -timeout=1 -max_len=8192 \
        -dict=tests/core/fuzz_model_file.dict -artifact_prefix="$fuzz/" -print_final_stats=1 \
        "$fuzz/corpus" >"$fuzz/log" 2>&1 || fuzz_status=$?
    grep -E 'ERROR|SUMMARY|number_of_executed_units|peak_rss_mb|cov:' "$fuzz/log" | tail -n 4
    [ "$fuzz_status" -eq 0 ] || echo "not ok fuzzing of the reader: see $fuzz/log"
fi

# Leak detection traces the process, which some containers forbid: then it is left out.
leaks=1
ASAN_OPTIONS=detect_leaks=1 "$build/core-tests" "printable: escapes" >/dev/null 2>&1 || leaks=0
[ "$leaks" -eq 1 ] || echo "no leak detection here: the system does not let a process trace itself"

# A locale with a decimal comma for the tests that need one.
if [ ! -d "$build/locale" ] && command -v localedef >/dev/null 2>&1; then
    mkdir -p "$build/locale"
    localedef -i de_DE -f UTF-8 "$build/locale/de_DE.UTF-8" >/dev/null 2>&1 || true
fi

# The frames in which GCC 14 looks for the use of a local after its end do not have the alignment that it
# counts on for vectors of 64 bytes.
options=allocator_may_return_null=1:detect_stack_use_after_return=0
status=0
LOCPATH="$PWD/$build/locale" ASAN_OPTIONS="detect_leaks=$leaks:$options" \
    "$build/core-tests" "$@" || status=$?
[ "$status" -eq 0 ] && [ "$fuzz_status" -eq 0 ]
