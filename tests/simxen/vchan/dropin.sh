#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Proves that our libxenvchan.so.4.17 can take the place of Debian's: the same symbols and versions;
# programs built with Debian's header against Debian's library run on it; Debian's unmodified
# vchan-socket-proxy moves data over it, also when its peer runs on Debian's library; and either
# side sees the other closing and being killed.
. "$(dirname "$0")/../simxen/common.sh"
. "$(dirname "$0")/../simxen/proxies.sh"
versions 'libxenmisc|xen-utils'
# Folders with nothing but a libxenvchan: all else is simxen's or Debian's.
ours=$here/ours_lib debian=$here/debian_lib
mkdir "$ours" "$debian"
ln -s "$OUR_LIBRARY_DIR/libxenvchan.so.4.17" "$ours/"
ln -s "$DEBIAN/lib/libxenvchan.so.4.17" "$debian/"

symbols() { nm -D --defined-only "$1/libxenvchan.so.4.17" | cut -d' ' -f2- | sort; }
symbols "$ours" >"$here/ours"
symbols "$debian" >"$here/debian"
diff "$here/ours" "$here/debian" || fail "other symbols than Debian's"

on() { # LIBRARY-DIR DOMID COMMAND...
    library=$1 domain=$2
    shift 2
    exec "$SIMXEN" exec "$domain" -- env "LD_LIBRARY_PATH=$library:$LD_LIBRARY_PATH" "$@"
}
on_ours() { on "$ours" "$@"; }
on_debian() { on "$debian" "$@"; }
[ "$(LD_LIBRARY_PATH=$ours:$LD_LIBRARY_PATH ldd "$DEBIAN/bin/vchan-socket-proxy" |
    awk '$1 == "libxenvchan.so.4.17" { print $3 }')" = "$ours/libxenvchan.so.4.17" ] ||
    fail "the proxy does not find our library"

server=$("$SIMXEN" create --keep server)
client=$("$SIMXEN" create --keep client)
bytes=300001
head -c $bytes /dev/urandom >"$here/sent"

# Debian's library leaves `blocking` as malloc() gave it, the proxy wants 0; ours sets it.
export MALLOC_PERTURB_=165
proxies on_ours on_ours
export MALLOC_PERTURB_=0
proxies on_ours on_debian
proxies on_debian on_ours

mkfifo "$here/server" "$here/client"
echo_server() { # LIBRARY-DIR
    path=/local/domain/$server/data/vchan/$client/100
    (on "$1" "$server" "$PROGRAMS/vchan_echo" server "$client" "$path" >"$here/server") &
    server_pid=$!
    exec 9<"$here/server"
    read -r line <&9
    equal "$line" listening
}
holding_client() { # LIBRARY-DIR
    (on "$1" "$client" "$PROGRAMS/vchan_echo" hold "$server" "$path" >"$here/client") &
    client_pid=$!
    exec 8<"$here/client"
    read -r line <&8
    equal "$line" connected
}

for pair in "$ours $ours" "$ours $debian" "$debian $ours"; do
    echo_server "${pair% *}"
    (on "${pair#* }" "$client" "$PROGRAMS/vchan_echo" client "$server" "$path")
    read -r line <&9
    equal "$line" "closed: is_open says 0"
    wait "$server_pid"

    echo_server "${pair% *}"
    holding_client "${pair#* }"
    kill -KILL "$client_pid"
    wait "$client_pid" 2>/dev/null || true
    read -r line <&9
    equal "$line" "closed: is_open says 0" "after the client was killed"
    wait "$server_pid"

    echo_server "${pair% *}"
    holding_client "${pair#* }"
    kill -KILL "$server_pid"
    wait "$server_pid" 2>/dev/null || true
    read -r line <&8
    equal "$line" "closed: is_open says 0" "after the server was killed"
    wait "$client_pid"
done
"$SIMXEN" destroy "$server"
"$SIMXEN" destroy "$client"
