#!/usr/bin/env bash
# The published command (./publish.sh) against the ordinary one: the same labels, probabilities and logits bits, the models' self-tests, clear errors. The
# arm64 one runs under the emulator, on cores with and without dot products. Says SKIPPED where it can't be made.
#
#   tests/published.sh             makes both and tries them
#   PUBLISHED_KEEP=1 tests/published.sh   takes what artifacts/release has
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
unset EDGEVIT_KERNEL EDGEVIT_ONNXRUNTIME

skip() { echo "published: SKIPPED: $1"; exit 0; }
fail() { echo "published: FAILED: $1"; exit 1; }
for tool in clang ld.lld llvm-objcopy curl xz dpkg-deb; do command -v "$tool" >/dev/null || skip "$tool is missing"; done
[ "$(uname -m)" = x86_64 ] || skip "it is made on x64"

for architecture in amd64 arm64; do
  why=$(packaging/sysroot.sh "$architecture" "artifacts/sysroot/$architecture" 2>&1) || skip "the old libraries to link against can't be had: $why"
done
version=$(dotnet msbuild src/Cli/EdgeVit.Cli.csproj -getProperty:Version)
[ "${PUBLISHED_KEEP:-}" = 1 ] || ./publish.sh
./setup.sh --all
EDGEVIT_NO_BUILD=0 ./edgevit --version >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
exec 3>&1

# emulated CORE COMMAND...: one program under the emulator for arm64. Where the emulator itself gives up, it is tried again, three times at most.
emulated() {
  local core=$1 attempt code
  shift
  for attempt in 1 2 3 4; do
    code=0
    QEMU_CPU=$core "$emulator" "$@" >"$work/emulated.out" 2>"$work/emulated.err" || code=$?
    if [ "$attempt" = 4 ] || ! grep -q '^qemu: uncaught target signal' "$work/emulated.err"; then break; fi
    echo "published: $(grep -m 1 '^qemu: uncaught target signal' "$work/emulated.err"): $2, again ($attempt of 3)" >&3
  done
  cat "$work/emulated.out"
  cat "$work/emulated.err" >&2
  return "$code"
}

# onnxruntime NAME: the library that the package brings for a program's system.
onnxruntime() {
  local version rid=linux-x64
  version=$(sed -n 's/.*"Microsoft.ML.OnnxRuntime" Version="\([^"]*\)".*/\1/p' Directory.Packages.props)
  case "$1" in arm64*) rid=linux-arm64 ;; esac
  echo "${NUGET_PACKAGES:-$HOME/.nuget/packages}/microsoft.ml.onnxruntime/$version/runtimes/$rid/native/libonnxruntime.so"
}

# serves NAME: whether ONNX Runtime can be used there. Its own code need not run on each processor, and some emulators die of loading it.
serves() {
  [ -f "$(onnxruntime "$1")" ] || return 1
  case "$1" in
    x64) return 0 ;;
    "arm64 on cortex-a76") ;;
    *) return 1 ;;
  esac
  printf '#include <dlfcn.h>\nint main(int n, char **a) { return !dlopen(a[n - 1], RTLD_NOW); }\n' >"$work/loads.c"
  clang --target=aarch64-linux-gnu --sysroot="$PWD/artifacts/sysroot/arm64" -fuse-ld=lld "$work/loads.c" -ldl -o "$work/loads" || fail "$1: a program of one line does not compile"
  if emulated cortex-a76 "$work/loads" "$(onnxruntime "$1")" >/dev/null 2>&1; then return 0; fi
  echo "published: SKIPPED: $1: export and comparison, as ONNX Runtime's library does not even load in the emulator on this machine"
  return 1
}

# try NAME COMMAND...: one program.
try() {
  local name=$1 model code
  shift
  for model in shapes cifar10 fashion-mnist; do
    "$@" doctor models/$model.evit >"$work/doctor.txt" || fail "$name: doctor models/$model.evit: $(tail -n 3 "$work/doctor.txt")"
    grep -q 'the same bits' "$work/doctor.txt" || fail "$name: no self-test of models/$model.evit"
    "$@" run models/$model.evit packaging/icon.png --json -q >"$work/published.json" || fail "$name: run models/$model.evit"
    [ -f "$work/$model.json" ] || EDGEVIT_NO_BUILD=1 ./edgevit run models/$model.evit packaging/icon.png --json -q >"$work/$model.json"
    for file in published $model; do tr ',{' '\n\n' <"$work/$file.json" | grep -E '"(label|index|probability)"' >"$work/$file.txt"; done
    [ -s "$work/$model.txt" ] || fail "there is nothing to compare"
    cmp "$work/published.txt" "$work/$model.txt" || fail "$name: models/$model.evit gives another answer than the ordinary command"
  done
  "$@" validate models/shapes.evit --data shapes --limit 200 --json -q >/dev/null 2>"$work/error.txt" || "$@" inspect models/shapes.evit >/dev/null || fail "$name: inspect"
  code=0
  "$@" run models/shapes.evit LICENSE >"$work/out.txt" 2>"$work/error.txt" || code=$?
  [ "$code" = 1 ] && grep -q '^edgevit: ' "$work/error.txt" && ! grep -q '   at ' "$work/error.txt" || fail "$name: a text file in place of a picture: exit code $code, $(cat "$work/error.txt")"
  code=0
  "$@" export models/shapes.evit --to onnx --out "$work/x.onnx" >/dev/null 2>"$work/error.txt" || code=$?
  [ "$code" = 4 ] && grep -q '^edgevit: this needs ONNX Runtime' "$work/error.txt" || fail "$name: export without ONNX Runtime: exit code $code, $(cat "$work/error.txt")"
  if serves "$name"; then
    EDGEVIT_ONNXRUNTIME=$(onnxruntime "$name") "$@" export models/shapes.evit --to onnx --out "$work/x.onnx" -q >/dev/null || fail "$name: export with ONNX Runtime"
    EDGEVIT_ONNXRUNTIME=$(onnxruntime "$name") "$@" bench models/shapes.evit --duration 100ms --idle 100ms --against "$work/x.onnx" --json -q >"$work/against.json" || fail "$name: bench --against"
    grep -q '"same_class": 32' "$work/against.json" || fail "$name: ONNX Runtime answers other classes than the model"
  fi
  echo "published: $name: self-tests, answers and errors are those of the ordinary command; $("$@" doctor | grep -m 1 '^kernels')"
}

# serve NAME COMMAND...: the server gives the answers of run, and ends in good order.
serve() {
  local name=$1 server address code=0
  shift
  "$@" models/shapes.evit --port 0 >"$work/serve.txt" 2>"$work/error.txt" &
  server=$!
  for _ in $(seq 600); do
    if grep -q '^listening' "$work/serve.txt" || ! kill -0 "$server" 2>/dev/null; then break; fi
    sleep 0.1
  done
  address=$(sed -n 's/^listening on \([^ ]*\) .*/\1/p' "$work/serve.txt")
  [ -n "$address" ] || fail "$name: serve does not listen: $(cat "$work/error.txt")"
  curl -sSf "$address/healthz" | grep -q '"status":"ok"' || fail "$name: serve: /healthz"
  curl -sSf "$address/metrics" | grep -q '^edgevit_model_info' || fail "$name: serve: /metrics"
  curl -sSf --data-binary @packaging/icon.png "$address/classify" >"$work/published.json" || fail "$name: serve: /classify"
  EDGEVIT_NO_BUILD=1 ./edgevit run models/shapes.evit packaging/icon.png --json -q >"$work/ordinary.json"
  for file in published ordinary; do tr ',{' '\n\n' <"$work/$file.json" | tr -d ' }]' | grep -E '^"(label|index|probability)"' >"$work/$file.txt"; done
  cmp "$work/published.txt" "$work/ordinary.txt" || fail "$name: serve gives another answer than run"
  kill -TERM "$server"
  wait "$server" || code=$?
  [ "$code" = 0 ] || fail "$name: serve ends with $code"
  echo "published: $name: serve answers as run does, $(sed -n 's/.*(\(.*\))/\1/p' "$work/serve.txt")"
}

folder=artifacts/release/edgevit-$version-linux-x64
[ "$(tar -tzf "$folder.tar.gz" | grep -c .)" = 6 ] || fail "$folder.tar.gz is not whole"
try x64 "$folder/edgevit"
serve x64 "$folder/edgevit" serve
[ "$(du -sb --apparent-size "$folder" | cut -f 1)" -le 30000000 ] || fail "unpacked it takes $(($(du -sb "$folder" | cut -f 1) / 1000000)) MB, at most 30 are promised"
# What older processors get, by an emulator of them: one without AVX, and one without AVX-512.
if old=$(command -v qemu-x86_64-static || command -v qemu-x86_64); then
  for processor in Nehalem:vector128 max:avx2; do
    try "x64 on ${processor%:*}" "$old" -cpu "${processor%:*}" "$folder/edgevit"
    "$old" -cpu "${processor%:*}" "$folder/edgevit" doctor 2>/dev/null | grep "^kernels *${processor#*:} " >/dev/null || fail "x64 on ${processor%:*}: other kernels than ${processor#*:}"
  done
else
  echo "published: SKIPPED: older x64 processors, as there is no qemu-x86_64"
fi
# 17 MiB where the program's pages come from the disk, and up to 3 more where they were just written and the system maps them in large pieces.
if command -v python3 >/dev/null; then
  python3 tests/memory.py 22 "$folder/edgevit" run models/shapes.evit packaging/icon.png -q || fail "a run holds too much memory: write packaging/start-order.txt anew (packaging/start-order.sh), or find what has grown"
else
  echo "published: SKIPPED: the memory of a run, as there is no python3"
fi
(cd "$work" && ln -s "$OLDPWD/$folder/edgevit" linked && ./linked --version >/dev/null) || fail "the command does not start through a link"

# The end-to-end tests of everything that does not train.
dotnet build tests/EndToEnd.Tests -c Release -v q --nologo --no-restore -p:UseSharedCompilation=false -p:RunAnalyzers=false
classes=()
for class in RunTests FrameStreamTests WatchTests ClipTests ValidateTests InspectTests DoctorTests BenchTests BenchSchemaTests BenchOutTests SustainedTests RerunTests OtherBenchesTests CommandLineTests ImportTests ExportTests FailureTests FormerModelTests ModelsTests; do classes+=(-class "*.$class"); done
EDGEVIT_TOOL=$PWD/$folder/edgevit dotnet artifacts/bin/EdgeVit.EndToEnd.Tests/release/EdgeVit.EndToEnd.Tests.dll -noLogo -noColor "${classes[@]}" >"$work/tests.txt" || { grep -A 12 '\[FAIL\]' "$work/tests.txt"; fail "end-to-end tests of the published command"; }
echo "published: $(grep -o 'Total: .*Skipped: [0-9]*' "$work/tests.txt") end-to-end tests of the x64 command"

# The library: its samples in C and Python, and what they say of a model that is none.
head -c 12288 /dev/urandom >"$work/pixels"
{ printf 'P6\n64 64\n255\n'; cat "$work/pixels"; } >"$work/picture.ppm"
# library NAME RID RUNNER...: the sample in C, linked against the old libraries and run.
library() {
  local name=$1 rid=$2 code=0 target=x86_64-linux-gnu sysroot=artifacts/sysroot/amd64
  shift 2
  if [ "$rid" = linux-arm64 ]; then target=aarch64-linux-gnu sysroot=artifacts/sysroot/arm64; fi
  local folder=artifacts/release/libedgevit-$version-$rid
  clang --target=$target --sysroot="$PWD/$sysroot" -fuse-ld=lld -Wall -Wextra -Werror -std=c11 -I "$folder" "$folder/classify.c" -L "$folder" -ledgevit -Wl,-rpath,"$PWD/$folder" -o "$work/classify-$rid" ||
    fail "$name: the sample does not compile"
  "$@" "$work/classify-$rid" models/shapes.evit "$work/picture.ppm" >"$work/$rid.txt" || fail "$name: the sample does not run"
  [ "$(wc -l <"$work/$rid.txt")" = 10 ] || fail "$name: the sample printed $(wc -l <"$work/$rid.txt") classes, expected 10"
  "$@" "$work/classify-$rid" LICENSE "$work/picture.ppm" >/dev/null 2>"$work/error.txt" || code=$?
  [ "$code" = 1 ] && grep -q '^classify: LICENSE: ' "$work/error.txt" || fail "$name: a text file in place of a model: exit code $code, $(cat "$work/error.txt")"
  echo "published: $name: the library's sample in C runs ($(($(wc -c <"$folder/libedgevit.so") / 1000)) kB)"
}
library "x64" linux-x64
if command -v python3 >/dev/null; then
  python3 src/Native/samples/classify.py "artifacts/release/libedgevit-$version-linux-x64/libedgevit.so" models/shapes.evit "$work/picture.ppm" >"$work/python.txt" || fail "the sample in Python does not run"
  cmp "$work/python.txt" "$work/linux-x64.txt" || fail "C and Python give different bits"
  echo "published: the library's sample in Python gives the bits of the one in C"
else
  echo "published: SKIPPED: the sample in Python, as there is no python3"
fi

if found=$(tests/arm64-emulator.sh 2>"$work/emulator.txt"); then
  { read -r emulator && read -r QEMU_LD_PREFIX; } <<<"$found"
  export QEMU_LD_PREFIX
  for core in cortex-a76 cortex-a53; do try "arm64 on $core" emulated "$core" "artifacts/release/edgevit-$version-linux-arm64/edgevit"; done
  serve "arm64 on cortex-a76" env QEMU_CPU=cortex-a76 "$emulator" "artifacts/release/edgevit-$version-linux-arm64/edgevit" serve
  library "arm64 on cortex-a76" linux-arm64 emulated cortex-a76
  cmp "$work/linux-arm64.txt" "$work/linux-x64.txt" || fail "the library gives other bits on arm64 than on x64"
else
  echo "published: SKIPPED on arm64: $(tail -n 1 "$work/emulator.txt")"
fi
