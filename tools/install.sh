#!/bin/sh
# Installs the package with R CMD INSTALL, unless the installed copy was made
# from the same sources.
#
#   sh tools/install.sh
#
# AESOP_LIB: R library to install to; R's usual one if not set.
set -eu
cd "$(dirname "$0")/.."
. tools/common.sh
use_library
stamp=${build_dir}/installed

# The contents decide, not the dates: a checkout of an older commit counts as a
# change, a touched file does not.
sources=$(find DESCRIPTION NAMESPACE LICENSE configure cleanup R src inst man \
    tools/cuda-test.cu -type f ! -name '*.o' ! -name '*.so' ! -name 'Makevars' \
    ! -name 'Makevars.win' ! -name 'symbols.rds' 2> /dev/null | sort)
checksum() {
    # shellcheck disable=SC2086  # a list of names without blanks
    cksum $1 | cksum
}
# What configure asks about the CUDA backend.
cuda="${AESOP_CUDA:-} ${AESOP_CUDA_ARCH:-} ${NVCC:-} ${CUDA_HOME:-} \
$(command -v nvcc || true)"
now="${library} ${r_version} ${cuda} $(checksum "${sources}")"
# The installed DESCRIPTION has the time of the build: a copy that something
# else has put there does not count.
state() { say "${now} $(cksum "${library}/aesop/DESCRIPTION" 2>&1)"; }
if test -f "${stamp}" && test "$(cat "${stamp}")" = "$(state)"; then
    exit 0
fi

# R's make knows no headers: objects older than a header, or from another
# compiler or R, are made again.
headers=$(find src -type f -name '*.h' | sort)
header_state="${r_version} $(checksum "${headers} src/Makevars.in")"
if test "$(cat "${build_dir}/headers" 2> /dev/null)" != "${header_state}"; then
    sh ./cleanup
fi
say "Installing aesop into ${library} ..."
use_two_jobs
log=${build_dir}/install.log
if ! R CMD INSTALL --library="${library}" . > "${log}" 2>&1 < /dev/null; then
    cat "${log}" >&2
    die "R CMD INSTALL failed; the output above is in ${log}"
fi
printf '%s' "${header_state}" > "${build_dir}/headers"
state > "${stamp}"
