#!/bin/sh
# vchan_xen: our libxenvchan against Debian's on real Xen, between a Linux guest and dom0, in one
# boot of the rig (tests/xen). The machine's clock counts instructions: those of Xen, of both kernels
# and of both programs, which is what there is to measure in software emulation (../README.md). The
# figure is the geometric mean of the cases' ratios; vchan_xen_stream and vchan_xen_round_trip are the
# two kinds of cases alone, vchan_xen_worst is the lowest case in the mean of its two runs. The
# bare-metal guest has no part in it: nothing but Linux runs Debian's libxenvchan, so there the two
# libraries could be compared in dom0 only.
set -eu

cd "$(dirname "$0")/../.."
output=$(tests/xen/run.sh --count vchan_xen) || {
    echo "$output"
    exit 1
}
log=$(echo "$output" | sed -n 's,.*console: \(.*\)/machine1/console.log,\1/vchan_xen.log,p')
grep -E '^ |^throughput|^round trip' "$log"
awk '
    /^(throughput|round trip)/ {
        kind = $1 == "round" ? "_round_trip" : "_stream"
        sum[kind] += log($NF); count[kind]++
        sum[""] += log($NF); count[""]++
        of_case[$1, $(NF - 4), $(NF - 3)] += log($NF) / 2
    }
    function say(kind) {
        printf "vchan_xen%s: ours/reference = %.3f\n", kind, exp(sum[kind] / count[kind])
    }
    END {
        worst = 1e9
        for (each in of_case)
            if (of_case[each] < worst) worst = of_case[each]
        say("_stream"); say("_round_trip")
        printf "vchan_xen_worst: ours/reference = %.3f\n", exp(worst)
        say("")
    }' "$log"
