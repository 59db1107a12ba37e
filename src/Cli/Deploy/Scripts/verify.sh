# verify.sh FOLDER PAYLOAD: whether every file arrived as it was sent.
touch "$1/lock"
cd "$2" || fail gone "$2"
wrong=$(sha256sum -c SHA256SUMS 2>&1 | grep -v ': OK$')
[ -z "$wrong" ] || fail sums "$wrong"
say verified yes
