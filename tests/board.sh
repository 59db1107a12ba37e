#!/usr/bin/env bash
# deploy from end to end: a whole arm64 Debian boots in an emulator, and a model goes onto it as a service, is proven, measured, reported and removed; then
# as a user's, beside ONNX Runtime, and as the service of a user who may not use sudo, and who may.
# Says SKIPPED where the emulator or the scripts that make the board are not there. The board is made once and kept.
#
#   tests/board.sh [MODEL.evit]      models/shapes.evit unless named
#
# In the environment: EDGEVIT_BOARD_SCRIPTS  the folder with apt64.sh, mkboard.sh and vm.sh ([default: ../shared/board])
#                     EDGEVIT_BOARD_CACHE    where the board is kept ([default: ~/.cache/edgevit/board])
#                     EDGEVIT_BOARD_TOOL     an archive of ./publish.sh linux-arm64 ([default: what deploy finds or makes])
#                     EDGEVIT_BOARD_RESULT   where the result of the bench goes ([default: a folder that is thrown away])
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
model=${1:-models/shapes.evit}
scripts=${EDGEVIT_BOARD_SCRIPTS:-../shared/board}
cache=${EDGEVIT_BOARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/edgevit/board}

skip() { echo "board: SKIPPED: $1"; exit 0; }
fail() { echo "board: FAILED: $1"; exit 1; }
started=$SECONDS
part() { printf '== board: %s (%d s so far)\n' "$1" "$((SECONDS - started))"; }

[ -f "$scripts/mkboard.sh" ] || skip "there is no $scripts/mkboard.sh to make a board with"
for tool in qemu-system-aarch64 ssh ssh-keygen setsid; do command -v "$tool" >/dev/null || skip "$tool is missing (apt-get install qemu-system-arm openssh-client)"; done
! (exec 3<>/dev/tcp/127.0.0.1/2222) 2>/dev/null || skip "another program listens on 127.0.0.1:2222, the port of the board"

if [ ! -f "$cache/complete" ]; then
  part "making the board"
  for tool in mke2fs depmod modprobe cpio dpkg-deb; do PATH=$PATH:/usr/sbin command -v "$tool" >/dev/null || skip "$tool is missing (apt-get install e2fsprogs kmod cpio dpkg)"; done
  [ "$(id -u)" = 0 ] || skip "making the board needs root"
  mkdir -p "$cache/debs"
  here=$PWD
  scripts=$(cd "$scripts" && pwd)
  export APT64=$cache/apt
  # Each word of packages.txt is a package.
  (cd "$cache/debs" && "$scripts/apt64.sh" update && "$scripts/apt64.sh" download $(cat "$scripts/packages.txt") sudo) >"$cache/log" 2>&1 || skip "Debian's arm64 packages cannot be fetched ($cache/log)"
  bash "$scripts/mkboard.sh" "$cache/debs" "$cache/board" >>"$cache/log" 2>&1 || fail "the board cannot be made ($cache/log)"
  rm -rf "$cache/board/root"
  touch "$cache/complete"
  cd "$here"
fi

part "command"
./edgevit --version >/dev/null
work=$(mktemp -d)
board=$cache/board
finish() {
  if [ -f "$board/pid" ]; then kill "$(cat "$board/pid")" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT
trap "exit 143" INT TERM

# What a user has in ~/.ssh/config.
cat >"$work/config" <<X
Host board
  HostName 127.0.0.1
  Port 2222
  User root
Host user-of-board
  HostName 127.0.0.1
  Port 2222
  User edge
Host *
  IdentityFile $work/id
  IdentitiesOnly yes
  UserKnownHostsFile $work/known
  StrictHostKeyChecking accept-new
  LogLevel ERROR
X
install -m 600 "$board/id" "$work/id"
mkdir "$work/bin"
printf '#!/bin/sh\nexec %s -F "%s" "$@"\n' "$(command -v ssh)" "$work/config" >"$work/bin/ssh"
chmod +x "$work/bin/ssh"
export PATH=$work/bin:$PATH

started=$SECONDS
part "boot"
setsid bash "$scripts/vm.sh" "$board" cortex-a72 2
for ((i = 0; i < 90; i++)); do
  if ssh -o ConnectTimeout=5 -o BatchMode=yes board true 2>/dev/null; then break; fi
  sleep 2
done
ssh -o BatchMode=yes board true || fail "the board does not answer ($board/console)"
files() { ssh board 'find /etc /home /opt /root /srv /usr/local /var/lib -xdev 2>/dev/null | sort'; }
files >"$work/before.txt"

part "deploy --service"
tool=()
if [ -n "${EDGEVIT_BOARD_TOOL:-}" ]; then tool=(--tool "$EDGEVIT_BOARD_TOOL"); fi
./edgevit deploy "$model" board --service --json --out "${EDGEVIT_BOARD_RESULT:-$work/bench.json}" ${tool[@]+"${tool[@]}"} >"$work/deploy.json" || fail "deploy: $(cat "$work/deploy.json")"
has() { tr -d ' \n' <"$work/deploy.json" | grep -qF "$1" || fail "deploy says no $1: $(cat "$work/deploy.json")"; }
has '"machine":"aarch64"'
has '"proof":{"images":20,"different":0}'
has '"health":"answered"'
has '"analyzed":true'

part "the service"
ssh board bash -s <<'X' || fail "the service is not as it should be"
set -e
ask() { exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&3; cat <&3; }
systemctl is-active edgevit.service
ask /healthz | head -n 1 | grep ' 200'
# Not root, within its bounds, and watched.
main=$(systemctl show -p MainPID --value edgevit.service)
[ "$(stat -c %u "/proc/$main")" -ge 60000 ]
systemctl show -p DynamicUser -p MemoryMax -p WatchdogUSec -p NRestarts edgevit.service
# It comes back when it is killed.
kill -9 "$main"
for i in $(seq 60); do sleep 1; if systemctl is-active --quiet edgevit.service; then break; fi; done
[ "$(systemctl show -p MainPID --value edgevit.service)" != "$main" ]
ask /healthz | head -n 1 | grep ' 200'
X

part "bench and report"
result=${EDGEVIT_BOARD_RESULT:-$work/bench.json}
grep -q '"p50"' "$result" || fail "there is no result of the bench"
./edgevit report "$result" --out "$work/report.html" || fail "report"
grep -qi 'cortex-a72\|dummy-virt' "$work/report.html" || fail "the report does not name the board"

part "deploy --remove"
./edgevit deploy board --remove || fail "remove"
files >"$work/after.txt"
diff "$work/before.txt" "$work/after.txt" || fail "it left something"
if ssh board systemctl cat edgevit.service >/dev/null 2>&1; then fail "the unit is still known"; fi
echo "board: boot, deploy, service, bench, report and removal took $((SECONDS - started)) s"

part "a user's, beside ONNX Runtime"
./edgevit export "$model" --to onnx --out "$work/model.onnx" -q >/dev/null || fail "export"
./edgevit deploy "$model" user-of-board --against "$work/model.onnx" ${tool[@]+"${tool[@]}"} --json --out "$work/user.json" >"$work/deploy.json" || fail "deploy --against: $(cat "$work/deploy.json")"
has '"proof":{"images":20,"different":0}'
has '"folder":"/home/edge/.local/share/edgevit"'
against=$work/user-against.json
tr -d ' \n' <"$against" | grep -q '"same_class":32' || fail "ONNX Runtime on the board answers other classes, or was not measured: '$against'"
[ -z "$(ssh board 'find / -xdev \( -name "libonnxruntime*" -o -name "model.onnx" \)')" ] || fail "ONNX Runtime is still on the board"
./edgevit deploy user-of-board --remove || fail "remove"

if ssh board 'command -v sudo' >/dev/null; then
  part "the service of a user who may use sudo, and of one who may not"
  code=0
  ./edgevit deploy "$model" user-of-board --service --no-bench ${tool[@]+"${tool[@]}"} >"$work/deploy.txt" 2>&1 || code=$?
  [ "$code" != 0 ] && grep -q 'neither root nor may it use sudo' "$work/deploy.txt" || fail "a user without rights: exit code $code, $(cat "$work/deploy.txt")"
  files | diff "$work/before.txt" - || fail "a refused deployment left something"
  # The board's users have no passwords, so there is nothing to ask; and its files for all other services include what only a package's script would have made.
  ssh board 'for service in sudo other; do for kind in auth account session; do echo "$kind sufficient pam_permit.so"; done >/etc/pam.d/$service; done; mkdir -p /etc/sudoers.d; echo "edge ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/edge; chmod 440 /etc/sudoers.d/edge'
  files >"$work/before.txt"
  ./edgevit deploy "$model" user-of-board --service --no-bench ${tool[@]+"${tool[@]}"} --json >"$work/deploy.json" || fail "deploy --service by sudo: $(cat "$work/deploy.json")"
  has '"health":"answered"'
  ssh board 'systemctl is-active --quiet edgevit.service && [ "$(stat -c %U /opt/edgevit)" = root ]' || fail "the service is not as it should be"
  ./edgevit deploy user-of-board --remove || fail "remove by sudo"
  files | diff "$work/before.txt" - || fail "it left something"
else
  echo "board: SKIPPED: sudo, as this board was made without it (remove $cache and it is made anew)"
fi

part "power off"
ssh board systemctl poweroff 2>/dev/null || true
part "passed"
