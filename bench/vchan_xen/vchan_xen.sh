# limit_s=420
# Runs in dom0 on real Xen: the program of bench/vchan, between a Linux guest and dom0.
export SIMXEN_TOOL=/rig/simxen SIMXEN_DOMID=0 RIG_GUEST=linux
# Several pairs of processes, since where one lies in memory is a matter of luck; and each library as
# often the first of a pair as the second, which is not the same: Debian's against itself gives 1.05.
ours=/rig/lib/libxenvchan.so.4.17
debian=/usr/lib/x86_64-linux-gnu/libxenvchan.so.4.17
bench() {
    for _ in 1 2; do
        echo "order: ours, Debian's"
        /rig/bin/vchan_bench "$ours" "$debian" || return 1
        echo "order: Debian's, ours"
        /rig/bin/vchan_bench "$debian" "$ours" || return 1
    done
}
linux_start linux && bench && guest_destroy linux
