#!/bin/sh
# Runs the demonstration on a small table made here, and looks at what it left.
# The counts go to .build/demo-summary.
set -u
cd "$(dirname "$0")/.." || exit 1
. tools/common.sh
say "== demonstration on a small table"
data=${build_dir}/smoke
rm -rf "${data}" demo-output/smoke
mkdir -p "${data}"
# Two groups of samples, counts, features in rows.
awk 'BEGIN {
    srand(1)
    printf "gene"
    for (j = 1; j <= 60; j++) printf ",s%d", j
    print ""
    for (i = 1; i <= 80; i++) {
        printf "g%d", i
        for (j = 1; j <= 60; j++)
            printf ",%d", (((i % 2) == (j % 2)) ? 40 : 5) * (0.5 + rand())
        print ""
    }
}' > "${data}/counts.csv"

failed=0
DATA="${data}/counts.csv" sh tools/demo.sh || failed=1
for file in codes.csv clusters.csv outliers.csv widths.png umap-cluster.png \
    outliers.png codes.png; do
    if ! test -s "demo-output/counts/${file}"; then
        say "missing: demo-output/counts/${file}"
        failed=1
    fi
done
say "$((1 - failed)) ${failed} 0" > "${build_dir}/demo-summary"
test "${failed}" = 0
