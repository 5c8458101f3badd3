#!/bin/sh
# What an agent sends on a data channel, cut at every byte and with every byte turned over: the call
# in dom0 ends with a message and exit code 125 or with what the bytes say, it never hangs or
# crashes, and the next call works. A service that the guest does not have is named; closed and hung
# up outputs harm nothing; `casement down` removes only what is Casement's.
#   service_test.sh SIMXEN CASEMENTD CASEMENT-CALL SERVICE_AGENT
set -eu

if [ -z "${SIMXEN_DIR:-}" ]; then
    exec "$1" host -- "$0" "$@"
fi
CASEMENT_HOME=$(mktemp -d /tmp/casement-test.XXXXXX)
export CASEMENT_HOME
trap 'rm -rf "$CASEMENT_HOME"' EXIT
call=$(realpath "$3")
mkfifo "$CASEMENT_HOME/ready"
"$2" win >"$CASEMENT_HOME/ready" 2>"$CASEMENT_HOME/log" &
daemon=$!
read -r _ <"$CASEMENT_HOME/ready"
domain=$("$1" create win)
"$1" exec "$domain" -- "$4" &
agent=$!
"$(dirname "$call")/casement" attach win
# The agent's HELLO: the daemon answers WAIT when it came.
python3 - "$CASEMENT_HOME/run/casementd" <<'EOF'
import socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
s.send(struct.pack('<I32s', 0xca5e0003, b'win'))
sys.exit(struct.unpack('<I', s.recv(65536))[0] != 0xca5e0101)
EOF

failed=0
expect() { # what, expected codes, command
    code=0
    "$call" win "user:$3" </dev/null >"$CASEMENT_HOME/out" 2>"$CASEMENT_HOME/err" || code=$?
    case " $2 " in
    *" $code "*) ;;
    *)
        echo "FAILED: $1: exit code $code, expected $2: $(cat "$CASEMENT_HOME/err")"
        failed=1
        ;;
    esac
    [ $code != 125 ] || [ -s "$CASEMENT_HOME/err" ] || {
        echo "FAILED: $1: no message"
        failed=1
    }
}

expect good 7 good
[ "$(cat "$CASEMENT_HOME/out")" = hello ] || failed=1
for at in $(seq 0 52); do
    expect "cut at byte $at" 125 "cut $at"
done
for at in $(seq 0 52); do
    # The bytes of the text, and of the exit code, may be any; so may a newer version.
    case $at in
    8 | 9 | 10 | 11 | 20 | 21 | 22 | 23 | 24) expected='7 125' ;;
    49) expected=248 ;;
    50 | 51 | 52) expected=7 ;;
    *) expected=125 ;;
    esac
    expect "flipped byte $at" "$expected" "flip $at"
done

casement=$(dirname "$call")/casement
ln -s "$SIMXEN_DIR" "$CASEMENT_HOME/run/simxen" # where `casement` looks for it
echo text >"$CASEMENT_HOME/file"
for what in "copy $CASEMENT_HOME/file win:" 'call win qubes.Filecopy'; do
    code=0
    # shellcheck disable=SC2086
    timeout 20 "$casement" $what </dev/null >/dev/null 2>"$CASEMENT_HOME/err" || code=$?
    [ $code = 127 ] && grep -q 'win has no service qubes.Filecopy' "$CASEMENT_HOME/err" || {
        echo "FAILED: $what: exit code $code: $(cat "$CASEMENT_HOME/err")"
        failed=1
    }
done

# With descriptors 0 and 1 closed, none of the connections may take their numbers.
code=0
timeout 20 "$casement" run win -- good <&- >&- 2>"$CASEMENT_HOME/err" || code=$?
[ $code = 7 ] || {
    echo "FAILED: closed standard descriptors: exit code $code: $(cat "$CASEMENT_HOME/err")"
    failed=1
}

# A socket whose other end is gone tells so only by POLLHUP: the call ends as with a pipe.
python3 - "$call" <<'EOF' || failed=1
import socket, subprocess, sys
ours, theirs = socket.socketpair()
call = subprocess.Popen([sys.argv[1], 'win', 'user:hang'], stdin=subprocess.PIPE, stdout=theirs)
theirs.close()
ours.recv(5, socket.MSG_WAITALL)
ours.close()
try:
    code = call.wait(20)
except subprocess.TimeoutExpired:
    call.kill()
    sys.exit('FAILED: a call whose reader hung up goes on')
if code != 141:
    sys.exit('FAILED: a call whose reader hung up: exit code %d' % code)
EOF

# The runtime folder is the user's choice.
other=$CASEMENT_HOME/other
mkdir -p "$other/folder"
: >"$other/folder/file"
: >"$other/domain-win"
CASEMENT_HOME=$other-home CASEMENT_RUNTIME=$other "$casement" down || failed=1
left=$(find "$other" -mindepth 1 -printf '%P ')
[ "$left" = 'folder folder/file ' ] || {
    echo "FAILED: casement down left \"$left\" in a folder that is not only its own"
    failed=1
}

expect 'good at the end' 7 good
expect quit 7 quit
wait $agent || failed=1
kill -TERM $daemon
wait $daemon || failed=1
[ $failed = 0 ] || tail -n 20 "$CASEMENT_HOME/log"
exit $failed
