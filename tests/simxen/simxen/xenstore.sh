#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Proves that Debian's unmodified xenstored and XenStore tools work on simxen, as domain 0 and as
# guests over their rings, and that xenstored keeps the guests apart.
. "$(dirname "$0")/common.sh"
versions 'xenstore|xen-utils'

one=$("$SIMXEN" create --keep one)
two=$("$SIMXEN" create --keep two)

# Domain 0 over xenstored's own socket.
xenstore-write /tool/test value
equal "$(xenstore-read /tool/test)" value
equal "$(xenstore-read "/local/domain/$one/name")" one
xenstore-ls -p >"$here/ls"
grep -q "domid = \"$two\"" "$here/ls" || fail "xenstore-ls does not show the guest"

# A guest over its ring: relative paths are its own folder.
equal "$(in_domain "$one" xenstore-read domid)" "$one"
equal "$(in_domain "$one" xenstore-read "/local/domain/$one/name")" one
in_domain "$one" xenstore-write data/x 1 data/y 2
equal "$(xenstore-read "/local/domain/$one/data/y")" 2
equal "$(in_domain "$one" xenstore-list data)" "x
y"

# Permissions.
refused in_domain "$one" xenstore-write name other
refused in_domain "$one" xenstore-write /tool/test other
refused in_domain "$one" xenstore-ls /
refused in_domain "$two" xenstore-read "/local/domain/$one/data/x"
refused in_domain "$two" xenstore-write "/local/domain/$one/data/x" other
in_domain "$one" xenstore-chmod data/x "n$one" "r$two"
equal "$(in_domain "$two" xenstore-read "/local/domain/$one/data/x")" 1
refused in_domain "$two" xenstore-write "/local/domain/$one/data/x" other
refused in_domain "$two" xenstore-read "/local/domain/$one/data/y"

# A watch in one process of a guest sees what another of its processes writes.
mkfifo "$here/watch"
in_domain "$one" xenstore-watch -n 2 data/watched >"$here/watch" &
exec 9<"$here/watch"
read -r event <&9
equal "$event" data/watched "the event that comes with the watch"
in_domain "$one" xenstore-write data/watched/here now
read -r event <&9
equal "$event" data/watched/here
wait $!
in_domain "$one" xenstore-rm data/watched
refused in_domain "$one" xenstore-exists data/watched

# Sixteen names of 255 letters: with their NULs they fill the longest legal reply.
for name in $(seq -w 0 15); do
    xenstore-write "/local/domain/$one/data/long/$name$(printf %0253d 0)" ''
done
xenstore-chmod "/local/domain/$one/data/long" n0 "r$one"
in_domain "$one" "$BUILT/xenstore_test" "$one"

"$SIMXEN" destroy "$one"
"$SIMXEN" destroy "$two"
refused xenstore-exists "/local/domain/$one"
