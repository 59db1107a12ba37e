#!/usr/bin/env bash
# The published arm64 command with a real V4L2 driver: a Debian of its own boots under QEMU, with Debian's full kernel and its module vivid, a camera that
# paints its pictures. Tries frames, sizes, two users of one camera, missing permission, wrong nodes, Ctrl+C, a closed pipe and unplugging. Says SKIPPED with
# the reason where the scripts that make the board (../shared/board), QEMU or root are missing.
#
#   tests/camera-vm.sh
#   CAMERA_VM=DIR tests/camera-vm.sh   keeps the board in a folder outside the repository, and takes it from there again
#   PUBLISHED_KEEP=1                   takes the command that artifacts/release has
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
boards=$(cd .. && pwd)/shared/board
port=${CAMERA_VM_PORT:-2232}

skip() { echo "camera-vm: SKIPPED: $1"; exit 0; }
fail() { echo "camera-vm: FAILED: $1"; exit 1; }
[ -x "$boards/mkboard.sh" ] || [ -f "$boards/mkboard.sh" ] || skip "there is no ../shared/board"
for tool in qemu-system-aarch64 mke2fs dpkg-deb cpio ssh scp ssh-keygen apt-get; do command -v "$tool" >/dev/null || [ -x "/sbin/$tool" ] || skip "$tool is missing"; done
[ -x /sbin/depmod ] || skip "depmod is missing (kmod)"
[ "$(id -u)" = 0 ] || skip "only root can make the board's files"

version=$(dotnet msbuild src/Cli/EdgeVit.Cli.csproj -getProperty:Version)
folder=artifacts/release/edgevit-$version-linux-arm64
[ "${PUBLISHED_KEEP:-}" = 1 ] && [ -x "$folder/edgevit" ] || ./publish.sh linux-arm64

work=${CAMERA_VM:-$(mktemp -d)}
mkdir -p "$work"
export APT64=$work/apt
if [ ! -f "$work/board/disk.img" ]; then
  bash "$boards/apt64.sh" update >"$work/apt.log" 2>&1 || skip "no package lists: $(grep '^[EW]:' "$work/apt.log" | head -n 1)"
  kernel=$(bash "$boards/apt64.sh" show linux-image-arm64 2>/dev/null | sed -n 's/^Depends: \(linux-image-[^ ,]*\).*/\1/p' | head -n 1)
  mkdir -p "$work/debs"
  # shellcheck disable=SC2046 # names without blanks
  (cd "$work/debs" && bash "$boards/apt64.sh" download "$kernel" $(tr ' ' '\n' <"$boards/packages.txt" | grep -v '^linux-image')) >>"$work/apt.log" 2>&1 || skip "packages cannot be had: $(tail -n 1 "$work/apt.log")"
  SIZE=1600M bash "$boards/mkboard.sh" "$work/debs" "$work/board" >"$work/board.log" 2>&1 || fail "the board cannot be made: $(tail -n 1 "$work/board.log")"
fi

sed "s/:2222-/:$port-/" "$boards/vm.sh" >"$work/vm.sh"
finish() {
  [ ! -f "$work/board/pid" ] || kill "$(cat "$work/board/pid")" 2>/dev/null || true
  [ -n "${CAMERA_VM:-}" ] || rm -rf "$work"
}
trap finish EXIT
bash "$work/vm.sh" "$work/board" cortex-a72 2

options=(-i "$work/board/id" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=10)
# board USER COMMAND: runs it in the machine.
board() { local user=$1; shift; timeout 300 ssh -p "$port" "${options[@]}" "$user@127.0.0.1" "$@"; }
started=$SECONDS
until board root true 2>/dev/null; do [ $((SECONDS - started)) -lt 600 ] || fail "the machine does not answer: $(tail -n 3 "$work/board/console")"; sleep 3; done
echo "camera-vm: $(board root uname -srm) answers after $((SECONDS - started)) s"

board root 'modprobe vivid n_devs=2 node_types=0x1,0x100 && udevadm settle && ls /dev/video0 /dev/video1' >"$work/nodes.txt" 2>&1 || fail "vivid cannot be loaded: $(cat "$work/nodes.txt")"
board root 'mkdir -p /opt/edgevit && chmod 755 /opt/edgevit'
timeout 300 scp -q -P "$port" "${options[@]}" "$folder/edgevit" "$folder/libSkiaSharp.so" models/shapes.evit root@127.0.0.1:/opt/edgevit/
run='/opt/edgevit/edgevit run /opt/edgevit/shapes.evit'

# expect CODE NAME TEXT USER COMMAND: the exit code, and a text in what it prints.
expect() {
  local code=$1 name=$2 text=$3 found=0
  board "$4" "$5" >"$work/out.txt" 2>"$work/err.txt" || found=$?
  [ "$found" = "$code" ] || fail "$name: exit code $found, expected $code: $(tail -n 3 "$work/out.txt" "$work/err.txt")"
  cat "$work/out.txt" "$work/err.txt" | grep -q -- "$text" || fail "$name: does not say '$text': $(tail -n 3 "$work/out.txt" "$work/err.txt")"
  echo "camera-vm: $name: ok: $(cat "$work/err.txt" "$work/out.txt" | grep -m 1 -- "$text" | cut -c 1-220)"
}

expect 0 "20 frames" '"frames":20,' root "$run camera:0 --frames 20 --json"
[ "$(grep -c '"sequence"' "$work/out.txt")" = 20 ] || fail "20 frames: $(grep -c '"sequence"' "$work/out.txt") lines"
grep -o '"sequence":[0-9]*' "$work/out.txt" | cut -d : -f 2 >"$work/numbers.txt"
sort -n -u "$work/numbers.txt" | cmp -s - "$work/numbers.txt" || fail "the numbers of the frames do not grow"
dropped=$(sed -n 's/.*"dropped":\([0-9]*\).*/\1/p' "$work/out.txt")
[ "$(($(tail -n 1 "$work/numbers.txt") + 1))" = "$((20 + dropped))" ] || fail "$dropped dropped, but the last of 20 frames is number $(tail -n 1 "$work/numbers.txt")"
expect 0 "what it is" 'camera:0 (vivid, YUYV 640 x 480, ' root "$run camera:0 --frames 1"
expect 0 "a size" 'YUYV 1280 x 720' root "$run camera:/dev/video0 --size 1280x720 --frames 3"
expect 1 "no permission" 'no permission for /dev/video0, which the group video has: sudo usermod -aG video' edge "$run camera:0 --frames 1"
expect 4 "a wrong number" 'there is no /dev/video9. Cameras here: camera:0 (vivid' root "$run camera:9"
expect 1 "an output" 'captures no video' root "$run camera:1"
expect 1 "two users" 'in use by edgevit (process' root "$run camera:0 -q >/tmp/first.txt 2>&1 & first=\$!; until [ -s /tmp/first.txt ]; do sleep 0.2; done; code=0; $run camera:0 || code=\$?; kill \$first; wait \$first; exit \$code"
expect 0 "SIGTERM ends a stream well" '"summary"' root "$run camera:0 --json >/tmp/stop.txt & it=\$!; until [ -s /tmp/stop.txt ]; do sleep 0.2; done; kill \$it; code=0; wait \$it || code=\$?; cat /tmp/stop.txt; exit \$code"
expect 0 "a closed pipe" 'camera:0#' root "set -o pipefail; $run camera:0 -q | head -n 2"
expect 1 "unplugging" 'is gone: was the camera unplugged' root "$run camera:0 >/tmp/gone.txt & it=\$!; until [ -s /tmp/gone.txt ]; do sleep 0.2; done; echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind; wait \$it"
echo "camera-vm: done ($SECONDS s)"
