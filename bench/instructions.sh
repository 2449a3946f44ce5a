#!/bin/sh
# sh bench/instructions.sh
# Instructions of one epoch of W1 and W4 at one thread (instructions.cpp), counted by callgrind and appended
# to bench/RESULTS.md: a check for drift on any machine, however busy. Valgrind has no AVX-512: the AVX2
# kernels are counted.
set -eu
cd "$(dirname "$0")/.."
build=.build/instructions
mkdir -p "$build"
for file in src/core/*.cpp src/cpu/*.cpp bench/instructions.cpp; do
    object=$build/$(basename "$file" .cpp).o
    printf '%s %s\n' "$file" "$object"
done | xargs -P 2 -L 1 sh -c "${CXX:-g++} -std=c++17 -O2 -DNDEBUG -DAESOP_STD_THREADS -Isrc -c \"\$0\" -o \"\$1\""
${CXX:-g++} -pthread -o "$build/epoch" "$build"/*.o

{
    printf '\n## %s, commit %s: instructions of an epoch\n\n' "$(date +%F)" "$(git rev-parse --short HEAD)"
    printf '`bench/instructions.sh`, %s, -O2, AVX2 kernels, one thread, 500 samples.\n\n' \
        "$(${CXX:-g++} --version | head -n 1)"
    printf '| workload | million instructions |\n|---|---|\n'
    for w in W1 W4; do
        valgrind --tool=callgrind --callgrind-out-file="$build/$w.out" \
            --toggle-collect='aesop::Trainer<float>::run()' "$build/epoch" "$w" > "$build/$w.log" 2>&1
        count=$(sed -n 's/.*Collected : *\([0-9]*\).*/\1/p' "$build/$w.log")
        printf '| %s | %d |\n' "$w" $((count / 1000000))
    done
} > "$build/table.md"
tee -a bench/RESULTS.md < "$build/table.md"
