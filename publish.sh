#!/usr/bin/env bash
# For boards and servers, compiled ahead of time, without .NET: the command with all verbs but convert, and the runtime as a library for C, C++ and Python.
# Made on x64 Linux for both architectures.
#
#   ./publish.sh                 artifacts/release/{edgevit,libedgevit}-VERSION-{linux-x64,linux-arm64}.tar.gz
#   ./publish.sh linux-arm64     of one architecture
#
# Needs clang, lld and llvm (apt-get install clang lld llvm). Linked against an old glibc, whose packages come from the Debian mirror that apt uses
# (DEBIAN_MIRROR names another).
#
# The command is linked at a fixed address: it starts in two thirds of the time and holds 3 MB less, as nothing in it has to be moved. EDGEVIT_PIE=1 has it
# linked so that the system chooses the address at each start, where rules ask for that.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

say() { printf 'publish: %s\n' "$*"; }
die() { say "$*" >&2; exit 1; }

case "${1:-}" in -h | --help) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
for tool in clang ld.lld llvm-objcopy llvm-strip; do command -v "$tool" >/dev/null || die "$tool is missing: apt-get install clang lld llvm"; done
for tool in curl xz dpkg-deb; do command -v "$tool" >/dev/null || die "$tool is missing: apt-get install curl xz-utils dpkg"; done

version=$(dotnet msbuild src/Cli/EdgeVit.Cli.csproj -getProperty:Version)
rids=("$@")
[ ${#rids[@]} != 0 ] || rids=(linux-x64 linux-arm64)
mkdir -p artifacts/release
# The projects are restored for other systems and without training here: what ./setup.sh has done must be done again.
trap 'rm -f artifacts/setup/restored.*' EXIT

# compile PROJECT RID SYSROOT FOLDER PROPERTY...: one program or library.
compile() {
  local project=$1 rid=$2 sysroot=$3 folder=$4 log=artifacts/release/$2.log
  shift 4
  EdgeVitTraining=false dotnet publish "$project" -c Release -r "$rid" -p:PublishAot=true -p:LinkerFlavor=lld -p:ObjCopyName=llvm-objcopy -p:SysRoot="$sysroot" \
    -p:IlcFoldIdenticalMethodBodies=true -p:StackTraceSupport=false -warnaserror -p:RunAnalyzers=false -v q --nologo -p:UseSharedCompilation=false "$@" -o "$folder" >"$log" 2>&1 ||
    { grep -E 'error|warning' "$log" | sort -u | head -n 10 >&2; die "$rid could not be compiled (all of it: $log)"; }
}

# pack FOLDER: its archive, the same bytes each time.
pack() {
  local glibc
  find "$1" -type f -exec chmod u=rw,go=r {} + -name 'edgevit*' ! -name '*.h' -exec chmod 755 {} +
  tar -C artifacts/release --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -c "${1##*/}" | gzip -9n >"$1.tar.gz"
  glibc=$({ find "$1" -type f -exec objdump -T {} + 2>/dev/null || true; } | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1)
  say "$1.tar.gz: $(($(wc -c <"$1.tar.gz") / 1000000)) MB, unpacked $(($(du -sb "$1" | cut -f 1) / 1000000)) MB, needs $glibc ($((SECONDS - started)) s)"
}

place=(-p:PositionIndependentExecutable=false -p:IlcDehydrate=false)
[ "${EDGEVIT_PIE:-}" != 1 ] || place=()
for rid in "${rids[@]}"; do
  started=$SECONDS
  folder=artifacts/release/edgevit-$version-$rid
  library=artifacts/release/libedgevit-$version-$rid
  built=artifacts/publish/$rid
  rm -rf "$folder" "$folder.tar.gz" "$library" "$library.tar.gz" "$built"
  mkdir -p "$folder" "$library"
  case "$rid" in
    linux-x64)
      sysroot=$PWD/artifacts/sysroot/amd64
      packaging/sysroot.sh amd64 "$sysroot"
      # For processors since 2009; what newer ones have is looked for where code is emitted.
      compile src/Serve/EdgeVit.Serve.csproj "$rid" "$sysroot" "$built/command" -p:IlcInstructionSet=x86-64-v2 ${place[@]+"${place[@]}"}
      cp "$built/command/edgevit-serve" "$folder/edgevit"
      cp "$built/command/libSkiaSharp.so" "$folder"
      compile src/Native/EdgeVit.Native.csproj "$rid" "$sysroot" "$built/library" -p:IlcInstructionSet=x86-64-v2
      ;;
    linux-arm64)
      sysroot=$PWD/artifacts/sysroot/arm64
      packaging/sysroot.sh arm64 "$sysroot"
      compile src/Serve/EdgeVit.Serve.csproj "$rid" "$sysroot" "$built/command" ${place[@]+"${place[@]}"}
      cp "$built/command/edgevit-serve" "$folder/edgevit"
      cp "$built/command/libSkiaSharp.so" "$folder"
      compile src/Native/EdgeVit.Native.csproj "$rid" "$sysroot" "$built/library"
      ;;
    *) die "'$rid' is not known: linux-x64, linux-arm64" ;;
  esac
  llvm-strip --strip-unneeded "$folder/libSkiaSharp.so"
  cp LICENSE packaging/THIRD-PARTY.txt packaging/README.txt "$folder"
  cp "$built/library/libedgevit.so" src/Native/edgevit.h src/Native/samples/* LICENSE "$library"
  pack "$folder"
  pack "$library"
done
