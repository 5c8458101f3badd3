#!/bin/sh
# Runs the benchmarks (or the ones named, by folder) and prints the ratios last, one a line:
# `name: ours/reference = 1.23`. Each folder has a run.sh that prints its table and its ratios.
set -u

cd "$(dirname "$0")/.."
ratios=$(mktemp)
trap 'rm -f "$ratios"' EXIT
status=0
for script in bench/*/run.sh; do
    name=$(basename "$(dirname "$script")")
    case " ${*:-$name} " in *" $name "*) ;; *) continue ;; esac
    echo "== $name"
    log=$(mktemp)
    "$script" >"$log" 2>&1 || {
        echo "$script failed"
        status=1
    }
    grep -v ': ours/reference = ' "$log"
    grep ': ours/reference = ' "$log" >>"$ratios"
    rm -f "$log"
done
echo
cat "$ratios"
exit $status
