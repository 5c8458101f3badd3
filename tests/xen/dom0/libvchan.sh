# limit_s=300
# libvchan (linux/vchan) on Xen's own libraries and xenstored, between dom0 and a Linux guest: every
# case of tests/simxen, unchanged; also those where the guest dies.
export SIMXEN_TOOL=/rig/simxen SIMXEN_DOMID=0
result=0
cases() {
    for name in "$@"; do
        if timeout $((60 * slow)) /rig/bin/libvchan_test "$name"; then
            echo "$name: passed"
        else
            echo "$name: FAILED, exit code $?"
            result=1
        fi
    done
}
export RIG_GUEST=linux
linux_start linux || exit 1
cases server-first client-first client-in-guest keys-come-together an-offer-ends-with-close \
    qwt-15-server-is-killed qwt-15-client-is-killed stale-keys-are-no-server reconnection \
    hostile-keys qwt-13-send-larger-than-the-ring bad-arguments many-channels
guest_destroy linux
unset RIG_GUEST
cases qwt-15-domain-dies-before-the-server qwt-15-domain-dies-before-the-client \
    qwt-15-domain-dies-connected
exit $result
