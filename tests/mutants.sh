#!/usr/bin/env bash
# Do the tests notice when the code is wrong? Applies the one-line changes of tests/mutants.txt one at a time, each to an unchanged copy of the
# working tree in a temporary folder, runs the tests that should notice, and prints the changes that none of them noticed.
#
#   tests/mutants.sh               all of them (an hour or more)
#   tests/mutants.sh PATTERN...    those whose name or source file matches one of the shell patterns, such as 'bench-*' or 'src/Cli/*'
#
#   --list         prints them and does nothing else
#   --from FILE    another list
#   --copy DIR     works in this folder and keeps it, so that the next call does not build everything anew
#
# MUTANT_SECONDS (300) is how long tests may take; a change that makes them take longer counts as noticed.
# Exit code: 0 all were noticed; 1 some survived, or the tests fail without any change; 2 wrong usage, or the list is out of date: a line
# that is not exactly once in its file, a change that does not compile, or a filter without tests.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
unset EDGEVIT_KERNEL

say() { printf 'mutants: %s\n' "$*" >&2; }
usage() { say "$*"; exit 2; }

list=$root/tests/mutants.txt copy='' show=no seconds=${MUTANT_SECONDS:-300} patterns=()
while [ $# -gt 0 ]; do
  case "$1" in
    --list) show=yes ;;
    --from | --copy)
      [ $# -ge 2 ] || usage "$1 needs a value."
      if [ "$1" = --from ]; then list=$2; else copy=$2; fi
      shift ;;
    -h | --help) sed -n '2,15s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    -*) usage "unknown option '$1'. Known: --list, --from, --copy, --help." ;;
    *) patterns+=("$1") ;;
  esac
  shift
done
[ -f "$list" ] || usage "$list: no such file."

# --- The list: an entry is a run of 'key: value' lines; empty lines and lines that start with # stand between entries.
names=() files=() finds=() makes=() projects=() filters=()
declare -A entry=() seen=()

wanted() {
  [ ${#patterns[@]} != 0 ] || return 0
  local pattern
  # shellcheck disable=SC2053  # They are patterns.
  for pattern in "${patterns[@]}"; do if [[ $1 == $pattern || $2 == $pattern ]]; then return 0; fi; done
  return 1
}

finish_entry() {
  [ ${#entry[@]} != 0 ] || return 0
  local key
  for key in name file find make test only; do
    [ -n "${entry[$key]+x}" ] || usage "$list:$line_number: the entry '${entry[name]-}' above has no '$key'."
  done
  [ -z "${seen[${entry[name]}]+x}" ] || usage "$list:$line_number: there are two entries '${entry[name]}'."
  seen[${entry[name]}]=1
  if wanted "${entry[name]}" "${entry[file]}"; then
    names+=("${entry[name]}") files+=("${entry[file]}") finds+=("${entry[find]}") makes+=("${entry[make]}")
    projects+=("${entry[test]}") filters+=("${entry[only]}")
  fi
  entry=()
}

line_number=0
while IFS= read -r line || [ -n "$line" ]; do
  line_number=$((line_number + 1))
  case "$line" in
    '' | '#'*) finish_entry ;;
    name:* | file:* | find:* | make:* | test:* | only:*)
      value=${line#*:}
      entry[${line%%:*}]=${value# } ;;
    *) usage "$list:$line_number: '$line', expected name, file, find, make, test or only with a colon." ;;
  esac
done <"$list"
finish_entry
total=${#names[@]}
[ "$total" != 0 ] || usage "nothing in $list matches."

if [ "$show" = yes ]; then
  for ((i = 0; i < total; i++)); do
    printf '%s  %s\n  - %s\n  + %s\n  %s: %s\n' "${names[i]}" "${files[i]}" "${finds[i]}" "${makes[i]}" "${projects[i]}" "${filters[i]}"
  done
  exit 0
fi

killed=0 survived=() outdated=()
summary() {
  local name
  for name in ${survived[@]+"${survived[@]}"}; do echo "survived: $name"; done
  for name in ${outdated[@]+"${outdated[@]}"}; do echo "out of date: $name"; done
  echo "$killed killed, ${#survived[@]} survived, ${#outdated[@]} out of date"
}

# --- Every line must be there once, before anything is built.
for ((i = 0; i < total; i++)); do
  if [ ! -f "$root/${files[i]}" ]; then
    outdated+=("${names[i]}: there is no ${files[i]}")
    continue
  fi
  text=$(<"$root/${files[i]}")
  without=${text//"${finds[i]}"/}
  count=0
  if [ -n "${finds[i]}" ]; then count=$(((${#text} - ${#without}) / ${#finds[i]})); fi
  if [ "$count" != 1 ]; then outdated+=("${names[i]}: its line is in ${files[i]} $count times, expected once"); fi
  if [ "${finds[i]}" = "${makes[i]}" ]; then outdated+=("${names[i]}: it changes nothing"); fi
  if [ ! -d "$root/tests/${projects[i]}" ]; then outdated+=("${names[i]}: there is no test project tests/${projects[i]}"); fi
done
if [ ${#outdated[@]} != 0 ]; then
  summary
  exit 2
fi

# --- The copy: what git knows and what is new, as it lies here.
if [ -z "$copy" ]; then
  copy=$(mktemp -d "${TMPDIR:-/tmp}/edgevit-mutants-XXXXXX")
  kept=no
else
  kept=yes
  mkdir -p "$copy"
  copy=$(cd "$copy" && pwd)
  case "$root/" in "$copy"/*) usage "--copy $copy: the working tree itself is not to be changed." ;; esac
fi
compiler=edgevit-mutants-$$
finish() {
  local server
  for server in $(pgrep -f -- "-pipename:$compiler"); do kill "$server" || true; done
  if [ "$kept" = no ]; then rm -rf "$copy"; fi
}
trap finish EXIT
# timeout has a process group of its own, which Ctrl+C does not reach.
child=''
stop() { if [ -n "$child" ]; then kill "$child" || true; fi; exit "$1"; }
trap 'stop 130' INT
trap 'stop 143' TERM
work=$copy/artifacts/mutants
former=''
if [ -f "$work/files" ]; then former=$(tr '\0' '\n' <"$work/files"); fi
rm -rf "$work"
mkdir -p "$work"
(cd "$root" && git ls-files -z --cached --others --exclude-standard) >"$work/files"
# What an earlier call copied and is no longer there, such as a file that was moved.
while IFS= read -r path; do
  if [ -n "$path" ] && [ ! -e "$root/$path" ]; then rm -f "$copy/$path"; fi
done <<<"$former"
while IFS= read -r -d '' path; do
  if [ ! -f "$root/$path" ]; then
    rm -f "$copy/$path"
  elif ! cmp -s "$root/$path" "$copy/$path"; then
    mkdir -p "$copy/$(dirname "$path")"
    # As new, so that what an earlier call built is built again.
    cp "$root/$path" "$copy/$path" && touch "$copy/$path"
  fi
done <"$work/files"

# Without style checks, which a changed line need not pass, and without compiling ahead of time. With a compiler that stays, of this call's own,
# which takes a fifth of the time.
build() {
  DOTNET_TieredPGO=0 dotnet build "$1" -c Release -v q --nologo --no-restore -m:1 -p:UseSharedCompilation=true -p:SharedCompilationId="$compiler" \
    -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false -p:TreatWarningsAsErrors=false -p:GenerateDocumentationFile=false -p:CrossgenPackage=none \
    "${@:2}" >"$work/build.log" 2>&1
}

# Runs the tests of a filter: class names and Class.Method names, separated by spaces. Sets $outcome to passed, failed, none or late.
run_tests() {
  local project=$1 selection=() word code=0 total skipped
  for word in $2; do
    case "$word" in *.*) ;; *) word="$word.*" ;; esac
    selection+=(-method "*.$word")
  done
  timeout -k 10 "$seconds" dotnet "$copy/artifacts/bin/EdgeVit.$project/release/EdgeVit.$project.dll" -noLogo -noColor "${selection[@]}" \
    >"$work/tests.log" 2>&1 </dev/null &
  child=$!
  wait "$child" || code=$?
  child=''
  total=$(sed -n 's/.* Total: \([0-9]*\).*/\1/p' "$work/tests.log" | tail -n 1)
  skipped=$(sed -n 's/.* Skipped: \([0-9]*\).*/\1/p' "$work/tests.log" | tail -n 1)
  if [ "$code" = 124 ] || [ "$code" = 137 ]; then
    outcome=late
  elif [ -n "$total" ] && [ "$((total - ${skipped:-0}))" = 0 ]; then
    outcome=none
  elif [ "$code" != 0 ]; then
    outcome=failed
  elif [ -n "$total" ]; then
    outcome=passed
  else
    outcome=none
  fi
}

# The folder of the project that a file belongs to.
project_of() {
  local folder=$1
  while [ "$folder" != . ]; do
    folder=$(dirname "$folder")
    if compgen -G "$copy/$folder/*.csproj" >/dev/null; then
      echo "$folder"
      return
    fi
  done
}

# --- The unchanged code first.
started=$SECONDS
(cd "$copy" && ./setup.sh --all) || exit 1
mapfile -t used < <(printf '%s\n' "${projects[@]}" | sort -u)
for project in "${used[@]}"; do
  say "building tests/$project ($((SECONDS - started)) s so far)"
  if ! build "$copy/tests/$project"; then
    tail -n 20 "$work/build.log" >&2
    say "the unchanged code does not build."
    exit 1
  fi
done
# Name by name: in a filter of several, one that is mistyped would not be noticed.
mapfile -t checks < <(for ((i = 0; i < total; i++)); do for word in ${filters[i]}; do printf '%s\t%s\n' "${projects[i]}" "$word"; done; done | sort -u)
say "${#checks[@]} filters on the unchanged code ($((SECONDS - started)) s so far)"
bad=()
for check in "${checks[@]}"; do
  run_tests "${check%%$'\t'*}" "${check#*$'\t'}"
  case "$outcome" in
    passed) ;;
    none) outdated+=("${check//$'\t'/: }: no tests") ;;
    *)
      tail -n 40 "$work/tests.log" >&2
      bad+=("${check//$'\t'/: }: $outcome") ;;
  esac
done
if [ ${#bad[@]} != 0 ]; then
  for check in "${bad[@]}"; do say "without any change: $check"; done
  exit 1
fi
if [ ${#outdated[@]} != 0 ]; then
  summary
  exit 2
fi

# --- One at a time, those of one test project together, then those of one source file.
reference() { cksum <"$copy/artifacts/obj/$1/release/ref/$2.dll" 2>/dev/null || echo none; }

mutate() {
  local i=$1 file=$copy/${files[$1]} folder project assembly library reference_before text
  folder=$(project_of "${files[i]}")
  project=$(basename "$copy/$folder"/*.csproj .csproj)
  assembly=$(sed -n 's:.*<AssemblyName>\(.*\)</AssemblyName>.*:\1:p' "$copy/$folder/$project.csproj")
  assembly=${assembly:-$project}
  library=$copy/artifacts/bin/EdgeVit.${projects[i]}/release/$assembly.dll
  reference_before=$(reference "$project" "$assembly")
  cp "$library" "$work/library"
  cp "$file" "$work/source"
  text=$(<"$file")
  printf '%s\n' "${text/"${finds[i]}"/"${makes[i]}"}" >"$file"

  outcome=''
  if ! build "$copy/$folder" -p:BuildProjectReferences=false; then
    outcome=broken
  elif [ "$(reference "$project" "$assembly")" = "$reference_before" ]; then
    # What others compiled against is the same: only this library is another.
    cp "$copy/artifacts/bin/$project/release/$assembly.dll" "$library"
  elif ! build "$copy/tests/${projects[i]}"; then
    outcome=broken
  fi
  if [ -z "$outcome" ]; then run_tests "${projects[i]}" "${filters[i]}"; fi
  local whole=no
  if [ "$(reference "$project" "$assembly")" != "$reference_before" ]; then whole=yes; fi
  cat "$work/source" >"$file"
  if [ "$whole" = yes ]; then
    build "$copy/tests/${projects[i]}" || { say "tests/${projects[i]} no longer builds"; exit 1; }
  else
    cp "$work/library" "$library"
  fi
}

mapfile -t order < <(for ((i = 0; i < total; i++)); do printf '%s\t%s\t%d\n' "${projects[i]}" "${files[i]}" "$i"; done | sort -t $'\t' -k1,1 -k2,2 -k3,3n | cut -f3)
at=0
for i in "${order[@]}"; do
  at=$((at + 1))
  mutate "$i"
  case "$outcome" in
    failed) verdict=killed killed=$((killed + 1)) ;;
    late) verdict='killed (it took too long)' killed=$((killed + 1)) ;;
    passed) verdict=SURVIVED survived+=("${names[i]} (${files[i]})") ;;
    none) verdict='its tests are gone' outdated+=("${names[i]}: its tests are gone") ;;
    *) verdict='does not compile' outdated+=("${names[i]}: it does not compile: $(grep -m 1 -o 'error .*' "$work/build.log" | cut -c 1-160)") ;;
  esac
  printf '%3d/%d  %-40s %s\n' "$at" "$total" "${names[i]}" "$verdict"
done
say "$((SECONDS - started)) s"
summary
if [ ${#outdated[@]} != 0 ]; then exit 2; fi
[ ${#survived[@]} = 0 ]
