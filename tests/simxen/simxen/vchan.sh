#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Proves that Debian's unmodified libxenvchan works between two domains: data both ways, the end
# seen by the other side on a clean close and on SIGKILL of either, `simxen list` full during it
# and empty after it.
. "$(dirname "$0")/common.sh"
versions 'libxenmisc|libxenstore4'

mkfifo "$here/server"

serve() { # NAME: a server in a new domain for a client in another
    server=$("$SIMXEN" create server)
    client=$("$SIMXEN" create client)
    path=/local/domain/$server/data/vchan/$client/100
    "$SIMXEN" exec "$server" -- "$BUILT/vchan_echo" server "$client" "$path" >"$here/server" &
    server_pid=$!
    exec 9<"$here/server"
    read -r line <&9
    equal "$line" listening
}

# A client that has its data back, then closes.
serve
"$SIMXEN" list >"$here/list"
grep -q "port .*unbound *$client:?" "$here/list" || fail "list shows no port"
grep -q "grant .* to $client .*permit" "$here/list" || fail "list shows no grant"
rc=0; "$SIMXEN" list --expect-empty >/dev/null || rc=$?
equal "$rc" 3 "exit code of a list that is not empty"
in_domain "$client" "$BUILT/vchan_echo" client "$server" "$path"
read -r line <&9
equal "$line" "closed: is_open says 0"
wait "$server_pid"
"$SIMXEN" list --expect-empty >"$here/list" || { cat "$here/list"; fail "something is left"; }

# A client that is killed: the server's wait ends.
serve
mkfifo "$here/client"
"$SIMXEN" exec "$client" -- "$BUILT/vchan_echo" hold "$server" "$path" >"$here/client" &
client_pid=$!
exec 8<"$here/client"
read -r line <&8
equal "$line" connected
kill -KILL "$client_pid"
wait "$client_pid" 2>/dev/null || true
read -r line <&9
equal "$line" "closed: is_open says 0"
wait "$server_pid"

# A server that is killed: the client's read ends.
serve
"$SIMXEN" exec "$client" -- "$BUILT/vchan_echo" hold "$server" "$path" >"$here/client" &
client_pid=$!
exec 8<"$here/client"
read -r line <&8
equal "$line" connected
kill -KILL "$server_pid"
read -r line <&8
equal "$line" "closed: is_open says 0"
wait "$client_pid"
"$SIMXEN" list --expect-empty >"$here/list" || { cat "$here/list"; fail "something is left"; }
