# activate.sh FOLDER INCOMING OWNER VERSION SERVICE UNITS PORT UNIT: makes what was proven the current version. All or nothing: a service that does
# not come up brings the former version and unit back. Goes on when the connection is lost.
trap '' HUP PIPE INT TERM
folder=$1 incoming=$2 owner=$3 version=$4 service=$5 units=$6 port=$7 unit=$8
umask 022
PATH=$PATH:/usr/sbin:/sbin
[ "$(cat "$folder/lock/owner" 2>/dev/null)" = "$owner" ] || fail locked "$(cat "$folder/lock/owner" 2>/dev/null)"
: >"$folder/lock/switching" || fail write "$folder"
former=$(readlink "$folder/current" 2>/dev/null)
fresh=no active=no enabled=no had=no changed=no

# point TARGET: lets 'current' mean another version, in one step.
point() {
  rm -f "$folder/current.new"
  ln -s "$1" "$folder/current.new" || return 1
  mv -fT "$folder/current.new" "$folder/current" 2>/dev/null && return 0
  rm -f "$folder/current.new"
  ln -sfn "$1" "$folder/current"
}

back() {
  rm -f "$units/edgevit.service.new"
  if [ "$changed" = yes ]; then
    if [ "$had" = yes ]; then
      if [ "$enabled" = no ]; then systemctl disable edgevit.service >/dev/null 2>&1; fi
      { cp -p "$folder/unit.former" "$units/edgevit.service.new" && mv -f "$units/edgevit.service.new" "$units/edgevit.service"; } ||
        cp -p "$folder/unit.former" "$units/edgevit.service"
    else
      systemctl disable --now edgevit.service >/dev/null 2>&1
      rm -f "$units/edgevit.service"
    fi
  fi
  if [ -n "$former" ]; then point "$former"; else rm -f "$folder/current"; fi
  if [ "$changed" = yes ]; then
    systemctl daemon-reload >/dev/null 2>&1
    if [ "$active" = yes ]; then systemctl restart edgevit.service >/dev/null 2>&1; fi
    systemctl reset-failed edgevit.service >/dev/null 2>&1
  fi
  if [ "$fresh" = yes ]; then rm -rf "$folder/versions/$version"; fi
  rm -rf "${folder:?}/$incoming" "$folder/unit.former"
  unlock "$folder" "$owner"
  tidy "$folder"
  say restored "${former#versions/}"
}

# give WORD DETAIL: everything back, then the end.
give() {
  why=$1 detail=$2
  back
  fail "$why" "$detail"
}

# healthy: asks the service with what this board has: 0 where it answers, 1 where it does not (each of these programs has codes of its own for that),
# 2 where there is nothing to ask with.
healthy() {
  address=http://127.0.0.1:$port/healthz
  unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
  if command -v curl >/dev/null 2>&1; then curl -fsS -m 5 "$address" >/dev/null 2>&1 || return 1; return 0; fi
  if command -v wget >/dev/null 2>&1; then wget -q -T 5 -O /dev/null "$address" 2>/dev/null || return 1; return 0; fi
  if command -v bash >/dev/null 2>&1; then
    bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" >&3 && read -r -t 5 line <&3 && case $line in *" 200"*) exit 0 ;; esac; exit 1' - "$port" 2>/dev/null || return 1
    return 0
  fi
  return 2
}

# start: the unit, from the file to an answer.
start() {
  if [ -e "$units/edgevit.service" ]; then
    cp -p "$units/edgevit.service" "$folder/unit.former" || give write "$units"
    had=yes
    if systemctl is-active --quiet edgevit.service; then active=yes; fi
    if systemctl is-enabled --quiet edgevit.service 2>/dev/null; then enabled=yes; fi
  fi
  printf '%s' "$unit" >"$units/edgevit.service.new" || give write "$units"
  changed=yes
  mv -f "$units/edgevit.service.new" "$units/edgevit.service" || give write "$units"
  if command -v systemd-analyze >/dev/null 2>&1; then
    found=$(systemd-analyze verify "$units/edgevit.service" 2>&1) || give unit "$found"
    say analyzed yes
  fi
  why=$(systemctl daemon-reload 2>&1 && systemctl enable edgevit.service 2>&1) || give unit "$why"
  began=$(date +%s)
  systemctl restart edgevit.service >/dev/null 2>&1
  health=1 tries=0
  while [ $tries -lt 20 ]; do
    systemctl is-active --quiet edgevit.service || break
    healthy
    health=$?
    [ $health = 1 ] || break
    sleep 1
    tries=$((tries + 1))
  done
  if [ $health = 1 ] || ! systemctl is-active --quiet edgevit.service; then
    detail=$(systemctl show -p ActiveState -p SubState -p Result edgevit.service 2>/dev/null)
    journalctl -u edgevit.service --since "@$began" -n 20 --no-pager -o cat 2>/dev/null | sed 's/^/journal: /'
    systemctl stop edgevit.service >/dev/null 2>&1
    give service "$detail"
  fi
  say health "$([ $health = 0 ] && echo answered || echo unasked)"
}

mkdir -p "$folder/versions" || give write "$folder"
if [ -e "$folder/versions/$version" ] && [ -e "$folder/$incoming/payload/SHA256SUMS" ] &&
  ! (cd "$folder/versions/$version" && sha256sum -c SHA256SUMS) >/dev/null 2>&1; then
  { sync && mv "$folder/versions/$version" "$folder/$incoming/damaged" && mv "$folder/$incoming/payload" "$folder/versions/$version"; } || give write "$folder"
elif [ -e "$folder/versions/$version" ]; then
  rm -rf "${folder:?}/$incoming/payload"
else
  fresh=yes
  sync
  mv "$folder/$incoming/payload" "$folder/versions/$version" || give write "$folder"
fi
point "versions/$version" || give write "$folder"
sync
if [ "$service" = yes ]; then start; fi

# The former version stays, to go back to; so does the one before a version that was sent again.
if [ "$former" != "versions/$version" ]; then
  for other in "$folder"/versions/*; do
    case $other in "$folder/versions/$version" | "$folder/$former") ;; *) rm -rf "$other" ;; esac
  done
fi
rm -rf "${folder:?}/$incoming" "$folder/unit.former"
unlock "$folder" "$owner"
say former "${former#versions/}"
say activated "$version"
