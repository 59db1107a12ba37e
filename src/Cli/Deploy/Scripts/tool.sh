# tool.sh FOLDER INCOMING PAYLOAD ARGUMENT...: runs the tool; its output and exit code are the answer. Its number is noted, so that it can be ended.
folder=$1 incoming=$2 payload=$3
shift 3
touch -c "$folder/lock"
cd "$payload" || fail gone "$payload"
./edgevit "$@" </dev/null &
echo $! >>"$folder/$incoming/running"
wait $!
code=$?
touch -c "$folder/lock"
return $code
