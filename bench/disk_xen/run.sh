#!/bin/sh
# disk_linux: core/block's throughput against Linux's blkfront; disk_read_emulated,
# disk_write_emulated: against an emulated IDE disk with DMA. One boot of the rig (tests/xen), the same
# backend (Linux's blkback) and disk, the same cases. disk_linux is the geometric mean of the cases,
# disk_linux_worst the lowest. The emulated ones are the lower of sequential and random, 4 KiB, one
# request at a time; the _deep ones give our queue 32 at a time, which an IDE disk does not take.
set -eu

cd "$(dirname "$0")/../.."
output=$(tests/xen/run.sh disk_xen) || {
    echo "$output"
    exit 1
}
log=$(echo "$output" | sed -n 's,.*console: \(.*\)/machine1/console.log,\1/disk_xen.log,p')
tr -d '\r' <"$log" | awk '
    /^speed / {
        if ($2 == "ide") hvm = 1
        who = $2 == "pv" && hvm ? "twin" : $2
        key = $3 " " $4 " " $5 " " $6
        if (!(key in seen)) { seen[key] = 1; order[++count] = key }
        speed[who, key] = $7
    }
    function emulated(name, op, depth,   s, r) {
        s = speed["twin", op " sequential 4096 " depth] / speed["ide", op " sequential 4096 1"]
        r = speed["twin", op " random 4096 " depth] / speed["ide", op " random 4096 1"]
        printf "disk_%s_emulated%s: ours/reference = %.2f\n", op, name, s < r ? s : r
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
        emulated("_deep", "read", 32); emulated("_deep", "write", 32)
        emulated("", "read", 1); emulated("", "write", 1)
    }'
