#!/usr/bin/env bash
# Sets this machine up: looks for the .NET SDK and fetches the packages. ./edgevit and ./test.sh call it; safe to run again at any time.
#
#   ./setup.sh           what ./edgevit needs
#   ./setup.sh --all     what the tests and the benchmarks need, too
#
# Choices of the build, in the environment (see Directory.Build.props):
#   EdgeVitTraining=false  EdgeVitCuda=true  EdgeVitOnnxRuntimeGpu=true
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$1"; shift; for line in "$@"; do printf '       %s\n' "$line" >&2; done; exit 1; }

what=src/Serve/EdgeVit.Serve.csproj
for argument in "$@"; do
  case "$argument" in
    --all) what=EdgeVit.sln ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) say "unknown option '$argument'. Known: --all, --help."; exit 2 ;;
  esac
done

# Invariant: the SDK then needs no ICU library, which small systems lack; the programs built here are invariant anyway.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

command -v dotnet >/dev/null || die "the .NET 10 SDK is missing." \
  "Debian, Ubuntu:  sudo apt-get install dotnet-sdk-10.0    (where apt has it)" \
  "anywhere:        curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0" \
  "                 export PATH=\"\$HOME/.dotnet:\$PATH\" DOTNET_ROOT=\"\$HOME/.dotnet\""
sdks=$(dotnet --list-sdks)
grep -q '^10\.' <<<"$sdks" || die "the .NET 10 SDK is needed; found: $(awk '{print $1}' <<<"$sdks" | paste -sd ' ' -)." \
  "Install it with:  curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0"

# Restored for the same choices and from the same files: nothing to do.
mkdir -p artifacts/setup
exec 9>artifacts/setup/lock
flock 9
stamp=artifacts/setup/restored.$(basename "$what")
state=$({
  echo "${EdgeVitTraining:-} ${EdgeVitCuda:-} ${EdgeVitOnnxRuntimeGpu:-} ${NUGET_PACKAGES:-$HOME/.nuget/packages} $(dotnet --version)"
  find src devices bench tests -name '*.csproj' -print0 | sort -z | xargs -0 cat Directory.*.props Directory.*.targets global.json
} | cksum)
if [ "$state" = "$(cat "$stamp" 2>/dev/null)" ] && [ -d "${NUGET_PACKAGES:-$HOME/.nuget/packages}" ]; then exit 0; fi

started=$SECONDS
say "fetching packages from NuGet (the first time about 430 MB; later they come from the cache) ..."
log=artifacts/setup/restore.log
if ! dotnet restore "$what" -v m --nologo >"$log" 2>&1 9>&-; then
  say "the packages could not be fetched (all of it: $log):"
  grep -E ': (error|warning) ' "$log" | sed 's/ \[.*//' | sort -u | head -n 10 >&2
  die "Without a connection to NuGet the first set-up is not possible; a failed download goes on where it ended:  ./setup.sh"
fi
echo "$state" >"$stamp"
say "packages are here ($((SECONDS - started)) s)"
