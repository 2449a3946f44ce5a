#!/bin/sh
# make bench [PEER=torch] [ROUNDS=3] [WORKLOADS="W1 W2 W3 W4 W4b W5"] [THREADS=2]
# Times the workloads, interleaved with PyTorch's if PEER=torch (installed from PyPI into .build/torch, or
# taken from TORCH_PYTHON), prints a table with ratios and appends it to bench/RESULTS.md. Then two threads beside
# a busy process, against one (contention.R; CONTENTION=no leaves it out). By themselves: scale.R (time by size of
# the data, HDF5, encoding, start) and instructions.sh (instruction counts).
set -eu
cd "$(dirname "$0")/.."
PEER=${PEER:-}
ROUNDS=${ROUNDS:-3}
WORKLOADS=${WORKLOADS:-W1 W2 W3 W4 W4b W5}
THREADS=${THREADS:-2}
mkdir -p .build
lines=.build/bench.jsonl
: >"$lines"

python=${TORCH_PYTHON:-.build/torch/bin/python}
if [ "$PEER" = torch ] && ! "$python" -c 'import torch' 2>/dev/null; then
    echo "Installing PyTorch from PyPI into .build/torch ..."
    python3 -m venv .build/torch
    .build/torch/bin/pip install -q numpy torch
    python=.build/torch/bin/python
fi

round=1
while [ "$round" -le "$ROUNDS" ]; do
    for w in $WORKLOADS; do
        case $w in
            W5) epochs=2 rows="--rows 50000" ;;
            W2) epochs=20 rows= ;;
            W4b) epochs=4 rows="--batch 128" ;;
            *) epochs=4 rows= ;;
        esac
        Rscript bench/workloads.R "$w" $((epochs + 1)) "$THREADS" | tee -a "$lines"
        if [ "$PEER" = torch ]; then
            # shellcheck disable=SC2086
            "$python" bench/torch_workloads.py "${w%b}" --threads "$THREADS" --epochs "$epochs" $rows | tee -a "$lines"
        fi
    done
    round=$((round + 1))
done
Rscript bench/table.R "$lines"
if [ "${CONTENTION:-yes}" = yes ]; then
    Rscript bench/contention.R "$ROUNDS"
fi
