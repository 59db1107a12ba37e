#!/usr/bin/env bash
# Shows whether training keeps memory: trains a tiny student for 10,000 steps and samples what the process has resident, after a tenth of the
# samples as warm-up. Fails when the mean of the last fifth lies more than 5 % and 16 MB above that of the first.
#
#   bench/train-memory.sh [steps]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
steps=${1:-10000}
edgevit=artifacts/bin/EdgeVit.Cli/release/edgevit.dll
[ -f "$edgevit" ] || { echo "build first: ./edgevit --version" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/tiny.json" <<'JSON'
{"name":"tiny","imageSize":32,"patchSize":8,"stages":[{"depth":1,"width":32,"ffnWidth":64,"heads":1,"reduction":1}],"classes":10}
JSON
# 400 images, 20 of them held out, in batches of 10: 38 steps an epoch.
dotnet "$edgevit" convert --data shapes --out "$scratch/run" --student "$scratch/tiny.json" --teacher none --batch 10 --device cpu --threads 1 \
  --shapes-train 400 --shapes-test 20 --epochs "$(awk -v s="$steps" 'BEGIN { print s / 38 }')" >"$scratch/log" 2>&1 &
process=$!
while kill -0 "$process" 2>/dev/null; do
  if grep -qs '^student' "$scratch/run/metrics.csv"; then
    awk '/VmRSS/ { print $2 / 1024 }' "/proc/$process/status" >>"$scratch/samples" 2>/dev/null || true
  fi
  sleep 0.2
done
wait "$process" || { tail -n 5 "$scratch/log" >&2; exit 1; }
done_steps=$(awk -F, '$1 == "student" { n = $2 } END { print n }' "$scratch/run/metrics.csv")
awk -v steps="$done_steps" '
  { v[NR] = $1 }
  END {
    begin = int(NR / 10) + 1; fifth = int((NR - begin + 1) / 5)
    for (i = 0; i < fifth; i++) { a += v[begin + i]; b += v[NR - i] }
    a /= fifth; b /= fifth
    printf "%d steps, %d samples: %.0f MB resident in the first fifth, %.0f MB in the last\n", steps, NR, a, b
    exit b > 1.05 * a + 16
  }' "$scratch/samples"
