#!/usr/bin/env bash
# Gets an emulator for 64-bit ARM and the C and C++ libraries that .NET needs there, from the system's own package sources, into
# artifacts/arm64; installs nothing and needs no root. Prints the emulator and the folder of the libraries, a line each. Where it cannot, it
# ends with code 1 and one line on standard error that says why.
#
#   QEMU_LD_PREFIX=DIR   a folder with these libraries that is there already (then 'qemu-aarch64-static' is taken from PATH)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$PWD/artifacts/arm64
sysroot=$folder/sysroot

refuse() {
  echo "$1" >&2
  exit 1
}

emulator() { command -v qemu-aarch64-static || { [ ! -x "$folder/qemu-aarch64" ] || echo "$folder/qemu-aarch64"; }; }

if [ -n "${QEMU_LD_PREFIX:-}" ]; then
  found=$(emulator)
  [ -n "$found" ] || refuse "there is no qemu-aarch64-static (QEMU_LD_PREFIX is set)"
  printf '%s\n' "$found" "$QEMU_LD_PREFIX"
  exit 0
fi

mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9

# An apt of our own beside the system's: its package sources, for this processor and for arm64, in folders of its own.
apt() {
  apt-get -qq -o APT::Architectures::="$(dpkg --print-architecture)" -o APT::Architectures::=arm64 -o APT::Sandbox::User= \
    -o Dir::State="$folder/apt" -o Dir::State::status="$folder/apt/status" -o Dir::State::lists="$folder/apt/lists" -o Dir::Cache="$folder/apt/cache" \
    -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false "$@"
}

update() {
  [ ! -e "$folder/apt/status" ] || return 0
  { command -v apt-get && command -v dpkg; } >/dev/null || refuse "this system has no apt (see QEMU_LD_PREFIX in tests/arm64-emulator.sh)"
  mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial"
  # Sources without packages for arm64 fail here; what counts is whether the downloads succeed.
  apt update >"$folder/apt.log" 2>&1 || true
  touch "$folder/apt/status"
}

# unpack TO PACKAGE...: downloads packages and unpacks them.
unpack() {
  local to=$1 debs
  shift
  debs=$(mktemp -d "$folder/debs.XXXXXX")
  if (cd "$debs" && apt download "$@") >>"$folder/apt.log" 2>&1; then
    for deb in "$debs"/*.deb; do dpkg -x "$deb" "$to"; done
    rm -r "$debs"
  else
    rm -r "$debs"
    return 1
  fi
}

failed() {
  local why
  why=$(grep '^E:' "$folder/apt.log" | head -n 1) || true
  rm -rf "$folder/apt" "$sysroot.new" "$folder/unpacked"
  refuse "apt could not download $1${why:+ ($why)}"
}

if [ -z "$(emulator)" ]; then
  update
  echo "arm64: downloading the emulator (62 MB, once)" >&2
  # In Debian 12 a package of its own, in later versions a name for qemu-user.
  unpack "$folder/unpacked" qemu-user-static || failed "qemu-user-static"
  if [ ! -f "$folder/unpacked/usr/bin/qemu-aarch64-static" ]; then unpack "$folder/unpacked" qemu-user || failed "qemu-user"; fi
  for program in qemu-aarch64-static qemu-aarch64; do
    if [ ! -e "$folder/qemu-aarch64" ] && [ -f "$folder/unpacked/usr/bin/$program" ]; then cp "$folder/unpacked/usr/bin/$program" "$folder/qemu-aarch64"; fi
  done
  rm -r "$folder/unpacked"
fi

if [ ! -e "$sysroot" ]; then
  update
  rm -rf "$sysroot.new"
  # OpenSSL: xunit computes names of tests with it. Its package has two names, and in one of them it needs zlib and zstd.
  unpack "$sysroot.new" libc6:arm64 libgcc-s1:arm64 libstdc++6:arm64 zlib1g:arm64 libzstd1:arm64 || failed "the C library for arm64"
  unpack "$sysroot.new" libssl3t64:arm64 || unpack "$sysroot.new" libssl3:arm64 || failed "OpenSSL for arm64"
  mv "$sysroot.new" "$sysroot"
fi
rm -rf "$folder/apt"
printf '%s\n' "$(emulator)" "$sysroot"
