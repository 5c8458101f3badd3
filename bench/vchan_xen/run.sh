#!/bin/sh
# vchan_xen: our libxenvchan against Debian's on real Xen, between a Linux guest and dom0, in one
# boot of the rig (tests/xen). The figure is the geometric mean of the cases' ratios: software
# emulation is too restless for the worst of 36, and what the program measures anew, the lowest ones,
# does not count. vchan_xen_stream and vchan_xen_round_trip are the two kinds of cases alone. The
# bare-metal guest has no part in it: nothing but Linux runs Debian's libxenvchan, so there the two
# libraries could be compared in dom0 only.
set -eu

cd "$(dirname "$0")/../.."
output=$(tests/xen/run.sh vchan_xen) || {
    echo "$output"
    exit 1
}
log=$(echo "$output" | sed -n 's,.*console: \(.*\)/machine1/console.log,\1/vchan_xen.log,p')
grep -E '^order|^ |^throughput|^round trip' "$log"
awk '
    /^order/ { sign = $2 == "ours," ? 1 : -1; counts = 1 }
    /^The lowest/ { counts = 0 }
    counts && /^(throughput|round trip)/ {
        kind = $1 == "round" ? "_round_trip" : "_stream"
        sum[kind] += sign * log($NF); count[kind]++
        sum[""] += sign * log($NF); count[""]++
    }
    function say(kind) {
        printf "vchan_xen%s: ours/reference = %.2f\n", kind, exp(sum[kind] / count[kind])
    }
    END { say("_stream"); say("_round_trip"); say("") }' "$log"
