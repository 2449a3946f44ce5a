"""Milliseconds per epoch on an NVIDIA GPU: this package's CUDA backend beside PyTorch, in one run.

    tests/cuda/driver.sh --build && python3 bench/gpu.py [--epochs 10] [--rounds 3]
        [--precision tf32|bf16] [W1 ...]

Needs nvcc, g++ and PyTorch with CUDA; no R. PyTorch runs eagerly, with the epoch as one CUDA graph, and
with that and torch.compile; the best of these is compared too. Prints a table for bench/RESULTS.md.
"""
import argparse
import json
import statistics
import subprocess
import sys

BUILD = ".build/cuda-gpu/"
TORCH = {
    "eager": [],
    "graph": ["--graph", "epoch"],
    "compiled": ["--graph", "epoch", "--compile"],
}

ap = argparse.ArgumentParser()
ap.add_argument("--epochs", type=int, default=10)
ap.add_argument("--rounds", type=int, default=3)
ap.add_argument("--precision", default="float32", choices=["float32", "tf32", "bf16"])
ap.add_argument("workloads", nargs="*", default=["W1", "W2", "W3", "W4", "W4b", "W5"])
args = ap.parse_args()


def run(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as problem:
        print("#", problem, file=sys.stderr)
        return ""
    if done.returncode:
        print("# failed:", " ".join(command), "\n#", done.stderr.strip()[-300:], file=sys.stderr)
    return done.stdout


def ours(workload):
    out = run([BUILD + "cuda-driver", BUILD + "aesop_cuda.so", "--epochs", str(args.epochs),
               "--precision", args.precision, workload])
    for line in out.splitlines():
        words = line.split()
        if words and words[0] == workload:
            return float(words[5])  # loss cuda, loss cpu, error, cpu ms, cuda ms
    return None


def torch(workload, options):
    batch = ["--batch", "128"] if workload == "W4b" else []
    out = run([sys.executable, "bench/torch_workloads.py", workload.rstrip("b"), "--device", "cuda",
               "--epochs", str(args.epochs),
               "--precision", args.precision.replace("float", "fp"), *batch, *options])
    lines = [line for line in out.splitlines() if line.startswith("{")]
    return 1000 * json.loads(lines[-1])["s_per_epoch"] if lines else None


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


print(run(["nvidia-smi", "--query-gpu=name,driver_version,clocks.sm", "--format=csv,noheader"]).strip())
print("Precision:", args.precision)
print("| workload | aesop |", " | ".join(TORCH), "| eager / aesop | best / aesop |")
print("|---" * (len(TORCH) + 4) + "|")
for w in args.workloads:
    mine, theirs = [], {name: [] for name in TORCH}
    for _ in range(args.rounds):
        mine.append(ours(w))
        for name, options in TORCH.items():
            theirs[name].append(torch(w, options))
    own, times = median(mine), {name: median(v) for name, v in theirs.items()}
    known = [v for v in times.values() if v is not None]
    ratio = lambda v: f"{v / own:.1f}" if own and v else "-"
    show = lambda v: f"{v:.2f}" if v else "-"
    print(f"| {w} | {show(own)} |", " | ".join(show(v) for v in times.values()),
          f"| {ratio(times['eager'])} | {ratio(min(known, default=None))} |")
