# begin.sh FOLDER INCOMING OWNER CONNECTION FORCE VERSION: takes the lock, makes an empty place for what comes, and says whether this version is
# there already, undamaged.
folder=$1 incoming=$2
umask 022
if [ ! -d "$folder" ]; then
  made=0 above=$(dirname "$folder")
  while [ ! -d "$above" ]; do made=$((made + 1)) above=$(dirname "$above"); done
  why=$(mkdir -p "$folder" 2>&1) || fail write "$why"
  echo "$made" >"$folder/made" || fail write "$folder"
elif ! ours "$folder"; then
  # Somebody's own folder: what bears a name of ours in it would be taken for ours, and be cleared away.
  for other in "$folder/versions" "$folder/current" "$folder/lock" "$folder"/incoming.*; do
    if [ -e "$other" ] || [ -L "$other" ]; then fail foreign "$other"; fi
  done
  why=$( (echo keep >"$folder/made") 2>&1) || fail write "$why"
fi
lock "$folder" "$3" "$4" "$5"
rm -rf "$folder"/incoming.* "$folder/current.new"
why=$(mkdir "$folder/$incoming" "$folder/$incoming/payload" "$folder/$incoming/proof" 2>&1) || fail write "$why"
if (cd "$folder/versions/$6" 2>/dev/null && sha256sum -c SHA256SUMS) >/dev/null 2>&1; then say have yes; fi
say begun "$folder/$incoming"
