#!/bin/sh
# Installs what a task needs and this machine lacks.
#
#   sh tools/setup.sh build|demo|test|quality
#
# Debian's and Ubuntu's own packages where they exist, R's own means from source
# otherwise. Quick and silent, without the network, when nothing is missing.
# The list is tools/packages.tsv.
set -eu
cd "$(dirname "$0")/.."
. tools/common.sh

task=${1:-build}
case ${task} in
    build | demo | test | quality) ;;
    *) die "tools/setup.sh: unknown task '${task}'; choose build, demo, test" \
        "or quality" ;;
esac

# wanted KIND: lines "name debian_package" of this task and of "build".
wanted() {
    awk -F '\t' -v kind="$1" -v task="${task}" '!/^#/ && $2 == kind &&
        ($1 == task || $1 == "build") { print $3, $4 }' tools/packages.tsv
}

# Lines "name debian_package" of the commands that are not there.
missing_commands() {
    wanted cmd | while read -r name package; do
        command -v "${name}" > /dev/null 2>&1 || say "${name} ${package}"
    done
}

# The same for R packages; all of them when there is no R yet.
missing_packages() {
    if ! command -v Rscript > /dev/null 2>&1; then
        wanted R
        return
    fi
    wanted R > "${build_dir}/wanted.txt"
    # shellcheck disable=SC2016  # R's $, not the shell's
    rscript -e 'x <- read.table(".build/wanted.txt", col.names = c("r", "deb"))
        there <- vapply(x$r, function(p) nzchar(system.file(package = p)), NA)
        writeLines(paste(x$r, x$deb)[!there])'
}

names() { cut -d ' ' -f 1 | tr '\n' ' '; }

# Runs a command as root, by sudo where we are not.
as_root() {
    if test "$(id -u)" = 0; then
        "$@"
    elif command -v sudo > /dev/null 2>&1; then
        sudo -- "$@"
    else
        warn "This step needs root and there is no sudo. Run as root:"
        warn "    $*"
        exit 1
    fi
}

install_from_debian() {
    debian=$(printf '%s\n' "$1" | awk 'NF { print $2 }' | sort -u)
    say "Installing from Debian's packages: $(printf '%s\n' "$1" | names)"
    as_root apt-get update -qq || warn "apt-get update failed; going on with" \
        "the package lists that are here."
    # A package that this release does not have must not stop the others.
    available=
    for package in ${debian}; do
        if test -n "$(apt-cache madison "${package}" 2> /dev/null)"; then
            available="${available} ${package}"
        fi
    done
    test -n "${available}" || return 0
    # shellcheck disable=SC2086  # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends ${available} > "${build_dir}/apt.log" 2>&1 || {
        tail -n 20 "${build_dir}/apt.log" >&2
        die "apt-get could not install:${available}"
    }
}

install_from_source() {
    packages=$(printf '%s\n' "$1" | names)
    say "Installing from source by R's own means (this can take many minutes):" \
        "${packages}"
    use_library
    use_two_jobs
    # With the user's profile, which may name a mirror.
    AESOP_PACKAGES=${packages} Rscript tools/install-source.R "${library}" \
        < /dev/null || die \
        "these R packages are missing and could not be installed: ${packages}
aesop needs them. With a connection to CRAN and Bioconductor, in R:
    install.packages(\"BiocManager\")
    BiocManager::install(c($(say "${packages}" |
        sed -e 's/ *$/"/' -e 's/^/"/' -e 's/ /", "/g')))
then run this command again."
}

# Check, install from Debian what is missing, check again, and so on.
missing=$(missing_commands && missing_packages)
test -n "${missing}" || exit 0
if command -v apt-get > /dev/null 2>&1; then
    install_from_debian "${missing}"
fi
missing=$(missing_commands)
test -z "${missing}" || die "missing on this machine: $(printf '%s\n' \
    "${missing}" | names)
Install R (>= 4.2) with its development files, a C++17 compiler, make and," \
    "for the tests, pandoc; then run this command again."
missing=$(missing_packages)
test -z "${missing}" || install_from_source "${missing}"
