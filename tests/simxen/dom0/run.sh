#!/bin/sh
# A test that plays a guest's agent or QubesDB daemon, in a simxen of its own with casementd as its daemon.
#   run.sh SIMXEN CASEMENTD TEST
set -eu

if [ -z "${SIMXEN_DIR:-}" ]; then
    exec "$1" host -- "$0" "$@"
fi
CASEMENT_HOME=$(mktemp -d /tmp/casement-test.XXXXXX)
QUBESDB_SOCKET=$CASEMENT_HOME/run/qubesdb.win.sock
export CASEMENT_HOME QUBESDB_SOCKET
trap 'rm -rf "$CASEMENT_HOME"' EXIT
domain=$("$1" create win)
mkfifo "$CASEMENT_HOME/ready"
# Fewer descriptors than calls: casementd takes what it may have.
(ulimit -Sn 64 && exec "$2" win) >"$CASEMENT_HOME/ready" 2>"$CASEMENT_HOME/log" &
daemon=$!
read -r _ <"$CASEMENT_HOME/ready"
result=0
"$1" exec "$domain" -- "$3" || result=$?
[ $result = 0 ] || tail -n 20 "$CASEMENT_HOME/log"
kill -TERM $daemon || result=1
wait $daemon || result=1
exit $result
