#!/usr/bin/env bash
# The command for boards and servers: compiled ahead of time, needs no .NET, all verbs but convert. Made on x64 Linux for both architectures.
#
#   ./publish.sh                 artifacts/release/edgevit-VERSION-linux-x64.tar.gz and ...-linux-arm64.tar.gz
#   ./publish.sh linux-arm64     one of them
#
# Needs clang, lld and llvm (apt-get install clang lld llvm). Linked against an old glibc, whose packages come from the Debian mirror that apt uses
# (DEBIAN_MIRROR names another).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

say() { printf 'publish: %s\n' "$*"; }
die() { say "$*" >&2; exit 1; }

case "${1:-}" in -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
for tool in clang ld.lld llvm-objcopy; do command -v "$tool" >/dev/null || die "$tool is missing: apt-get install clang lld llvm"; done
for tool in curl xz dpkg-deb; do command -v "$tool" >/dev/null || die "$tool is missing: apt-get install curl xz-utils dpkg"; done

version=$(dotnet msbuild src/Cli/EdgeVit.Cli.csproj -getProperty:Version)
rids=("$@")
[ ${#rids[@]} != 0 ] || rids=(linux-x64 linux-arm64)
mkdir -p artifacts/release

# compile RID SYSROOT FOLDER PROPERTY...: one program.
compile() {
  local rid=$1 sysroot=$2 folder=$3 log=artifacts/release/$1.log
  shift 3
  EdgeVitTraining=false dotnet publish src/Cli/EdgeVit.Cli.csproj -c Release -r "$rid" -p:PublishAot=true -p:LinkerFlavor=lld -p:ObjCopyName=llvm-objcopy -p:SysRoot="$sysroot" \
    -p:IlcFoldIdenticalMethodBodies=true -p:StackTraceSupport=false -warnaserror -v q --nologo -p:UseSharedCompilation=false "$@" -o "$folder" >"$log" 2>&1 ||
    { grep -E 'error|warning' "$log" | sort -u | head -n 10 >&2; die "$rid could not be compiled (all of it: $log)"; }
}

for rid in "${rids[@]}"; do
  started=$SECONDS
  name=edgevit-$version-$rid
  folder=artifacts/release/$name
  built=artifacts/publish/$rid
  rm -rf "$folder" "$folder.tar.gz" "$built"
  mkdir -p "$folder"
  case "$rid" in
    linux-x64)
      sysroot=$PWD/artifacts/sysroot/amd64
      packaging/sysroot.sh amd64 "$sysroot"
      # Vectors of 256 bits are in a program for all of it or not at all: one for processors with AVX2 and FMA, one for those without, and a chooser.
      # AVX-512 is looked for where code is emitted.
      mkdir "$folder/programs"
      for level in v2 v3; do
        settings=(-p:IlcInstructionSet=x86-64-$level)
        [ "$level" != v2 ] || settings+=(-p:OptimizationPreference=Size)
        compile "$rid" "$sysroot" "$built/$level" "${settings[@]}"
        cp "$built/$level/edgevit" "$folder/programs/edgevit-$level"
      done
      ln -s ../libSkiaSharp.so "$folder/programs/libSkiaSharp.so"
      cp "$built/v3/libSkiaSharp.so" "$folder"
      cp packaging/choose.sh "$folder/edgevit"
      ;;
    linux-arm64)
      sysroot=$PWD/artifacts/sysroot/arm64
      packaging/sysroot.sh arm64 "$sysroot"
      compile "$rid" "$sysroot" "$built"
      cp "$built/edgevit" "$built/libSkiaSharp.so" "$folder"
      ;;
    *) die "'$rid' is not known: linux-x64, linux-arm64" ;;
  esac
  cp LICENSE packaging/THIRD-PARTY.txt packaging/README.txt "$folder"
  find "$folder" -type f -exec chmod u=rw,go=r {} + -name 'edgevit*' -exec chmod 755 {} +
  tar -C artifacts/release --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -c "$name" | gzip -9n >"$folder.tar.gz"
  glibc=$({ find "$folder" -type f -exec objdump -T {} + 2>/dev/null || true; } | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1)
  say "$folder.tar.gz: $(($(wc -c <"$folder.tar.gz") / 1000000)) MB, unpacked $(($(du -sb "$folder" | cut -f 1) / 1000000)) MB, needs $glibc ($((SECONDS - started)) s)"
done
