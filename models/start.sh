#!/usr/bin/env bash
# Trains a start for --init: a student of a layout on images of any classes, whose teacher of the same run also serves as --teacher elsewhere.
#
#   models/start.sh LAYOUT DATA OUT [options of convert]
#
# OUT/student/best.safetensors is the start, OUT/teacher/best.safetensors the teacher.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
layout=$1 data=$2 out=$3
shift 3
exec "$(dirname "${BASH_SOURCE[0]}")/../edgevit" convert --data "$data" --out "$out" --student "$layout" --teacher convnet "$@"
