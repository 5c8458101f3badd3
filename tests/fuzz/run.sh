#!/bin/sh
# Runs a fuzz target for a bounded time from a copy of its seeds: what it finds on its way is not
# written into the sources. An input that fails is kept in the current folder.
#   run.sh TARGET SEEDS [libFuzzer's options, e.g. -max_total_time=3600]
set -eu

target=$1
seeds=$2
shift 2
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
cp "$seeds"/* "$corpus"
"$target" -max_total_time=5 -runs=200000 -max_len=4096 -verbosity=0 "$@" "$corpus"
