# drop.sh FOLDER NAME...: takes files away again that were only for a measurement.
cd "$1" || fail gone "$1"
shift
rm -f "$@" || fail write "$*"
say dropped yes
