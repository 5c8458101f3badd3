#!/bin/sh
# A test that plays a guest's GUI agent, in a simxen and on an X server of its own, with casement view --strict as
# its GUI daemon. A test that makes the daemon end on purpose (argument "again") gets a new one each time; the
# others fail when it ends. The daemon's words are in $GUI_LOG. $GUI_XVFB are further arguments of the X server.
# The daemon shows a second guest, "work", too: the shell command $GUI_OTHER starts it, with TEST as its agent.
#   run.sh SIMXEN VIEW once|again TEST [WINDOW-MANAGER]
set -eu

if [ -z "${SIMXEN_DIR:-}" ]; then
    exec "$1" host -- "$0" "$@"
fi
here=$(mktemp -d /tmp/casement-test.XXXXXX)
GUI_LOG=$here/log
export GUI_LOG
: >"$GUI_LOG"
mkfifo "$here/number"
Xvfb -displayfd 3 -screen 0 1024x768x24 -nolisten tcp -noreset ${GUI_XVFB:-} 3>"$here/number" 2>"$here/xvfb" &
x=$!
trap 'kill $x 2>/dev/null; wait $x; rm -rf "$here"' EXIT
read -r number <"$here/number"
DISPLAY=:$number
export DISPLAY
domain=$("$1" create win)
GUI_OTHER="exec $1 exec \$($1 create work) -- $4 other"
export GUI_OTHER
GUI_MANAGER=${5:-}
export GUI_MANAGER
if [ -n "$GUI_MANAGER" ]; then
    "$GUI_MANAGER" >"$here/manager" 2>&1 &
    manager=$!
    trap 'kill $manager $x 2>/dev/null; wait $x; rm -rf "$here"' EXIT
fi

serve() { # VIEW once|again
    ended=""
    trap 'ended=yes; kill -TERM $view' TERM
    while :; do
        "$1" --strict win=red work=blue 2>>"$GUI_LOG" &
        view=$!
        result=0
        wait $view || result=$?
        if [ -n "$ended" ]; then
            wait $view
            return
        fi
        [ "$2" = again ] && [ $result = 3 ] || return $result
    done
}
serve "$2" "$3" &
view=$!
result=0
"$1" exec "$domain" -- "$4" || result=$?
kill -TERM $view || result=1
wait $view || {
    echo "casement view ended with $?"
    result=1
}
[ $result = 0 ] || tail -n 20 "$GUI_LOG"
exit $result
