#!/usr/bin/env bash
# The packages as a user gets them. Packs them into artifacts/packages/feed and lets a program outside the solution, tests/Packages, take them from
# there: compiled by the JIT and, where a C compiler and .NET's ahead-of-time compiler are to be had, as a native program without a warning. Each
# must print the logits, bit for bit, that the same program prints over the source tree. Besides: the same sources give the same bytes in any
# folder, no path of this machine is in them, and packages of two versions are refused. Leaves nothing outside artifacts/packages.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
unset EDGEVIT_KERNEL

part() { printf '== packages: %s (%d s so far)\n' "$1" "$SECONDS"; }
checked() { echo "packages: $1"; }
fail() {
  [ ! -f "$folder/log" ] || tail -n 20 "$folder/log"
  echo "packages: FAILED: $1"
  exit 1
}

folder=artifacts/packages
names=(Runtime Imaging Export Devices Devices.Iot)
project() { case "$1" in Devices) echo devices/EdgeVit.Devices.csproj ;; Devices.Iot) echo devices/Iot/EdgeVit.Devices.Iot.csproj ;; *) echo "src/$1/EdgeVit.$1.csproj" ;; esac; }
machine=${NUGET_PACKAGES:-$HOME/.nuget/packages}
unset NUGET_PACKAGES
quiet=(-c Release -v q --nologo -p:UseSharedCompilation=false)

# consumer VERB NAME ARGUMENT...: the program under the name NAME.
consumer() {
  local verb=$1 name=$2
  shift 2
  dotnet "$verb" tests/Packages/Consumer.csproj -v q --nologo -p:Consumer="$name" -p:MachinePackages="$machine" "$@" >"$folder/log" 2>&1
}

NUGET_PACKAGES=$machine ./setup.sh --all
# What is not ours stays in the cache from one call to the next.
mkdir -p "$folder"
find "$folder" -mindepth 1 -maxdepth 1 ! -name cache -exec rm -rf {} +
rm -rf "$folder"/cache/edgevit.*

part "pack"
version=$(NUGET_PACKAGES=$machine dotnet msbuild src/Runtime/EdgeVit.Runtime.csproj -getProperty:Version)
other=9999.0.0
pack() { NUGET_PACKAGES=$machine dotnet pack "$(project "$1")" "${quiet[@]}" -o "$folder/feed" "${@:2}" >"$folder/log" 2>&1 || fail "EdgeVit.$1 can't be packed"; }
for name in "${names[@]}"; do
  pack "$name" --no-restore
  for file in "EdgeVit.$name.$version.nupkg" "EdgeVit.$name.$version.snupkg"; do [ -s "$folder/feed/$file" ] || fail "there is no $file"; done
done
for name in Runtime Imaging; do pack "$name" --no-build -p:PackageVersion="$other"; done
checked "${names[*]} $version are packed, with symbols"

part "the same bytes from another folder"
mkdir "$folder/elsewhere"
tar -c --exclude=artifacts --exclude=bin --exclude=obj ./*.props ./*.targets CHANGELOG.md global.json src devices packaging | tar -x -C "$folder/elsewhere"
for name in Export Devices.Iot; do
  NUGET_PACKAGES=$machine dotnet build "$folder/elsewhere/$(project "$name")" "${quiet[@]}" -p:RunAnalyzers=false >"$folder/log" 2>&1 || fail "EdgeVit.$name does not build elsewhere"
done
for name in "${names[@]}"; do
  for file in "bin/EdgeVit.$name/release/EdgeVit.$name".{dll,pdb}; do
    cmp "artifacts/$file" "$folder/elsewhere/artifacts/$file" || fail "$file is not the same from another folder"
    if grep -qaF -e "$PWD" -e "$HOME/" "artifacts/$file"; then fail "$file names a folder of this machine"; fi
  done
done
rm -rf "$folder/elsewhere"
checked "every assembly and its symbols are the same bytes from another folder, and name no folder of this machine"

part "under the JIT"
model=models/shapes.evit
picture=$folder/picture.png
NUGET_PACKAGES=$machine consumer build source -c Release -p:UseSharedCompilation=false || fail "the program does not build over the source tree"
dotnet "$folder/source/bin/Consumer/release/Consumer.dll" "$model" "$picture" >"$folder/source.txt" || fail "the program does not run over the source tree"
cat "$folder/source.txt"
consumer build two -c Release -warnaserror -p:UseSharedCompilation=false -p:EdgeVitVersion="$version" || fail "the program does not build over the packages"
for name in Runtime Imaging; do
  unpacked=$folder/cache/edgevit.$(tr A-Z a-z <<<"$name")/$version
  for file in README.md icon.png "buildTransitive/EdgeVit.$name.targets" "lib/net10.0/EdgeVit.$name.xml"; do [ -s "$unpacked/$file" ] || fail "EdgeVit.$name was not taken from the feed, or has no $file"; done
done
grep -q "\"EdgeVit.Runtime\" version=\"\[$version\]\"" "$folder/cache/edgevit.imaging/$version/edgevit.imaging.nuspec" || fail "EdgeVit.Imaging asks for another version of EdgeVit.Runtime than its own"
dotnet "$folder/two/bin/Consumer/release/Consumer.dll" "$model" "$picture" >"$folder/two.txt" || fail "the program does not run over the packages"
cmp "$folder/source.txt" "$folder/two.txt" || fail "the packages give other logits than the source tree"
checked "under the JIT the packages give the bits of the source tree"
consumer build all -c Release -warnaserror -p:UseSharedCompilation=false -p:EdgeVitVersion="$version" || fail "the packages do not go together"
checked "all of them go together"

part "packages of two versions"
# refused CODE PROPERTY...: restoring and building ends with the error CODE.
refused() {
  local code=$1
  shift
  if consumer build mixed -p:UseSharedCompilation=false "$@"; then fail "packages of two versions were not refused: $*"; fi
  grep -q "error $code" "$folder/log" || fail "packages of two versions were refused without $code: $*"
  checked "refused with $code: $*"
}
refused NU1605 -p:RuntimeVersion="$version" -p:ImagingVersion="$other"
# NuGet restores this one with a warning; the packages' own target refuses to build it.
refused EDGEVIT001 -p:RuntimeVersion="$other" -p:ImagingVersion="$version"

part "as a native program"
native() {
  local compiler rid
  for compiler in clang gcc none; do if command -v "$compiler" >/dev/null; then break; fi; done
  [ "$compiler" != none ] || { checked "SKIPPED: a native program needs clang or gcc"; return 0; }
  rid=$(dotnet msbuild tests/Packages/Consumer.csproj -p:Consumer=native -getProperty:NETCoreSdkPortableRuntimeIdentifier)
  local settings=(-r "$rid" -p:PublishAot=true -p:CppCompilerAndLinker="$compiler" -p:EdgeVitVersion="$version")
  consumer restore native "${settings[@]}" || { checked "SKIPPED: the ahead-of-time compiler for $rid can't be had: $(grep -m 1 error "$folder/log")"; return 0; }
  consumer publish native --no-restore -c Release -warnaserror -p:UseSharedCompilation=false "${settings[@]}" || fail "the program can't be compiled ahead of time"
  local program=$folder/native/publish/Consumer/release_$rid/Consumer
  "$program" "$model" "$picture" >"$folder/native.txt" || fail "the native program does not run"
  cmp "$folder/source.txt" "$folder/native.txt" || fail "the native program gives other logits than the source tree"
  checked "the native program ($(($(wc -c <"$program") / 1000)) kB, no warning) gives the bits of the source tree"
}
native
part "passed"
