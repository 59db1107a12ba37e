# preflight.sh FOLDER SERVICE PORT: what this board is. Changes nothing.
folder=$1 service=$2 port=$3
PATH=$PATH:/usr/sbin:/sbin
case $folder in
  '') if [ "$service" = yes ]; then folder=/opt/edgevit; else folder=$HOME/.local/share/edgevit; fi ;;
  '~') folder=$HOME ;;
  '~/'*) folder=$HOME/${folder#'~/'} ;;
esac
say folder "$folder"
say system "$(uname -s)"
say machine "$(uname -m)"
say kernel "$(uname -r)"
say bits "$(od -An -tu1 -j4 -N1 /bin/sh 2>/dev/null | tr -d ' ')"
say libc "$(getconf GNU_LIBC_VERSION 2>/dev/null || ldd --version 2>&1 | head -n 1)"
for loader in /lib/ld-musl-*; do if [ -e "$loader" ]; then say musl "$loader"; fi; done
say os "$(. /etc/os-release 2>/dev/null && printf '%s' "$PRETTY_NAME")"
say board "$(tr -d '\000' </proc/device-tree/model 2>/dev/null)"
say memory_kb "$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo 2>/dev/null)"
say user "$(id -un)"
say uid "$(id -u)"
say groups "$(id -Gn)"
known=
for group in video i2c gpio; do if grep -q "^$group:" /etc/group 2>/dev/null; then known="$known $group"; fi; done
say known_groups "$known"
missing=
for tool in cat chmod cp cut date df dirname find grep gzip head ln ls mkdir mv readlink rm rmdir sed sha256sum sync tar touch tr; do
  command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
say missing "$missing"

# The place: the nearest folder above it that is there.
place=$folder
while [ ! -d "$place" ] && [ "$place" != / ]; do place=$(dirname "$place"); done
say place "$place"
if [ -w "$place" ]; then say writable yes; else say writable no; fi
set -- $(df -Pk "$place" 2>/dev/null | sed -n '$p')
say free_kb "${4:-}"
shift $(($# > 5 ? 5 : $#))
mount=$*
while read -r device point type options rest; do
  if [ "$point" = "$mount" ]; then say mount "$point"; say mount_options "$options"; fi
done </proc/mounts

say current "$(readlink "$folder/current" 2>/dev/null)"
for other in "$HOME/.local/share/edgevit" /opt/edgevit; do
  if [ -e "$other/versions" ] || [ -e "$other/made" ]; then say "$([ "$other" = /opt/edgevit ] && echo there_opt || echo there_home)" "$other"; fi
done
if [ -e /etc/systemd/system/edgevit.service ]; then say unit /etc/systemd/system/edgevit.service; fi
if [ -d /run/systemd/system ]; then say systemd "$(systemctl --version 2>/dev/null | head -n 1)"; fi
if [ "$service" = yes ] || [ -e /etc/systemd/system/edgevit.service ]; then
  if [ "$(id -u)" = 0 ]; then say root yes; elif sudo -n true 2>/dev/null; then say root sudo; else say root no; fi
fi
if [ "$service" = yes ] && ! systemctl is-active --quiet edgevit.service 2>/dev/null; then
  hex=$(printf '%04X' "$port")
  if cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q "^ *[0-9]*: [0-9A-F]*:$hex [0-9A-F]*:0000 0A "; then say taken "$port"; fi
fi

# The process that lives as long as this connection.
process=$$
while [ "$process" -gt 1 ] 2>/dev/null; do
  stat=$(cat "/proc/$process/stat" 2>/dev/null) || break
  name=${stat#*(}
  name=${name%)*}
  set -- ${stat##*) }
  case $name in sshd* | dropbear*) say connection "$process ${20:-0}"; break ;; esac
  process=$2
done
return 0
