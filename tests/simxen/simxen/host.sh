#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Proves that `simxen host` passes its command's exit code on, fails when a domain or a process is
# left behind and names it, and leaves no process itself when it is killed.
. "$(dirname "$0")/common.sh"

code() { # WANT COMMAND...: the exit code of simxen host around COMMAND
    want=$1
    shift
    rc=0
    "$SIMXEN" host -- "$@" >"$here/out" 2>"$here/err" || rc=$?
    [ "$rc" = "$want" ] || { cat "$here/err"; fail "exit code $rc, not $want: $*"; }
}

code 0 true
code 7 sh -c 'exit 7'
code 143 sh -c 'kill $$'
code 127 /nonexistent
code 3 "$SIMXEN" create --keep forgotten
grep -q 'domain 1 forgotten' "$here/err" || fail "the domain left behind is not named"
code 3 sh -c 'sleep 1000 & echo $! >"'"$here/pid"'"'
grep -q "process $(cat "$here/pid") was left behind" "$here/err" || fail "the process is not named"
refused kill -0 "$(cat "$here/pid")"
code 0 sh -c '(sleep 0.1) & true' # one that is about to end is no leak

# From a folder with a blank in its name, which LD_PRELOAD cannot name.
mkdir "$here/a b"
cp -r "$(dirname "$SIMXEN")/lib" "$SIMXEN" "$here/a b/"
SIMXEN_DEBIAN_XEN=$DEBIAN "$here/a b/simxen" host -- true || fail "a folder with a blank"

# Killed: its daemon and xenstored end with it. All hold the pipe that is read to its end here.
mkfifo "$here/in" "$here/up"
exec 9<>"$here/in"
"$SIMXEN" host -- sh -c 'echo "$SIMXEN_DIR"; exec cat' <"$here/in" >"$here/up" 9>&- &
host=$!
exec 8<"$here/up"
read -r dir <&8
[ -S "$dir/socket" ] || fail "no instance in '$dir'"
kill -KILL "$host"
exec 9>&-
cat <&8 >/dev/null
refused env SIMXEN_DIR="$dir" "$SIMXEN" list
rm -rf "$dir"
