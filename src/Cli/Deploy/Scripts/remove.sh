# remove.sh UNITS OWNER CONNECTION FORCE FOLDER...: the service, its unit and the folders; each thing that goes is named. UNITS is empty where the
# unit stays.
units=$1 owner=$2 connection=$3 force=$4
shift 4
PATH=$PATH:/usr/sbin:/sbin
for folder in "$@"; do if ours "$folder"; then lock "$folder" "$owner" "$connection" "$force"; fi; done
if [ -n "$units" ] && [ -e "$units/edgevit.service" ]; then
  why=$(systemctl disable --now edgevit.service 2>&1) || say warning "$why"
  rm -f "$units/edgevit.service" "$units/edgevit.service.new" || fail write "$units"
  systemctl daemon-reload >/dev/null 2>&1
  systemctl reset-failed edgevit.service >/dev/null 2>&1
  echo "removed: service edgevit and $units/edgevit.service"
fi
for folder in "$@"; do
  if ! ours "$folder"; then
    if [ -d "$folder" ]; then echo "left: $folder, which no deployment has used"; fi
    continue
  fi
  for incoming in "$folder"/incoming.*; do stop "$folder" "$incoming"; done
  why=$(rm -rf "$folder/versions" "$folder/current" "$folder/current.new" "$folder/unit.former" "$folder"/incoming.* 2>&1) || { unlock "$folder" "$owner"; fail write "$why"; }
  unlock "$folder" "$owner"
  tidy "$folder"
  echo "removed: $folder"
  if [ -d "$folder" ] && [ -n "$(ls -A "$folder")" ]; then echo "left: $folder, in which there is more: $(ls -A "$folder" | head -n 5 | tr '\n' ' ')"; fi
done
say done yes
