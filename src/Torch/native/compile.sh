#!/bin/sh
# Compiles what changed and links: compile.sh <object folder>, with CXX, SHIM_FLAGS and SHIM_LINK set by native.targets.
set -e
here=$(cd "$(dirname "$0")" && pwd)
out=$1
command -v "${CXX%% *}" >/dev/null || { echo "error: the bridge to libtorch needs a C++17 compiler; install g++ (setup.sh does)." >&2; exit 1; }
printf '#include <ATen/ATen.h>\n' | eval "$CXX $SHIM_FLAGS -fsyntax-only -M -x c++ -" >/dev/null 2>&1 || {
  echo "error: libtorch's headers were not found. Install libtorch-dev (Debian, Ubuntu), or set EDGEVIT_LIBTORCH to a PyTorch folder with include/ and lib/; setup.sh does either." >&2
  exit 1
}
stale=""
for source in "$here"/*.cpp; do
  object="$out$(basename "$source" .cpp).o"
  if [ ! -f "$object" ] || [ -n "$(find "$source" "$here/shim.h" "$out/flags.txt" -newer "$object" | head -n 1)" ]; then
    stale="$stale $(basename "$source" .cpp)"
  fi
done
export CXX SHIM_FLAGS here out
if [ -n "$stale" ]; then
  # shellcheck disable=SC2016
  echo $stale | tr ' ' '\n' | xargs -P "$(nproc)" -I{} sh -c 'eval "$CXX $SHIM_FLAGS -c \"\$here/{}.cpp\" -o \"\${out}{}.o.part\"" && mv "${out}{}.o.part" "${out}{}.o"'
fi
eval "$CXX -shared -o \"${out}libedgevit_torch.so.part\" \"$out\"*.o $SHIM_LINK"
mv "${out}libedgevit_torch.so.part" "${out}libedgevit_torch.so"
