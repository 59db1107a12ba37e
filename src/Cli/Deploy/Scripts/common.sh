# say NAME VALUE: one line of the answer.
say() { printf '%s=%s\n' "$1" "$(printf '%s' "$2" | tr '\n\r' '  ')"; }

# fail WORD DETAIL: the end, with why.
fail() { say error "$1"; say detail "$2"; exit 10; }

# unlock FOLDER OWNER: gives the lock back where it is ours.
unlock() { if [ "$(cat "$1/lock/owner" 2>/dev/null)" = "$2" ]; then rm -rf "$1/lock"; fi; }

# lock FOLDER OWNER CONNECTION FORCE: takes the lock, or says whose it is. A lock is stale where the connection that took it is gone or nothing
# was done for half an hour. CONNECTION is the process that lives as long as the connection and when it began; empty where unknown.
lock() {
  # Of two that find the same stale lock the second must not take the first one's new lock for it: one looks at a time.
  exec 9<"$1" && flock 9 2>/dev/null
  if ! mkdir "$1/lock" 2>/dev/null; then
    [ -d "$1/lock" ] || fail write "$(mkdir "$1/lock" 2>&1)"
    stale=$4
    other=$(cat "$1/lock/connection" 2>/dev/null)
    if [ -n "$other" ]; then
      stat=$(cat "/proc/${other% *}/stat" 2>/dev/null)
      began=$(printf '%s' "${stat##*) }" | cut -d ' ' -f 20)
      if [ "$began" != "${other#* }" ]; then stale=yes; fi
    fi
    if [ -n "$(find "$1/lock" -maxdepth 0 -mmin +30 2>/dev/null)" ]; then stale=yes; fi
    if [ "$stale" = yes ]; then rm -rf "$1/lock"; fi
    mkdir "$1/lock" 2>/dev/null || fail locked "$(cat "$1/lock/owner" 2>/dev/null)"
  fi
  { printf '%s\n' "$2" >"$1/lock/owner" && printf '%s\n' "$3" >"$1/lock/connection"; } || { rm -rf "$1/lock"; fail write "$1"; }
  exec 9<&-
}

# ours FOLDER: whether deployments use it. Its file 'made' says so, and how many folders above it were made with it; 'keep' where it was there before.
ours() { [ -d "$1" ] && [ -f "$1/made" ]; }

# stop FOLDER INCOMING: ends what still runs for a deployment. A number that is noted may be another program's by now: one of ours works in the folder.
stop() {
  [ -e "$2/running" ] || return 0
  place=$(cd "$1" && pwd -P) || return 0
  while read -r process; do
    case $(readlink "/proc/$process/cwd" 2>/dev/null) in "$place"/*) kill "$process" 2>/dev/null ;; esac
  done <"$2/running"
}

# tidy FOLDER: takes away the traces in a folder in which nothing of ours is left; the folder, too, where it was made for this and is empty, and what was
# made above it.
tidy() {
  if [ -d "$1/versions" ]; then rmdir "$1/versions" 2>/dev/null; fi
  ours "$1" || return 0
  made=$(cat "$1/made")
  if [ "$made" = keep ]; then
    for other in "$1/versions" "$1/current" "$1/lock" "$1"/incoming.*; do
      if [ -e "$other" ] || [ -L "$other" ]; then return 0; fi
    done
    rm -f "$1/made"
    return 0
  fi
  [ "$(ls -A "$1")" = made ] || return 0
  rm -f "$1/made"
  rmdir "$1" 2>/dev/null || return 0
  above=$1
  while [ "${made:-0}" -gt 0 ]; do
    above=$(dirname "$above")
    rmdir "$above" 2>/dev/null || break
    made=$((made - 1))
  done
}
