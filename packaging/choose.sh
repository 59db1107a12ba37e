#!/bin/sh
# Starts the program for this processor: one that was compiled for AVX2 and FMA, or one that runs on any x64 processor since 2009.
here=${0%/*}
[ "$here" != "$0" ] || here=$(dirname "$(command -v "$0")")
if [ -L "$0" ]; then here=$(dirname "$(readlink -f "$0")"); fi
level=v2
while read -r name rest; do
  if [ "$name" = flags ]; then
    case " $rest " in *" avx2 "*) case " $rest " in *" fma "*) level=v3 ;; esac ;; esac
    break
  fi
done </proc/cpuinfo
exec "$here/programs/edgevit-$level" "$@"
