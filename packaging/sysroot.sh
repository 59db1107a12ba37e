#!/usr/bin/env bash
# Headers and libraries of an old Debian, for programs that run on older systems than this one: sysroot.sh amd64|arm64 FOLDER
# Debian 11 has glibc 2.31; what is linked against it asks for 2.29 at most, which JetPack 5, Ubuntu 20.04 and everything newer have.
set -euo pipefail
architecture=$1 folder=$2
mirror=${DEBIAN_MIRROR:-$(sed -n 's/^\(deb \|URIs: \)\(\[[^]]*\] \)\{0,1\}\(http[^ ]*debian\)\/\{0,1\}\( .*\)\{0,1\}$/\3/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1 || true)}
[ -n "$mirror" ] || { echo "sysroot: apt names no Debian mirror here; say one: DEBIAN_MIRROR=URL" >&2; exit 1; }
stamp=$folder/complete
if [ -f "$stamp" ]; then exit 0; fi
rm -rf "$folder"
mkdir -p "$folder"
curl -sSfL "$mirror/dists/bullseye/main/binary-$architecture/Packages.xz" | xz -d >"$folder/Packages"
for package in libc6 libc6-dev linux-libc-dev libgcc-s1 libgcc-10-dev libstdc++6 libstdc++-10-dev; do
  file=$(awk -v p="$package" '$1 == "Package:" { name = $2 } $1 == "Filename:" && name == p { print $2; exit }' "$folder/Packages")
  sum=$(awk -v p="$package" '$1 == "Package:" { name = $2 } $1 == "SHA256:" && name == p { print $2; exit }' "$folder/Packages")
  [ -n "$file" ] || { echo "sysroot: $mirror has no $package for $architecture" >&2; exit 1; }
  curl -sSfL "$mirror/$file" -o "$folder/package.deb"
  echo "$sum  $folder/package.deb" | sha256sum -c --quiet
  dpkg-deb -x "$folder/package.deb" "$folder"
done
rm -f "$folder/package.deb" "$folder/Packages"
# Absolute links would lead out of the folder.
find "$folder" -type l -lname '/*' | while read -r link; do ln -sfn "$(realpath -m --relative-to="$(dirname "$link")" "$folder$(readlink "$link")")" "$link"; done
touch "$stamp"
