#!/bin/sh
# What showing a guest's windows costs, and how soon it happens. See bench/README.md.
set -eu

cd "$(dirname "$0")/../.."
tools/build.sh >&2
top=$(pwd)
build/linux/bench/gui/gui_change
for name in idle frames latency growth; do
    tests/wine/gui/run.sh "$top/build/linux" "$top/build/windows" "$top/build/linux/bench/gui/gui_agent_bench" $name
done
