# libvchan between two programs of dom0 itself: Xen lets a domain map its own grants and send itself
# events.
export SIMXEN_TOOL=/rig/simxen SIMXEN_DOMID=0 RIG_GUEST=dom0
for name in server-first client-first qwt-15-server-is-killed reconnection hostile-keys; do
    /rig/bin/libvchan_test $name || exit 1
done
