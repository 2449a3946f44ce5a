#!/bin/sh
# Runs the demonstration; `make demo` installs what it needs first.
#
#   DATA=PATH        own data instead of the two sets of the demonstration
#   TRANSPOSED=yes   tables have samples in rows, whatever they look like
#   LABEL=COLUMN     the column of known labels to compare with
set -eu
cd "$(dirname "$0")/.."
. tools/common.sh
use_library
Rscript --no-init-file tools/demo/demo.R < /dev/null
