#!/usr/bin/env bash
# The runtime on 64-bit ARM: kernel tests, whole networks bit for bit, and the machine code of the NEON loops.
# Runs natively on an ARM machine; elsewhere under an emulator for an A53 (without dot products) and an A76 (with them), where there is a
# kit for it; otherwise it says SKIPPED.
#
#   EDGEVIT_ARM64_KIT=DIR   a kit: DIR/q64 runs 'dotnet ARGUMENTS' on ARM64, for the processor that Q_CPU names
#   ../shared/arm64         scripts that set up such a kit; done once, in a temporary folder outside the repository
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
unset EDGEVIT_KERNEL
if [ -f artifacts/setup/env.sh ]; then . artifacts/setup/env.sh; fi

skip() {
  echo "arm64: SKIPPED: $1"
  exit 0
}

# The kit, or nothing to go on with.
kit=
if [ "$(uname -m)" = aarch64 ]; then
  echo "== arm64, native"
elif [ -n "${EDGEVIT_ARM64_KIT:-}" ]; then
  kit=$EDGEVIT_ARM64_KIT
  [ -x "$kit/q64" ] || { echo "arm64: EDGEVIT_ARM64_KIT is '$kit', which holds no program q64" >&2; exit 1; }
elif [ "$(uname -m)" = x86_64 ] && [ -x ../shared/arm64/setup_arm64.sh ]; then
  scripts=$(realpath ../shared/arm64)
  kit=${TMPDIR:-/tmp}/edgevit-arm64-kit-$(id -u)
  mkdir -p "$kit"
  exec 9>"$kit/lock"
  flock 9
  if [ ! -e "$kit/ready" ]; then
    echo "== arm64: setting up the kit in $kit (downloads about 300 MB, once)"
    if timeout 600 "$scripts/setup_arm64.sh" "$kit" >"$kit/setup.log" 2>&1; then
      touch "$kit/ready"
    else
      tail -n 5 "$kit/setup.log"
      skip "this is $(uname -m) and the kit could not be set up (see $kit/setup.log)"
    fi
  fi
  exec 9>&-
else
  skip "this is $(uname -m), and there is no kit (EDGEVIT_ARM64_KIT)"
fi

dotnet build tests/Runner/EdgeVit.Runner.csproj -c Release -v q --nologo -p:UseSharedCompilation=false
runner=artifacts/bin/EdgeVit.Runner/release/runner.dll
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "arm64: FAILED: $1"
  exit 1
}

# has JSON NAME VALUE: whether "NAME":VALUE is in the flags.
has() { case "$1" in *"\"$2\":$3"*) ;; *) fail "expected \"$2\":$3 in $1" ;; esac; }

# check DOT COMMAND...: everything on one processor; DOT says whether it has dot products.
check() {
  local dot=$1
  shift
  local flags
  flags=$("$@" "$runner" flags)
  has "$flags" architecture '"Arm64"'
  has "$flags" AdvSimd true
  has "$flags" Dp "$dot"
  if [ "$dot" = true ]; then
    has "$flags" kernels '["neon","neon-dot","vector128","scalar"]'
  else
    has "$flags" kernels '["neon","vector128","scalar"]'
    local refusal
    if refusal=$(EDGEVIT_KERNEL=neon-dot "$@" "$runner" check models 2>&1); then fail "neon-dot ran without dot products"; fi
    case "$refusal" in *"'neon-dot'"*"available: neon, vector128, scalar"*) echo "refused: $refusal" ;; *) fail "neon-dot was not refused as it should be: $refusal" ;; esac
  fi
  "$@" "$runner" tests "${tests[@]}"
  DOTNET_JitDisasm='EdgeVit.Runtime.Neon*:*' DOTNET_JitStdOutFile="$work/listing" "$@" "$runner" check "$work/networks" models --threads 1,2,3,4
  if [ "$dot" = true ]; then dotnet "$runner" code "$work/listing" dot; else dotnet "$runner" code "$work/listing"; fi
  # The check of the machine code must be able to fail.
  sed 's/uadalp /nop /' "$work/listing" >"$work/spoiled"
  if dotnet "$runner" code "$work/spoiled" >/dev/null; then fail "machine code without uadalp was accepted"; fi
  rm "$work/listing" "$work/spoiled"
}

# The reference: logits of the interpreter on this machine. The packed models in models/ carry those of the machine that made them, an x64.
dotnet "$runner" write "$work/networks"

if [ -z "$kit" ]; then
  tests=()
  if grep -qw asimddp /proc/cpuinfo; then check true dotnet; else check false dotnet; fi
  echo "arm64: passed, natively"
  exit 0
fi

dotnet "$runner" check "$work/networks" models
tests=(KernelTests FloatMathTests SessionTests.ARun SessionTests.Sessions SessionTests.Batches SessionTests.Nan)
echo "== arm64: cortex-a53"
check false env Q_CPU=cortex-a53 "$kit/q64"
echo "== arm64: cortex-a76"
check true env Q_CPU=cortex-a76 "$kit/q64"
echo "arm64: passed, emulated (cortex-a53, cortex-a76)"
