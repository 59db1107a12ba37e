#!/usr/bin/env bash
# Estimates the cycles of one image of BinaryViT-small on ARM cores, on an x64 machine: counts the executed basic blocks under an emulator and
# asks llvm-mca for the cycles of each. Writes bench/results/arm-estimates.json and .md, of other kernel sets than neon arm-estimates-SET; takes a few
# minutes.
#
#   bench/arm-estimate.sh [neon]     the kernel set that runs: neon, neon-tables ...
#
#   EDGEVIT_MCA=FILE   an llvm-mca of version 19; otherwise llvm-mca-19 or llvm-mca from PATH (Debian: apt-get install llvm-19)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
kernel=${1:-neon}

mca=${EDGEVIT_MCA:-$(command -v llvm-mca-19 || command -v llvm-mca || true)}
version=$([ -z "$mca" ] || "$mca" --version | sed -n 's/.*LLVM version \([0-9]*\).*/\1/p')
if [ "$version" != 19 ]; then
  echo "arm-estimate: llvm-mca of version 19 is needed, whose models of the cores the recorded figures have; found: ${mca:-none}${version:+, version $version}." >&2
  echo "              Debian: apt-get install llvm-19; or name one in EDGEVIT_MCA." >&2
  exit 1
fi

found=$(tests/arm64-emulator.sh)
{ read -r emulator; read -r QEMU_LD_PREFIX; } <<<"$found"
export QEMU_LD_PREFIX
dotnet publish tests/Runtime.Tests -r linux-arm64 --self-contained -c Release --artifacts-path artifacts/arm64/build -o artifacts/arm64/tests -v q --nologo \
  -p:UseSharedCompilation=false -p:RunAnalyzers=false
dotnet build bench -c Release -v q --nologo -p:UseSharedCompilation=false
bench=artifacts/bin/EdgeVit.Bench/release/EdgeVit.Bench.dll
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet "$bench" arm-estimate model binaryvit-small "$work/model.evit"

# image COUNT [OPTION...]: runs images with the emulator's options. The code that the JIT makes lies in one region when addresses are not
# randomised; only blocks there are logged. Written through a second mapping, code would escape the emulator (see tests/arm64.sh).
image() {
  env DOTNET_TieredPGO=0 DOTNET_EnableWriteXorExecute=0 DOTNET_TieredCompilation=0 EDGEVIT_KERNEL="$kernel" QEMU_CPU=cortex-a76 \
    DOTNET_PerfMapEnabled=3 DOTNET_PerfMapJitDumpPath="$work" DOTNET_JitDisasm='EdgeVit.Runtime.*:*' DOTNET_JitStdOutFile="$work/listing.$1" \
    setarch -R "$emulator" "${@:2}" artifacts/arm64/tests/EdgeVit.Runtime.Tests run "$work/model.evit" "$1" >"$work/output"
  mv "$work"/perf-*.map "$work/perf.$1"
}

image 1
region=$(awk '/EdgeVit.Runtime/ { print substr($1, 1, length($1) - 6) }' "$work/perf.1" | sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }')
for n in 1 2; do
  mkfifo "$work/log"
  dotnet "$bench" arm-estimate blocks "$work/blocks.$n" <"$work/log" &
  reader=$!
  rm -f "$work/listing.$n"
  image "$n" -d exec,nochain -dfilter "${region}000000..${region}ffffff" -D "$work/log"
  wait "$reader"
  rm "$work/log"
done
cp "$work/listing.2" "$work/listing"
dotnet "$bench" arm-estimate write "$work" "$mca" "$kernel" "bench/results/arm-estimates$([ "$kernel" = neon ] || echo "-$kernel").json"
