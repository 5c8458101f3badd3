# libvchan (linux/vchan) on Xen's own libraries and xenstored: the cases of tests/simxen that do not
# need a second domain to die.
export SIMXEN_TOOL=/rig/simxen SIMXEN_DOMID=0
result=0
for name in server-first client-first client-in-guest keys-come-together an-offer-ends-with-close \
    qwt-15-server-is-killed qwt-15-client-is-killed stale-keys-are-no-server reconnection \
    hostile-keys qwt-13-send-larger-than-the-ring bad-arguments many-channels; do
    if timeout 20 /rig/bin/libvchan_test $name; then
        echo "$name: passed"
    else
        echo "$name: FAILED, exit code $?"
        result=1
    fi
done
exit $result
