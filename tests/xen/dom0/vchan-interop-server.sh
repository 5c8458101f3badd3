# limit_s=180
# Our libxenvchan.so.4.17 as the server and Debian's as the client understand each other over Xen's own event
# channels, grants and xenstore: every pair of ring orders, packets and streams, blocking and polled,
# content checked.
export SIMXEN_TOOL=/rig/simxen SIMXEN_DOMID=0
ours=/rig/lib/libxenvchan.so.4.17 debian=/usr/lib/x86_64-linux-gnu/libxenvchan.so.4.17
exec /rig/bin/vchan_interop "$ours" "$debian"
