# limit_s=300
# Runs in dom0 on real Xen: the program of bench/vchan, between a Linux guest and dom0.
export SIMXEN_TOOL=/rig/simxen SIMXEN_DOMID=0 RIG_GUEST=linux
linux_start linux &&
    /rig/bin/vchan_bench /rig/lib/libxenvchan.so.4.17 \
        /usr/lib/x86_64-linux-gnu/libxenvchan.so.4.17 &&
    guest_destroy linux
