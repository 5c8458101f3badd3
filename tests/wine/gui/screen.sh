#!/bin/sh
# Runs a command with an X display of its own on which windows are composed, so that a Windows
# program under Wine can read covered windows: Xvfb and `xcompmgr -a`. Both end with the command.
#   tests/wine/gui/screen.sh WIDTHxHEIGHT COMMAND [ARGUMENT...]
set -eu

size=$1
shift
folder=$(mktemp -d)
compositor='' server=''
trap 'kill $compositor $server 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
mkfifo "$folder/number"
# The number is written once clients can connect.
Xvfb -displayfd 3 -screen 0 "${size}x24" -nolisten tcp -noreset 3>"$folder/number" \
    >"$folder/log" 2>&1 &
server=$!
read -r number <"$folder/number"
DISPLAY=:$number
export DISPLAY
xcompmgr -a 2>"$folder/compositor" &
compositor=$!
code=0
"$@" || code=$?
exit $code
