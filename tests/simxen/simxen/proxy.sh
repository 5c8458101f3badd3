#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Proves that Debian's unmodified vchan-socket-proxy moves data between two domains, both ways at
# once.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/proxies.sh"
versions xen-utils

# Debian's libxenvchan leaves its `blocking` field as malloc() gave it, the proxy wants it 0: meson's
# poisoned memory makes two proxies wait for each other.
export MALLOC_PERTURB_=0
bytes=700001
server=$("$SIMXEN" create --keep server)
client=$("$SIMXEN" create --keep client)
head -c $bytes /dev/urandom >"$here/sent"
proxies in_domain in_domain
"$SIMXEN" destroy "$server"
"$SIMXEN" destroy "$client"
