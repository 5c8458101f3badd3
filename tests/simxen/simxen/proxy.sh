#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Proves that Debian's unmodified vchan-socket-proxy moves data between two domains, both ways at
# once. The proxy drops what is under way when an input ends, so the inputs stay open until all
# has arrived.
. "$(dirname "$0")/common.sh"
versions xen-utils

# Debian's libxenvchan leaves its `blocking` field as malloc() gave it, the proxy wants it 0: meson's
# poisoned memory makes two proxies wait for each other.
export MALLOC_PERTURB_=0
bytes=700001
server=$("$SIMXEN" create --keep server)
client=$("$SIMXEN" create --keep client)
node=/local/domain/$server/data/vchan/$client/7
head -c $bytes /dev/urandom >"$here/sent"
mkfifo "$here/server_in" "$here/server_out" "$here/client_in" "$here/client_out"
exec 3<>"$here/server_in" 4<>"$here/server_out" 5<>"$here/client_in" 6<>"$here/client_out"

"$SIMXEN" exec "$server" -- vchan-socket-proxy --mode=server "$client" "$node" - \
    <"$here/server_in" >"$here/server_out" 3>&- 4>&- 5>&- 6>&- &
server_pid=$!
"$SIMXEN" exec "$client" -- vchan-socket-proxy --mode=client "$server" "$node" - \
    <"$here/client_in" >"$here/client_out" 3>&- 4>&- 5>&- 6>&- &
client_pid=$!
cat "$here/sent" >&3 &
cat "$here/sent" >&5 &
head -c $bytes <&4 >"$here/server_got" &
server_head=$!
head -c $bytes <&6 >"$here/client_got"
wait "$server_head"
cmp "$here/sent" "$here/server_got" || fail "the server's side got other data"
cmp "$here/sent" "$here/client_got" || fail "the client's side got other data"

exec 3>&- # the server's input ends: it closes the vchan, and so the client ends
wait "$server_pid" || fail "the server's proxy ended with $?"
wait "$client_pid" || fail "the client's proxy ended with $?"
"$SIMXEN" destroy "$server"
"$SIMXEN" destroy "$client"
