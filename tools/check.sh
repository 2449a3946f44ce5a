#!/bin/sh
# Builds the source package, vignettes included, and runs R CMD check on it:
# no error and no warning is allowed; notes are listed with their reason.
# The counts go to .build/check-summary. `make check` and .ci/run call it.
set -eu
cd "$(dirname "$0")/.."
. tools/common.sh
use_library
use_two_jobs

root=$(pwd)
work=${root}/${build_dir}/check
summary=${root}/${build_dir}/check-summary
rm -rf "${work}" "${summary}"
mkdir -p "${work}"

# finish PASSED FAILED: writes the counts, and ends the script.
finish() {
    say "$1 $2 0" > "${summary}"
    say "Check: $1 passed, $2 failed"
    test "$2" = 0
    exit
}

say "== R CMD build"
# From a copy of what git tracks or would track: what else lies about in a work
# tree must be neither in the package nor in the way.
mkdir "${work}/aesop"
if git rev-parse --is-inside-work-tree > /dev/null 2>&1; then
    git ls-files -co --exclude-standard
else
    find . -type f ! -path "./${build_dir}/*"
fi | while IFS= read -r file; do
    if test -e "${file}"; then say "${file}"; fi
done > "${work}/files"
tar -cf - -T "${work}/files" | tar -xf - -C "${work}/aesop"
cd "${work}"
if ! AESOP_CUDA=no R CMD build aesop > build.log 2>&1 < /dev/null; then
    cat build.log
    finish 0 3
fi
# Vignettes that lose their output or a skipped step are only said here.
grep -i -A3 'warning' build.log || true
du -h aesop_*.tar.gz

say "== R CMD check"
# Suggested packages may be missing; two cores at most; the tests have all run
# before, so that a part of them is enough here (tests/testthat.R).
_R_CHECK_FORCE_SUGGESTS_=false _R_CHECK_LIMIT_CORES_=TRUE \
    AESOP_CHECK_QUICK=1 R CMD check --no-manual aesop_*.tar.gz \
    > check.log 2>&1 < /dev/null || true
test -f aesop.Rcheck/00check.log || {
    cat check.log
    finish 1 2
}
status=0
Rscript --no-init-file "${root}/tools/check-log.R" aesop.Rcheck/00check.log \
    < /dev/null || status=$?
# The exit status of check-log.R: 1 for errors, 2 for warnings, 3 for both.
case ${status} in
    0) finish 3 0 ;;
    1 | 2) finish 2 1 ;;
    *) finish 1 2 ;;
esac
