#!/usr/bin/env bash
# Sets up, builds everything with warnings as errors, checks the format and runs all tests.
# Ends with the line 'N passed, N failed, N skipped'; exit code 0 only when nothing failed.
#
#   ./test.sh             everything
#   ./test.sh PATTERN...  only the test projects whose path contains one of the patterns, such as Runtime
#
# In the environment: EDGEVIT_CONFIGURATION=Debug tests that build; Release is the default.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# Invariant: the SDK then needs no ICU library, which small systems lack; the programs built here are invariant anyway.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}

case "${EDGEVIT_CONFIGURATION:=Release}" in
  Release) output=release ;;
  Debug) output=debug ;;
  *) echo "test: EDGEVIT_CONFIGURATION is '$EDGEVIT_CONFIGURATION', expected Release or Debug." >&2; exit 2 ;;
esac

part() { printf '== %s (%d s so far)\n' "$1" "$SECONDS"; }

part set-up
./setup.sh --all
results=artifacts/test-results
rm -rf "$results"
mkdir -p "$results"

part build
# What ./edgevit has built was not checked for style: it is compiled again.
again=()
if [ -f artifacts/analyzers-skipped ]; then again=(--no-incremental); fi
dotnet build EdgeVit.sln -c "$EDGEVIT_CONFIGURATION" -v q --nologo --no-restore -warnaserror -p:UseSharedCompilation=false ${again[@]+"${again[@]}"}
if [ "$output" = release ]; then rm -f artifacts/analyzers-skipped; fi

failed_steps=()
if [ $# = 0 ]; then
  part format
  # Style is checked by the build; this is the white space, which needs no compilation.
  dotnet format whitespace . --folder --verify-no-changes --exclude artifacts/ || failed_steps+=("format (mend it with: dotnet format whitespace . --folder)")
fi

wanted() {
  [ $# -gt 1 ] || return 0
  local project=$1 pattern
  shift
  for pattern in "$@"; do case "$project" in *"$pattern"*) return 0 ;; esac; done
  return 1
}

training=$(dotnet msbuild src/Cli/EdgeVit.Cli.csproj -getProperty:EdgeVitTraining)

# A test project is a program that runs its tests. Those of the training wait for each other's processes more than they compute: they run beside the
# others, and what they say comes behind.
beside=
for project in tests/*.Tests/*.csproj; do
  wanted "$project" "$@" || continue
  name=$(basename "$project" .csproj)
  program=artifacts/bin/$name/$output/$name.dll
  if [ ! -f "$program" ]; then continue; fi
  if [ "$name-$training" = EdgeVit.Quantize.Tests-false ]; then part "$name"; echo "SKIPPED: this build has no training"; continue; fi
  if [ "$name" = EdgeVit.Quantize.Tests ]; then
    dotnet "$program" -noLogo -noColor -trx "$results/$name.trx" >"$results/$name.txt" 2>&1 &
    beside=$!
  fi
done
for project in tests/*.Tests/*.csproj; do
  wanted "$project" "$@" || continue
  name=$(basename "$project" .csproj)
  program=artifacts/bin/$name/$output/$name.dll
  if [ ! -f "$program" ] || [ "$name" = EdgeVit.Quantize.Tests ]; then continue; fi
  part "$name"
  dotnet "$program" -noLogo -noColor -trx "$results/$name.trx" || failed_steps+=("$name")
done
if [ -n "$beside" ]; then
  part EdgeVit.Quantize.Tests
  wait "$beside" || failed_steps+=(EdgeVit.Quantize.Tests)
  # LibTorch says once per thread that a processor lacks what one of its libraries wants.
  grep -v 'NNPACK\.cpp' "$results/EdgeVit.Quantize.Tests.txt"
fi

# The counters of every results file, summed.
sum() {
  local total=0 value
  for value in $(grep -ho "<Counters [^>]*" "$results"/*.trx 2>/dev/null | sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p"); do total=$((total + value)); done
  echo "$total"
}
total=$(sum total)
passed=$(sum passed)
skipped=$((total - $(sum executed)))
failed=$((total - passed - skipped))
# What failed stands at the end, too: a log that is cut keeps its last lines.
for file in "$results"/*.trx; do
  [ -f "$file" ] || continue
  tr '\n' ' ' <"$file" | sed 's/<UnitTestResult /\n&/g' | grep '^<UnitTestResult [^>]*outcome="Failed"' |
    sed 's/.* testName="\([^"]*\)".*<Message>\(.\{0,400\}\).*/failed: \1: \2/; s/<\/Message>.*//; s/&#xD;&#xA;\|&#xA;/ /g; s/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' || true
done
for step in ${failed_steps[@]+"${failed_steps[@]}"}; do echo "failed: $step"; done
# A step that failed without a failed test (a format error, a crash) counts as one.
if [ ${#failed_steps[@]} != 0 ] && [ "$failed" = 0 ]; then failed=${#failed_steps[@]}; fi
part done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
