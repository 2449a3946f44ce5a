#!/bin/sh
# On a machine with a GPU, nvcc and g++ (no R): builds the plugin and its tests, runs the tests, then the
# workloads of bench/workloads.R on processor and GPU, in each precision.
#
#     tests/cuda/driver.sh [--build] [OPTIONS AND WORKLOADS OF tests/cuda/driver.cpp]
#
# NVCC: the compiler; CUDA_ARCH: as its -arch (native). --build only builds. Exit status 0 when all is well.
set -eu
cd "$(dirname "$0")/../.."
build=.build/cuda-gpu
nvcc=$(command -v "${NVCC:-nvcc}" || echo /usr/local/cuda/bin/nvcc)
[ -x "$nvcc" ] || {
    echo "no nvcc: set NVCC" >&2
    exit 1
}
cores=$(getconf _NPROCESSORS_ONLN)
make -s -j"${JOBS:-$cores}" -f tests/cuda/build.make BUILD="$build" NVCC="$nvcc" ARCH="${CUDA_ARCH:-native}"
[ "${1:-}" != --build ] || exit 0

status=0
"$build/cuda-tests" || status=$?
for precision in float32 tf32 bf16; do
    "$build/cuda-driver" "$build/aesop_cuda.so" --precision "$precision" "$@" || status=$?
done
exit "$status"
