# limit_s=240
# Our libxenvchan.so.4.17 and Debian's understand each other between dom0 and a Linux guest, over
# Xen's own event channels, grants and xenstore: either as the server, in either domain, every fourth
# pair of ring orders, packets and streams, blocking and polled, content checked (the program of
# tests/simxen, unchanged).
export SIMXEN_TOOL=/rig/simxen SIMXEN_DOMID=0 RIG_GUEST=linux INTEROP_STEP=4
ours=/rig/lib/libxenvchan.so.4.17 debian=/usr/lib/x86_64-linux-gnu/libxenvchan.so.4.17
linux_start linux &&
    /rig/bin/vchan_interop "$ours" "$debian" &&
    /rig/bin/vchan_interop "$debian" "$ours" &&
    guest_destroy linux
