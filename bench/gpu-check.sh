#!/usr/bin/env bash
# Tries training on a CUDA device with the tool's own verbs and says whether it does what the processor does.
#
#   bench/gpu-check.sh [--device cuda:0] [--out FOLDER]
#   bench/gpu-check.sh --dry-run           processor against processor with tiny settings: tests this script
#
# Needs the .NET SDK and libtorch for CUDA: EdgeVitCuda=true in the environment takes the packages, EDGEVIT_LIBTORCH=FOLDER libtorch and TorchSharp's library
# from a folder. EdgeVitOnnxRuntimeGpu=true computes the ONNX teacher on the GPU, too. Takes about ten minutes; leaves gpu-check.json and every run in FOLDER
# (default artifacts/gpu-check). Exit codes: 0 all checks passed, 1 one failed, 2 wrong usage, 4 there is no such device.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Losses of the device against those of the processor in float32, relative: the first step sees the same weights, later ones signs that rounding turned.
float32_first=0.001 float32_later=0.05
bfloat16_first=0.03 bfloat16_later=0.15
# A resumed run against a straight one: its mean loss over the last tenth, relative. On the processor the models are the same, bit for bit.
resume_bound=0.05

device=cuda out=artifacts/gpu-check dry=no
while [ $# -gt 0 ]; do
  case "$1" in
    --device) device=${2:?--device wants a name, such as cuda:0}; shift 2 ;;
    --out) out=${2:?--out wants a folder}; shift 2 ;;
    --dry-run) dry=yes device=cpu; shift ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "gpu-check: unknown option '$1'. Known: --device, --out, --dry-run." >&2; exit 2 ;;
  esac
done
case "$dry $device" in
  "yes cpu" | "no cuda"*) ;;
  *) echo "gpu-check: the device is '$device', expected cuda or cuda:N; --dry-run compares the processor with itself." >&2; exit 2 ;;
esac

say() { printf '%s\n' "$*" >&2; }
./edgevit --version >/dev/null # sets up and builds
export EDGEVIT_NO_BUILD=1
rm -rf "$out"
mkdir -p "$out"
failed=0 parts=()

# Runs the tool with its output kept; a failure is said with its last words. stdout of the tool: $out/NAME.json
edgevit() {
  local name=$1 status=0
  shift
  ./edgevit "$@" --json >"$out/$name.json" 2>"$out/$name.log" || status=$?
  if [ $status != 0 ] && [ $status != 130 ]; then
    say "  edgevit $* ended with exit code $status:"
    tail -n 3 "$out/$name.log" >&2
  fi
  return $status
}

# A number of the tool's JSON by its name, the first one after a section where one is given.
number() { # FILE [SECTION] NAME
  local file=$1 section=${3:+$2} name=${3:-$2}
  awk -v section="\"$section\"" -v name="\"$name\"" '
    { text = text $0 }
    END {
      if (section != "\"\"") text = substr(text, index(text, section))
      at = index(text, name); if (!at) { print "null"; exit }
      text = substr(text, at + length(name)); sub(/^[ \t]*:[ \t]*/, "", text); sub(/[ ,}\]\n].*/, "", text); print text
    }' "$file"
}

# Notes a check: NAME, passed (0 or 1), JSON of what was found, words.
check() {
  local verdict=passed
  [ "$2" = 1 ] || { verdict=FAILED; failed=1; }
  say "  $1: $verdict  $4"
  parts+=("{\"check\": \"$1\", \"passed\": $([ "$2" = 1 ] && echo true || echo false), $3}")
}

# The student's losses at the evaluations of a run, with spaces between.
losses() { awk -F, '$1 == "student" && $5 != "" && $7 != "" { printf "%s%s", sep, $5; sep = " " }' "$out/$1/metrics.csv" 2>/dev/null || true; }

# The student's mean loss over the last tenth of a run.
last_loss() {
  awk -F, '$1 == "student" && $5 != "" { step[++n] = $2; loss[n] = $5 }
    END { for (i = 2; i <= n; i++) if (step[i - 1] >= 0.9 * step[n] - 1e-9) { w = step[i] - step[i - 1]; sum += w * loss[i]; all += w }
          if (all) printf "%.6g", sum / all }' "$out/$1/metrics.csv" 2>/dev/null || true
}

# Compares two lists of losses: "PASSED WORST_FIRST WORST_LATER"
compare() { # REFERENCE FOUND COUNT FIRST_BOUND LATER_BOUND
  awk -v a="$1" -v b="$2" -v count="$3" -v first="$4" -v later="$5" 'BEGIN {
    n = split(a, x, " "); m = split(b, y, " "); worst = 0; start = 0; good = n == m && n == count
    for (i = 1; i <= n && i <= m; i++) {
      d = x[i] - y[i]; if (d < 0) d = -d; d /= x[i] > 0 ? x[i] : 1
      if (y[i] != y[i] + 0) good = 0
      if (i == 1) start = d; else if (d > worst) worst = d
    }
    print (good && start <= first && worst <= later) ? 1 : 0, start, worst
  }'
}

list() { printf '[%s]' "${1// /, }"; }

# The most memory of the GPU that is in use while a command runs, in MB: the whole device's, which nobody else should use meanwhile.
watch_memory() {
  command -v nvidia-smi >/dev/null || { echo null; return; }
  local index=${device#cuda} most=0 now
  index=${index#:}
  while [ -f "$out/running" ]; do
    now=$(nvidia-smi -i "${index:-0}" --query-gpu=memory.used --format=csv,noheader,nounits 2>/dev/null | head -n 1 || echo 0)
    [ "${now:-0}" -gt "$most" ] 2>/dev/null && most=$now
    sleep 0.2
  done
  echo "$most"
}

# --- the machine
say "machine"
machine=$(./edgevit doctor 2>/dev/null | grep -iE '^ *(processor|cpu|libtorch|torch)' | head -n 3 | sed 's/  */ /g; s/"//g; s/^ //' | paste -sd ';' - || true)
gpu=$(nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader 2>/dev/null | head -n 1 | sed 's/"//g' || true)
say "  ${machine:-?}; ${gpu:-no nvidia-smi}"

# --- five steps. 400 images, 20 of them held out, in batches of 76: five steps an epoch, with an evaluation after each.
five=(--data shapes --shapes-train 400 --shapes-test 40 --student binaryvit-nano --batch 76 --seed 1 --parity-images 2)
run() { # NAME DEVICE EPOCHS ARGUMENTS...
  local name=$1 on=$2 epochs=$3
  shift 3
  edgevit "$name" convert "${five[@]}" --out "$out/$name" --device "$on" --epochs "$epochs" "$@"
}

say "loss of five steps, $device against the processor"
run reference cpu 1 --teacher none --precision float32 --augment-on cpu || { say "  the processor's own run failed"; exit 1; }
expected=$(losses reference)
status=0
run float32 "$device" 1 --teacher none --precision float32 --augment-on cpu || status=$?
if [ $status = 4 ]; then exit 4; fi
for precision in float32 bfloat16; do
  [ $precision = float32 ] || run $precision "$device" 1 --teacher none --precision $precision --augment-on cpu || true
  first=${precision}_first later=${precision}_later
  found=$(losses $precision)
  read -r good start worst < <(compare "$expected" "$found" 5 "${!first}" "${!later}")
  check "loss $precision" "$good" "\"expected\": $(list "$expected"), \"found\": $(list "$found"), \"first\": $start, \"later\": $worst, \"bounds\": [${!first}, ${!later}]" \
    "first step apart by $start (at most ${!first}), later ones by $worst (at most ${!later})"
done

# --- augmentation on the device: the same batches.
say "augmentation on the device"
run augmented "$device" 1 --teacher none --precision float32 --augment-on device || true
reference=$(losses float32) found=$(losses augmented)
read -r good start worst < <(compare "$reference" "$found" 5 $float32_first $float32_later)
check "augmentation on the device" "$good" "\"expected\": $(list "$reference"), \"found\": $(list "$found"), \"first\": $start, \"later\": $worst" \
  "against batches of the processor, same device: first step apart by $start, later ones by $worst"

# --- an ONNX teacher: what the first run made, as ONNX.
say "an ONNX teacher"
good=0 start=0 worst=0 reference="" found=""
if edgevit export export "$out/reference/model.evit" --to onnx --out "$out/teacher.onnx"; then
  run onnx-reference cpu 1 --teacher "$out/teacher.onnx" --precision float32 --augment-on cpu || true
  run onnx "$device" 1 --teacher "$out/teacher.onnx" --precision float32 --augment-on cpu || true
  reference=$(losses onnx-reference) found=$(losses onnx)
  read -r good start worst < <(compare "$reference" "$found" 5 $float32_first $float32_later)
fi
where=$(sed -n 's/"//g; s/.*\(runs on the processor: .*\)/\1/p' "$out/onnx.log" 2>/dev/null | head -n 1 || true)
where=${where:-"runs on ${device%%:*}"}
check "ONNX teacher" "$good" "\"expected\": $(list "$reference"), \"found\": $(list "$found"), \"first\": $start, \"later\": $worst, \"teacher\": \"$where\"" \
  "first step apart by $start, later ones by $worst; it $where"

# --- resume
say "a straight run against a resumed one"
if [ $dry = yes ]; then epochs=6; else
  run pace "$device" 1 --teacher none --plan || true
  epochs=$(awk -v s="$(number "$out/pace.json" student step_seconds)" 'BEGIN { e = int(20 / 5 / (s > 0 ? s : 1)); print e < 4 ? 4 : e > 2000 ? 2000 : e }')
fi
begun=$SECONDS
run straight "$device" "$epochs" --teacher none --precision float32 || true
half=$(((SECONDS - begun) / 2))
stops=0 status=0 again=()
for attempt in 1 2 3 4 5 6 7 8; do
  # Stopped once or twice about the middle, then to the end.
  stop=()
  if [ $stops -lt 2 ]; then stop=(--stop-after "$((half > 1 ? half / attempt + 1 : 1))s"); fi
  status=0
  run resumed "$device" "$epochs" --teacher none --precision float32 ${stop[@]+"${stop[@]}"} ${again[@]+"${again[@]}"} || status=$?
  [ $status = 130 ] || break
  stops=$((stops + 1)) again=(--resume)
done
a=$(last_loss straight) b=$(last_loss resumed)
read -r good start worst < <(compare "$a" "$b" 1 $resume_bound $resume_bound)
same=false
if cmp -s "$out/straight/model.evit" "$out/resumed/model.evit"; then same=true; fi
[ $status = 0 ] && [ $stops -gt 0 ] || good=0
[ $dry = no ] || [ "$same" = true ] || good=0
check "resume" "$good" "\"stops\": $stops, \"straight\": ${a:-null}, \"resumed\": ${b:-null}, \"apart\": $start, \"bound\": $resume_bound, \"same_model\": $same" \
  "stopped $stops times; last loss ${a:-?} straight, ${b:-?} resumed (at most $resume_bound apart); the same model: $same"

# --- speed and memory
say "speed and memory"
speeds=()
speed() { # STUDENT PRECISION AUGMENT ARGUMENTS...
  local student=$1 precision=$2 augment=$3 name=speed-$1-$2-$3 gpu_memory pid good=1
  shift 3
  touch "$out/running"
  watch_memory >"$out/memory" &
  pid=$!
  edgevit "$name" convert --data shapes --out "$out/$name" --student "$student" --teacher none --device "$device" --precision "$precision" --augment-on "$augment" --seed 1 --plan "$@" || good=0
  rm -f "$out/running"
  wait "$pid"
  gpu_memory=$(cat "$out/memory")
  local images batch resident
  images=$(number "$out/$name.json" student images_per_second)
  batch=$(number "$out/$name.json" student batch)
  resident=$(number "$out/$name.json" memory peak_bytes)
  [ "${images:-null}" != null ] || good=0
  speeds+=("{\"student\": \"$student\", \"precision\": \"$precision\", \"augment_on\": \"$augment\", \"batch\": ${batch:-null}, \"images_per_second\": ${images:-null}, \"gpu_memory_mb\": ${gpu_memory:-null}, \"process_bytes\": ${resident:-null}}")
  say "  $student $precision, augmented on the $augment: ${images:-?} images/s in batches of ${batch:-?}, ${gpu_memory:-?} MB of the GPU"
  [ $good = 1 ] || { failed=1; say "  FAILED: see $out/$name.log"; }
}
if [ $dry = yes ]; then
  speed binaryvit-32 float32 cpu --batch 4 --shapes-train 200 --shapes-test 10
  speed binaryvit-small float32 cpu --image-size 64 --batch 2 --shapes-train 200 --shapes-test 10
else
  for precision in float32 bfloat16; do
    for augment in cpu device; do speed binaryvit-32 $precision $augment; done
    speed binaryvit-small $precision cpu --shapes-train 2000 --shapes-test 10
  done
fi
rm -f "$out/memory"

{
  printf '{\n  "device": "%s",\n  "machine": "%s",\n  "gpu": "%s",\n  "passed": %s,\n' "$device" "$machine" "$gpu" "$([ $failed = 0 ] && echo true || echo false)"
  printf '  "checks": [\n'
  for i in "${!parts[@]}"; do printf '    %s%s\n' "${parts[$i]}" "$([ "$i" = $((${#parts[@]} - 1)) ] || echo ,)"; done
  printf '  ],\n  "speed": [\n'
  for i in "${!speeds[@]}"; do printf '    %s%s\n' "${speeds[$i]}" "$([ "$i" = $((${#speeds[@]} - 1)) ] || echo ,)"; done
  printf '  ]\n}\n'
} >"$out/gpu-check.json"
cat "$out/gpu-check.json"
say "$([ $failed = 0 ] && echo "all checks passed" || echo "something FAILED"): $out/gpu-check.json"
exit $failed
