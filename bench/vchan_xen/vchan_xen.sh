# limit_s=420
# Runs in dom0 on real Xen: the program of bench/vchan, between a Linux guest and dom0.
export SIMXEN_TOOL=/rig/simxen SIMXEN_DOMID=0 RIG_GUEST=linux
# Twice, since it makes a difference who starts first: memory and event channels are others.
bench() {
    for order in "" --debian-first; do
        # shellcheck disable=SC2086 # perhaps nothing
        /rig/bin/vchan_bench --once $order /rig/lib/libxenvchan.so.4.17 \
            /usr/lib/x86_64-linux-gnu/libxenvchan.so.4.17 || return 1
    done
}
linux_start linux && bench && guest_destroy linux
