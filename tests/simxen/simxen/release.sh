#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Proves that @releaseDomain fires when a domain's last process is killed, and @introduceDomain
# when one is made: what a host daemon relies on to notice a dead guest.
. "$(dirname "$0")/common.sh"
versions 'xen-utils|xenstore'

mkfifo "$here/watch" "$here/alive" "$here/never"
exec 7<>"$here/never"
xenstore-watch -n 2 @releaseDomain >"$here/watch" &
exec 9<"$here/watch"
read -r event <&9
equal "$event" @releaseDomain "the event that comes with the watch"

guest=$("$SIMXEN" create guest)
"$SIMXEN" exec "$guest" -- sh -c 'echo alive; exec cat' >"$here/alive" <&7 &
pid=$!
exec 8<"$here/alive"
read -r line <&8
equal "$line" alive
kill -KILL "$pid"
read -r event <&9
equal "$event" @releaseDomain "the event of the death"
refused "$SIMXEN" exec "$guest" -- true
"$SIMXEN" list --expect-empty >"$here/list" || { cat "$here/list"; fail "something is left"; }
