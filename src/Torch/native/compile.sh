#!/bin/sh
# Compiles what changed and links: compile.sh <object folder>, with CXX, SHIM_FLAGS, SHIM_LINK, SHIM_DISTRIBUTED and LIBTORCH
# set by native.targets.
set -e
here=$(cd "$(dirname "$0")" && pwd)
out=${1%/}
command -v "${CXX%% *}" >/dev/null || {
  echo "error: the bridge to libtorch needs a C++17 compiler; install g++ (setup.sh does)." >&2
  exit 1
}

# Two builds of the same folder take turns.
if command -v flock >/dev/null; then
  exec 9>"$out/lock"
  flock 9
fi

# PyTorch's packages before 2.7 were built with the old layout of std::string; their symbols tell.
if [ -n "$LIBTORCH" ] && grep -qa '_ZN3c105ErrorC[12]ENS_14SourceLocationESs' "$LIBTORCH/lib/libc10.so"; then
  SHIM_FLAGS="$SHIM_FLAGS -D_GLIBCXX_USE_CXX11_ABI=0"
fi

stale=""
count=0
for source in "$here"/*.cpp; do
  name=$(basename "$source" .cpp)
  [ "$name" != distributed ] || continue
  if [ ! -f "$out/$name.o" ] || [ -n "$(find "$source" "$here/shim.h" "$out/flags.txt" -newer "$out/$name.o" | head -n 1)" ]; then
    stale="$stale $name"
    count=$((count + 1))
  fi
done

# Parsing ATen.h is most of the work: for several sources it is done once, and the 250 MB that result are deleted again.
header=""
if [ "$count" -gt 2 ]; then
  mkdir -p "$out/header"
  printf '#include "%s/shim.h"\n' "$here" > "$out/header/shim.h"
  eval "$CXX $SHIM_FLAGS -x c++-header \"\$out/header/shim.h\" -o \"\$out/header/shim.h.gch\"" || {
    echo "error: libtorch's headers did not compile. Install libtorch-dev (Debian, Ubuntu), or set EDGEVIT_LIBTORCH to a PyTorch" \
      "folder with include/ and lib/; setup.sh does either." >&2
    exit 1
  }
  header="-include \"\$out/header/shim.h\""
fi

export CXX SHIM_FLAGS here out header
# shellcheck disable=SC2016
for name in $stale; do echo "$name"; done | xargs -P "$(nproc)" -I{} sh -c \
  'eval "$CXX $SHIM_FLAGS $header -c \"\$here/{}.cpp\" -o \"\$out/{}.part\"" && mv "$out/{}.part" "$out/{}.o"'
rm -rf "$out/header"

# Apart: where the headers of Gloo or NCCL do not fit this libtorch, training on one device must still build.
if [ ! -f "$out/distributed.o" ] || [ -n "$(find "$here/distributed.cpp" "$here/shim.h" "$out/flags.txt" "$out/distributed.txt" -newer "$out/distributed.o" | head -n 1)" ]; then
  built=""
  for less in "" -UEV_NCCL "-UEV_NCCL -UEV_GLOO"; do
    if eval "$CXX $SHIM_FLAGS $SHIM_DISTRIBUTED $less -c \"\$here/distributed.cpp\" -o \"\$out/distributed.part\"" 2>>"$out/distributed.log"; then
      built=yes
      [ -z "$less" ] || echo "training on several devices: built with $less, because its headers do not fit this libtorch ($out/distributed.log)"
      break
    fi
  done
  [ -n "$built" ] || { cat "$out/distributed.log" >&2; exit 1; }
  mv "$out/distributed.part" "$out/distributed.o"
fi
eval "$CXX -shared -o \"\$out/libedgevit_torch.part\" \"\$out\"/*.o $SHIM_LINK"
mv "$out/libedgevit_torch.part" "$out/libedgevit_torch.so"
