#!/usr/bin/env bash
# Estimates the cycles of one image of BinaryViT-small on ARM cores, on an x64 machine: counts the executed basic blocks under an emulator and
# asks llvm-mca for the cycles of each. Writes bench/results/arm-estimates.json and .md; takes a few minutes.
#
#   EDGEVIT_ARM64_KIT=DIR EDGEVIT_ARM64_EMULATOR=FILE EDGEVIT_ARM64_SYSROOT=DIR bench/arm-estimate.sh [neon]
#
#   EDGEVIT_ARM64_KIT        a folder with dotnet-arm64, the host of the ARM64 runtime, and mca, an llvm-mca of version 19
#   EDGEVIT_ARM64_EMULATOR   a user-mode qemu for ARM64
#   EDGEVIT_ARM64_SYSROOT    the folder under which that emulator finds the ARM64 C library
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
kit=${EDGEVIT_ARM64_KIT:?names the folder of the kit}
emulator=${EDGEVIT_ARM64_EMULATOR:?names the emulator}
sysroot=${EDGEVIT_ARM64_SYSROOT:?names the folder of the ARM64 C library}
kernel=${1:-neon}
runner=artifacts/bin/EdgeVit.Runner/release/runner.dll
dotnet build tests/Runner/EdgeVit.Runner.csproj -c Release -v q --nologo
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet "$runner" preset binaryvit-small "$work/model.evit"

# The code that the JIT makes lies in one region when addresses are not randomised; only blocks there are logged.
image() {
  env DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_TieredPGO=0 DOTNET_EnableWriteXorExecute=0 DOTNET_TieredCompilation=0 EDGEVIT_KERNEL="$kernel" \
    DOTNET_PerfMapEnabled=3 DOTNET_PerfMapJitDumpPath="$work" DOTNET_JitDisasm='EdgeVit.Runtime.*:*' DOTNET_JitStdOutFile="$work/listing.$1" \
    setarch -R "$emulator" -L "$sysroot" -cpu cortex-a76 "${@:2}" \
    "$kit/dotnet-arm64" "$runner" run "$work/model.evit" "$1" >"$work/output" &
  wait $!
  mv "$work"/perf-*.map "$work/perf.$1"
}

image 1
region=$(awk '/EdgeVit.Runtime/ { print substr($1, 1, length($1) - 6) }' "$work/perf.1" | sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }')
for n in 1 2; do
  mkfifo "$work/log"
  dotnet "$runner" blocks "$work/blocks.$n" <"$work/log" &
  reader=$!
  rm -f "$work/listing.$n"
  image "$n" -d exec,nochain -dfilter "${region}000000..${region}ffffff" -D "$work/log"
  wait "$reader"
  rm "$work/log"
done
cp "$work/listing.2" "$work/listing"
dotnet "$runner" estimate "$work" "$kit/mca" "$kernel" bench/results/arm-estimates.json
