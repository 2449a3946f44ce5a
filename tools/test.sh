#!/bin/sh
# All tests: the rules of the repository, the C++ core, the R package, the
# demonstration's readers. `make test` calls it.
#
#   FILTER=REGEX   only the R tests in files whose name matches
#
# Each suite prints "ok NAME" or "not ok NAME" lines, or testthat's report, and
# "N passed, N failed, N skipped" last. The sum goes to .build/test-summary.
set -eu
cd "$(dirname "$0")/.."
. tools/common.sh

summary=${build_dir}/test-summary
rm -f "${summary}"
sh tools/setup.sh test
sh tools/install.sh
use_library

# run_suite TITLE COMMAND...: runs a suite, shows all but its "ok" lines, and
# adds its counts to the summary. A suite that fails without counting a failure,
# or that counts nothing, is a failure.
run_suite() {
    title=$1
    shift
    log=${build_dir}/test-${title}.log
    started=$(date +%s)
    say "== ${title}"
    {
        status=0
        "$@" < /dev/null 2>&1 || status=$?
        say "exit status ${status}"
    } | tee "${log}" | grep --line-buffered -vE \
        '^(ok |[0-9]+ passed, [0-9]+ failed|exit status )' || true
    # The last line of counts, as "passed failed skipped".
    counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "${log}" | tail -n 1 |
        sed 's/[^0-9 ]//g')
    # shellcheck disable=SC2086  # up to three numbers
    set -- ${counts:-0 0 0}
    passed=$1 failed=$2 skipped=${3:-0}
    if test "$((passed + failed + skipped))" = 0; then
        say "${title}: ran no test"
        failed=1
    elif test "${failed}" = 0 && ! grep -q '^exit status 0$' "${log}"; then
        say "${title}: failed after its tests, see ${log}"
        failed=1
    fi
    say "${title}: ok ${passed}, not ok ${failed}, skipped ${skipped}" \
        "($(($(date +%s) - started)) s)"
    say "${passed} ${failed} ${skipped}" >> "${summary}.parts"
}

: > "${summary}.parts"
if test -z "${FILTER:-}"; then
    run_suite rules sh tools/check-rules.sh
    run_suite C++ sh tests/core/run.sh
    run_suite CUDA sh tests/cuda/run.sh
    run_suite mutations sh tests/core/mutations.sh
    run_suite demo Rscript --no-init-file tools/demo/test.R
fi
# The CUDA backend on its stand-in, for the R tests.
AESOP_TEST_PLUGIN=$(pwd)/${build_dir}/cuda-tests/aesop_cuda.so
test -f "${AESOP_TEST_PLUGIN}" || AESOP_TEST_PLUGIN=
export AESOP_TEST_PLUGIN
run_suite R Rscript --no-init-file tools/run-testthat.R "${FILTER:-}"

awk '{ p += $1; f += $2; s += $3 } END { print p, f, s }' \
    "${summary}.parts" > "${summary}"
read -r passed failed skipped < "${summary}"
say "${passed} passed, ${failed} failed, ${skipped} skipped"
test "${failed}" = 0
