#!/usr/bin/env bash
# Finds out what this machine can have, installs what is missing, and writes the choice to Packages.local.props (not committed).
#
#   ./setup.sh             all: training (libtorch), the ONNX Runtime comparison, device bindings
#   ./setup.sh --training  what convert needs: ONNX Runtime only where it costs no further installation
#   ./setup.sh --runtime   without training: enough for inspect, run, validate, bench and doctor, e.g. on a board
#   ./setup.sh --force     asks the package sources again instead of remembering their answers
#
# EDGEVIT_LIBTORCH=DIR    a PyTorch 2.x installation (the folder with include/ and lib/) instead of the system's libtorch
# Safe to run again at any time: it then checks, and does nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

mode=full
force=no
for argument in "$@"; do
  case "$argument" in
    --runtime) mode=runtime ;;
    --training) mode=training ;;
    --force) force=yes ;;
    -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "setup: unknown option '$argument'. Known: --runtime, --training, --force, --help." >&2; exit 2 ;;
  esac
done

props=Packages.local.props
state=artifacts/setup
mkdir -p "$state"
exec 9>"$state/lock"
flock 9

say() { printf 'setup: %s\n' "$*" >&2; }
die() { printf 'setup: %s\n' "$1" >&2; shift; for line in "$@"; do printf '       %s\n' "$line" >&2; done; exit 1; }

# --- The .NET SDK -----------------------------------------------------------------------------------------------------------------
command -v dotnet >/dev/null || die "the .NET 10 SDK is missing." \
  "Debian, Ubuntu:  sudo apt-get install dotnet-sdk-10.0    (where apt has it)" \
  "anywhere:        curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0" \
  "                 export PATH=\"\$HOME/.dotnet:\$PATH\" DOTNET_ROOT=\"\$HOME/.dotnet\""
sdks=$(dotnet --list-sdks)
grep -q '^10\.' <<<"$sdks" || die "the .NET 10 SDK is needed; found: $(awk '{print $1}' <<<"$sdks" | paste -sd ' ' -)." \
  "Install it with:  curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0"
# Invariant: the SDK then needs no ICU library, which small systems lack; the programs built here are invariant anyway.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

# --- What is there ----------------------------------------------------------------------------------------------------------------
has_library() { ldconfig -p 2>/dev/null | grep -qF "$1" || compgen -G "/usr/lib/*/$1*" >/dev/null; }
ldconfig() { command ldconfig "$@" 2>/dev/null || /sbin/ldconfig "$@"; }
openblas_folder() { compgen -G '/usr/lib/*/openblas-openmp/libblas.so.3' | head -n 1 | xargs -r dirname; }
version_of() { sed -n "s/.*Include=\"$1\" Version=\"\([^\"]*\)\".*/\1/p" Directory.Packages.props; }
saved() { [ -f "$props" ] && sed -n "s:.*<$1>\(.*\)</$1>.*:\1:p" "$props" || true; }

# --- Installing through apt -------------------------------------------------------------------------------------------------------
root=()
if [ "$(id -u)" != 0 ]; then root=(sudo); fi

can_be_root() {
  [ "$(id -u)" = 0 ] && return 0
  command -v sudo >/dev/null || return 1
  if [ -t 0 ] && [ -t 2 ]; then sudo -v; else sudo -n true 2>/dev/null; fi
}

updated=no
update_apt() {
  [ "$updated" = no ] || return 0
  updated=yes
  say "reading the package lists (apt-get update)"
  "${root[@]}" apt-get update -q -o DPkg::Lock::Timeout=400 >>"$state/apt.log" 2>&1 || say "apt-get update failed (offline?); going on with the lists that are here"
}

# The first of some alternative names that apt can install; distributions name the same library differently.
first_known() {
  local name
  for name in "$@"; do
    if [ -n "$(apt-cache policy "$name" 2>/dev/null | sed -n 's/ *Candidate: //p' | grep -v '(none)')" ]; then echo "$name"; return 0; fi
  done
  return 1
}

# install WHY NAME[|ALTERNATIVE...]...: returns 1, with the command that a person can type, where it cannot be done.
install() {
  local why="$1" spec names=() name
  shift
  local plain
  plain=$(printf '%s ' "$@" | sed 's/|[^ ]*//g')
  if ! command -v apt-get >/dev/null; then
    say "$why: there is no apt-get here; install the equivalents of: $plain"
    return 1
  fi
  if ! can_be_root; then
    say "$why: installing needs root. Type:  sudo apt-get install --no-install-recommends $plain"
    return 1
  fi
  for spec in "$@"; do
    IFS='|' read -r -a alternatives <<<"$spec"
    if ! name=$(first_known "${alternatives[@]}"); then
      update_apt
      name=$(first_known "${alternatives[@]}") || { say "$why: apt knows none of: ${spec//|/, }"; return 1; }
    fi
    names+=("$name")
  done
  say "$why: installing ${names[*]} with apt (a minute or two)"
  apt_install "${names[@]}" && return 0
  # Lists that are older than the mirror name packages that are gone, and a package that failed to configure often does at the second try.
  update_apt
  apt_install "${names[@]}" && return 0
  say "$why: apt-get failed; its last lines:"
  tail -n 5 "$state/apt.log" | sed 's/^/       /' >&2
  say "try yourself:  sudo apt-get update && sudo apt-get install --no-install-recommends ${names[*]}"
  return 1
}

apt_install() {
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=400 "$@" >>"$state/apt.log" 2>&1
}

# --- Asking NuGet -----------------------------------------------------------------------------------------------------------------
# probe PACKAGE: 0 = restores, 1 = the sources do not have it, 2 = nobody answered in time. Three run side by side.
probe() {
  local folder="$state/probe/$1" reference
  case "$1" in
    # The compiler of the framework's own version, for this machine.
    crossgen2) reference='<PackageDownload Include="microsoft.netcore.app.crossgen2.$(NETCoreSdkPortableRuntimeIdentifier)" Version="[$(BundledNETCoreAppPackageVersion)]" />' ;;
    *) reference="<PackageReference Include=\"$1\" Version=\"$(version_of "$1")\" />" ;;
  esac
  mkdir -p "$folder"
  for stop in Directory.Build.props Directory.Build.targets Directory.Packages.props; do echo '<Project />' >"$folder/$stop"; done
  cat >"$folder/probe.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework><NuGetAudit>false</NuGetAudit></PropertyGroup>
  <ItemGroup>$reference</ItemGroup>
</Project>
XML
  if timeout 900 dotnet restore "$folder/probe.csproj" --nologo -v q >"$folder/log" 2>&1; then return 0; fi
  if grep -qE 'NU110[123]' "$folder/log"; then return 1; fi
  return 2
}

ask_nuget() {
  local package pids=() names=()
  say "asking NuGet for the packages that not every machine can have (remembered in $props)"
  for package in "$@"; do
    probe "$package" &
    pids+=($!)
    names+=("$package")
  done
  local i answer
  for i in "${!pids[@]}"; do
    answer=0
    wait "${pids[$i]}" || answer=$?
    echo "$answer" >"$state/answer.${names[$i]}"
  done
}

nuget_has() { [ "$(cat "$state/answer.$1" 2>/dev/null || echo 2)" = 0 ]; }
why_not() { [ "$(cat "$state/answer.$1" 2>/dev/null || echo 2)" = 1 ] && echo "NuGet here has no $1" || echo "NuGet did not answer for $1"; }

# --- The choices ------------------------------------------------------------------------------------------------------------------
torch=$(saved TorchFrom)
onnx=$(saved OnnxRuntimeFrom)
iot=$(saved IotFrom)
crossgen=$(saved CrossgenFrom)
libtorch=${EDGEVIT_LIBTORCH:-$(saved EDGEVIT_LIBTORCH)}
changed=no
arch=$(uname -m)

# A light set-up never takes away what a fuller one has installed; a fuller one adds what a light one has put off.
if [ "$mode" = runtime ] && [ -n "$torch" ] && [ "$torch" != none ]; then mode=training; fi
if [ "$force" = yes ]; then torch=''; onnx=''; iot=''; crossgen=''; fi
if [ "$mode" != runtime ] && [ "$torch" = none ]; then torch=''; fi
if [ "$mode" = full ] && [ -f "$state/onnx-put-off" ]; then onnx=''; fi

if [ -n "${EDGEVIT_LIBTORCH:-}" ] && [ "$mode" != runtime ]; then
  libtorch=$(cd "$EDGEVIT_LIBTORCH" 2>/dev/null && pwd) || die "EDGEVIT_LIBTORCH=$EDGEVIT_LIBTORCH is not a folder."
  [ -f "$libtorch/include/ATen/ATen.h" ] && compgen -G "$libtorch/lib/libtorch_cpu.so*" >/dev/null || die \
    "EDGEVIT_LIBTORCH=$libtorch holds no include/ATen/ATen.h with lib/libtorch_cpu.so." \
    "It is the folder that this prints:  python3 -c 'import torch, os; print(os.path.dirname(torch.__file__))'"
  [ "$torch" = system ] && [ "$libtorch" = "$(saved EDGEVIT_LIBTORCH)" ] || say "PyTorch: the installation in $libtorch, because EDGEVIT_LIBTORCH names it"
  torch=system
fi

if [ "$mode" = runtime ]; then
  [ -n "$torch" ] || { torch=none; changed=yes; say "training: left out (--runtime); ./setup.sh adds it"; }
  [ -n "$onnx" ] || { onnx=none; changed=yes; touch "$state/onnx-put-off"; }
  questions=()
  [ -n "$iot" ] || questions+=(Iot.Device.Bindings)
  [ -n "$crossgen" ] || questions+=(crossgen2)
  if [ ${#questions[@]} != 0 ]; then changed=yes; ask_nuget "${questions[@]}"; fi
else
  questions=()
  [ -n "$torch" ] || questions+=(TorchSharp-cpu)
  [ -n "$onnx" ] || questions+=(Microsoft.ML.OnnxRuntime)
  [ -n "$iot" ] || questions+=(Iot.Device.Bindings)
  [ -n "$crossgen" ] || questions+=(crossgen2)
  if [ ${#questions[@]} != 0 ]; then changed=yes; ask_nuget "${questions[@]}"; fi
  if [ -z "$torch" ]; then
    if [ "$arch" != x86_64 ]; then
      torch=system
      say "PyTorch: the system's libtorch, because TorchSharp has no native library for Linux on $arch"
    elif nuget_has TorchSharp-cpu; then
      torch=package
      say "PyTorch: the TorchSharp package, because NuGet has it"
    else
      torch=system
      say "PyTorch: the system's libtorch through src/Torch, because $(why_not TorchSharp-cpu)"
    fi
  fi
fi
if [ -z "$iot" ]; then
  if nuget_has Iot.Device.Bindings; then iot=package; say "device bindings: the Iot.Device.Bindings package, because NuGet has it"
  else iot=none; say "device bindings: left out (sysfs still works), because $(why_not Iot.Device.Bindings)"; fi
fi

if [ -z "$crossgen" ]; then
  if nuget_has crossgen2; then crossgen=package; say "compiling ahead of time: yes, because NuGet has the compiler"
  else crossgen=none; say "compiling ahead of time: no (programs start a little later), because $(why_not crossgen2)"; fi
fi

# --- Image codecs: every verb that reads pictures ---------------------------------------------------------------------------------
codecs=()
has_library libpng16.so.16 || codecs+=('libpng16-16|libpng16-16t64')
has_library libturbojpeg.so.0 || codecs+=('libturbojpeg0|libturbojpeg')
if [ ${#codecs[@]} != 0 ] && ! install "PNG and JPEG" "${codecs[@]}"; then
  say "going on: everything but reading PNG and JPEG files works without"
fi

# --- libtorch ---------------------------------------------------------------------------------------------------------------------
if [ "$torch" = system ]; then
  wanted=()
  command -v g++ >/dev/null || wanted+=(g++)
  if [ -z "$libtorch" ]; then
    [ -f /usr/include/ATen/ATen.h ] && compgen -G '/usr/lib/*/libtorch_cpu.so' >/dev/null || wanted+=(libtorch-dev)
    [ -n "$(openblas_folder)" ] || wanted+=(libopenblas0-openmp)
  fi
  if [ ${#wanted[@]} != 0 ]; then
    changed=yes
    install "training" "${wanted[@]}" || die "training cannot be set up on this machine yet (see above)." \
      "The other verbs need none of it:  ./setup.sh --runtime"
  fi
fi

# Training by several processes: Gloo's headers, which belong to the system's libtorch. Everything else works without.
if [ "$torch" = system ] && [ -z "$libtorch" ] && [ ! -f /usr/include/gloo/context.h ]; then
  if install "training by several processes" libgloo-dev; then changed=yes
  else say "going on: training by several processes (WORLD_SIZE above 1) is left out, one process trains as before; later:  ./setup.sh --force"; fi
fi

# --- ONNX Runtime from npm --------------------------------------------------------------------------------------------------------
npm_arch() { case "$arch" in x86_64) echo x64 ;; aarch64) echo arm64 ;; esac; }
npm_complete() {
  [ -d node_modules/com.github.asus4.onnxruntime/Runtime ] && [ -f "node_modules/onnxruntime-node/bin/napi-v6/linux/$(npm_arch)/libonnxruntime.so.1" ] \
    && cmp -s package-lock.json node_modules/.edgevit-lock
}

fetch_npm() {
  if [ -z "$(npm_arch)" ]; then say "ONNX Runtime: left out, npm has none for $arch"; return 1; fi
  if ! command -v npm >/dev/null; then
    if [ "$mode" != full ]; then
      touch "$state/onnx-put-off"
      say "ONNX Runtime: put off, because npm is missing and only comparisons need it; ./setup.sh adds it"
      return 1
    fi
    install "ONNX Runtime" nodejs npm || { say "ONNX Runtime: left out, because npm is missing (only comparisons need it)"; return 1; }
  fi
  say "ONNX Runtime: fetching the pinned npm packages"
  rm -rf node_modules
  if ! npm ci --ignore-scripts --no-audit --no-fund >"$state/npm.log" 2>&1; then
    rm -rf node_modules
    say "ONNX Runtime: left out, npm ci failed (only comparisons need it; log: $state/npm.log). Later:  ./setup.sh --force"
    return 1
  fi
  # Other systems' libraries are half a gigabyte.
  find node_modules/com.github.asus4.onnxruntime -mindepth 1 -maxdepth 1 -type d ! -name Runtime -exec rm -rf {} +
  find node_modules/onnxruntime-node/bin/napi-v6 -mindepth 1 -maxdepth 1 ! -name linux -exec rm -rf {} +
  find node_modules/onnxruntime-node/bin/napi-v6/linux -mindepth 1 -maxdepth 1 ! -name "$(npm_arch)" -exec rm -rf {} +
  cp package-lock.json node_modules/.edgevit-lock
}

if [ -z "$onnx" ]; then
  if nuget_has Microsoft.ML.OnnxRuntime; then
    onnx=package
    say "ONNX Runtime: the Microsoft.ML.OnnxRuntime package, because NuGet has it"
  else
    onnx=npm
    say "ONNX Runtime: from npm, because $(why_not Microsoft.ML.OnnxRuntime)"
  fi
fi
if [ "$mode" = full ]; then rm -f "$state/onnx-put-off"; fi
if [ "$onnx" = npm ] && ! npm_complete && ! { changed=yes; fetch_npm; }; then onnx=none; fi

# --- The charts of training curves -------------------------------------------------------------------------------------------------
curves=src/Quantize/Curves
if [ "$mode" != runtime ] && ! { [ -f $curves/node_modules/uplot/dist/uPlot.iife.min.js ] && cmp -s $curves/package-lock.json $curves/node_modules/.edgevit-lock; }; then
  if command -v npm >/dev/null && npm ci --prefix "$curves" --ignore-scripts --no-audit --no-fund >"$state/curves.log" 2>&1; then
    cp $curves/package-lock.json $curves/node_modules/.edgevit-lock
    changed=yes
  else
    say "training curves: left out, because npm or the pinned package cannot be had; metrics.csv has the figures. Later:  ./setup.sh"
  fi
fi

# --- Writing down what was chosen -------------------------------------------------------------------------------------------------
write_if_changed() {
  if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; changed=yes; fi
}
{
  echo "<Project>"
  echo "  <!-- Written by setup.sh for this machine; its option force asks again. -->"
  echo "  <PropertyGroup>"
  echo "    <TorchFrom>$torch</TorchFrom>"
  echo "    <OnnxRuntimeFrom>$onnx</OnnxRuntimeFrom>"
  echo "    <IotFrom>$iot</IotFrom>"
  echo "    <CrossgenFrom>$crossgen</CrossgenFrom>"
  if [ "$torch" = system ] && [ -n "$libtorch" ]; then echo "    <EDGEVIT_LIBTORCH>$libtorch</EDGEVIT_LIBTORCH>"; fi
  echo "  </PropertyGroup>"
  echo "</Project>"
} >"$props.new"
write_if_changed "$props"

# The environment that training wants: idle threads sleep, and BLAS shares its threads with the rest of libtorch (OpenMP). On one or two
# cores BLAS runs faster inside one thread. A BLAS that the machine's administrator chose for other programs stays as it is.
{
  echo "export OMP_WAIT_POLICY=\${OMP_WAIT_POLICY:-passive}"
  if [ "$(nproc)" -le 2 ]; then echo "export OPENBLAS_NUM_THREADS=\${OPENBLAS_NUM_THREADS:-1}"; fi
  if [ "$torch" = system ] && [ -n "$libtorch" ]; then
    echo "export EDGEVIT_LIBTORCH='$libtorch'"
  elif [ "$torch" = system ] && [ -n "$(openblas_folder)" ]; then
    case "$(readlink -f "$(dirname "$(openblas_folder)")/libblas.so.3" 2>/dev/null)" in
      */openblas-openmp/*) ;;
      *) echo "export LD_LIBRARY_PATH=\"$(openblas_folder)\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}\"" ;;
    esac
  fi
} >"$state/env.sh.new"
write_if_changed "$state/env.sh"

if [ "$changed" = yes ]; then say "ready: PyTorch=$torch ONNX Runtime=$onnx device bindings=$iot"
else say "nothing to do: PyTorch=$torch ONNX Runtime=$onnx device bindings=$iot"; fi
