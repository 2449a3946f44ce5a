#!/bin/sh
# Builds and runs the tests of the CUDA backend on a stand-in for CUDA: no GPU and no nvcc are needed.
#
#     tests/cuda/run.sh [PART-OF-A-TEST-NAME ...]
#
# The last line reads "N passed, N failed"; the exit status is 0 when nothing failed.
set -eu
cd "$(dirname "$0")/../.."
build=.build/cuda-tests
mkdir -p "$build"

if ! make -s -j"${JOBS:-2}" -f tests/cuda/build.make >"$build/make.log" 2>&1; then
    cat "$build/make.log"
    echo "not ok build of the CUDA tests: see $build/make.log"
    echo "0 passed, 1 failed"
    exit 1
fi
grep -A4 'warning:' "$build/make.log" || true

status=0
[ $# -gt 0 ] || for precision in float32 tf32 bf16; do
    "$build/cuda-driver" "$build/aesop_cuda.so" --small --threads 2 --precision "$precision" || status=$?
done
"$build/cuda-tests" "$@" || status=$?
exit "$status"
