# Shared by the scripts in tools/; read with `. tools/common.sh` from the root
# of the repository. Sets the locale, the R library and a few functions.
# shellcheck shell=sh

# Same sorting, messages and encoding on every machine. Debian and Ubuntu
# always have C.UTF-8.
LC_ALL=C.UTF-8
export LC_ALL
unset LANGUAGE

build_dir=.build
mkdir -p "${build_dir}"

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() {
    warn "Error: $*"
    exit 1
}

# Passes R expressions to R without a profile, which could print or set options.
rscript() { Rscript --no-init-file "$@" < /dev/null; }

# Sets `library` to the R library that the package goes to: AESOP_LIB, or R's
# first library if it can be written to, or the user's own library. Child R
# processes find it through R_LIBS. Sets `r_version` as well.
use_library() {
    # shellcheck disable=SC2016  # R's $, not the shell's
    answer=$(rscript -e 'first <- .libPaths()[1L]
        user <- strsplit(Sys.getenv("R_LIBS_USER"), .Platform$path.sep)[[1L]]
        writable <- file.access(first, 2L) == 0L || length(user) == 0L
        writeLines(c(if (writable) first else path.expand(user[1L]),
            paste(R.version$platform, format(getRversion()))))')
    library=$(say "${answer}" | sed -n 1p)
    # shellcheck disable=SC2034  # for the scripts that read this one
    r_version=$(say "${answer}" | sed -n 2p)
    library=${AESOP_LIB:-${library}}
    mkdir -p "${library}" || die "cannot create the R library ${library};" \
        "set AESOP_LIB to a folder that you can write to."
    library=$(cd "${library}" && pwd)
    R_LIBS=${library}${R_LIBS:+:${R_LIBS}}
    export R_LIBS
}

# Both cores of a small machine, no more than two of a shared one.
use_two_jobs() {
    if test -z "${MAKEFLAGS:-}"; then
        jobs=$(nproc 2> /dev/null || echo 1)
        test "${jobs}" -le 2 || jobs=2
        MAKEFLAGS=-j${jobs}
        export MAKEFLAGS
    fi
}
