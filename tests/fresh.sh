#!/usr/bin/env bash
# The README's two commands on a machine on which nothing was ever installed: a minimal Debian from debootstrap, the .NET SDK folder of this
# machine, a clone of the last commit and an empty package cache. Prints times, downloads and sizes. Needs root, debootstrap and a network.
#
#   tests/fresh.sh                       both commands on Debian 12 and 13
#   tests/fresh.sh bookworm              on one of them
#   FRESH_COMMANDS=convert tests/fresh.sh   the first command only; FRESH_KEEP=1 keeps the roots
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

skip() { echo "fresh: SKIPPED: $1"; exit 0; }
[ "$(id -u)" = 0 ] || skip "needs root, for chroot and mounts"
command -v debootstrap >/dev/null || skip "debootstrap is missing: apt-get install debootstrap"
command -v dotnet >/dev/null || skip "there is no .NET SDK here"
suites=("$@")
[ ${#suites[@]} != 0 ] || suites=(bookworm trixie)
commands=${FRESH_COMMANDS:-convert test}
sdk=$(dirname "$(readlink -f "$(command -v dotnet)")")
mirror=$(sed -n 's/^\(deb \|URIs: \)\(\[[^]]*\] \)\{0,1\}\(http[^ ]*debian\)\/\{0,1\}\( .*\)\{0,1\}$/\3/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1 || true)
[ -n "$mirror" ] || skip "apt's sources name no Debian mirror"

work=$(mktemp -d "${TMPDIR:-/tmp}/edgevit-fresh.XXXXXX")
root=
release() {
  local point
  [ -n "$root" ] || return 0
  for point in proc dev usr/share/dotnet; do umount -l "$root/$point" 2>/dev/null || true; done
}
finish() {
  release
  # Never through a mount that could not be taken away.
  if [ "${FRESH_KEEP:-}" != 1 ] && ! grep -q " $work/" /proc/mounts; then rm -rf "$work"; fi
}
trap finish EXIT

inside() { chroot "$root" /usr/bin/env -i HOME=/tmp NUGET_PACKAGES=/packages PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/share/dotnet LANG=C.UTF-8 ${certificates:+SSL_CERT_FILE="$certificates" NUGET_CERT_REVOCATION_MODE=offline} \
  bash -c "cd /src && $1"; }

megabytes() { awk -v b="$1" 'BEGIN { printf "%.0f MB", b / 1e6 }'; }
folder_size() { du -sb "$1" 2>/dev/null | cut -f 1; }
sizes() {
  local cache=$root/packages
  echo "fresh: $1: downloads $(megabytes "$(find "$cache" -name '*.nupkg' -printf '%s\n' | awk '{ s += $1 } END { print s + 0 }')"), package cache $(megabytes "$(folder_size "$cache")"), artifacts $(megabytes "$(folder_size "$root/src/artifacts")")"
}

failed=0
for suite in "${suites[@]}"; do
  root=$work/$suite
  echo "== fresh: $suite"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 || { tail -n 5 "$work/debootstrap.log"; skip "debootstrap of $suite failed"; }
  mkdir -p "$root/usr/share/dotnet"
  mount --bind -o ro "$sdk" "$root/usr/share/dotnet"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  # Behind a proxy that signs for others, this machine's certificates are the ones to trust.
  certificates=
  if [ -f /etc/ssl/certs/ca-certificates.crt ]; then
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/machine.crt"
    certificates=/etc/ssl/machine.crt
  fi
  git clone -q --no-hardlinks . "$root/src"
  for command in $commands; do
    started=$SECONDS
    case "$command" in
      convert) line="./edgevit convert --data shapes --out runs/demo" ;;
      test) line="./test.sh" ;;
      *) echo "fresh: unknown command '$command' in FRESH_COMMANDS, expected convert or test" >&2; exit 2 ;;
    esac
    echo "== fresh: $suite: $line"
    inside "$line" || { echo "fresh: $suite: FAILED: $line"; failed=1; }
    echo "fresh: $suite: $line took $((SECONDS - started)) s"
    sizes "$suite after $command"
  done
  release
done
[ "$failed" = 0 ] && echo "fresh: passed (${suites[*]})"
exit "$failed"
