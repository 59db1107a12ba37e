# verify.sh FOLDER PAYLOAD: whether every file arrived as it was sent.
touch -c "$1/lock"
cd "$2" || fail gone "$2"
said=$(sha256sum -c SHA256SUMS 2>&1) || fail sums "$(printf '%s\n' "$said" | grep -v ': OK$')"
say verified yes
