#!/bin/sh
# Rules of this repository that a machine can check. Prints "ok RULE" or
# "not ok RULE" with the places below, and the counts last.
set -u
cd "$(dirname "$0")/.." || exit 1
. tools/common.sh
passed=0
failed=0
skipped=0

# verdict RULE PLACES: PLACES is empty where the rule holds.
verdict() {
    if test -z "$2"; then
        say "ok $1"
        passed=$((passed + 1))
    else
        say "not ok $1"
        say "$2" | sed 's/^/    /'
        failed=$((failed + 1))
    fi
}
skip() {
    say "# skipped: $1 ($2)"
    skipped=$((skipped + 1))
}

# sources DIRS PATTERNS...: files without those that a tool writes.
sources() {
    dirs=$1
    shift
    for pattern in "$@"; do
        # shellcheck disable=SC2086  # a list of words
        find ${dirs} -name "${pattern}" -type f ! -name 'RcppExports.*' \
            ! -path '*/build/*' 2> /dev/null
    done | sort
}
# search REGEX FILES: places where the regex stands outside a comment line.
search() {
    test -n "$2" || return 0
    # shellcheck disable=SC2086  # a list of words
    grep -nE -e "$1" /dev/null $2 | grep -vE '^[^:]*:[0-9]*: *(#[^a-z]|//|\*)' ||
        true
}
# wider COLUMNS FILES: lines with more characters than that.
wider() {
    test -n "$2" || return 0
    # shellcheck disable=SC2086  # a list of words
    grep -nE "^.{$(($1 + 1)),}" /dev/null $2 | cut -c 1-100 || true
}

r_files=$(sources R '*.R')
cpp_files=$(sources src '*.cpp' '*.h')
core_files=$(sources 'src/core src/cpu' '*.cpp' '*.h')

verdict "no file over 500 lines" "$(
    for file in $(sources 'R src tests tools bench' '*.R' '*.cpp' '*.h' '*.sh' \
        '*.py'); do
        lines=$(wc -l < "${file}")
        test "${lines}" -le 500 || say "${file}: ${lines} lines"
    done)"
verdict "R lines up to 80 columns" "$(wider 80 "${r_files}")"
verdict "C++ lines up to 110 columns" "$(wider 110 "${cpp_files}")"
verdict "no compiler flags that CRAN refuses" "$(
    search '-march=|-mtune=|-ffast-math|-Ofast|-Wno-' \
        "$(sources src 'Makevars*') configure")"
verdict "no GNU extensions in Makevars" "$(
    search '\+=|\$\((shell|wildcard|patsubst)|^ifeq|^ifdef|%\.o' \
        "$(sources src 'Makevars*')")"
verdict "the core knows neither R nor Rcpp" "$(
    search '#include *[<"](R\.h|Rinternals|Rmath|R_ext|Rcpp)' \
        "${core_files}" | grep -vE '^src/cpu/parallel\.[a-z]+:' || true)"
verdict "RcppParallel and TBB only in src/cpu/parallel" "$(
    search '#include *[<"](RcppParallel|tbb)' "${cpp_files}" |
        grep -vE '^src/cpu/parallel\.[a-z]+:' || true)"
verdict "C++ neither prints nor exits nor draws by rand" "$(
    search '\b(std::cout|std::cerr|f?printf|puts|abort|exit|rand) *(\(|<<)' \
        "${cpp_files}")"
verdict "no set.seed, Sys.setenv, sapply, <<-, T/F, 1:n in R" "$(
    search '\b(set\.seed|Sys\.setenv|sapply) *\(|<<-|[=(,] *[TF] *[,)]|\b1:(n|length|ncol|nrow)' \
        "${r_files}")"

# loadModel reads files from strangers: nothing there may run code from them.
# shellcheck disable=SC2086  # a list of words
loader=$(grep -lE '^(\.?(loadModel|readModel)[A-Za-z]*) *<- *function' \
    /dev/null ${r_files} || true)
if test -n "${loader}"; then
    verdict "the model loader runs no code from a file" "$(
        search '\b(readRDS|load|unserialize|eval|parse|source|sys\.source|dget) *\(' \
            "${loader}")"
else
    skip "the model loader runs no code from a file" "no loadModel yet"
fi

# An inline function that is compiled with AVX may be the copy that the linker
# keeps for everyone: shared symbols must be in the namespace of their set.
# kernel_symbols SET: shared symbols of the set's objects that are outside.
kernel_symbols() {
    for object in src/cpu/*"$1"*.o; do
        nm -C "${object}" | awk -v object="${object}" -v set="$1" '
            { type = $(NF > 2 && $1 ~ /^[0-9a-f]+$/ ? 2 : 1)
              name = substr($0, index($0, " " type " ") + 3) }
            type ~ /^[WVuwv]$/ && name !~ "aesop::" set "::" &&
            name !~ /^DW\.ref\.|^__(gmon_start|cxa_finalize|pthread)/ \
            { print object ": " type " " name }' | head -n 20
    done
}
for set in avx2 avx512; do
    rule="no shared symbols from the ${set} kernels"
    if ls src/cpu/*${set}*.o > /dev/null 2>&1 &&
        command -v nm > /dev/null 2>&1; then
        verdict "${rule}" "$(kernel_symbols ${set})"
    else
        skip "${rule}" "no objects; run make install first"
    fi
done

# In a copy, with a compiler for CUDA that compiles nothing: what configure says,
# and how it ends.
configured() {
    said=$(cd "${copy}" &&
        AESOP_CUDA=$1 NVCC=/bin/false sh ./configure 2>&1) && end=0 || end=$?
    say "${said}" | grep CUDA
    say "exit status ${end}"
}
if command -v Rscript > /dev/null 2>&1; then
    copy=$(mktemp -d)
    cp -r configure src tools "${copy}"
    for setting in auto no yes perhaps; do
        configured "${setting}"
    done > "${copy}/found"
    cat > "${copy}/expected" << 'END'
CUDA backend: no, /bin/false cannot compile tools/cuda-test.cu
exit status 0
CUDA backend: no, AESOP_CUDA is "no"
exit status 0
configure: AESOP_CUDA is "yes", but /bin/false cannot compile tools/cuda-test.cu
exit status 1
configure: AESOP_CUDA is "perhaps"; use auto, yes or no
exit status 1
END
    verdict "configure goes on without CUDA unless it is asked for" "$(
        diff "${copy}/expected" "${copy}/found")"
    rm -rf "${copy}"
else
    skip "configure goes on without CUDA unless it is asked for" "no R"
fi

if command -v shellcheck > /dev/null 2>&1; then
    verdict "shellcheck of the scripts" "$(
        shellcheck -s sh -x -f gcc configure configure.win cleanup tools/*.sh)"
else
    skip "shellcheck of the scripts" "shellcheck is not installed"
fi

say "${passed} passed, ${failed} failed, ${skipped} skipped"
test "${failed}" = 0
