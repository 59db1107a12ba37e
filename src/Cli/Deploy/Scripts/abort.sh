# abort.sh FOLDER INCOMING OWNER: as if nothing had been sent.
folder=$1 incoming=$2 owner=$3
# What is being switched is not disturbed: it ends by itself.
waited=0
while [ -e "$folder/lock/switching" ] && [ $waited -lt 120 ]; do
  sleep 1
  waited=$((waited + 1))
done
if [ -e "$folder/$incoming/running" ]; then
  while read -r process; do kill "$process" 2>/dev/null; done <"$folder/$incoming/running"
fi
rm -rf "$folder/$incoming" 2>/dev/null || { sleep 1; rm -rf "$folder/$incoming"; }
unlock "$folder" "$owner"
tidy "$folder"
say current "$(readlink "$folder/current" 2>/dev/null)"
