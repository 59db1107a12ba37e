#!/usr/bin/env bash
# The runtime on 64-bit ARM: its tests, whole networks and the models bit for bit against x64, and the machine code of the NEON loops.
# Runs natively on an ARM machine; elsewhere the tests are published with .NET's own runtime for linux-arm64 and run under an emulator: all of
# them on a Cortex-A76, the kernels' on a Cortex-A53, whose instructions are fewer (neither dot products nor atomic additions; a Cortex-A72 has the
# same); the networks and models on all three. Where there is no emulator to be had it says SKIPPED.
#
#   tests/arm64.sh             all of it
#   tests/arm64.sh CORE...     cortex-a53, cortex-a72, cortex-a76
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
unset EDGEVIT_KERNEL

part() { printf '== arm64: %s (%d s so far)\n' "$1" "$SECONDS"; }

fail() {
  echo "arm64: FAILED: $1"
  exit 1
}

# has JSON NAME VALUE: whether "NAME":VALUE is in it.
has() { case "$1" in *"\"$2\":$3"*) ;; *) fail "expected \"$2\":$3 in $1" ;; esac; }

# check DOT COMMAND...: everything on one processor; DOT says whether it has dot products. What is in 'some' chooses among the tests; 'none' runs none.
check() {
  local dot=$1 instructions refusal
  shift
  instructions=$("$@" instructions)
  has "$instructions" architecture '"Arm64"'
  has "$instructions" AdvSimd true
  has "$instructions" Dp "$dot"
  has "$instructions" kernels '["neon","neon-tables","vector128","scalar"]'
  if refusal=$(EDGEVIT_KERNEL=avx2 "$@" check models 2>&1); then fail "avx2 ran on ARM"; fi
  case "$refusal" in *"'avx2'"*"available: neon, neon-tables, vector128, scalar"*) echo "refused: $refusal" ;; *) fail "avx2 was not refused as it should be: $refusal" ;; esac
  "$@" check "$work" models --threads 1,2,3
  [ "${some[*]-}" = none ] || "$@" -noLogo -noColor ${some[@]+"${some[@]}"}
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
some=()
if [ "$(uname -m)" = aarch64 ]; then
  part "native"
  dotnet build tests/Runtime.Tests -c Release -v q --nologo -p:UseSharedCompilation=false
  program=(dotnet artifacts/bin/EdgeVit.Runtime.Tests/release/EdgeVit.Runtime.Tests.dll)
  "${program[@]}" write "$work"
  if grep -qw asimddp /proc/cpuinfo; then check true "${program[@]}"; else check false "${program[@]}"; fi
  part "passed, natively"
  exit 0
fi

skip() {
  echo "arm64: SKIPPED: this is $(uname -m), and $1"
  exit 0
}

part "emulator"
[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || skip "the emulated tests need Linux on x64"
if ! found=$(tests/arm64-emulator.sh 2>"$work/why"); then skip "$(tail -n 1 "$work/why")"; fi
{ read -r emulator; read -r QEMU_LD_PREFIX; } <<<"$found"
export QEMU_LD_PREFIX EDGEVIT_TEST_EMULATOR=$emulator
rm "$work/why"

part "build"
# In folders of its own, so that the build for this machine stays as it is.
dotnet publish tests/Runtime.Tests -r linux-arm64 --self-contained -c Release --artifacts-path artifacts/arm64/build -o artifacts/arm64/tests -v q --nologo \
  -p:UseSharedCompilation=false -p:RunAnalyzers=false
dotnet build tests/Runtime.Tests -c Release -v q --nologo -p:UseSharedCompilation=false
# The reference: logits of the interpreter on this machine. The models in models/ carry those of the machine that made them, an x64, too.
reference=artifacts/bin/EdgeVit.Runtime.Tests/release/EdgeVit.Runtime.Tests.dll
dotnet "$reference" write "$work"
dotnet "$reference" check "$work" models --threads 1

# emulated CORE DOT: everything on one emulated core. The emulator does not notice code that is written through a second mapping of its
# memory, which is how .NET writes it unless told otherwise: programs that make code while they run die of it. Without profiles the JIT,
# which is slow there, takes a sixth less.
emulated() {
  part "$1"
  DOTNET_EnableWriteXorExecute=0 DOTNET_TieredPGO=0 QEMU_CPU=$1 check "$2" "$emulator" artifacts/arm64/tests/EdgeVit.Runtime.Tests
}

# How fast the kernel sets are under an emulator says nothing.
for core in ${@:-cortex-a76 cortex-a53 cortex-a72}; do
  some=(-class- '*.KernelPickTests')
  case "$core" in
    cortex-a76) emulated "$core" true ;;
    cortex-a53)
      some=(-class '*.KernelTests' -class '*.FloatMathTests' -class '*.EpilogueTests' -class '*.WeightTablesTests' -class '*.HiddenLayerTests')
      emulated "$core" false
      ;;
    cortex-a72)
      some=(none)
      emulated "$core" false
      ;;
    *) fail "unknown core '$core'; known: cortex-a53, cortex-a72, cortex-a76" ;;
  esac
done
part "passed, emulated"
