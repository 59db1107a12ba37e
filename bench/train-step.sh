#!/usr/bin/env bash
# Measures a training step of binaryvit-32 beside the same network's in a loop written by hand against libtorch (bench/TorchLoop), turn by turn on one
# thread: prints the fastest and the median step of each and their ratio. Wants a C++ compiler and the libtorch that setup.sh found.
#
#   bench/train-step.sh [batch] [rounds]
#
#   EDGEVIT_LIBTORCH   a PyTorch folder with include/ and lib/; the system's libtorch when unset
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
batch=${1:-128}
rounds=${2:-3}
out=artifacts/bench/TorchLoop
mkdir -p "$out"
flags="-O2 -std=c++17"
if [ -n "${EDGEVIT_LIBTORCH:-}" ]; then
  flags="$flags -I$EDGEVIT_LIBTORCH/include -I$EDGEVIT_LIBTORCH/include/torch/csrc/api/include -L$EDGEVIT_LIBTORCH/lib -Wl,-rpath,$EDGEVIT_LIBTORCH/lib"
else
  flags="$flags -I/usr/include/torch/csrc/api/include"
fi
if [ bench/TorchLoop/torch_loop.cpp -nt "$out/torch_loop" ]; then
  # shellcheck disable=SC2086
  ${CXX:-g++} $flags bench/TorchLoop/torch_loop.cpp -o "$out/torch_loop" -ltorch -ltorch_cpu -lc10
fi
edgevit=artifacts/bin/EdgeVit.Cli/release/edgevit.dll
[ -f "$edgevit" ] || { echo "build first: ./edgevit --version" >&2; exit 1; }
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=passive DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for round in $(seq "$rounds"); do
  # The first step warms up.
  "$out/torch_loop" "$batch" 6 1 2>/dev/null | tail -n +2 >>"$scratch/loop"
  dotnet "$edgevit" convert --data shapes --out "$scratch/run" --student binaryvit-32 --teacher none --batch "$batch" --threads 1 --device cpu \
    --shapes-train $((batch * 4)) --shapes-test 20 --plan --json 2>/dev/null |
    sed -n 's/.*"step_seconds": *\([0-9.]*\).*/\1/p' | awk '{ print $1 * 1000 }' >>"$scratch/convert"
  echo "round $round: loop $(sort -g "$scratch/loop" | head -n 1) ms fastest so far, convert $(sort -g "$scratch/convert" | head -n 1) ms median of 20 steps, best so far" >&2
done
fastest() { sort -g "$1" | head -n 1; }
median() { sort -g "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
awk -v a="$(median "$scratch/convert")" -v b="$(median "$scratch/loop")" -v c="$(fastest "$scratch/convert")" -v d="$(fastest "$scratch/loop")" -v n="$batch" \
  'BEGIN { printf "binaryvit-32, batch %d, one thread: convert %.0f ms (best round %.0f), loop in C++ %.0f ms (fastest step %.0f); ratio of medians %.2f, of the best %.2f\n", n, a, c, b, d, a / b, c / d }'
