# abort.sh FOLDER INCOMING OWNER: as if nothing had been sent.
folder=$1 incoming=$2 owner=$3
# A switch of ours is not disturbed: it ends by itself, and clears away then.
waited=0
while [ -e "$folder/lock/switching" ] && [ "$(cat "$folder/lock/owner" 2>/dev/null)" = "$owner" ]; do
  if [ $waited -ge 120 ]; then
    say current "$(readlink "$folder/current" 2>/dev/null)"
    return 0
  fi
  sleep 1
  waited=$((waited + 1))
done
stop "$folder" "$folder/$incoming"
rm -rf "$folder/$incoming" 2>/dev/null || { sleep 1; rm -rf "$folder/$incoming"; }
unlock "$folder" "$owner"
tidy "$folder"
say current "$(readlink "$folder/current" 2>/dev/null)"
