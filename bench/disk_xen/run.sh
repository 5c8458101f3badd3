#!/bin/sh
# disk_linux: core/block's throughput against Linux's blkfront; disk_read_emulated,
# disk_write_emulated: against an emulated IDE disk with DMA. One boot of the rig (tests/xen), the same
# backend (Linux's blkback) and disk, the same cases. disk_linux is the geometric mean of the cases,
# disk_linux_worst the lowest; the emulated ones are the lowest of sequential and random, where each
# is the best that the case's size allows: a queue has no use for a disk that takes one at a time.
set -eu

cd "$(dirname "$0")/../.."
output=$(tests/xen/run.sh disk_xen) || {
    echo "$output"
    exit 1
}
log=$(echo "$output" | sed -n 's,.*console: \(.*\)/console.log,\1/disk_xen.log,p')
tr -d '\r' <"$log" | awk '
    /^speed / {
        if ($2 == "ide") hvm = 1
        who = $2 == "pv" && hvm ? "twin" : $2
        key = $3 " " $4 " " $5 " " $6
        if (!(key in seen)) { seen[key] = 1; order[++count] = key }
        speed[who, key] = $7
    }
    function best(who, op, places,   i, words, top) {
        for (i = 1; i <= count; i++) {
            split(order[i], words, " ")
            if (words[1] == op && words[2] == places && words[3] == 4096 && speed[who, order[i]] > top)
                top = speed[who, order[i]]
        }
        return top
    }
    function emulated(op,   s, r) {
        s = best("twin", op, "sequential") / best("ide", op, "sequential")
        r = best("twin", op, "random") / best("ide", op, "random")
        printf "disk_%s_emulated: ours/reference = %.2f\n", op, s < r ? s : r
    }
    END {
        printf "%-34s %8s %8s %8s %8s  KiB/s\n", "op places bytes depth", "ours", "linux", "hvm", "ide"
        for (i = 1; i <= count; i++) {
            key = order[i]
            printf "%-34s %8d %8d %8d %8d\n", key, speed["pv", key], speed["linux", key], speed["twin", key], speed["ide", key]
            ratio = speed["pv", key] / speed["linux", key]
            sum += log(ratio)
            if (!worst || ratio < worst) worst = ratio
        }
        printf "disk_linux_worst: ours/reference = %.2f\n", worst
        printf "disk_linux: ours/reference = %.2f\n", exp(sum / count)
        emulated("read"); emulated("write")
    }'
