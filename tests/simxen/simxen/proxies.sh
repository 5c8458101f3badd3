# SPDX-License-Identifier: BSD-2-Clause
# For tests of vchan-socket-proxy, behind common.sh. The domains $server and $client are there, and
# $here/sent with $bytes bytes.

# Two proxies move the data between the domains, both ways at once. A proxy drops what is under way
# when an input ends, so the inputs stay open until all has arrived.
#   proxies SERVER-RUNNER CLIENT-RUNNER      each runs DOMID PROGRAM ARGUMENT...
proxies() {
    node=/local/domain/$server/data/vchan/$client/7
    rm -f "$here"/*_in "$here"/*_out
    mkfifo "$here/server_in" "$here/server_out" "$here/client_in" "$here/client_out"
    exec 3<>"$here/server_in" 4<>"$here/server_out" 5<>"$here/client_in" 6<>"$here/client_out"
    ("$1" "$server" vchan-socket-proxy --mode=server "$client" "$node" -) \
        <"$here/server_in" >"$here/server_out" 3>&- 4>&- 5>&- 6>&- &
    server_pid=$!
    ("$2" "$client" vchan-socket-proxy --mode=client "$server" "$node" -) \
        <"$here/client_in" >"$here/client_out" 3>&- 4>&- 5>&- 6>&- &
    client_pid=$!
    cat "$here/sent" >&3 &
    cat "$here/sent" >&5 &
    head -c "$bytes" <&4 >"$here/server_got" &
    server_head=$!
    head -c "$bytes" <&6 >"$here/client_got"
    wait "$server_head"
    cmp "$here/sent" "$here/server_got" || fail "the server's side got other data"
    cmp "$here/sent" "$here/client_got" || fail "the client's side got other data"
    exec 3>&- # the server's input ends: it closes the vchan, and so the client ends
    wait "$server_pid" || fail "the server's proxy ended with $?"
    wait "$client_pid" || fail "the client's proxy ended with $?"
}
