#!/usr/bin/env bash
# Writes packaging/start-order.txt: the methods that ordinary commands execute, in the order of their first execution. The compiler lays them out so,
# and a run reads and holds fewer pages of the program. A name that no longer exists does no harm, and a method that is missing only lies elsewhere:
# write the file anew before a release. Needs the programs of ./publish.sh linux-x64 and clang.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
built=artifacts/publish/linux-x64/command
program=$built/edgevit-serve
[ -f "$program.dbg" ] || { echo "start-order: $program.dbg is missing: type ./publish.sh linux-x64 first" >&2; exit 1; }
readelf -h "$program" | grep -q 'Type:.*EXEC' || { echo "start-order: $program is not linked at a fixed address: type ./publish.sh linux-x64 without EDGEVIT_PIE" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clang -O2 -Wall -Wextra -o "$work/first-executions" packaging/first-executions.c

# The section of managed code: address and size.
read -r start size < <(readelf -SW "$program" | sed -n 's/.*__managedcode *PROGBITS *\([0-9a-f]*\) [0-9a-f]* \([0-9a-f]*\).*/\1 \2/p')
llvm-nm --defined-only "$program.dbg" | awk -v start="$(printf '%016x' "$((16#$start))")" -v end="$(printf '%016x' "$((16#$start + 16#$size))")" '
  NF == 3 && $1 "" >= start "" && $1 "" < end "" { print $1, $3 }' | sort >"$work/symbols"
cut -d ' ' -f 1 "$work/symbols" | uniq >"$work/addresses"

# note COMMAND...: adds what a command executes; it may fail.
note() {
  "$work/first-executions" "$work/addresses" "$work/part" "$program" "$@" >/dev/null 2>&1 </dev/null || true
  cat "$work/part" >>"$work/executed"
}

note run models/shapes.evit packaging/icon.png
note run models/cifar10.evit packaging/icon.png --json
note run models/no-such.evit packaging/icon.png
note inspect models/shapes.evit
note doctor models/shapes.evit
note bench models/shapes.evit --duration 100ms --idle 100ms
note --help
[ "$(wc -l <"$work/executed")" -gt 1000 ] || { echo "start-order: the commands did not run" >&2; exit 1; }

awk 'NR == FNR { names[$1] = names[$1] "\n" $2; next } !($1 in seen) { seen[$1] = 1; print substr(names[$1], 2) }' "$work/symbols" "$work/executed" >packaging/start-order.txt
echo "start-order: $(wc -l <packaging/start-order.txt) methods of $(wc -l <"$work/addresses") in packaging/start-order.txt"
